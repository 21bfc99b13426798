#include "inference/rag/cross_encoder.h"

namespace twin::inference {
namespace {

/// Pairs of one request: enough to keep all cores busy, few enough that the time is kept.
constexpr std::size_t pairs_per_request = 8;

class CrossEncoder final : public Reranker {
 public:
  explicit CrossEncoder(models::RerankEngine& engine) : engine_(engine) {}
  Result<std::vector<double>> score(const std::string& query, const std::vector<Passage>& passages,
                                    const std::stop_token& stop) override {
    std::vector<std::string> texts;
    texts.reserve(passages.size());
    for (const Passage& passage : passages) {
      const std::string& above = passage.heading.starts_with(passage.title) ? passage.heading : passage.title;
      texts.push_back(above.empty() ? passage.text : above + "\n" + passage.text);
    }
    return engine_.rerank(query, texts, stop);
  }
  std::size_t batch() const override { return pairs_per_request; }

 private:
  models::RerankEngine& engine_;
};

}  // namespace

std::shared_ptr<Reranker> make_cross_encoder(models::RerankEngine& engine) {
  return std::make_shared<CrossEncoder>(engine);
}

}  // namespace twin::inference
