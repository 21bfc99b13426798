#include "feature/collect/webdriver.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/files.h"
#include "core/i18n.h"
#include "core/json.h"
#include "core/process.h"
#include "core/spawn.h"
#include "feature/collect/webdriver_answer.h"

namespace twin::feature {
/// What the driver prints, until the port is known and for messages.
struct WebdriverOutput {
  static constexpr std::size_t max_bytes = 4'000;
  std::mutex mutex;
  std::condition_variable changed;
  std::string text;
  int port = 0;

  void line(std::string_view line) {
    const std::scoped_lock lock(mutex);
    if (text.size() < max_bytes) text += std::string(line.substr(0, max_bytes)) + "\n";
    // "ChromeDriver was started successfully on port 41234."
    constexpr std::string_view words = "successfully on port ";
    if (const std::size_t at = line.find(words); at != std::string_view::npos) {
      const auto number = line.substr(at + words.size());
      std::from_chars(number.data(), number.data() + number.size(), port);
    }
    changed.notify_all();
  }
};

namespace {

namespace fs = std::filesystem;

constexpr Millis poll_pause{100};
constexpr Millis command_time{5'000};
constexpr std::uint64_t command_max_bytes = 4 << 20;

/// Networks that no page of the internet has business with, as the browser's rules for names: written as numbers they
/// lead nowhere.
constexpr std::string_view closed_addresses =
    "MAP 127.* ~NOTFOUND, MAP 10.* ~NOTFOUND, MAP 192.168.* ~NOTFOUND, MAP 169.254.* ~NOTFOUND, MAP 0.0.0.0 ~NOTFOUND, "
    "MAP localhost ~NOTFOUND, MAP *.localhost ~NOTFOUND, MAP *.local ~NOTFOUND, MAP *.internal ~NOTFOUND";

std::string host_of(const std::string& url) {
  const std::size_t start = url.find("://");
  if (start == std::string::npos) return {};
  const std::string authority = url.substr(start + 3, url.find_first_of("/?#", start + 3) - start - 3);
  return authority.substr(0, authority.find(':'));
}

/// 172.16.0.0/12 cannot be written as a pattern: its sixteen networks are added one by one.
std::string resolver_rules() {
  std::string rules(closed_addresses);
  for (int second = 16; second < 32; ++second) rules += fmt::format(", MAP 172.{}.* ~NOTFOUND", second);
  return rules;
}

bool is_closed(const std::string& host) {
  for (const std::string_view start : {"127.", "10.", "192.168.", "169.254.", "0.0.0.0"}) {
    if (host.starts_with(start)) return true;
  }
  for (int second = 16; second < 32; ++second) {
    if (host.starts_with(fmt::format("172.{}.", second))) return true;
  }
  return host == "localhost" || host.ends_with(".localhost") || host.ends_with(".local") || host.ends_with(".internal");
}

/// Ends the processes whose command line names this profile: what is left of a browser that did not end when asked to.
void kill_browser_of(const fs::path& profile) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    pid_t pid = 0;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (failed != std::errc() || end != name.data() + name.size() || pid == ::getpid()) continue;
    std::ifstream file(entry.path() / "cmdline");
    const std::string line((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (line.find(profile.string()) != std::string::npos) ::kill(pid, SIGKILL);
  }
}

Json session_request(const BrowserConfig& config, const fs::path& profile, bool closed) {
  Json arguments = {
      "--headless=new",
      // No port is opened, and the browser ends when its driver does, even by kill -9.
      "--remote-debugging-pipe", "--user-agent=Mozilla/5.0 (compatible; " + default_user_agent() + ") Chrome",
      "--user-data-dir=" + profile.string(), "--incognito", "--no-first-run", "--disable-gpu", "--disable-extensions",
      "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
      "--mute-audio", "--blink-settings=imagesEnabled=false", "--window-size=1280,2000"};
  if (closed) arguments.push_back("--host-resolver-rules=" + resolver_rules());
  // Chromium's sandbox refuses to run for root.
  if (::geteuid() == 0) arguments.push_back("--no-sandbox");
  Json options = {{"args", std::move(arguments)}, {"prefs", {{"download_restrictions", 3}}}};
  if (!config.browser.empty()) options["binary"] = config.browser;
  const int page_millis = config.page_seconds * 1000;
  return {{"capabilities",
           {{"alwaysMatch",
             {{"browserName", "chrome"},
              {"pageLoadStrategy", "normal"},
              {"unhandledPromptBehavior", "dismiss"},
              {"timeouts", {{"pageLoad", page_millis}, {"script", static_cast<int>(command_time.count())}}},
              {"goog:chromeOptions", std::move(options)}}}}}};
}

}  // namespace

void BrowserConfig::bind(config::Binder& b) {
  b.field("driver", driver, "chromedriver: its name or path", {.key_irrelevant = true});
  b.field("browser", browser, "Path of Chromium; empty: where the driver finds it", {.key_irrelevant = true});
  b.field("start_seconds", start_seconds, "Time that the browser may take to start",
          {.min = 1, .max = 600, .key_irrelevant = true});
  b.field("page_seconds", page_seconds, "Time that one page may take to load and to settle", {.min = 1, .max = 600});
  b.field("settle_milliseconds", settle_milliseconds, "A page is ready when it did not change for so long",
          {.min = 0, .max = 60'000});
  b.field("max_megabytes", max_megabytes, "Larger rendered pages are refused", {.min = 1, .max = 512});
}

struct Browser::State {
  BrowserConfig config;
  std::stop_token stop;
  TempFolder profile{"twin-browser"};
  WebdriverOutput output;
  std::unique_ptr<Process> driver;
  std::unique_ptr<HttpClient> http = make_http_client();
  std::string base;     ///< http://127.0.0.1:port
  std::string session;  ///< its id; empty: none is open
  int sessions = 0;
  bool closed = true;  ///< the open session cannot reach private addresses

  ~State() {
    close_session();
    if (driver) driver->stop();
    kill_browser_of(profile.path());
  }

  /// One command of the protocol. Errors come as {"value": {"error": …, "message": …}}.
  Result<Json> command(const std::string& method, const std::string& path, const Json& body, Millis time,
                       std::uint64_t max_bytes = command_max_bytes, bool stoppable = true) {
    HttpRequest request;
    request.method = method;
    request.url = base + path;
    request.headers = {{"Content-Type", "application/json; charset=utf-8"}};
    if (method == "POST") request.body = body.dump();
    request.total_timeout = time;
    request.max_bytes = max_bytes;
    if (stoppable) request.stop = stop;
    auto response = http->send(request);
    if (!response) return tl::unexpected(response.error());
    auto value = webdriver::read_answer(response->status, response->body, config.page_seconds);
    if (!value && value.error().kind == ErrorKind::io) value.error().where = base;
    return value;
  }

  Result<void> open_session(bool close_private) {
    close_session();
    ++sessions;
    auto value = command("POST", "/session", session_request(config, profile_of_session(), close_private),
                         Millis{config.start_seconds * 1000});
    if (!value) {
      return fail(ErrorKind::not_found, tr("Chromium does not start: {}", value.error().message), config.browser,
                  tr("Install it: apt-get install chromium chromium-driver"));
    }
    session = webdriver::session_id(*value);
    closed = close_private;
    if (session.empty()) {
      return fail(ErrorKind::io, tr("The browser's driver gave an answer that is not of its protocol"), base);
    }
    return {};
  }

  void close_session() {
    if (session.empty()) return;
    // Ending goes on when the user stopped.
    [[maybe_unused]] const auto ignored =
        command("DELETE", "/session/" + session, nullptr, command_time, command_max_bytes, false);
    session.clear();
    kill_browser_of(profile_of_session());
  }

  /// One that hung may still hold its folder: each session has its own.
  [[nodiscard]] fs::path profile_of_session() const { return profile.path() / fmt::format("session-{}-", sessions); }

  /// A value that changes when the page does: its length, and -1 while it loads. The browser's own page of an error is
  /// a failure: the driver does not tell of each.
  Result<std::int64_t> length() {
    const Json script = {{"script",
                          "if (location.protocol === 'chrome-error:') return -2;"
                          "return document.readyState === 'complete' && document.documentElement"
                          " ? document.documentElement.outerHTML.length : -1"},
                         {"args", Json::array()}};
    const auto value = command("POST", "/session/" + session + "/execute/sync", script, command_time);
    if (!value) return tl::unexpected(value.error());
    const std::int64_t length = value->is_number_integer() ? value->get<std::int64_t>() : -1;
    if (length == -2) return fail(ErrorKind::network, tr("The browser cannot load the page"));
    return length;
  }
};

Browser::Browser(std::unique_ptr<State> state) : state_(std::move(state)) {}
Browser::~Browser() = default;

Result<std::unique_ptr<Browser>> Browser::start(const BrowserConfig& config, std::stop_token stop) {
  if (!resolve_program(config.driver)) {
    return fail(ErrorKind::not_found, tr("Pages that need JavaScript need chromedriver, which is not installed"),
                config.driver, tr("Install it: apt-get install chromium chromium-driver"));
  }
  auto state = std::make_unique<State>();
  state->config = config;
  state->stop = stop;
  ProcessSpec spec;
  spec.argv = {config.driver, "--port=0"};
  spec.folder = state->profile.path();
  spec.environment["HOME"] = state->profile.path().string();  // nothing of the user's is read or written
  WebdriverOutput* output = &state->output;
  spec.on_stdout = [output](std::string_view line) { output->line(line); };
  spec.on_stderr = spec.on_stdout;
  auto process = Process::start(std::move(spec));
  if (!process) return tl::unexpected(process.error());
  state->driver = std::move(*process);

  int port = 0;
  {
    std::unique_lock lock(output->mutex);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(config.start_seconds);
    while (output->port == 0 && std::chrono::steady_clock::now() < deadline && !stop.stop_requested() &&
           !state->driver->poll()) {
      output->changed.wait_for(lock, poll_pause);
    }
    port = output->port;
    if (port == 0) {
      return fail(ErrorKind::io, tr("The browser's driver did not start: {}", output->text), config.driver,
                  tr("Install it: apt-get install chromium chromium-driver"));
    }
  }
  state->base = fmt::format("http://127.0.0.1:{}", port);
  return std::unique_ptr<Browser>(new Browser(std::move(state)));
}

Result<RenderedPage> Browser::render(const std::string& url) {
  State& state = *state_;
  const auto begin = std::chrono::steady_clock::now();
  const auto limit = begin + std::chrono::seconds(state.config.page_seconds);
  const bool close_private = !is_closed(host_of(url));
  if (state.session.empty() || state.closed != close_private) {
    if (const auto opened = state.open_session(close_private); !opened) return tl::unexpected(opened.error());
  }
  const auto failed = [&](Error error) -> Result<RenderedPage> {
    error.where = url;
    // A session that hangs would hang the next page, too.
    state.close_session();
    return tl::unexpected(std::move(error));
  };
  const std::string path = "/session/" + state.session;
  const auto loaded =
      state.command("POST", path + "/url", {{"url", url}}, Millis{state.config.page_seconds * 1000} + command_time);
  if (!loaded) return failed(loaded.error());

  std::int64_t before = -1;
  auto same_since = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() < limit && !state.stop.stop_requested()) {
    const auto now = state.length();
    if (!now) return failed(now.error());
    const auto time = std::chrono::steady_clock::now();
    if (*now != before) same_since = time;
    before = *now;
    if (before >= 0 && time - same_since >= Millis{state.config.settle_milliseconds}) break;
    std::this_thread::sleep_for(poll_pause);
  }
  if (state.stop.stop_requested()) return failed({ErrorKind::cancelled, tr("Stopped"), url, {}});
  const std::uint64_t max_bytes = static_cast<std::uint64_t>(state.config.max_megabytes) << 20;
  if (before > 0 && static_cast<std::uint64_t>(before) > max_bytes) {
    return failed({ErrorKind::limit, tr("The rendered page is larger than {} MiB", state.config.max_megabytes), url,
                   tr("Raise max_megabytes of this source")});
  }
  // The page comes as a JSON string: escapes can make it several times as long.
  const auto source = state.command("GET", path + "/source", nullptr, command_time, 8 * max_bytes);
  if (!source) return failed(source.error());
  const auto where = state.command("GET", path + "/url", nullptr, command_time);
  if (!where) return failed(where.error());
  if (!source->is_string() || !where->is_string()) {
    return failed({ErrorKind::io, tr("The browser's driver gave an answer that is not of its protocol"), url, {}});
  }
  RenderedPage page{source->get<std::string>(), where->get<std::string>()};
  if (page.html.size() > max_bytes) {
    return failed({ErrorKind::limit, tr("The rendered page is larger than {} MiB", state.config.max_megabytes), url,
                   tr("Raise max_megabytes of this source")});
  }
  if (close_private && is_closed(host_of(page.url))) {
    return failed({ErrorKind::network, tr("The page leads to an address of a private network: {}", page.url), url, {}});
  }
  return page;
}

}  // namespace twin::feature
