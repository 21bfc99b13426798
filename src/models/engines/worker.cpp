// The engines over one llama-server process.
#include "models/engines/worker.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "core/base64.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/log.h"
#include "core/text/unicode.h"
#include "models/engines/encoders.h"
#include "models/engines/hangul.h"
#include "models/engines/openai_chat.h"
#include "models/engines/picture_model.h"
#include "models/engines/worker_client.h"
#include "models/engines/worker_process.h"
#include "models/engines/worker_rerank.h"
#include "models/registry/default_template.h"
#include "models/registry/registry.h"
#include "models/static/static_model.h"
#include "models/static/static_worker.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr int spare_http_threads = 4;  // health checks and tokenization must not wait behind generation
constexpr double longest_norm_error = 1e-3;

int detail(const GgufInfo& info, const char* key) {
  const auto it = info.details.find(key);
  return it == info.details.end() ? 0 : std::atoi(it->second.c_str());
}

/// Tokens per text that an embedding model takes: trained window, position table and configuration, the least of them.
int embedding_window(const GgufInfo& info, const WorkerConfig& config) {
  int window = config.context_tokens;
  for (const char* key : {"context_length", "max_seq_length"}) {
    if (const int tokens = detail(info, key); tokens > 0) window = std::min(window, tokens);
  }
  return window;
}

/// Of a picture, at most: half of the window is left to what stands around it.
int picture_tokens(const GgufInfo& info, const WorkerConfig& config) {
  return std::max(1, std::min(config.picture_tokens, embedding_window(info, config) / 2));
}

int thread_count(const WorkerConfig& config) {
  return config.threads > 0 ? config.threads : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

std::vector<std::string> server_arguments(const WorkerSpec& spec, const GgufInfo& info) {
  const WorkerConfig& config = spec.config;
  const std::string threads = std::to_string(thread_count(config));
  std::vector<std::string> arguments = {"--model",
                                        spec.model.string(),
                                        "--threads",
                                        threads,
                                        "--threads-batch",
                                        threads,
                                        "--parallel",
                                        std::to_string(config.slots),
                                        "--threads-http",
                                        std::to_string(config.slots + spare_http_threads),
                                        "--offline",
                                        "--no-ui",
                                        "--no-slots",
                                        "--fit",
                                        "off",
                                        "--cache-ram",
                                        "0"};  // no second prompt cache of several GiB beside the slots'
  const auto add = [&](std::initializer_list<std::string> more) { arguments.insert(arguments.end(), more); };
  if (spec.embedding || spec.rerank) {
    const int window = embedding_window(info, config);
    const std::string all = std::to_string(window * config.slots);
    add({spec.rerank ? "--rerank" : "--embeddings", "--ctx-size", all, "--batch-size", all, "--ubatch-size", all});
    if (!spec.rerank && !info.details.contains("pooling")) {
      add({"--pooling", spec.projector.empty() ? "mean" : "last"});
    }
    if (!spec.projector.empty()) {
      add({"--mmproj", spec.projector.string(), "--image-max-tokens", std::to_string(picture_tokens(info, config))});
    }
  } else {
    // A last assistant message is a finished turn (training data), never the start of the answer.
    add({"--ctx-size", std::to_string(config.context_tokens * config.slots), "--no-context-shift",
         "--no-prefill-assistant", "--reasoning", "off"});
    if (info.chat_template.empty()) add({"--chat-template", default_template(info.architecture).jinja});
  }
  if (!spec.adapter.empty()) add({"--lora", spec.adapter.string(), "--lora-init-without-apply"});
  return arguments;
}

/// SHA-256 of a file, remembered by path, size and time of change.
std::string cached_hash(const fs::path& path) {
  static std::mutex mutex;
  static std::map<std::string, std::string> known;
  const auto stat = disk().stat(path);
  if (!stat) return {};
  const std::string key = fmt::format("{}|{}|{}", path.string(), stat->size, stat->modified_ns);
  {
    const std::scoped_lock lock(mutex);
    if (const auto it = known.find(key); it != known.end()) return it->second;
  }
  auto hash = sha256_file(path);
  if (!hash) return {};
  const std::scoped_lock lock(mutex);
  return known[key] = *hash;
}

/// llama.cpp takes 32 bits; the highest value and negative ones mean "random" there.
std::int64_t worker_seed(std::int64_t seed) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(seed) % 0xFFFF'FFFFull % 0x7FFF'FFFFull);
}

