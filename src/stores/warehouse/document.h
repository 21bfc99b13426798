// What a person wrote, as it is kept.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/json.h"
#include "core/result.h"

namespace twin::stores {

struct User {
  std::string id;  ///< stable_id("user", folded name)
  std::string name;
  std::vector<std::string> aliases;  ///< other names, e-mail addresses of commits
};

/// One piece of writing. `body` is Markdown with its structure kept; the bytes it was made from are kept by hash.
struct Document {
  std::string id;                       ///< stable_id("doc", canonical url)
  std::string url;                      ///< canonical: what identifies the document
  std::string source;                   ///< id of the source plug-in
  std::string category;                 ///< id of the category
  std::vector<std::string> author_ids;  ///< User ids, main author first
  std::string title;
  std::string body;          ///< Markdown, UTF-8, NFC
  std::string raw_sha256;    ///< the bytes as fetched, in Objects
  std::string raw_type;      ///< media type of those bytes
  std::string language;      ///< BCP 47, "" unknown
  UnixMillis published = 0;  ///< 0 unknown
  UnixMillis fetched = 0;
  std::string content_hash;                     ///< SHA-256 over title, body, category, authors; set by the warehouse
  int version = 0;                              ///< 1, 2, … ; set by the warehouse
  bool deleted = false;                         ///< tombstone
  UnixMillis deleted_at = 0;                    ///< when the tombstone was set; 0 when not deleted
  std::map<std::string, std::string> metadata;  ///< tags, commit, path …
};

/// Key of Document::metadata: Source::location() of the source that the document came from.
inline constexpr const char* source_location_key = "source_location";

/// Which source keeps a document current, and what that source showed last. A document has one at most. It is what
/// collecting needs to know of a document without loading it.
struct Origin {
  std::string url;       ///< canonical URL of the document
  std::string source;    ///< id of the source plug-in
  std::string location;  ///< Source::location()
  std::string shown;     ///< canonical form of the URL under which the source shows it; mostly the same as `url`
  std::string key;       ///< hash of all that the document was made of; empty: to be made again
  std::string stamp;     ///< cheap mark of the bytes at the source (size and time of a file); empty: none
  int missing = 0;       ///< complete readings in a row in which the source did not show it
};

/// The id of the document at this canonical URL.
[[nodiscard]] std::string document_id(const std::string& url);
/// What Document::content_hash holds.
[[nodiscard]] std::string content_hash(const Document& document);
/// Replaces invalid UTF-8 in every string by U+FFFD; returns whether there was any. The warehouse does it on writing,
/// so that whatever is stored can be exported.
bool repair_text(Document& document);

/// Lossless both ways (JSON lines of `twin docs export|import`). Every string must be valid UTF-8.
[[nodiscard]] Json to_json(const Document& document);
/// Only `url` is required: hand-made lines may leave out the rest (version 0 then: to be upserted, not restored).
/// Unknown keys, wrong types and an id that is not the URL's are ErrorKind::invalid.
[[nodiscard]] Result<Document> document_from_json(const Json& json);

[[nodiscard]] Json to_json(const User& user);
[[nodiscard]] Result<User> user_from_json(const Json& json);

}  // namespace twin::stores
