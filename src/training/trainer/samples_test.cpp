#include "training/trainer/samples.h"

#include <doctest/doctest.h>

#include "core/files.h"
#include "core/text/unicode.h"
#include "training/trainer/testing/tiny_model.h"

using namespace twin;
using namespace twin::training;
using testing::ByteTokenizer;

namespace {

Result<std::vector<Sample>> parse(const std::string& lines, const SampleLimits& limits = {}) {
  const TempFolder folder;
  REQUIRE(disk().write(folder.path() / "s.jsonl", lines).has_value());
  return read_samples(folder.path() / "s.jsonl", limits);
}

Sample chat(std::vector<models::Message> messages) {
  return {.line = 7,
          .form = SampleForm::conversation,
          .passages = {{.messages = std::move(messages), .prompt = {}, .text = {}}}};
}

Sample text_sample(const std::string& text) {
  return {.line = 7, .form = SampleForm::text, .passages = {{.messages = {}, .prompt = {}, .text = text}}};
}

const TokenFacts facts{.vocabulary = 128, .bos = -1, .end = 2, .turn_ends = {2}};

/// A template that rewrites the prompt once the answer is there.
class RewritingTokenizer final : public models::Tokenizer {
 public:
  Result<std::vector<int>> tokenize(std::string_view text, bool) override { return std::vector<int>(text.size(), 5); }
  Result<std::string> apply_template(const std::vector<models::Message>& messages, bool) override {
    return std::to_string(messages.size()) + " messages";
  }
};

}  // namespace

TEST_CASE("samples: conversations and texts are read, other keys ignored, empty lines skipped") {
  const auto samples = parse(
      "{\"messages\":[{\"role\":\"user\",\"content\":\"질문?\"},{\"role\":\"assistant\",\"content\":\"답\"}],"
      "\"metadata\":{\"a\":1}}\n\n{\"text\":\"plain\"}\r\n");
  REQUIRE(samples.has_value());
  REQUIRE(samples->size() == 2);
  CHECK((*samples)[0].line == 1);
  CHECK((*samples)[0].passages[0].messages[0].content == "질문?");
  CHECK((*samples)[1].line == 3);
  CHECK((*samples)[1].passages[0].text == "plain");
}

TEST_CASE("samples: a malformed line is an error with its number") {
  const std::string good = "{\"text\":\"fine\"}\n";
  for (const char* bad :
       {"not json", "[1]", "{}", "{\"text\":3}", "{\"text\":\"\"}", "{\"messages\":[]}", "{\"messages\":{}}",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"only a question\"}]}",
        "{\"messages\":[{\"role\":\"user\"},{\"role\":\"assistant\",\"content\":\"a\"}]}",
        "{\"messages\":[{\"role\":\"assistant\",\"content\":\"a\"},{\"role\":\"user\",\"content\":\"q\"}]}",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"\"}]}",
        "{\"text\":\"\xff\xfe\"}", "{\"text\":\"cut"}) {
    CAPTURE(bad);
    const auto samples = parse(good + bad + "\n" + good);
    REQUIRE_FALSE(samples.has_value());
    CHECK(samples.error().kind == ErrorKind::invalid);
    CHECK(samples.error().where.ends_with("s.jsonl:2"));
  }
}

TEST_CASE("samples: limits are kept and named") {
  CHECK(parse("{\"text\":\"" + std::string(2000, 'x') + "\"}\n", {.max_line_bytes = 1000}).error().kind ==
        ErrorKind::limit);
  CHECK(parse("{\"text\":\"abc\"}\n", {.max_file_bytes = 5}).error().kind == ErrorKind::limit);
  CHECK_FALSE(read_samples("/nonexistent.jsonl").has_value());
}

