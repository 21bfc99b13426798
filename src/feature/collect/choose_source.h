// Which source reads a location: what `twin init` and `twin source test` ask.
#pragma once

#include <string>
#include <vector>

#include "feature/sources/source.h"

namespace twin::feature {

struct SourceChoice {
  std::string id;
  Claim claim;
};

/// Every claim on the location, strongest first, then in order of id. Addresses without a scheme are completed first
/// (address_of()).
[[nodiscard]] std::vector<SourceChoice> claims_on(const std::string& location);

/// The registered source with the strongest claim. A location that none takes is ErrorKind::usage that lists the
/// sources: there is no default.
[[nodiscard]] Result<SourceChoice> source_for(const std::string& location);

/// The key of twin.yaml that takes a location: "url" for an address, "path" for what lies on this machine.
[[nodiscard]] std::string location_key(const std::string& location);

}  // namespace twin::feature
