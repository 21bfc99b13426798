#include "feature/collect/beside.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/i18n.h"

namespace twin::feature {
namespace {

namespace fs = std::filesystem;

/// Roots of links from "/": the folder itself, and those of Hugo and of what is built with JavaScript.
constexpr std::array<std::string_view, 3> site_roots = {"", "static", "public"};

/// A path below the root, or nothing where it leaves it.
std::optional<std::string> below_root(const fs::path& path) {
  const std::string out = path.lexically_normal().generic_string();
  if (out.empty() || out == "." || out == ".." || out.starts_with("../") || out.starts_with('/')) return std::nullopt;
  return out;
}

bool lies_in(const fs::path& file, const fs::path& root) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(file, error);
  if (error) return false;
  const fs::path real_root = fs::weakly_canonical(root, error);
  if (error) return false;
  return below_root(real.lexically_relative(real_root)).has_value();
}

Result<std::string> read_beside(const FileSystem& files, const fs::path& root, const std::string& document,
                                const std::string& link, std::uint64_t max_bytes) {
  for (const std::string& place : places_beside(document, link)) {
    const fs::path file = root / place;
    const auto stat = files.stat(file);
    if (stat && !stat->directory && lies_in(file, root)) return files.read(file, max_bytes);
  }
  return fail(ErrorKind::not_found, tr("it is not there"));
}

}  // namespace

std::vector<std::string> places_beside(const std::string& document, const std::string& link) {
  std::vector<std::string> out;
  const auto add = [&out](const fs::path& path) {
    auto place = below_root(path);
    if (place && std::find(out.begin(), out.end(), *place) == out.end()) out.push_back(std::move(*place));
  };
  const bool from_root = link.starts_with('/');
  const std::string relative = link.substr(std::min(link.find_first_not_of('/'), link.size()));
  if (relative.empty() || relative.find('\0') != std::string::npos) return out;
  if (!from_root) add(fs::path(document).parent_path() / relative);
  for (const std::string_view root : site_roots) {
    if (from_root || root.empty()) add(fs::path(root) / relative);
  }
  return out;
}

FilesBeside files_beside(const FileSystem& files, fs::path root, std::string document) {
  return [&files, root = std::move(root), document = std::move(document)](
             const std::vector<std::string>& links, std::uint64_t max_bytes, const FileVisit& visit) {
    for (const std::string& link : links) visit(link, read_beside(files, root, document, link, max_bytes));
  };
}

}  // namespace twin::feature
