// Files below a folder: Markdown, HTML, plain text, PDF, DOCX, ODT, EPUB, notebooks; images when asked for.
#include <algorithm>
#include <filesystem>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/collect/beside.h"
#include "feature/collect/canonical_url.h"
#include "feature/collect/media_type.h"
#include "feature/collect/path_filter.h"
#include "feature/sources/source.h"

namespace twin::feature {
namespace {

namespace fs = std::filesystem;

class Folder final : public Source {
 public:
  void bind(config::Binder& b) override {
    b.field("path", path_, "Folder (or one file) with the writing", {.required = true, .path = true, .exists = true});
    filter_.bind(b);
    b.field("code", code_, "Also read source code files");
    b.field("ocr", ocr_, "Also read the writing in images, and PDFs that are only images, by OCR (needs tesseract)");
  }

  [[nodiscard]] std::string location() const override { return root().string(); }

  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext& context) override {
    const auto found = files(context, true);
    if (!found) return std::nullopt;
    Sha256 hash;
    for (const auto& file : *found) {
      const auto stat = context.files.stat(file);
      hash.field(file.string());
      if (stat) hash.field(std::to_string(stat->size) + ":" + std::to_string(stat->modified_ns));
    }
    return hash.hex();
  }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    const auto found = files(context);
    if (!found) return tl::unexpected(found.error());
    if (found->empty()) {
      sink(fail(ErrorKind::not_found, tr("No file matched in this folder"), location(),
                tr("Markdown, HTML, text, PDF, DOCX, ODT, EPUB and notebooks are read; see include, exclude and "
                   "skip_folders of this source")));
      return SourceReport{.complete = true, .unchanged = false, .cursor = {}};
    }
    for (const auto& file : *found) {
      if (context.stop.stop_requested()) return SourceReport{};
      if (!context.wants(file_url(file.generic_string()))) continue;
      if (!sink(read(context, file))) return SourceReport{};
    }
    return SourceReport{.complete = true, .unchanged = false, .cursor = {}};
  }

 private:
  [[nodiscard]] fs::path root() const {
    fs::path path = fs::path(path_).lexically_normal();
    if (!path.empty() && !path.has_filename()) path = path.parent_path();  // "posts/" is "posts"
    std::error_code error;
    return path.empty() || path.is_absolute() ? path : fs::absolute(path, error).lexically_normal();
  }

  /// In order of path. `pictures`: also those that documents may show.
  [[nodiscard]] Result<std::vector<fs::path>> files(const SourceContext& context, bool pictures = false) const {
    const fs::path folder = root();
    const auto stat = context.files.stat(folder);
    if (!stat) {
      return fail(ErrorKind::not_found, tr("The folder cannot be read: {}", stat.error().message), folder.string(),
                  tr("Check `path` of this source in twin.yaml"));
    }
    if (!stat->directory) return std::vector<fs::path>{folder};
    const auto all = context.files.list(folder);
    if (!all) return tl::unexpected(all.error());
    std::vector<fs::path> found;
    for (const auto& file : *all) {
      const std::string relative = file.lexically_relative(folder).generic_string();
      const bool picture = pictures && is_image_type(media_type_of(relative));
      if (picture || (filter_.accepts(relative) && wanted(relative))) found.push_back(file);
    }
    return found;
  }

  [[nodiscard]] bool wanted(const std::string& relative) const {
    const std::string type = media_type_of(relative);
    // A file that an include pattern names outright is read as text even when its kind is unknown.
    if (type.empty()) return !filter_.include.empty();
    if (is_image_type(type)) return ocr_;
    return code_ || is_document_type(type) || !filter_.include.empty();
  }

  [[nodiscard]] Item read(const SourceContext& context, const fs::path& file) const {
    const std::string url = file_url(file.generic_string());
    auto bytes = context.files.read(file, context.max_item_bytes);
    if (!bytes) {
      Error error = bytes.error();
      error.where = url;
      if (error.kind == ErrorKind::limit && error.hint.empty()) error.hint = tr("Raise collect.max_item_megabytes");
      return tl::unexpected(std::move(error));
    }
    RawDocument raw;
    raw.url = url;
    raw.media_type = media_type_of(file.filename().string());
    if (raw.media_type.empty()) raw.media_type = "text/plain";
    raw.bytes = std::move(*bytes);
    const fs::path folder = root();
    const std::string relative =
        file == folder ? file.filename().string() : file.lexically_relative(folder).generic_string();
    raw.metadata["path"] = relative;
    if (ocr_ && (is_image_type(raw.media_type) || raw.media_type == "application/pdf")) raw.metadata["ocr"] = "true";
    raw.beside = file == folder ? files_beside(context.files, folder.parent_path(), relative)
                                : files_beside(context.files, folder, relative);
    if (raw.media_type.starts_with("text/") && !is_document_type(raw.media_type)) raw.title = relative;
    return raw;
  }

  std::string path_;
  PathFilter filter_;
  bool code_ = false;
  bool ocr_ = false;
};

bool starts_with(const std::string& text, std::string_view prefix) {
  return text.rfind(prefix, 0) == 0;
}

/// A path as people write it: absolute, relative or with "~".
Claim accepts(const std::string& location) {
  if (location.empty() || location.find("://") != std::string::npos || starts_with(location, "git@")) return {};
  std::error_code error;
  const bool path = fs::exists(location, error) || starts_with(location, "/") || starts_with(location, "./") ||
                    starts_with(location, "../") || starts_with(location, "~/");
  return path ? Claim{Claim::any, tr("a path on this machine")} : Claim{};
}

}  // namespace

TWIN_SOURCE(folder, {.description = "Markdown, HTML, text, PDF, DOCX, ODT, EPUB and notebooks below a folder",
                     .needs = "",
                     .examples = {{"/home/me/blog", true},
                                  {"./posts/", true},
                                  {"~/notes", true},
                                  {"https://example.org/feed.xml", false},
                                  {"/srv/project.git", false},
                                  {"git@example.org:me/project", false}},
                     .accepts = accepts,
                     .make = [] { return std::make_unique<Folder>(); }})

}  // namespace twin::feature
