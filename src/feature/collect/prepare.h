// What a source shows → a document ready to be stored; or the finding that it was made of the same before.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "feature/collect/collect.h"
#include "feature/collect/lane.h"
#include "feature/collect/pictures.h"

namespace twin::feature {

/// The canonical URL of a document shown under `shown`: that, or what the page says of itself (metadata "canonical"),
/// or where its server sends who asks for it ("final_url"), as far as page_url() believes it.
[[nodiscard]] std::string document_url(const std::string& shown, const std::map<std::string, std::string>& metadata);

/// Of one source. Thread-safe: changes nothing of itself.
class Preparer {
 public:
  Preparer(const CollectConfig& config, const SourceConfig& source, const std::vector<Author>& authors,
           const CollectContext& context);

  /// Documents of the last times, by the URL under which they were shown.
  using Known = std::unordered_map<std::string, stores::Origin>;

  /// Makes of a pending entry a document, an unchanged or a failed one. Frees the raw bytes where they are not needed.
  void prepare(Entry& entry, const Known& known) const;

  /// Mark of a file as it lies there now; empty for what is no file, or was changed so lately that the next change may
  /// not show in its time.
  [[nodiscard]] std::string stamp(const std::string& shown) const;

 private:
  [[nodiscard]] std::string key(const RawDocument& raw, const std::string& category,
                                const std::string& raw_sha256) const;
  void clean_into(Entry& entry, const Category& category, std::string raw_sha256) const;
  void read_pictures(Entry& entry, const Category& category) const;

  const SourceConfig& source_;
  const CollectContext& context_;
  PictureReader pictures_;
  std::string location_;
  std::string reading_;                       ///< hash of the configuration that says how this source is read
  std::map<std::string, std::string> rules_;  ///< category → hash of all that cleaning depends on
};

}  // namespace twin::feature
