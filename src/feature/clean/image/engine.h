// The program that reads writing in images, as it is on this machine.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace twin::feature {

struct OcrEngine {
  std::string version;                 ///< its first line about itself: "tesseract 5.3.0"
  std::vector<std::string> languages;  ///< sorted: "eng", "kor"

  /// Of "kor+eng" what it cannot read.
  [[nodiscard]] std::vector<std::string> lacking(const std::string& wanted) const;
};

/// Asks tesseract in PATH, once for each program file; nullopt when there is none, or none that runs. Thread-safe.
[[nodiscard]] std::optional<OcrEngine> ocr_engine();

/// The Debian packages that bring it with these languages ("kor+eng").
[[nodiscard]] std::string ocr_packages(const std::string& languages);

}  // namespace twin::feature
