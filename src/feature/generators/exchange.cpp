#include "feature/generators/exchange.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "models/prompts/prompts.h"

namespace twin::feature {
namespace {

constexpr std::size_t kVersionDigits = 12;
constexpr std::size_t kQuotedBytes = 120;

/// A text without its white space, and where each of its bytes was.
struct Squeezed {
  std::string text;
  std::vector<std::size_t> at;

  explicit Squeezed(std::string_view from) {
    for (const text::Codepoint& point : text::codepoints(from)) {
      if (text::is_space(point.value)) continue;
      for (std::size_t i = point.offset; i < point.offset + point.length; ++i) {
        text += from[i];
        at.push_back(i);
      }
    }
  }
};

}  // namespace

GeneratorPrompt::GeneratorPrompt(const std::string& name) {
  Sha256 hash;
  for (const std::string language : {"en", "ko"}) {
    std::string text = value_or_throw(models::load_prompt("dataset/" + name + "." + language + ".txt"));
    hash.field(language).field(text);
    by_language_[language] = std::move(text);
  }
  version_ = hash.hex().substr(0, kVersionDigits);
}

const std::string& GeneratorPrompt::in(const std::string& language) const {
  const auto found = by_language_.find(language);
  return found == by_language_.end() ? by_language_.at("en") : found->second;
}

models::ChatRequest generator_request(std::string prompt, std::string_view passage, std::string_view json_schema,
                                      int max_tokens, const DatasetConfig& config) {
  if (prompt.find(passage) == std::string::npos) {
    throw Fatal(ErrorKind::internal, tr("The passage does not stand in the prompt as it is"));
  }
  models::ChatRequest request;
  request.messages = {{"user", std::move(prompt)}};
  request.json_schema = json_schema;
  request.max_tokens = max_tokens;
  request.temperature = config.generate.temperature;
  request.seed = config.seed;
  request.reuse_prefix = false;
  return request;
}

std::optional<Json> json_reply(const std::string& reply) {
  const std::size_t open = reply.find('{');
  const std::size_t close = reply.rfind('}');
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  Json json = Json::parse(std::string_view(reply).substr(open, close + 1 - open), nullptr, false);
  if (!json.is_object()) return std::nullopt;
  return json;
}

std::optional<Json> reply_list(const std::string& reply, const char* key) {
  auto json = json_reply(reply);
  if (!json || !json->contains(key) || !(*json)[key].is_array() || (*json)[key].empty()) return std::nullopt;
  return std::move((*json)[key]);
}

std::string reply_text(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return {};
  return std::string(text::trim(found->get_ref<const std::string&>()));
}

std::string quoted_reply(const std::string& reply) {
  return text::repair_utf8(text::clip(reply, kQuotedBytes));
}

std::string quoted_reply(const Reply& reply) {
  return (reply.cut ? "cut off by the limit of tokens: " : "") + quoted_reply(reply.text);
}

std::string passage_shown(const Sample& sample, const DatasetConfig& config) {
  if (config.pii == "off") return sample.answer;
  return mask_pii(sample.answer, find_pii(sample.answer));
}

std::optional<text::Span> locate_extract(std::string_view passage, std::string_view extract) {
  const Squeezed whole(passage), part(extract);
  if (part.text.empty()) return std::nullopt;
  const std::size_t found = whole.text.find(part.text);
  if (found == std::string::npos) return std::nullopt;
  return text::Span{whole.at[found], whole.at[found + part.text.size() - 1] + 1};
}

text::Span prose_span(const Sample& sample, text::Span& within) {
  const Provenance& from = sample.provenance;
  std::size_t answer = 0;          // byte of the answer
  std::size_t prose = from.start;  // the byte of the prose view that it is
  text::Span out{from.start + within.start, from.start + within.end};
  for (const PiiFinding& finding : from.masked) {
    const std::size_t plain = finding.span.start - prose;
    const std::size_t mask_start = answer + plain;
    const std::size_t mask_end = mask_start + pii_mask(finding.kind).size();
    if (within.start > mask_start && within.start < mask_end) within.start = mask_start;
    if (within.end > mask_start && within.end < mask_end) within.end = mask_end;
    answer = mask_end;
    prose = finding.span.end;
    // From here to the next mask, bytes of both run side by side.
    if (within.start >= mask_end) out.start = prose + (within.start - answer);
    if (within.start == mask_start) out.start = finding.span.start;
    if (within.end >= mask_end) out.end = prose + (within.end - answer);
    if (within.end <= mask_start) break;
  }
  return out;
}

}  // namespace twin::feature
