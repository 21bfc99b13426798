// bench_quality LANGUAGE FILE…: what the quality rules measure of a corpus, as percentiles, and what they flag.
//
// A FILE ending in .html is a page; any other holds texts with a NUL byte behind each. The figures in docs/cleaning.md
// and the default limits come from it.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "feature/clean/clean.h"
#include "feature/quality/quality.h"

using namespace twin;
using namespace twin::feature;

namespace {

struct Measure {
  const char* name;
  std::function<double(const QualityMeasures&)> of;
};

const std::vector<Measure> measures = {
    {"words", [](const QualityMeasures& m) { return static_cast<double>(m.words); }},
    {"mean_word_length", [](const QualityMeasures& m) { return m.mean_word_length; }},
    {"symbol_ratio", [](const QualityMeasures& m) { return m.symbol_ratio; }},
    {"letter_words", [](const QualityMeasures& m) { return m.letter_words; }},
    {"function_words", [](const QualityMeasures& m) { return m.function_words; }},
    {"bullet_lines", [](const QualityMeasures& m) { return m.bullet_lines; }},
    {"ellipsis_lines", [](const QualityMeasures& m) { return m.ellipsis_lines; }},
    {"ended_lines", [](const QualityMeasures& m) { return m.ended_lines; }},
    {"duplicate_lines", [](const QualityMeasures& m) { return m.duplicate_lines; }},
    {"top_phrase", [](const QualityMeasures& m) { return m.top_phrase; }},
    {"repeated_phrases", [](const QualityMeasures& m) { return m.repeated_phrases; }},
};

std::vector<std::string> documents_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  std::vector<std::string> out;
  const bool html = file.ends_with(".html");
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t end = html ? bytes.size() : std::min(bytes.find('\0', at), bytes.size());
    RawDocument raw;
    raw.url = "file:///" + file;
    raw.media_type = html ? "text/html" : "text/plain";
    raw.bytes = bytes.substr(at, end - at);
    if (const auto cleaned = clean(raw, {})) out.push_back(cleaned->markdown);
    at = end + 1;
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "bench_quality LANGUAGE FILE...\n");
    return 2;
  }
  const std::string language = argv[1];
  const QualityRules rules;
  std::map<std::string, std::vector<double>> values;
  std::map<std::string, int> flagged;
  int judged = 0, failed = 0, all = 0;
  for (int i = 2; i < argc; ++i) {
    for (const std::string& markdown : documents_of(argv[i])) {
      ++all;
      const QualityMeasures m = measure_quality(prose_view(markdown), language);
      if (m.words < rules.min_words) continue;
      ++judged;
      for (const Measure& measure : measures) values[measure.name].push_back(measure.of(m));
      const auto flags = judge(m, language, rules);
      failed += flags.empty() ? 0 : 1;
      for (const QualityFlag& flag : flags) ++flagged[flag.rule];
    }
  }
  std::printf("%d documents, %d judged, %d flagged\n%-18s %8s %8s %8s %8s %8s\n", all, judged, failed, "", "1%", "5%",
              "50%", "95%", "99%");
  for (const Measure& measure : measures) {
    auto& sorted = values[measure.name];
    if (sorted.empty()) continue;
    std::sort(sorted.begin(), sorted.end());
    std::printf("%-18s", measure.name);
    for (const double share : {0.01, 0.05, 0.5, 0.95, 0.99}) {
      std::printf(" %8.3f", sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))]);
    }
    std::printf("\n");
  }
  for (const auto& [rule, count] : flagged) std::printf("  %s: %d\n", rule.c_str(), count);
  return 0;
}
