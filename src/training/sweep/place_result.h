// The winner of a sweep as its result.
#pragma once

#include <filesystem>

#include "core/result.h"

namespace twin::training {

/// Copies what `twin train` leaves of a finished run (adapter, metrics, model card, result) from one folder to another,
/// each file by one rename, the result last: a crash leaves a folder that the next call completes.
[[nodiscard]] Result<void> place_result(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace twin::training
