// The pictures that a document shows and its source brings along: what OCR reads in them, each picture once; their
// bytes, where an embedding model sees pictures.
#pragma once

#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/config/binder.h"
#include "feature/clean/image/size.h"
#include "feature/format_rules.h"
#include "feature/sources/source.h"
#include "stores/warehouse/picture_texts.h"
#include "stores/warehouse/shown_pictures.h"
#include "stores/warehouse/warehouse.h"

namespace twin::feature {

/// Languages and the confidence of words are those of the category: clean.formats.ocr_languages, ocr_min_confidence.
struct ImagesConfig {
  std::string ocr = "auto";  ///< auto: where tesseract and the languages are installed | off
  int max_megabytes = 20;    ///< larger pictures are not read
  int max_megapixels = 50;   ///< nor those of more pixels
  int min_pixels = 24;       ///< nor those narrower or lower: icons
  int seconds = 60;          ///< for one picture
  int per_document = 200;    ///< pictures of one document that are read
  int min_letters = 8;       ///< a picture with fewer has no writing: what OCR sees in photographs
  bool keep = false;  ///< their bytes, for an embedding model that sees pictures: set with it, no key of twin.yaml
  void bind(config::Binder& b);
};

/// Hash of the settings and of the program that reads; empty: pictures are not read, being switched off or for want of
/// a program.
[[nodiscard]] std::string ocr_identity(const ImagesConfig& config);

/// The same of all that happens to pictures: whether they are read, and whether they are kept; empty: neither.
[[nodiscard]] std::string pictures_identity(const ImagesConfig& config);

/// What became of the pictures of one document.
struct PicturesRead {
  std::string state;  ///< hash of what they hold; empty: the document shows none that its source brings
  std::vector<stores::PictureText> texts;
  std::vector<stores::ShownPicture> kept;  ///< those within the limits, when ImagesConfig::keep
  std::vector<Error> notes;                ///< pictures that could not be read
};

/// For a picture of more pixels than may be read; `where` it is.
[[nodiscard]] std::optional<Error> too_many_pixels(const ImageSize& size, const ImagesConfig& config,
                                                   const std::string& where);

/// Of one source. Thread-safe. What was read is kept in the warehouse, by the hash of the picture and of all that its
/// reading depends on: a picture that lies in several documents, or was collected before, is not read again.
class PictureReader {
 public:
  PictureReader(const ImagesConfig& config, stores::Warehouse& warehouse) : config_(config), warehouse_(warehouse) {}

  [[nodiscard]] std::string identity() const { return pictures_identity(config_); }

  /// Reads the pictures of a document that became `markdown`: links in it that are relative, or lead to where `raw.url`
  /// lies. ErrorKind::cancelled when stopped.
  [[nodiscard]] Result<PicturesRead> read(const std::string& markdown, const RawDocument& raw, const FormatRules& rules,
                                          const std::stop_token& stop) const;

 private:
  struct One;
  /// `ocr`: whether its writing is read.
  [[nodiscard]] One read_one(const std::string& link, const Result<std::string>& bytes, const FormatRules& rules,
                             bool ocr) const;
  [[nodiscard]] Result<std::string> kept_or_read(const std::string& sha256, const std::string& bytes,
                                                 const FormatRules& rules) const;
  [[nodiscard]] std::optional<Error> lacking_language(const RawDocument& raw, const FormatRules& rules) const;

  const ImagesConfig& config_;
  stores::Warehouse& warehouse_;
  mutable std::array<std::mutex, 16> reading_;   ///< by hash: the same picture is not read by two threads at a time
  mutable std::atomic<bool> lack_told_ = false;  ///< that a language is not installed
};

/// Pictures that a text shows and that may lie beside it: the link in the text, and the same as a relative path. Links
/// to other places, fragments and data: URLs are none.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> pictures_beside(const std::string& markdown,
                                                                               const std::string& url);

}  // namespace twin::feature