/// Null: llama-server embeds alone.
std::unique_ptr<Encoders> make_encoders(const WorkerSpec& spec, const GgufInfo& info) {
  if (!spec.embedding || spec.config.encoder == "llama-server" || info.architecture != "bert") return nullptr;
  const auto program = find_program("twin-encode");
  if (!program) return nullptr;
  EncoderLaunch launch;
  launch.program = *program;
  launch.model = spec.model;
  launch.threads = thread_count(spec.config);
  launch.f32 = spec.config.encoder == "f32";
  launch.start_timeout = Millis{spec.config.start_timeout_s * 1000};
  launch.request_timeout = Millis{spec.config.request_timeout_s * 1000};
  launch.max_restarts = spec.config.max_restarts;
  auto encoders = std::make_unique<Encoders>(launch);
  if (spec.questions) encoders->expect_questions();
  return encoders;
}

class LocalWorker final : public Worker {
 public:
  LocalWorker(WorkerSpec spec, GgufInfo info, std::unique_ptr<WorkerProcess> process,
              std::unique_ptr<Encoders> encoders)
      : spec_(std::move(spec)),
        info_(std::move(info)),
        process_(std::move(process)),
        client_(*process_, Millis{spec_.config.request_timeout_s * 1000}),
        encoders_(std::move(encoders)) {}

  /// Reads what only the running server knows.
  Result<void> inspect() {
    const auto props = client_.get("/props");
    if (!props) return tl::unexpected(props.error());
    try {
      context_tokens_ = props->at("default_generation_settings").at("n_ctx").get<int>();
    } catch (const std::exception& e) {
      return fail(ErrorKind::internal, tr("The worker's properties are not understood: {}", e.what()));
    }
    if (!spec_.embedding) return {};
    const auto marks = count_leading_marks();
    if (!marks) return tl::unexpected(marks.error());
    leading_marks_ = *marks;
    if (const std::string passage = prefix(false); !passage.empty()) {
      const auto tokens = tokenize(passage, !frame_.before.empty());
      if (!tokens) return tl::unexpected(tokens.error());
      prefix_tokens_ = static_cast<int>(tokens->size());
    }
    if (!frame_.after.empty()) {
      const auto tokens = tokens_of(frame_.after, true);
      if (!tokens) return tl::unexpected(tokens.error());
      suffix_tokens_ = tokens->size();
    }
    return {};
  }

  Result<ChatResult> chat(const ChatRequest& request, const std::function<bool(std::string_view)>& on_delta) override {
    if (spec_.embedding || spec_.rerank)
      return fail(ErrorKind::usage, tr("This worker serves embeddings, not chat"), spec_.name);
    auto body = openai_chat_body(request);
    if (!body) return tl::unexpected(body.error());
    (*body)["seed"] = worker_seed(request.seed);
    (*body)["repeat_penalty"] = request.repeat_penalty;
    (*body)["top_k"] = 0;  // only what the request names; the server's own defaults would cut the distribution
    (*body)["min_p"] = 0.0;
    (*body)["cache_prompt"] = request.reuse_prefix;
    if (auto scaled = set_adapter(*body, request.adapter, request.adapter_scale); !scaled)
      return tl::unexpected(scaled.error());
    return send_chat(body->dump(), on_delta, request.cancel);
  }

  int context_tokens() const override { return context_tokens_; }

