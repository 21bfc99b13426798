#include "feature/embed/build_index.h"

#include <deque>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/clock.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/chunk/chunk.h"
#include "feature/clean/search_view.h"
#include "feature/embed/batches.h"
#include "feature/embed/center_queries.h"
#include "feature/embed/embed_pictures.h"
#include "feature/embed/embed_texts.h"
#include "feature/embed/general_questions.h"

namespace twin::feature {
namespace {

// A document on its way into the index: its chunks wait for their vectors.
struct Pending {
  stores::IndexedDocument entry;
  std::vector<stores::Chunk> chunks;
  std::vector<std::vector<float>> vectors;
  std::size_t answered = 0;
  std::optional<Error> error;
};

class IndexBuilder {
 public:
  IndexBuilder(const EmbedConfig& config, const IndexContext& context)
      : config_(config),
        context_(context),
        batches_(
            config, context.embedder, context.stop,
            [this](std::size_t document, Result<std::vector<float>> vector) { receive(document, std::move(vector)); }) {
  }

  IndexReport run() {
    progress_ = context_.progress.start("index", "chunks");
    started_ = system_clock().monotonic();
    context_.index.use_model(context_.embedder.model_hash(), context_.embedder.dimension());
    const std::vector<std::string> changed = find_work();
    for (const std::string& id : changed) {
      if (context_.stop.stop_requested()) break;
      if (const auto document = context_.warehouse.document(id); document && !document->deleted) add(*document);
    }
    batches_.finish();
    commit_finished();
    if (!context_.stop.stop_requested()) finish();  // the next run does it then
    if (context_.stop.stop_requested()) {
      report_.failures.push_back({ErrorKind::cancelled, tr("Indexing was stopped before its end"), "",
                                  tr("run the same command again to continue")});
    }
    return std::move(report_);
  }

 private:
  // Ids whose entry is missing or out of date. Removes the entries of documents that are gone or
  // left out.
  std::vector<std::string> find_work() {
    std::map<std::string, std::string> known;
    for (auto& [id, key] : context_.index.document_keys()) known[id] = key;
    std::vector<std::string> changed;
    context_.warehouse.each({}, [&](stores::Document&& document) {
      if (context_.left_out.contains(document.id)) return true;
      ++report_.documents;
      const Category* category = category_of(document);
      const auto entry = known.find(document.id);
      if (category && (entry == known.end() || entry->second != key_of(document, *category))) {
        changed.push_back(document.id);
      } else if (category) {
        ++report_.unchanged;
      }
      if (entry != known.end()) known.erase(entry);
      return true;
    });
    for (const auto& gone : known) {
      context_.index.remove(gone.first);
      ++report_.removed;
    }
    return changed;
  }

  void finish() {
    context_.index.settle();
    const bool changed = report_.indexed > 0 || report_.removed > 0;
    const bool measured = context_.index.query_centering().version == general_questions_version;
    if (report_.documents == 0 || (measured && !changed)) return;
    if (auto centered = center_queries(context_.embedder, context_.index); !centered) {
      failed(context_.index.location(), std::move(centered.error()));
    }
  }

  const Category* category_of(const stores::Document& document) {
    const auto it = context_.categories.find(document.category);
    if (it != context_.categories.end()) return &it->second;
    report_.failures.push_back(
        {ErrorKind::not_found, tr("There is no category '{}'", document.category), document.url,
         tr("add {}.yaml to a categories folder, or correct the source's category", document.category)});
    return nullptr;
  }

  std::string key_of(const stores::Document& document, const Category& category) const {
    return feature_key(document, category, context_.embedder);
  }

  void add(const stores::Document& document) {
    const Category& category = context_.categories.at(document.category);
    ProseView prose = search_view(document);
    Result<std::vector<stores::Chunk>> chunks = chunk_document(
        document.id, document.version, document.title, prose, category.chunk, context_.embedder.window_tokens(),
        [this](std::string_view text) -> Result<int> {
          const Result<std::vector<int>> tokens = context_.tokenizer.tokenize(text, false);
          if (!tokens) return tl::unexpected(tokens.error());
          return static_cast<int>(tokens->size());
        },
        [this](const std::vector<std::string>& texts) {
          return embed_texts(config_, context_.embedder, texts, context_.stop);
        });
    if (!chunks) {
      if (chunks.error().kind != ErrorKind::cancelled) failed(document.url, std::move(chunks.error()));
      return;
    }
    Pending pending;
    pending.entry = entry_of(document, category);
    add_pictures(document, prose, *chunks, pending.entry);
    pending.entry.prose = std::move(prose.text);
    pending.chunks = std::move(*chunks);
    if (pending.chunks.empty()) note_empty(document, pending.entry.prose);
    enqueue(std::move(pending));
  }

  void add_pictures(const stores::Document& document, const ProseView& prose, const std::vector<stores::Chunk>& chunks,
                    stores::IndexedDocument& entry) {
    PicturesEmbedded embedded =
        embed_pictures(context_.embedder, context_.warehouse, document, prose, chunks, context_.stop);
    entry.pictures = std::move(embedded.pictures);
    std::move(embedded.notes.begin(), embedded.notes.end(), std::back_inserter(report_.picture_notes));
    if (!embedded.tried_all) entry.feature_key.clear();  // no document has this key: the next run tries again
  }

