// From a sample to token ids: the chat template, where the answers lie in its text, and in its tokens.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "training/trainer/samples.h"

namespace twin::training {
namespace {

/// A stretch of the rendered conversation.
struct Stretch {
  std::size_t begin = 0, end = 0;
};

std::string mark(std::size_t message) {
  return fmt::format("[[answer {}]]", message);
}

tl::unexpected<Error> unfit_template(std::string why) {
  return fail(ErrorKind::invalid, std::move(why), {}, tr("Give the model a chat template that only appends"));
}

/// Finds the learned answers in `whole`, the conversation as the template renders it.
class Answers {
 public:
  Answers(const Passage& passage, models::Tokenizer& tokenizer, const std::string& whole)
      : passage_(passage), tokenizer_(tokenizer), whole_(whole) {}

  Result<std::vector<Stretch>> find() {
    std::vector<models::Message> marked = passage_.messages;
    std::vector<std::size_t> learned;
    for (std::size_t i = passage_.learned_from; i < marked.size(); ++i) {
      if (marked[i].role != "assistant") continue;
      learned.push_back(i);
      marked[i].content = mark(i);
    }
    auto frame = tokenizer_.apply_template(marked, /*generation_prompt=*/false);
    if (!frame) return tl::unexpected(frame.error());
    const auto trimmed = [](const std::string& text) { return std::string(text::trim(text)); };
    for (const bool trim : {false, true}) {
      auto found = fill(*frame, learned, [&](const std::string& text) { return trim ? trimmed(text) : text; });
      if (found) return finish(std::move(*found));
    }
    return unfit_template(
        tr("The model's chat template does not show the answers as they are, so their part of the "
           "text cannot be told"));
  }

 private:
  /// Puts the answers into the frame; nothing when the result is not the rendered conversation.
  template <class Spell>
  std::optional<std::vector<Stretch>> fill(const std::string& frame, const std::vector<std::size_t>& learned,
                                           const Spell& spell) const {
    std::vector<Stretch> found;
    std::string text;
    std::size_t from = 0;
    for (const auto i : learned) {
      const auto at = frame.find(mark(i), from);
      if (at == std::string::npos) return std::nullopt;
      text.append(frame, from, at - from);
      const auto begin = text.size();
      text += spell(passage_.messages[i].content);
      found.push_back({begin, text.size()});
      from = at + mark(i).size();
    }
    text.append(frame, from);
    if (text != whole_) return std::nullopt;
    return found;
  }

  /// Serving begins the last answer where the generation prompt ends; what the template puts in between is learned.
  Result<std::vector<Stretch>> finish(std::vector<Stretch> found) const {
    const std::vector<models::Message> question(passage_.messages.begin(), passage_.messages.end() - 1);
    const auto prompt = tokenizer_.apply_template(question, /*generation_prompt=*/true);
    if (!prompt) return tl::unexpected(prompt.error());
    if (!whole_.starts_with(*prompt) || prompt->size() > found.back().begin) {
      return unfit_template(
          tr("The model's chat template does not put the answer right behind the prompt, so its part "
             "of the text cannot be told"));
    }
    found.back().begin = prompt->size();
    return found;
  }

