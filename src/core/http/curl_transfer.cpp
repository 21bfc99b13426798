#include "core/http/curl_transfer.h"

#include <fmt/core.h>
#include <sys/socket.h>

#include <algorithm>

#include "core/http/proxy.h"
#include "core/i18n.h"
#include "core/text/ascii.h"

namespace twin {
namespace {

constexpr std::uint64_t ratio_free_bytes = 1 << 20;  ///< any page may unpack to so much
/// libcurl unpacks a chunked body before it counts it: at most one receive buffer is not counted yet.
constexpr std::uint64_t uncounted_bytes = CURL_MAX_WRITE_SIZE;

std::string_view trimmed(std::string_view value) {
  const std::size_t first = value.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  value = value.substr(first);
  return value.substr(0, value.find_last_not_of(" \t\r\n") + 1);
}

curl_slist* header_list(const Headers& headers) {
  curl_slist* list = nullptr;
  for (const auto& [name, value] : headers) {
    // curl sends a header without value only in the form "Name;".
    list = curl_slist_append(list, (value.empty() ? name + ";" : name + ": " + value).c_str());
  }
  return curl_slist_append(list, "Expect:");  // no waiting for "100 Continue" before a body
}

curl_slist* text_list(const std::vector<std::string>& lines) {
  curl_slist* list = nullptr;
  for (const auto& line : lines) list = curl_slist_append(list, line.c_str());
  return list;
}

bool plain_ascii(const std::string& url) {
  return std::all_of(url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

CurlSession::CurlSession() {
  if (multi == nullptr || easy == nullptr) throw Fatal(ErrorKind::internal, "libcurl cannot be initialised");
}

CurlSession::~CurlSession() {
  curl_easy_cleanup(easy);
  curl_multi_cleanup(multi);
}

CurlTransfer::CurlTransfer(CurlSession& session, const HttpPolicy& policy, const HttpRequest& request,
                           const WebAddress& address, Millis left)
    : session_(session),
      policy_(policy),
      request_(request),
      address_(address),
      left_(left),
      headers_(header_list(request.headers), &curl_slist_free_all),
      resolve_(text_list(policy.resolve), &curl_slist_free_all) {}

CurlTransfer::~CurlTransfer() {
  curl_easy_reset(session_.easy);  // drops every pointer to this object
}

Result<HttpResponse> CurlTransfer::run() {
  configure();
  if (policy_.guard && !proxy_.empty()) {
    // The proxy looks the name up, and its own address is the one that is connected to: only the text can be judged.
    if (auto reason = policy_.guard->refusal(address_.host)) refused_ = *std::move(reason);
  }
  auto result = refused_.empty() ? finish(perform()) : finish(CURLE_COULDNT_CONNECT);
  if (thrown_) std::rethrow_exception(thrown_);
  return result;
}

template <class Value>
void CurlTransfer::set(CURLoption option, Value value) {
  if (curl_easy_setopt(session_.easy, option, value) != CURLE_OK) {
    throw Fatal(ErrorKind::internal, fmt::format("libcurl does not know option {}", static_cast<int>(option)));
  }
}

template <bool (CurlTransfer::*method)(std::string_view)>
std::size_t CurlTransfer::piece(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<CurlTransfer*>(user);
  try {
    return (transfer.*method)({data, size * count}) ? size * count : CURL_WRITEFUNC_ERROR;
  } catch (...) {
    transfer.thrown_ = std::current_exception();
    return CURL_WRITEFUNC_ERROR;
  }
}

void CurlTransfer::configure() {
  // Korean addresses are written as they read; on the wire they are percent-encoded.
  set(CURLOPT_URL, (plain_ascii(request_.url) ? request_.url : address_.url).c_str());
  set(CURLOPT_ERRORBUFFER, message_);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_ACCEPT_ENCODING, "");  // every compression that libcurl was built with
  set(CURLOPT_USERAGENT, policy_.user_agent.c_str());
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  const Millis connect = request_.connect_timeout + policy_.tls_timeout;
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(left_.count()));
  set(CURLOPT_HTTPHEADER, headers_.get());
  if (resolve_) set(CURLOPT_RESOLVE, resolve_.get());
  set(CURLOPT_WRITEFUNCTION, &piece<&CurlTransfer::on_body>);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_HEADERFUNCTION, &piece<&CurlTransfer::on_header>);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_PREREQFUNCTION, &before_request);
  set(CURLOPT_PREREQDATA, this);
  configure_method();
  configure_guard();
}

void CurlTransfer::configure_method() {
  if (request_.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
    return;
  }
  // Refuses at once what announces too large a body.
  set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(std::min<std::uint64_t>(request_.max_bytes, INT64_MAX)));
  if (request_.method == "GET" && request_.body.empty()) return;
  if (request_.method == "POST" || !request_.body.empty()) {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(CURLOPT_POSTFIELDS, request_.body.c_str());  // not copied: lives as long as the request
  }
  if (request_.method != "POST") set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

