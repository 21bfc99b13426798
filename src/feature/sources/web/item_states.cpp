#include "feature/sources/web/item_states.h"

#include "core/hash.h"
#include "core/text/unicode.h"

namespace twin::feature::web {
namespace {

constexpr std::string_view first_line = "items 1";
constexpr std::size_t digest_digits = 16;

std::string short_hash(const std::string& text) {
  return sha256_hex(text).substr(0, digest_digits);
}

}  // namespace

ItemStates::ItemStates(const std::string& cursor) {
  bool first = true;
  for (const auto line : text::split(cursor, '\n')) {
    if (first && line != first_line) return;
    if (!first && line.size() == 2 * digest_digits)
      before_.emplace(line.substr(0, digest_digits), line.substr(digest_digits));
    first = false;
  }
}

bool ItemStates::unchanged(const std::string& url, const std::string& state) {
  if (state.empty()) return false;
  const auto known = before_.find(short_hash(url));
  if (known == before_.end() || known->second != short_hash(state)) return false;
  now_.insert(*known);
  return true;
}

void ItemStates::read(const std::string& url, const std::string& state) {
  if (!state.empty()) now_[short_hash(url)] = short_hash(state);
}

void ItemStates::carry(const std::string& url) {
  if (const auto known = before_.find(short_hash(url)); known != before_.end()) now_.insert(*known);
}

std::string ItemStates::cursor() const {
  std::string out(first_line);
  for (const auto& [url, state] : now_) out += "\n" + url + state;
  return out;
}

}  // namespace twin::feature::web
