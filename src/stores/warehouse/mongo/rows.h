// How a document lies in MongoDB.
//
//   documents  one row per canonical URL, changed only as a whole, which MongoDB does atomically:
//                _id, url, deleted, deleted_at,
//                rev       counts the changes: a writer changes the row it has read, or starts over
//                writer    token of the last change: a writer whose answer was lost finds out that it was carried out
//                current   the newest version (an entry), past: the older ones, ascending
//                versions  how many there are in all
//                past_bytes, spilled: see below
//   bodies     the texts, by hash, written before the row that names them: {_id: "<sha256>", text, parts}, where a text
//              of more than kPartBytes goes on in {_id: "<sha256>/1", text} …
//   history    past versions of a row whose `past` outgrew kSpillBytes: {_id: "<id>/<last version>", entries}
//
// A row is at most 16 MB by MongoDB's rule, so nothing that grows without bound is in one.
#pragma once

#include <string>
#include <vector>

#include "stores/warehouse/document.h"
#include "stores/warehouse/mongo/bson.h"

namespace twin::stores::mongo {

inline constexpr const char* kDocuments = "documents";
inline constexpr const char* kBodies = "bodies";
inline constexpr const char* kHistory = "history";
inline constexpr std::size_t kPartBytes = 8u << 20;
inline constexpr std::int64_t kSpillBytes = 4 << 20;

/// One version without its body: {version, source, …, content_hash, metadata: [{k, v}], body: sha256, body_bytes}.
[[nodiscard]] Bson entry_of(const Document& document, const std::string& body_sha256);

/// A version as it comes back; `body` is the hash, to be filled by the caller.
struct Entry {
  Document document;
  std::string body_sha256;
  std::int64_t body_bytes = 0;
};
[[nodiscard]] Entry entry_from(View entry);
/// With what the row says of the document as a whole.
[[nodiscard]] Entry entry_from(View row, View entry);

/// The parts of a text as rows of `bodies`, the last first, so that the one that readers look for comes last.
[[nodiscard]] std::vector<Bson> body_rows(const std::string& sha256, std::string_view text);
[[nodiscard]] std::string part_id(const std::string& sha256, std::int64_t part);

}  // namespace twin::stores::mongo
