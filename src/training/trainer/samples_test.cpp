#include "training/trainer/samples.h"

#include <doctest/doctest.h>

#include "core/files.h"
#include "training/trainer/testing/tiny_llama.h"

using namespace twin;
using namespace twin::training;
using testing::ByteTokenizer;

namespace {

Result<std::vector<Sample>> parse(const std::string& lines, const SampleLimits& limits = {}) {
  const TempFolder folder;
  REQUIRE(disk().write(folder.path() / "s.jsonl", lines).has_value());
  return read_samples(folder.path() / "s.jsonl", limits);
}

const TokenFacts facts{.vocabulary = 128, .bos = -1, .end = 2};

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
  CHECK((*samples)[0].messages[0].content == "질문?");
  CHECK((*samples)[1].line == 3);
  CHECK((*samples)[1].text == "plain");
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

TEST_CASE("encoding: loss begins at the answer and ends with the end of the turn") {
  ByteTokenizer tokenizer;
  const Sample sample{.line = 1, .messages = {{"user", "Hi"}, {"assistant", "Yo"}}, .text = {}};
  const auto encoded = encode(sample, tokenizer, facts);
  REQUIRE(encoded.has_value());
  const std::string prompt = "<user:Hi>\n<assistant:";
  CHECK(encoded->loss_from == static_cast<std::int64_t>(prompt.size()));
  REQUIRE(encoded->loss_tokens() == 3);  // Y, o, end of turn; the template's newline is left out
  CHECK(encoded->ids.back() == 2);
  CHECK(encoded->ids[static_cast<std::size_t>(encoded->loss_from)] == 'Y');
}

TEST_CASE("encoding: a plain text is learned whole, after BOS where the model wants one") {
  ByteTokenizer tokenizer;
  const Sample sample{.line = 1, .messages = {}, .text = "a>b"};
  const auto plain = encode(sample, tokenizer, facts);
  REQUIRE(plain.has_value());
  CHECK(plain->ids == std::vector<std::int32_t>{'a', '>', 'b'});  // text of an author is never a special token
  CHECK(plain->loss_from == 1);
  const auto with_bos = encode(sample, tokenizer, {.vocabulary = 128, .bos = 1, .end = 2});
  CHECK(with_bos->ids == std::vector<std::int32_t>{1, 'a', '>', 'b'});
  CHECK(with_bos->loss_tokens() == 3);
}

TEST_CASE("encoding: a template that rewrites the prompt, and foreign token ids, are refused") {
  RewritingTokenizer rewriting;
  const Sample sample{.line = 9, .messages = {{"user", "Hi"}, {"assistant", "Yo"}}, .text = {}};
  const auto refused = encode(sample, rewriting, facts);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().where == "line 9");
  ByteTokenizer tokenizer;
  CHECK_FALSE(encode(sample, tokenizer, {.vocabulary = 50, .bos = -1, .end = 2}).has_value());
}

TEST_CASE("encoding: the cache spares the tokenizer and is refused when it is damaged or of another key") {
  const TempFolder folder;
  const auto cache = folder.path() / "tokens.jsonl";
  const std::vector<Sample> samples = {{.line = 1, .messages = {}, .text = "one"},
                                       {.line = 2, .messages = {{"user", "Hi"}, {"assistant", "Yo"}}, .text = {}}};
  ByteTokenizer tokenizer;
  int opened = 0;
  const auto encode_with = [&](const std::string& key) {
    auto encoded = encode_all(samples, cache, key,
                              [&]() -> Result<models::Tokenizer*> {
                                ++opened;
                                return &tokenizer;
                              },
                              facts, {});
    REQUIRE(encoded.has_value());
    REQUIRE(encoded->size() == 2);
    CHECK((*encoded)[0].ids == std::vector<std::int32_t>{'o', 'n', 'e'});
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
