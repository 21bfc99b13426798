#include <curl/curl.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <mutex>

#include "core/http/http.h"
#include "core/i18n.h"

namespace twin {

namespace {

constexpr std::size_t kMaxIdleSessions = 16;
constexpr std::size_t kMaxHeaderBytes = 256 * 1024;
constexpr int kPollMillis = 1000;

/// One transfer at a time, with the connections it leaves open. A multi handle instead of a bare easy one because
/// curl_multi_wakeup() ends the wait at once when the user stops.
struct Session {
  CURLM* multi = curl_multi_init();
  CURL* easy = curl_easy_init();
  std::string host;  ///< of the last transfer: the next one to it finds an open connection here

  Session() {
    if (multi == nullptr || easy == nullptr) throw Fatal(ErrorKind::internal, "libcurl cannot be initialised");
  }
  ~Session() {
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
};

/// What the callbacks of one transfer share. They are called from C: exceptions are kept and thrown afterwards.
struct Transfer {
  const HttpRequest& request;
  CURL* easy;
  HttpResponse response;
  std::uint64_t received = 0;
  std::size_t header_bytes = 0;
  bool too_large = false;
  bool stopped_by_consumer = false;
  std::exception_ptr thrown;

  bool on_body(std::string_view data) {
    received += data.size();
    too_large = received > request.max_bytes;
    if (too_large) return false;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (!request.on_data || status / 100 != 2) {
      response.body += data;
      return true;
    }
    stopped_by_consumer = !request.on_data(data);
    return !stopped_by_consumer;
  }

  bool on_header(std::string_view line) {
    if (line.starts_with("HTTP/")) response.headers.clear();  // of a redirect, or "100 Continue"
    header_bytes += line.size();
    too_large = header_bytes > kMaxHeaderBytes;
    const std::size_t colon = line.find(':');
    if (too_large || colon == std::string_view::npos) return !too_large;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    std::string_view value = line.substr(colon + 1);
    const std::size_t first = value.find_first_not_of(" \t\r\n");
    value = first == std::string_view::npos ? "" : value.substr(first);
    value = value.substr(0, value.find_last_not_of(" \t\r\n") + 1);
    response.headers.emplace_back(std::move(name), value);
    return true;
  }
};

template <bool (Transfer::*method)(std::string_view)>
std::size_t callback(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  try {
    return (transfer.*method)({data, size * count}) ? size * count : CURL_WRITEFUNC_ERROR;
  } catch (...) {
    transfer.thrown = std::current_exception();
    return CURL_WRITEFUNC_ERROR;
  }
}

std::string host_of(const std::string& url) {
  const std::size_t start = url.find("://");
  return start == std::string::npos ? url : url.substr(0, url.find('/', start + 3));
}

/// Setting CURLOPT_NOPROXY replaces the environment's list; the workers of this machine are always added to it.
std::string no_proxy_list() {
  std::string list = "localhost,127.0.0.1,::1";
  for (const char* name : {"no_proxy", "NO_PROXY"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    return std::string_view(value) == "*" ? "*" : list + "," + value;
  }
  return list;
}

using HeaderList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

HeaderList header_list(const Headers& headers) {
  curl_slist* list = nullptr;
  for (const auto& [name, value] : headers) {
    // curl sends a header without value only in the form "Name;".
    list = curl_slist_append(list, (value.empty() ? name + ";" : name + ": " + value).c_str());
  }
  list = curl_slist_append(list, "Expect:");  // no waiting for "100 Continue" before a body
  return {list, &curl_slist_free_all};
}

class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(std::string user_agent) : user_agent_(std::move(user_agent)), no_proxy_(no_proxy_list()) {}

  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) override {
    if (request.stop.stop_requested()) return fail(ErrorKind::cancelled, tr("stopped"), request.url);
    for (const auto& [name, value] : request.headers) {
      if ((name + value).find_first_of("\r\n") != std::string::npos) {
        return fail(ErrorKind::usage, tr("the header {} holds a line break", name.substr(0, 40)), request.url);
      }
    }
    std::unique_ptr<Session> session = take(host_of(request.url));
    Transfer transfer{.request = request, .easy = session->easy, .response = {}, .thrown = {}};
    char message[CURL_ERROR_SIZE] = "";
    const HeaderList headers = header_list(request.headers);
    configure(*session, transfer, headers.get(), message);
    const CURLcode code = perform(*session, request.stop);
    auto result = finish(code, message, transfer);
    curl_easy_reset(session->easy);  // drops every pointer to this call's locals
    give_back(std::move(session));
    if (transfer.thrown) std::rethrow_exception(transfer.thrown);
    return result;
  }

