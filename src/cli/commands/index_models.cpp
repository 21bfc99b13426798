// twin index models: the indexes that lie side by side, one for each embedding model.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "stores/index/versions.h"

namespace twin::cli {
namespace {

class IndexModels final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "index models"; }
  [[nodiscard]] std::string description() const override {
    return tr("The indexes of several embedding models: which one serves, which is being made");
  }
  void declare(Options&) override {}
  int run(Session& session) override {
    ops::Project& project = session.project();
    const auto versions = project.index_versions().list();
    const std::string configured = project.config().models.embedder();
    if (session.json()) {
      Json list = Json::array();
      for (const stores::IndexVersion& version : versions) {
        list.push_back({{"name", version.name},
                        {"state", stores::to_string(version.state)},
                        {"embedding", version.embedder},
                        {"model_hash", version.model.hash},
                        {"dimension", version.model.dimension},
                        {"documents", version.counts.documents},
                        {"passages", version.counts.chunks}});
      }
      session.print(Json{{"configured", configured}, {"indexes", list}});
      return exit_code::done;
    }
    for (const stores::IndexVersion& version : versions) session.print(line(version));
    if (versions.empty()) session.print(tr("Nothing is indexed yet. Make an index with: twin index"));
    const bool serves = !versions.empty() && versions.front().state == stores::IndexVersion::State::serving &&
                        (versions.front().embedder == configured || versions.front().embedder.empty());
    if (!versions.empty() && !serves) {
      session.print(
          tr("twin.yaml names {}: `twin index` makes its index, or completes it, and switches to it", configured));
    }
    return exit_code::done;
  }

 private:
  static std::string line(const stores::IndexVersion& version) {
    return fmt::format("{:<9} {:<28} {}  {}", stores::to_string(version.state),
                       version.embedder.empty() ? version.model.hash.substr(0, 12) : version.embedder,
                       tr("{} documents, {} passages, {} dimensions", version.counts.documents, version.counts.chunks,
                          version.model.dimension),
                       version.name);
  }
};

}  // namespace

std::unique_ptr<Command> index_models_command() {
  return std::make_unique<IndexModels>();
}

}  // namespace twin::cli
