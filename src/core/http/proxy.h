// Which proxy the environment names for an address.
#pragma once

#include <string>

#include "core/http/url.h"

namespace twin {

/// http_proxy, https_proxy, HTTPS_PROXY, all_proxy and ALL_PROXY, less what no_proxy or NO_PROXY name (hosts, domains,
/// addresses, networks, "*"), as libcurl reads them. Empty: none. This machine itself is never asked by a proxy.
[[nodiscard]] std::string proxy_of(const WebAddress& address);

/// Value for CURLOPT_NOPROXY: what the environment says, and this machine.
[[nodiscard]] std::string no_proxy_list();

}  // namespace twin
