// Search at scale, through the interface that Twin itself uses.
//
//   bench_scale make FOLDER TEXTS     an index of the passages of TEXTS (texts.py), with vectors of our own making
//   bench_scale settle FOLDER TEXTS [EXACT_UP_TO]   its files anew, with a graph where there are more passages
//   bench_scale search FOLDER TEXTS [EXACT_UP_TO [BREADTH]]   what searches cost (CPU time) and find, one thread; a
//   JSON object
//   bench_scale dense FOLDER TEXTS [EXACT_UP_TO [BREADTH]]    the same of dense search for ten alone, which takes
//   seconds
//
// `make` also writes FOLDER/vectors.f32, FOLDER/queries.f32 and FOLDER/exact.i32 (the 10 nearest by 32-bit floats, of
// all and under each filter), for peers.py.
#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/hash.h"
#include "inference/rag/rag.h"
#include "made_vectors.h"
#include "passages.h"

using namespace twin;
using namespace twin::bench;

namespace {

constexpr int kDimension = 384;
constexpr int kRecallAt = 10;
constexpr int kCandidates = 50;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_megabytes() {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("RssAnon:")) return std::stod(line.substr(8)) / 1024;
  }
  return 0;
}

void write_floats(const std::filesystem::path& file, const std::vector<std::vector<float>>& rows) {
  std::ofstream out(file, std::ios::binary);
  for (const auto& row : rows)
    out.write(reinterpret_cast<const char*>(row.data()), static_cast<std::streamsize>(row.size() * sizeof(float)));
}

std::vector<std::vector<float>> read_floats(const std::filesystem::path& file) {
  std::vector<std::vector<float>> rows;
  std::ifstream in(file, std::ios::binary);
  std::vector<float> row(kDimension);
  while (in.read(reinterpret_cast<char*>(row.data()), kDimension * sizeof(float))) rows.push_back(row);
  return rows;
}

float dot(const float* a, const float* b) {
  std::array<float, 8> sums{};
  for (std::size_t i = 0; i < kDimension; i += 8)
    for (std::size_t j = 0; j < 8; ++j) sums[j] += a[i + j] * b[i + j];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/// The numbers of the nearest, best first.
std::vector<std::int32_t> nearest(const std::vector<std::vector<float>>& all, const std::vector<float>& query,
                                  const std::function<bool(std::size_t)>& allowed) {
  std::vector<std::pair<float, std::int32_t>> scored;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (allowed(i)) scored.emplace_back(-dot(all[i].data(), query.data()), static_cast<std::int32_t>(i));
  }
  const auto end = scored.begin() + std::min<std::ptrdiff_t>(kRecallAt, static_cast<std::ptrdiff_t>(scored.size()));
  std::partial_sort(scored.begin(), end, scored.end());
  std::vector<std::int32_t> best(kRecallAt, -1);
  for (auto it = scored.begin(); it != end; ++it) best[static_cast<std::size_t>(it - scored.begin())] = it->second;
  return best;
}

std::vector<std::size_t> documents_of(const std::vector<Line>& lines) {
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool same = i > 0 && lines[i].document == lines[i - 1].document;
    numbers.push_back(i == 0 ? 0 : numbers.back() + (same ? 0 : 1));
  }
  return numbers;
}

const std::vector<std::pair<std::string, stores::IndexFilter>>& filters() {
  static const std::vector<std::pair<std::string, stores::IndexFilter>> all{
      {"all", {}}, {"1%", {.categories = {"one"}}}, {"10%", {.sources = {"ten"}}}, {"50%", {.languages = {"half"}}}};
  return all;
}

bool passes(std::size_t filter, const Class& c) {
  return filter == 0 || (filter == 1 && c.one) || (filter == 2 && c.ten) || (filter == 3 && c.half);
}

