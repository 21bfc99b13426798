#include "evaluation/corpus/index_doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "evaluation/words.h"
#include "feature/clean/search_view.h"
#include "feature/embed/build_index.h"

namespace twin::evaluation {
namespace {

/// Whether there is anything to find in a document: headings alone make no passage.
bool has_text(const stores::Document& document) {
  const feature::ProseView prose = feature::search_view(document);
  return std::any_of(prose.blocks.begin(), prose.blocks.end(), [&](const feature::Block& block) {
    const auto text = std::string_view(prose.text).substr(block.span.start, block.span.end - block.span.start);
    return block.kind != feature::Block::Kind::heading && !text::trim(text).empty();
  });
}

double length_of(const std::vector<float>& vector) {
  double sum = 0;
  for (const float x : vector) sum += static_cast<double>(x) * static_cast<double>(x);
  return std::sqrt(sum);
}

class IndexExamination {
 public:
  IndexExamination(const IndexDoctorConfig& config, const IndexDoctorContext& context)
      : config_(config), context_(context) {}

  IndexDiagnosis run() {
    diagnosis_.counts = context_.index.counts();
    if (context_.embedder == nullptr) {
      diagnosis_.unchecked = {IndexFault::stale, IndexFault::model, IndexFault::too_long};
    }
    read_index();
    if (diagnosis_.counts.chunks != passages_) find_lost_vectors();
    compare_with_warehouse();
    check_whole();
    std::stable_sort(diagnosis_.findings.begin(), diagnosis_.findings.end(),
                     [](const IndexFinding& a, const IndexFinding& b) { return a.fault < b.fault; });
    return std::move(diagnosis_);
  }

 private:
  struct Entry {
    std::string feature_key, url;
    std::size_t passages = 0;
  };

  void found(IndexFault fault, const std::string& document, const std::string& chunk, const std::string& where,
             std::string detail = {}) {
    diagnosis_.findings.push_back({fault, document, chunk, where, std::move(detail)});
  }

  void stop_if_wanted() const {
    if (context_.stop.stop_requested()) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
  }

  void read_index() {
    const auto progress = context_.progress.start(tr("index"), tr("documents"));
    progress->total(static_cast<std::uint64_t>(std::max<std::int64_t>(diagnosis_.counts.documents, 0)));
    context_.index.each_entry([&](stores::IndexEntry&& entry) {
      stop_if_wanted();
      entries_[entry.document.id] = {entry.document.feature_key, entry.document.url, entry.chunks.size()};
      for (std::size_t i = 0; i < entry.chunks.size(); ++i) {
        ++passages_;
        check_passage(entry, entry.chunks[i]);
        if (i < entry.vectors.size()) check_vector(entry, entry.chunks[i], entry.vectors[i]);
      }
      for (const stores::IndexedPicture& picture : entry.document.pictures) {
        if (picture.passage < entry.chunks.size()) check_vector(entry, entry.chunks[picture.passage], picture.vector);
      }
      progress->add();
      return true;
    });
    for (const auto& [hash, places] : repeated_) {
      const Place& first = places.front();
      std::string others;
      std::set<std::string> documents = {first.document};
      for (const Place& place : places) {
        if (documents.insert(place.document).second) others.append(others.empty() ? "" : ", ").append(place.document);
      }
      if (documents.size() > 1) found(IndexFault::repeated, first.document, first.chunk, first.url, others);
    }
  }

  void check_passage(const stores::IndexEntry& entry, const stores::Chunk& chunk) {
    const stores::IndexedDocument& document = entry.document;
    if (text::trim(chunk.text).empty()) found(IndexFault::empty, document.id, chunk.id, document.url);
    const bool inside = chunk.start <= chunk.end && chunk.end <= document.prose.size();
    if (!inside || document.prose.compare(chunk.start, chunk.end - chunk.start, chunk.text) != 0) {
      found(IndexFault::offsets, document.id, chunk.id, document.url, fmt::format("{}-{}", chunk.start, chunk.end));
    }
    if (context_.embedder != nullptr && chunk.tokens > context_.embedder->window_tokens()) {
      found(IndexFault::too_long, document.id, chunk.id, document.url,
            tr("{} tokens, {} fit", chunk.tokens, context_.embedder->window_tokens()));
    }
    const auto said = words(chunk.text);
    if (std::cmp_less(said.size(), config_.repeated_words)) return;
    Sha256 hash;
    for (const std::string& word : said) hash.field(word);
    remember(hash.hex(), {document.id, chunk.id, document.url});
  }

  struct Place {
    std::string document, chunk, url;
  };

