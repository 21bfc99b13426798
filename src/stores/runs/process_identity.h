// Whether a process that was recorded once is still the same one.
#pragma once

#include <cstdint>
#include <string>

namespace twin::stores {

/// What tells this process from a later one with the same pid: the boot it runs in and when it started in it.
/// Empty when there is no such process, or when it has ended and only waits to be reaped.
[[nodiscard]] std::string process_identity(std::int64_t pid);

}  // namespace twin::stores