void make(const std::filesystem::path& folder, const std::filesystem::path& texts) {
  const auto lines = read_lines(texts);
  const auto queries = read_lines(texts.string() + ".queries");
  bench::MadeVectors made(kDimension);
  for (const Line& line : lines) made.count(line.text);
  std::vector<std::vector<float>> vectors, asked;
  for (const Line& line : lines) vectors.push_back(made.vector(line.text));
  for (const Line& line : queries) asked.push_back(made.vector(line.text));
  std::filesystem::create_directories(folder);
  write_floats(folder / "vectors.f32", vectors);
  write_floats(folder / "queries.f32", asked);
  const auto numbers = documents_of(lines);
  {
    std::ofstream out(folder / "exact.i32", std::ios::binary);
    std::ofstream classes(folder / "classes.u8", std::ios::binary);
    for (const std::size_t number : numbers) {
      const Class c = class_of(number);
      classes.put(static_cast<char>((c.one ? 1 : 0) | (c.ten ? 2 : 0) | (c.half ? 4 : 0)));
    }
    for (std::size_t f = 0; f < filters().size(); ++f) {
      for (const auto& query : asked) {
        const auto best = nearest(vectors, query, [&](std::size_t i) { return passes(f, class_of(numbers[i])); });
        out.write(reinterpret_cast<const char*>(best.data()), kRecallAt * sizeof(std::int32_t));
      }
    }
  }
  std::filesystem::remove(folder / "index.db");
  const double before = cpu_seconds();
  const auto index = stores::open_index(folder);
  index->use_model("made", kDimension);
  for (std::size_t i = 0; i < lines.size();) {
    const auto [document, chunks] = made_document(lines, i, numbers[i]);
    const auto first = vectors.begin() + static_cast<std::ptrdiff_t>(i);
    const std::vector<std::vector<float>> rows(first, first + static_cast<std::ptrdiff_t>(chunks.size()));
    i += chunks.size();
    value_or_throw(index->replace(document, chunks, rows));
  }
  const double written = cpu_seconds();
  index->settle();
  fmt::print("{{\"passages\": {}, \"documents\": {}, \"write_cpu_s\": {:.1f}, \"settle_cpu_s\": {:.1f}}}\n",
             lines.size(), numbers.back() + 1, written - before, cpu_seconds() - written);
}

void settle(const std::filesystem::path& folder, const stores::IndexConfig& settings) {
  const auto index = stores::open_index(folder, settings);
  const double before = cpu_seconds();
  index->settle();
  fmt::print("{{\"settle_cpu_s\": {:.1f}, \"anonymous_mb\": {:.0f}}}\n", cpu_seconds() - before, resident_megabytes());
}

struct Times {
  std::vector<double> ms;
  void add(double milliseconds) { ms.push_back(milliseconds); }
  std::string json() {
    std::sort(ms.begin(), ms.end());
    double sum = 0;
    for (const double x : ms) sum += x;
    const auto at = [&](double share) {
      return ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
    };
    return fmt::format(R"({{"p50": {:.3f}, "p99": {:.3f}, "mean": {:.3f}}})", at(0.5), at(0.99),
                       sum / static_cast<double>(ms.size()));
  }
};

/// Of this thread's CPU time: others use the machine, too.
template <class Body>
double milliseconds(Body&& body) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
  };
  const double start = now();
  body();
  return now() - start;
}

/// Hands out the vector of the query at hand: embedding it is not part of the measurement.
class Given : public models::EmbeddingEngine {
 public:
  Result<std::vector<std::vector<float>>> embed(const std::vector<std::string>&) override {
    return std::vector<std::vector<float>>{vector};
  }
  int dimension() const override { return kDimension; }
  int window_tokens() const override { return 512; }
  std::string model_hash() const override { return "made"; }
  std::vector<float> vector;
};

