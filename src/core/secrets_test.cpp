#include "core/secrets.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "core/files.h"
#include "core/log.h"

using namespace twin;

namespace {

std::filesystem::path file_with(const TempFolder& folder, const std::string& name, const std::string& text,
                                mode_t mode) {
  auto path = folder.path() / name;
  REQUIRE(disk().write(path, text));
  ::chmod(path.c_str(), mode);
  return path;
}

}  // namespace

TEST_CASE("the environment wins over the project's file, and that over the user's") {
  const TempFolder folder;
  const auto project = file_with(folder, "project.yaml", "A_TOKEN: from-project\nB_TOKEN: from-project\n", 0600);
  const auto user = file_with(folder, "user.yaml", "B_TOKEN: from-user\nC_TOKEN: 12345678\nEMPTY: ''\n", 0400);
  ::setenv("A_TOKEN", "from-environment", 1);
  const auto secrets = Secrets::load({project, user, folder.path() / "missing.yaml"}).value();
  CHECK(secrets.get("A_TOKEN").value() == "from-environment");
  ::unsetenv("A_TOKEN");
  CHECK(secrets.get("A_TOKEN").value() == "from-project");
  CHECK(secrets.get("B_TOKEN").value() == "from-project");
  CHECK(secrets.get("C_TOKEN").value() == "12345678");
  CHECK(secrets.has("C_TOKEN"));
  CHECK(!secrets.has("EMPTY"));
  const auto missing = secrets.get("D_TOKEN");
  REQUIRE(!missing);
  CHECK(missing.error().kind == ErrorKind::usage);
  CHECK(missing.error().text().find("D_TOKEN") != std::string::npos);
  CHECK(missing.error().hint.find("project.yaml") != std::string::npos);
  CHECK(!no_secrets().has("C_TOKEN"));
}

TEST_CASE("a file that others may read is refused with what to do") {
  const TempFolder folder;
  for (const mode_t mode : {0644, 0640, 0604, 0660, 0622}) {
    const auto path = file_with(folder, "open.yaml", "TOKEN: abcdef\n", mode);
    const auto out = Secrets::load({path});
    REQUIRE(!out);
    CHECK(out.error().kind == ErrorKind::usage);
    CHECK(out.error().hint.find("chmod 600") != std::string::npos);
  }
}

TEST_CASE("a broken file is reported without its content") {
  const TempFolder folder;
  for (const char* text : {"- hunter22\n", "hunter22", "TOKEN: [hunter22\n", "TOKEN: {a: hunter22}\n"}) {
    CAPTURE(std::string(text));
    const auto out = Secrets::load({file_with(folder, "broken.yaml", text, 0600)});
    REQUIRE(!out);
    CHECK(out.error().text().find("hunter22") == std::string::npos);
  }
  CHECK(Secrets::load({file_with(folder, "empty.yaml", "", 0600)}));
}

TEST_CASE("what was given out is blanked everywhere, in each of its forms") {
  const TempFolder folder;
  const auto path = file_with(
      folder, "s.yaml", "ONE: 'tok-en/1+2=='\nTWO: tok-en/1+2==longer\nQUOTED: 'say\"it\\now'\nSHORT: abc\n", 0600);
  const auto secrets = Secrets::load({path}).value();
  CHECK(redact("tok-en/1+2==") == "tok-en/1+2==");  // nobody has asked for it yet
  for (const char* name : {"ONE", "TWO", "QUOTED", "SHORT"}) REQUIRE(secrets.get(name));
  CHECK(redact("a tok-en/1+2== b tok-en/1+2==") == "a *** b ***");
  CHECK(redact("tok-en/1+2==longer") == "***");  // the longest first
  CHECK(redact("?key=tok-en%2F1%2B2%3D%3D&x") == "?key=***&x");
  CHECK(redact("{\"t\":\"say\\\"it\\\\now\"}") == "{\"t\":\"***\"}");
  CHECK(redact("abc") == "abc");
  CHECK(holds_secret("xx tok-en/1+2== xx"));
  CHECK(!holds_secret("tok-en"));
  const Error error = redact(Error{ErrorKind::network, "m tok-en/1+2==", "w tok-en/1+2==", "h tok-en/1+2=="});
  CHECK(error.text() == "w ***: m *** (h ***)");
}

TEST_CASE("log lines on stderr and in the file are blanked") {
  const TempFolder folder;
  const auto secrets = Secrets::load({file_with(folder, "s.yaml", "LOGGED: s3cr3t-value\n", 0600)}).value();
  REQUIRE(secrets.get("LOGGED"));
  const int saved = ::dup(STDERR_FILENO);
  const int fd = ::open((folder.path() / "err").c_str(), O_WRONLY | O_CREAT, 0600);
  ::dup2(fd, STDERR_FILENO);
  log::set_file(folder.path() / "run.log");
  log::warn("Authorization: Bearer {}", "s3cr3t-value");
  log::set_file({});
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  ::close(fd);
  for (const char* name : {"err", "run.log"}) {
    const std::string text = disk().read(folder.path() / name).value();
    CHECK(text.find("Bearer ***") != std::string::npos);
    CHECK(text.find("s3cr3t-value") == std::string::npos);
  }
}
