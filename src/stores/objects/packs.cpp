#include "stores/objects/packs.h"

#include <algorithm>
#include <cstring>

#include "core/file_parts.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/log.h"

namespace twin::stores {
namespace {

constexpr std::string_view magic = "TWINPACK", suffix = ".pack";
constexpr std::size_t number_bytes = 8, entry_bytes = 32 + 2 * number_bytes, end_bytes = number_bytes + magic.size();
constexpr std::size_t name_digits = 32;

void put_number(std::string& out, std::uint64_t number) {
  for (std::size_t i = 0; i < number_bytes; ++i) out += static_cast<char>(number >> (8 * i) & 0xFFu);
}

std::uint64_t number_at(std::string_view bytes, std::size_t at) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < number_bytes; ++i) {
    number |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return number;
}

unsigned digit(char c) {
  return static_cast<unsigned>(c >= 'a' ? c - 'a' + 10 : c - '0');
}

}  // namespace

std::size_t Packs::KeyHash::operator()(const Key& key) const noexcept {
  std::size_t hash = 0;
  std::memcpy(&hash, key.data(), sizeof hash);
  return hash;
}

Packs::Key Packs::key_of(std::string_view sha256) {
  Key key{};
  for (std::size_t i = 0; i < key.size(); ++i) {
    key[i] = static_cast<unsigned char>(digit(sha256[2 * i]) << 4u | digit(sha256[2 * i + 1]));
  }
  return key;
}

std::optional<Packs::Place> Packs::find(const std::string& sha256, bool again) {
  const Key key = key_of(sha256);
  const std::scoped_lock lock(mutex_);
  const bool first = !looked_;
  if (first) look();
  auto found = objects_.find(key);
  if (found == objects_.end() && again && !first) {
    look();
    found = objects_.find(key);
  }
  if (found == objects_.end()) return std::nullopt;
  return Place{packs_[found->second.pack], found->second.offset, found->second.size};
}

Result<void> Packs::add(const std::vector<New>& objects) {
  std::vector<const New*> sorted;
  sorted.reserve(objects.size());
  for (const New& object : objects) sorted.push_back(&object);
  const auto same = [](const New* a, const New* b) { return a->sha256 == b->sha256; };
  std::sort(sorted.begin(), sorted.end(), [](const New* a, const New* b) { return a->sha256 < b->sha256; });
  sorted.erase(std::unique(sorted.begin(), sorted.end(), same), sorted.end());
  std::vector<std::string_view> parts;
  std::string end;
  std::uint64_t offset = 0;
  for (const New* object : sorted) {
    parts.push_back(object->bytes);
    const Key key = key_of(object->sha256);
    end.append(reinterpret_cast<const char*>(key.data()), key.size());
    put_number(end, offset);
    put_number(end, object->bytes.size());
    offset += object->bytes.size();
  }
  put_number(end, sorted.size());
  end += magic;
  parts.push_back(end);
  const std::filesystem::path pack = folder_ / sha256_hex(end).substr(0, name_digits).append(suffix);
  if (auto written = write_joined(files_, pack, parts); !written) return written;
  const std::scoped_lock lock(mutex_);
  numbers_.erase(pack.filename().string());  // it may have been there, cut short
  read_index(pack);
  return {};
}

void Packs::each(const std::function<void(std::uint64_t bytes)>& visit) {
  const std::scoped_lock lock(mutex_);
  look();
  for (const auto& [key, where] : objects_) visit(where.size);
}

void Packs::look() {
  looked_ = true;
  const auto listed = files_.list(folder_);
  if (!listed) {
    if (listed.error().kind != ErrorKind::not_found) throw Fatal(listed.error());
    return;  // nothing was ever put
  }
  for (const auto& file : *listed) {
    if (file.extension() == suffix) read_index(file);
  }
}

void Packs::read_index(const std::filesystem::path& pack) {
  const auto [known, fresh] = numbers_.try_emplace(pack.filename().string(), static_cast<std::uint32_t>(packs_.size()));
  if (!fresh) return;
  packs_.push_back(pack);
  const auto stat = files_.stat(pack);
  const std::uint64_t size = stat ? stat->size : 0;
  std::uint64_t count = 0;
  std::string index;
  if (size >= end_bytes) {
    const auto end = read_part(files_, pack, size - end_bytes, end_bytes);
    if (end && end->size() == end_bytes && end->ends_with(magic)) count = number_at(*end, 0);
  }
  const bool fits = count > 0 && count <= (size - end_bytes) / entry_bytes;
  const std::uint64_t data = fits ? size - end_bytes - count * entry_bytes : 0;
  if (fits) index = read_part(files_, pack, data, count * entry_bytes).value_or("");
  if (!fits || index.size() != count * entry_bytes) {
    log::warn("{}", tr("This file is damaged or incomplete; what it held counts as lost: {}", pack.string()));
    return;
  }
  for (std::size_t at = 0; at < index.size(); at += entry_bytes) {
    Key key{};
    std::memcpy(key.data(), index.data() + at, key.size());
    const Where where{known->second, number_at(index, at + key.size()),
                      number_at(index, at + key.size() + number_bytes)};
    if (where.size <= data && where.offset <= data - where.size) objects_.insert_or_assign(key, where);
  }
}

}  // namespace twin::stores
