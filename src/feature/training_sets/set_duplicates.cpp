#include "feature/training_sets/set_duplicates.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/i18n.h"
#include "core/result.h"
#include "core/split_mix.h"
#include "core/text/unicode.h"
#include "feature/chunk/sections.h"
#include "feature/dedup/shingles.h"

namespace twin::feature {
namespace {

constexpr std::size_t kWriteBuffer = 1 << 20;

[[noreturn]] void temporary_failed() {
  throw Fatal(ErrorKind::io, tr("Cannot write the file: {}", std::strerror(errno)),
              std::filesystem::temp_directory_path().string(), tr("name a folder with more room in TMPDIR"));
}

std::uint64_t hash_of_text(std::string_view text) {
  std::uint64_t hash = text.size();
  for (const char c : text) hash = hash * 0x9FB21C651E98DF25u + static_cast<unsigned char>(c) + 1;
  return split_mix(hash);
}

}  // namespace

SetDuplicates::SetDuplicates(double threshold) : threshold_(threshold), index_(choose_bands(threshold)) {
  fd_ = ::open(std::filesystem::temp_directory_path().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd_ >= 0) return;
  std::string name = (std::filesystem::temp_directory_path() / "twin-texts-XXXXXX").string();
  fd_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd_ < 0) temporary_failed();
  ::unlink(name.c_str());
}

SetDuplicates::~SetDuplicates() {
  if (fd_ >= 0) ::close(fd_);
}

void SetDuplicates::keep(std::string_view plain) {
  ends_.push_back((ends_.empty() ? 0 : ends_.back()) + plain.size());
  unwritten_ += plain;
  if (unwritten_.size() < kWriteBuffer) return;
  std::string_view rest = unwritten_;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) temporary_failed();
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  unwritten_.clear();
}

std::string SetDuplicates::read(std::uint32_t index) {
  const std::uint64_t start = index == 0 ? 0 : ends_[index - 1];
  std::string out(ends_[index] - start, '\0');
  const std::uint64_t in_file = ends_.back() - unwritten_.size();
  // A text lies in the file or in the buffer, never in both: the buffer is written whole.
  if (start >= in_file) return unwritten_.substr(start - in_file, out.size());
  for (std::size_t done = 0; done < out.size();) {
    const ssize_t got = ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(start + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) temporary_failed();
    done += static_cast<std::size_t>(got);
  }
  return out;
}

std::optional<SetDuplicates::Match> SetDuplicates::add(std::string_view text) {
  const std::string plain = text::fold(collapse_space(text));
  const std::uint64_t hash = hash_of_text(plain);
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto same = first; same != last; ++same) {
    if (read(same->second) == plain) return Match{same->second, 1, true};
  }
  std::vector<std::uint64_t> hashes = shingle_hashes(plain);
  const Signature signature = minhash(hashes);  // repeats do not matter to it
  index_.candidates(signature, least_estimate(threshold_), candidates_);
  std::optional<Match> best;
  if (!candidates_.empty()) make_set(hashes);
  for (const std::uint32_t index : candidates_) {
    const double similarity = jaccard(hashes, shingles(read(index)));
    if (similarity >= threshold_ && (!best || similarity > best->similarity)) best = Match{index, similarity, false};
  }
  if (best) return best;
  by_hash_.emplace(hash, index_.add(signature));
  keep(plain);
  return std::nullopt;
}

}  // namespace twin::feature
