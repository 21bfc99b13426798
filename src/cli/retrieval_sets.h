// `twin eval retrieval --make-set`: a test set from the project's own corpus.
#pragma once

#include <string>

#include "cli/session.h"

namespace twin::cli {

struct MakeSetOptions {
  std::string folder;             ///< where to
  std::string unanswerable_from;  ///< a BEIR folder whose queries are tried as unanswerable ones; empty: none
  int passages = 0;               ///< 0: as configured
  int paraphrases = -1;           ///< below 0: as configured
  int seed = -1;                  ///< below 0: as configured
};

/// Returns the exit code. Throws Fatal.
int make_set(Session& session, const MakeSetOptions& options);

}  // namespace twin::cli
