#include "models/static/static_worker.h"

#include <mutex>

#include "core/hash.h"
#include "core/i18n.h"
#include "models/static/static_model.h"

namespace twin::models {
namespace {

class StaticWorker final : public Worker {
 public:
  StaticWorker(std::unique_ptr<StaticModel> model, std::filesystem::path file)
      : model_(std::move(model)), file_(std::move(file)) {}

  Result<ChatResult> chat(const ChatRequest&, const std::function<bool(std::string_view)>&) override {
    return fail(ErrorKind::usage, tr("This worker serves embeddings, not chat"), file_.string());
  }
  [[nodiscard]] int context_tokens() const override { return model_->window(); }

  Result<std::vector<std::vector<float>>> embed(const std::vector<std::string>& texts) override {
    auto encoded = encode({texts, false, false});
    if (!encoded) return tl::unexpected(std::move(encoded.error()));
    return std::move(encoded->vectors);
  }

  Result<Encoded> encode(const EncodeRequest& request) override {
    Encoded all;
    all.vectors.reserve(request.texts.size());
    const auto window = static_cast<std::size_t>(model_->window());
    for (std::size_t i = 0; i < request.texts.size(); ++i) {
      auto tokens = model_->tokens(request.texts[i]);
      if (tokens.size() > window) {
        if (!request.cut) {
          return fail(ErrorKind::limit,
                      tr("Text {} has {} tokens, the embedding model takes {}", i, tokens.size(), window), {},
                      tr("Make smaller chunks"));
        }
        tokens.resize(window);
        all.cut.push_back(i);
      }
      all.tokens += static_cast<std::int64_t>(tokens.size());
      all.vectors.push_back(model_->vector(tokens));
    }
    return all;
  }

  [[nodiscard]] int dimension() const override { return model_->dimension(); }
  [[nodiscard]] int window_tokens() const override { return model_->window(); }
  [[nodiscard]] std::string model_hash() const override {
    std::call_once(hashed_, [this] { hash_ = sha256_file(file_).value_or(std::string()); });
    return hash_;
  }

  Result<std::vector<int>> tokenize(std::string_view text, bool) override {
    const auto tokens = model_->tokens(text);
    return std::vector<int>(tokens.begin(), tokens.end());
  }
  Result<std::string> apply_template(const std::vector<Message>&, bool) override {
    return fail(ErrorKind::usage, tr("This worker serves embeddings, not chat"), file_.string());
  }
  Result<std::vector<TokenProbability>> next_token(const std::vector<int>&, int, bool) override {
    return fail(ErrorKind::usage, tr("This worker serves embeddings, not chat"), file_.string());
  }

  bool healthy() override { return true; }
  [[nodiscard]] int restarts() const override { return 0; }
  [[nodiscard]] pid_t pid() const override { return 0; }

 private:
  std::unique_ptr<StaticModel> model_;
  std::filesystem::path file_;
  mutable std::once_flag hashed_;
  mutable std::string hash_;
};

}  // namespace

Result<std::unique_ptr<Worker>> start_static_worker(const WorkerSpec& spec) {
  if (!spec.embedding || !spec.adapter.empty()) {
    return fail(ErrorKind::usage, tr("This worker serves embeddings, not chat"), spec.model.string());
  }
  auto model = StaticModel::open(spec.model);
  if (!model) return tl::unexpected(std::move(model.error()));
  return std::make_unique<StaticWorker>(std::move(*model), spec.model);
}

}  // namespace twin::models
