#include "models/registry/charsmap.h"

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

using namespace twin::models;

namespace {

/// The longest key that the text begins with: its length and replacement, as the format is read.
std::pair<std::size_t, std::string> look_up(const std::string& map, const std::string& text) {
  std::uint32_t bytes = 0;
  std::memcpy(&bytes, map.data(), sizeof bytes);
  std::vector<std::uint32_t> units(bytes / sizeof(std::uint32_t));
  std::memcpy(units.data(), map.data() + sizeof bytes, bytes);
  const char* pool = map.data() + sizeof bytes + bytes;
  const auto base = [&](std::size_t i) {
    return static_cast<std::size_t>(units.at(i) >> 10u) << ((units.at(i) & (1u << 9u)) >> 6u);
  };
  std::pair<std::size_t, std::string> best{0, ""};
  std::size_t at = base(0);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    at ^= c;
    if ((units.at(at) & ((1u << 31u) | 0xFFu)) != c) break;
    const bool leaf = (units.at(at) >> 8u & 1u) != 0;
    at ^= base(at);
    if (leaf) best = {i + 1, pool + (units.at(at) & ~(1u << 31u))};
  }
  return best;
}

}  // namespace

TEST_CASE("charsmap: every key is found with its replacement, the longest first, and nothing else") {
  std::map<std::string, std::string> map = {{"…", "..."}, {"㎡", "m2"}, {"\x01", ""}, {"a", "A"}, {"ab", "[ab]"}};
  for (char32_t c = 0xFF01; c < 0xFF5F; ++c) {  // full-width forms
    std::string key = {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3F)),
                       static_cast<char>(0x80 | (c & 0x3F))};
    map[key] = std::string(1, static_cast<char>(c - 0xFF00 + 0x20));
  }
  const std::string table = make_charsmap(map);
  for (const auto& [from, to] : map) {
    const auto found = look_up(table, from == "a" ? from : from + "xyz");
    CHECK(found.first == from.size());
    CHECK(found.second == to);
  }
  for (const char* other : {"b", "가", "…"}) {
    CHECK(look_up(table, std::string(other).substr(0, 2)).first == 0);
  }
  CHECK(look_up(table, "aX") == std::pair<std::size_t, std::string>{1, "A"});
  CHECK(look_up(make_charsmap({}), "a").first == 0);
}
