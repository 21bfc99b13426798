#include "evaluation/beir.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/i18n.h"
#include "core/json.h"
#include "core/text/unicode.h"

namespace twin::evaluation {
namespace {

namespace fs = std::filesystem;

/// Lines of a file with their numbers, line ends and a byte order mark taken away. Empty lines are skipped.
Result<void> each_line(const fs::path& file, const std::function<bool(const std::string& where, std::string&)>& visit) {
  std::ifstream in(file, std::ios::binary);
  std::error_code error;
  if (!in || fs::is_directory(file, error)) {
    return fail(ErrorKind::not_found, tr("The file cannot be read"), file.string(),
                tr("A BEIR folder has corpus.jsonl, queries.jsonl and qrels/test.tsv"));
  }
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    while (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    if (!visit(fmt::format("{}:{}", file.string(), number), line)) return {};
  }
  if (in.bad()) return fail(ErrorKind::io, tr("The file cannot be read"), file.string());
  return {};
}

std::optional<std::string> id_of(const Json& object) {
  const auto found = object.find("_id");
  if (found == object.end()) return std::nullopt;
  if (found->is_number_integer()) return found->dump();
  if (!found->is_string() || found->get_ref<const std::string&>().empty()) return std::nullopt;
  return found->get<std::string>();
}

/// A text field; missing and null are empty.
std::optional<std::string> text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::string();
  if (!found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

/// {"_id", "title", "text"} of a line, or what is wrong with it.
Result<BeirDocument> parse_line(const std::string& where, const std::string& line) {
  const Json object = Json::parse(line, nullptr, false);
  if (object.is_discarded() || !object.is_object()) {
    const auto at = text::first_invalid_utf8(line);
    return fail(ErrorKind::invalid,
                at == std::string::npos ? tr("The line is not a JSON object")
                                        : tr("The line is not valid UTF-8 (byte {})", at + 1),
                where);
  }
  auto id = id_of(object);
  auto title = text_of(object, "title");
  auto text = text_of(object, "text");
  if (!id) return fail(ErrorKind::invalid, tr("The line has no \"_id\""), where);
  if (!title || !text) return fail(ErrorKind::invalid, tr("\"title\" and \"text\" must be strings"), where);
  return BeirDocument{std::move(*id), std::move(*title), std::move(*text)};
}

std::optional<int> grade_of(std::string_view text) {
  int grade = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), grade);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return grade;
}

using AllJudgements = std::map<std::string, std::pair<std::string, Judgements>>;  // where first named, grades

Result<AllJudgements> read_judgements(const fs::path& file, const BeirProblem& problem) {
  AllJudgements all;
  bool first = true;
  auto read = each_line(file, [&](const std::string& where, std::string& line) {
    const auto fields = text::split(line, '\t');
    const auto grade = fields.size() == 3 ? grade_of(text::trim(fields[2])) : std::nullopt;
    if (grade && !fields[0].empty() && !fields[1].empty()) {
      auto& entry = all[std::string(fields[0])];
      if (entry.first.empty()) entry.first = where;
      entry.second[std::string(fields[1])] = *grade;
    } else if (!first || fields.size() != 3) {
      problem({ErrorKind::invalid,
               tr("The line is not query-id, corpus-id and a whole number, separated by tabs"),
               where,
               {}});
    }
    first = false;
    return true;
  });
  if (!read) return tl::unexpected(read.error());
  return all;
}

}  // namespace

Result<void> each_beir_document(const fs::path& folder, const std::function<bool(BeirDocument&&)>& visit,
                                const BeirProblem& problem) {
  std::set<std::string> seen;
  return each_line(folder / "corpus.jsonl", [&](const std::string& where, std::string& line) {
    auto document = parse_line(where, line);
    if (!document) {
      problem(std::move(document.error()));
    } else if (!seen.insert(document->id).second) {
      problem({ErrorKind::invalid, tr("The document '{}' was there before", document->id), where, {}});
    } else if (text::trim(document->title).empty() && text::trim(document->text).empty()) {
      problem({ErrorKind::invalid, tr("The document '{}' has no text", document->id), where, {}});
    } else {
      return visit(std::move(*document));
    }
    return true;
  });
}

Result<std::vector<BeirQuery>> read_beir_queries(const fs::path& folder, const std::string& split,
                                                 const BeirProblem& problem) {
  auto judged = read_judgements(folder / "qrels" / (split + ".tsv"), problem);
  if (!judged) return tl::unexpected(judged.error());
  std::vector<BeirQuery> queries;
  std::set<std::string> seen;
  auto read = each_line(folder / "queries.jsonl", [&](const std::string& where, std::string& line) {
    auto query = parse_line(where, line);
    if (!query) {
      problem(std::move(query.error()));
      return true;
    }
    const auto found = judged->find(query->id);
    if (!seen.insert(query->id).second) {
      problem({ErrorKind::invalid, tr("The query '{}' was there before", query->id), where, {}});
    } else if (found != judged->end() && text::trim(query->text).empty()) {
      problem({ErrorKind::invalid, tr("The query '{}' has no text", query->id), where, {}});
    } else if (found != judged->end()) {
      queries.push_back({std::move(query->id), std::move(query->text), std::move(found->second.second)});
    }
    return true;
  });
  if (!read) return tl::unexpected(read.error());
  for (const auto& [id, entry] : *judged) {
    if (!seen.contains(id)) {
      problem({ErrorKind::invalid, tr("The query '{}' is judged, but not in queries.jsonl", id), entry.first, {}});
    }
  }
  if (queries.empty()) {
    return fail(ErrorKind::invalid, tr("No query of queries.jsonl is judged in qrels/{}.tsv", split), folder.string(),
                tr("The ids of both files must be the same"));
  }
  return queries;
}

}  // namespace twin::evaluation
