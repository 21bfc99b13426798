#include "core/archive.h"

#include <doctest/doctest.h>

#include <map>

#include "core/archive_for_test.h"

using namespace twin;
namespace fs = std::filesystem;

namespace {

struct Read {
  std::map<std::string, std::string> files;
  std::vector<std::string> order;
  std::vector<Error> failures;
  Result<void> result;
};

Read read(
    const fs::path& archive, const ArchiveLimits& limits = {},
    const std::function<bool(const ArchiveEntry&)>& wanted = [](const ArchiveEntry&) { return true; }) {
  Read out;
  out.result = read_archive(
      archive, wanted,
      [&](Result<ArchiveFile>&& file) {
        if (file) {
          out.order.push_back(file->entry.path);
          out.files[file->entry.path] = std::move(file->bytes);
        } else {
          out.failures.push_back(file.error());
        }
        return true;
      },
      limits);
  return out;
}

void write(const fs::path& path, const std::string& bytes) {
  REQUIRE(disk().write(path, bytes));
}

std::string bytes_of(const fs::path& path) {
  return disk().read(path).value();
}

/// Changes one part of an archive without telling its checksums.
std::string replaced(std::string bytes, const std::string& from, const std::string& to) {
  REQUIRE(from.size() == to.size());
  for (std::size_t at = bytes.find(from); at != std::string::npos; at = bytes.find(from, at + 1)) {
    bytes.replace(at, from.size(), to);
  }
  return bytes;
}

}  // namespace

TEST_CASE("the wanted files of a ZIP and of a compressed tar, in order") {
  const TempFolder folder;
  const std::vector<PackedFile> files = {
      {"b/글.md", "하나"}, {"b", "", {}, AE_IFDIR}, {"a.txt", "two"}, {"./c//d.txt", "three"}, {"image.png", "no"}};
  for (const char* name : {"x.zip", "x.tar", "x.tgz"}) {
    CAPTURE(name);
    const auto out = read(pack(folder.path() / name, files), {},
                          [](const ArchiveEntry& entry) { return !entry.path.ends_with(".png"); });
    REQUIRE(out.result);
    CHECK(out.failures.empty());
    CHECK(out.order == std::vector<std::string>{"b/글.md", "a.txt", "c/d.txt"});
    CHECK(out.files.at("b/글.md") == "하나");
  }
}

