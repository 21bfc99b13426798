// A whole index brought into another.
#pragma once

#include <stop_token>
#include <string>

#include "core/progress.h"
#include "stores/index/index.h"

namespace twin::stores {

struct IndexCopyReport {
  std::int64_t documents = 0, chunks = 0;  ///< written
  std::int64_t unchanged = 0;              ///< documents that the target had already
  std::int64_t removed = 0;                ///< documents of an earlier copy that the source no longer has
  bool stopped = false;                    ///< by the user; the next copy goes on
  std::string digest;                      ///< of both, when done
};

/// Documents with their passages and vectors, one at a time; then compares the digests of both sides. Nothing is
/// embedded again. Safe to stop at any instant: the next call writes only what is missing. `to` must be empty, or an
/// earlier copy: of the same embedding model, and not without any document of `from` (ErrorKind::usage otherwise).
/// Throws Fatal when the two differ in the end, or when the target refuses a document.
IndexCopyReport copy_index(Index& from, Index& to, ProgressSink& progress, std::stop_token stop);

}  // namespace twin::stores
