// The HTTP side of the gateway: the only file that knows cpp-httplib.
#include "inference/gateway/gateway.h"

#include <httplib.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/log.h"
#include "inference/gateway/connection_watch.h"
#include "inference/gateway/routes.h"

namespace twin::inference {
namespace {

constexpr std::size_t spare_threads = 8;  // for health, pages and idle connections
constexpr std::size_t max_pending_connections = 256;
constexpr time_t keep_alive_seconds = 5;
constexpr time_t read_timeout_seconds = 15;
constexpr time_t write_timeout_seconds = 30;

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

ApiRequest from_http(const httplib::Request& http, std::stop_token cancel) {
  ApiRequest request;
  request.method = http.method;
  request.path = http.path;
  request.body = http.body;
  request.cancel = std::move(cancel);
  for (const auto& [name, value] : http.headers) request.headers.emplace(lower(name), value);
  return request;
}

/// `watched` keeps the watch on the connection for as long as the stream is written.
void to_http(ApiResponse response, const std::shared_ptr<void>& watched, httplib::Response& http) {
  http.status = response.status;
  for (const auto& [name, value] : response.headers) http.set_header(name, value);
  if (!response.stream) {
    if (response.status != httplib::StatusCode::NotModified_304) http.set_content(response.body, response.content_type);
    return;
  }
  http.set_chunked_content_provider(
      response.content_type, [stream = std::move(response.stream), watched](std::size_t, httplib::DataSink& sink) {
        bool open = true;
        stream([&](std::string_view piece) {
          open = open && sink.is_writable() && sink.write(piece.data(), piece.size());
          return open;
        });
        if (open) sink.done();
        return open;
      });
}

/// What httplib refuses itself (too large, malformed) as JSON, too.
void describe_refusal(const httplib::Request&, httplib::Response& http) {
  if (!http.body.empty()) return;
  ApiError error{http.status, tr("The request could not be read"), "invalid_request_error", {}, "invalid_request"};
  if (http.status == httplib::StatusCode::PayloadTooLarge_413) {
    error.message = tr("The body is larger than serve.max_body_kilobytes allows");
    error.code = "request_too_large";
  }
  http.set_content(to_json(error).dump(), "application/json");
}

}  // namespace

struct Gateway::State {
  State(ServeConfig c, Parts p) : config(std::move(c)), parts(std::move(p)) {}

  ServeConfig config;
  Parts parts;
  std::unique_ptr<Routes> routes;
  ConnectionWatch watch;
  httplib::Server server;
  std::atomic<bool> stopping = false;

  void configure();
  void handle(const httplib::Request& http, httplib::Response& response);
  void drain(const std::stop_token& finished);
};

void Gateway::State::handle(const httplib::Request& http, httplib::Response& response) {
  const double start = system_clock().monotonic();
  std::stop_source stop;
  const auto watched = watch.watch(http.is_connection_closed, stop);
  auto answer = routes->handle(from_http(http, stop.get_token()));
  log::info("{} {} {} {:.0f} ms", http.method, http.path, answer.status, (system_clock().monotonic() - start) * 1000);
  to_http(std::move(answer), watched, response);
}

void Gateway::State::configure() {
  const auto requests = static_cast<std::size_t>(2 * (config.max_queue + std::max(1, parts.slots)));
  server.new_task_queue = [requests] {
    return new httplib::ThreadPool(spare_threads, spare_threads + requests, max_pending_connections);
  };
  server.set_socket_options([](socket_t socket) {
    // Not SO_REUSEPORT, httplib's default: two servers on one port must be an error.
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
  server.set_payload_max_length(static_cast<std::size_t>(config.max_body_kilobytes) << 10);
  server.set_keep_alive_timeout(keep_alive_seconds);
  server.set_read_timeout(read_timeout_seconds);
  server.set_write_timeout(write_timeout_seconds);
  server.set_error_handler([](const httplib::Request& q, httplib::Response& r) { describe_refusal(q, r); });
  const auto handler = [this](const httplib::Request& q, httplib::Response& r) { handle(q, r); };
  const std::string all = ".*";
  server.Get(all, handler).Post(all, handler).Put(all, handler).Patch(all, handler);
  server.Delete(all, handler).Options(all, handler);
}

/// Stops listening when asked to, gives running answers their time, then cuts them off.
void Gateway::State::drain(const std::stop_token& finished) {
  stopping.wait(false);
  while (!finished.stop_requested() && !server.is_running()) std::this_thread::sleep_for(Millis{1});
  server.stop();
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, finished, std::chrono::seconds(config.drain_seconds), [] { return false; });
  watch.stop_all();
}

Gateway::Gateway(ServeConfig config, Parts parts)
    : state_(std::make_unique<State>(std::move(config), std::move(parts))) {}

Gateway::~Gateway() = default;

Result<int> Gateway::bind() {
  const ServeConfig& config = state_->config;
  std::string key;
  if (!config.api_key_env.empty()) {
    const char* value = std::getenv(config.api_key_env.c_str());
    if (value == nullptr || *value == '\0') {
      return fail(ErrorKind::usage, tr("The environment variable {} holds no API key", config.api_key_env),
                  "serve.api_key_env", tr("set it, or remove serve.api_key_env to serve this machine only"));
    }
    key = value;
  }
  if (key.empty() && !is_loopback(config.host)) {
    return fail(ErrorKind::usage, tr("Without an API key only this machine can be served, not {}", config.host),
                "serve.host", tr("name the variable that holds a key in serve.api_key_env, or use 127.0.0.1"));
  }
  state_->routes = std::make_unique<Routes>(config, state_->parts, std::move(key));
  state_->configure();
  errno = 0;
  const int port = config.port == 0 ? state_->server.bind_to_any_port(config.host)
                   : state_->server.bind_to_port(config.host, config.port) ? config.port
                                                                           : -1;
  if (port > 0) return port;
  const int cause = errno;
  return fail(ErrorKind::io,
              tr("Cannot listen on {} port {}: {}", config.host, config.port,
                 cause == 0 ? "no such address" : std::strerror(cause)),
              "serve.port", tr("end the program that uses the port, or choose another with serve.port"));
}

void Gateway::run() {
  std::jthread drain([this](const std::stop_token& finished) { state_->drain(finished); });
  state_->server.listen_after_bind();
  // Ended by itself or by stop(): the drain thread must not wait for a stop that no longer comes.
  state_->stopping = true;
  state_->stopping.notify_all();
}

void Gateway::stop() {
  state_->stopping = true;
  state_->stopping.notify_all();
}

}  // namespace twin::inference
