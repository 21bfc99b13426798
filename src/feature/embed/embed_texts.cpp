#include "feature/embed/embed_texts.h"

#include <optional>
#include <utility>

#include "feature/embed/batches.h"

namespace twin::feature {
namespace {

/// The engine as EmbeddingBatches drives it, with long texts cut.
class CuttingEngine final : public models::EmbeddingEngine {
 public:
  explicit CuttingEngine(models::EmbeddingEngine& engine) : engine_(engine) {}

  Result<std::vector<std::vector<float>>> embed(const std::vector<std::string>& texts) override {
    auto encoded = engine_.encode({texts, false, true});
    if (!encoded) return tl::unexpected(std::move(encoded.error()));
    return std::move(encoded->vectors);
  }
  [[nodiscard]] int dimension() const override { return engine_.dimension(); }
  [[nodiscard]] int window_tokens() const override { return engine_.window_tokens(); }
  [[nodiscard]] std::string model_hash() const override { return engine_.model_hash(); }

 private:
  models::EmbeddingEngine& engine_;
};

}  // namespace

Result<std::vector<std::vector<float>>> embed_texts(const EmbedConfig& config, models::EmbeddingEngine& engine,
                                                    const std::vector<std::string>& texts,
                                                    const std::stop_token& stop) {
  CuttingEngine cutting(engine);
  std::vector<std::vector<float>> vectors;
  vectors.reserve(texts.size());
  std::optional<Error> error;
  EmbeddingBatches batches(config, cutting, stop, [&](std::size_t, Result<std::vector<float>> vector) {
    if (vector) {
      vectors.push_back(std::move(*vector));
    } else if (!error) {
      error = std::move(vector.error());
    }
  });
  for (std::size_t i = 0; i < texts.size(); ++i) batches.add(i, texts[i]);
  batches.finish();
  if (error) return tl::unexpected(std::move(*error));
  return vectors;
}

}  // namespace twin::feature