  void enqueue(Pending&& pending) {
    chunks_seen_ += pending.chunks.size();
    progress_->total(chunks_seen_);
    pending_.push_back(std::move(pending));
    const std::size_t number = first_ + pending_.size() - 1;
    // The deque may lose its front while batches answer: texts are taken by number, not by reference.
    for (std::size_t i = 0; i < pending_[number - first_].chunks.size(); ++i) {
      batches_.add(number, pending_[number - first_].chunks[i].retrieval);
    }
    commit_finished();
  }

  stores::IndexedDocument entry_of(const stores::Document& document, const Category& category) const {
    stores::IndexedDocument entry;
    entry.id = document.id;
    entry.version = document.version;
    entry.feature_key = key_of(document, category);
    entry.url = document.url;
    entry.title = document.title;
    entry.source = document.source;
    entry.category = document.category;
    entry.language = document.language;
    entry.author_ids = document.author_ids;
    entry.published = document.published;
    entry.weight = category.retrieval_weight;
    return entry;
  }

  void note_empty(const stores::Document& document, const std::string& prose) {
    const bool blank = text::trim(prose).empty();
    report_.notes.push_back({ErrorKind::invalid,
                             blank ? tr("Nothing to search: the document has no text")
                                   : tr("Nothing to search: the document has headings only"),
                             document.url, ""});
  }

  void receive(std::size_t document, Result<std::vector<float>> vector) {
    Pending& pending = pending_[document - first_];
    ++pending.answered;
    if (vector) {
      pending.vectors.push_back(std::move(*vector));
    } else if (!pending.error) {
      pending.error = std::move(vector.error());
    }
    ++chunks_done_;
    progress_->add();
    const double seconds = system_clock().monotonic() - started_;
    if (seconds > 0) progress_->note(fmt::format("{:.1f} chunks/s", static_cast<double>(chunks_done_) / seconds));
  }

  // In order: a document waits for those before it, so that two runs write the same bytes.
  void commit_finished() {
    while (!pending_.empty() && pending_.front().answered == pending_.front().chunks.size()) {
      Pending done = std::move(pending_.front());
      pending_.pop_front();
      ++first_;
      commit(std::move(done));
    }
  }

  void commit(Pending&& done) {
    if (done.error) {
      if (done.error->kind != ErrorKind::cancelled) failed(done.entry.url, std::move(*done.error));
      return;
    }
    if (Result<void> stored = context_.index.replace(done.entry, done.chunks, done.vectors); !stored) {
      failed(done.entry.url, std::move(stored.error()));
      return;
    }
    ++report_.indexed;
    report_.chunks += static_cast<int>(done.chunks.size());
    report_.pictures += static_cast<int>(done.entry.pictures.size());
  }

  void failed(const std::string& url, Error error) {
    if (!error.where.empty() && error.where != url) error.message += fmt::format(" [{}]", error.where);
    error.where = url;
    report_.failures.push_back(std::move(error));
  }

  const EmbedConfig& config_;
  const IndexContext& context_;
  IndexReport report_;
  std::unique_ptr<Progress> progress_;
  double started_ = 0;
  std::uint64_t chunks_seen_ = 0, chunks_done_ = 0;
  std::deque<Pending> pending_;
  std::size_t first_ = 0;  // number of pending_.front()
  EmbeddingBatches batches_;
};

}  // namespace

void EmbedConfig::bind(config::Binder& b) {
  config::Rule speed_only;  // changes how fast, not what
  speed_only.min = 0;
  speed_only.max = 1024;
  speed_only.key_irrelevant = true;
  b.field("batch", batch, "Texts per request to the embedding model; 0: four for each core, 16 to 64", speed_only);
  speed_only.min = 1;
  b.field("requests", requests, "Requests to the embedding model in flight", speed_only);
  b.field("attempts", attempts, "Attempts of a request that fails by network", speed_only);
  b.field("give_up_after", give_up_after, "Failed requests in a row after which indexing ends", speed_only);
  speed_only.min = 0;
  speed_only.max = 60'000;
  b.field("retry_wait_ms", retry_wait_ms, "Wait before the second attempt, in milliseconds", speed_only);
}

std::string feature_key(const stores::Document& document, const Category& category,
                        const models::EmbeddingEngine& embedder) {
  const Json chunking = chunk_identity(category.chunk);
  Sha256 hash;
  hash.field(fmt::format("clean {} chunk {}", clean_version, chunk_version));
  hash.field(chunking.at("rules").dump());
  hash.field(chunking.at("sentences").get<std::string>());
  hash.field(fmt::format("weight {} window {}", category.retrieval_weight, embedder.window_tokens()));
  hash.field(embedder.model_hash());
  hash.field(document.id).field(std::to_string(document.version)).field(document.content_hash);
  hash.field(document.url).field(document.source).field(document.language);
  hash.field(std::to_string(document.published));
  return hash.hex();
}

IndexReport build_index(const EmbedConfig& config, const IndexContext& context) {
  return IndexBuilder(config, context).run();
}

}  // namespace twin::feature
