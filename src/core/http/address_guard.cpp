#include "core/http/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

#include "core/i18n.h"
#include "core/text/ascii.h"

namespace twin {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

constexpr std::array<std::uint8_t, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/// Whether the first `bits` bits of two addresses are the same.
bool same_network(const Bytes& a, const Bytes& b, int bits) {
  for (std::size_t i = 0; bits > 0; ++i, bits -= 8) {
    const int shift = bits >= 8 ? 0 : 8 - bits;
    if ((a[i] >> shift) != (b[i] >> shift)) return false;
  }
  return true;
}

struct Block {
  std::array<std::uint8_t, 4> address;
  int bits;
  std::string_view name;
};

/// IANA IPv4 special-purpose address registry, and what clouds keep for themselves; the more special ones first.
constexpr std::array<Block, 19> blocks_v4 = {{
    {{169, 254, 169, 254}, 32, "cloud metadata"},
    {{169, 254, 170, 2}, 32, "cloud metadata"},
    {{100, 100, 100, 200}, 32, "cloud metadata"},
    {{168, 63, 129, 16}, 32, "cloud metadata"},
    {{192, 0, 0, 192}, 32, "cloud metadata"},
    {{0, 0, 0, 0}, 8, "this network"},
    {{10, 0, 0, 0}, 8, "private"},
    {{100, 64, 0, 0}, 10, "shared by a provider's customers"},
    {{127, 0, 0, 0}, 8, "loopback"},
    {{169, 254, 0, 0}, 16, "link-local"},
    {{172, 16, 0, 0}, 12, "private"},
    {{192, 0, 0, 0}, 24, "reserved"},
    {{192, 0, 2, 0}, 24, "documentation"},
    {{192, 88, 99, 0}, 24, "reserved"},
    {{192, 168, 0, 0}, 16, "private"},
    {{198, 18, 0, 0}, 15, "benchmarking"},
    {{198, 51, 100, 0}, 24, "documentation"},
    {{203, 0, 113, 0}, 24, "documentation"},
    {{224, 0, 0, 0}, 3, "multicast or reserved"},
}};

Bytes mapped(const std::uint8_t* v4) {
  Bytes out{};
  std::copy(mapped_prefix.begin(), mapped_prefix.end(), out.begin());
  std::copy(v4, v4 + 4, out.begin() + 12);
  return out;
}

std::string_view special_v4(const std::uint8_t* v4) {
  const Bytes address = mapped(v4);
  for (const Block& block : blocks_v4) {
    if (same_network(address, mapped(block.address.data()), 96 + block.bits)) return block.name;
  }
  return {};
}

bool in(const Bytes& address, const char* network, int bits) {
  Bytes other{};
  return inet_pton(AF_INET6, network, other.data()) == 1 && same_network(address, other, bits);
}

std::string_view special_v6(const Bytes& a) {
  if (in(a, "::1", 128)) return "loopback";
  if (in(a, "::", 128)) return "this network";
  if (in(a, "fd00:ec2::254", 128) || in(a, "fd20:ce::254", 128)) return "cloud metadata";
  if (in(a, "fe80::", 10)) return "link-local";
  if (in(a, "fc00::", 7) || in(a, "fec0::", 10)) return "private";
  if (in(a, "ff00::", 8)) return "multicast or reserved";
  if (in(a, "64:ff9b::", 96)) return special_v4(&a[12]);  // NAT64 (RFC 6052): goes to the IPv4 address
  if (!in(a, "2000::", 3)) return "reserved";             // all that is public so far is in 2000::/3
  if (in(a, "2001:db8::", 32) || in(a, "3fff::", 20)) return "documentation";
  if (in(a, "2001::", 23)) return "reserved";         // Teredo, ORCHID, benchmarking
  if (in(a, "2002::", 16)) return special_v4(&a[2]);  // 6to4 (RFC 3056)
  // ISATAP (RFC 5214): 0000:5efe or 0200:5efe, then the IPv4 address
  if ((a[8] & 0xfd) == 0 && a[9] == 0 && a[10] == 0x5e && a[11] == 0xfe) return special_v4(&a[12]);
  return {};
}

/// Lower case, without the dot that ends a fully qualified name.
std::string plain_name(std::string_view host) {
  std::string name = text::ascii_lower(host);
  while (!name.empty() && name.back() == '.') name.pop_back();
  return name;
}

bool is_name(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.find("..") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return text::is_ascii_lower(c) || text::is_ascii_digit(c) || c == '-' || c == '.' || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

/// Names that are looked up in this machine's own network.
bool is_local_name(std::string_view name) {
  for (const std::string_view end :
       {".localhost", ".local", ".internal", ".lan", ".home.arpa", ".intranet", ".corp", ".home", ".localdomain"}) {
    if (name.ends_with(end) || name == end.substr(1)) return true;
  }
  return name.find('.') == std::string_view::npos;
}

}  // namespace

bool IpAddress::v4() const {
  return std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin());
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (v4()) {
    inet_ntop(AF_INET, &bytes[12], out.data(), out.size());
  } else {
    inet_ntop(AF_INET6, bytes.data(), out.data(), out.size());
  }
  return out.data();
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  const std::string plain(text.substr(0, text.find('%')));
  IpAddress address;
  std::array<std::uint8_t, 4> v4{};
  if (inet_pton(AF_INET, plain.c_str(), v4.data()) == 1) {
    address.bytes = mapped(v4.data());
    return address;
  }
  if (inet_pton(AF_INET6, plain.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::of(const sockaddr* address) {
  IpAddress out;
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    out.bytes = mapped(reinterpret_cast<const std::uint8_t*>(&v4->sin_addr));
    return out;
  }
  if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&v6->sin6_addr);
    std::copy(bytes, bytes + 16, out.bytes.begin());
    return out;
  }
  return std::nullopt;
}

