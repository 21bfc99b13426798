#include "core/http/proxy.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "core/http/address_guard.h"

namespace twin {
namespace {

std::string environment(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

/// One entry of no_proxy: "*", a name (and all below it), an address or a network.
bool covers(std::string entry, const std::string& host) {
  while (!entry.empty() && (entry.back() == ' ' || entry.back() == '.')) entry.pop_back();
  entry.erase(0, entry.find_first_not_of(" ."));
  if (entry.empty()) return false;
  if (entry == "*") return true;
  if (const auto address = IpAddress::parse(host)) {
    const auto network = AddressGuard::make({entry});
    return IpAddress::parse(entry.substr(0, entry.find('/'))) && network && network->names(*address);
  }
  if (entry.starts_with("*.")) entry.erase(0, 2);
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  if (entry.size() > host.size()) return false;
  const std::string_view end = std::string_view(host).substr(host.size() - entry.size());
  for (std::size_t i = 0; i < entry.size(); ++i) {
    if (!same(entry[i], end[i])) return false;
  }
  return entry.size() == host.size() || host[host.size() - entry.size() - 1] == '.';
}

}  // namespace

std::string no_proxy_list() {
  std::string list = "localhost,127.0.0.1,::1";
  const std::string given = environment({"no_proxy", "NO_PROXY"});
  if (given.empty()) return list;
  return given == "*" ? "*" : list + "," + given;
}

std::string proxy_of(const WebAddress& address) {
  // HTTP_PROXY in capitals is not read: a CGI request could set it ("httpoxy").
  std::string proxy =
      address.scheme == "http" ? environment({"http_proxy"}) : environment({"https_proxy", "HTTPS_PROXY"});
  if (proxy.empty()) proxy = environment({"all_proxy", "ALL_PROXY"});
  if (proxy.empty()) return {};
  const std::string list = no_proxy_list();
  for (std::size_t start = 0; start <= list.size();) {
    const std::size_t end = std::min(list.find_first_of(", ", start), list.size());
    if (covers(list.substr(start, end - start), address.host)) return {};
    start = end + 1;
  }
  return proxy;
}

}  // namespace twin
