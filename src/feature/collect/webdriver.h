// Pages whose text is made by JavaScript: headless Chromium, driven by the W3C WebDriver protocol.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "core/config/binder.h"
#include "core/http/http.h"
#include "core/result.h"

namespace twin::feature {

struct BrowserConfig {
  std::string driver = "chromedriver";  ///< name or path
  std::string browser;                  ///< path of the browser; empty: the driver's own choice
  int start_seconds = 30;
  int page_seconds = 30;          ///< loading and settling of one page together
  int settle_milliseconds = 500;  ///< so long the page must not have changed
  int max_megabytes = 16;         ///< of the rendered page
  void bind(config::Binder& b);
};

struct RenderedPage {
  std::string html;  ///< UTF-8; the tree as it is after the scripts
  std::string url;   ///< where the page ended
};

/// A chromedriver on a loopback port with one session: a fresh profile in a temporary folder, no cookies, no pictures,
/// no downloads. Everything is ended and removed by the destructor, or by the kernel when this process dies.
///
/// The browser's requests go past the politeness and the address guard of collecting. The caller must have fetched the
/// page itself with the guarded client before; addresses of private networks written as numbers are not reachable for
/// the page unless it lies on one, but names that lead there are (see docs/sources.md).
class Browser {
 public:
  /// ErrorKind::not_found with the packages to install when there is no driver or browser; io when they do not start.
  [[nodiscard]] static Result<std::unique_ptr<Browser>> start(const BrowserConfig& config, std::stop_token stop);
  ~Browser();
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  /// Loads a page and waits until it does not change any more. ErrorKind::limit when it is too large or not there in
  /// time (a page that keeps changing is taken as it is at the end of the time), network when it cannot be loaded.
  [[nodiscard]] Result<RenderedPage> render(const std::string& url);

 private:
  struct State;
  explicit Browser(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Whether a page looks empty without its scripts: less visible text than `min_text` bytes (white space not counted),
/// and either an element that frameworks put their page into, or a <noscript> that asks for JavaScript.
[[nodiscard]] bool needs_javascript(std::string_view html, int min_text);

}  // namespace twin::feature