  Result<std::vector<std::vector<float>>> embed(const std::vector<std::string>& texts) override {
    return vectors_of({texts, false, false});
  }
  Result<std::vector<std::vector<float>>> embed_queries(const std::vector<std::string>& texts) override {
    return vectors_of({texts, true, false});
  }

  Result<Encoded> encode(const EncodeRequest& request) override {
    if (!spec_.embedding) return fail(ErrorKind::usage, tr("This worker serves chat, not embeddings"), spec_.name);
    Encoded all;
    all.vectors.reserve(request.texts.size());
    const auto step = static_cast<std::size_t>(std::max(1, spec_.config.batch_texts));
    for (std::size_t first = 0; first < request.texts.size(); first += step) {
      const std::size_t end = std::min(request.texts.size(), first + step);
      if (auto added = encode_batch(request, first, end, all); !added) return tl::unexpected(added.error());
    }
    return all;
  }

  bool sees_pictures() const override { return spec_.embedding && !spec_.projector.empty(); }

  Result<std::vector<float>> embed_picture(std::string_view bytes) override {
    if (!sees_pictures()) return EmbeddingEngine::embed_picture(bytes);
    // Another one after each start of the server, so that no text can hold it.
    const auto props = client_.get("/props");
    if (!props) return tl::unexpected(props.error());
    const std::string marker = props->value("media_marker", "");
    const Json picture{{"prompt_string", frame_.before + marker + frame_.after},
                       {"multimodal_data", {base64_encode(bytes)}}};
    const Json body{{"content", Json::array({picture})}, {"embd_normalize", 2}};
    const auto answer = client_.exchange("/embeddings", body.dump());
    if (!answer) return tl::unexpected(answer.error());
    if (answer->status != 200) {
      Error error = openai_error(answer->status, answer->body, {});
      // What it cannot decode is "500" to llama-server, which lives: it is the picture.
      if (answer->status == 500) error.kind = ErrorKind::invalid;
      return fail(error.kind, tr("the picture cannot be embedded: {}", error.message));
    }
    auto vectors = read_vectors(Json::parse(answer->body, nullptr, false), 1);
    if (!vectors) return tl::unexpected(vectors.error());
    return std::move(vectors->front());
  }

  int dimension() const override { return detail(info_, "embedding_length"); }
  int window_tokens() const override { return window() - prefix_tokens_ - static_cast<int>(suffix_tokens_); }
  /// With what stands around texts and with what sees pictures, which make other vectors of the same weights.
  std::string model_hash() const override {
    const std::string weights = cached_hash(spec_.model);
    const std::string passage = prefix(false);
    if (sees_pictures()) {
      const std::string tokens = std::to_string(picture_tokens(info_, spec_.config));
      return Sha256()
          .field(weights)
          .field(passage)
          .field(frame_.after)
          .field(cached_hash(spec_.projector))
          .field(tokens)
          .hex();
    }
    return passage.empty() ? weights : Sha256().field(weights).field(passage).hex();
  }

  Result<std::vector<double>> rerank(const std::string& query, const std::vector<std::string>& texts,
                                     const std::stop_token& stop) override {
    if (!spec_.rerank) return Worker::rerank(query, texts, stop);
    if (texts.empty()) return std::vector<double>();
    std::vector<std::string> spelled;
    spelled.reserve(texts.size());
    for (const std::string& text : texts) spelled.push_back(as_trained(text));
    return rerank_pairs(client_, *this, {window(), spec_.model}, as_trained(query), spelled, stop);
  }

  Result<std::vector<int>> tokenize(std::string_view text, bool special) override {
    return tokens_of(spelled(std::string(text)), special);
  }

  Result<std::vector<int>> count_tokens(const std::vector<std::string>& texts, bool special) override {
    if (texts.empty()) return std::vector<int>();
    const auto tokens = tokens_of_each(texts, special);
    if (!tokens) return tl::unexpected(tokens.error());
    std::vector<int> counts;
    for (std::size_t i = 1; i < tokens->size(); ++i)
      counts.push_back(static_cast<int>((*tokens)[0].size() + (*tokens)[i].size()));
    return counts;
  }

