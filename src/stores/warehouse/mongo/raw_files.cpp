#include "stores/warehouse/mongo/raw_files.h"

#include "core/i18n.h"

namespace twin::stores::mongo {
namespace {

constexpr const char* kRaw = "raw";
constexpr std::size_t kPart = 8u << 20;

std::string id_of(const std::filesystem::path& path, std::int64_t part = 0) {
  return part == 0 ? path.generic_string() : path.generic_string() + "/" + std::to_string(part);
}

}  // namespace

Result<std::string> RawFiles::read(const std::filesystem::path& path, std::uint64_t max_bytes) const {
  const auto head = database_.find_one(kRaw, bson("_id", id_of(path)));
  if (!head) return fail(ErrorKind::not_found, tr("The stored object is not there"), id_of(path));
  const View view(*head);
  const auto size = static_cast<std::uint64_t>(view.integer("size"));
  if (size > max_bytes) {
    return fail(ErrorKind::limit, tr("larger than the limit of {} bytes", max_bytes), id_of(path));
  }
  std::string bytes = view.binary("data");
  for (std::int64_t part = 1; part < view.integer("parts"); ++part) {
    const auto next = database_.find_one(kRaw, bson("_id", id_of(path, part)));
    if (next) bytes += View(*next).binary("data");
  }
  if (bytes.size() != size) {
    return fail(ErrorKind::invalid, tr("The stored object is damaged: its bytes do not match its hash"), id_of(path));
  }
  return bytes;
}

Result<void> RawFiles::write(const std::filesystem::path& path, std::string_view bytes) {
  const std::size_t parts = bytes.empty() ? 1 : (bytes.size() + kPart - 1) / kPart;
  for (std::size_t i = parts; i-- > 0;) {
    const std::string id = id_of(path, static_cast<std::int64_t>(i));
    Bson row = bson("_id", id, "data", Binary{bytes.substr(i * kPart, kPart)});
    if (i == 0) {
      row.add("size", static_cast<std::int64_t>(bytes.size()));
      row.add("parts", static_cast<std::int64_t>(parts));
    }
    // Two that write the same at once: one of them meets the other's row, which is as good.
    database_.replace(kRaw, bson("_id", id), row, /*upsert=*/true);
  }
  return {};
}

Result<FileStat> RawFiles::stat(const std::filesystem::path& path) const {
  const auto head = database_.find_one(kRaw, bson("_id", id_of(path)), bson("projection", bson("size", 1, "parts", 1)));
  if (!head) return fail(ErrorKind::not_found, tr("The stored object is not there"), id_of(path));
  return FileStat{
      .size = static_cast<std::uint64_t>(View(*head).integer("size")), .modified_ns = 0, .directory = false};
}

Result<std::vector<std::filesystem::path>> RawFiles::list(const std::filesystem::path& folder,
                                                          std::vector<Error>* /*skipped*/) const {
  std::vector<std::filesystem::path> found;
  const std::string below = folder.generic_string() + "/";
  database_.each(kRaw, bson("parts", bson("$gt", 0)), bson("_id", 1), {}, [&](View row) {
    if (std::string id = row.text("_id"); id.starts_with(below)) found.emplace_back(std::move(id));
    return true;
  });
  return found;
}

Result<void> RawFiles::remove(const std::filesystem::path& path) {
  const auto head = database_.find_one(kRaw, bson("_id", id_of(path)), bson("projection", bson("parts", 1)));
  if (!head) return fail(ErrorKind::not_found, tr("The stored object is not there"), id_of(path));
  const std::int64_t parts = View(*head).integer("parts");
  for (std::int64_t part = 0; part < parts; ++part) database_.remove(kRaw, bson("_id", id_of(path, part)));
  return {};
}

}  // namespace twin::stores::mongo
