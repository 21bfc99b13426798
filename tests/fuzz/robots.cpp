// robots.txt of any site; the first line is the address that is asked for.
#include "feature/collect/robots.h"

#include <algorithm>

#include "fuzz.h"

using namespace twin;

TWIN_FUZZ(robots, bytes) {
  const std::size_t line = std::min(bytes.find('\n'), bytes.size());
  const std::string_view target = bytes.substr(0, line);
  const std::string_view text = bytes.substr(std::min(line + 1, bytes.size()));
  const auto robots = feature::Robots::parse(text, "Twin");
  (void)robots.allows(target);
  fuzz::require(robots.allows("/robots.txt"), "robots.txt itself is free");
  fuzz::require(robots.crawl_delay().value_or(0) >= 0, "no delay is negative");
  // A rule for us alone wins over all that stands before it.
  const auto closed =
      feature::Robots::parse(std::string(text.substr(0, 100'000)) + "\nUser-agent: Twin\nDisallow: /fuzzed\n", "Twin");
  if (text.find("llow") == std::string_view::npos) fuzz::require(!closed.allows("/fuzzed"), "a rule of our own holds");
}
