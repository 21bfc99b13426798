#include "feature/dedup/duplicates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <list>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "core/files.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/clean/clean.h"
#include "feature/dedup/lsh.h"
#include "feature/dedup/shingles.h"

namespace twin::feature {
namespace {

using Shingles = std::shared_ptr<const std::vector<std::uint64_t>>;

/// What is kept of a document while all are compared.
struct Known {
  std::string id;
  UnixMillis published = 0;
  std::size_t length = 0;  // shingles, thus characters
  std::size_t place = 0;   // of its source in twin.yaml
  Signature signature{};
};

/// Shingles of documents by number, read again from the warehouse when they were let go.
class ShingleCache {
 public:
  ShingleCache(stores::Warehouse& warehouse, const DuplicatesConfig& config)
      : warehouse_(warehouse),
        length_(static_cast<std::size_t>(config.shingle_length)),
        max_bytes_(static_cast<std::size_t>(config.cache_megabytes) << 20u) {}

  /// Null when the document is gone since it was seen.
  Shingles get(std::uint32_t number, const std::string& id) {
    if (const auto it = entries_.find(number); it != entries_.end()) {
      order_.splice(order_.begin(), order_, it->second);
      return it->second->second;
    }
    const std::optional<stores::Document> document = warehouse_.document(id);
    if (!document || document->deleted) return nullptr;
    auto set = std::make_shared<const std::vector<std::uint64_t>>(shingles(prose_view(document->body).text, length_));
    order_.emplace_front(number, set);
    entries_[number] = order_.begin();
    bytes_ += size_of(*set);
    while (bytes_ > max_bytes_ && order_.size() > 1) {
      bytes_ -= size_of(*order_.back().second);
      entries_.erase(order_.back().first);
      order_.pop_back();
    }
    return set;
  }

 private:
  static std::size_t size_of(const std::vector<std::uint64_t>& set) { return set.size() * sizeof(std::uint64_t) + 128; }

  stores::Warehouse& warehouse_;
  std::size_t length_;
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::list<std::pair<std::uint32_t, Shingles>> order_;  // used last comes first
  std::unordered_map<std::uint32_t, std::list<std::pair<std::uint32_t, Shingles>>::iterator> entries_;
};

class Finder {
 public:
  Finder(const DuplicatesConfig& config, const DuplicatesContext& context)
      : config_(config),
        context_(context),
        originals_(choose_bands(config.similarity)),
        cache_(context.warehouse, config) {}

  DuplicatesReport run() {
    const auto progress = context_.progress.start("duplicates", "documents");
    progress->total(2 * static_cast<std::uint64_t>(context_.warehouse.counts().documents));
    context_.warehouse.each({}, [&](stores::Document&& document) {
      progress->add();
      know(document);
      return !context_.stop.stop_requested();
    });
    std::sort(known_.begin(), known_.end(), [this](const Known& a, const Known& b) { return before(a, b); });
    for (const Known& document : known_) {
      if (context_.stop.stop_requested()) break;
      progress->add();
      compare(document);
    }
    if (context_.stop.stop_requested()) {
      report_.failures.push_back({ErrorKind::cancelled, tr("Comparing documents was stopped before its end"), "",
                                  tr("run the same command again")});
    }
    auto& found = report_.duplicates;
    std::sort(found.begin(), found.end(), [](const Duplicate& a, const Duplicate& b) { return a.id < b.id; });
    return std::move(report_);
  }

 private:
  void know(const stores::Document& document) {
    const auto length = static_cast<std::size_t>(config_.shingle_length);
    const std::vector<std::uint64_t> hashes = shingle_hashes(prose_view(document.body).text, length);
    if (hashes.size() + length <= static_cast<std::size_t>(config_.min_characters)) {
      ++report_.too_short;
      return;
    }
    ++report_.documents;
    known_.push_back({document.id, document.published, hashes.size(), place_of(document), minhash(hashes)});
  }

  [[nodiscard]] std::size_t place_of(const stores::Document& document) const {
    const auto location = document.metadata.find("source_location");
    std::size_t place = context_.sources.size();
    for (std::size_t i = 0; i < context_.sources.size(); ++i) {
      if (context_.sources[i].type != document.source) continue;
      if (location != document.metadata.end() && location->second == context_.sources[i].location) return i;
      place = std::min(place, i);
    }
    return place;
  }

