// twin docs duplicates: which documents say what another one already says.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "feature/dedup/duplicates.h"

namespace twin::cli {
namespace {

using feature::Duplicate;

class DocsDuplicates final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "docs duplicates"; }
  [[nodiscard]] std::string description() const override {
    return tr("Documents that search and training leave out, below the one that stays");
  }
  int run(Session& session) override {
    const auto found = feature::read_duplicates(session.project().layout().duplicates());
    if (!found && found.error().kind == ErrorKind::not_found) {
      throw Fatal(ErrorKind::not_found, tr("The documents have not been compared yet"), {}, tr("run: twin index"));
    }
    std::map<std::string, std::vector<Duplicate>> groups;
    for (Duplicate& duplicate : value_or_throw(found)) groups[duplicate.original].push_back(duplicate);
    for (const auto& [original, duplicates] : groups) {
      if (session.stop().stop_requested()) break;
      show(session, original, duplicates);
    }
    return exit_code::done;
  }

 private:
  static void show(Session& session, const std::string& original, const std::vector<Duplicate>& duplicates) {
    if (session.json()) {
      Json group = entry(session, original);
      for (const Duplicate& duplicate : duplicates) {
        Json json = entry(session, duplicate.id);
        json["similarity"] = duplicate.similarity;
        group["duplicates"].push_back(std::move(json));
      }
      session.print(group);
      return;
    }
    session.print(line(session, original));
    for (const Duplicate& duplicate : duplicates) {
      session.print(fmt::format("  {:.2f}  {}", duplicate.similarity, line(session, duplicate.id)));
    }
  }

  static Json entry(Session& session, const std::string& id) {
    const auto document = session.project().warehouse().document(id);
    return {{"id", id}, {"title", document ? document->title : ""}, {"url", document ? document->url : ""}};
  }

  static std::string line(Session& session, const std::string& id) {
    const auto document = session.project().warehouse().document(id);
    return document ? fmt::format("{}  {}  {}", id, document->title, document->url) : id;
  }
};

}  // namespace

std::unique_ptr<Command> docs_duplicates_command() {
  return std::make_unique<DocsDuplicates>();
}

}  // namespace twin::cli
