// A source of writing: one .cpp in this folder, registered with its examples.
//
//   TWIN_SOURCE(folder, { .description = "…", .examples = {…}, .make = [] { return std::make_unique<Folder>(); } })
//
// Registry id = file name; the conformance test runs every entry.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/config/binder.h"
#include "core/files.h"
#include "core/http/http.h"
#include "core/progress.h"
#include "core/registry.h"
#include "core/result.h"
#include "core/secrets.h"

namespace twin::feature {

/// Takes the bytes of one file, or why there are none.
using FileVisit = std::function<void(const std::string& link, Result<std::string>&& bytes)>;
/// Reads files that lie beside a document, one call of `visit` each, in any order: not_found for what is not there,
/// limit for what is larger than max_bytes. `links` are as the document has them, unescaped. For any thread, as long as
/// the run lasts.
using FilesBeside =
    std::function<void(const std::vector<std::string>& links, std::uint64_t max_bytes, const FileVisit& visit)>;

/// What a source hands over: the bytes as found and what is known about them. Cleaning turns it into a Document.
struct RawDocument {
  std::string url;         ///< identifies the document; made canonical by collect
  std::string media_type;  ///< text/html, text/markdown, text/plain, text/x-source …
  std::string bytes;
  std::string title;                       ///< empty: taken from the content
  std::vector<std::string> authors;        ///< names; empty: those of the configuration
  std::vector<std::string> author_emails;  ///< aliases of the first author
  std::string language;
  std::string category;  ///< empty: that of the configuration
  UnixMillis published = 0;
  std::map<std::string, std::string> metadata;
  FilesBeside beside = {};  ///< pictures that the source brings with the document; null: none
};

/// One item that could not be read, or one document.
using Item = Result<RawDocument>;

struct SourceContext {
  FileSystem& files;
  /// Polite by itself: robots.txt, rates, retries, address checks and conditional requests are its business.
  HttpClient& http;
  Clock& clock;
  std::stop_token stop;
  std::filesystem::path scratch;  ///< folder of this source for clones and the like; kept between runs
  std::uint64_t max_item_bytes = 64ull << 20;
  /// Names and e-mail addresses of the authors in question: what a source with several writers (git) filters by.
  std::vector<std::string> authors;
  /// State kept between runs (ETag, commit), stored only when the whole source was read without failure.
  std::string cursor = {};
  /// Asked before an item is fetched or read. False: leave it out, as for `--dry-run` (which lists what was asked for)
  /// and
  /// `--retry-failed` (which wants only what failed). What is listed but not wanted is not gone.
  std::function<bool(const std::string& url)> wants = [](const std::string&) { return true; };
  /// To be told of an item that is there and, by the cursor, as it was: it is not handed over again and is not gone.
  /// Comes before wants(): what is unchanged is not asked for. (`--retry-failed` therefore runs with an empty cursor.)
  std::function<void(const std::string& url)> unchanged = [](const std::string&) {};
  /// Tokens and keys that the user gave for this source; none by default.
  const Secrets& secrets = no_secrets();
};

/// Called for each item, in a stable order. Return false to stop.
using ItemSink = std::function<bool(Item&&)>;

struct SourceReport {
  bool complete = false;   ///< everything there is was seen: what was not seen is gone and gets a tombstone
  bool unchanged = false;  ///< the source says nothing changed since the cursor: nothing was emitted, nothing is gone
  std::string cursor;
  /// The cursor names what was read, item by item: it is stored even when other items failed at the source.
  bool cursor_by_item = false;
  std::vector<Error> notes = {};  ///< worth knowing, not failed: a paid post, a listing that differs from the feed …
};

class Source {
 public:
  virtual ~Source() = default;
  /// The source's own keys in twin.yaml (path, url, include …).
  virtual void bind(config::Binder& b) = 0;
  /// What identifies this source among others of its kind: its path or URL.
  [[nodiscard]] virtual std::string location() const = 0;
  /// Cheap hash of what is there now (file list, commit); nullopt when only fetching can tell. Part of the cache key.
  [[nodiscard]] virtual std::optional<std::string> fingerprint(SourceContext& context) = 0;
  [[nodiscard]] virtual Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) = 0;
};

/// An example in the registration: a location and whether this source takes it.
struct SourceExample {
  std::string location;
  bool accepted = true;
};

/// How sure a source is that a location is its own. The strongest claim wins; two equal ones are a defect, which the
/// conformance test finds.
struct Claim {
  enum Strength { none = 0, any = 10, shape = 50, site = 100 };
  Strength strength = none;  ///< any: can read anything of this kind; shape: the address looks like it; site: it is it
  std::string why = {};      ///< in words, for `twin source test`
  explicit operator bool() const { return strength != none; }
};

struct SourceEntry {
  std::string description;
  std::string needs;                    ///< what the user must have: nothing, a token …
  std::vector<SourceExample> examples;  ///< at least one accepted and one refused
  /// Whether a link given to `twin init` or `twin source test` belongs to this source. Looks at the text (and, for a
  /// path, at the disk), never at the network.
  std::function<Claim(const std::string& location)> accepts;
  std::function<std::unique_ptr<Source>()> make;
  std::string category = "articles";  ///< that `twin init` writes for it
};

using SourceRegistry = Registry<SourceEntry>;

}  // namespace twin::feature

#define TWIN_SOURCE(id, ...)                                                                        \
  [[maybe_unused]] static const bool twin_source_##id = [] {                                        \
    ::twin::feature::SourceRegistry::instance().add(#id, ::twin::feature::SourceEntry __VA_ARGS__); \
    return true;                                                                                    \
  }();
