#include "training/trainer/prepare.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/hash.h"
#include "core/i18n.h"

namespace twin::training {
namespace {

constexpr const char* encoding_version = "tokens/2";  // raise when encode() changes

}  // namespace

void use_threads(int threads) {
  const auto cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  at::set_num_threads(threads > 0 ? threads : cores);
}

std::string resolve_dtype(const std::string& dtype) {
  if (dtype != "auto") return dtype;
#if defined(__x86_64__)
  // Every processor with AMX has it, too. Without it oneDNN computes bf16 products one by one: measured on an AVX2
  // processor, a step takes more than ten times as long as in f32.
  return __builtin_cpu_supports("avx512bf16") ? "bf16" : "f32";
#else
  return "f32";
#endif
}

at::ScalarType scalar_type(const std::string& dtype) {
  return resolve_dtype(dtype) == "f32" ? at::kFloat : at::kBFloat16;
}

void emit(const Hooks& hooks, const Json& event) {
  if (hooks.event) hooks.event(event);
}

bool stop_requested(const Hooks& hooks) {
  return hooks.stop != nullptr && hooks.stop->load();
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t resident_memory() {
  std::uint64_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t peak_rss() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::vector<EncodedSample> load_samples(const std::filesystem::path& data, const GgufReader& base,
                                        const std::string& base_sha256, const std::filesystem::path& cache_folder,
                                        const Hooks& hooks, const std::function<void(const Sample&)>& check) {
  const auto samples = value_or_throw(read_samples(data));
  if (samples.empty()) {
    throw Fatal(ErrorKind::invalid, tr("The dataset is empty"), data.string(),
                tr("collect more writing or lower the dataset's filters, then run twin dataset"));
  }
  if (check) std::for_each(samples.begin(), samples.end(), check);
  return tokenize_samples(samples, value_or_throw(sha256_file(data)), data, base, base_sha256, cache_folder, hooks);
}

std::vector<EncodedSample> tokenize_samples(const std::vector<Sample>& samples, const std::string& content,
                                            const std::filesystem::path& data, const GgufReader& base,
                                            const std::string& base_sha256, const std::filesystem::path& cache_folder,
                                            const Hooks& hooks) {
  const auto key = stable_id("tokens", {encoding_version, base_sha256, content});
  std::unique_ptr<models::Tokenizer> tokenizer;
  const auto open = [&]() -> Result<models::Tokenizer*> {
    emit(hooks, {{"event", "phase"}, {"phase", "tokenize"}, {"total", samples.size()}});
    auto opened = hooks.tokenizer();
    if (!opened) return tl::unexpected(opened.error());
    tokenizer = std::move(*opened);
    return tokenizer.get();
  };
  const auto progress = [&](std::int64_t done, std::int64_t total) {
    if (stop_requested(hooks)) throw Fatal(ErrorKind::cancelled, tr("Stopped while tokenizing"));
    emit(hooks, {{"event", "tokenized"}, {"done", done}, {"total", total}});
  };
  return value_or_throw(
      encode_all(samples, data, cache_folder / (key + ".jsonl"), key, open, token_facts(base), progress));
}

}  // namespace twin::training