  Result<std::string> apply_template(const std::vector<Message>& messages, bool generation_prompt) override {
    Json list = Json::array();
    for (const Message& message : messages) list.push_back({{"role", message.role}, {"content", message.content}});
    const auto answer =
        client_.post("/apply-template", {{"messages", std::move(list)}, {"add_generation_prompt", generation_prompt}});
    if (!answer) return tl::unexpected(answer.error());
    try {
      return answer->at("prompt").get<std::string>();
    } catch (const std::exception& e) {
      return fail(ErrorKind::network, tr("The worker's template is not understood: {}", e.what()));
    }
  }

  Result<std::vector<TokenProbability>> next_token(const std::vector<int>& prompt, int n, bool adapter) override {
    // What is drawn is of no interest, but where it is a part of a character llama-server reports no probabilities at
    // all. The bias changes what is drawn, not the distribution that is reported.
    constexpr double always = 1e6;
    Json body{{"prompt", prompt},
              {"n_predict", 1},
              {"n_probs", n},
              {"temperature", 0.0},
              {"cache_prompt", false},
              {"post_sampling_probs", false},
              {"logit_bias", Json::array({Json::array({"a", always})})}};
    if (auto scaled = set_adapter(body, adapter, 1); !scaled) return tl::unexpected(scaled.error());
    const auto answer = client_.post("/completion", body);
    if (!answer) return tl::unexpected(answer.error());
    try {
      std::vector<TokenProbability> top;
      for (const Json& entry : answer->at("completion_probabilities").at(0).at("top_logprobs")) {
        top.push_back({entry.at("id").get<int>(), entry.at("logprob").get<double>()});
      }
      return top;
    } catch (const std::exception& e) {
      return fail(ErrorKind::network, tr("The worker's probabilities are not understood: {}", e.what()));
    }
  }

  bool healthy() override { return process_->healthy(); }
  int restarts() const override { return process_->restarts(); }
  pid_t pid() const override { return process_->pid(); }

 private:
  /// Of one text, or of a list of texts and token ids.
  Result<std::vector<int>> tokens_of(Json content, bool special) {
    const auto answer = client_.post(
        "/tokenize", {{"content", std::move(content)}, {"add_special", special}, {"parse_special", special}});
    if (!answer) return tl::unexpected(answer.error());
    try {
      return answer->at("tokens").get<std::vector<int>>();
    } catch (const std::exception& e) {
      return fail(ErrorKind::network, tr("The worker's tokens are not understood: {}", e.what()));
    }
  }

  /// In one request: first the special tokens that every text has, then those of each text without them.
  Result<std::vector<std::vector<int>>> tokens_of_each(const std::vector<std::string>& texts, bool special) {
    // llama-server tokenizes each string of a list by itself and puts numbers between them through as they are; only
    // the first string, here an empty one, gets the special tokens.
    constexpr int divider = -1;
    Json content = Json::array({""});
    for (const std::string& text : texts) {
      content.push_back(divider);
      content.push_back(spelled(text));
    }
    const auto tokens = tokens_of(std::move(content), special);
    if (!tokens) return tl::unexpected(tokens.error());
    std::vector<std::vector<int>> each(1);
    for (const int token : *tokens) {
      if (token == divider) {
        each.emplace_back();
      } else {
        each.back().push_back(token);
      }
    }
    if (each.size() == texts.size() + 1) return each;
    return fail(ErrorKind::network, tr("The worker's tokens are not understood: {}", "dividers are missing"));
  }

  /// How many of a text's special tokens stand before it. None: this vocabulary takes a text in a list for another than
  /// the same text alone.
  Result<std::optional<std::size_t>> count_leading_marks() {
    const auto each = tokens_of_each({"a"}, true);
    if (!each) return tl::unexpected(each.error());
    const auto whole = tokenize("a", true);
    if (!whole) return tl::unexpected(whole.error());
    const auto& marks = each->front();
    for (std::size_t leading = 0; leading <= marks.size(); ++leading) {
      if (marked((*each)[1], marks, leading) == *whole) return leading;
    }
    return std::nullopt;
  }

