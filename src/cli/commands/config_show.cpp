// twin config show: every resolved value with its origin.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"

namespace twin::cli {
namespace {

class ConfigShow final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "config show"; }
  [[nodiscard]] std::string description() const override {
    return tr("The resolved configuration with the origin of each value");
  }
  void declare(Options& options) override { options.flag("--docs", docs_, tr("Also what each key means")); }
  int run(Session& session) override {
    Json list = Json::array();
    for (const config::ResolvedValue& value : session.project().resolved()) {
      if (session.json()) {
        list.push_back({{"key", value.key}, {"value", value.value}, {"origin", value.origin}, {"doc", value.doc}});
        continue;
      }
      if (docs_) session.print("# " + value.doc);
      session.print(fmt::format("{:<44} # {}", value.key + ": " + value.value, value.origin));
    }
    if (session.json()) session.print(list);
    return exit_code::done;
  }

 private:
  bool docs_ = false;
};

}  // namespace

std::unique_ptr<Command> config_show_command() {
  return std::make_unique<ConfigShow>();
}

}  // namespace twin::cli
