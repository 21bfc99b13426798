#include "evaluation/preference/model_judge.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "evaluation/evaluation.h"
#include "models/prompts/prompts.h"

namespace twin::evaluation {

namespace {

constexpr int letter_tokens = 8;                 // of a reply: a letter, perhaps with a word or a mark around it
constexpr std::size_t most_reply_words = 4;      // "The answer is A"
constexpr std::size_t shortest_text = 200;       // bytes; below it a text says too little to be judged
constexpr std::size_t quoted_letter_reply = 80;  // bytes

/// Runs of ASCII letters and digits: in "답은 B입니다" it is "B".
std::vector<std::string> ascii_words(std::string_view text) {
  std::vector<std::string> found;
  bool inside = false;
  for (const char c : text) {
    const bool part = text::is_ascii_alnum(c);
    if (part && !inside) found.emplace_back();
    if (part) found.back() += c;
    inside = part;
  }
  return found;
}

int preferred(double odds) {
  return odds > 0 ? 1 : odds < 0 ? -1 : 0;
}

}  // namespace

Result<double> read_letter(std::string_view reply) {
  const auto found = ascii_words(reply);
  const bool a = std::find(found.begin(), found.end(), "A") != found.end();
  const bool b = std::find(found.begin(), found.end(), "B") != found.end();
  const bool last = !found.empty() && (found.back() == "A" || found.back() == "B");
  if (a == b || !last || found.size() > most_reply_words) {
    return fail(ErrorKind::invalid, tr("the judge's reply is neither A nor B: {}",
                                       text::repair_utf8(text::clip(text::trim(reply), quoted_letter_reply))));
  }
  return a ? 1.0 : -1.0;
}

AskLetter letter_by_odds(inference::JudgeEngines engines) {
  auto odds = std::make_shared<inference::WordOdds>(std::move(engines), inference::WordOdds::Spellings{"A", " A"},
                                                    inference::WordOdds::Spellings{"B", " B"});
  return [odds](const std::string& prompt) -> Result<double> {
    const auto found = odds->ask(prompt);
    if (!found) return tl::unexpected(found.error());
    if (!*found) return fail(ErrorKind::invalid, tr("the judge would say neither A nor B"));
    return **found;
  };
}

AskLetter letter_by_reply(models::ChatEngine& chat, std::stop_token stop) {
  return [&chat, stop = std::move(stop)](const std::string& prompt) -> Result<double> {
    models::ChatRequest request;
    request.messages = {{"user", prompt}};
    request.max_tokens = letter_tokens;
    request.reuse_prefix = false;
    request.cancel = stop;
    const auto reply = chat.chat(request);
    if (!reply) return tl::unexpected(reply.error());
    if (reply->finish_reason == "cancelled") return fail(ErrorKind::cancelled, tr("stopped"));
    return read_letter(reply->text);
  };
}

ModelJudge::ModelJudge(AskLetter ask, std::string identity, int text_bytes)
    : ask_(std::move(ask)),
      identity_(std::move(identity)),
      english_(value_or_throw(models::load_prompt("judge.pairwise.en.txt"))),
      korean_(value_or_throw(models::load_prompt("judge.pairwise.ko.txt"))),
      text_bytes_(static_cast<std::size_t>(text_bytes)) {}

std::string ModelJudge::key() const {
  return Sha256()
      .field("model")
      .field(identity_)
      .field(english_)
      .field(korean_)
      .field(std::to_string(text_bytes_))
      .hex();
}

Result<double> ModelJudge::read(const BlindPair& pair, bool second_as_a, std::size_t bytes) const {
  const Question& question = *pair.question;
  const auto cut = [&](const std::string& text) { return std::string(text::clip(text::repair_utf8(text), bytes)); };
  const std::string asked = cut(question.question), reference = cut(question.reference);
  const std::string a = cut(second_as_a ? pair.second : pair.first), b = cut(second_as_a ? pair.first : pair.second);
  return ask_(models::fill(question.language == "ko" ? korean_ : english_,
                           {{"question", asked}, {"reference", reference}, {"a", a}, {"b", b}}));
}

Result<Opinion> ModelJudge::read_both_orders(const BlindPair& pair, std::size_t bytes) const {
  const auto as_it_is = read(pair, false, bytes);
  if (!as_it_is) return tl::unexpected(as_it_is.error());
  const auto turned = read(pair, true, bytes);
  if (!turned) return tl::unexpected(turned.error());
  const int one = preferred(*as_it_is), other = -preferred(*turned);
  Opinion opinion;
  opinion.readings = (one != 0 ? 1 : 0) + (other != 0 ? 1 : 0);
  opinion.shown_first = (one > 0 ? 1 : 0) + (other < 0 ? 1 : 0);
  if (one == other && one != 0) opinion.verdict = one > 0 ? Verdict::first : Verdict::second;
  const std::size_t longest = std::max(
      {pair.question->question.size(), pair.question->reference.size(), pair.first.size(), pair.second.size()});
  opinion.cut = longest > bytes;
  return opinion;
}

Result<std::optional<Opinion>> ModelJudge::decide(const BlindPair& pair) {
  for (std::size_t bytes = text_bytes_; bytes >= shortest_text; bytes /= 2) {
    auto opinion = read_both_orders(pair, bytes);
    if (opinion) return std::optional(*opinion);
    if (opinion.error().kind != ErrorKind::limit) return tl::unexpected(std::move(opinion.error()));
  }
  return fail(ErrorKind::limit, tr("question and answers do not fit the judge's context"), {},
              tr("raise worker.context_tokens, or lower judge.text_bytes"));
}

}  // namespace twin::evaluation