  /// The order of preference.
  [[nodiscard]] bool before(const Known& a, const Known& b) const {
    for (const std::string& rule : config_.prefer) {
      if ((rule == "earliest" || rule == "latest") && a.published != b.published) {
        if (a.published == 0 || b.published == 0) return b.published == 0;  // unknown comes last
        return (a.published < b.published) == (rule == "earliest");
      }
      if (rule == "longest" && a.length != b.length) return a.length > b.length;
      if (rule == "source" && a.place != b.place) return a.place < b.place;
    }
    return a.id < b.id;
  }

  void compare(const Known& document) {
    originals_.candidates(document.signature, least_estimate(config_.similarity), candidates_);
    std::optional<Duplicate> best;
    Shingles own;
    for (const std::uint32_t candidate : candidates_) {
      const Known& original = *numbers_[candidate];
      if (!own) own = cache_.get(static_cast<std::uint32_t>(&document - known_.data()), document.id);
      const Shingles other = cache_.get(static_cast<std::uint32_t>(&original - known_.data()), original.id);
      if (!own || !other) continue;
      const double similarity = jaccard(*own, *other);
      if (similarity >= config_.similarity && (!best || similarity > best->similarity)) {
        best = Duplicate{document.id, original.id, similarity};
      }
    }
    if (best) {
      report_.duplicates.push_back(std::move(*best));
    } else {
      originals_.add(document.signature);
      numbers_.push_back(&document);
    }
  }

  const DuplicatesConfig& config_;
  const DuplicatesContext& context_;
  DuplicatesReport report_;
  std::vector<Known> known_;
  SignatureIndex originals_;
  std::vector<const Known*> numbers_;  // of the originals: into known_, which no longer changes then
  ShingleCache cache_;
  std::vector<std::uint32_t> candidates_;
};

}  // namespace

void DuplicatesConfig::bind(config::Binder& b) {
  b.field("enabled", enabled, "Whether near-duplicate documents are looked for");
  b.field("similarity", similarity, "Similarity (Jaccard of shingles) from which two documents are duplicates",
          {.min = 0.3, .max = 1});
  b.field("shingle_length", shingle_length, "Characters of a shingle", {.min = 2, .max = 50});
  b.field("min_characters", min_characters, "Documents with less prose are never duplicates", {.min = 1});
  b.field(
      "prefer", prefer,
      "Which of two duplicates stays, the first rule that tells them apart: earliest or latest (published), longest, "
      "source (order in twin.yaml); then the smaller id",
      {.one_of = {"earliest", "latest", "longest", "source"}});
  b.field("cache_megabytes", cache_megabytes, "Memory for documents that are compared",
          {.min = 1, .max = 65536, .key_irrelevant = true});
}

DuplicatesReport find_duplicates(const DuplicatesConfig& config, const DuplicatesContext& context) {
  if (!config.enabled) return {};
  return Finder(config, context).run();
}

std::string to_jsonl(const std::vector<Duplicate>& duplicates) {
  std::string out;
  for (const Duplicate& duplicate : duplicates) {
    constexpr double digits = 10'000;
    const Json line{{"id", duplicate.id},
                    {"original", duplicate.original},
                    {"similarity", std::floor(duplicate.similarity * digits) / digits}};
    out += line.dump() + "\n";
  }
  return out;
}

Result<std::vector<Duplicate>> read_duplicates(const std::filesystem::path& file) {
  const Result<std::string> bytes = disk().read(file);
  if (!bytes) return tl::unexpected(bytes.error());
  std::vector<Duplicate> out;
  std::size_t number = 0;
  for (const std::string_view line : text::split(*bytes, '\n')) {
    ++number;
    if (line.empty()) continue;
    const Json json = Json::parse(line, nullptr, false);
    const auto is_string = [&](const char* key) { return json.contains(key) && json[key].is_string(); };
    if (!json.is_object() || !is_string("id") || !is_string("original") || !json.contains("similarity") ||
        !json["similarity"].is_number()) {
      return fail(ErrorKind::invalid,
                  tr("The line is no duplicate: \"id\", \"original\" and \"similarity\" are needed"),
                  fmt::format("{}:{}", file.string(), number), tr("run twin index again; it writes the file anew"));
    }
    out.push_back({json["id"], json["original"], json["similarity"]});
  }
  return out;
}

}  // namespace twin::feature