void search(const std::filesystem::path& folder, const std::filesystem::path& texts,
            const stores::IndexConfig& settings, bool dense_alone) {
  const auto queries = read_lines(texts.string() + ".queries");
  const auto asked = read_floats(folder / "queries.f32");
  std::vector<std::int32_t> exact(filters().size() * asked.size() * kRecallAt);
  std::ifstream(folder / "exact.i32", std::ios::binary)
      .read(reinterpret_cast<char*>(exact.data()), static_cast<std::streamsize>(exact.size() * sizeof(std::int32_t)));
  const double start = resident_megabytes();
  std::unique_ptr<stores::Index> index;
  const double open_ms = milliseconds([&] { index = stores::open_index(folder, settings); });
  const double dense_ms = milliseconds([&] { (void)index->dense(asked[0], 1); });
  const double after_vectors = resident_megabytes();
  const double lexical_ms = milliseconds([&] { (void)index->lexical(queries[0].text, 1); });
  const double after_words = resident_megabytes();
  const double counts_ms = milliseconds([&] { (void)index->counts(); });
  fmt::print(
      "{{\"open_ms\": {:.1f}, \"first_dense_ms\": {:.1f}, \"first_lexical_ms\": {:.1f}, \"first_counts_ms\": {:.1f},"
      " \"anonymous_mb\": {{\"vectors\": {:.1f}, \"words\": {:.1f}}}",
      open_ms, dense_ms, lexical_ms, counts_ms, after_vectors - start, after_words - after_vectors);
  for (std::size_t f = 0; f < filters().size(); ++f) {
    const auto& [name, filter] = filters()[f];
    Times lexical, dense, ten, hybrid;
    std::size_t found = 0, wanted = 0;
    Given given;
    const inference::RetrievalConfig config;
    for (int round = 0; round < 2; ++round) {
      for (std::size_t q = 0; q < asked.size(); ++q) {
        given.vector = asked[q];
        std::vector<stores::Hit> hits;
        const auto others = [&](Times& times, const auto& body) {
          if (const double spent = dense_alone ? 0 : milliseconds(body); round > 0) times.add(spent);
        };
        others(lexical, [&] { (void)index->lexical(queries[q].text, kCandidates, filter); });
        others(dense, [&] { (void)index->dense(asked[q], kCandidates, filter); });
        const double t = milliseconds([&] { hits = index->dense(asked[q], kRecallAt, filter).value(); });
        others(hybrid, [&] { (void)inference::search(*index, given, queries[q].text, 5, config, filter).value(); });
        if (round == 0) continue;  // warms caches up
        ten.add(t);
        std::set<std::string> ids;
        for (const auto& hit : hits) ids.insert(hit.chunk_id);
        for (int i = 0; i < kRecallAt; ++i) {
          const auto number = exact[(f * asked.size() + q) * kRecallAt + static_cast<std::size_t>(i)];
          if (number < 0) continue;
          ++wanted;
          found += ids.contains(chunk_id(static_cast<std::size_t>(number))) ? 1 : 0;
        }
      }
    }
    fmt::print(
        ", \"{}\": {{\"lexical_ms\": {}, \"dense_ms\": {}, \"dense10_ms\": {}, \"hybrid_ms\": {}, \"recall@10\": "
        "{:.4f}}}",
        name, lexical.json(), dense.json(), ten.json(), hybrid.json(),
        static_cast<double>(found) / static_cast<double>(wanted));
  }
  fmt::print("}}\n");
}

}  // namespace

int main(int count, char** arguments) {
  const std::string what = count >= 4 ? arguments[1] : "";
  try {
    if (what == "make") return make(arguments[2], arguments[3]), 0;
    stores::IndexConfig settings;
    if (count > 4) settings.exact_up_to = std::stoi(arguments[4]);
    if (count > 5) settings.graph_breadth = std::stoi(arguments[5]);
    if (what == "settle") return settle(arguments[2], settings), 0;
    if (what == "search" || what == "dense") return search(arguments[2], arguments[3], settings, what == "dense"), 0;
    fmt::print(stderr, "bench_scale make|settle|search|dense FOLDER TEXTS\n");
    return 2;
  } catch (const std::exception& exception) {
    fmt::print(stderr, "{}\n", exception.what());
    return 1;
  }
}