  static std::vector<int> marked(const std::vector<int>& tokens, const std::vector<int>& marks, std::size_t leading) {
    const auto middle = marks.begin() + static_cast<std::ptrdiff_t>(leading);
    std::vector<int> all(marks.begin(), middle);
    all.insert(all.end(), tokens.begin(), tokens.end());
    all.insert(all.end(), middle, marks.end());
    return all;
  }

  /// Repeated once when the server died before anything of the answer reached the caller.
  Result<ChatResult> send_chat(const std::string& body, const std::function<bool(std::string_view)>& on_delta,
                               const std::stop_token& cancel) {
    bool delivered = false;
    const auto deliver = [&](std::string_view delta) {
      delivered = true;
      return !on_delta || on_delta(delta);
    };
    for (bool first = true;; first = false) {
      auto http = client_.request("/v1/chat/completions");
      if (!http) return tl::unexpected(http.error());
      http->body = body;
      auto answer = stream_chat(client_.http(), *http, deliver, cancel);
      const bool repeat = !answer && first && !delivered && client_.worth_repeating(answer.error(), *http);
      if (!repeat) return answer;
    }
  }

  /// The scale is named in every request: what an earlier one asked for must not last.
  Result<void> set_adapter(Json& body, bool wanted, double scale) const {
    if (spec_.adapter.empty()) {
      if (!wanted) return {};
      return fail(ErrorKind::usage, tr("This worker was started without an adapter"), spec_.name);
    }
    body["lora"] = Json::array({{{"id", 0}, {"scale", wanted ? scale : 0.0}}});
    return {};
  }

  /// As the model's vocabulary spells Korean (hangul.h).
  [[nodiscard]] std::string spelled(const std::string& text) const {
    return decompose_ ? decompose_hangul(text) : text;
  }
  [[nodiscard]] std::string as_trained(const std::string& text) const { return spelled(text::repair_utf8(text)); }

  [[nodiscard]] int window() const { return embedding_window(info_, spec_.config); }

  [[nodiscard]] std::string prefix(bool query) const {
    const auto it = info_.details.find(query ? "query_prefix" : "passage_prefix");
    return frame_.before + (it == info_.details.end() ? std::string() : it->second);
  }

  Result<std::vector<std::vector<float>>> vectors_of(const EncodeRequest& request) {
    auto encoded = encode(request);
    if (!encoded) return tl::unexpected(encoded.error());
    return std::move(encoded->vectors);
  }

  /// The tokens of texts as they are embedded, with prefix and special tokens.
  Result<std::vector<std::vector<int>>> with_marks(const EncodeRequest& request, std::size_t first, std::size_t end) {
    std::vector<std::vector<int>> ids;
    std::vector<std::string> texts;
    for (std::size_t i = first; i < end; ++i)
      texts.push_back(prefix(request.queries) + request.texts[i] + frame_.after);
    if (leading_marks_) {
      const auto each = tokens_of_each(texts, true);
      if (!each) return tl::unexpected(each.error());
      for (std::size_t i = 1; i < each->size(); ++i) ids.push_back(marked((*each)[i], each->front(), *leading_marks_));
      return ids;
    }
    for (const std::string& text : texts) {
      auto tokens = tokenize(text, true);
      if (!tokens) return tl::unexpected(tokens.error());
      ids.push_back(std::move(*tokens));
    }
    return ids;
  }

