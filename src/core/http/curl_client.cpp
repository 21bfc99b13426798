// The HTTP client on libcurl: sessions that are kept, and redirects.
#include <curl/curl.h>

#include <algorithm>
#include <mutex>

#include "core/http/curl_transfer.h"
#include "core/http/http.h"
#include "core/http/redirect.h"
#include "core/http/url.h"
#include "core/i18n.h"

namespace twin {

namespace {

constexpr std::size_t kMaxIdleSessions = 16;

class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(HttpPolicy policy) : policy_(std::move(policy)) {
    if (policy_.user_agent.empty()) policy_.user_agent = default_user_agent();
  }

  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) override {
    const double started = system_clock().monotonic();
    const bool follow = request.max_redirects > 0;
    Redirects redirects(request, policy_.allow_downgrade);
    while (true) {
      Millis left{0};
      if (request.total_timeout.count() > 0) {
        const auto spent = static_cast<std::int64_t>((system_clock().monotonic() - started) * 1000);
        left = std::max(Millis{1}, request.total_timeout - Millis{spent});
      }
      auto response = send_one(redirects.request(), left);
      if (!response || !follow) return response;
      const auto next = redirects.follow(*response);
      if (!next) return tl::unexpected(next.error());
      if (!*next) return response;
    }
  }

 private:
  Result<HttpResponse> send_one(const HttpRequest& request, Millis left) {
    if (request.stop.stop_requested()) return fail(ErrorKind::cancelled, tr("stopped"), shown_url(request.url));
    for (const auto& [name, value] : request.headers) {
      if ((name + value).find_first_of("\r\n") != std::string::npos) {
        return fail(ErrorKind::usage, tr("the header {} holds a line break", name.substr(0, 40)),
                    shown_url(request.url));
      }
    }
    const auto address = parse_web_address(request.url);
    if (!address) {
      return fail(ErrorKind::usage, tr("not a web address"), shown_url(request.url),
                  tr("write it in full, as https://example.org/"));
    }
    std::unique_ptr<CurlSession> session = take(address->origin());
    auto response = [&] {
      CurlTransfer transfer(*session, policy_, request, *address, left);
      return transfer.run();
    }();
    give_back(std::move(session));
    return response;
  }

  std::unique_ptr<CurlSession> take(std::string host) {
    std::unique_ptr<CurlSession> session;
    {
      const std::scoped_lock lock(mutex_);
      auto it = std::find_if(idle_.rbegin(), idle_.rend(), [&](const auto& idle) { return idle->host == host; });
      if (it == idle_.rend()) it = idle_.rbegin();
      if (it != idle_.rend()) {
        session = std::move(*it);
        idle_.erase(std::next(it).base());
      }
    }
    if (!session) session = std::make_unique<CurlSession>();
    session->host = std::move(host);
    return session;
  }

  void give_back(std::unique_ptr<CurlSession> session) {
    const std::scoped_lock lock(mutex_);
    if (idle_.size() < kMaxIdleSessions) idle_.push_back(std::move(session));
  }

  HttpPolicy policy_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<CurlSession>> idle_;
};

}  // namespace

std::string default_user_agent() {
  return "Twin/" TWIN_VERSION;
}

std::unique_ptr<HttpClient> make_http_client(HttpPolicy policy) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) throw Fatal(ErrorKind::internal, "libcurl cannot be initialised");
  return std::make_unique<CurlClient>(std::move(policy));
}

std::unique_ptr<HttpClient> make_http_client(std::string user_agent) {
  HttpPolicy policy;
  policy.user_agent = std::move(user_agent);
  return make_http_client(std::move(policy));
}

}  // namespace twin
