#include "training/ranks.h"

#include <charconv>
#include <cstdlib>

#include "core/i18n.h"

namespace twin::training {
namespace {

constexpr int default_port = 29500;  // torchrun's
constexpr int slurm_ports = 1000;    // jobs on one host take different ones
constexpr int max_ranks = 1 << 16;

Result<int> number(const std::string& text, const char* name, int least, int most) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size() && value >= least && value <= most) return value;
  return fail(ErrorKind::usage, tr("{} is '{}', not a number between {} and {}", name, text, least, most), name,
              tr("unset it to train in one process"));
}

Result<RankSpec> spec(const std::string& rank, const char* rank_name, const std::string& size, const char* size_name) {
  const auto count = number(size, size_name, 1, max_ranks);
  if (!count) return tl::unexpected(count.error());
  const auto own = number(rank, rank_name, 0, *count - 1);
  if (!own) return tl::unexpected(own.error());
  return RankSpec{.rank = *own, .size = *count, .port = default_port};
}

}  // namespace

std::string first_host(const std::string& hosts) {
  const auto open = hosts.find('['), comma = hosts.find(',');
  if (open == std::string::npos || comma < open) return hosts.substr(0, comma);
  const auto end = hosts.find_first_of(",-]", open + 1);
  return hosts.substr(0, open) + hosts.substr(open + 1, end == std::string::npos ? end : end - open - 1);
}

Result<RankSpec> ranks_from(const ReadVariable& read) {
  const std::string rank = read("RANK"), size = read("WORLD_SIZE");
  const bool slurm = !read("SLURM_STEP_ID").empty() && !read("SLURM_PROCID").empty() && !read("SLURM_NTASKS").empty();
  Result<RankSpec> found = RankSpec{};
  if (!rank.empty() && !size.empty()) {
    found = spec(rank, "RANK", size, "WORLD_SIZE");
  } else if (slurm) {
    found = spec(read("SLURM_PROCID"), "SLURM_PROCID", read("SLURM_NTASKS"), "SLURM_NTASKS");
  }
  if (!found || found->size == 1) return found;
  found->address = read("MASTER_ADDR");
  if (found->address.empty() && slurm) found->address = first_host(read("SLURM_STEP_NODELIST"));
  if (found->address.empty()) {
    return fail(ErrorKind::usage,
                tr("{} processes are to train together, but MASTER_ADDR does not name the host of rank 0", found->size),
                "MASTER_ADDR");
  }
  found->served = read("TORCHELASTIC_USE_AGENT_STORE") == "True";
  found->attempt = read("TORCHELASTIC_RESTART_COUNT");
  const std::string port = read("MASTER_PORT");
  if (!port.empty()) {
    const auto given = number(port, "MASTER_PORT", 1, 65535);
    if (!given) return tl::unexpected(given.error());
    found->port = *given;
  } else if (const std::string job = read("SLURM_JOB_ID"); slurm && !job.empty()) {
    found->port = default_port + static_cast<int>(std::strtoull(job.c_str(), nullptr, 10) % slurm_ports);
  }
  return found;
}

Result<RankSpec> ranks_from_environment() {
  return ranks_from([](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value != nullptr ? value : "");
  });
}

}  // namespace twin::training