void CurlTransfer::configure_guard() {
  if (!policy_.guard) {
    // Setting this replaces the environment's list; the workers of this machine are always in it.
    set(CURLOPT_NOPROXY, no_proxy_list().c_str());
    return;
  }
  proxy_ = proxy_of(address_);
  set(CURLOPT_PROXY, proxy_.c_str());  // empty: none, whatever the environment says
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set(CURLOPT_OPENSOCKETDATA, this);
}

/// Asked for each address that a connection is tried to, after the look-up: there is no later one that could differ.
curl_socket_t CurlTransfer::open_socket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<CurlTransfer*>(user);
  try {
    if (transfer.proxy_.empty()) {
      const auto ip = IpAddress::of(&address->addr);
      auto reason = ip ? transfer.policy_.guard->refusal(*ip, transfer.address_.host)
                       : std::optional<std::string>("not an internet address");
      if (reason) {
        transfer.refused_ = *std::move(reason);
        return CURL_SOCKET_BAD;
      }
    }
  } catch (...) {
    transfer.thrown_ = std::current_exception();
    return CURL_SOCKET_BAD;
  }
  const int socket = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (socket >= 0) transfer.sockets_.push_back(socket);
  return socket;
}

/// libcurl tells of a connection only when TLS stands, too.
bool CurlTransfer::has_peer() const {
  return std::any_of(sockets_.begin(), sockets_.end(), [](int socket) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    return ::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
  });
}

int CurlTransfer::before_request(void* user, char*, char*, int, int) {
  auto& transfer = *static_cast<CurlTransfer*>(user);
  transfer.state_.connected = transfer.state_.secured = true;
  return CURL_PREREQFUNC_OK;
}

bool CurlTransfer::broke(ErrorKind kind, std::string message, std::string hint) {
  if (!failure_) {
    failure_ = std::make_unique<Error>(Error{kind, std::move(message), shown_url(request_.url), std::move(hint)});
  }
  return false;
}