  /// At most the window's tokens: what is beyond is cut, what stands behind the text and the end mark stay.
  Result<void> fit(std::vector<int>& tokens, const EncodeRequest& request, std::size_t i, Encoded& all) const {
    if (std::cmp_less_equal(tokens.size(), window())) return {};
    if (!request.cut) {
      return fail(ErrorKind::limit,
                  tr("Text {} has {} tokens, the embedding model takes {}", i, tokens.size(), window()), {},
                  tr("Make smaller chunks"));
    }
    const auto kept = static_cast<std::ptrdiff_t>(std::min<std::size_t>(suffix_tokens_ + 1, tokens.size()));
    const auto too_many = static_cast<std::ptrdiff_t>(tokens.size()) - window();
    const auto end = tokens.end() - kept;
    tokens.erase(end - std::min(too_many, end - tokens.begin()), end);
    all.cut.push_back(i);
    return {};
  }

  /// Token ids are sent instead of text: what was counted is what is embedded.
  Result<void> encode_batch(const EncodeRequest& request, std::size_t first, std::size_t end, Encoded& all) {
    auto ids = with_marks(request, first, end);
    if (!ids) return tl::unexpected(ids.error());
    for (std::size_t i = first; i < end; ++i) {
      if (auto done = fit((*ids)[i - first], request, i, all); !done) return done;
      all.tokens += static_cast<std::int64_t>((*ids)[i - first].size());
    }
    auto vectors = vectors_of_tokens(*ids, request.queries);
    if (!vectors) return tl::unexpected(vectors.error());
    std::move(vectors->begin(), vectors->end(), std::back_inserter(all.vectors));
    return {};
  }

  /// By twin-encode where it runs the model. A question is worth an answer when it dies again and again; passages are
  /// not, for an index of both programs' vectors would depend on when that was.
  Result<std::vector<std::vector<float>>> vectors_of_tokens(const std::vector<std::vector<int>>& ids, bool questions) {
    EncoderProcess* const encoder = encoders_ ? encoders_->of(questions) : nullptr;
    if (encoder == nullptr) return server_vectors(ids);
    auto vectors = encoder->encode(ids);
    if (vectors || !questions || vectors.error().kind == ErrorKind::invalid) return vectors;
    encoders_->give_up_questions(vectors.error());
    return server_vectors(ids);
  }

  Result<std::vector<std::vector<float>>> server_vectors(const std::vector<std::vector<int>>& ids) {
    const auto answer = client_.post("/embeddings", {{"content", ids}, {"embd_normalize", 2}});
    if (!answer) return tl::unexpected(answer.error());
    return read_vectors(*answer, ids.size());
  }

  /// [{"index": i, "embedding": [[…]]}, …]
  Result<std::vector<std::vector<float>>> read_vectors(const Json& answer, std::size_t count) const {
    try {
      std::vector<std::vector<float>> vectors(count);
      for (const Json& entry : answer) {
        vectors.at(entry.at("index").get<std::size_t>()) = entry.at("embedding").at(0).get<std::vector<float>>();
      }
      for (const auto& vector : vectors) check_vector(vector);
      return vectors;
    } catch (const std::exception& e) {
      return fail(ErrorKind::network, tr("The worker's vectors are not understood: {}", e.what()));
    }
  }

  void check_vector(const std::vector<float>& vector) const {
    double sum = 0;
    for (const float x : vector) sum += static_cast<double>(x) * static_cast<double>(x);
    if (vector.size() != static_cast<std::size_t>(dimension())) throw std::runtime_error("wrong dimension");
    if (!(std::abs(sum - 1.0) < longest_norm_error)) throw std::runtime_error("not a unit vector");
  }

  const WorkerSpec spec_;
  const GgufInfo info_;
  const bool decompose_ = detail(info_, "strip_accents") != 0;
  int context_tokens_ = 0;
  const EmbeddingFrame frame_ = spec_.projector.empty() ? EmbeddingFrame{} : frame_of(info_.architecture);
  int prefix_tokens_ = 0;          ///< of what stands before passages
  std::size_t suffix_tokens_ = 0;  ///< of what stands behind texts
  /// Special tokens before a text that is embedded. None: texts are tokenized one by one.
  std::optional<std::size_t> leading_marks_;
  std::unique_ptr<WorkerProcess> process_;
  WorkerClient client_;
  std::unique_ptr<Encoders> encoders_;  ///< null: llama-server embeds alone
};

}  // namespace

