#include "feature/training_sets/clean_set.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/overlap/decontaminate.h"
#include "feature/privacy/pii.h"
#include "feature/samples/sample_rules.h"
#include "feature/training_sets/line_file.h"
#include "feature/training_sets/set_duplicates.h"
#include "feature/training_sets/set_output.h"

namespace twin::feature {
namespace {

constexpr std::int64_t kProgressEvery = 1000;

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class SetCleaner {
 public:
  SetCleaner(const DatasetConfig& config, const CleanSetJob& job, ProgressSink& progress, const std::stop_token& stop)
      : config_(config),
        job_(job),
        progress_(progress),
        stop_(stop),
        duplicates_(config.near_duplicate),
        kept_(job.out),
        rejected_(job.out.string() + ".rejected.jsonl"),
        personal_(job.out.string() + ".pii.jsonl") {}

  Result<CleanSetReport> run() {
    if (auto ready = hold_out(); !ready) return tl::unexpected(ready.error());
    if (auto done =
            each_example([this](Example&& e, const std::string& where) { return consider(std::move(e), where); });
        !done) {
      return tl::unexpected(done.error());
    }
    kept_.finish();
    rejected_.finish();
    personal_.finish();
    report_.steps = step_counts(report_.reasons, static_cast<int>(report_.kept));
    return std::move(report_);
  }

 private:
  using Take = std::function<Result<void>(Example&& example, const std::string& where)>;

  Result<void> each_example(const Take& take) {
    const auto task = progress_.start("dataset", "samples");
    std::int64_t waiting = 0;  // to be shown
    for (const auto& file : job_.files) {
      const auto read = read_set(file, std::nullopt, [&](Example&& example, std::int64_t number) -> Result<void> {
        if (stop_.stop_requested()) return fail(ErrorKind::cancelled, tr("Stopped"));
        if (++waiting == kProgressEvery) task->add(static_cast<std::uint64_t>(std::exchange(waiting, 0)));
        return take(std::move(example), fmt::format("{}:{}", file.string(), number));
      });
      if (!read) return tl::unexpected(read.error());
    }
    task->add(static_cast<std::uint64_t>(waiting));
    return {};
  }

  Result<void> hold_out() {
    const bool wanted = !config_.decontaminate.empty() || !job_.held_out.empty();
    if (config_.decontaminate_words == 0 || !wanted) return {};
    held_out_ = std::make_unique<Decontaminator>(DecontaminateLimits{
        config_.decontaminate_words, config_.decontaminate_common, config_.decontaminate_most_ngrams});
    for (const std::string& file : config_.decontaminate) {
      if (auto added = held_out_->add_benchmark(file); !added) return added;
    }
    if (!job_.held_out.empty()) {
      const auto read =
          read_set(job_.held_out, std::nullopt, [&](Example&& example, std::int64_t number) -> Result<void> {
            held_out_->hold_out(answer_of(example), fmt::format("{}:{}", job_.held_out.string(), number));
            return {};
          });
      if (!read) return tl::unexpected(read.error());
      auto seen = each_example([this](Example&& example, const std::string& where) -> Result<void> {
        held_out_->see(where, learned(example));
        return {};
      });
      if (!seen) return seen;
    }
    report_.held_out_ngrams = static_cast<std::int64_t>(held_out_->ngrams());
    return {};
  }

  static std::string learned(const Example& example) { return question_of(example) + "\n" + answer_of(example); }

  Result<void> consider(Example&& example, const std::string& where) {
    ++report_.read;
    if (const auto refused = refusal(config_, answer_of(example)))
      return reject(where, refused->reason, refused->detail);
    std::string text = learned(example);
    if (example.kind == ExampleKind::judged) text += example.desirable ? "\n+" : "\n-";
    // Of a pair also the rejected answer tells it from others.
    for (const models::Message& message : example.rejected) text += "\n" + message.content;
    if (const auto same = duplicates_.add(text)) {
      return reject(where, same->equal ? "duplicate" : "near_duplicate",
                    fmt::format("{:.2f} like {}", same->similarity, places_[same->index]));
    }
    places_.push_back(where);
    if (held_out_) {
      if (const auto leak = held_out_->find(learned(example))) {
        return reject(where, "contaminated", fmt::format("\"{}\" as in {}", leak->words, leak->where));
      }
    }
    if (config_.pii != "off" && !protect(example, where)) {
      return reject(where, "pii", "");
    }
    ++report_.kept;
    kept_.line(dumped(to_training_json(example)));
    return {};
  }

  /// Masks, or tells that the example must go.
  bool protect(Example& example, const std::string& where) {
    const bool drop = config_.pii == "drop";
    bool any = false;
    const auto look_at = [&](const std::string& part, std::string& text) {
      const std::vector<PiiFinding> found = find_pii(text);
      for (const PiiFinding& finding : found) {
        const std::string kind(to_string(finding.kind));
        ++report_.personal[kind];
        personal_.line(dumped(Json{{"line", where},
                                   {"part", part},
                                   {"kind", kind},
                                   {"start", finding.span.start},
                                   {"end", finding.span.end},
                                   {"action", drop ? "dropped" : "masked"}}));
      }
      any = any || !found.empty();
      if (!drop && !found.empty()) text = mask_pii(text, found);
    };
    look_at("text", example.text);
    for (auto& message : example.messages)
      look_at(message.role == "assistant" ? "answer" : message.role, message.content);
    for (auto& message : example.chosen) look_at("chosen", message.content);
    for (auto& message : example.rejected) look_at("rejected", message.content);
    report_.masked += any && !drop ? 1 : 0;
    return !any || !drop;
  }

  Result<void> reject(const std::string& where, const std::string& reason, const std::string& detail) {
    ++report_.reasons[reason];
    rejected_.line(dumped(Json{{"line", where}, {"reason", reason}, {"detail", detail}}));
    return {};
  }

  const DatasetConfig& config_;
  const CleanSetJob& job_;
  ProgressSink& progress_;
  const std::stop_token& stop_;
  CleanSetReport report_;
  std::unique_ptr<Decontaminator> held_out_;
  SetDuplicates duplicates_;
  std::vector<std::string> places_;  // of the texts in duplicates_
  SetOutput kept_;
  LineFile rejected_, personal_;
};

}  // namespace

Result<CleanSetReport> clean_set(const DatasetConfig& config, const CleanSetJob& job, ProgressSink& progress,
                                 const std::stop_token& stop) {
  return SetCleaner(config, job, progress, stop).run();
}

}  // namespace twin::feature
