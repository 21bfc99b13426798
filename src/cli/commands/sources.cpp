// twin sources: what can be read, and what the project reads. twin source test: a first look at one place.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "core/process.h"
#include "core/text/unicode.h"
#include "feature/collect/canonical_url.h"
#include "feature/collect/polite_http.h"
#include "feature/collect/try_source.h"
#include "ops/project/collecting.h"

namespace twin::cli {
namespace {

using feature::SourceEntry;
using feature::SourceRegistry;

std::string_view strength_name(feature::Claim::Strength strength) {
  switch (strength) {
    case feature::Claim::site:
      return "site";
    case feature::Claim::shape:
      return "shape";
    case feature::Claim::any:
      return "any";
    case feature::Claim::none:
      break;
  }
  return "none";
}

std::string first_example(const SourceEntry& entry) {
  for (const auto& example : entry.examples) {
    if (example.accepted) return example.location;
  }
  return {};
}

class SourcesCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "sources"; }
  [[nodiscard]] std::string description() const override {
    return tr("Places that can be read, and those of this project with their state");
  }
  int run(Session& session) override {
    const bool project = session.has_project();
    if (session.json()) {
      Json json{{"sources", plug_ins_json()}, {"project", project ? project_json(session) : Json()}};
      session.print(json);
      return exit_code::done;
    }
    for (const auto& [id, entry] : SourceRegistry::instance().entries()) {
      session.print(fmt::format("{:<12} {}", id, entry.description));
      if (!entry.needs.empty()) session.print(fmt::format("{:<12} {}", "", tr("needs: {}", entry.needs)));
      session.print(fmt::format("{:<12} {}", "", tr("example: {}", first_example(entry))));
    }
    if (project) print_project(session);
    return exit_code::done;
  }

 private:
  static Json plug_ins_json() {
    Json list = Json::array();
    for (const auto& [id, entry] : SourceRegistry::instance().entries()) {
      Json examples = Json::array();
      for (const auto& example : entry.examples) {
        if (example.accepted) examples.push_back(example.location);
      }
      list.push_back({{"id", id},
                      {"description", entry.description},
                      {"needs", entry.needs},
                      {"category", entry.category},
                      {"examples", examples}});
    }
    return list;
  }

  /// A source of twin.yaml with what the warehouse has of it and what its last run was like.
  struct Row {
    const feature::SourceConfig* source = nullptr;
    std::string name, location;
    std::int64_t documents = 0;
    const feature::SourceSummary* last = nullptr;
    std::vector<const feature::CollectFailure*> failures;
  };

  static std::vector<Row> rows(Session& session, const std::optional<ops::LastCollect>& last) {
    ops::Project& project = session.project();
    std::vector<Row> out;
    for (const auto& source : project.config().sources) {
      Row& row = out.emplace_back();
      row.source = &source;
      row.name = source.display_name();
      if (source.source != nullptr) row.location = source.source->location();
      project.warehouse().each_origin(source.type, row.location, [&](stores::Origin&&) {
        ++row.documents;
        return true;
      });
      if (!last) continue;
      for (const auto& summary : last->sources) {
        if (summary.name == row.name) row.last = &summary;
      }
      for (const auto& failure : last->failures) {
        if (failure.source == row.name) row.failures.push_back(&failure);
      }
    }
    return out;
  }

  static Json project_json(Session& session) {
    const auto last = ops::last_collect(session.project());
    Json list = Json::array();
    for (const Row& row : rows(session, last)) {
      Json failures = Json::array();
      for (const auto* failure : row.failures) {
        failures.push_back({{"url", failure->where}, {"message", failure->message}, {"hint", failure->hint}});
      }
      list.push_back({{"name", row.name},
                      {"type", row.source->type},
                      {"location", row.location},
                      {"category", row.source->category},
                      {"documents", row.documents},
                      {"state", row.last == nullptr ? "never read" : std::string(feature::to_string(row.last->state))},
                      {"last_run", last ? format_time(last->ended) : std::string()},
                      {"failures", failures}});
    }
    return list;
  }

  static void print_project(Session& session) {
    const auto last = ops::last_collect(session.project());
    session.print(std::string());
    session.print(last ? tr("In this project, last read {}:", format_time(last->ended))
                       : tr("In this project, not read yet:"));
    for (const Row& row : rows(session, last)) {
      const std::string state = row.last == nullptr ? "-" : std::string(feature::to_string(row.last->state));
      session.print(fmt::format("  {}  [{}]  {}", row.name, row.source->category,
                                tr("{} documents, {}, {} failed", row.documents, state, row.failures.size())));
      for (const auto* failure : row.failures) session.print("    " + failure->text());
    }
  }
};

