// Which network addresses may be connected to: none of this machine, its network or its cloud, unless allowed by name.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

struct sockaddr;

namespace twin {

/// An IPv4 or IPv6 address; IPv4 as its IPv4-mapped IPv6 form (RFC 4291, 2.5.5.2).
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  [[nodiscard]] bool v4() const;
  [[nodiscard]] std::string text() const;
  /// "192.0.2.1", "2001:db8::1", "[::1]", "fe80::1%eth0"; nullopt for anything else.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
  /// Of an AF_INET or AF_INET6 socket address; nullopt for other families.
  [[nodiscard]] static std::optional<IpAddress> of(const sockaddr* address);
};

/// The name of the special-purpose block that an address lies in ("loopback", "private", "link-local", "cloud metadata"
/// …), by the IANA registries (RFC 6890); empty for a public address. Addresses that carry an IPv4 address (mapped,
/// NAT64, 6to4) are judged by it, too.
[[nodiscard]] std::string_view special_block(const IpAddress& address);

/// Thread-safe, immutable.
class AddressGuard {
 public:
  /// `allow`: names ("wiki.example.org", "*.example.org" for all below), addresses ("127.0.0.1") and networks
  /// ("10.0.0.0/8"). An entry that is none of these is ErrorKind::usage.
  [[nodiscard]] static Result<AddressGuard> make(const std::vector<std::string>& allow);

  /// Why this address must not be connected to for this host; nullopt: it may be.
  [[nodiscard]] std::optional<std::string> refusal(const IpAddress& address, std::string_view host) const;
  /// The same before any look-up, for what is asked of a proxy: refuses literal addresses and names of this machine or
  /// network ("localhost", "printer.local").
  [[nodiscard]] std::optional<std::string> refusal(std::string_view host) const;

  /// Whether an address or network of the list covers the address.
  [[nodiscard]] bool names(const IpAddress& address) const;

 private:
  struct Network {
    IpAddress address;
    int bits = 128;
  };
  [[nodiscard]] bool allowed(std::string_view host) const;

  std::vector<std::string> names_;  ///< lower case; ".example.org" for all below
  std::vector<Network> networks_;
};

}  // namespace twin
