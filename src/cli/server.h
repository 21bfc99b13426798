// The server in the foreground, as `twin serve` and `twin up` run it.
#pragma once

#include "cli/session.h"

namespace twin::cli {

/// Serves until Ctrl-C or SIGTERM; a newly trained adapter is hot-loaded. `port` < 0: by configuration.
int serve(Session& session, int port);

}  // namespace twin::cli
