// Lexical search at scale, without vectors, so that a million passages are indexed in minutes.
//
//   bench_lexical make FOLDER TEXTS [COUNT]     an index of the first COUNT passages of TEXTS (texts.py)
//   bench_lexical settle FOLDER                 its file of words anew, after another version of Twin made it
//   bench_lexical search FOLDER QUERIES [ROUNDS]   CPU time of one thread, few words and whole sentences apart; the
//   best of ROUNDS (5) for each query, so that what others do on the machine counts little. `found` is a hash of all
//   that was found and its scores: the same before and after a change of how it is found.
#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/hash.h"
#include "passages.h"

using namespace twin;
using namespace twin::bench;

namespace {

constexpr int kCandidates = 50;

double cpu_ms(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

/// Without a graph, whatever their number: the vectors are all the same.
stores::IndexConfig settings() {
  stores::IndexConfig config;
  config.exact_up_to = 1 << 30;
  return config;
}

/// One of a hundred documents is of the category "one".
void make(const std::filesystem::path& folder, const std::filesystem::path& texts, std::size_t most) {
  const auto lines = read_lines(texts, most);
  std::filesystem::create_directories(folder);
  std::filesystem::remove(folder / "index.db");
  const double before = cpu_ms(CLOCK_PROCESS_CPUTIME_ID);
  const auto index = stores::open_index(folder, settings());
  index->use_model("none", 1);
  std::size_t documents = 0;
  for (std::size_t i = 0; i < lines.size(); ++documents) {
    const auto [document, chunks] = made_document(lines, i, documents);
    i += chunks.size();
    value_or_throw(index->replace(document, chunks, std::vector<std::vector<float>>(chunks.size(), {1.0F})));
  }
  const double written = cpu_ms(CLOCK_PROCESS_CPUTIME_ID);
  index->settle();
  fmt::print("{{\"passages\": {}, \"documents\": {}, \"write_cpu_s\": {:.1f}, \"settle_cpu_s\": {:.1f}}}\n",
             lines.size(), documents, (written - before) / 1e3, (cpu_ms(CLOCK_PROCESS_CPUTIME_ID) - written) / 1e3);
}

void settle(const std::filesystem::path& folder) {
  const auto index = stores::open_index(folder, settings());
  const double before = cpu_ms(CLOCK_PROCESS_CPUTIME_ID);
  index->settle();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("{{\"settle_cpu_s\": {:.1f}, \"most_mb\": {}, \"words_cache_mb\": {:.1f}}}\n",
             (cpu_ms(CLOCK_PROCESS_CPUTIME_ID) - before) / 1e3, usage.ru_maxrss / 1024,
             static_cast<double>(std::filesystem::file_size(folder / "words.cache")) / 1e6);
}

std::string json(std::vector<double> ms) {
  std::sort(ms.begin(), ms.end());
  double sum = 0;
  for (const double x : ms) sum += x;
  const auto at = [&](double share) {
    return ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
  };
  return fmt::format(R"({{"p50": {:.3f}, "p90": {:.3f}, "p99": {:.3f}, "mean": {:.3f}}})", at(0.5), at(0.9), at(0.99),
                     sum / static_cast<double>(ms.size()));
}

void search(const std::filesystem::path& folder, const std::filesystem::path& file, int rounds) {
  const auto queries = read_lines(file);
  const auto index = stores::open_index(folder, settings());
  fmt::print("{{");
  for (const bool filtered : {false, true}) {
    stores::IndexFilter filter;
    if (filtered) filter.categories = {"one"};
    std::vector<double> best(queries.size(), 1e9);
    Sha256 found;
    for (int round = 0; round < rounds; ++round) {
      for (std::size_t q = 0; q < queries.size(); ++q) {
        const double start = cpu_ms(CLOCK_THREAD_CPUTIME_ID);
        const auto hits = index->lexical(queries[q].text, kCandidates, filter);
        best[q] = std::min(best[q], cpu_ms(CLOCK_THREAD_CPUTIME_ID) - start);
        if (round > 0) continue;
        for (const auto& hit : hits) found.field(hit.chunk_id).field(fmt::format("{:a}", hit.score));
      }
    }
    // texts.py writes a few words and whole sentences in turn.
    std::array<std::vector<double>, 2> apart;
    for (std::size_t q = 0; q < best.size(); ++q) apart[q % 2].push_back(best[q]);
    fmt::print("{}\"{}\": {{\"all\": {}, \"words\": {}, \"sentences\": {}, \"found\": \"{}\"}}", filtered ? ", " : "",
               filtered ? "1%" : "all", json(best), json(apart[0]), json(apart[1]), found.hex().substr(0, 16));
  }
  fmt::print("}}\n");
}

}  // namespace

int main(int count, char** arguments) {
  const std::string what = count >= 3 ? arguments[1] : "";
  try {
    const auto number = [&](int place, std::size_t otherwise) {
      return count > place ? static_cast<std::size_t>(std::stoull(arguments[place])) : otherwise;
    };
    if (what == "make" && count > 3) return make(arguments[2], arguments[3], number(4, SIZE_MAX)), 0;
    if (what == "settle") return settle(arguments[2]), 0;
    if (what == "search" && count > 3) return search(arguments[2], arguments[3], static_cast<int>(number(4, 5))), 0;
    fmt::print(stderr, "bench_lexical make|settle|search FOLDER …\n");
    return 2;
  } catch (const std::exception& exception) {
    fmt::print(stderr, "{}\n", exception.what());
    return 1;
  }
}
