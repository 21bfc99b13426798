#include "feature/datasets/sample.h"

#include <nlohmann/json.hpp>

#include "core/hash.h"
#include "core/i18n.h"

namespace twin::feature {
namespace {

Json messages_json(const std::vector<models::Message>& messages) {
  Json out = Json::array();
  for (const models::Message& message : messages) {
    out.push_back(Json{{"role", message.role}, {"content", message.content}});
  }
  return out;
}

// The same keys and types on every line, so that Arrow infers one schema: scores are a list of pairs, not a map.
Json metadata_json(const Sample& sample) {
  Json scores = Json::array();
  for (const auto& [name, value] : sample.scores) scores.push_back(Json{{"name", name}, {"value", value}});
  const Provenance& from = sample.provenance;
  Json masked = Json::array();
  for (const PiiFinding& finding : from.masked) {
    masked.push_back(Json{{"kind", to_string(finding.kind)}, {"start", finding.span.start}, {"end", finding.span.end}});
  }
  return Json{{"id", sample.id},
              {"kind", sample.kind},
              {"split", sample.split},
              {"category", sample.category},
              {"language", sample.language},
              {"document_id", from.document_id},
              {"document_version", from.document_version},
              {"start", from.start},
              {"end", from.end},
              {"generator", from.generator},
              {"question_template", from.question_template},
              {"seed", static_cast<std::int64_t>(from.seed)},
              {"passages", from.passages},
              {"masked", std::move(masked)},
              {"scores", std::move(scores)}};
}

// Reads members of one JSON object; the first missing or mistyped one becomes the error.
class Reader {
 public:
  explicit Reader(const Json& object) : object_(object) {
    if (!object.is_object()) error_ = tr("expected a JSON object");
  }

  template <class T>
  void read(const char* key, T& value) {
    const Json* member = find(key);
    if (!member) return;
    try {
      value = member->get<T>();
    } catch (const nlohmann::json::exception&) {
      error_ = tr("'{}' has the wrong type", key);
    }
  }

  void read(const char* key, std::vector<models::Message>& messages) {
    const Json* list = find(key);
    if (!list) return;
    if (!list->is_array()) {
      error_ = tr("'{}' is not a list of messages", key);
      return;
    }
    for (const Json& item : *list) {
      models::Message message;
      Reader inner(item);
      inner.read("role", message.role);
      inner.read("content", message.content);
      if (!inner.error().empty()) error_ = inner.error();
      messages.push_back(std::move(message));
    }
  }

  void read(const char* key, std::map<std::string, double>& scores) {
    const Json* list = find(key);
    if (!list) return;
    if (!list->is_array()) {
      error_ = tr("'{}' is not a list of scores", key);
      return;
    }
    for (const Json& item : *list) {
      Reader inner(item);
      std::string name;
      double value = 0;
      inner.read("name", name);
      inner.read("value", value);
      if (!inner.error().empty()) error_ = inner.error();
      scores[name] = value;
    }
  }

  void read(const char* key, std::vector<PiiFinding>& masked) {
    if (error_.empty() && !object_.contains(key)) return;  // of a dataset made before there were masks
    const Json* list = find(key);
    if (!list) return;
    if (!list->is_array()) {
      error_ = tr("'{}' is not a list", key);
      return;
    }
    for (const Json& item : *list) {
      Reader inner(item);
      PiiFinding finding;
      std::string kind;
      inner.read("kind", kind);
      inner.read("start", finding.span.start);
      inner.read("end", finding.span.end);
      if (inner.error().empty() && !pii_kind_from(kind, finding.kind)) inner.fail_with(tr("unknown kind '{}'", kind));
      if (!inner.error().empty()) error_ = inner.error();
      masked.push_back(finding);
    }
  }

  [[nodiscard]] const Json* find(const char* key) {
    if (!error_.empty()) return nullptr;
    const auto it = object_.find(key);
    if (it != object_.end()) return &*it;
    error_ = tr("'{}' is missing", key);
    return nullptr;
  }
  void fail_with(std::string error) {
    if (error_.empty()) error_ = std::move(error);
  }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  const Json& object_;
  std::string error_;
};

// The only message of a list, which must be the assistant's.
std::string only_answer(Reader& reader, const char* key) {
  std::vector<models::Message> messages;
  reader.read(key, messages);
  if (messages.size() == 1 && messages.front().role == "assistant") return messages.front().content;
  reader.fail_with(tr("'{}' must hold one message of the assistant", key));
  return {};
}

void read_metadata(Reader& reader, Sample& sample) {
  const Json* object = reader.find("metadata");
  if (!object) return;
  Reader metadata(*object);
  metadata.read("id", sample.id);
  metadata.read("kind", sample.kind);
  metadata.read("split", sample.split);
  metadata.read("category", sample.category);
  metadata.read("language", sample.language);
  metadata.read("document_id", sample.provenance.document_id);
  metadata.read("document_version", sample.provenance.document_version);
  metadata.read("start", sample.provenance.start);
  metadata.read("end", sample.provenance.end);
  metadata.read("generator", sample.provenance.generator);
  metadata.read("question_template", sample.provenance.question_template);
  std::int64_t seed = 0;
  metadata.read("seed", seed);
  sample.provenance.seed = static_cast<std::uint64_t>(seed);
  metadata.read("passages", sample.provenance.passages);
  metadata.read("masked", sample.provenance.masked);
  metadata.read("scores", sample.scores);
  if (!metadata.error().empty()) reader.fail_with("metadata: " + metadata.error());
}

}  // namespace

bool is_author_text(const Sample& sample) {
  const std::string& generator = sample.provenance.generator;
  return !generator.starts_with(generated_prefix) && !generator.ends_with(edited_suffix);
}

void identify(Sample& sample) {
  const Provenance& from = sample.provenance;
  Sha256 prompt;
  for (const models::Message& message : sample.prompt) prompt.field(message.role).field(message.content);
  sample.id = stable_id("sample", {sample.kind, prompt.hex(), sample.answer, from.document_id,
                                   std::to_string(from.document_version), std::to_string(from.start)});
}

Json to_json(const Sample& sample) {
  const models::Message answer{"assistant", sample.answer};
  if (sample.kind == "preference") {
    return Json{{"prompt", messages_json(sample.prompt)},
                {"chosen", messages_json({answer})},
                {"rejected", messages_json({{"assistant", sample.rejected}})},
                {"metadata", metadata_json(sample)}};
  }
  std::vector<models::Message> messages = sample.prompt;
  messages.push_back(answer);
  return Json{{"messages", messages_json(messages)}, {"metadata", metadata_json(sample)}};
}

Result<Sample> sample_from_json(const Json& json) {
  Sample sample;
  Reader reader(json);
  read_metadata(reader, sample);
  if (sample.kind == "preference") {
    reader.read("prompt", sample.prompt);
    sample.answer = only_answer(reader, "chosen");
    sample.rejected = only_answer(reader, "rejected");
  } else if (sample.kind == "instruct") {
    reader.read("messages", sample.prompt);
    if (sample.prompt.empty() || sample.prompt.back().role != "assistant") {
      reader.fail_with(tr("the last message is not the assistant's"));
    } else {
      sample.answer = std::move(sample.prompt.back().content);
      sample.prompt.pop_back();
    }
  } else {
    reader.fail_with(tr("unknown kind '{}'", sample.kind));
  }
  if (!reader.error().empty()) {
    return fail(ErrorKind::invalid, tr("Not a training sample: {}", reader.error()));
  }
  return sample;
}

}  // namespace twin::feature
