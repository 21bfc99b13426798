// Ctrl-C and SIGTERM as a stop request: the command ends its work cleanly. A second signal ends the process at once.
#pragma once

#include <stop_token>

namespace twin::cli {

/// Installs the handlers. Call once, before any thread starts.
[[nodiscard]] std::stop_token stop_on_signal();

}  // namespace twin::cli