class SourceTest final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "source test"; }
  [[nodiscard]] std::string description() const override {
    return tr("Which source takes a link or path, why, and what it would make of it");
  }
  void declare(Options& options) override {
    options.positional("location", location_, tr("Address or path"));
    options.option("-n", limit_, tr("How many items to read"));
  }
  int run(Session& session) override {
    const auto claims = feature::claims_on(location_);
    if (claims.empty()) throw Fatal(feature::source_for(location_).error());
    const auto trial = value_or_throw(read(session, claims.front()));
    session.json() ? print_json(session, claims, trial) : print_text(session, claims, trial);
    if (trial.failures.empty()) return exit_code::done;
    return trial.items.empty() ? exit_code::failed : exit_code::partial;
  }

 private:
  /// With the manners, secrets and categories of the project when there is one.
  Result<feature::SourceTrial> read(Session& session, const feature::SourceChoice& choice) const {
    const TempFolder scratch;
    const bool own = session.has_project();
    std::unique_ptr<feature::PoliteHttp> http;
    if (!own) http = feature::make_polite_http({}, system_clock(), {});
    std::map<std::string, feature::Category> categories;
    if (!own) categories = value_or_throw(feature::load_categories({value_or_throw(find_data("categories"))}));
    Secrets secrets;
    if (!own) secrets = value_or_throw(Secrets::load({Secrets::user_file()}));
    feature::SourceContext context{.files = disk(),
                                   .http = own ? session.project().collect_http() : *http,
                                   .clock = system_clock(),
                                   .stop = session.stop(),
                                   .scratch = scratch.path(),
                                   .authors = {},
                                   .cursor = {},
                                   .secrets = own ? session.project().secrets() : secrets};
    return feature::try_source(choice, location_, limit_, context, own ? session.project().categories() : categories);
  }

  static Json to_json(const feature::SourceChoice& choice) {
    return {{"source", choice.id}, {"strength", strength_name(choice.claim.strength)}, {"why", choice.claim.why}};
  }

  void print_json(Session& session, const std::vector<feature::SourceChoice>& claims,
                  const feature::SourceTrial& trial) const {
    Json json{{"location", feature::address_of(location_)},
              {"claims", Json::array()},
              {"items", Json::array()},
              {"failures", Json::array()}};
    for (const auto& claim : claims) json["claims"].push_back(to_json(claim));
    for (const auto& item : trial.items) {
      json["items"].push_back({{"url", item.url},
                               {"media_type", item.media_type},
                               {"category", item.category},
                               {"title", item.title},
                               {"authors", item.authors},
                               {"published", format_time(item.published)},
                               {"language", item.language},
                               {"markdown", item.markdown}});
    }
    for (const Error& error : trial.failures) {
      json["failures"].push_back({{"url", error.where}, {"message", error.message}, {"hint", error.hint}});
    }
    session.print(json);
  }

  void print_text(Session& session, const std::vector<feature::SourceChoice>& claims,
                  const feature::SourceTrial& trial) const {
    const SourceEntry& entry = *SourceRegistry::instance().find(claims.front().id);
    session.print(
        tr("{} is read by '{}': {}", feature::address_of(location_), claims.front().id, claims.front().claim.why));
    session.print("  " + entry.description);
    if (!entry.needs.empty()) session.print("  " + tr("needs: {}", entry.needs));
    for (std::size_t i = 1; i < claims.size(); ++i) {
      session.print("  " + tr("'{}' would take it, too: {}", claims[i].id, claims[i].claim.why));
    }
    int number = 0;
    for (const auto& item : trial.items) print_item(session, item, ++number);
    for (const Error& error : trial.failures) std::fprintf(stderr, "twin: %s\n", error.text().c_str());
  }

  static void print_item(Session& session, const feature::TriedItem& item, int number) {
    constexpr std::size_t beginning = 600;
    session.print(fmt::format("\n{}. {}\n   {}", number, item.title.empty() ? tr("(no title)") : item.title,
                              feature::readable_url(item.url)));
    std::string facts = fmt::format("{}", fmt::join(item.authors, ", "));
    for (const std::string& fact :
         {item.published == 0 ? std::string() : format_time(item.published).substr(0, 10), item.language,
          item.media_type, item.category, tr("{} bytes of Markdown", item.markdown.size())}) {
      if (!fact.empty()) facts += (facts.empty() ? "" : " · ") + fact;
    }
    session.print("   " + facts);
    for (const Error& note : item.notes) session.print("   " + note.message);
    const std::string_view head = text::clip(item.markdown, beginning);
    session.print(fmt::format("\n{}{}", head, head.size() < item.markdown.size() ? "…" : ""));
  }

  std::string location_;
  int limit_ = 1;
};

}  // namespace

std::unique_ptr<Command> sources_command() {
  return std::make_unique<SourcesCommand>();
}
std::unique_ptr<Command> source_test_command() {
  return std::make_unique<SourceTest>();
}

}  // namespace twin::cli
