#include "stores/index/cache/section_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "core/i18n.h"

namespace twin::stores {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are written as the machine has them");

constexpr std::size_t kSectionAlignment = 64;
constexpr std::uint64_t kMagic = 0x31584449'4E495754;  // "TWINIDX1"

struct Header {
  std::uint64_t magic = kMagic;
  std::uint64_t size = 0;      // of the file
  std::uint64_t checksum = 0;  // of all after the header
  std::uint64_t sections = 0;
  std::array<char, 16> kind{};
};

struct Place {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

constexpr std::size_t aligned(std::size_t size) {
  return (size + kSectionAlignment - 1) / kSectionAlignment * kSectionAlignment;
}

template <std::size_t N>
std::array<char, N> padded(std::string_view text) {
  std::array<char, N> out{};
  std::copy_n(text.begin(), std::min(text.size(), N), out.begin());
  return out;
}

Header header_of(std::span<const std::byte> bytes) {
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  return header;
}

Place place_of(std::span<const std::byte> bytes, std::size_t number) {
  Place place;
  std::memcpy(&place, bytes.data() + sizeof(Header) + number * sizeof place, sizeof place);
  return place;
}

bool whole(std::span<const std::byte> bytes, std::string_view kind, std::uint64_t checksum) {
  if (bytes.size() < sizeof(Header)) return false;
  const Header header = header_of(bytes);
  if (header.magic != kMagic || header.size != bytes.size() || header.kind != padded<16>(kind)) return false;
  if (header.checksum != checksum) return false;
  if (header.sections > (bytes.size() - sizeof(Header)) / sizeof(Place)) return false;
  for (std::size_t i = 0; i < header.sections; ++i) {
    const Place place = place_of(bytes, i);
    if (place.offset > bytes.size() || place.size > bytes.size() - place.offset) return false;
  }
  return checksum == damage_hash(bytes.subspan(sizeof(Header)));
}

}  // namespace

Result<std::shared_ptr<const Sections>> Sections::map(const std::filesystem::path& file, std::string_view kind,
                                                      std::uint64_t checksum) {
  const auto failed = [&](ErrorKind error) {
    return fail(error, std::system_category().message(errno), file.string());
  };
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed(errno == ENOENT ? ErrorKind::not_found : ErrorKind::io);
  struct stat info {};
  if (::fstat(fd, &info) != 0) {
    auto error = failed(ErrorKind::io);
    ::close(fd);
    return error;
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  void* address = size > 0 ? ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
  ::close(fd);
  if (address == MAP_FAILED) return fail(ErrorKind::invalid, tr("The file cannot be mapped"), file.string());
  const std::shared_ptr<Sections> sections(new Sections);
  sections->bytes_ = {static_cast<const std::byte*>(address), size};
  sections->mapped_ = true;
  if (!whole(sections->bytes_, kind, checksum)) {
    return fail(ErrorKind::invalid, tr("The file is damaged, or was made from something else"), file.string());
  }
  return std::shared_ptr<const Sections>(sections);
}

Sections::Sections(std::vector<std::byte> bytes) : owned_(std::move(bytes)), bytes_(owned_) {}

Sections::~Sections() {
  if (mapped_) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

std::uint64_t Sections::checksum() const {
  return header_of(bytes_).checksum;
}

std::size_t Sections::count() const {
  return header_of(bytes_).sections;
}

std::span<const std::byte> Sections::section(std::size_t number, std::size_t item) const {
  const Place place = number < count() ? place_of(bytes_, number) : Place{};
  if (number >= count() || place.size % item != 0) {
    throw Fatal(ErrorKind::internal, "a section of the index's cache has another size than it should");
  }
  return bytes_.subspan(place.offset, place.size);
}

SectionWriter::SectionWriter(std::string_view kind, const std::vector<std::size_t>& section_bytes) {
  std::size_t end = aligned(sizeof(Header) + section_bytes.size() * sizeof(Place));
  std::vector<Place> places;
  for (const std::size_t size : section_bytes) {
    places.push_back({end, size});
    end = aligned(end + size);
  }
  bytes_.resize(end);
  const Header header{.size = end, .sections = section_bytes.size(), .kind = padded<16>(kind)};
  std::memcpy(bytes_.data(), &header, sizeof header);
  if (!places.empty()) std::memcpy(bytes_.data() + sizeof header, places.data(), places.size() * sizeof(Place));
}

std::span<std::byte> SectionWriter::section(std::size_t number) {
  const Place place = place_of(bytes_, number);
  return std::span(bytes_).subspan(place.offset, place.size);
}

std::vector<std::byte> SectionWriter::finish() {
  Header header = header_of(bytes_);
  header.checksum = damage_hash(std::span<const std::byte>(bytes_).subspan(sizeof header));
  std::memcpy(bytes_.data(), &header, sizeof header);
  return std::move(bytes_);
}

// Four multiply-and-rotate lanes, so that the multiplications of one do not wait for those of another.
std::uint64_t damage_hash(std::span<const std::byte> bytes) {
  constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15, kOther = 0xC2B2AE3D27D4EB4F;
  std::array<std::uint64_t, 4> lanes{1, 2, 3, 4};
  const auto mix = [&](std::uint64_t& lane, std::uint64_t word) {
    lane = std::rotl(lane ^ (word * kOther), 29) * kFactor;
  };
  std::size_t at = 0;
  for (; at + 32 <= bytes.size(); at += 32) {
    std::array<std::uint64_t, 4> words;
    std::memcpy(words.data(), bytes.data() + at, sizeof words);
    for (std::size_t i = 0; i < 4; ++i) mix(lanes[i], words[i]);
  }
  for (std::size_t lane = 0; at < bytes.size(); at += 8, ++lane) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, std::min<std::size_t>(8, bytes.size() - at));
    mix(lanes[lane % 4], word);
  }
  std::uint64_t hash = bytes.size();
  for (const std::uint64_t lane : lanes) mix(hash, lane);
  return hash ^ (hash >> 32);
}

}  // namespace twin::stores