std::uint64_t CurlTransfer::wire_bytes() const {
  curl_off_t bytes = 0;
  curl_easy_getinfo(session_.easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
  return bytes > 0 ? static_cast<std::uint64_t>(bytes) : 0;
}

bool CurlTransfer::on_body(std::string_view data) {
  unpacked_ += data.size();
  if (unpacked_ > request_.max_bytes) {
    return broke(ErrorKind::limit, tr("the answer is larger than the limit of {} bytes", request_.max_bytes));
  }
  const double counted = static_cast<double>(wire_bytes() + uncounted_bytes);
  if (policy_.max_ratio > 0 && unpacked_ > ratio_free_bytes &&
      static_cast<double>(unpacked_) > policy_.max_ratio * counted) {
    return broke(ErrorKind::limit, tr("the answer unpacks to more than {} times its size", policy_.max_ratio));
  }
  long status = 0;
  curl_easy_getinfo(session_.easy, CURLINFO_RESPONSE_CODE, &status);
  if (!request_.on_data || status / 100 != 2) {
    response_.body += data;
    return true;
  }
  stopped_by_consumer_ = !request_.on_data(data);
  return !stopped_by_consumer_;
}

bool CurlTransfer::on_header(std::string_view line) {
  if (line.starts_with("HTTP/") && !state_.answered) response_.headers.clear();  // "100 Continue" came before
  header_bytes_ += line.size();
  if (header_bytes_ > policy_.max_header_bytes) {
    return broke(ErrorKind::limit, tr("the headers are larger than the limit of {} bytes", policy_.max_header_bytes));
  }
  if (trimmed(line).empty()) {
    long status = 0;
    curl_easy_getinfo(session_.easy, CURLINFO_RESPONSE_CODE, &status);
    state_.answered = status >= 200;
    return true;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return true;
  response_.headers.emplace_back(text::ascii_lower(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  return true;
}

bool CurlTransfer::within_limits(PhaseWatch& watch) {
  state_.connected = state_.connected || has_peer();
  state_.received = wire_bytes();
  if (state_.received > request_.max_bytes) {
    return broke(ErrorKind::limit, tr("the answer is larger than the limit of {} bytes", request_.max_bytes));
  }
  const auto phase = watch.broken(state_, system_clock().monotonic());
  if (phase) failure_ = std::make_unique<Error>(phase_error(*phase));
  return !phase;
}

CURLcode CurlTransfer::perform() {
  CURLM* multi = session_.multi;
  PhaseWatch watch({.connect = request_.connect_timeout,
                    .tls = policy_.tls_timeout,
                    .answer = policy_.answer_timeout,
                    .idle = policy_.idle_timeout,
                    .min_bytes_per_second = policy_.min_bytes_per_second,
                    .total = left_},
                   system_clock().monotonic());
  const std::stop_callback wake(request_.stop, [multi] { curl_multi_wakeup(multi); });
  curl_multi_add_handle(multi, session_.easy);
  CURLcode code = CURLE_OK;
  int running = 1;
  while (true) {
    if (curl_multi_perform(multi, &running) != CURLM_OK) code = CURLE_FAILED_INIT;
    if (running == 0 || code != CURLE_OK) break;
    if (request_.stop.stop_requested()) {
      code = CURLE_ABORTED_BY_CALLBACK;
    } else if (!within_limits(watch)) {
      code = CURLE_OPERATION_TIMEDOUT;
    }
    if (code != CURLE_OK) break;
    curl_multi_poll(multi, nullptr, 0, static_cast<int>(watch.step().count()), nullptr);
  }
  int left = 0;
  while (const CURLMsg* done = curl_multi_info_read(multi, &left)) {
    if (done->msg == CURLMSG_DONE && code == CURLE_OK) code = done->data.result;
  }
  curl_multi_remove_handle(multi, session_.easy);
  return code;
}

Result<HttpResponse> CurlTransfer::finish(CURLcode code) {
  if (failure_) return tl::unexpected(std::move(*failure_));
  if (code != CURLE_OK && !stopped_by_consumer_) return tl::unexpected(error_of(code));
  long status = 0;
  const char* url = nullptr;
  curl_easy_getinfo(session_.easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(session_.easy, CURLINFO_EFFECTIVE_URL, &url);
  response_.status = static_cast<int>(status);
  response_.url = shown_url(url != nullptr ? url : request_.url);
  return std::move(response_);
}

Error CurlTransfer::phase_error(Phase phase) const {
  const auto error = [&](std::string message) {
    return Error{ErrorKind::network, std::move(message), shown_url(request_.url), {}};
  };
  const auto seconds = [](Millis time) { return static_cast<double>(time.count()) / 1000.0; };
  switch (phase) {
    case Phase::connect:
      return error(tr("no connection within {} s", seconds(request_.connect_timeout)));
    case Phase::tls:
      return error(tr("no encrypted connection within {} s", seconds(policy_.tls_timeout)));
    case Phase::answer:
      return error(tr("no complete headers within {} s", seconds(policy_.answer_timeout)));
    case Phase::idle:
      return error(tr("nothing came for {} s in the middle of the answer", seconds(policy_.idle_timeout)));
    case Phase::slow:
      return error(tr("the answer comes slower than {} bytes a second", policy_.min_bytes_per_second));
    case Phase::total:
      break;
  }
  return error(tr("not finished within {} s", seconds(request_.total_timeout)));
}

Error CurlTransfer::error_of(CURLcode code) const {
  const std::string where = shown_url(request_.url);
  const std::string reason = *message_ != '\0' ? message_ : curl_easy_strerror(code);
  switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
      return {ErrorKind::cancelled, tr("stopped"), where, {}};
    case CURLE_COULDNT_CONNECT:
      if (refused_.empty()) break;
      return {ErrorKind::limit, refused_, where, tr("if you trust it, add it to collect.http.allow_hosts")};
    case CURLE_URL_MALFORMAT:
      return {ErrorKind::usage, tr("not a web address: {}", reason), where,
              tr("write it in full, as https://example.org/")};
    case CURLE_FILESIZE_EXCEEDED:
      return {ErrorKind::limit, tr("the answer is larger than the limit of {} bytes", request_.max_bytes), where, {}};
    case CURLE_OUT_OF_MEMORY:  // what libcurl says to a header line of more than 100 KB
      if (state_.answered) break;
      return {ErrorKind::limit,
              tr("the headers are larger than the limit of {} bytes", policy_.max_header_bytes),
              where,
              {}};
    case CURLE_WRITE_ERROR:  // of the unpacking: what our own callbacks refuse is in failure_
      return {ErrorKind::invalid, tr("the answer is not compressed as its Content-Encoding says"), where, {}};
    case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9; other schemes do not get here
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return {ErrorKind::invalid, tr("the answer is not well-formed HTTP: {}", reason), where, {}};
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorKind::network, tr("no answer in time: {}", reason), where, {}};
    case CURLE_GOT_NOTHING:
      return {ErrorKind::network, tr("the server closed the connection without an answer"), where, {}};
    case CURLE_PARTIAL_FILE:
      return {ErrorKind::network, tr("the answer ended before it was complete: {}", reason), where, {}};
    case CURLE_RECV_ERROR:
      if (reason.find("chunked-encoding") != std::string::npos) {  // the sizes of its pieces are no numbers
        return {ErrorKind::invalid, tr("the answer is not well-formed HTTP: {}", reason), where, {}};
      }
      return {ErrorKind::network, tr("the connection broke: {}", reason), where, {}};
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
      return {ErrorKind::network, tr("no encrypted connection: {}", reason), where, {}};
    default:
      break;
  }
  return {ErrorKind::network, reason, where, {}};
}

}  // namespace twin
