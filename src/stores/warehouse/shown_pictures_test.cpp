#include "stores/warehouse/shown_pictures.h"

#include <doctest/doctest.h>

#include "core/files.h"
#include "core/hash.h"
#include "stores/warehouse/copy.h"

using namespace twin;
using namespace twin::stores;

TEST_CASE("pictures that a document shows are kept, and are part of what it holds") {
  Document document;
  document.title = "Album";
  const std::string plain = content_hash(document);
  CHECK(shown_pictures(document).empty());
  const std::vector<ShownPicture> pictures = {{"a.png", "aa"}, {"그림 \"1\".png", "bb"}};
  set_shown_pictures(document, pictures);
  CHECK(shown_pictures(document) == pictures);
  const std::string with = content_hash(document);
  CHECK(with != plain);
  set_shown_pictures(document, {{"a.png", "other"}, pictures[1]});
  CHECK(content_hash(document) != with);
  set_shown_pictures(document, {});
  CHECK(content_hash(document) == plain);
  CHECK(document.metadata.empty());
  for (const char* broken : {"", "{}", "[1]", "[{}]", R"([{"source": 1, "sha256": "a"}])"}) {
    document.metadata[shown_pictures_key] = broken;
    CHECK(shown_pictures(document).empty());
  }
}

TEST_CASE("a copied warehouse has the bytes of pictures, and verifying misses those that are lost") {
  const TempFolder folder;
  const auto from = open_warehouse(folder.path() / "from");
  const auto to = open_warehouse(folder.path() / "to");
  Document document;
  document.url = "file:///album.md";
  document.title = "Album";
  document.body = "Pictures.";
  const auto sha256 = value_or_throw(from->objects().put("the bytes"));
  set_shown_pictures(document, {{"a.png", sha256}});
  from->upsert(document);
  CHECK(copy_warehouse(*from, *to, silent_progress(), {}).objects == 1);
  CHECK(value_or_throw(to->objects().get(sha256)) == "the bytes");
  CHECK(verify_warehouse(*to, silent_progress(), {}).damage.empty());
  std::filesystem::remove(to->objects().path(sha256));
  CHECK(verify_warehouse(*to, silent_progress(), {}).damage.size() == 1);
}
