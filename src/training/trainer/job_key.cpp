#include "training/trainer/job_key.h"

#include <torch/headeronly/version.h>

#include <nlohmann/json.hpp>

#include "core/hash.h"

namespace twin::training {
namespace {

constexpr const char* trainer_version = "twin-train/3";  // raise when the same job would give other weights

}  // namespace

std::string job_key(const TrainJob& job, const std::string& base_sha256) {
  auto config = job.config;
  const auto data = value_or_throw(sha256_file(job.data));
  const auto eval = job.eval_data.empty() ? std::string() : value_or_throw(sha256_file(job.eval_data));
  return stable_id("train", {trainer_version, TORCH_VERSION, base_sha256, data, eval, job.base_name,
                             config::canonical(config).dump()});
}

}  // namespace twin::training
