// What is shown to a model, what is read of its reply, and where in the author's text an extract lies.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"
#include "feature/datasets/answer_log.h"
#include "feature/datasets/datasets.h"

namespace twin::feature {

/// prompts/dataset/<name>.{en,ko}.txt. Throws Fatal when one is missing.
class GeneratorPrompt {
 public:
  explicit GeneratorPrompt(const std::string& name);
  /// The one of the language; English for languages without their own.
  [[nodiscard]] const std::string& in(const std::string& language) const;
  /// Twelve hex digits of a hash over all of them.
  [[nodiscard]] const std::string& version() const { return version_; }

 private:
  std::map<std::string, std::string> by_language_;
  std::string version_;
};

/// A request of at most `max_tokens` whose reply must fit the schema, sampled as configured. `prompt` was filled with
/// `passage`: that it stands in it as it is, is asserted (Fatal, internal), for a sample's proof rests on it.
[[nodiscard]] models::ChatRequest generator_request(std::string prompt, std::string_view passage,
                                                    std::string_view json_schema, int max_tokens,
                                                    const DatasetConfig& config);

/// The object in a reply: all of it, or what stands between the first brace and the last one, for servers that do not
/// enforce schemas. Nothing when that is no JSON object.
[[nodiscard]] std::optional<Json> json_reply(const std::string& reply);
/// The array under this key of the reply's object; nothing when there is none, or an empty one.
[[nodiscard]] std::optional<Json> reply_list(const std::string& reply, const char* key);
/// A text of the object without white space around it; empty when there is none.
[[nodiscard]] std::string reply_text(const Json& object, const char* key);
/// The reply, cut, as a detail of a rejection.
[[nodiscard]] std::string quoted_reply(const std::string& reply);
/// The same, and whether the limit of tokens cut it: then a higher limit helps.
[[nodiscard]] std::string quoted_reply(const Reply& reply);

/// The answer of a sample as models see it: with personal data masked, unless dataset.pii is off.
[[nodiscard]] std::string passage_shown(const Sample& sample, const DatasetConfig& config);

/// Where an extract stands in a passage, in bytes of it. White space may differ, nothing else may. Both valid UTF-8.
[[nodiscard]] std::optional<text::Span> locate_extract(std::string_view passage, std::string_view extract);

/// The same place in the document's prose view, for a sample whose answer is verbatim (is_verbatim()): masks count as
/// what they stand for. `within`: bytes of the answer, from a code point to a code point; a mask that it cuts is taken
/// whole, and `within` is widened to it.
[[nodiscard]] text::Span prose_span(const Sample& sample, text::Span& within);

}  // namespace twin::feature
