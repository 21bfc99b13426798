// What storing costs as a warehouse grows: store [--mongo URI] FOLDER DOCUMENTS [BATCH]. Writes made documents of 1 to
// 4 kB as collecting does, a batch at a time, and prints a JSON line after 1,000, 10,000 and every further 30,000:
// documents so far, milliseconds of CPU (user and system) for each since the last line, peak memory; then what reading
// and asking cost.
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "core/hash.h"
#include "core/secrets.h"
#include "stores/warehouse/location.h"

using namespace twin;
using namespace twin::stores;

namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// The same texts in every run; half of them Korean.
std::string body(int number) {
  static const std::vector<std::string> english = {"The server ",   "keeps every version ", "of a note, ",
                                                   "and a crash ",  "loses none. ",         "We measured it ",
                                                   "on two cores. "};
  static const std::vector<std::string> korean = {"서버는 ",       "모든 판을 ",   "보관하고 ",    "중간에 멈춰도 ",
                                                  "잃지 않는다. ", "두 코어에서 ", "재어 보았다. "};
  const auto& words = number % 2 == 0 ? english : korean;
  std::uint64_t state = 88172645463325252ull + static_cast<std::uint64_t>(number) * 2654435761ull;
  const std::size_t size = 1'000 + static_cast<std::size_t>(number) * 7919 % 3'000;
  std::string text = fmt::format("# Note {}\n\n", number);
  while (text.size() < size) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    text += words[state % words.size()];
  }
  return text;
}

Document document(int number, const std::string& author) {
  Document d;
  d.url = fmt::format("https://example.org/{}/notes-on-things/{}", number % 97, number);
  d.source = "folder";
  d.category = "articles";
  d.author_ids = {author};
  d.title = fmt::format("Note {}", number);
  d.body = body(number);
  d.raw_sha256 = sha256_hex(d.body);
  d.raw_type = "text/markdown";
  d.language = number % 2 == 0 ? "en" : "ko";
  d.published = 1'600'000'000'000 + number;
  d.fetched = 1'700'000'000'000 + number;
  d.metadata = {{"path", fmt::format("notes/{}.md", number)}, {"source_location", "/home/me/notes"}};
  return d;
}

template <class Body>
void measure(const char* what, Body body) {
  const double before = cpu_seconds();
  body();
  fmt::print("{{\"what\": \"{}\", \"cpu_seconds\": {:.3f}, \"peak_mb\": {:.1f}}}\n", what, cpu_seconds() - before,
             peak_megabytes());
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<std::string> given(arguments + 1, arguments + count);
  WarehouseConfig config;
  if (given.size() > 2 && given[0] == "--mongo") {
    config.uri = given[1];
    given.erase(given.begin(), given.begin() + 2);
  }
  if (given.size() < 2) {
    fmt::print(stderr, "usage: store [--mongo URI] FOLDER DOCUMENTS [BATCH]\n");
    return 2;
  }
  const int documents = std::atoi(given[1].c_str());
  const int batch = given.size() > 2 ? std::atoi(given[2].c_str()) : 256;
  const auto warehouse = open_warehouse(config, given[0], no_secrets());
  const std::string author = warehouse->get_or_create_user("Mina Park", {"mina@example.org"}).id;

  double spent = 0;  // on storing, without the making
  int told = 0;
  int next = 1'000;
  for (int from = 0; from < documents; from += batch) {
    std::vector<Document> made;
    for (int i = from; i < std::min(from + batch, documents); ++i) made.push_back(document(i, author));
    const double before = cpu_seconds();
    warehouse->batch([&] {
      for (Document& d : made) {
        warehouse->upsert(d);
        warehouse->set_origin({d.url, d.source, "/home/me/notes", d.url, d.content_hash, "1:2", 0});
      }
    });
    spent += cpu_seconds() - before;
    const int done = std::min(from + batch, documents);
    if (done >= next || done == documents) {
      fmt::print("{{\"what\": \"store\", \"documents\": {}, \"cpu_ms_each\": {:.4f}, \"peak_mb\": {:.1f}}}\n", done,
                 1e3 * spent / (done - told), peak_megabytes());
      std::fflush(stdout);
      spent = 0;
      told = done;
      next = done < 10'000 ? 10'000 : done + 30'000;
    }
  }
  measure("digest", [&] { static_cast<void>(warehouse->digest()); });
  measure("digest again", [&] { static_cast<void>(warehouse->digest()); });
  measure("counts", [&] { static_cast<void>(warehouse->counts()); });
  DocumentFilter heads;
  heads.bodies = false;
  measure("each, without bodies", [&] { warehouse->each(heads, [](Document&&) { return true; }); });
  measure("each", [&] { warehouse->each({}, [](Document&&) { return true; }); });
  measure("same again", [&] {
    for (int from = 0; from < documents; from += batch) {
      warehouse->batch([&] {
        for (int i = from; i < std::min(from + batch, documents); ++i) {
          Document d = document(i, author);
          warehouse->upsert(d);
        }
      });
    }
  });
}
