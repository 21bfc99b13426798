#include "cli/passage_pictures.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "feature/clean/search_view.h"
#include "feature/collect/beside.h"
#include "feature/collect/canonical_url.h"

namespace twin::cli {
namespace {

namespace fs = std::filesystem;

std::string metadata_of(const stores::Document& document, const char* key) {
  const auto found = document.metadata.find(key);
  return found == document.metadata.end() ? std::string() : found->second;
}

/// Where a link of the document leads: an address, or the file below the place that its source reads.
std::string place_of_picture(const stores::Document& document, const std::string& link) {
  std::string resolved = feature::resolve_url(document.url, link);
  if (feature::is_web(resolved)) return resolved;
  const auto path = feature::path_of_file_url("file:///" + link.substr(0, link.find_first_of("?#")));
  if (!path || link.find(':') != std::string::npos) return link;
  const std::string relative = link.starts_with('/') ? *path : path->substr(1);
  fs::path root = metadata_of(document, stores::source_location_key);
  std::error_code error;
  if (!fs::is_directory(root, error)) root = root.parent_path();
  for (const std::string& place : feature::places_beside(metadata_of(document, "path"), relative)) {
    if (fs::exists(root / place, error)) return (root / place).string();
  }
  return link;
}

PassagePicture describe_picture(const stores::Document& document, const feature::ProseView& view,
                                const std::string& source, bool read) {
  PassagePicture found{source, place_of_picture(document, source), {}, read};
  const auto shown = std::find_if(view.pictures.begin(), view.pictures.end(),
                                  [&](const feature::Picture& p) { return !p.read && p.source == source; });
  if (shown != view.pictures.end()) {
    found.words = view.text.substr(shown->span.start, shown->span.end - shown->span.start);
  }
  return found;
}

}  // namespace

const PassagePictures::Read* PassagePictures::read(const inference::Passage& passage) {
  const auto chunk = project_.index().chunk(passage.chunk_id);
  if (!chunk) return nullptr;
  const auto [known, fresh] = read_.try_emplace({passage.document_id, chunk->document_version});
  if (fresh) {
    if (auto document = project_.warehouse().document(passage.document_id, chunk->document_version)) {
      feature::ProseView view = feature::search_view(*document);
      known->second = Read{std::move(*document), std::move(view)};
    }
  }
  return known->second ? &*known->second : nullptr;
}

std::vector<PassagePicture> PassagePictures::of(const inference::Passage& passage) {
  std::vector<PassagePicture> out;
  const Read* const read = this->read(passage);
  if (read == nullptr) return out;
  const auto& [document, view] = *read;
  for (const feature::Picture& picture : view.pictures) {
    const text::Span span = picture.span;
    const bool inside = span.start == span.end ? passage.start <= span.start && span.start <= passage.end
                                               : span.start < passage.end && passage.start < span.end;
    if (!inside) continue;
    const auto known = std::find_if(out.begin(), out.end(), [&](const PassagePicture& p) {
      return p.source == picture.source && p.read == picture.read;
    });
    if (known != out.end()) continue;
    out.push_back(describe_picture(document, view, picture.source, picture.read));
  }
  if (passage.picture.empty()) return out;
  const auto is_seen = [&](const PassagePicture& picture) { return picture.source == passage.picture; };
  if (std::none_of(out.begin(), out.end(), is_seen)) {
    out.push_back(describe_picture(document, view, passage.picture, false));
  }
  for (PassagePicture& picture : out) picture.seen = is_seen(picture);
  return out;
}

Json to_json(const std::vector<PassagePicture>& pictures) {
  Json out = Json::array();
  for (const PassagePicture& picture : pictures) {
    out.push_back({{"source", picture.source},
                   {"place", picture.place},
                   {"words", picture.words},
                   {"read_by_ocr", picture.read}});
    if (picture.seen) out.back()["found_by"] = "image";
  }
  return out;
}

std::string to_text(const std::vector<PassagePicture>& pictures) {
  std::string out;
  for (const PassagePicture& picture : pictures) {
    out += "   " +
           (picture.read ? tr("read by OCR in the picture {}", picture.place)
                         : tr("shows the picture {}", picture.place)) +
           (picture.seen ? tr(" (found by what it shows)") : std::string()) + "\n";
  }
  return out;
}

}  // namespace twin::cli
