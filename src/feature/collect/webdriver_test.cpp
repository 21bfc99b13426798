// The browser itself is tested end to end (tests/e2e/test_javascript.py); here, drivers that are none.
#include "feature/collect/webdriver.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "core/files.h"
#include "core/process.h"

using namespace twin;
using namespace twin::feature;

namespace {

/// A program in a temporary folder.
struct BrowserScript {
  explicit BrowserScript(const std::string& text) {
    std::ofstream(path()) << "#!/bin/sh\n" << text << "\n";
    std::filesystem::permissions(path(), std::filesystem::perms::owner_all);
  }
  [[nodiscard]] std::filesystem::path path() const { return folder.path() / "driver"; }
  TempFolder folder;
};

}  // namespace

TEST_CASE("a driver that is not there, ends at once or never says its port") {
  BrowserConfig config;
  config.driver = "no-such-chromedriver";
  auto missing = Browser::start(config, {});
  REQUIRE(!missing);
  CHECK(missing.error().kind == ErrorKind::not_found);
  CHECK(missing.error().hint.find("chromium-driver") != std::string::npos);

  const BrowserScript ends("echo no display; exit 1");
  config.driver = ends.path().string();
  auto ended = Browser::start(config, {});
  REQUIRE(!ended);
  CHECK(ended.error().message.find("no display") != std::string::npos);

  const BrowserScript silent("exec sleep 60");
  config.driver = silent.path().string();
  config.start_seconds = 1;
  CHECK(!Browser::start(config, {}));
}

TEST_CASE("a driver that does not answer is an error of the page, with what to install") {
  const int port = free_port().value();  // nobody listens there
  const BrowserScript deaf("echo ChromeDriver was started successfully on port " + std::to_string(port) +
                           ".; exec sleep 60");
  BrowserConfig config;
  config.driver = deaf.path().string();
  auto browser = Browser::start(config, {});
  REQUIRE(browser);
  const auto page = (*browser)->render("https://example.org/");
  REQUIRE(!page);
  CHECK(page.error().message.find("Chromium does not start") != std::string::npos);
}

TEST_CASE("a stop ends the start") {
  const BrowserScript silent("exec sleep 60");
  BrowserConfig config;
  config.driver = silent.path().string();
  std::stop_source stop;
  stop.request_stop();
  CHECK(!Browser::start(config, stop.get_token()));
}
