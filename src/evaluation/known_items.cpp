#include "evaluation/known_items.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/i18n.h"

namespace twin::evaluation {
namespace {

bool answers(const KnownItem& item, const std::string& url) {
  return std::any_of(item.pages.begin(), item.pages.end(),
                     [&](const std::string& page) { return url == page || url.ends_with("/" + page); });
}

KnownItemResult judge(const KnownItem& item, int k, const SearchUrls& search, const AskCited& ask) {
  KnownItemResult result{.item = item, .rank = 0, .asked = false, .cited = false, .answer = {}, .error = {}};
  const auto urls = search(item.question, k);
  if (!urls) {
    result.error = urls.error().text();
    return result;
  }
  const auto hit = std::find_if(urls->begin(), urls->end(), [&](const auto& url) { return answers(item, url); });
  if (hit != urls->end()) result.rank = static_cast<int>(hit - urls->begin()) + 1;
  if (!ask) return result;
  result.asked = true;
  const auto answer = ask(item.question);
  if (!answer) {
    result.error = answer.error().text();
    return result;
  }
  result.answer = answer->text;
  result.cited = std::any_of(answer->cited_urls.begin(), answer->cited_urls.end(),
                             [&](const auto& url) { return answers(item, url); });
  return result;
}

}  // namespace

void KnownItem::bind(config::Binder& b) {
  b.field("question", question, "The question", {.required = true});
  b.field("pages", pages, "Ends of the URLs that answer it", {.required = true});
}

Result<std::vector<KnownItem>> load_known_items(const std::filesystem::path& file) {
  std::vector<KnownItem> items;
  const config::Layer layer{.file = file, .values = {}, .origin = {}};
  const auto errors =
      config::read({layer}, [&](config::Binder& b) { b.list("questions", items, "Questions with their pages"); });
  if (!errors.empty()) return tl::unexpected(errors.front());
  if (items.empty()) return fail(ErrorKind::usage, tr("The file holds no questions"), file.string());
  return items;
}

int KnownItemReport::found() const {
  return static_cast<int>(std::count_if(results.begin(), results.end(), [](const auto& r) { return r.rank > 0; }));
}

int KnownItemReport::cited() const {
  return static_cast<int>(std::count_if(results.begin(), results.end(), [](const auto& r) { return r.cited; }));
}

double KnownItemReport::mrr() const {
  double sum = 0;
  for (const KnownItemResult& result : results) sum += result.rank > 0 ? 1.0 / result.rank : 0.0;
  return results.empty() ? 0.0 : sum / static_cast<double>(results.size());
}

Json to_json(const KnownItemReport& report) {
  Json json{{"k", report.k},           {"questions", report.results.size()},
            {"found", report.found()}, {"cited", report.cited()},
            {"mrr", report.mrr()},     {"results", Json::array()}};
  for (const KnownItemResult& result : report.results) {
    json["results"].push_back({{"question", result.item.question},
                               {"pages", result.item.pages},
                               {"rank", result.rank},
                               {"cited", result.cited},
                               {"answer", result.answer},
                               {"error", result.error}});
  }
  return json;
}

std::string to_table(const KnownItemReport& report) {
  std::string text;
  bool asked = false;
  for (const KnownItemResult& result : report.results) {
    asked |= result.asked;
    const std::string rank = result.rank > 0 ? std::to_string(result.rank) : "-";
    const char* cited = !result.asked ? "" : result.cited ? "cited" : "not cited";
    text += fmt::format("{:>3}  {:<10} {}{}\n", rank, cited, result.item.question,
                        result.error.empty() ? "" : "  (" + result.error + ")");
  }
  text +=
      tr("{} of {} found in the first {}, MRR {:.3f}", report.found(), report.results.size(), report.k, report.mrr());
  if (asked) text += "; " + tr("{} answers cite the page", report.cited());
  return text + "\n";
}

KnownItemReport judge_known_items(const std::vector<KnownItem>& items, int k, const SearchUrls& search,
                                  const AskCited& ask) {
  KnownItemReport report;
  report.k = k;
  for (const KnownItem& item : items) report.results.push_back(judge(item, k, search, ask));
  return report;
}

}  // namespace twin::evaluation