  const Passage& passage_;
  models::Tokenizer& tokenizer_;
  const std::string& whole_;
};

Result<void> check_ids(const std::vector<int>& ids, const TokenFacts& facts) {
  if (ids.empty()) return fail(ErrorKind::invalid, tr("The sample has no tokens"));
  const auto bad = std::find_if(ids.begin(), ids.end(), [&](int id) { return id < 0 || id >= facts.vocabulary; });
  if (bad == ids.end()) return {};
  return fail(ErrorKind::invalid, tr("Token {} is not in the model's vocabulary of {}", *bad, facts.vocabulary), {},
              tr("the tokenizer and the model do not belong together"));
}

/// How many tokens of `ids` the text before a byte consists of. A token that spans the border is not among them.
Result<std::int64_t> tokens_before(std::string_view before, const std::vector<int>& ids, models::Tokenizer& tokenizer) {
  const auto prefix = tokenizer.tokenize(before, /*special=*/true);
  if (!prefix) return tl::unexpected(prefix.error());
  return std::mismatch(prefix->begin(), prefix->end(), ids.begin(), ids.end()).second - ids.begin();
}

Result<Sequence> encode_plain(const Passage& passage, models::Tokenizer& tokenizer, const TokenFacts& facts) {
  auto ids = tokenizer.tokenize(passage.prompt + passage.text, /*special=*/false);
  if (!ids) return tl::unexpected(ids.error());
  std::int64_t from = 0;
  if (!passage.prompt.empty()) {
    const auto prompt = tokenizer.tokenize(passage.prompt, /*special=*/false);
    if (!prompt) return tl::unexpected(prompt.error());
    from = std::mismatch(prompt->begin(), prompt->end(), ids->begin(), ids->end()).second - ids->begin();
  }
  if (facts.bos >= 0) {
    ids->insert(ids->begin(), static_cast<int>(facts.bos));
    ++from;
  }
  // An answer to a prompt has an end; a text is a stretch of writing that may go on.
  if (!passage.prompt.empty() && facts.end >= 0) ids->push_back(static_cast<int>(facts.end));
  if (auto checked = check_ids(*ids, facts); !checked) return tl::unexpected(checked.error());
  Sequence sequence{.ids = {ids->begin(), ids->end()}, .learned = {}};
  const Span learned{std::max<std::int64_t>(1, from), sequence.size()};
  if (learned.begin < learned.end) sequence.learned.push_back(learned);
  return sequence;
}

Result<Sequence> encode_chat(const Passage& passage, models::Tokenizer& tokenizer, const TokenFacts& facts) {
  const auto whole = tokenizer.apply_template(passage.messages, /*generation_prompt=*/false);
  if (!whole) return tl::unexpected(whole.error());
  const auto answers = Answers(passage, tokenizer, *whole).find();
  if (!answers) return tl::unexpected(answers.error());
  const auto ids = tokenizer.tokenize(*whole, /*special=*/true);
  if (!ids) return tl::unexpected(ids.error());
  if (auto checked = check_ids(*ids, facts); !checked) return tl::unexpected(checked.error());

  Sequence sequence{.ids = {ids->begin(), ids->end()}, .learned = {}};
  const std::string_view text = *whole;
  for (std::size_t i = 0; i < answers->size(); ++i) {
    const auto begin = tokens_before(text.substr(0, (*answers)[i].begin), *ids, tokenizer);
    if (!begin) return tl::unexpected(begin.error());
    auto end = tokens_before(text.substr(0, (*answers)[i].end), *ids, tokenizer);
    if (!end) return tl::unexpected(end.error());
    // The token that ends the turn is learned too; what the template writes behind it is not.
    const auto next = i + 1 < answers->size() ? (*answers)[i + 1].begin : text.size();
    const auto limit = tokens_before(text.substr(0, next), *ids, tokenizer);
    if (!limit) return tl::unexpected(limit.error());
    const auto first = ids->begin() + *end, last = ids->begin() + (next == text.size() ? sequence.size() : *limit);
    const auto closing =
        first < last ? std::find_first_of(first, last, facts.turn_ends.begin(), facts.turn_ends.end()) : last;
    if (closing != last) {
      *end = closing - ids->begin() + 1;
    } else if (next == text.size()) {
      *end = sequence.size();
    }
    const Span learned{std::max<std::int64_t>(1, *begin), *end};
    if (learned.begin < learned.end) sequence.learned.push_back(learned);
  }
  if (!sequence.learned.empty()) sequence.ids.resize(static_cast<std::size_t>(sequence.learned.back().end));
  return sequence;
}

}  // namespace

Result<EncodedSample> encode(const Sample& sample, models::Tokenizer& tokenizer, const TokenFacts& facts) {
  EncodedSample encoded{.line = sample.line, .sequences = {}, .desirable = sample.desirable};
  for (const auto& passage : sample.passages) {
    auto sequence =
        passage.messages.empty() ? encode_plain(passage, tokenizer, facts) : encode_chat(passage, tokenizer, facts);
    if (!sequence) {
      auto error = sequence.error();
      if (error.where.empty()) error.where = tr("line {}", sample.line);
      return tl::unexpected(std::move(error));
    }
    encoded.sequences.push_back(std::move(*sequence));
  }
  return encoded;
}

}  // namespace twin::training
