#include "inference/rag/lexical_weight.h"

#include <algorithm>
#include <set>

#include "core/text/language.h"
#include "core/text/unicode.h"
#include "inference/rag/coverage.h"

namespace twin::inference {
namespace {

/// Share of letters that are not ASCII's.
double own_script(const std::string& query) {
  double letters = 0, own = 0;
  for (const text::Codepoint& point : text::codepoints(query)) {
    if (!text::is_letter(point.value)) continue;
    ++letters;
    own += point.value < 0x80 ? 0 : 1;
  }
  return letters > 0 ? own / letters : 0;
}

/// Chinese and Japanese write with the same characters.
std::string script_of(const std::string& language) {
  return language == "ja" ? "zh" : language;
}

}  // namespace

Candidates candidates_of(stores::Index& index, const std::vector<stores::RankedList>& lists) {
  std::set<std::string> ids;
  for (const stores::RankedList& list : lists) {
    for (const stores::Hit& hit : list.hits) ids.insert(hit.chunk_id);
  }
  Candidates candidates;
  for (stores::PassageOutline& outline : index.outlines({ids.begin(), ids.end()})) {
    std::string id = outline.chunk_id;
    candidates.emplace(std::move(id), std::move(outline));
  }
  return candidates;
}

double sayable_share(const std::string& question, const std::vector<std::string>& languages) {
  const std::string query = text::repair_utf8(question);
  const std::string script = script_of(text::guess_by_script(query).code);
  if (script.empty() || languages.empty()) return 1;
  const auto shared = std::count_if(languages.begin(), languages.end(), [&](const std::string& language) {
    return language.empty() || script_of(language) == script;
  });
  return 1 - own_script(query) * (1 - static_cast<double>(shared) / static_cast<double>(languages.size()));
}

double lexical_evidence(stores::Index& index, const std::string& query, const std::vector<stores::RankedList>& lists,
                        const Candidates& candidates) {
  std::vector<std::string> ids, languages;
  for (const auto& candidate : candidates) ids.push_back(candidate.first);
  for (const stores::RankedList& list : lists) {
    if (list.retriever != "dense") continue;
    for (const stores::Hit& hit : list.hits) {
      if (const auto found = candidates.find(hit.chunk_id); found != candidates.end()) {
        languages.push_back(found->second.language);
      }
    }
  }
  return best_coverage(index, query, ids) * sayable_share(query, languages);
}

double lexical_gain(stores::Fusion fusion, double evidence) {
  constexpr double most = 0.5;
  return fusion == stores::Fusion::weighted ? most * evidence * evidence : 1;
}

}  // namespace twin::inference
