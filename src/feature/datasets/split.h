// Which documents are trained on and which are held out.
#pragma once

#include <string>

#include "feature/datasets/datasets.h"

namespace twin::feature {

/// "train", "validation" or "test" by `config`'s shares: a pure function of what identifies the document and the seed,
/// so that a document stays where it is when others come or its text changes. A file is identified by its path below
/// its source's folder: the same writing in another place (a project moved, a colleague's copy) is split alike, and an
/// adapter trained there is not evaluated on what it has seen.
[[nodiscard]] std::string split_of(const stores::Document& document, const DatasetConfig& config);

}  // namespace twin::feature
