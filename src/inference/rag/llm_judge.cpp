#include "inference/rag/llm_judge.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "models/prompts/prompts.h"

namespace twin::inference {
namespace {

constexpr int likely_tokens = 64;               // among which "yes" and "no" are looked for
constexpr int shortest_passage_bytes = 64;      // below it an order of passages says nothing
constexpr std::size_t quoted_reply = 120;       // bytes
constexpr int tokens_per_number = 8;            // of a reply: "[", digits, "]", " > "
constexpr std::size_t longest_question = 4000;  // bytes

std::string title_of(const Passage& passage) {
  return passage.heading.starts_with(passage.title) ? passage.heading : passage.title;
}

Result<std::string> prompt_for(const std::string& kind, const std::string& query) {
  return models::load_prompt("rerank." + kind + "." + text::guess_language(query) + ".txt");
}

std::string clipped(const std::string& text, int bytes) {
  return std::string(text::clip(text, static_cast<std::size_t>(bytes)));
}

class Pointwise final : public Reranker {
 public:
  Pointwise(JudgeEngines engines, int passage_bytes)
      : odds_(std::move(engines), {"yes", "Yes", "YES", " yes", " Yes"}, {"no", "No", "NO", " no", " No"}),
        passage_bytes_(passage_bytes) {}

  Result<std::vector<double>> score(const std::string& query, const std::vector<Passage>& passages,
                                    const std::stop_token& stop) override {
    const std::string question = clipped(text::repair_utf8(query), longest_question);
    const auto prompt = prompt_for("pointwise", question);
    if (!prompt) return tl::unexpected(prompt.error());
    std::vector<double> scores;
    for (const Passage& passage : passages) {
      if (stop.stop_requested()) return fail(ErrorKind::cancelled, tr("Stopped"));
      const auto odds = odds_.ask(models::fill(
          *prompt,
          {{"title", title_of(passage)}, {"text", clipped(passage.text, passage_bytes_)}, {"question", question}}));
      if (!odds) return tl::unexpected(odds.error());
      if (!*odds) return fail(ErrorKind::invalid, tr("The chat model says neither yes nor no"));
      scores.push_back(**odds);
    }
    return scores;
  }
  std::size_t batch() const override { return 1; }

 private:
  WordOdds odds_;
  int passage_bytes_;
};

class Listwise final : public Reranker {
 public:
  Listwise(JudgeEngines engines, int passage_bytes) : engines_(std::move(engines)), passage_bytes_(passage_bytes) {}

  Result<std::vector<double>> score(const std::string& query, const std::vector<Passage>& passages,
                                    const std::stop_token& stop) override {
    models::ChatRequest request;
    request.max_tokens = tokens_per_number * static_cast<int>(passages.size()) + tokens_per_number;
    auto prompt = fitting_prompt(query, passages, engines_.chat.context_tokens() - request.max_tokens);
    if (!prompt) return tl::unexpected(prompt.error());
    request.messages = {{"user", std::move(*prompt)}};
    request.reuse_prefix = false;
    request.cancel = stop;
    const auto reply = engines_.chat.chat(request);
    if (!reply) return tl::unexpected(reply.error());
    const auto order = read_permutation(reply->text, passages.size());
    if (!order) return tl::unexpected(order.error());
    std::vector<double> scores(passages.size());
    for (std::size_t i = 0; i < order->size(); ++i) {
      scores[(*order)[i]] = static_cast<double>(passages.size() - i);
    }
    return scores;
  }

 private:
  Result<std::string> fitting_prompt(const std::string& query, const std::vector<Passage>& passages, int tokens) {
    const std::string question = clipped(text::repair_utf8(query), longest_question);
    auto prompt = prompt_for("listwise", question);
    if (!prompt) return prompt;
    for (int bytes = passage_bytes_; bytes >= shortest_passage_bytes; bytes /= 2) {
      std::string list;
      for (std::size_t i = 0; i < passages.size(); ++i) {
        list += (i == 0 ? "[" : "\n\n[") + std::to_string(i + 1) + "] " + title_of(passages[i]) + "\n" +
                clipped(passages[i].text, bytes);
      }
      std::string filled =
          models::fill(*prompt, {{"passages", list}, {"question", question}, {"n", std::to_string(passages.size())}});
      auto text = engines_.tokenizer.apply_template({{"user", filled}}, true);
      if (!text) return text;
      const auto ids = engines_.tokenizer.tokenize(*text, true);
      if (!ids) return tl::unexpected(ids.error());
      if (std::cmp_less_equal(ids->size(), tokens)) return filled;
    }
    return fail(ErrorKind::limit, tr("{} passages do not fit the chat model's context", passages.size()), {},
                tr("lower retrieval.rerank_candidates, or raise worker.context_tokens"));
  }

