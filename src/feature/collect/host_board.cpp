#include "feature/collect/host_board.h"

#include <fmt/format.h>

#include "core/i18n.h"

namespace twin::feature {
namespace {

/// Between two events of one host that say nothing new: a host changes its state with every request.
constexpr double seconds_between_events = 0.5;

std::string words(const HostState& state) {
  std::string text = fmt::format("{} {}", state.host, state.done);
  if (state.failed > 0) text += ", " + tr("failed {}", state.failed);
  if (state.phase == HostPhase::retrying) text += ", " + tr("tries again");
  if (state.phase == HostPhase::blocked) text += ", " + tr("left alone");
  if (state.phase == HostPhase::waiting && state.waiting > 0) text += ", " + tr("waits");
  return state.reason.empty() ? text : text + ": " + state.reason;
}

}  // namespace

void HostBoard::update(const HostState& state) {
  const std::lock_guard lock(mutex_);
  const bool fresh = !rows_.contains(state.host);
  Row& row = rows_[state.host];
  const bool grave = state.phase == HostPhase::blocked || state.phase == HostPhase::retrying;
  const bool changed = fresh || (state.phase != row.told && (grave || state.phase == HostPhase::idle));
  const double now = clock_.monotonic();
  row.state = state;
  if (changed || now - row.told_at >= seconds_between_events) {
    row.told = state.phase;
    row.told_at = now;
    events_.host(state);
  }
  progress_.note(line_locked());
}

std::string HostBoard::line() const {
  const std::lock_guard lock(mutex_);
  return line_locked();
}

std::string HostBoard::line_locked() const {
  std::string out;
  for (const auto& [host, row] : rows_) {
    if (row.state.phase == HostPhase::idle) continue;
    out += (out.empty() ? "" : " · ") + words(row.state);
  }
  return out;
}

}  // namespace twin::feature