  /// Most texts come once: their place is kept by its number alone until they come again.
  void remember(std::string&& hash, Place&& place) {
    auto again = repeated_.find(hash);
    if (again == repeated_.end()) {
      const auto [first, is_new] = seen_.emplace(hash, place);
      if (is_new) return;
      again = repeated_.emplace(std::move(hash), std::vector<Place>{first->second}).first;
    }
    again->second.push_back(std::move(place));
  }

  void check_vector(const stores::IndexEntry& entry, const stores::Chunk& chunk, const std::vector<float>& vector) {
    const double length = length_of(vector);
    const auto dimension = static_cast<std::size_t>(std::max(diagnosis_.counts.dimension, 0));
    std::string wrong;
    if (vector.size() != dimension) {
      wrong = tr("{} values, not {}", vector.size(), dimension);
    } else if (!std::isfinite(length)) {
      wrong = tr("a value is no number");
    } else if (std::abs(length - 1) > config_.unit_length) {
      wrong = tr("its length is {:.4f}, not 1", length);
    }
    if (!wrong.empty()) found(IndexFault::vector, entry.document.id, chunk.id, entry.document.url, wrong);
  }

  void compare_with_warehouse() {
    stores::DocumentFilter all;
    all.bodies = false;
    std::set<std::string> present;
    context_.warehouse.each(all, [&](stores::Document&& document) {
      stop_if_wanted();
      if (context_.left_out.contains(document.id)) return true;
      present.insert(document.id);
      const auto entry = entries_.find(document.id);
      if (entry == entries_.end()) {
        found(IndexFault::missing, document.id, {}, document.url);
      } else if (is_stale(document, entry->second.feature_key)) {
        found(IndexFault::stale, document.id, {}, document.url, tr("version {}", document.version));
      }
      return true;
    });
    for (const auto& [id, entry] : entries_) {
      if (!present.contains(id)) {
        found(IndexFault::orphan, id, {}, entry.url,
              context_.left_out.contains(id) ? tr("a near duplicate of another document") : std::string());
      } else if (entry.passages == 0 && !lost_.contains(id)) {
        const auto document = context_.warehouse.document(id);
        if (document && has_text(*document)) found(IndexFault::no_passages, id, {}, entry.url);
      }
    }
  }

  [[nodiscard]] bool is_stale(const stores::Document& document, const std::string& key) const {
    const auto category = context_.categories.find(document.category);
    if (context_.embedder == nullptr || category == context_.categories.end()) return false;
    return feature::feature_key(document, category->second, *context_.embedder) != key;
  }

  void check_whole() {
    const stores::IndexModel model = context_.index.model();
    if (context_.embedder != nullptr && !model.hash.empty() && model.hash != context_.embedder->model_hash()) {
      found(IndexFault::model, {}, {}, context_.index.location(),
            tr("{} dimensions, now {}", model.dimension, context_.embedder->dimension()));
    }
  }

  /// each_entry() gives passages with their vectors, each_chunk() gives all.
  void find_lost_vectors() {
    std::map<std::string, std::size_t> all;
    context_.index.each_chunk([&](stores::Chunk&& chunk) {
      ++all[chunk.document_id];
      return true;
    });
    for (const auto& [id, count] : all) {
      const auto entry = entries_.find(id);
      if (entry == entries_.end() || entry->second.passages >= count) continue;
      lost_.insert(id);
      found(IndexFault::lost_vector, id, {}, entry->second.url, tr("{} passages", count - entry->second.passages));
    }
  }

  const IndexDoctorConfig& config_;
  const IndexDoctorContext& context_;
  IndexDiagnosis diagnosis_;
  std::map<std::string, Entry> entries_;
  std::unordered_map<std::string, Place> seen_;         // by hash of the words
  std::map<std::string, std::vector<Place>> repeated_;  // those that came twice
  std::set<std::string> lost_;                          // documents with passages that have no vector
  std::int64_t passages_ = 0;                           // with their vector
};

}  // namespace

IndexDiagnosis examine_index(const IndexDoctorConfig& config, const IndexDoctorContext& context) {
  return IndexExamination(config, context).run();
}

int remove_damaged(const IndexDiagnosis& diagnosis, stores::Index& index) {
  std::set<std::string> documents;
  for (const IndexFinding& finding : diagnosis.findings) {
    if (is_damage(finding.fault) && !finding.document_id.empty()) documents.insert(finding.document_id);
  }
  for (const std::string& id : documents) index.remove(id);
  if (!documents.empty()) index.settle();
  return static_cast<int>(documents.size());
}

void IndexDoctorConfig::bind(config::Binder& b) {
  b.field("repeated_words", repeated_words,
          "Words of a passage, from which it is named when several documents hold it word by word",
          {.min = 1, .max = 100'000, .key_irrelevant = true});
  b.field("unit_length", unit_length, "How far the length of a vector may be off 1",
          {.min = 0, .max = 1, .key_irrelevant = true});
}

}  // namespace twin::evaluation
