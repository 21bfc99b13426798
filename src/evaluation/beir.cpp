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

Result<Json> parse_object(const std::string& where, const std::string& line) {
  Json object = Json::parse(line, nullptr, false);
  if (!object.is_discarded() && object.is_object()) return object;
  const auto at = text::first_invalid_utf8(line);
  return fail(ErrorKind::invalid,
              at == std::string::npos ? tr("The line is not a JSON object")
                                      : tr("The line is not valid UTF-8 (byte {})", at + 1),
              where);
}

/// {"_id", "title", "text"} of a line, or what is wrong with it.
Result<BeirDocument> fields_of(const std::string& where, const Json& object) {
  auto id = id_of(object);
  auto title = text_of(object, "title");
  auto text = text_of(object, "text");
  if (!id) return fail(ErrorKind::invalid, tr("The line has no \"_id\""), where);
  if (!title || !text) return fail(ErrorKind::invalid, tr("\"title\" and \"text\" must be strings"), where);
  return BeirDocument{std::move(*id), std::move(*title), std::move(*text)};
}

/// What a set made by Twin says of a query. Of another tool's fields of the same names only what fits is taken.
void read_origin(const Json& object, BeirQuery& query) {
  query.kind = text_of(object, "kind").value_or("");
  const auto start = object.find("start"), end = object.find("end");
  const bool has_span = start != object.end() && end != object.end() && start->is_number_unsigned() &&
                        end->is_number_unsigned() && start->get<std::size_t>() < end->get<std::size_t>();
  if (has_span) {
    query.document_id = text_of(object, "document").value_or("");
    query.start = start->get<std::size_t>();
    query.end = end->get<std::size_t>();
  }
  const auto negatives = object.find("negatives");
  if (negatives == object.end() || !negatives->is_array()) return;
  for (const Json& id : *negatives) {
    if (id.is_string()) query.negatives.push_back(id.get<std::string>());
  }
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
    auto document = parse_object(where, line).and_then([&](const Json& object) { return fields_of(where, object); });
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
  bool any_judged = false;
  auto read = each_line(folder / "queries.jsonl", [&](const std::string& where, std::string& line) {
    const auto object = parse_object(where, line);
    auto query = object ? fields_of(where, *object) : tl::unexpected(object.error());
    if (!query) {
      problem(std::move(query.error()));
      return true;
    }
    BeirQuery found_query{
        .id = query->id, .text = query->text, .judged = {}, .kind = {}, .document_id = {}, .negatives = {}};
    read_origin(*object, found_query);
    const bool unanswerable = found_query.kind == unanswerable_kind;
    const auto found = judged->find(query->id);
    if (!seen.insert(query->id).second) {
      problem({ErrorKind::invalid, tr("The query '{}' was there before", query->id), where, {}});
    } else if ((found != judged->end() || unanswerable) && text::trim(query->text).empty()) {
      problem({ErrorKind::invalid, tr("The query '{}' has no text", query->id), where, {}});
    } else if (found != judged->end() || unanswerable) {
      if (found != judged->end()) found_query.judged = std::move(found->second.second);
      any_judged |= !found_query.judged.empty();
      queries.push_back(std::move(found_query));
    }
    return true;
  });
  if (!read) return tl::unexpected(read.error());
  for (const auto& [id, entry] : *judged) {
    if (!seen.contains(id)) {
      problem({ErrorKind::invalid, tr("The query '{}' is judged, but not in queries.jsonl", id), entry.first, {}});
    }
  }
  if (!any_judged) {
    return fail(ErrorKind::invalid, tr("No query of queries.jsonl is judged in qrels/{}.tsv", split), folder.string(),
                tr("The ids of both files must be the same"));
  }
  return queries;
}

}  // namespace twin::evaluation