 private:
  void configure(Session& session, Transfer& transfer, curl_slist* headers, char* message) const {
    const HttpRequest& request = transfer.request;
    CURL* easy = session.easy;
    const auto set = [easy](CURLoption option, auto value) {
      if (curl_easy_setopt(easy, option, value) != CURLE_OK) {
        throw Fatal(ErrorKind::internal, fmt::format("libcurl does not know option {}", static_cast<int>(option)));
      }
    };
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_ERRORBUFFER, message);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set(CURLOPT_ACCEPT_ENCODING, "");  // every compression that libcurl was built with
    set(CURLOPT_USERAGENT, user_agent_.c_str());
    set(CURLOPT_NOPROXY, no_proxy_.c_str());
    set(CURLOPT_FOLLOWLOCATION, request.max_redirects > 0 ? 1L : 0L);
    set(CURLOPT_MAXREDIRS, static_cast<long>(request.max_redirects));
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.total_timeout.count()));
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_WRITEFUNCTION, &callback<&Transfer::on_body>);
    set(CURLOPT_WRITEDATA, &transfer);
    set(CURLOPT_HEADERFUNCTION, &callback<&Transfer::on_header>);
    set(CURLOPT_HEADERDATA, &transfer);
    if (request.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else if (request.method != "GET" || !request.body.empty()) {
      if (request.method == "POST" || !request.body.empty()) {
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        set(CURLOPT_POSTFIELDS, request.body.c_str());  // not copied: lives as long as the request
      }
      // Left unset for POST, so that a 303 answer is followed with GET.
      if (request.method != "POST") set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
  }

  static CURLcode perform(Session& session, const std::stop_token& stop) {
    CURLM* multi = session.multi;
    const std::stop_callback wake(stop, [multi] { curl_multi_wakeup(multi); });
    curl_multi_add_handle(multi, session.easy);
    CURLcode code = CURLE_OK;
    int running = 1;
    while (true) {
      if (curl_multi_perform(multi, &running) != CURLM_OK) code = CURLE_FAILED_INIT;
      if (running == 0 || code != CURLE_OK) break;
      if (stop.stop_requested()) {
        code = CURLE_ABORTED_BY_CALLBACK;
        break;
      }
      curl_multi_poll(multi, nullptr, 0, kPollMillis, nullptr);
    }
    int left = 0;
    while (const CURLMsg* done = curl_multi_info_read(multi, &left)) {
      if (done->msg == CURLMSG_DONE && code == CURLE_OK) code = done->data.result;
    }
    curl_multi_remove_handle(multi, session.easy);
    return code;
  }

  static Result<HttpResponse> finish(CURLcode code, const char* message, Transfer& transfer) {
    const HttpRequest& request = transfer.request;
    if (code == CURLE_OK || transfer.stopped_by_consumer) {
      long status = 0;
      const char* url = nullptr;
      curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
      curl_easy_getinfo(transfer.easy, CURLINFO_EFFECTIVE_URL, &url);
      transfer.response.status = static_cast<int>(status);
      transfer.response.url = url != nullptr ? url : request.url;
      return std::move(transfer.response);
    }
    if (transfer.too_large) {
      return fail(ErrorKind::limit, tr("the answer is larger than the limit of {} bytes", request.max_bytes),
                  request.url);
    }
    const std::string reason = *message != '\0' ? message : curl_easy_strerror(code);
    switch (code) {
      case CURLE_ABORTED_BY_CALLBACK:
        return fail(ErrorKind::cancelled, tr("stopped"), request.url);
      case CURLE_URL_MALFORMAT:
      case CURLE_UNSUPPORTED_PROTOCOL:
        return fail(ErrorKind::usage, tr("not a web address: {}", reason), request.url,
                    tr("write it in full, as https://example.org/"));
      case CURLE_OPERATION_TIMEDOUT:
        return fail(ErrorKind::network, tr("no answer in time: {}", reason), request.url);
      default:
        return fail(ErrorKind::network, reason, request.url);
    }
  }

  std::unique_ptr<Session> take(std::string host) {
    std::unique_ptr<Session> session;
    {
      const std::scoped_lock lock(mutex_);
      auto it = std::find_if(idle_.rbegin(), idle_.rend(), [&](const auto& idle) { return idle->host == host; });
      if (it == idle_.rend()) it = idle_.rbegin();
      if (it != idle_.rend()) {
        session = std::move(*it);
        idle_.erase(std::next(it).base());
      }
    }
    if (!session) session = std::make_unique<Session>();
    session->host = std::move(host);
    return session;
  }

  void give_back(std::unique_ptr<Session> session) {
    const std::scoped_lock lock(mutex_);
    if (idle_.size() < kMaxIdleSessions) idle_.push_back(std::move(session));
  }

  std::string user_agent_;
  std::string no_proxy_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Session>> idle_;
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client(std::string user_agent) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) throw Fatal(ErrorKind::internal, "libcurl cannot be initialised");
  return std::make_unique<CurlClient>(user_agent.empty() ? "Twin/" TWIN_VERSION : std::move(user_agent));
}

}  // namespace twin