TEST_CASE("samples: preferences and judged answers, as messages, mixed and as plain text") {
  const auto samples = parse(
      "{\"prompt\":[{\"role\":\"user\",\"content\":\"Q\"}],\"chosen\":[{\"role\":\"assistant\",\"content\":\"A\"}],"
      "\"rejected\":[{\"role\":\"assistant\",\"content\":\"B\"}]}\n"
      "{\"prompt\":[{\"role\":\"user\",\"content\":\"Q\"}],\"completion\":\"A\",\"label\":false}\n"
      "{\"prompt\":\"The sky is\",\"completion\":\" blue\",\"label\":true}\n"
      "{\"prompt\":\"The sky is\",\"completion\":\" blue\"}\n");
  REQUIRE(samples.has_value());
  REQUIRE(samples->size() == 4);
  const auto& pair = (*samples)[0];
  CHECK(pair.form == SampleForm::preference);
  REQUIRE(pair.passages.size() == 2);
  CHECK(pair.passages[0].messages[1].content == "A");
  CHECK(pair.passages[1].messages[1].content == "B");
  CHECK(pair.passages[1].learned_from == 1);
  CHECK((*samples)[1].form == SampleForm::judged);
  CHECK_FALSE((*samples)[1].desirable);
  CHECK((*samples)[1].passages[0].messages[1].role == "assistant");
  CHECK((*samples)[2].desirable);
  CHECK((*samples)[2].passages[0].prompt == "The sky is");
  CHECK((*samples)[3].form == SampleForm::conversation);
}

TEST_CASE("samples: malformed preferences are errors with their line") {
  const std::string prompt = "\"prompt\":[{\"role\":\"user\",\"content\":\"Q\"}]";
  for (const std::string& bad : std::vector<std::string>{
           "{" + prompt + ",\"chosen\":\"A\"}", "{\"chosen\":\"A\",\"rejected\":\"B\"}",
           "{" + prompt + ",\"chosen\":\"A\",\"rejected\":\"A\"}", "{" + prompt + ",\"chosen\":3,\"rejected\":\"B\"}",
           "{" + prompt + ",\"chosen\":[],\"rejected\":\"B\"}",
           "{" + prompt + ",\"completion\":\"A\",\"label\":\"yes\"}",
           std::string("{\"prompt\":\"Q\",\"chosen\":[],\"rejected\":\"B\"}"),
           "{" + prompt + ",\"chosen\":[{\"role\":\"user\",\"content\":\"A\"}],\"rejected\":\"B\"}"}) {
    CAPTURE(bad);
    const auto samples = parse("{\"text\":\"fine\"}\n" + bad + "\n");
    REQUIRE_FALSE(samples.has_value());
    CHECK(samples.error().where.ends_with("s.jsonl:2"));
  }
}

TEST_CASE("encoding: loss begins at the answer and ends with the end of the turn") {
  ByteTokenizer tokenizer;
  const auto encoded = encode(chat({{"user", "Hi"}, {"assistant", "Yo"}}), tokenizer, facts);
  REQUIRE(encoded.has_value());
  const auto& sequence = encoded->sequences.front();
  const std::string prompt = "<user:Hi>\n<assistant:";
  // Y, o, end of turn; the template's newline is left out
  CHECK(sequence.learned == std::vector<Span>{{std::ssize(prompt), std::ssize(prompt) + 3}});
  CHECK(sequence.ids.back() == 2);
  CHECK(sequence.ids[prompt.size()] == 'Y');
}

TEST_CASE("encoding: of a conversation of several turns, every turn of the assistant is learned and nothing else") {
  ByteTokenizer tokenizer;
  const auto sample = chat({{"system", "S"}, {"user", "a"}, {"assistant", "bc"}, {"user", "bc"}, {"assistant", "d"}});
  const auto encoded = encode(sample, tokenizer, facts);
  REQUIRE(encoded.has_value());
  const auto& sequence = encoded->sequences.front();
  std::string learned;
  for (const auto& span : sequence.learned) {
    for (auto i = span.begin; i < span.end; ++i)
      learned += static_cast<char>(sequence.ids[static_cast<std::size_t>(i)]);
  }
  CHECK(learned ==
        "bc\x02"
        "d\x02");
  REQUIRE(sequence.learned.size() == 2);
  CHECK(sequence.loss_tokens() == 5);

  // Earlier answers may belong to the prompt.
  auto last_only = sample;
  last_only.passages[0].learned_from = 4;
  CHECK(encode(last_only, tokenizer, facts)->sequences.front().loss_tokens() == 2);
}