void WorkerConfig::bind(config::Binder& b) {
  const config::Rule operational{.min = 1, .max = 1 << 20, .one_of = {}, .key_irrelevant = true};
  b.field("threads", threads, "Threads of the model worker; 0 for all cores",
          {.min = 0, .max = 1024, .one_of = {}, .key_irrelevant = true});
  b.field("slots", slots, "Requests decoded together", {.min = 1, .max = 64, .one_of = {}});
  b.field("context_tokens", context_tokens, "Context window of each slot, in tokens",
          {.min = 64, .max = 1 << 22, .one_of = {}});
  b.field("batch_texts", batch_texts, "Texts of one embedding request", operational);
  b.field("picture_tokens", picture_tokens,
          "Tokens of the embedding model's window that a picture may take; a larger one is made smaller",
          {.min = 4, .max = 1 << 16, .one_of = {}, .key_irrelevant = true});  // part of model_hash() with a projector
  b.field("encoder", encoder,
          "What makes vectors: auto (twin-encode where it runs the model, several times as fast; in bfloat16 where the "
          "processor has it), f32 (the same in float32) or llama-server",
          {.one_of = {"auto", "f32", "llama-server"}, .key_irrelevant = true});
  b.field("start_timeout_s", start_timeout_s, "Longest time to load a model, in seconds", operational);
  b.field("request_timeout_s", request_timeout_s, "Longest time for one request, in seconds", operational);
  b.field("max_restarts", max_restarts, "Restarts after crashes within one minute, then the worker is given up",
          {.min = 0, .max = 1000, .one_of = {}, .key_irrelevant = true});
}

Result<std::vector<double>> Worker::rerank(const std::string&, const std::vector<std::string>&,
                                           const std::stop_token&) {
  return fail(ErrorKind::usage, tr("This worker was not started for reranking"));
}

Result<std::unique_ptr<Worker>> Worker::start(WorkerSpec spec) {
  auto info = read_gguf(spec.model);
  if (!info) return tl::unexpected(info.error());
  if (!spec.adapter.empty()) {
    if (const auto adapter = read_gguf(spec.adapter); !adapter) return tl::unexpected(adapter.error());
  }
  if (spec.rerank && !info->details.contains("head")) {
    return fail(ErrorKind::invalid, tr("This model is no cross-encoder: it has no head that scores pairs"),
                spec.model.string(), tr("take a GGUF of a reranker, such as bge-reranker-v2-m3"));
  }
  if (!spec.projector.empty()) {
    if (auto fits = check_projector(*info, spec.model, spec.projector); !fits) return tl::unexpected(fits.error());
  }
  if (info->architecture == static_architecture) return start_static_worker(spec);
  const auto program = find_program("llama-server");
  if (!program) return tl::unexpected(program.error());
  WorkerLaunch launch;
  launch.name = spec.name;
  launch.program = *program;
  launch.arguments = server_arguments(spec, *info);
  const fs::path folder = spec.log_folder.empty() ? fs::temp_directory_path() : spec.log_folder;
  launch.log = folder / ("worker-" + spec.name + ".log");
  launch.start_timeout = Millis{spec.config.start_timeout_s * 1000};
  launch.max_restarts = spec.config.max_restarts;
  auto encoders = make_encoders(spec, *info);
  auto process = WorkerProcess::start(std::move(launch));
  if (!process) {
    if (process.error().where.empty()) process.error().where = spec.model.string();
    return tl::unexpected(process.error());
  }
  auto worker =
      std::make_unique<LocalWorker>(std::move(spec), std::move(*info), std::move(*process), std::move(encoders));
  if (auto inspected = worker->inspect(); !inspected) return tl::unexpected(inspected.error());
  return worker;
}

}  // namespace twin::models
