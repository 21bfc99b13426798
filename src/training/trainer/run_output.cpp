#include "training/trainer/run_output.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/progress.h"
#include "models/merge/merge.h"
#include "training/trainer/gguf_writer.h"
#include "training/trainer/model_card.h"
#include "training/trainer/peft.h"
#include "training/trainer/prepare.h"

namespace twin::training {
namespace {

constexpr const char* merged_folder = "merged";  // of DoRA

}  // namespace

std::optional<TrainResult> RunOutput::finished() const {
  const auto text = disk().read(result_file());
  if (!text) return std::nullopt;
  const auto json = Json::parse(*text, nullptr, false);
  if (!json.is_object() || json.value("key", "") != key_ || !json.contains("result")) return std::nullopt;
  auto result = train_result_from_json(json["result"]);
  if (!result) return std::nullopt;
  name_files(*result);
  if (!disk().exists(job_.config.lora.dora ? result->merged : result->gguf)) return std::nullopt;
  return *result;
}

void RunOutput::name_files(TrainResult& result) const {
  result.peft = job_.out / "adapter";
  if (job_.config.lora.dora) {
    result.merged = job_.out / merged_folder / fmt::format("{}.F16.gguf", merged_folder);
  } else {
    result.gguf = job_.out / "adapter.gguf";
  }
}

void RunOutput::write(TrainResult& result, const Learner& learner, const TrainingSet& set, const Hooks& hooks) const {
  emit(hooks, {{"event", "phase"}, {"phase", "export"}});
  value_or_throw(write_peft(result.peft, learner.adapter(), job_.base_name));
  if (job_.config.lora.dora) {
    merge_with_base(result, hooks);
  } else {
    value_or_throw(write_gguf_adapter(result.gguf, learner.adapter(), learner.model().shape(), job_.base_name));
  }
  result.peak_rss_bytes = peak_rss();  // with what writing took
  value_or_throw(disk().write(job_.out / "README.md", model_card(job_, result, set)));
  value_or_throw(disk().write(result_file(), Json{{"key", key_}, {"result", to_json(result)}}.dump(2) + "\n"));
}

/// llama.cpp's adapters are A and B alone.
void RunOutput::merge_with_base(const TrainResult& result, const Hooks& hooks) const {
  models::MergeRequest request;
  request.base = job_.base;
  request.adapter = result.peft;
  request.target = job_.out / merged_folder;
  request.base_name = job_.base_name;
  request.type = "f16";
  request.force = true;
  request.learn_chat = false;
  (void)value_or_throw(models::merge_model(request, silent_progress(), {}));
  emit(hooks, {{"event", "merged"}, {"gguf", result.merged.string()}, {"reason", "a GGUF adapter cannot hold DoRA"}});
}

}  // namespace twin::training
