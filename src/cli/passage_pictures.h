// The pictures in a passage that a search found.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "feature/clean/clean.h"
#include "inference/rag/rag.h"
#include "ops/project/project.h"

namespace twin::cli {

struct PassagePicture {
  std::string source;  ///< its link as the document has it
  std::string place;   ///< path of the file, or address; the link where neither is known
  std::string words;   ///< alternative text and title
  bool read = false;   ///< the passage holds what OCR read in it, which the author did not write
  bool seen = false;   ///< the passage was found by what it shows
};

/// Reads each document once, however many of its passages are asked about.
class PassagePictures {
 public:
  /// The project must outlive it.
  explicit PassagePictures(ops::Project& project) : project_(project) {}
  /// Of the version of the document that was indexed; none when the warehouse no longer has it. What a passage holds of
  /// several readings of one picture is one entry. The picture that it was found by is among them in any case.
  [[nodiscard]] std::vector<PassagePicture> of(const inference::Passage& passage);

 private:
  struct Read {
    stores::Document document;
    feature::ProseView view;
  };
  const Read* read(const inference::Passage& passage);

  ops::Project& project_;
  std::map<std::pair<std::string, int>, std::optional<Read>> read_;  ///< by id and version
};

[[nodiscard]] Json to_json(const std::vector<PassagePicture>& pictures);
/// One line each, indented; empty without pictures.
[[nodiscard]] std::string to_text(const std::vector<PassagePicture>& pictures);

}  // namespace twin::cli