TEST_CASE("an archive in memory reads like one on the disk; the visitor may stop") {
  const TempFolder folder;
  const std::string bytes = bytes_of(pack(folder.path() / "x.zip", {{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  std::vector<std::string> seen;
  UnixMillis modified = 0;
  REQUIRE(read_archive_bytes(
      bytes, "x.zip", [](const ArchiveEntry&) { return true; },
      [&](Result<ArchiveFile>&& file) {
        seen.push_back(file->entry.path);
        modified = file->entry.modified;
        return seen.size() < 2;
      }));
  CHECK(seen == std::vector<std::string>{"a", "b"});
  CHECK(modified > 1'699'900'000'000);
}

TEST_CASE("names of old Korean ZIPs are CP949, of old western ones CP437, of new ones UTF-8") {
  const TempFolder folder;
  // "여행.txt" and "한글/메모.md" in CP949, "résumé.md" in CP437, and decomposed Hangul as macOS writes it.
  const auto out = read(pack(folder.path() / "x.zip", {{"\xBF\xA9\xC7\xE0.txt", "1"},
                                                       {"\xC7\xD1\xB1\xDB/\xB8\xDE\xB8\xF0.md", "2"},
                                                       {"r\x82sum\x82.md", "3"},
                                                       {"\u1112\u1161\u11ab.md", "4"}}));
  REQUIRE(out.result);
  CHECK(out.order == std::vector<std::string>{"여행.txt", "한글/메모.md", "résumé.md", "한.md"});
  // Bit 11 of the flags says "UTF-8"; the process itself runs in the C locale.
  std::string bytes = bytes_of(pack(folder.path() / "y.zip", {{"한글 이름.md", "5"}}));
  for (const std::string signature : {"PK\3\4", "PK\1\2"}) {
    const std::size_t at = bytes.find(signature) + (signature == "PK\3\4" ? 7 : 9);
    bytes[at] = static_cast<char>(bytes[at] | 8);
  }
  write(folder.path() / "y.zip", bytes);
  const auto flagged = read(folder.path() / "y.zip");
  REQUIRE(flagged.result);
  CHECK(flagged.order == std::vector<std::string>{"한글 이름.md"});
}

TEST_CASE("a path that leaves the archive is an error of that entry; the others are read") {
  const TempFolder folder;
  const auto out = read(pack(folder.path() / "x.zip",
                             {{"../evil", "x"}, {"a/../../evil", "x"}, {"/tmp/evil", "x"}, {"good.md", "text"}}));
  REQUIRE(out.result);
  CHECK(out.order == std::vector<std::string>{"good.md"});
  REQUIRE(out.failures.size() == 3);
  for (const auto& error : out.failures) {
    CHECK(error.kind == ErrorKind::invalid);
    CHECK(error.message.find("names a file outside itself") != std::string::npos);
  }
  CHECK(out.failures[1].where.find("a/../../evil") != std::string::npos);

  for (const char* good : {"a", "a/b.md", "a..b", "..a/b", "한글.md", "./a"}) CHECK(safe_archive_path(good));
  for (const char* bad :
       {"", ".", "/", "..", "a/..", "..\\evil", "a\\..\\b", "C:\\x", "c:x", "\\\\host\\x", "/etc/passwd"}) {
    CAPTURE(bad);
    CHECK_FALSE(safe_archive_path(bad));
  }
  CHECK_FALSE(safe_archive_path(std::string_view("a\0b", 3)));
}

TEST_CASE("links and devices are not files") {
  const TempFolder folder;
  write(folder.path() / "secret", "secret");
  for (const char* name : {"x.tar", "x.zip"}) {
    const auto out =
        read(pack(folder.path() / name,
                  {{"link", "", (folder.path() / "secret").string()}, {"dir", "", "/tmp"}, {"dir/x", "data"}}));
    CAPTURE(name);
    REQUIRE(out.result);
    CHECK(out.order == std::vector<std::string>{"dir/x"});
    REQUIRE(out.failures.size() == 2);
    CHECK(out.failures[0].kind == ErrorKind::invalid);
    CHECK(out.failures[0].message.find("a link or a device, which is not followed") != std::string::npos);
    CHECK(out.failures[0].where.ends_with("!link"));
    // What nobody asked for is no failure.
    const auto some = read(folder.path() / name, {}, [](const ArchiveEntry& entry) { return entry.path == "dir/x"; });
    CHECK(some.failures.empty());
  }
  const auto device =
      read(pack(folder.path() / "d.tar",
                {{"zero", "", {}, AE_IFCHR}, {"pipe", "", {}, AE_IFIFO}, {"a", "1"}, {"f", "", {}, AE_IFDIR}}));
  REQUIRE(device.result);
  CHECK(device.order == std::vector<std::string>{"a"});
  REQUIRE(device.failures.size() == 2);
  CHECK(device.failures[1].where.ends_with("!pipe"));
}

TEST_CASE("one file that is too large fails alone; many files, many bytes and bombs end the reading") {
  const TempFolder folder;
  const std::string noise = [] {
    std::string out(50'000, '\0');
    std::uint32_t state = 1;
    for (char& c : out) c = static_cast<char>((state = state * 1664525u + 1013904223u) >> 24);
    return out;
  }();
  const auto zip = pack(folder.path() / "x.zip", {{"large", noise}, {"small", "text"}});
  const auto large = read(zip, {.max_entry_bytes = 1000});
  REQUIRE(large.result);
  REQUIRE(large.failures.size() == 1);
  CHECK(large.failures[0].kind == ErrorKind::limit);
  CHECK(large.failures[0].message.find("larger than 1000 bytes") != std::string::npos);
  CHECK(large.failures[0].where.ends_with("x.zip!large"));
  CHECK(large.order == std::vector<std::string>{"small"});

  const auto many = read(zip, {.max_entries = 1});
  REQUIRE_FALSE(many.result);
  CHECK(many.result.error().kind == ErrorKind::limit);
  CHECK(many.result.error().message.find("more than 1 files") != std::string::npos);
  CHECK(many.order == std::vector<std::string>{"large"});  // what came before the limit was handed over

  const auto bytes = read(zip, {.max_bytes = 10'000});
  REQUIRE_FALSE(bytes.result);
  CHECK(bytes.result.error().kind == ErrorKind::limit);
  CHECK(bytes.result.error().message.find("more than 10000 bytes") != std::string::npos);
  CHECK(bytes.files.empty());

  const std::vector<PackedFile> zeros = {{"zeros", std::string(20'000'000, '\0')}, {"after", "x"}};
  for (const char* name : {"bomb.zip", "bomb.tgz"}) {
    CAPTURE(name);
    const auto bomb = read(pack(folder.path() / name, zeros));
    REQUIRE_FALSE(bomb.result);
    CHECK(bomb.result.error().kind == ErrorKind::limit);
    CHECK(bomb.result.error().message.find("more than 200 times its size") != std::string::npos);
    CHECK(bomb.result.error().hint.find("by hand") != std::string::npos);
    CHECK(bomb.files.empty());
  }
  // What is not wanted is not unpacked from a ZIP, but cannot be passed over in a compressed tar.
  const auto without = [](const ArchiveEntry& entry) { return entry.path != "zeros"; };
  CHECK(read(folder.path() / "bomb.zip", {}, without).order == std::vector<std::string>{"after"});
  CHECK(read(folder.path() / "bomb.tgz", {}, without).result.error().kind == ErrorKind::limit);
  // A text that repeats itself is no bomb.
  CHECK(read(pack(folder.path() / "log.zip", {{"log", std::string(900'000, 'a')}})).result);
}

TEST_CASE("bombs in archives in archives: layers of compression count together, an archive inside is only bytes") {
  const TempFolder folder;
  // A compressed tar, compressed once more: libarchive looks through both.
  const std::string inner = bytes_of(pack(folder.path() / "zeros.tgz", {{"zeros", std::string(20'000'000, '\0')}}));
  ::archive* const out = archive_write_new();
  archive_write_set_format_raw(out);
  archive_write_add_filter_gzip(out);
  const fs::path twice = folder.path() / "twice.tgz.gz";
  REQUIRE(archive_write_open_filename(out, twice.c_str()) == ARCHIVE_OK);
  archive_entry* const entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_pathname(entry, "raw");
  REQUIRE(archive_write_header(out, entry) == ARCHIVE_OK);
  archive_write_data(out, inner.data(), inner.size());
  archive_entry_free(entry);
  archive_write_close(out);
  archive_write_free(out);
  const auto bomb = read(twice);
  REQUIRE_FALSE(bomb.result);
  CHECK(bomb.result.error().kind == ErrorKind::limit);
  CHECK(bomb.result.error().message.find("more than 200 times its size") != std::string::npos);
  CHECK(bomb.files.empty());

  const auto outer = read(pack(folder.path() / "outer.zip", {{"zeros.tgz", inner}}));
  REQUIRE(outer.result);
  CHECK(outer.files.at("zeros.tgz") == inner);
}

TEST_CASE("declared sizes are not believed") {
  const TempFolder folder;
  const std::string bytes = bytes_of(pack(folder.path() / "x.tar", {{"a", std::string(600, 'a')}}));
  // The tar header says 7 GiB; only some bytes follow. (The checksum field is set right again.)
  std::string lying = bytes;
  lying.replace(124, 12, std::string("70000000000\0", 12));
  lying.replace(148, 8, "        ");
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(lying[i]);
  char digits[9];
  std::snprintf(digits, sizeof digits, "%06o", sum);
  lying.replace(148, 8, std::string(digits) + '\0' + ' ');
  write(folder.path() / "y.tar", lying);
  const auto out = read(folder.path() / "y.tar", {.max_entry_bytes = 8ull << 30});
  CHECK(out.files.empty());
  CHECK((!out.result || !out.failures.empty()));
}

TEST_CASE("encrypted entries, duplicates and wrong checksums fail alone") {
  const TempFolder folder;
  const std::string plain =
      bytes_of(pack(folder.path() / "x.zip", {{"one.txt", "111111"}, {"two.txt", "222222"}}, "compression=store"));
  // The same name twice, in both the local headers and the directory.
  write(folder.path() / "twice.zip", replaced(plain, "two.txt", "one.txt"));
  const auto twice = read(folder.path() / "twice.zip");
  REQUIRE(twice.result);
  CHECK(twice.files.at("one.txt") == "111111");
  REQUIRE(twice.failures.size() == 1);
  CHECK(twice.failures[0].kind == ErrorKind::invalid);
  CHECK(twice.failures[0].message.find("twice; the first is kept") != std::string::npos);
  CHECK(twice.failures[0].where.ends_with("!one.txt"));

  write(folder.path() / "crc.zip", replaced(plain, "111111", "111112"));
  const auto wrong = read(folder.path() / "crc.zip");
  REQUIRE(wrong.failures.size() == 1);
  CHECK(wrong.failures[0].kind == ErrorKind::invalid);
  CHECK(wrong.failures[0].message.find("damaged") != std::string::npos);
  CHECK(wrong.failures[0].where.ends_with("!one.txt"));
  CHECK(wrong.files.at("two.txt") == "222222");

  // Bit 0 of the general purpose flags says "encrypted".
  std::string encrypted = plain;
  for (const std::string signature : {"PK\3\4", "PK\1\2"}) {
    const std::size_t at = encrypted.find(signature) + (signature == "PK\3\4" ? 6 : 8);
    encrypted[at] = static_cast<char>(encrypted[at] | 1);
  }
  write(folder.path() / "enc.zip", encrypted);
  const auto locked = read(folder.path() / "enc.zip");
  REQUIRE(locked.result);
  REQUIRE(locked.failures.size() == 1);
  CHECK(locked.failures[0].kind == ErrorKind::invalid);
  CHECK(locked.failures[0].message.find("encrypted") != std::string::npos);
  CHECK(locked.failures[0].hint.find("password") != std::string::npos);
  CHECK(locked.order == std::vector<std::string>{"two.txt"});
}

TEST_CASE("a truncated archive is an error at every length, never a crash; no archive is an error") {
  const TempFolder folder;
  for (const char* name : {"x.zip", "x.tgz"}) {
    const std::string bytes =
        bytes_of(pack(folder.path() / name, {{"a.md", std::string(3000, 'a') + "b"}, {"b.md", "text"}}));
    const fs::path cut = folder.path() / (std::string("cut-") + name);
    for (std::size_t length = 0; length + 1 < bytes.size(); length += 7) {
      write(cut, bytes.substr(0, length));
      const auto out = read(cut);
      CAPTURE(length);
      // The directory at the end of a ZIP and the padding of a tar may be cut without loss.
      CHECK((!out.result || !out.failures.empty() || out.files.size() == 2));
    }
  }
  write(folder.path() / "text.zip", "not an archive");
  CHECK(read(folder.path() / "text.zip").result.error().kind == ErrorKind::invalid);
  CHECK(read(folder.path() / "none.zip").result.error().kind == ErrorKind::not_found);
  CHECK_FALSE(read_archive_bytes(
      "", "empty", [](const ArchiveEntry&) { return true; }, [](Result<ArchiveFile>&&) { return true; }));
}

TEST_CASE("unpacking writes below the target and nowhere else") {
  const TempFolder folder;
  const auto all = [](const std::string&) { return true; };
  const auto zip = pack(folder.path() / "a.zip", {{"p/가.gguf", "data"}, {"p/code.py", "import os"}});
  REQUIRE(unpack_archive(zip, folder.path() / "out", [](const std::string& name) { return !name.ends_with(".py"); }));
  CHECK(bytes_of(folder.path() / "out/p/가.gguf") == "data");
  CHECK_FALSE(fs::exists(folder.path() / "out/p/code.py"));

  for (const std::string name : {"../evil", "a/../../evil", "/tmp/twin-evil"}) {
    const auto evil = unpack_archive(pack(folder.path() / "e.zip", {{name, "x"}}), folder.path() / "out", all);
    CAPTURE(name);
    REQUIRE_FALSE(evil);
    CHECK(evil.error().kind == ErrorKind::invalid);
  }
  CHECK_FALSE(fs::exists(folder.path() / "evil"));

  REQUIRE(unpack_archive(pack(folder.path() / "l.tar", {{"dir", "", "/tmp"}, {"dir/x", "data"}}),
                         folder.path() / "links", all));
  CHECK_FALSE(fs::is_symlink(folder.path() / "links/dir"));
  CHECK(bytes_of(folder.path() / "links/dir/x") == "data");

  const auto zeros = pack(folder.path() / "z.zip", {{"zeros", std::string(1'000'000, '\0')}, {"b", ""}});
  CHECK(unpack_archive(zeros, folder.path() / "1", all, {.max_bytes = 1'000}).error().kind == ErrorKind::limit);
  CHECK(unpack_archive(zeros, folder.path() / "2", all, {.max_entries = 1}).error().kind == ErrorKind::limit);
  const std::string bytes = bytes_of(zip);
  write(zip, bytes.substr(0, bytes.size() / 4));
  CHECK_FALSE(unpack_archive(zip, folder.path() / "3", all));
  CHECK_FALSE(unpack_archive(folder.path() / "none", folder.path() / "4", all));
}
