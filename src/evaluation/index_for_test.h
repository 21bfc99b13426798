// Test help: a small index in a temporary folder, with vectors by topic.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/hash.h"
#include "core/text/unicode.h"
#include "stores/index/index.h"

namespace twin::evaluation {

/// A passage and its heading (empty: none).
struct PassageForTest {
  std::string heading, text;
};

class IndexForTest {
 public:
  static constexpr int dimension = 16;

  IndexForTest() : index_(stores::open_index(folder_.path())) { index_->use_model("model", dimension); }

  stores::Index& index() { return *index_; }

  /// `topic`: the axis that the vectors of the document lie near.
  stores::IndexEntry add(const std::string& id, const std::string& title, const std::vector<PassageForTest>& passages,
                         int topic = 0) {
    stores::IndexEntry entry;
    entry.document.id = id;
    entry.document.version = 1;
    entry.document.feature_key = "key";
    entry.document.url = "https://example.org/" + id;
    entry.document.title = title;
    entry.document.source = "folder";
    entry.document.category = "articles";
    for (const PassageForTest& passage : passages) {
      stores::Chunk chunk;
      chunk.start = entry.document.prose.size();
      entry.document.prose += passage.text;
      chunk.end = entry.document.prose.size();
      entry.document.prose += "\n\n";
      chunk.id = stable_id("chunk", {id, std::to_string(chunk.start)});
      chunk.document_id = id;
      chunk.document_version = 1;
      chunk.headings = {passage.heading.empty() ? title : passage.heading};
      chunk.tokens = 10;
      chunk.text = passage.text;
      chunk.retrieval = title + "\n" + passage.text;
      entry.vectors.push_back(near(topic, chunk.id));
      entry.chunks.push_back(std::move(chunk));
    }
    entry.document.language = text::guess_language(entry.document.prose);
    value_or_throw(index_->replace(entry.document, entry.chunks, entry.vectors));
    return entry;
  }

 private:
  /// The topic's axis, a little off it by the name.
  static std::vector<float> near(int topic, const std::string& name) {
    std::vector<float> vector(dimension, 0.0F);
    const std::string noise = sha256_hex(name);
    float sum = 0;
    for (std::size_t i = 0; i < vector.size(); ++i) {
      vector[i] = static_cast<float>(noise[i] % 16 - 8) * 0.01F + (static_cast<int>(i) == topic ? 1.0F : 0.0F);
      sum += vector[i] * vector[i];
    }
    for (float& x : vector) x /= std::sqrt(sum);
    return vector;
  }

  TempFolder folder_;
  std::unique_ptr<stores::Index> index_;
};

}  // namespace twin::evaluation
