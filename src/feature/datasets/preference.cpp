#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/chunk/sections.h"
#include "feature/datasets/answer_log.h"
#include "feature/datasets/answers.h"
#include "feature/datasets/datasets.h"
#include "feature/datasets/order.h"
#include "feature/datasets/samples_file.h"
#include "feature/samples/sample_privacy.h"

namespace twin::feature {
namespace {

constexpr std::string_view prompt_version = "rejected-1";  // part of the provenance: bump when the request changes
constexpr int attempts = 2;                                // of one answer, when the worker was restarted

class PreferenceBuilder {
 public:
  PreferenceBuilder(const DatasetConfig& config, const DatasetContext& context, models::ChatEngine& base,
                    const std::string& base_model_id)
      : config_(config),
        context_(context),
        base_(base),
        model_(base_model_id),
        log_(value_or_throw(AnswerLog::open(context.folder / "answers.jsonl", context.objects))) {}

  DatasetReport run(std::vector<Sample> questions) {
    choose(questions);
    const auto progress = context_.progress.start("preference", "answers");
    progress->total(questions.size());
    for (Sample& sample : questions) {
      if (context_.stop.stop_requested()) break;
      add(std::move(sample));
      progress->add();
    }
    if (context_.stop.stop_requested()) {
      report_.failures.push_back({ErrorKind::cancelled, tr("Making the preference samples was stopped"), "",
                                  tr("run the same command again to continue")});
      return std::move(report_);
    }
    DatasetConfig config = config_;
    const Json facts{
        {"config", config::canonical(config)}, {"rejected_by", model_}, {"prompt_version", prompt_version}};
    write_dataset(context_.folder, "preference", {{"train", std::move(kept_)}}, facts, report_);
    return std::move(report_);
  }

 private:
  void choose(std::vector<Sample>& questions) const {
    const auto order = [this](const Sample& s) { return hash_order(config_.seed, "preference", s.id); };
    std::sort(questions.begin(), questions.end(),
              [&](const Sample& a, const Sample& b) { return std::pair(order(a), a.id) < std::pair(order(b), b.id); });
    questions.resize(std::min(questions.size(), static_cast<std::size_t>(config_.preference_samples)));
  }

  void add(Sample&& sample) {
    Result<std::string> rejected = answer(sample);
    if (!rejected) {
      if (rejected.error().kind == ErrorKind::cancelled) return;
      rejected.error().where = sample.id;
      report_.failures.push_back(rejected.error());
      if (++failed_in_a_row_ < config_.give_up_after) return;
      Error error = rejected.error();
      error.hint = tr("{} answers in a row failed; those before are kept, run the same command again to continue",
                      failed_in_a_row_);
      throw Fatal(std::move(error));
    }
    failed_in_a_row_ = 0;
    const std::string instruct_id = sample.id;
    sample.kind = "preference";
    sample.rejected = std::string(text::trim(*rejected));
    sample.provenance.generator = fmt::format("{}/{}", model_, prompt_version);
    sample.scores["rejected_characters"] = characters(sample.rejected);
    sample.id = stable_id("sample", {sample.kind, instruct_id, sample.rejected, sample.provenance.generator});
    if (sample.rejected.empty()) {
      reject(sample, "empty_rejected", instruct_id);
    } else if (collapse_space(sample.rejected) == collapse_space(sample.answer)) {
      reject(sample, "rejected_equals_chosen", instruct_id);
    } else if (protect(sample)) {
      kept_.push_back(std::move(sample));
    }
  }

  // The prompt and the author's answer come masked; a model may make up numbers of its own.
  bool protect(Sample& sample) {
    const auto found = config_.pii == "off" ? std::vector<PiiFinding>() : find_pii(sample.rejected);
    if (found.empty()) return true;
    const bool drop = config_.pii == "drop";
    for (const PiiFinding& finding : found) {
      report_.pii.push_back({sample.id, sample.provenance.document_id, "rejected", std::string(to_string(finding.kind)),
                             finding.span.start, finding.span.end, drop ? "dropped" : "masked"});
    }
    if (drop) {
      reject(sample, "pii", describe(found));
    } else {
      sample.rejected = mask_pii(sample.rejected, found);
    }
    return !drop;
  }

  Result<std::string> answer(const Sample& sample) {
    models::ChatRequest request;
    request.messages = sample.prompt;
    request.max_tokens = config_.rejected_max_tokens;
    request.temperature = 0;
    request.seed = config_.seed;
    request.adapter = false;
    request.reuse_prefix = false;
    request.cancel = context_.stop;
    const std::string key = key_of(request);
    if (std::optional<std::string> kept = log_.find(key)) return std::move(*kept);
    for (int attempt = 1;; ++attempt) {
      const Result<models::ChatResult> result = base_.chat(request);
      if (result && result->finish_reason == "cancelled") return fail(ErrorKind::cancelled, tr("Stopped"));
      if (result) {
        value_or_throw(log_.add(key, result->text));
        return result->text;
      }
      if (result.error().kind != ErrorKind::network || attempt == attempts) return tl::unexpected(result.error());
    }
  }

  [[nodiscard]] std::string key_of(const models::ChatRequest& request) const {
    Sha256 hash;
    hash.field(prompt_version).field(model_);
    hash.field(fmt::format("temperature 0 seed {} max_tokens {}", request.seed, request.max_tokens));
    for (const models::Message& message : request.messages) hash.field(message.role).field(message.content);
    return hash.hex();
  }

  void reject(const Sample& sample, std::string reason, std::string detail) {
    const Provenance& from = sample.provenance;
    report_.rejections.push_back(
        {sample.id, from.document_id, from.start, from.end, std::move(reason), std::move(detail)});
  }

  const DatasetConfig& config_;
  const DatasetContext& context_;
  models::ChatEngine& base_;
  const std::string& model_;
  AnswerLog log_;
  DatasetReport report_;
  std::vector<Sample> kept_;
  int failed_in_a_row_ = 0;
};

}  // namespace

DatasetReport build_preference(const DatasetConfig& config, const DatasetContext& context,
                               const std::filesystem::path& instruct_folder, models::ChatEngine& base,
                               const std::string& base_model_id) {
  std::vector<Sample> questions = value_or_throw(read_samples(instruct_folder / "train.jsonl"));
  return PreferenceBuilder(config, context, base, base_model_id).run(std::move(questions));
}

}  // namespace twin::feature
