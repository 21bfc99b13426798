// Test help: a model that replies to what generators ask, and a project for them.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "feature/clean/clean.h"
#include "feature/datasets/project_for_test.h"

namespace twin::feature::testing {

/// Replies by what is asked for: a question, its fit, pairs or triples. Counts; may be called from several threads.
class ScriptedModel final : public models::ChatEngine {
 public:
  std::function<Result<std::string>(const models::ChatRequest&)> answer = reply_to;
  std::atomic<int> asked{0};
  std::vector<models::ChatRequest> requests;  // guarded by mutex_

  Result<models::ChatResult> chat(const models::ChatRequest& request,
                                  const std::function<bool(std::string_view)>&) override {
    ++asked;
    {
      const std::lock_guard lock(mutex_);
      requests.push_back(request);
    }
    const auto text = answer(request);
    if (!text) return tl::unexpected(text.error());
    models::ChatResult result;
    result.text = *text;
    result.finish_reason = "stop";
    result.usage = {.prompt_tokens = 100, .completion_tokens = 10};
    return result;
  }
  [[nodiscard]] int context_tokens() const override { return 4096; }

  static std::string passage_of(const models::ChatRequest& request) {
    const std::string& prompt = request.messages.back().content;
    return prompt.substr(prompt.rfind("Text: ") + 6);
  }
  static std::string first_sentence(const std::string& passage) { return passage.substr(0, passage.find('.') + 1); }
  static bool wants(const models::ChatRequest& request, const std::string& property) {
    return request.json_schema.find("\"" + property + "\":") != std::string::npos;
  }
  /// A text as JSON; of the characters that need it, only these are in the texts of tests.
  static std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c == '\n' ? std::string("\\n") : std::string(1, c);
    }
    return out + "\"";
  }
  static std::string pair_reply(const std::string& instruction, const std::string& answer) {
    return "{\"pairs\": [{\"instruction\": " + quoted(instruction) + ", \"answer\": " + quoted(answer) + "}]}";
  }
  static std::string triple_reply(const std::string& instruction, const std::string& answer,
                                  const std::string& extract) {
    return "{\"triples\": [{\"instruction\": " + quoted(instruction) + ", \"answer\": " + quoted(answer) +
           ", \"extract\": " + quoted(extract) + "}]}";
  }
  static Result<std::string> reply_to(const models::ChatRequest& request) {
    const std::string topic = first_sentence(passage_of(request));
    if (wants(request, "question")) {
      return "{\"question\": " + quoted("What is known of " + topic.substr(4, 12) + "?") + "}";
    }
    if (wants(request, "score")) return std::string(R"({"score": 5})");
    if (wants(request, "pairs")) return pair_reply("Tell me of " + topic.substr(4, 20), topic);
    return triple_reply("What of " + topic.substr(4, 20) + "?", "As an assistant I would say something general.",
                        topic);
  }

 private:
  std::mutex mutex_;
};

struct GeneratorProject : DatasetProject {
  ScriptedModel model;
  std::map<std::string, std::string> documents;

  GeneratorProject() {
    config.test_share = config.validation_share = 0;
    config.decontaminate_words = 0;
    for (int i = 0; i < 8; ++i) {
      const std::string topic = "topic" + std::to_string(i);
      const auto document = put("file:///" + topic + ".md", "About " + topic, text_about(topic, 20));
      documents[document.id] = prose_view(document.body).text;
    }
  }
  GeneratorTools tools() {
    return {.engine = &model,
            .model = "model-1",
            .parallel = 1,
            .grounding = [](std::string_view answer, std::string_view passage) -> std::optional<double> {
              if (answer.empty()) return std::nullopt;
              return passage.find(answer) == std::string_view::npos ? 0.0 : 1.0;
            },
            .tokens = [](std::string_view text) { return static_cast<std::int64_t>(text.size() / 4); }};
  }
  DatasetReport build(const std::string& name, int parallel = 1) {
    DatasetContext with = context(name);
    with.tools = tools();
    with.tools.parallel = parallel;
    return build_instruct(config, with);
  }
  DatasetReport pairs(const std::string& name, const std::string& instruct) {
    DatasetContext with = context(name);
    with.tools = tools();
    return build_preference(config, with, folder.path() / instruct, model, "model-1");
  }
  std::string source_of(const Sample& sample) const {
    const Provenance& from = sample.provenance;
    return documents.at(from.document_id).substr(from.start, from.end - from.start);
  }
};

}  // namespace twin::feature::testing
