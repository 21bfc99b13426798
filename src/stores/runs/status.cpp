#include "stores/runs/status.h"

#include <array>

#include "core/i18n.h"

namespace twin::stores {
namespace {

constexpr std::array kRunStatuses = {RunStatus::running, RunStatus::done,      RunStatus::failed,
                                     RunStatus::partial, RunStatus::cancelled, RunStatus::interrupted};
constexpr std::array kStepStatuses = {StepStatus::pending, StepStatus::running,    StepStatus::cached,
                                      StepStatus::done,    StepStatus::partial,    StepStatus::failed,
                                      StepStatus::skipped, StepStatus::interrupted};
constexpr std::array kErrorKinds = {ErrorKind::usage, ErrorKind::not_found, ErrorKind::invalid,   ErrorKind::limit,
                                    ErrorKind::io,    ErrorKind::network,   ErrorKind::cancelled, ErrorKind::internal};

template <class Values>
auto named(const Values& values, const std::string& name) {
  for (const auto value : values) {
    if (to_string(value) == name) return value;
  }
  throw Fatal(ErrorKind::invalid,
              tr("The run store holds a state that this version of Twin does not know: \"{}\"", name));
}

}  // namespace

std::string_view to_string(RunStatus status) {
  switch (status) {
    case RunStatus::running:
      return "running";
    case RunStatus::done:
      return "done";
    case RunStatus::failed:
      return "failed";
    case RunStatus::partial:
      return "partial";
    case RunStatus::cancelled:
      return "cancelled";
    case RunStatus::interrupted:
      return "interrupted";
  }
  return "";
}

std::string_view to_string(StepStatus status) {
  switch (status) {
    case StepStatus::pending:
      return "pending";
    case StepStatus::running:
      return "running";
    case StepStatus::cached:
      return "cached";
    case StepStatus::done:
      return "done";
    case StepStatus::partial:
      return "partial";
    case StepStatus::failed:
      return "failed";
    case StepStatus::skipped:
      return "skipped";
    case StepStatus::interrupted:
      return "interrupted";
  }
  return "";
}

RunStatus run_status(const std::string& name) {
  return named(kRunStatuses, name);
}
StepStatus step_status(const std::string& name) {
  return named(kStepStatuses, name);
}
ErrorKind error_kind(const std::string& name) {
  return named(kErrorKinds, name);
}

}  // namespace twin::stores
