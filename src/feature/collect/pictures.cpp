#include "feature/collect/pictures.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/secrets.h"
#include "core/text/unicode.h"
#include "feature/clean/clean.h"
#include "feature/clean/image/engine.h"
#include "feature/clean/image/ocr.h"
#include "feature/collect/canonical_url.h"
#include "feature/collect/media_type.h"

namespace twin::feature {
namespace {

/// Bump when the same picture would be read differently.
constexpr int reading_version = 1;

/// "scheme:" or "//host".
bool leads_away(std::string_view link) {
  if (link.starts_with("//")) return true;
  const std::size_t colon = link.find(':');
  return colon != std::string_view::npos && colon < link.find_first_of("/?#");
}

std::size_t letters_of(const std::string& text) {
  const auto points = text::codepoints(text::repair_utf8(text));
  return static_cast<std::size_t>(
      std::count_if(points.begin(), points.end(), [](const text::Codepoint& c) { return text::is_letter(c.value); }));
}

bool may_show_files(std::string_view media_type) {
  return media_type.starts_with("text/") || media_type.starts_with("application/xhtml") ||
         media_type.starts_with("application/x-ipynb");
}

/// What is kept of a reading: the text, or why there is none.
std::string kept_form(const Result<OcrText>& read) {
  Json out;
  if (read) {
    out["text"] = read->markdown;
  } else {
    out["error"] = read.error().message;
    out["limit"] = read.error().kind == ErrorKind::limit;
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Result<std::string>> from_kept_form(const std::string& kept) {
  const Json json = Json::parse(kept, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  if (json.contains("text") && json["text"].is_string()) return json["text"].get<std::string>();
  if (!json.contains("error") || !json["error"].is_string()) return std::nullopt;
  const bool limit = json.contains("limit") && json["limit"] == true;
  return fail(limit ? ErrorKind::limit : ErrorKind::invalid, json["error"].get<std::string>());
}

}  // namespace

/// A picture that was looked at.
struct PictureReader::One {
  std::string sha256;  ///< empty: its bytes could not be had
  std::string text;
  bool kept = false;
  std::optional<Error> error;
};

void ImagesConfig::bind(config::Binder& b) {
  b.field("ocr", ocr,
          "Read the writing in pictures that lie beside documents, for search only: auto (where tesseract is), or off",
          {.one_of = {"auto", "off"}});
  b.field("max_megabytes", max_megabytes, "Larger pictures are not read", {.min = 1, .max = 1024});
  b.field("max_megapixels", max_megapixels, "Pictures of more pixels are not read", {.min = 1, .max = 10'000});
  b.field("min_pixels", min_pixels, "Pictures narrower or lower are taken for icons and not read",
          {.min = 1, .max = 10'000});
  b.field("seconds", seconds, "Reading one picture ends after so long", {.min = 1, .max = 3600});
  b.field("per_document", per_document, "Pictures of one document that are read", {.min = 1, .max = 100'000});
  b.field("min_letters", min_letters, "A picture in which fewer letters are read has no writing",
          {.min = 1, .max = 1000});
}

std::vector<std::pair<std::string, std::string>> pictures_beside(const std::string& markdown, const std::string& url) {
  std::vector<std::pair<std::string, std::string>> out;
  // Links of a saved page were made absolute by the address it had.
  const std::string folder = is_web(url) ? url.substr(0, url.find_last_of('/') + 1) : std::string();
  std::set<std::string> known;
  for (const Picture& picture : prose_view(markdown).pictures) {
    std::string link = picture.source.substr(0, picture.source.find_first_of("?#"));
    if (!folder.empty() && link.starts_with(folder)) link.erase(0, folder.size());
    if (link.empty() || leads_away(link) || !is_image_type(media_type_of(link))) continue;
    const bool from_root = link.starts_with('/');
    const auto path = path_of_file_url((from_root ? "file://" : "file:///") + link);
    if (!path || !known.insert(picture.source).second) continue;
    std::string inside = text::nfc(text::repair_utf8(from_root ? *path : path->substr(1)));
    out.emplace_back(picture.source, std::move(inside));
  }
  return out;
}

std::string ocr_identity(const ImagesConfig& config) {
  if (config.ocr == "off") return {};
  const auto engine = ocr_engine();
  if (!engine) return {};
  ImagesConfig settings = config;
  Sha256 hash;
  hash.field(std::to_string(reading_version)).field(config::canonical(settings).dump()).field(engine->version);
  for (const auto& language : engine->languages) hash.field(language);
  return hash.hex();
}

std::string pictures_identity(const ImagesConfig& config) {
  const std::string ocr = ocr_identity(config);
  if (!config.keep) return ocr;
  ImagesConfig settings = config;
  return Sha256().field(ocr).field("kept").field(config::canonical(settings).dump()).hex();
}

std::optional<Error> too_many_pixels(const ImageSize& size, const ImagesConfig& config, const std::string& where) {
  if (size.pixels() <= static_cast<std::uint64_t>(config.max_megapixels) * 1'000'000) return std::nullopt;
  return Error{ErrorKind::limit, tr("{} by {} pixels are too many", size.width, size.height), where,
               tr("Raise collect.images.max_megapixels")};
}

Result<PicturesRead> PictureReader::read(const std::string& markdown, const RawDocument& raw, const FormatRules& rules,
                                         const std::stop_token& stop) const {
  PicturesRead out;
  if (!raw.beside || !may_show_files(raw.media_type)) return out;
  auto shown = pictures_beside(markdown, raw.url);
  if (shown.empty()) return out;
  const auto most = static_cast<std::size_t>(config_.per_document);
  if (shown.size() > most) {
    out.notes.push_back({ErrorKind::limit, tr("{} pictures beyond per_document were not read", shown.size() - most),
                         raw.url, tr("Raise collect.images.per_document")});
    shown.resize(most);
  }
  std::vector<std::string> paths;
  for (const auto& [source, path] : shown) {
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  }
  const bool reads = !ocr_identity(config_).empty();
  auto lack = reads ? lacking_language(raw, rules) : std::nullopt;
  const bool ocr = reads && !lack;
  std::map<std::string, One> found;
  raw.beside(paths, static_cast<std::uint64_t>(config_.max_megabytes) << 20,
             [&](const std::string& path, Result<std::string>&& bytes) {
               if (stop.stop_requested()) return;
               if (!ocr && !config_.keep) {
                 found[path].sha256 = bytes ? sha256_hex(*bytes) : std::string();
               } else {
                 found[path] = read_one(path, bytes, rules, ocr);
               }
             });
  if (stop.stop_requested()) return fail(ErrorKind::cancelled, tr("Stopped"), raw.url);
  if (lack && !lack_told_.exchange(true)) out.notes.push_back(std::move(*lack));
  Sha256 state;
  std::set<std::string> told;
  for (const auto& [source, path] : shown) {
    const auto one = found.find(path);
    state.field(source).field(one == found.end() ? std::string() : one->second.sha256);
    if (one == found.end()) continue;
    if (one->second.error && told.insert(path).second) {
      Error error = *one->second.error;
      error.message = tr("The picture {} was not read: {}", path, error.message);
      error.where = raw.url;
      out.notes.push_back(std::move(error));
    }
    if (!one->second.text.empty()) out.texts.push_back({source, one->second.sha256, one->second.text});
    if (one->second.kept) out.kept.push_back({source, one->second.sha256});
  }
  out.state = state.hex();
  return out;
}

/// Nothing is read by the wrong languages: tesseract would give their letters for every word.
std::optional<Error> PictureReader::lacking_language(const RawDocument& raw, const FormatRules& rules) const {
  const auto engine = ocr_engine();
  if (!engine) return Error{ErrorKind::not_found, tr("tesseract is no longer there"), raw.url, {}};
  if (engine->lacking(rules.ocr_languages).empty()) return std::nullopt;
  return Error{ErrorKind::not_found,
               tr("Pictures are not read: tesseract lacks a language of '{}'", rules.ocr_languages), raw.url,
               tr("apt-get install {}", ocr_packages(rules.ocr_languages))};
}

PictureReader::One PictureReader::read_one(const std::string& link, const Result<std::string>& bytes,
                                           const FormatRules& rules, bool ocr) const {
  One out;
  if (!bytes) {
    out.error = bytes.error();
    if (out.error->kind == ErrorKind::limit) out.error->hint = tr("Raise collect.images.max_megabytes");
    return out;
  }
  out.sha256 = sha256_hex(*bytes);
  if (const auto size = image_size(*bytes)) {
    const auto least = static_cast<std::uint32_t>(config_.min_pixels);
    if (size->width < least || size->height < least) return out;  // an icon
    out.error = too_many_pixels(*size, config_, link);
    if (out.error) return out;
  }
  if (config_.keep) {
    if (const auto object = warehouse_.objects().put(*bytes); !object) {
      out.error = object.error();
      return out;
    }
    out.kept = true;
  }
  if (!ocr) return out;
  auto text = kept_or_read(out.sha256, *bytes, rules);
  if (!text) {
    out.error = std::move(text.error());
  } else if (letters_of(*text) >= static_cast<std::size_t>(config_.min_letters)) {
    out.text = redact(std::move(*text));
  }
  return out;
}

Result<std::string> PictureReader::kept_or_read(const std::string& sha256, const std::string& bytes,
                                                const FormatRules& rules) const {
  FormatRules limited = rules;
  limited.program_seconds = std::min(rules.program_seconds, config_.seconds);
  const auto engine = ocr_engine();
  const std::string key =
      stable_id("ocr", {sha256, engine ? engine->version : std::string(), rules.ocr_languages,
                        std::to_string(rules.ocr_min_confidence), std::to_string(limited.program_seconds),
                        std::to_string(rules.program_megabytes), std::to_string(reading_version)});
  // One thread for pictures of one hash: the second finds what the first has read.
  const std::lock_guard lock(reading_[std::hash<std::string>()(sha256) % reading_.size()]);
  if (const auto object = warehouse_.cursor(key)) {
    if (const auto kept = warehouse_.objects().get(*object)) {
      if (auto text = from_kept_form(*kept)) return std::move(*text);
    }
  }
  auto read = read_image(bytes, limited);
  if (!read && read.error().kind != ErrorKind::invalid && read.error().kind != ErrorKind::limit) {
    return tl::unexpected(std::move(read.error()));  // of this machine, not of the picture
  }
  const auto object = warehouse_.objects().put(kept_form(read));
  if (!object) return tl::unexpected(object.error());
  warehouse_.set_cursor(key, *object);
  if (!read) return tl::unexpected(std::move(read.error()));
  return std::move(read->markdown);
}

}  // namespace twin::feature
