#include "feature/collect/sweep.h"

#include <doctest/doctest.h>

using namespace twin;
using namespace twin::feature;

namespace {

std::vector<stores::Origin> origins(int count, const std::string& prefix) {
  std::vector<stores::Origin> out;
  for (int i = 0; i < count; ++i) {
    stores::Origin origin;
    origin.url = origin.shown = prefix + std::to_string(i);
    out.push_back(origin);
  }
  return out;
}

auto not_below(const std::string& url) {
  return [url](const stores::Origin& origin) { return origin.url >= url; };
}

}  // namespace

TEST_CASE("sweep: on the web it takes more than one reading, on this machine one") {
  const std::string feed = "https://example.org/feed";
  auto found = sweep(feed, origins(4, "https://example.org/"), not_below("https://example.org/1"), {});
  CHECK(found.gone.empty());
  REQUIRE(found.missing.size() == 1);
  CHECK(found.missing[0].missing == 1);
  found = sweep(feed, found.missing, not_below("https://example.org/1"), {});
  CHECK(found.gone.size() == 1);

  found = sweep("/home/me", origins(4, "file:///"), not_below("file:///1"), {});
  CHECK(found.gone.size() == 1);
  // An export on this machine is what it is; a repository is, wherever it lies.
  found = sweep("/home/me/export.zip", origins(4, "https://example.org/"), not_below("https://example.org/1"), {});
  CHECK(found.gone.size() == 1);
  found = sweep("https://example.org/p.git", origins(4, "git:https://example.org/p.git#"),
                not_below("git:https://example.org/p.git#1"), {});
  CHECK(found.gone.size() == 1);
}

TEST_CASE("sweep: what is shown again was never gone") {
  auto known = origins(2, "https://example.org/");
  known[1].missing = 1;
  const auto found = sweep("https://example.org", known, not_below(""), {});
  CHECK(found.gone.empty());
  CHECK(found.missing.empty());
  REQUIRE(found.back.size() == 1);
  CHECK(found.back[0].missing == 0);
}

TEST_CASE("sweep: too many at once") {
  const auto lost = [](int known, int absent, CollectConfig config = {}) {
    auto all = origins(known, "file:///");
    int left = absent;
    return sweep(
               "/x", all, [&](const stores::Origin&) { return left-- <= 0; }, config)
        .suspicious;
  };
  CHECK(!lost(5, 5));
  CHECK(lost(6, 6));
  CHECK(!lost(12, 6));
  CHECK(lost(12, 7));
  CHECK(!lost(1000, 400));
  CHECK(lost(1000, 501));
  CollectConfig sure;
  sure.max_delete_share = 1;
  CHECK(!lost(1000, 1000, sure));
}
