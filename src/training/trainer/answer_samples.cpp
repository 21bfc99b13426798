#include "training/trainer/answer_samples.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/hash.h"
#include "core/i18n.h"
#include "training/trainer/writer.h"

namespace twin::training {
namespace {

constexpr const char* placeholder = ".";  // encode() wants an answer to tell where the prompt ends

std::vector<std::int64_t> as_long(std::span<const std::int32_t> ids) {
  return {ids.begin(), ids.end()};
}

/// As a sample whose answer is left out again.
Sample as_sample(const std::string& prompt, std::int64_t number, bool text) {
  Sample sample{.line = number, .form = text ? SampleForm::text : SampleForm::conversation, .passages = {}};
  Passage passage{.messages = {}, .prompt = {}, .text = {}};
  if (text) {
    passage.text = prompt;
  } else {
    passage.messages = {{"user", prompt}, {"assistant", placeholder}};
  }
  sample.passages.push_back(std::move(passage));
  return sample;
}

/// The question of each of the lines, where it is not the beginning of a text.
std::map<std::int64_t, std::string> questions_of(const std::filesystem::path& file,
                                                 const std::vector<std::int64_t>& lines) {
  std::map<std::int64_t, std::string> questions;
  for (const Sample& sample : value_or_throw(read_samples(file))) {
    if (std::count(lines.begin(), lines.end(), sample.line) == 0) continue;
    const Passage& passage = sample.passages.front();
    const auto& messages = passage.messages;
    questions[sample.line] = messages.size() > 1 ? messages[messages.size() - 2].content : passage.prompt;
  }
  return questions;
}

}  // namespace

AnswerSamples::AnswerSamples(const TrainJob& job, const GgufReader& base, const std::string& base_sha256,
                             const TrainingSet& set, const Hooks& hooks)
    : job_(job),
      text_(value_or_throw(TokenText::open(base))),
      ends_(token_facts(base).turn_ends),
      context_(value_or_throw(load_shape(base)).context) {
  if (!job.config.samples.prompts.empty()) {
    take_given(base, base_sha256, hooks);
  } else if (!set.eval.empty()) {
    take_from(set.eval, job.eval_data);
  } else {
    take_from(set.train, job.data);
  }
}

void AnswerSamples::take_given(const GgufReader& base, const std::string& base_sha256, const Hooks& hooks) {
  const bool text = job_.config.method == "text";
  std::vector<Sample> samples;
  Sha256 content;
  content.field(text ? "beginnings" : "questions");
  for (const std::string& prompt : job_.config.samples.prompts) {
    samples.push_back(as_sample(prompt, static_cast<std::int64_t>(samples.size()) + 1, text));
    content.field(prompt);
  }
  const auto cache = job_.cache.empty() ? job_.out / "cache" : job_.cache;
  const auto encoded = tokenize_samples(samples, content.hex(), "samples.prompts", base, base_sha256, cache, hooks);
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    const Sequence& sequence = encoded[i].sequences.front();
    const auto size = text || sequence.learned.empty() ? sequence.size() : sequence.learned.front().begin;
    if (context_ > 0 && size >= context_) {
      throw Fatal(ErrorKind::usage, tr("A prompt has {} tokens, the model's context is {}", size, context_),
                  "samples.prompts");
    }
    prompts_.push_back({.ids = {sequence.ids.begin(), sequence.ids.begin() + size},
                        .prompt = job_.config.samples.prompts[i],
                        .expected = {}});
  }
}

void AnswerSamples::take_from(const std::vector<EncodedSample>& samples, const std::filesystem::path& file) {
  const auto count = std::min(samples.size(), static_cast<std::size_t>(job_.config.samples.count));
  std::vector<const EncodedSample*> chosen;
  std::vector<std::int64_t> lines;
  for (std::size_t i = 0; i < count; ++i) {
    chosen.push_back(&samples[i * samples.size() / count]);
    lines.push_back(chosen.back()->line);
  }
  const auto questions = questions_of(file, lines);
  for (const EncodedSample* sample : chosen) {
    const Sequence& sequence = sample->sequences.front();
    const std::span<const std::int32_t> ids = sequence.ids;
    const Span& answer = sequence.learned.back();
    const auto question = questions.find(sample->line);
    const bool text = answer.begin <= 1 || question == questions.end() || question->second.empty();
    // At least one token to read, and one to write.
    const auto lead = std::clamp<std::int64_t>(job_.config.samples.lead_tokens, 1, sequence.size() - 1);
    const auto begin = static_cast<std::size_t>(text ? lead : answer.begin);
    const auto most = static_cast<std::size_t>(text ? job_.config.samples.max_tokens : answer.end - answer.begin);
    const auto own = ids.subspan(begin, std::min(most, ids.size() - begin));
    prompts_.push_back({.ids = {ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(begin)},
                        .prompt = text ? text_.of(as_long(ids.first(begin))) : question->second,
                        .expected = text_.of(as_long(own))});
  }
}

bool AnswerSamples::due(std::int64_t step, std::int64_t last) const {
  return step % job_.config.samples.every == 0 && step != last;
}

Json AnswerSamples::take(const Transformer& model, std::int64_t step, std::int64_t steps,
                         const std::function<void()>& before_token) const {
  std::vector<std::vector<std::int32_t>> prompts;
  prompts.reserve(prompts_.size());
  for (const AnswerPrompt& prompt : prompts_) prompts.push_back(prompt.ids);
  const WriteOptions options{
      .max_tokens = job_.config.samples.max_tokens,
      .temperature = job_.config.samples.temperature,
      .seed = static_cast<std::uint64_t>(job_.config.seed) * 1'000'003ull + static_cast<std::uint64_t>(step),
      .ends = ends_};
  const auto written = write_answers(model, prompts, options, before_token);
  Json answers = Json::array();
  for (std::size_t i = 0; i < written.size(); ++i) {
    answers.push_back({{"prompt", prompts_[i].prompt},
                       {"expected", prompts_[i].expected},
                       {"answer", text_.of(written[i].ids)},
                       {"tokens", written[i].ids.size()},
                       {"ended", written[i].ended}});
  }
  return {{"event", "samples"}, {"step", step}, {"steps", steps}, {"answers", std::move(answers)}};
}

}  // namespace twin::training
