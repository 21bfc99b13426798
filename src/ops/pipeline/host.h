// The machine, as far as a run's record needs it.
#pragma once

#include <cstdint>
#include <string>

namespace twin::ops {

/// "<os>, <cpu model>, N cores, M GiB". Never a host name or a user name.
[[nodiscard]] std::string host_description();
[[nodiscard]] std::uint64_t total_memory_bytes();

}  // namespace twin::ops
