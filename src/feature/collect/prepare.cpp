#include "feature/collect/prepare.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/secrets.h"
#include "core/text/scan.h"
#include "feature/clean/clean.h"
#include "feature/collect/canonical_url.h"
#include "feature/quality/quality.h"

namespace twin::feature {
namespace {

/// Times of files are as fine as the kernel's ticks, on some systems as seconds: a file changed so lately may change
/// once more and look the same.
constexpr UnixMillis settled_after{2'000};

std::string file_name_of(const std::string& url) {
  const std::string path = url.substr(0, url.find('?'));
  return path.substr(path.find_last_of("/#") + 1);
}

/// A server may give a token back in a page: it must not get into the warehouse and its exports.
void keep_secrets_out(RawDocument& raw) {
  for (std::string* text : {&raw.bytes, &raw.title}) *text = redact(std::move(*text));
  for (auto* list : {&raw.authors, &raw.author_emails}) {
    for (auto& text : *list) text = redact(std::move(text));
  }
  for (auto& [name, value] : raw.metadata) value = redact(std::move(value));
}

std::string author_key(const SourceConfig& source, const std::vector<Author>& authors) {
  Sha256 hash;
  for (const auto& name : source.authors) hash.field(name);
  hash.field("/");
  for (const auto& author : authors) {
    hash.field(author.name);
    for (const auto& alias : author.aliases) hash.field(alias);
    hash.field("/");
  }
  return hash.hex();
}

/// A document that is hardly writing is kept and says so; datasets leave it out.
void flag_quality(Entry& entry, const Category& category) {
  if (!category.quality.enabled) return;
  stores::Document& document = entry.document;
  const auto flags = judge(prose_view(document.body), document.language, category.quality);
  if (flags.empty()) return;
  document.metadata["quality"] = describe(flags);
  entry.notes.push_back({ErrorKind::invalid, tr("Not used for training: {}", describe(flags)), document.url,
                         tr("change the limits under quality: in categories/{}.yaml", category.id)});
}

}  // namespace

std::string document_url(const std::string& shown, const std::map<std::string, std::string>& metadata) {
  if (!is_web(shown)) return shown;
  // What the page says of itself counts more than where the server sent us.
  for (const char* name : {"canonical", "final_url"}) {
    const auto declared = metadata.find(name);
    if (declared == metadata.end()) continue;
    if (std::string url = page_url(shown, declared->second); url != shown) return url;
  }
  return shown;
}

Preparer::Preparer(const CollectConfig& config, const SourceConfig& source, const std::vector<Author>& authors,
                   const CollectContext& context)
    : source_(source),
      context_(context),
      pictures_(config.images, context.warehouse),
      location_(source.source->location()) {
  const std::string who = author_key(source, authors);
  Sha256 reading;
  reading.field(config::canonical([&](config::Binder& b) { source.source->bind(b); }).dump()).field(source.category);
  for (const auto& [id, category] : context.categories) {
    CleanRules rules = category.clean;
    QualityRules quality = category.quality;
    Sha256 hash;
    hash.field(std::to_string(clean_version)).field(config::canonical(rules).dump()).field(who).field(source.type);
    hash.field(std::to_string(quality_version)).field(config::canonical(quality).dump());
    rules_[id] = hash.hex();
    reading.field(id).field(rules_[id]);
  }
  reading_ = reading.hex();
}

std::string Preparer::stamp(const std::string& shown) const {
  const auto path = path_of_file_url(shown);
  if (!path) return {};
  const auto stat = context_.files.stat(*path);
  if (!stat || stat->modified_ns / 1'000'000 > context_.clock.now() - settled_after) return {};
  return fmt::format("{}:{}:{}", stat->size, stat->modified_ns, reading_ + pictures_.identity());
}

std::string Preparer::key(const RawDocument& raw, const std::string& category, const std::string& raw_sha256) const {
  Sha256 hash;
  hash.field(rules_.at(category)).field(category).field(location_).field(raw_sha256).field(raw.media_type);
  hash.field(raw.title).field(raw.language).field(std::to_string(raw.published));
  for (const auto& name : raw.authors) hash.field(name);
  hash.field("/");
  for (const auto& email : raw.author_emails) hash.field(email);
  hash.field("/");
  for (const auto& [name, value] : raw.metadata) hash.field(name).field(value);
  if (raw.beside) {
    if (const std::string reading = pictures_.identity(); !reading.empty()) hash.field(reading);
  }
  return hash.hex();
}

void Preparer::prepare(Entry& entry, const Known& known) const {
  RawDocument& raw = entry.raw;
  const std::string category_id = raw.category.empty() ? source_.category : raw.category;
  const auto category = context_.categories.find(category_id);
  if (category == context_.categories.end()) {
    entry.kind = Entry::Kind::failed;
    entry.error = {ErrorKind::usage, tr("There is no category '{}'", category_id), entry.shown, {}};
    return;
  }
  keep_secrets_out(raw);
  std::string raw_sha256 = sha256_hex(raw.bytes);
  entry.key = key(raw, category_id, raw_sha256);
  const auto before = known.find(entry.shown);
  if (before != known.end()) entry.origin = before->second;
  if (before != known.end() && before->second.key == entry.key) {
    entry.kind = Entry::Kind::unchanged;
    raw = {};
    return;
  }
  try {
    entry.document.category = category_id;
    clean_into(entry, category->second, std::move(raw_sha256));
    if (entry.kind == Entry::Kind::document) read_pictures(entry, category->second);
  } catch (const Fatal&) {
    throw;
  } catch (const std::exception& error) {
    entry.kind = Entry::Kind::failed;
    entry.error = {ErrorKind::internal, tr("The document could not be processed: {}", error.what()), entry.shown, {}};
  }
  if (entry.kind != Entry::Kind::document) raw = {};
}

void Preparer::clean_into(Entry& entry, const Category& category, std::string raw_sha256) const {
  RawDocument& raw = entry.raw;
  raw.url = entry.shown;
  auto cleaned = clean(raw, category.clean);
  if (!cleaned) {
    entry.kind = Entry::Kind::failed;
    entry.error = std::move(cleaned.error());
    if (entry.error.where.empty()) entry.error.where = entry.shown;
    return;
  }
  entry.notes = std::move(cleaned->notes);
  const std::size_t length = text::codepoint_count(cleaned->markdown);
  if (length < static_cast<std::size_t>(category.clean.min_characters)) {
    entry.notes.push_back(
        {ErrorKind::invalid,
         tr("Short: {} characters, the category's min_characters is {}", length, category.clean.min_characters),
         entry.shown,
         {}});
  }

  stores::Document& document = entry.document;
  document.metadata = std::move(cleaned->metadata);
  for (auto& [name, value] : raw.metadata) document.metadata[name] = value;
  if (!cleaned->authors.empty()) document.metadata["byline"] = fmt::format("{}", fmt::join(cleaned->authors, ", "));
  document.metadata[stores::source_location_key] = location_;
  document.url = document_url(entry.shown, document.metadata);
  document.source = source_.type;
  document.title = cleaned->title.empty() ? file_name_of(document.url) : std::move(cleaned->title);
  document.body = std::move(cleaned->markdown);
  document.raw_sha256 = std::move(raw_sha256);
  document.raw_type = raw.media_type;
  document.language = std::move(cleaned->language);
  document.published = cleaned->published;
  document.fetched = context_.clock.now();
  flag_quality(entry, category);
  entry.kind = Entry::Kind::document;
}

/// The pictures that a document shows are part of what it was made of. Which they are is known only now, and that one
/// of them changed does not show at the document's own file: no stamp, and a key that ends with their state.
void Preparer::read_pictures(Entry& entry, const Category& category) const {
  for (const char* key : {stores::picture_texts_key, stores::shown_pictures_key}) {
    entry.document.metadata.erase(key);  // no page says this of itself
  }
  if (!entry.raw.beside || pictures_.identity().empty()) return;
  auto read = pictures_.read(entry.document.body, entry.raw, category.clean.formats, context_.stop);
  if (!read) {
    entry.kind = Entry::Kind::failed;
    entry.error = std::move(read.error());
    return;
  }
  if (read->state.empty()) return;
  entry.stamp.clear();
  entry.key += ":" + read->state;
  if (entry.origin.key == entry.key) {
    entry.kind = Entry::Kind::unchanged;
    entry.notes.clear();
    return;
  }
  stores::set_picture_texts(entry.document, read->texts);
  stores::set_shown_pictures(entry.document, read->kept);
  std::move(read->notes.begin(), read->notes.end(), std::back_inserter(entry.notes));
}

}  // namespace twin::feature
