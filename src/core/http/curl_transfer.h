// One exchange with a server through libcurl: one request, one answer, no redirects.
#pragma once

#include <curl/curl.h>

#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "core/http/http.h"
#include "core/http/phase_watch.h"
#include "core/http/url.h"

namespace twin {

/// A handle for one transfer at a time, with the connections it leaves open. A multi handle instead of a bare easy one
/// because curl_multi_wakeup() ends the wait at once when the user stops.
struct CurlSession {
  CURLM* multi = curl_multi_init();
  CURL* easy = curl_easy_init();
  std::string host;  ///< of the last transfer: the next one to it finds an open connection here

  CurlSession();
  ~CurlSession();
  CurlSession(const CurlSession&) = delete;
  CurlSession& operator=(const CurlSession&) = delete;
};

/// Lives for one exchange; the callbacks point to it.
class CurlTransfer {
 public:
  /// `left`: what remains of the request's total_timeout; zero: no limit. All references must outlive the object.
  CurlTransfer(CurlSession& session, const HttpPolicy& policy, const HttpRequest& request, const WebAddress& address,
               Millis left);
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  /// Throws what on_data threw.
  [[nodiscard]] Result<HttpResponse> run();

 private:
  void configure();
  void configure_method();
  void configure_guard();
  template <class Value>
  void set(CURLoption option, Value value);

  [[nodiscard]] CURLcode perform();
  /// False: a limit is broken, `failure_` says which.
  [[nodiscard]] bool within_limits(PhaseWatch& watch);
  [[nodiscard]] Result<HttpResponse> finish(CURLcode code);
  [[nodiscard]] Error error_of(CURLcode code) const;
  [[nodiscard]] Error phase_error(Phase phase) const;
  [[nodiscard]] std::uint64_t wire_bytes() const;
  [[nodiscard]] bool has_peer() const;
  bool broke(ErrorKind kind, std::string message, std::string hint = {});

  bool on_body(std::string_view data);
  bool on_header(std::string_view line);
  template <bool (CurlTransfer::*method)(std::string_view)>
  static std::size_t piece(char* data, std::size_t size, std::size_t count, void* user);
  static curl_socket_t open_socket(void* user, curlsocktype purpose, curl_sockaddr* address);
  static int before_request(void* user, char* ip, char* local_ip, int port, int local_port);

  CurlSession& session_;
  const HttpPolicy& policy_;
  const HttpRequest& request_;
  const WebAddress& address_;
  Millis left_;
  std::string proxy_;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers_, resolve_;
  char message_[CURL_ERROR_SIZE] = "";

  HttpResponse response_;
  PhaseState state_;
  std::vector<int> sockets_;  ///< opened for this transfer, of the guarded client; libcurl's to close
  std::uint64_t unpacked_ = 0;
  std::uint64_t header_bytes_ = 0;
  bool stopped_by_consumer_ = false;
  std::unique_ptr<Error> failure_;  ///< a limit that was broken: says more than libcurl's code
  std::string refused_;             ///< why the guard refused an address
  std::exception_ptr thrown_;       ///< callbacks are called from C: exceptions are kept and thrown afterwards
};

}  // namespace twin
