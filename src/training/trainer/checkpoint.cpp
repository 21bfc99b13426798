#include "training/trainer/checkpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/files.h"
#include "core/i18n.h"
#include "core/log.h"
#include "training/trainer/tensor_file.h"

namespace twin::training {
namespace {

constexpr const char* kPrefix = "step-";
constexpr const char* unfinished = ".unfinished";

Json state_json(const RunState& state, const std::string& key) {
  return Json{{"key", key},
              {"step", state.step},
              {"samples", state.samples},
              {"tokens", state.tokens},
              {"loss_tokens", state.loss_tokens},
              {"seconds", state.seconds},
              {"loss", state.loss},
              {"base_eval_loss", state.base_eval_loss},
              {"evaluated", state.evaluated},
              {"sampled", state.sampled},
              {"best_loss", state.best_loss},
              {"stale", state.stale},
              {"best", state.best_weights.defined()}};
}

void sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

void share_state(World& world, RunState& state, Adapter& adapter, const Optimizer& optimizer) {
  if (world.size() == 1) return;
  world.broadcast(adapter.weights);
  for (const auto& [name, tensor] : optimizer.state()) world.broadcast(tensor);
  for (auto* count : {&state.step, &state.samples, &state.tokens, &state.loss_tokens, &state.evaluated, &state.stale})
    *count = static_cast<std::int64_t>(world.broadcast(static_cast<double>(*count)));
  for (auto* value : {&state.seconds, &state.loss, &state.base_eval_loss, &state.best_loss})
    *value = world.broadcast(*value);
}

Checkpoints::Checkpoints(std::filesystem::path root, std::string key) : root_(std::move(root)), key_(std::move(key)) {}

std::vector<std::filesystem::path> Checkpoints::folders() const {
  std::vector<std::filesystem::path> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(root_, ignored)) {
    if (entry.is_directory() && entry.path().filename().string().starts_with(kPrefix)) found.push_back(entry.path());
  }
  std::sort(found.rbegin(), found.rend());
  return found;
}

Result<void> Checkpoints::save(const RunState& state, const Adapter& adapter, const Optimizer& optimizer) {
  const auto scratch = root_ / unfinished;
  std::error_code error;
  std::filesystem::remove_all(scratch, error);
  std::map<std::string, at::Tensor> tensors = optimizer.state();
  tensors["weights"] = adapter.weights;
  if (state.best_weights.defined()) tensors["best_weights"] = state.best_weights;
  auto written = write_safetensors(scratch / "state.safetensors", tensors, {});
  if (!written) return written;
  written = disk().write(scratch / "state.json", state_json(state, key_).dump(2) + "\n");
  if (!written) return written;

  const auto target = root_ / fmt::format("{}{:08}", kPrefix, state.step);
  std::filesystem::remove_all(target, error);
  std::filesystem::rename(scratch, target, error);
  if (error) return fail(ErrorKind::io, tr("The checkpoint cannot be put in place: {}", error.message()), target);
  sync_folder(root_);
  const auto all = folders();
  for (std::size_t i = kept; i < all.size(); ++i) std::filesystem::remove_all(all[i], error);
  return {};
}

Result<RunState> Checkpoints::load_one(const std::filesystem::path& folder, Adapter& adapter,
                                       const Optimizer& optimizer, std::int64_t last_step) const {
  const auto text = disk().read(folder / "state.json");
  if (!text) return tl::unexpected(text.error());
  const auto json = Json::parse(*text, nullptr, false);
  if (!json.is_object()) return fail(ErrorKind::invalid, "state.json is not JSON", folder.string());
  if (json.value("key", "") != key_) return fail(ErrorKind::not_found, "of another job", folder.string());

  const auto file = folder / "state.safetensors";
  const auto shape = adapter.weights.sizes().vec();
  const auto weights = read_tensor(file, "weights", shape);
  if (!weights) return tl::unexpected(weights.error());
  const auto remembered = optimizer.state();
  std::map<std::string, at::Tensor> moments;
  for (const auto& [name, tensor] : remembered) {
    auto values = read_tensor(file, name, tensor.sizes().vec());
    if (!values) return tl::unexpected(values.error());
    if (values->scalar_type() != tensor.scalar_type())
      return fail(ErrorKind::invalid, "the type of " + name, folder.string());
    moments[name] = std::move(*values);
  }
  RunState state;
  try {
    state = {.step = json.at("step"),
             .samples = json.at("samples"),
             .tokens = json.at("tokens"),
             .loss_tokens = json.at("loss_tokens"),
             .seconds = json.at("seconds"),
             .loss = json.at("loss"),
             .base_eval_loss = json.at("base_eval_loss"),
             .evaluated = json.at("evaluated"),
             .sampled = json.value("sampled", std::int64_t{-1}),
             .best_loss = json.at("best_loss"),
             .stale = json.at("stale")};
    if (json.at("best").get<bool>()) {
      auto best = read_tensor(file, "best_weights", shape);
      if (!best) return tl::unexpected(best.error());
      state.best_weights = std::move(*best);
    }
  } catch (const Json::exception& e) {
    return fail(ErrorKind::invalid, e.what(), folder.string());
  }
  if (state.step > last_step) return fail(ErrorKind::not_found, "of a later step", folder.string());
  adapter.weights.copy_(*weights);
  for (const auto& [name, tensor] : remembered) tensor.copy_(moments.at(name));
  return state;
}

std::optional<RunState> Checkpoints::load(Adapter& adapter, const Optimizer& optimizer, std::int64_t last_step) const {
  for (const auto& folder : folders()) {
    auto state = load_one(folder, adapter, optimizer, last_step);
    if (state) return *state;
    if (state.error().kind != ErrorKind::not_found) log::warn("checkpoint passed over: {}", state.error().text());
  }
  return std::nullopt;
}

void Checkpoints::clear() const {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

}  // namespace twin::training
