// Which of several processes this one is, when they train together (data-parallel): told by the environment, as
// torchrun and srun do.
#pragma once

#include <functional>
#include <string>

#include "core/result.h"

namespace twin::training {

struct RankSpec {
  int rank = 0;  ///< 0 … size − 1; rank 0 writes what the run writes
  int size = 1;
  std::string address = {};  ///< where the ranks meet: host of rank 0
  int port = 0;
  bool served = false;       ///< torchrun's agent listens there, so rank 0 does not
  std::string attempt = {};  ///< torchrun's count of restarts: what an earlier attempt left at the agent is not read
};

/// The value of an environment variable; empty when it is not set.
using ReadVariable = std::function<std::string(const char* name)>;

/// RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT (torchrun; TORCHELASTIC_USE_AGENT_STORE and
/// TORCHELASTIC_RESTART_COUNT are heeded); where RANK or WORLD_SIZE is missing, SLURM_PROCID and
/// SLURM_NTASKS of a task that srun started, whose rank 0 runs on the first host of SLURM_STEP_NODELIST at a port
/// that follows from SLURM_JOB_ID. (A batch script has those two as well, without SLURM_STEP_ID: it is one process.)
/// One process where neither is there. A value that is no number, or a rank that is not below the size, is
/// ErrorKind::usage.
[[nodiscard]] Result<RankSpec> ranks_from(const ReadVariable& read);
[[nodiscard]] Result<RankSpec> ranks_from_environment();

/// The first host of a Slurm list: "node[03-05,9],x1" → "node03".
[[nodiscard]] std::string first_host(const std::string& hosts);

}  // namespace twin::training
