// JSON requests to a worker, whichever process serves it now.
#pragma once

#include <stop_token>

#include "core/http/http.h"
#include "core/json.h"
#include "core/result.h"
#include "models/engines/worker_process.h"

namespace twin::models {

class WorkerClient {
 public:
  WorkerClient(WorkerProcess& process, Millis timeout)
      : process_(process), http_(make_http_client()), timeout_(timeout) {}

  /// A request with address, key and time limit filled in; waits while the worker restarts.
  [[nodiscard]] Result<HttpRequest> request(const std::string& path);
  /// The parsed answer of a 200; another status is the server's error. A request that is lost with its server is sent
  /// once more to the next one. `stop` closes the connection, which ends the request at the server.
  [[nodiscard]] Result<Json> post(const std::string& path, const Json& body, const std::stop_token& stop = {});
  [[nodiscard]] Result<Json> get(const std::string& path);
  /// post() without a look at the answer: any status is one.
  [[nodiscard]] Result<HttpResponse> exchange(const std::string& path, const std::string& body);
  [[nodiscard]] HttpClient& http() { return *http_; }
  /// Whether a request that failed so, at that server, may go to another one now.
  [[nodiscard]] bool worth_repeating(const Error& error, const HttpRequest& request);

 private:
  [[nodiscard]] Result<HttpResponse> exchange(const std::string& method, const std::string& path,
                                              const std::string& body, const std::stop_token& stop);
  [[nodiscard]] Result<Json> send(const std::string& method, const std::string& path, const std::string& body,
                                  const std::stop_token& stop = {});

  WorkerProcess& process_;
  std::unique_ptr<HttpClient> http_;
  Millis timeout_;
};

}  // namespace twin::models
