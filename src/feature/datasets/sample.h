// A training sample and where it comes from.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "feature/privacy/pii.h"
#include "models/engines/engine.h"

namespace twin::feature {

struct Provenance {
  std::string document_id;
  int document_version = 0;
  std::size_t start = 0, end = 0;  ///< bytes of the document's prose view: the answer's source
  std::string generator;           ///< "extractive", or model id and prompt version
  std::string question_template;   ///< "en.heading/2"
  std::uint64_t seed = 0;
  std::vector<std::string> passages;  ///< chunk ids as numbered in the prompt; empty: the question stands alone
  std::vector<PiiFinding> masked;     ///< of the answer, in bytes of the prose view: is_verbatim() takes them back
};

struct Sample {
  std::string id;    ///< as identify() sets it
  std::string kind;  ///< instruct | preference
  std::vector<models::Message> prompt;
  std::string answer;    ///< instruct: the answer; preference: the chosen one
  std::string rejected;  ///< preference only
  std::string split;     ///< train | validation | test, by document
  std::string category, language;
  Provenance provenance;
  std::map<std::string, double> scores;
};

/// How the generator of answers that a model wrote begins.
inline constexpr std::string_view generated_prefix = "generate:";
/// How the generator of samples that a reviewer changed ends.
inline constexpr std::string_view edited_suffix = "+edited";
/// Whether the answer must be the author's own bytes: it is neither written by a model nor changed in a review.
[[nodiscard]] bool is_author_text(const Sample& sample);

/// Sets the id: a hash of kind, messages and provenance.
void identify(Sample& sample);

/// One JSON line as the `datasets` library reads it: instruct {"messages":[…],"metadata":{…}},
/// preference {"prompt":[…],"chosen":[…],"rejected":[…],"metadata":{…}}. `metadata` has the same keys and types on
/// every line; its `scores` is a list of {"name","value"}.
[[nodiscard]] Json to_json(const Sample& sample);
[[nodiscard]] Result<Sample> sample_from_json(const Json& json);

}  // namespace twin::feature
