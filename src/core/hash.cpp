#include "core/hash.h"

#include <openssl/evp.h>
#include <sys/random.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/i18n.h"

namespace twin {

namespace {

constexpr std::size_t kDigestBytes = 32;
constexpr std::size_t kIdDigits = 24;
constexpr std::size_t kHashBytes = 1 << 16;

std::string to_hex(const unsigned char* bytes, std::size_t size) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text(size * 2, '0');
  for (std::size_t i = 0; i < size; ++i) {
    text[2 * i] = digits[bytes[i] >> 4];
    text[2 * i + 1] = digits[bytes[i] & 15];
  }
  return text;
}

void require(int ok) {
  if (ok != 1) throw Fatal(ErrorKind::internal, "SHA-256 of the crypto library failed");
}

}  // namespace

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  require(state_->context ? 1 : 0);
  require(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr));
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::update(std::string_view bytes) {
  require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
  return *this;
}

Sha256& Sha256::field(std::string_view bytes) {
  unsigned char length[8];  // little-endian, so that ids are the same on every machine
  for (int i = 0; i < 8; ++i) length[i] = static_cast<unsigned char>(std::uint64_t{bytes.size()} >> (8 * i));
  require(EVP_DigestUpdate(state_->context.get(), length, sizeof length));
  return update(bytes);
}

std::string Sha256::hex() {
  unsigned char digest[kDigestBytes];
  unsigned int size = 0;
  require(EVP_DigestFinal_ex(state_->context.get(), digest, &size));
  return to_hex(digest, size);
}

std::string sha256_hex(std::string_view bytes) {
  return Sha256().update(bytes).hex();
}

Result<std::string> sha256_file(const std::filesystem::path& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (!file) return fail(ErrorKind::io, tr("cannot read: {}", std::strerror(errno)), path.string());
  Sha256 hash;
  std::string block(kHashBytes, '\0');
  std::size_t got = 0;
  while ((got = std::fread(block.data(), 1, block.size(), file.get())) > 0) hash.update({block.data(), got});
  if (std::ferror(file.get()) != 0) {
    return fail(ErrorKind::io, tr("cannot read: {}", std::strerror(errno)), path.string());
  }
  return hash.hex();
}

std::string stable_id(std::string_view prefix, std::initializer_list<std::string_view> parts) {
  Sha256 hash;
  for (const std::string_view part : parts) hash.field(part);
  return std::string(prefix) + "_" + hash.hex().substr(0, kIdDigits);
}

std::string random_id(std::string_view prefix) {
  unsigned char bytes[kIdDigits / 2];
  if (getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) {
    throw Fatal(ErrorKind::internal, "no random numbers from the kernel");
  }
  return std::string(prefix) + "_" + to_hex(bytes, sizeof bytes);
}

}  // namespace twin
