#include "stores/objects/objects.h"

#include <algorithm>
#include <cstdint>
#include <set>

#include "core/file_parts.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/ascii.h"

namespace twin::stores {
namespace {

constexpr std::size_t kHashDigits = 64;
constexpr std::size_t kLargestPacked = 4u << 20u;  // larger ones gain nothing, and are read as one
constexpr const char* kPacksFolder = "packs";

bool is_hash(const std::string& text) {
  return text.size() == kHashDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return text::is_ascii_digit(c) || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

Objects::Objects(FileSystem& files, std::filesystem::path root, Together together)
    : files_(files), root_(std::move(root)), together_(together), packs_(files, root_ / kPacksFolder) {}

Result<std::string> Objects::put(std::string_view bytes) {
  const std::string hash = sha256_hex(bytes);
  // The size is compared so that an object cut short by a failing disk is mended by putting it again.
  const auto stat = files_.stat(own_file(hash));
  if (stat && stat->size == bytes.size()) return hash;
  if (packed(hash, false)) return hash;
  if (auto written = files_.write(own_file(hash), bytes); !written) return tl::unexpected(written.error());
  return hash;
}

Result<void> Objects::put_all(const std::vector<New>& objects) {
  std::vector<FileBytes> alone;
  std::vector<Packs::New> together;
  std::set<std::string_view> named;
  for (const auto& object : objects) {
    if (!named.insert(object.sha256).second || packed(object.sha256, false)) continue;
    const auto file = own_file(object.sha256);
    const auto stat = files_.stat(file);
    if (stat && stat->size == object.bytes.size()) continue;
    // One that was cut short must be mended where it is: it is found first.
    if (together_ == Together::packs && !stat && object.bytes.size() <= kLargestPacked) {
      together.push_back({object.bytes, object.sha256});
    } else {
      alone.push_back({file, object.bytes});
    }
  }
  if (together.size() == 1) {
    alone.push_back({own_file(std::string(together.front().sha256)), together.front().bytes});
  } else if (!together.empty()) {
    if (auto written = packs_.add(together); !written) return written;
  }
  return files_.write_many(alone);
}

Result<std::string> Objects::get(const std::string& sha256) const {
  if (!is_hash(sha256)) return fail(ErrorKind::not_found, tr("Not the name of a stored object: \"{}\"", sha256));
  const std::filesystem::path file = own_file(sha256);
  std::optional<Packs::Place> place;
  if (!files_.exists(file)) {
    place = packed(sha256, true);
    if (!place) {
      return fail(ErrorKind::not_found, tr("The stored object is not there"), file.string(),
                  tr("Run the step that made it again"));
    }
  }
  auto bytes = place ? read_part(files_, place->pack, place->offset, place->size) : files_.read(file, UINT64_MAX);
  if (bytes && sha256_hex(*bytes) != sha256) {
    return fail(ErrorKind::invalid, tr("The stored object is damaged: its bytes do not match its hash"),
                (place ? place->pack : file).string(),
                place ? tr("Bring the file back from a backup; the texts made of it are not touched")
                      : tr("Delete the file and run the step that made it again"));
  }
  return bytes;
}

bool Objects::contains(const std::string& sha256) const {
  return is_hash(sha256) && (files_.exists(own_file(sha256)) || packed(sha256, false));
}

void Objects::each(const std::function<void(std::uint64_t bytes)>& visit) const {
  if (together_ == Together::packs) packs_.each(visit);
  const auto listed = files_.list(root_);
  if (!listed && listed.error().kind == ErrorKind::not_found) return;  // nothing was ever put
  if (!listed) throw Fatal(listed.error());
  for (const auto& file : *listed) {
    if (together_ == Together::packs && file.parent_path().filename() == kPacksFolder) continue;
    if (const auto stat = files_.stat(file)) visit(stat->size);
  }
}

std::filesystem::path Objects::path(const std::string& sha256) const {
  std::filesystem::path file = own_file(sha256);
  if (!is_hash(sha256) || files_.exists(file)) return file;
  auto place = packed(sha256, true);
  return place ? std::move(place->pack) : file;
}

std::filesystem::path Objects::own_file(const std::string& sha256) const {
  if (!is_hash(sha256)) return root_ / "invalid";
  return root_ / sha256.substr(0, 2) / sha256.substr(2);
}

std::optional<Packs::Place> Objects::packed(const std::string& sha256, bool again) const {
  if (together_ != Together::packs || !is_hash(sha256)) return std::nullopt;
  return packs_.find(sha256, again);
}

}  // namespace twin::stores
