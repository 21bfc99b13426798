#include "feature/overlap/decontaminate.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/json.h"
#include "core/split_mix.h"
#include "core/text/unicode.h"

namespace twin::feature {
namespace {

constexpr int kDeepestJson = 32;
constexpr std::size_t kMostMatches = 4096;  // of one text that are looked at

/// Calls `take` for each text in a JSON value.
void each_json_text(const Json& json, const std::function<void(const std::string&)>& take, int depth = 0) {
  if (json.is_string()) return take(json.get_ref<const std::string&>());
  if (!json.is_structured() || depth > kDeepestJson) return;
  if (json.is_object()) {
    const auto role = json.find("role");
    if (role != json.end() && *role == "system") return;
  }
  for (const Json& item : json) each_json_text(item, take, depth + 1);
}

std::uint64_t hash_of_id(const std::string& id) {
  return split_mix(std::hash<std::string>{}(id));
}

}  // namespace

Decontaminator::Decontaminator(const DecontaminateLimits& limits) : limits_(limits), table_(limits.words) {}

void Decontaminator::check_size(const std::string& where) const {
  if (table_.size() <= static_cast<std::size_t>(limits_.most_ngrams)) return;
  throw Fatal(ErrorKind::limit,
              tr("The held-out texts have more than {} n-grams, which would not fit into memory", limits_.most_ngrams),
              where, tr("raise dataset.decontaminate_most_ngrams, or name fewer files"));
}

void Decontaminator::add_text(std::string_view text, std::uint32_t number, int& texts) {
  const bool valid = text::first_invalid_utf8(text) == std::string_view::npos;
  const bool added = valid ? table_.add(text, number) : table_.add(text::repair_utf8(text), number);
  (added ? texts : too_short_) += 1;
}

void Decontaminator::hold_out(std::string_view text, const std::string& id) {
  sources_.push_back({id, next_, false});
  int texts = 0;
  add_text(text, next_++, texts);
  check_size(id);
}

Result<void> Decontaminator::add_benchmark(const std::filesystem::path& jsonl) {
  std::ifstream in(jsonl, std::ios::binary);
  if (!in) return fail(ErrorKind::not_found, tr("The file cannot be read"), jsonl.string());
  sources_.push_back({jsonl.string(), next_, true});
  int texts = 0;
  std::string line;
  while (std::getline(in, line)) {
    const std::uint32_t number = next_++;
    if (text::trim(line).empty()) continue;
    const std::string where = jsonl.string() + ":" + std::to_string(number - sources_.back().first + 1);
    const Json json = Json::parse(line, nullptr, false);
    if (json.is_discarded()) return fail(ErrorKind::invalid, tr("Not a line of JSON"), where);
    each_json_text(json, [&](const std::string& text) { add_text(text, number, texts); });
    check_size(where);
  }
  if (in.bad()) return fail(ErrorKind::io, tr("Reading failed"), jsonl.string());
  if (texts == 0) {
    return fail(ErrorKind::invalid, tr("The file holds no text that is long enough to compare"), jsonl.string());
  }
  return {};
}

const Decontaminator::Source& Decontaminator::source(std::uint32_t number) const {
  const auto after = std::upper_bound(sources_.begin(), sources_.end(), number,
                                      [](std::uint32_t n, const Source& source) { return n < source.first; });
  return *std::prev(after);
}

void Decontaminator::see(const std::string& document, std::string_view text) {
  table_.find(text, kMostMatches, matches_);
  const std::uint64_t id = hash_of_id(document);
  for (const NgramMatch& match : matches_) {
    if (source(match.source).benchmark) continue;
    Seen& seen = seen_[match.ngram];
    if (seen.documents > 0 && seen.last == id) continue;
    seen.last = id;
    ++seen.documents;
  }
}

bool Decontaminator::is_set_phrase(const NgramMatch& match) const {
  if (source(match.source).benchmark) return false;
  const auto seen = seen_.find(match.ngram);
  return seen != seen_.end() && seen->second.documents > limits_.common;
}

std::optional<Contamination> Decontaminator::find(std::string_view text) {
  table_.find(text, kMostMatches, matches_);
  for (const NgramMatch& match : matches_) {
    if (is_set_phrase(match)) continue;
    const Source& from = source(match.source);
    return Contamination{
        match.words, from.benchmark ? from.where + ":" + std::to_string(match.source - from.first + 1) : from.where};
  }
  return std::nullopt;
}

int Decontaminator::set_phrases() const {
  return static_cast<int>(std::count_if(seen_.begin(), seen_.end(),
                                        [&](const auto& entry) { return entry.second.documents > limits_.common; }));
}

}  // namespace twin::feature