std::string_view special_block(const IpAddress& address) {
  return address.v4() ? special_v4(&address.bytes[12]) : special_v6(address.bytes);
}

Result<AddressGuard> AddressGuard::make(const std::vector<std::string>& allow) {
  AddressGuard guard;
  for (const std::string& entry : allow) {
    const auto wrong = [&] {
      return fail(ErrorKind::usage, tr("\"{}\" is no host name, address or network", entry), "allow_hosts",
                  tr("write wiki.example.org, *.example.org, 192.168.1.10 or 10.0.0.0/8, without port or scheme"));
    };
    const std::size_t slash = entry.find('/');
    if (const auto address = IpAddress::parse(entry.substr(0, slash))) {
      const int most = address->v4() ? 32 : 128;
      int bits = most;
      if (slash != std::string::npos) {
        const auto [end, error] = std::from_chars(entry.data() + slash + 1, entry.data() + entry.size(), bits);
        if (error != std::errc() || end != entry.data() + entry.size() || bits < 0 || bits > most) return wrong();
      }
      guard.networks_.push_back({*address, bits + 128 - most});
      continue;
    }
    std::string name = plain_name(entry);
    const bool below = name.starts_with("*.");
    if (!is_name(below ? std::string_view(name).substr(2) : std::string_view(name))) return wrong();
    guard.names_.push_back(below ? name.substr(1) : name);
  }
  return guard;
}

bool AddressGuard::names(const IpAddress& address) const {
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    return same_network(address.bytes, network.address.bytes, network.bits);
  });
}

bool AddressGuard::allowed(std::string_view host) const {
  const std::string name = plain_name(host);
  return std::any_of(names_.begin(), names_.end(), [&](const std::string& known) {
    return known.front() == '.' ? name.size() > known.size() && name.ends_with(known) : name == known;
  });
}

std::optional<std::string> AddressGuard::refusal(const IpAddress& address, std::string_view host) const {
  const std::string_view block = special_block(address);
  if (block.empty() || names(address) || allowed(host)) return std::nullopt;
  return tr("{} is at {}, which is not on the public internet ({})", host, address.text(), block);
}

std::optional<std::string> AddressGuard::refusal(std::string_view host) const {
  if (const auto address = IpAddress::parse(host)) return refusal(*address, host);
  if (allowed(host) || !is_local_name(plain_name(host))) return std::nullopt;
  return tr("{} is a name of this machine or its network", host);
}

}  // namespace twin
