#include "stores/objects/objects.h"

#include <algorithm>
#include <cstdint>
#include <set>

#include "core/hash.h"
#include "core/i18n.h"

namespace twin::stores {
namespace {

constexpr std::size_t kHashDigits = 64;

bool is_hash(const std::string& text) {
  return text.size() == kHashDigits &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

Objects::Objects(FileSystem& files, std::filesystem::path root) : files_(files), root_(std::move(root)) {}

Result<std::string> Objects::put(std::string_view bytes) {
  const std::string hash = sha256_hex(bytes);
  // The size is compared so that an object cut short by a failing disk is mended by putting it again.
  const auto stat = files_.stat(path(hash));
  if (stat && stat->size == bytes.size()) return hash;
  if (auto written = files_.write(path(hash), bytes); !written) return tl::unexpected(written.error());
  return hash;
}

Result<void> Objects::put_all(const std::vector<New>& objects) {
  std::vector<FileBytes> missing;
  std::set<std::string_view> named;
  for (const auto& object : objects) {
    if (!named.insert(object.sha256).second) continue;
    const auto file = path(object.sha256);
    const auto stat = files_.stat(file);
    if (!stat || stat->size != object.bytes.size()) missing.push_back({file, object.bytes});
  }
  return files_.write_many(missing);
}

Result<std::string> Objects::get(const std::string& sha256) const {
  if (!is_hash(sha256)) return fail(ErrorKind::not_found, tr("Not the name of a stored object: \"{}\"", sha256));
  if (!contains(sha256)) {
    return fail(ErrorKind::not_found, tr("The stored object is not there"), path(sha256).string(),
                tr("Run the step that made it again"));
  }
  auto bytes = files_.read(path(sha256), UINT64_MAX);
  if (bytes && sha256_hex(*bytes) != sha256) {
    return fail(ErrorKind::invalid, tr("The stored object is damaged: its bytes do not match its hash"),
                path(sha256).string(), tr("Delete the file and run the step that made it again"));
  }
  return bytes;
}

bool Objects::contains(const std::string& sha256) const {
  return is_hash(sha256) && files_.exists(path(sha256));
}

void Objects::each(const std::function<void(std::uint64_t bytes)>& visit) const {
  const auto listed = files_.list(root_);
  if (!listed && listed.error().kind == ErrorKind::not_found) return;  // nothing was ever put
  if (!listed) throw Fatal(listed.error());
  for (const auto& file : *listed) {
    if (const auto stat = files_.stat(file)) visit(stat->size);
  }
}

std::filesystem::path Objects::path(const std::string& sha256) const {
  if (!is_hash(sha256)) return root_ / "invalid";
  return root_ / sha256.substr(0, 2) / sha256.substr(2);
}

}  // namespace twin::stores
