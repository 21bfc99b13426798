#include "inference/query/filters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "inference/query/names.h"
#include "inference/query/time_span.h"
#include "inference/rag/content_terms.h"

namespace twin::inference {
namespace {

/// A question without its date must still say something.
constexpr std::size_t min_rest_terms = 1;

bool has(const std::vector<std::string>& values, std::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}
void add(std::vector<std::string>& values, const std::string& value) {
  if (!has(values, value)) values.push_back(value);
}

std::vector<stores::User> known_authors(const QueryContext& context) {
  std::vector<stores::User> authors;
  for (const stores::User& user : context.users) {
    if (has(context.facets.author_ids, user.id)) authors.push_back(user);
  }
  return authors;
}

std::string name_of(const std::vector<stores::User>& authors, const std::string& id) {
  const auto user = std::find_if(authors.begin(), authors.end(), [&](const auto& each) { return each.id == id; });
  return user == authors.end() ? id : user->name;
}

/// Whether the question is about what somebody wrote.
bool speaks_of_writing(std::string_view folded) {
  static constexpr std::array<std::string_view, 20> english = {
      "write",     "writes",  "wrote",    "written", "writing", "writings", "post",    "posts", "posted", "publish",
      "published", "article", "articles", "blog",    "blogged", "entry",    "entries", "note",  "notes",  "essay"};
  static constexpr std::array<std::string_view, 15> korean = {"쓴",   "썼",     "쓰신",   "적은", "적었",
                                                              "작성", "올린",   "올렸",   "게시", "발행",
                                                              "글",   "포스트", "포스팅", "기사", "블로그"};
  const auto stands = [&](std::string_view word) { return names_word(folded, word); };
  const auto occurs = [&](std::string_view word) { return folded.find(word) != std::string_view::npos; };
  return std::any_of(english.begin(), english.end(), stands) || std::any_of(korean.begin(), korean.end(), occurs);
}

/// "velog" and "벨로그에서"; places that are named by what they hold ("folder") are no names.
const std::vector<Called>& place_names() {
  static const std::vector<Called> names = {
      {"벨로그", "velog"},        {"노션", "notion"},       {"깃허브", "github"},     {"깃헙", "github"},
      {"미디엄", "medium"},       {"브런치", "brunch"},     {"티스토리", "tistory"},  {"네이버", "naver_blog"},
      {"유튜브", "youtube"},      {"링크드인", "linkedin"}, {"옵시디언", "obsidian"}, {"서브스택", "substack"},
      {"워드프레스", "wordpress"}};
  return names;
}

/// "on velog", "from my notion", "in the repositories".
bool says_where(std::string_view folded, const std::string& place) {
  for (const std::string_view preposition : {"on ", "from ", "in ", "at "}) {
    for (const std::string_view article : {"", "my ", "the ", "our "}) {
      if (names_word(folded, fmt::format("{}{}{}", preposition, article, place))) return true;
    }
  }
  return false;
}

void find_places(std::string_view folded, const stores::IndexFacets& facets, FoundFilters& out) {
  for (const std::string& source : facets.sources) {
    const auto korean = [&](const Called& called) {
      return called.id == source && folded.find(called.name + "에") != std::string_view::npos;
    };
    const bool named =
        says_where(folded, text::fold(source)) || std::any_of(place_names().begin(), place_names().end(), korean);
    if (!named) continue;
    add(out.filter.sources, source);
    out.found.push_back("source: " + source);
  }
  for (const std::string& category : facets.categories) {
    if (!says_where(folded, text::fold(category))) continue;
    add(out.filter.categories, category);
    out.found.push_back("category: " + category);
  }
}

void find_languages(std::string_view folded, const stores::IndexFacets& facets, FoundFilters& out) {
  for (const Called& language : language_names()) {
    if (!has(facets.languages, language.id)) continue;
    const bool korean = text::hangul_share(language.name) > 0;
    const bool named = korean ? folded.find(language.name + "로 ") != std::string_view::npos ||
                                    folded.find(language.name + " 글") != std::string_view::npos
                              : names_word(folded, "in " + language.name);
    if (!named || has(out.filter.languages, language.id)) continue;
    add(out.filter.languages, language.id);
    out.found.push_back("language: " + language.id);
  }
}

std::string day_of(UnixMillis time) {
  return format_time(time).substr(0, 10);
}

std::string in_words(const stores::IndexFilter& filter) {
  constexpr UnixMillis day_ms = 86'400'000;
  const std::string from = filter.published_from > 0 ? day_of(filter.published_from) : "…";
  const std::string to = filter.published_before > 0 ? day_of(filter.published_before - day_ms) : "…";
  return fmt::format("published: {} to {}", from, to);
}

std::string without(const std::string& question, const TimeSpan& span) {
  std::string rest(text::trim(question.substr(0, span.start)));
  const std::string after(text::trim(question.substr(span.end)));
  const bool glued = after.empty() || rest.empty() || std::string_view("?.,!").find(after[0]) != std::string_view::npos;
  rest += (glued ? "" : " ") + after;
  return content_terms(rest).size() >= min_rest_terms ? rest : question;
}

/// The values of a list of the reply that are known, by `known` (folded name → id); the others are said.
void read_list(const Json& reply, const char* key, const std::vector<Called>& known, std::vector<std::string>& target,
               std::vector<std::string>& said) {
  const auto values = reply.find(key);
  if (values == reply.end() || !values->is_array()) return;
  for (const Json& value : *values) {
    if (!value.is_string()) continue;
    const std::string wanted = text::fold(text::trim(value.get<std::string>()));
    const auto match = std::find_if(known.begin(), known.end(), [&](const Called& called) {
      return called.name == wanted || names_word(wanted, called.name);
    });
    if (match == known.end()) {
      said.push_back(fmt::format("{}: '{}' is not in the index", key, text::clip(wanted, 80)));
    } else if (!has(target, match->id)) {
      target.push_back(match->id);
      said.push_back(fmt::format("{}: {}", key, match->id));
    }
  }
}

std::vector<Called> by_themselves(const std::vector<std::string>& values) {
  std::vector<Called> out;
  out.reserve(values.size());
  for (const std::string& value : values) out.push_back({text::fold(value), value});
  return out;
}

UnixMillis read_date(const Json& reply, const char* key, std::vector<std::string>& said) {
  const auto value = reply.find(key);
  if (value == reply.end() || !value->is_string() || value->get<std::string>().empty()) return 0;
  const auto time = parse_time(value->get<std::string>() + "T00:00:00Z");
  if (time && *time > 0) return *time;
  said.push_back(fmt::format("{}: '{}' is no date", key, text::clip(value->get<std::string>(), 40)));
  return 0;
}

}  // namespace

FoundFilters filters_by_rules(const std::string& question, const QueryContext& context) {
  FoundFilters out{.rest = question};
  const std::string folded = text::fold(question);
  if (!speaks_of_writing(folded)) return out;
  const auto authors = known_authors(context);
  for (const Called& called : author_names(authors)) {
    if (!names_word(folded, called.name) || has(out.filter.author_ids, called.id)) continue;
    add(out.filter.author_ids, called.id);
    out.found.push_back("author: " + name_of(authors, called.id));
  }
  find_places(folded, context.facets, out);
  find_languages(folded, context.facets, out);
  if (const auto span = find_time_span(question, context.now)) {
    out.filter.published_from = span->from;
    out.filter.published_before = span->before;
    out.found.push_back(in_words(out.filter));
    out.rest = without(question, *span);
  }
  return out;
}

Result<FoundFilters> filters_of_reply(const std::string& question, const std::string& reply,
                                      const QueryContext& context) {
  const std::size_t open = reply.find('{'), close = reply.rfind('}');
  const Json json = open == std::string::npos || close == std::string::npos || close < open
                        ? Json()
                        : Json::parse(reply.substr(open, close - open + 1), nullptr, false);
  if (!json.is_object()) return fail(ErrorKind::invalid, tr("the reply is no JSON object"));
  FoundFilters out{.rest = question};
  const auto authors = known_authors(context);
  std::vector<Called> languages = by_themselves(context.facets.languages);
  for (const Called& called : language_names()) {
    if (has(context.facets.languages, called.id)) languages.push_back(called);
  }
  read_list(json, "authors", author_names(authors), out.filter.author_ids, out.found);
  read_list(json, "sources", by_themselves(context.facets.sources), out.filter.sources, out.found);
  read_list(json, "categories", by_themselves(context.facets.categories), out.filter.categories, out.found);
  read_list(json, "languages", languages, out.filter.languages, out.found);
  out.filter.published_from = read_date(json, "from", out.found);
  out.filter.published_before = read_date(json, "before", out.found);
  const bool backwards = out.filter.published_before > 0 && out.filter.published_before <= out.filter.published_from;
  if (backwards) {
    out.filter.published_from = out.filter.published_before = 0;
    out.found.emplace_back("published: the end is before the beginning");
  } else if (out.filter.published_from > 0 || out.filter.published_before > 0) {
    out.found.push_back(in_words(out.filter));
  }
  return out;
}

std::string filter_schema(const QueryContext& context) {
  std::vector<std::string> authors;
  for (const stores::User& user : known_authors(context)) authors.push_back(user.name);
  return fmt::format("authors: {}\nsources: {}\ncategories: {}\nlanguages: {}", fmt::join(authors, ", "),
                     fmt::join(context.facets.sources, ", "), fmt::join(context.facets.categories, ", "),
                     fmt::join(context.facets.languages, ", "));
}

}  // namespace twin::inference
