#include "models/engines/worker_process.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/log.h"
#include "core/text/unicode.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr int port_attempts = 5;  // a free port can be taken by another program before we bind it
constexpr Millis health_interval{25};
constexpr Millis health_timeout{2'000};
constexpr Millis notice_time{1'000};  // from the end of a process to our knowing of it
constexpr Millis first_backoff{200};
constexpr Millis longest_backoff{10'000};
// ggml's threads meet at a barrier after each operation, and OpenMP by default spins there for milliseconds, which is
// ruinous when anything else wants the cores. Measured on a busy 2-core machine: eight texts embedded in more than a
// minute by default, in 2.4 s with 10'000 rounds, 1.9 s with 1'000; on a free one fewer than 10'000 cost speed.
constexpr const char* spin_variable = "GOMP_SPINCOUNT";
constexpr const char* spin_count = "10000";
constexpr std::chrono::minutes restart_window{1};
constexpr std::size_t quoted_lines = 6;  // of the log, in an error message
constexpr std::uintmax_t longest_log_tail = 64u << 10;
constexpr std::uintmax_t largest_log = 16u << 20;  // an older log of this size is moved aside
constexpr int killed = 128 + 9;

/// The last lines, without the progress dots.
std::string last_lines(const std::string& log) {
  auto lines = text::split(log, '\n');
  std::erase_if(lines, [](std::string_view line) { return text::trim(line).size() < 3; });
  std::string joined;
  const std::size_t first = lines.size() > quoted_lines ? lines.size() - quoted_lines : 0;
  for (std::size_t i = first; i < lines.size(); ++i) {
    if (!joined.empty()) joined += " | ";
    joined += text::trim(lines[i]);
  }
  return text::repair_utf8(joined);
}

bool lost_port(const std::string& log) {
  return log.find("couldn't bind") != std::string::npos || log.find("Address already in use") != std::string::npos;
}

std::uintmax_t size_of(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : size;
}

void rotate(const fs::path& log) {
  std::error_code ignored;
  fs::create_directories(log.parent_path(), ignored);
  if (size_of(log) > largest_log) fs::rename(log, log.string() + ".old", ignored);
}

tl::unexpected<Error> stopped() {
  return fail(ErrorKind::cancelled, tr("The worker is being stopped"));
}

}  // namespace

WorkerProcess::WorkerProcess(WorkerLaunch launch) : launch_(std::move(launch)), http_(make_http_client()) {}

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(WorkerLaunch launch) {
  rotate(launch.log);
  std::unique_ptr<WorkerProcess> worker(new WorkerProcess(std::move(launch)));
  // The kernel ties a child's life to the thread that made it: always the supervisor, never a passing caller.
  worker->supervisor_ = std::jthread([raw = worker.get()](const std::stop_token& stop) { raw->supervise(stop); });
  if (auto ready = worker->endpoint(); !ready) return tl::unexpected(ready.error());
  return worker;
}

WorkerProcess::~WorkerProcess() {
  supervisor_.request_stop();
  if (supervisor_.joinable()) supervisor_.join();
}

Result<WorkerEndpoint> WorkerProcess::endpoint() {
  std::unique_lock lock(mutex_);
  const Millis longest = launch_.start_timeout + longest_backoff;
  if (!changed_.wait_for(lock, longest, [&] { return phase_ != Phase::starting; })) {
    return fail(ErrorKind::network, tr("The {} worker does not come up", launch_.name), launch_.log.string());
  }
  if (phase_ == Phase::failed) return tl::unexpected(error_);
  return endpoint_;
}

bool WorkerProcess::replaced(const std::string& url) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, notice_time, [&] { return phase_ != Phase::ready || endpoint_.url != url; });
}

bool WorkerProcess::healthy() {
  std::string url;
  {
    const std::scoped_lock lock(mutex_);
    if (phase_ != Phase::ready) return false;
    url = endpoint_.url;
  }
  return answers(url + "/health", {}, {});
}

int WorkerProcess::restarts() const {
  const std::scoped_lock lock(mutex_);
  return restarts_;
}

pid_t WorkerProcess::pid() const {
  const std::scoped_lock lock(mutex_);
  return pid_;
}

void WorkerProcess::supervise(const std::stop_token& stop) try {
  for (bool first = true;; first = false) {
    auto started = launch(stop);
    if (stop.stop_requested()) return;
    if (!started && first) return set_failed(started.error());
    if (started) {
      set_ready(*started);
      const int status = started->process->wait(stop);
      if (stop.stop_requested()) return;
      log::warn("the {} worker ended with status {}; its log: {}", launch_.name, status, launch_.log.string());
    } else {
      log::warn("the {} worker could not be restarted: {}", launch_.name, started.error().text());
    }
    {
      const std::scoped_lock lock(mutex_);
      phase_ = Phase::starting;
      pid_ = 0;
      changed_.notify_all();
    }
    if (!may_restart(SteadyClock::now())) {
      return set_failed(
          {ErrorKind::io,
           tr("The {} worker ended {} times within a minute and was given up", launch_.name, crashes_.size()),
           launch_.log.string(), tr("Its log says why; is memory short?")});
    }
    const auto doublings = std::min<std::size_t>(crashes_.size() - 1, 10);
    pause(std::min(longest_backoff, first_backoff * (1 << doublings)), stop);
    const std::scoped_lock lock(mutex_);
    ++restarts_;
  }
} catch (const std::exception& e) {
  set_failed({ErrorKind::internal, e.what(), launch_.log.string(), {}});
}