TEST_CASE("encoding: a pair has the same prompt twice, a plain prompt is outside the template") {
  ByteTokenizer tokenizer;
  Sample pair{.line = 1, .form = SampleForm::preference, .passages = {}};
  for (const char* answer : {"good", "bad"}) {
    pair.passages.push_back(
        {.messages = {{"user", "Hi"}, {"assistant", answer}}, .learned_from = 1, .prompt = {}, .text = {}});
  }
  const auto encoded = encode(pair, tokenizer, facts);
  REQUIRE(encoded.has_value());
  REQUIRE(encoded->sequences.size() == 2);
  CHECK(encoded->sequences[0].loss_tokens() == 5);
  CHECK(encoded->sequences[1].loss_tokens() == 4);
  CHECK(encoded->sequences[0].learned[0].begin == encoded->sequences[1].learned[0].begin);

  const Sample plain{
      .line = 1, .form = SampleForm::judged, .passages = {{.messages = {}, .prompt = "1+1=", .text = "2"}}};
  const auto answer = encode(plain, tokenizer, facts)->sequences.front();
  CHECK(answer.ids == std::vector<std::int32_t>{'1', '+', '1', '=', '2', 2});
  CHECK(answer.learned == std::vector<Span>{{4, 6}});
}

TEST_CASE("encoding: a plain text is learned whole, after BOS where the model wants one") {
  ByteTokenizer tokenizer;
  const auto plain = encode(text_sample("a>b"), tokenizer, facts);
  REQUIRE(plain.has_value());
  const auto& sequence = plain->sequences.front();
  CHECK(sequence.ids == std::vector<std::int32_t>{'a', '>', 'b'});  // text of an author is never a special token
  CHECK(sequence.learned == std::vector<Span>{{1, 3}});
  const auto with_bos = encode(text_sample("a>b"), tokenizer, {.vocabulary = 128, .bos = 1, .end = 2});
  CHECK(with_bos->sequences.front().ids == std::vector<std::int32_t>{1, 'a', '>', 'b'});
  CHECK(with_bos->loss_tokens() == 3);
}

TEST_CASE("encoding: a template that trims answers is understood, one that changes them refused") {
  class Trimming final : public ByteTokenizer {
   public:
    Result<std::string> apply_template(const std::vector<models::Message>& messages, bool prompt) override {
      auto trimmed = messages;
      for (auto& message : trimmed) message.content = std::string(text::trim(message.content));
      return ByteTokenizer::apply_template(trimmed, prompt);
    }
  };
  Trimming tokenizer;
  const auto encoded = encode(chat({{"user", "Hi"}, {"assistant", " Yo\n"}}), tokenizer, facts);
  REQUIRE(encoded.has_value());
  CHECK(encoded->loss_tokens() == 3);
}

TEST_CASE("encoding: what the template says against a sample is an error of its line") {
  class Refusing final : public ByteTokenizer {
   public:
    Result<std::string> apply_template(const std::vector<models::Message>&, bool) override {
      return fail(ErrorKind::invalid, "roles must alternate");
    }
  };
  Refusing tokenizer;
  const auto refused = encode(chat({{"user", "Hi"}, {"assistant", "Yo"}}), tokenizer, facts);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message == "roles must alternate");
  CHECK(refused.error().where == "line 7");
}

TEST_CASE("encoding: a template that rewrites the prompt, and foreign token ids, are refused") {
  RewritingTokenizer rewriting;
  const auto sample = chat({{"user", "Hi"}, {"assistant", "Yo"}});
  const auto refused = encode(sample, rewriting, facts);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().where == "line 7");
  ByteTokenizer tokenizer;
  CHECK_FALSE(encode(sample, tokenizer, {.vocabulary = 50, .bos = -1, .end = 2}).has_value());
}

TEST_CASE("encoding: the cache spares the tokenizer and is refused when it is damaged or of another key") {
  const TempFolder folder;
  const auto cache = folder.path() / "tokens.jsonl";
  const std::vector<Sample> samples = {text_sample("one"), chat({{"user", "Hi"}, {"assistant", "Yo"}})};
  ByteTokenizer tokenizer;
  int opened = 0;
  const auto encode_with = [&](const std::string& key) {
    auto encoded = encode_all(samples, "s.jsonl", cache, key,
                              [&]() -> Result<models::Tokenizer*> {
                                ++opened;
                                return &tokenizer;
                              },
                              facts, {});
    REQUIRE(encoded.has_value());
    REQUIRE(encoded->size() == 2);
    CHECK((*encoded)[0].sequences[0].ids == std::vector<std::int32_t>{'o', 'n', 'e'});
    CHECK((*encoded)[1].loss_tokens() == 3);
  };
  encode_with("k1");
  encode_with("k1");
  CHECK(opened == 1);
  encode_with("k2");
  CHECK(opened == 2);
  const auto bytes = disk().read(cache).value();
  REQUIRE(disk().write(cache, bytes.substr(0, bytes.size() / 2)).has_value());
  encode_with("k2");
  CHECK(opened == 3);
}
