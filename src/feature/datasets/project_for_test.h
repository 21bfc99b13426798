// Test help: a warehouse in a temporary folder, and a chat engine without a model.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/hash.h"
#include "feature/datasets/datasets.h"
#include "feature/datasets/split.h"

namespace twin::feature::testing {

struct DatasetProject {
  TempFolder folder;
  std::unique_ptr<stores::Warehouse> warehouse = stores::open_warehouse(folder.path() / "warehouse");
  stores::Objects objects{disk(), folder.path() / "objects"};
  std::map<std::string, Category> categories;
  DatasetConfig config;
  std::stop_source stop;

  DatasetProject() {
    categories["articles"].id = "articles";
    categories["articles"].dataset.min_answer_characters = 80;
    categories["articles"].dataset.max_answer_characters = 400;
    categories["articles"].quality.enabled = false;  // the texts below are made of random words
  }
  stores::Document put(const std::string& url, const std::string& title, const std::string& body,
                       const std::string& category = "articles") {
    stores::Document document;
    document.url = url;
    document.source = "folder";
    document.category = category;
    document.title = title;
    document.body = body;
    warehouse->upsert(document);
    return document;
  }
  [[nodiscard]] DatasetContext context(const std::string& name) {
    return {*warehouse, objects, categories, silent_progress(), folder.path() / name, stop.get_token()};
  }
  [[nodiscard]] std::vector<Sample> samples(const std::string& name, const std::string& split) const {
    return value_or_throw(read_samples(folder.path() / name / (split + ".jsonl")));
  }
  [[nodiscard]] std::vector<Sample> all_samples(const std::string& name) const {
    std::vector<Sample> out;
    for (const char* split : {"train", "validation", "test"}) {
      for (Sample& sample : samples(name, split)) out.push_back(std::move(sample));
    }
    return out;
  }
  [[nodiscard]] std::string file(const std::string& name) const { return *disk().read(folder.path() / name); }
};

/// Running text that is the same for the same topic and different for another; a paragraph has three sentences.
inline std::string text_about(const std::string& topic, int sentences) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(std::hash<std::string>{}(topic)));
  const auto pick = [&](int from, int to) { return std::uniform_int_distribution<int>(from, to)(random); };
  std::string out;
  for (int i = 0; i < sentences; ++i) {
    if (i > 0) out += i % 3 == 0 ? "\n\n" : " ";
    out += "The " + topic;
    for (int word = 0; word < 8; ++word) {
      out += ' ';
      for (int letters = pick(2, 8); letters > 0; --letters) out += static_cast<char>(pick('a', 'z'));
    }
    out += '.';
  }
  return out;
}

/// A URL whose document falls into the wanted split; another one for each `nth`.
inline std::string url_in(const DatasetConfig& config, const std::string& split, int nth) {
  for (int i = 0;; ++i) {
    std::string url = "file:///probe" + std::to_string(i) + ".md";
    stores::Document document;
    document.id = stores::document_id(url);
    document.url = url;
    if (split_of(document, config) == split && nth-- == 0) return url;
  }
}

class FakeChat final : public models::ChatEngine {
 public:
  std::vector<models::ChatRequest> requests;
  std::string finish_reason = "stop";
  std::function<Result<std::string>(const models::ChatRequest&)> answer = [](const models::ChatRequest& request) {
    return Result<std::string>("I think: " + request.messages.back().content);
  };
  Result<models::ChatResult> chat(const models::ChatRequest& request,
                                  const std::function<bool(std::string_view)>&) override {
    requests.push_back(request);
    Result<std::string> text = answer(request);
    if (!text) return tl::unexpected(text.error());
    models::ChatResult result;
    result.text = *text;
    result.finish_reason = finish_reason;
    return result;
  }
  [[nodiscard]] int context_tokens() const override { return 2048; }
};

}  // namespace twin::feature::testing