/// A crash is noted; more than max_restarts of them in a minute are too many.
bool WorkerProcess::may_restart(SteadyClock::time_point now) {
  while (!crashes_.empty() && now - crashes_.front() > restart_window) crashes_.pop_front();
  crashes_.push_back(now);
  return crashes_.size() <= static_cast<std::size_t>(std::max(0, launch_.max_restarts));
}

Result<WorkerProcess::Started> WorkerProcess::launch(const std::stop_token& stop) {
  for (int attempt = 1;; ++attempt) {
    if (stop.stop_requested()) return stopped();
    const auto port = free_port();
    if (!port) return tl::unexpected(port.error());
    const auto offset = size_of(launch_.log);
    auto started = launch_once(*port, stop);
    if (started || attempt == port_attempts || !lost_port(log_since(offset))) return started;
    log::info("port {} was taken before the {} worker had it; trying another", *port, launch_.name);
  }
}

Result<WorkerProcess::Started> WorkerProcess::launch_once(int port, const std::stop_token& stop) {
  Started started;
  started.log_offset = size_of(launch_.log);
  started.endpoint = {fmt::format("http://127.0.0.1:{}", port), random_id("key")};
  ProcessSpec spec;
  spec.argv = {launch_.program.string(), "--host", "127.0.0.1", "--port", std::to_string(port)};
  spec.argv.insert(spec.argv.end(), launch_.arguments.begin(), launch_.arguments.end());
  spec.environment["LLAMA_API_KEY"] = started.endpoint.key;  // not in argv: every user can read that
  if (std::getenv(spin_variable) == nullptr) spec.environment[spin_variable] = spin_count;
  spec.log = launch_.log;
  auto process = Process::start(std::move(spec));
  if (!process) return tl::unexpected(process.error());
  started.process = std::move(*process);
  if (auto healthy = wait_until_healthy(started, stop); !healthy) return tl::unexpected(healthy.error());
  return started;
}

Result<void> WorkerProcess::wait_until_healthy(Started& started, const std::stop_token& stop) {
  const auto deadline = SteadyClock::now() + launch_.start_timeout;
  for (;;) {
    if (stop.stop_requested()) return stopped();
    if (const auto status = started.process->poll()) {
      const std::string why = last_lines(log_since(started.log_offset));
      if (*status == killed) {
        return fail(ErrorKind::io, tr("The {} worker was killed while it loaded the model", launch_.name),
                    launch_.log.string(), tr("Is memory short?"));
      }
      return fail(ErrorKind::invalid, tr("The {} worker could not load the model: {}", launch_.name, why),
                  launch_.log.string());
    }
    // /health is open to all: only the key shows that it is our server that answers on this port.
    if (answers(started.endpoint.url + "/health", {}, stop) &&
        answers(started.endpoint.url + "/props", started.endpoint.key, stop)) {
      return {};
    }
    if (SteadyClock::now() > deadline) {
      return fail(ErrorKind::io,
                  tr("The {} worker was not ready after {} s", launch_.name,
                     std::chrono::duration_cast<std::chrono::seconds>(launch_.start_timeout).count()),
                  launch_.log.string(), tr("Raise start_timeout_s, or choose a smaller model"));
    }
    pause(health_interval, stop);
  }
}

void WorkerProcess::set_ready(const Started& started) {
  const std::scoped_lock lock(mutex_);
  phase_ = Phase::ready;
  endpoint_ = started.endpoint;
  pid_ = started.process->pid();
  changed_.notify_all();
}

void WorkerProcess::set_failed(Error error) {
  const std::scoped_lock lock(mutex_);
  phase_ = Phase::failed;
  pid_ = 0;
  error_ = std::move(error);
  changed_.notify_all();
}

void WorkerProcess::pause(Millis duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, duration, [] { return false; });
}

bool WorkerProcess::answers(const std::string& url, const std::string& key, const std::stop_token& stop) {
  HttpRequest request;
  request.url = url;
  request.connect_timeout = request.total_timeout = health_timeout;
  request.stop = stop;
  if (!key.empty()) request.headers.emplace_back("Authorization", "Bearer " + key);
  const auto response = http_->send(request);
  return response && response->status == 200;
}

std::string WorkerProcess::log_since(std::uintmax_t offset) const {
  const auto size = size_of(launch_.log);
  if (size <= offset) return {};
  const auto length = std::min(size - offset, longest_log_tail);
  std::string tail(length, '\0');
  std::ifstream in(launch_.log, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(size - length));
  in.read(tail.data(), static_cast<std::streamsize>(length));
  tail.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, in.gcount())));
  return tail;
}

}  // namespace twin::models
