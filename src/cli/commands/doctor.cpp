// twin doctor: is this machine ready, and what to do when it is not.
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "ops/doctor/doctor.h"

namespace twin::cli {
namespace {

class DoctorCommand final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "doctor"; }
  [[nodiscard]] std::string description() const override {
    return tr("Check machine, programs, models, disk and ports");
  }
  int run(Session& session) override {
    const auto checks = ops::run_doctor(session.project());
    bool healthy = true;
    Json list = Json::array();
    for (const ops::Check& check : checks) {
      healthy &= check.state != ops::CheckState::problem;
      if (session.json()) {
        list.push_back({{"check", check.name},
                        {"state", ops::to_string(check.state)},
                        {"detail", check.detail},
                        {"advice", check.advice}});
      } else {
        session.print(ops::to_line(check));
      }
    }
    if (session.json()) session.print(list);
    return healthy ? exit_code::done : exit_code::failed;
  }
};

}  // namespace

std::unique_ptr<Command> doctor_command() {
  return std::make_unique<DoctorCommand>();
}

}  // namespace twin::cli