  JudgeEngines engines_;
  int passage_bytes_;
};

}  // namespace

Result<std::vector<std::size_t>> read_permutation(std::string_view reply, std::size_t n) {
  const auto refuse = [&] {
    return fail(ErrorKind::invalid, tr("The chat model's reply is no order of the {} passages: {}", n,
                                       text::repair_utf8(text::clip(text::trim(reply), quoted_reply))));
  };
  std::vector<std::size_t> order;
  std::vector<bool> seen(n, false);
  std::string_view rest = text::trim(reply);
  while (!rest.empty()) {
    if (!order.empty()) {
      if (rest.front() != '>') return refuse();
      rest = text::trim(rest.substr(1));
    }
    const std::size_t close = rest.find(']');
    if (!rest.starts_with('[') || close == std::string_view::npos) return refuse();
    const std::string_view digits = text::trim(rest.substr(1, close - 1));
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool whole = error == std::errc() && end == digits.data() + digits.size();
    if (!whole || number < 1 || number > n || seen[number - 1]) return refuse();
    seen[number - 1] = true;
    order.push_back(number - 1);
    rest = text::trim(rest.substr(close + 1));
  }
  if (order.size() != n) return refuse();
  return order;
}

Result<std::set<int>> WordOdds::first_tokens(const Spellings& spellings) {
  std::set<int> found;
  for (const std::string& spelling : spellings) {
    const auto ids = engines_.tokenizer.tokenize(spelling, false);
    if (!ids) return tl::unexpected(ids.error());
    if (!ids->empty()) found.insert(ids->front());
  }
  return found;
}

Result<WordOdds::Tokens> WordOdds::tokens() {
  const std::lock_guard lock(mutex_);
  if (known_) return *known_;
  auto first = first_tokens(first_);
  if (!first) return tl::unexpected(first.error());
  auto second = first_tokens(second_);
  if (!second) return tl::unexpected(second.error());
  Tokens found{*first, *second};
  // A token that begins both ("▁" alone) tells nothing.
  for (const int token : *first) {
    if (second->contains(token)) {
      found.first.erase(token);
      found.second.erase(token);
    }
  }
  known_ = found;
  return found;
}

Result<std::optional<double>> WordOdds::ask(const std::string& prompt) {
  const auto words = tokens();
  if (!words) return tl::unexpected(words.error());
  const auto text = engines_.tokenizer.apply_template({{"user", prompt}}, true);
  if (!text) return tl::unexpected(text.error());
  const auto ids = engines_.tokenizer.tokenize(*text, true);
  if (!ids) return tl::unexpected(ids.error());
  if (const int context = engines_.chat.context_tokens(); std::cmp_greater_equal(ids->size(), context)) {
    return fail(ErrorKind::limit, tr("The prompt has {} tokens, the context holds {}", ids->size(), context));
  }
  const auto likely = engines_.next_token(*ids, likely_tokens);
  if (!likely) return tl::unexpected(likely.error());
  double lowest = 0;
  std::optional<double> first, second;
  const auto add = [](std::optional<double>& sum, double logprob) {
    sum = sum ? std::max(*sum, logprob) + std::log1p(std::exp(-std::abs(*sum - logprob))) : logprob;
  };
  for (const auto& [token, logprob] : *likely) {
    lowest = std::min(lowest, logprob);
    if (words->first.contains(token)) add(first, logprob);
    if (words->second.contains(token)) add(second, logprob);
  }
  if (!first && !second) return std::optional<double>();
  // The one that is not among them is less likely than the last that is.
  return std::optional(first.value_or(lowest) - second.value_or(lowest));
}

JudgeEngines judge_engines(models::Worker& chat) {
  return {chat, chat, [&chat](const std::vector<int>& prompt, int n) { return chat.next_token(prompt, n, false); }};
}

std::shared_ptr<Reranker> make_llm_judge(models::Worker& chat, const RetrievalConfig& config) {
  return config.rerank_llm == "listwise" ? make_listwise_judge(judge_engines(chat), config.rerank_passage_bytes)
                                         : make_pointwise_judge(judge_engines(chat), config.rerank_passage_bytes);
}

std::shared_ptr<Reranker> make_pointwise_judge(JudgeEngines engines, int passage_bytes) {
  return std::make_shared<Pointwise>(std::move(engines), passage_bytes);
}
std::shared_ptr<Reranker> make_listwise_judge(JudgeEngines engines, int passage_bytes) {
  return std::make_shared<Listwise>(std::move(engines), passage_bytes);
}

}  // namespace twin::inference
