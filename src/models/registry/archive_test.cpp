#include "models/registry/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <doctest/doctest.h>

#include "core/files.h"
#include "models/registry/fixtures.h"

using namespace twin;
using namespace twin::models;
namespace fs = std::filesystem;

namespace {

struct Entry {
  std::string name, content, link;
};

/// A zip, or a tar where links are wanted.
fs::path make_archive(const fs::path& path, const std::vector<Entry>& entries) {
  ::archive* const out = archive_write_new();
  if (path.extension() == ".zip") {
    archive_write_set_format_zip(out);
  } else {
    archive_write_set_format_pax(out);
  }
  REQUIRE(archive_write_open_filename(out, path.c_str()) == ARCHIVE_OK);
  for (const Entry& e : entries) {
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, e.name.c_str());
    archive_entry_set_filetype(entry, e.link.empty() ? AE_IFREG : AE_IFLNK);
    if (!e.link.empty()) archive_entry_set_symlink(entry, e.link.c_str());
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(e.content.size()));
    archive_write_header(out, entry);
    archive_write_data(out, e.content.data(), e.content.size());
    archive_entry_free(entry);
  }
  archive_write_close(out);
  archive_write_free(out);
  return path;
}

const auto all = [](const std::string&) { return true; };

}  // namespace

TEST_CASE("wanted files are unpacked with their folders") {
  const TempFolder folder;
  const auto zip = make_archive(folder.path() / "a.zip", {{"p/가.gguf", "data", {}}, {"p/code.py", "import os", {}}});
  REQUIRE(unpack(zip, folder.path() / "out", [](const std::string& name) { return !name.ends_with(".py"); }));
  CHECK(testing::read_file(folder.path() / "out/p/가.gguf") == "data");
  CHECK_FALSE(fs::exists(folder.path() / "out/p/code.py"));
}

TEST_CASE("an archive cannot write outside") {
  const TempFolder folder;
  for (const std::string name : {"../evil", "a/../../evil", "/tmp/evil"}) {
    const auto zip = make_archive(folder.path() / "a.zip", {{name, "x", {}}});
    const auto done = unpack(zip, folder.path() / "out", all);
    CAPTURE(name);
    REQUIRE_FALSE(done);
    CHECK(done.error().kind == ErrorKind::invalid);
  }
  CHECK_FALSE(fs::exists(folder.path() / "evil"));
}

TEST_CASE("links are not made, so nothing is written through one") {
  const TempFolder folder;
  const auto tar = make_archive(folder.path() / "a.tar", {{"dir", "", "/tmp"}, {"dir/x", "data", {}}});
  REQUIRE(unpack(tar, folder.path() / "out", all));
  CHECK_FALSE(fs::is_symlink(folder.path() / "out/dir"));
  CHECK(testing::read_file(folder.path() / "out/dir/x") == "data");
}

TEST_CASE("limits hold") {
  const TempFolder folder;
  const auto zip = make_archive(folder.path() / "a.zip", {{"zeros", std::string(1'000'000, '\0'), {}}, {"b", "", {}}});
  CHECK(unpack(zip, folder.path() / "1", all, {.max_entries = 10, .max_bytes = 1'000}).error().kind ==
        ErrorKind::limit);
  CHECK(unpack(zip, folder.path() / "2", all, {.max_entries = 1}).error().kind == ErrorKind::limit);
}

TEST_CASE("damaged archives") {
  const TempFolder folder;
  const auto zip = make_archive(folder.path() / "a.zip", {{"a", std::string(10'000, 'x'), {}}});
  std::string bytes = testing::read_file(zip);
  testing::write_file(zip, bytes.substr(0, bytes.size() / 4));
  CHECK_FALSE(unpack(zip, folder.path() / "out", all));
  testing::write_file(zip, "not an archive");
  CHECK_FALSE(unpack(zip, folder.path() / "out", all));
  CHECK_FALSE(unpack(folder.path() / "none", folder.path() / "out", all));
}
