#include "stores/warehouse/conformance.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>
#include <vector>

namespace twin::stores {
namespace {

const std::string kMissing = document_id("https://nowhere/");

std::vector<Document> all(Warehouse& warehouse, const DocumentFilter& filter = {.include_deleted = true}) {
  std::vector<Document> documents;
  warehouse.each(filter, [&](Document&& d) {
    documents.push_back(std::move(d));
    return true;
  });
  return documents;
}

std::vector<std::string> all_versions(Warehouse& warehouse) {
  std::vector<std::string> lines;
  warehouse.each_version({.include_deleted = true}, [&](Document&& d) {
    lines.push_back(to_json(d).dump());
    return true;
  });
  return lines;
}

void users_are_one_person_under_every_name(Warehouse& warehouse) {
  const User first = warehouse.get_or_create_user("Raphaël Hertzog", {"hertzog@example.org"});
  CHECK_FALSE(first.id.empty());
  CHECK(first.name == "Raphaël Hertzog");
  CHECK(first.aliases == std::vector<std::string>{"hertzog@example.org"});

  CHECK(warehouse.get_or_create_user("RAPHAËL HERTZOG").id == first.id);
  CHECK(warehouse.get_or_create_user("Hertzog@Example.org").id == first.id);
  const User known = warehouse.get_or_create_user("buxy", {"hertzog@example.org", " "});
  CHECK(known.id == first.id);
  CHECK(known.name == first.name);
  CHECK(known.aliases == std::vector<std::string>{"hertzog@example.org", "buxy"});

  const User second = warehouse.get_or_create_user("김지수", {"buxy"});
  CHECK_MESSAGE(second.id == first.id, "an alias finds its owner");
  const User third = warehouse.get_or_create_user("이서연", {});
  CHECK(third.id != first.id);
  CHECK(warehouse.user(third.id)->name == "이서연");
  CHECK_FALSE(warehouse.user("user_none"));
  CHECK(warehouse.users().size() == 2);
  CHECK(warehouse.get_or_create_user("", {"only@alias"}).name == "only@alias");
  CHECK_THROWS_AS(warehouse.get_or_create_user("  ", {""}), Fatal);
}

void upsert_knows_new_same_and_changed(Warehouse& warehouse) {
  Document d = sample_document(1);
  CHECK(warehouse.upsert(d) == Upsert::inserted);
  CHECK(d.id == document_id(d.url));
  CHECK(d.version == 1);
  CHECK(d.content_hash == content_hash(d));
  CHECK(to_json(*warehouse.document(d.id)) == to_json(d));

  Document same = sample_document(1);
  same.fetched += 1000;
  CHECK(warehouse.upsert(same) == Upsert::unchanged);
  CHECK(same.id == d.id);
  CHECK(same.version == 1);
  CHECK(warehouse.document(d.id)->fetched == same.fetched);

  Document changed = sample_document(1, "a new body");
  CHECK(warehouse.upsert(changed) == Upsert::updated);
  CHECK(changed.version == 2);
  CHECK(warehouse.document(d.id)->body == changed.body);
  CHECK(warehouse.document(d.id, 1)->body == d.body);
  CHECK_FALSE(warehouse.document(d.id, 3));
  CHECK_FALSE(warehouse.document(kMissing));

  Document other_author = sample_document(1, "a new body");
  other_author.author_ids = {"user_other"};
  CHECK(warehouse.upsert(other_author) == Upsert::updated);
  const auto counts = warehouse.counts();
  CHECK(counts.documents == 1);
  CHECK(counts.versions == 3);
  CHECK(counts.deleted == 0);
}

void a_tombstone_keeps_the_versions_and_can_be_lifted(Warehouse& warehouse) {
  Document d = sample_document(1);
  warehouse.upsert(d);
  CHECK_FALSE(warehouse.tombstone(kMissing, 5));
  CHECK(warehouse.tombstone(d.id, 5));
  CHECK_FALSE(warehouse.tombstone(d.id, 6));
  CHECK(warehouse.document(d.id)->deleted);
  CHECK(warehouse.document(d.id)->deleted_at == 5);
  CHECK(warehouse.document(d.id)->body == d.body);
  CHECK(all(warehouse, {}).empty());
  CHECK(all(warehouse).size() == 1);
  CHECK(warehouse.counts().deleted == 1);

  Document again = sample_document(1);
  CHECK(warehouse.upsert(again) == Upsert::revived);
  CHECK(again.version == 1);
  CHECK_FALSE(warehouse.document(d.id)->deleted);
  CHECK(warehouse.document(d.id)->deleted_at == 0);

  warehouse.tombstone(d.id, 7);
  Document changed = sample_document(1, "back with news");
  CHECK(warehouse.upsert(changed) == Upsert::revived);
  CHECK(changed.version == 2);
  CHECK(all(warehouse, {}).size() == 1);
}

void each_filters_in_order_of_id(Warehouse& warehouse) {
  for (int i = 0; i < 20; ++i) {
    Document d = sample_document(i);
    d.source = i % 2 == 0 ? "git" : "feed";
    d.category = i % 5 == 0 ? "posts" : "articles";
    d.author_ids = i % 3 == 0 ? std::vector<std::string>{"user_a", "user_b"} : std::vector<std::string>{"user_c"};
    warehouse.upsert(d);
  }
  const auto count = [&](const DocumentFilter& filter) { return all(warehouse, filter).size(); };
  const auto everything = all(warehouse);
  CHECK(everything.size() == 20);
  CHECK(std::is_sorted(everything.begin(), everything.end(),
                       [](const Document& a, const Document& b) { return a.id < b.id; }));
  CHECK(count({.source = "git"}) == 10);
  CHECK(count({.category = "posts"}) == 4);
  CHECK(count({.author_id = "user_b"}) == 7);
  CHECK(count({.source = "git", .category = "posts", .author_id = "user_a"}) == 1);
  CHECK(count({.url_prefix = "https://example.org/글/1"}) == 11);
  CHECK(count({.url_prefix = "https://example.org/%"}) == 0);
  CHECK(count({.source = "' OR 1=1 --"}) == 0);

  int visited = 0;
  warehouse.each({}, [&](Document&&) { return ++visited < 3; });
  CHECK(visited == 3);

  Document moved = sample_document(1);
  moved.author_ids = {"user_d"};
  warehouse.upsert(moved);
  CHECK(count({.author_id = "user_d"}) == 1);
  CHECK(count({.author_id = "user_c"}) == 12);
}

void a_pass_can_go_on_and_leave_out_the_bodies(Warehouse& warehouse) {
  for (int i = 0; i < 12; ++i) {
    Document d = sample_document(i);
    warehouse.upsert(d);
    Document changed = sample_document(i, "second");
    if (i % 2 == 0) warehouse.upsert(changed);
  }
  const auto everything = all(warehouse);
  const auto rest = all(warehouse, {.include_deleted = true, .after_id = everything[4].id});
  REQUIRE(rest.size() == 7);
  CHECK(rest.front().id == everything[5].id);
  CHECK(all(warehouse, {.after_id = everything.back().id}).empty());
  int versions = 0;
  warehouse.each_version({.after_id = everything[4].id, .bodies = false}, [&](Document&& d) {
    ++versions;
    CHECK(d.body.empty());
    CHECK(d.title.starts_with("제목"));
    CHECK(d.metadata.size() == 2);
    CHECK(d.id > everything[4].id);
    return true;
  });
  std::int64_t expected = 0;
  for (const Document& d : rest) expected += d.version;
  CHECK(versions == expected);
  CHECK(all(warehouse, {.bodies = false}).front().content_hash == everything.front().content_hash);
}

void a_large_document_is_kept(Warehouse& warehouse) {
  // Larger than a row of MongoDB may be, and cut where a letter of three bytes lies across any limit.
  std::string large = "x";
  while (large.size() < (17u << 20)) large += "가나다라마바사아자차카타파하";
  Document d = sample_document(1, large);
  CHECK(warehouse.upsert(d) == Upsert::inserted);
  CHECK(warehouse.document(d.id)->body == d.body);
  Document small = sample_document(1);
  CHECK(warehouse.upsert(small) == Upsert::updated);
  CHECK(warehouse.document(d.id, 1)->body == d.body);
  std::size_t bytes = 0;
  warehouse.each_version({}, [&](Document&& version) {
    bytes += version.body.size();
    return true;
  });
  CHECK(bytes == d.body.size() + small.body.size());
  warehouse.check([](Error&& error) { FAIL_CHECK(error.text()); });
}

void many_ask_for_one_person(Warehouse& warehouse) {
  constexpr int kThreads = 6;
  std::vector<std::string> ids(kThreads);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) {
        // One alias in common, everything else each one's own.
        const User user = warehouse.get_or_create_user("name " + std::to_string(t), {"shared@example.org"});
        ids[static_cast<std::size_t>(t)] = user.id;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 1);
  REQUIRE(warehouse.users().size() == 1);
  CHECK(warehouse.users().front().aliases.size() == kThreads);
}

void a_visitor_may_write(Warehouse& warehouse) {
  for (int i = 0; i < 10; ++i) {
    Document d = sample_document(i);
    warehouse.upsert(d);
  }
  int visited = 0;
  warehouse.each({}, [&](Document&& d) {
    Document changed = d;
    changed.body += " changed";
    CHECK(warehouse.upsert(changed) == Upsert::updated);
    Document fresh = sample_document(1000 + visited);
    CHECK(warehouse.upsert(fresh) == Upsert::inserted);
    CHECK(warehouse.document(d.id)->version == 2);
    CHECK(d.version == 1);
    return ++visited < 100;
  });
  CHECK(visited == 10);
  CHECK(warehouse.counts().documents == 20);
  CHECK_THROWS_AS(warehouse.each({}, [](Document&&) -> bool { throw std::runtime_error("the visitor fails"); }),
                  std::runtime_error);
  CHECK(warehouse.counts().documents == 20);
}

void odd_text_is_kept(Warehouse& warehouse) {
  const std::vector<std::string> odd = {"",
                                        "플랫폼 엔지니어링을 시작하며",
                                        std::string("nul\0inside", 10),
                                        "quote ' \" \\ % _ ; -- \r\n\t",
                                        "\xF0\x9F\x90\xA7 e\xCC\x81 \xEF\xBF\xBD",
                                        std::string(100'000, 'x')};
  for (std::size_t i = 0; i < odd.size(); ++i) {
    Document d;
    d.url = "https://odd/" + std::to_string(i) + odd[i].substr(0, 40);
    d.title = d.body = d.source = d.language = odd[i];
    d.author_ids = {odd[i]};
    d.metadata = {{odd[i], odd[i]}, {"key", "값"}};
    d.published = -1;
    CHECK(warehouse.upsert(d) == Upsert::inserted);
    CHECK(to_json(*warehouse.document(d.id)) == to_json(d));
  }
  Document broken = sample_document(1, "bad \xC3\x28 utf-8");
  broken.metadata["path"] = "caf\xE9";
  CHECK(warehouse.upsert(broken) == Upsert::inserted);
  const auto kept = warehouse.document(broken.id);
  CHECK(kept->body.find("bad \xEF\xBF\xBD( utf-8") != std::string::npos);
  CHECK_NOTHROW((void)to_json(*kept).dump());
  Document same = sample_document(1, "bad \xC3\x28 utf-8");
  same.metadata["path"] = "caf\xE9";
  CHECK(warehouse.upsert(same) == Upsert::unchanged);
}

void export_and_import_lose_nothing(Warehouse& from, Warehouse& to) {
  from.get_or_create_user("김지수", {"jisu@example.org"});
  from.get_or_create_user("Roland Mas");
  for (int i = 0; i < 12; ++i) {
    for (int version = 0; version <= i % 3; ++version) {
      Document d = sample_document(i, "body " + std::to_string(version));
      d.category = version == 1 ? "posts" : "articles";
      from.upsert(d);
      if (i % 4 == 0) from.tombstone(d.id, 1000 + i);
    }
  }
  const auto lines = all_versions(from);
  CHECK(lines.size() == 24);
  for (const auto& user : from.users()) to.restore_user(user_from_json(to_json(user)).value());
  // Backwards: the order of lines must not matter.
  for (int round = 0; round < 2; ++round) {
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
      to.restore(document_from_json(Json::parse(*line)).value());
    }
  }
  CHECK(all_versions(to) == lines);
  CHECK(to.digest() == from.digest());
  CHECK(to.counts().users == from.counts().users);
  CHECK(to.counts().deleted == from.counts().deleted);
  CHECK(to.get_or_create_user("JISU@example.org").name == "김지수");
  CHECK(all(to, {.category = "posts"}).size() == all(from, {.category = "posts"}).size());

  Document by_hand = document_from_json(Json{{"url", "https://by/hand"}, {"body", "text"}}).value();
  to.restore(by_hand);
  CHECK(to.document(by_hand.id)->version == 1);
  Document wrong = sample_document(1);
  wrong.id = "doc_other";
  wrong.version = 1;
  CHECK_THROWS_AS(to.restore(wrong), Fatal);
}

void the_digest_follows_the_content(Warehouse& a, Warehouse& b) {
  CHECK(a.digest() == b.digest());
  for (int i = 0; i < 10; ++i) {
    Document d = sample_document(i);
    a.upsert(d);
  }
  for (int i = 9; i >= 0; --i) {
    Document d = sample_document(i);
    d.fetched = 77;
    b.upsert(d);
  }
  CHECK(a.digest() == b.digest());
  const auto before = a.digest();
  Document d = sample_document(3);
  d.fetched += 5;
  a.upsert(d);
  CHECK(a.digest() == before);
  a.tombstone(d.id, 1);
  const auto deleted = a.digest();
  CHECK(deleted != before);
  a.upsert(d);
  CHECK(a.digest() == before);
  d.title += "!";
  a.upsert(d);
  CHECK(a.digest() != before);
}

void cursors_are_kept(Warehouse& warehouse) {
  CHECK_FALSE(warehouse.cursor("feed https://example.org"));
  warehouse.set_cursor("feed https://example.org", "etag-1");
  warehouse.set_cursor("feed https://example.org", "etag-2 한글");
  warehouse.set_cursor("other", "");
  CHECK(warehouse.cursor("feed https://example.org") == "etag-2 한글");
  CHECK(warehouse.cursor("other") == "");
  const std::string odd("no\0text \xff", 9);
  warehouse.set_cursor("bytes", odd);
  CHECK(warehouse.cursor("bytes") == odd);
  std::vector<std::string> keys;
  warehouse.each_cursor([&](const std::string& key, const std::string& value) {
    if (key == "bytes") CHECK(value == odd);
    keys.push_back(key);
    return true;
  });
  CHECK(keys == std::vector<std::string>{"bytes", "feed https://example.org", "other"});
}

void a_batch_is_durable_and_may_be_nested(Warehouse& warehouse) {
  Document a = sample_document(1);
  Document b = sample_document(2);
  warehouse.batch([&] {
    const User user = warehouse.get_or_create_user("김지수");
    a.author_ids = {user.id};
    CHECK(warehouse.upsert(a) == Upsert::inserted);
    warehouse.batch([&] {
      CHECK(warehouse.upsert(b) == Upsert::inserted);
      warehouse.set_cursor("batch", "1");
    });
    Document again = sample_document(2);
    CHECK_MESSAGE(warehouse.upsert(again) == Upsert::unchanged, "a write sees the writes before it");
    warehouse.tombstone(b.id, 9);
  });
  CHECK(warehouse.counts().documents == 2);
  CHECK(warehouse.counts().deleted == 1);
  CHECK(warehouse.cursor("batch") == "1");
  CHECK(warehouse.user(a.author_ids.at(0))->name == "김지수");
}

std::vector<Origin> origins(Warehouse& warehouse, const std::string& source, const std::string& location) {
  std::vector<Origin> found;
  warehouse.each_origin(source, location, [&](Origin&& origin) {
    found.push_back(std::move(origin));
    return true;
  });
  return found;
}

void origins_are_kept_by_source(Warehouse& warehouse) {
  const Origin b{"https://x/b", "feed", "https://x/feed", "https://x/b?from=rss", "key", "12:34", 2};
  warehouse.set_origin(b);
  warehouse.set_origin({"https://x/글", "feed", "https://x/feed", "https://x/글", {}, {}, 0});
  warehouse.set_origin({"https://x/a", "feed", "https://x/feed", "https://x/a", "k", {}, 0});
  warehouse.set_origin({"https://y/a", "feed", "https://y/feed", "https://y/a", "k", {}, 0});
  auto found = origins(warehouse, "feed", "https://x/feed");
  REQUIRE(found.size() == 3);
  CHECK(found[0].url == "https://x/a");
  CHECK(found[1].url == b.url);
  CHECK(found[1].source == b.source);
  CHECK(found[1].location == b.location);
  CHECK(found[1].shown == b.shown);
  CHECK(found[1].key == b.key);
  CHECK(found[1].stamp == b.stamp);
  CHECK(found[1].missing == 2);
  CHECK(found[2].url == "https://x/글");
  CHECK(origins(warehouse, "git", "https://x/feed").empty());

  // One document, one keeper: the newest word holds.
  warehouse.set_origin({b.url, "feed", "https://y/feed", b.url, "other", {}, 0});
  CHECK(origins(warehouse, "feed", "https://x/feed").size() == 2);
  CHECK(origins(warehouse, "feed", "https://y/feed").size() == 2);
  CHECK(warehouse.remove_origin(b.url));
  CHECK_FALSE(warehouse.remove_origin(b.url));
  int visited = 0;
  warehouse.each_origin("feed", "https://x/feed", [&](Origin&&) { return ++visited < 1; });
  CHECK(visited == 1);
  std::vector<std::string> everywhere;
  warehouse.each_origin([&](Origin&& origin) {
    everywhere.push_back(origin.location + " " + origin.url);
    return true;
  });
  CHECK(everywhere == std::vector<std::string>{"https://x/feed https://x/a", "https://x/feed https://x/글",
                                               "https://y/feed https://y/a"});
}

void what_is_restored_is_to_be_made_again(Warehouse& warehouse) {
  Document d = sample_document(1);
  d.source = "feed";
  d.metadata[source_location_key] = "https://x/feed";
  warehouse.upsert(d);
  CHECK_MESSAGE(origins(warehouse, "feed", "https://x/feed").empty(), "upsert leaves origins to the caller");
  warehouse.set_origin({d.url, "feed", "https://x/feed", d.url, "key", "stamp", 0});
  Document changed = d;
  changed.version = 2;
  changed.body += "!";
  warehouse.restore(changed);
  auto found = origins(warehouse, "feed", "https://x/feed");
  REQUIRE(found.size() == 1);
  CHECK(found[0].key.empty());
  CHECK(found[0].stamp.empty());
  warehouse.set_origin({d.url, "feed", "https://x/feed", d.url, "key", "stamp", 0});
  warehouse.restore(d);  // an older version
  CHECK(origins(warehouse, "feed", "https://x/feed").at(0).key == "key");
  changed.deleted = true;
  changed.deleted_at = 5;
  warehouse.restore(changed);
  CHECK(origins(warehouse, "feed", "https://x/feed").empty());
  Document by_hand = sample_document(2);
  by_hand.source = "feed";
  by_hand.metadata[source_location_key] = "https://x/feed";
  warehouse.restore(by_hand);
  CHECK(origins(warehouse, "feed", "https://x/feed").size() == 1);
}

void threads_share_it(Warehouse& warehouse) {
  constexpr int kThreads = 4;
  constexpr int kEach = 15;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        Document shared = sample_document(i, "written by all");
        warehouse.upsert(shared);
        Document own = sample_document(1000 * (t + 1) + i);
        warehouse.upsert(own);
        (void)warehouse.document(own.id);
        if (i % 5 == 0) warehouse.each({}, [](Document&&) { return true; });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const auto counts = warehouse.counts();
  CHECK(counts.documents == kThreads * kEach + kEach);
  CHECK(counts.versions == counts.documents);
}

}  // namespace

Document sample_document(int number, const std::string& body) {
  Document d;
  d.url = "https://example.org/글/" + std::to_string(number) + "?a=b&c='d'";
  d.source = "folder";
  d.category = "articles";
  d.author_ids = {"user_a", "user_b"};
  d.title = "제목 " + std::to_string(number);
  d.body = "# " + body + "\n\n내용입니다.\n";
  d.raw_sha256 = std::string(64, 'a');
  d.raw_type = "text/html";
  d.language = "ko";
  d.published = 1'600'000'000'000 + number;
  d.fetched = 1'700'000'000'000;
  d.metadata = {{"commit", "0123abc"}, {"태그", "데비안"}};
  return d;
}

void test_warehouse(const WarehouseFactory& open) {
  const TempFolder folder;
  const auto one = open(folder.path() / "one");
  SUBCASE("users are one person under every name") {
    users_are_one_person_under_every_name(*one);
  }
  SUBCASE("upsert knows new, same and changed") {
    upsert_knows_new_same_and_changed(*one);
  }
  SUBCASE("a tombstone keeps the versions and can be lifted") {
    a_tombstone_keeps_the_versions_and_can_be_lifted(*one);
  }
  SUBCASE("each() filters, in order of id") {
    each_filters_in_order_of_id(*one);
  }
  SUBCASE("a pass can go on, and leave out the bodies") {
    a_pass_can_go_on_and_leave_out_the_bodies(*one);
  }
  SUBCASE("a large document is kept") {
    a_large_document_is_kept(*one);
  }
  SUBCASE("many ask for one person at once") {
    many_ask_for_one_person(*one);
  }
  SUBCASE("a visitor may write") {
    a_visitor_may_write(*one);
  }
  SUBCASE("odd text is kept") {
    odd_text_is_kept(*one);
  }
  SUBCASE("export and import lose nothing") {
    export_and_import_lose_nothing(*one, *open(folder.path() / "two"));
  }
  SUBCASE("the digest follows the content") {
    the_digest_follows_the_content(*one, *open(folder.path() / "two"));
  }
  SUBCASE("cursors are kept") {
    cursors_are_kept(*one);
  }
  SUBCASE("a batch is durable and may be nested") {
    a_batch_is_durable_and_may_be_nested(*one);
    CHECK(open(folder.path() / "one")->cursor("batch") == "1");
  }
  SUBCASE("origins are kept by source") {
    origins_are_kept_by_source(*one);
  }
  SUBCASE("what is restored is to be made again") {
    what_is_restored_is_to_be_made_again(*one);
  }
  SUBCASE("threads share it") {
    threads_share_it(*one);
  }
  SUBCASE("what is written is there after reopening") {
    Document d = sample_document(1);
    one->upsert(d);
    one->set_cursor("a", "b");
    const auto again = open(folder.path() / "one");
    CHECK(to_json(*again->document(d.id)) == to_json(d));
    CHECK(again->cursor("a") == "b");
    CHECK(again->digest() == one->digest());
  }
  SUBCASE("raw bytes lie beside") {
    const auto hash = one->objects().put("raw bytes").value();
    CHECK(open(folder.path() / "one")->objects().get(hash).value() == "raw bytes");
  }
}

}  // namespace twin::stores
