#include "feature/collect/fetch_all.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "core/http/url.h"
#include "core/i18n.h"
#include "feature/collect/fetch.h"

namespace twin::feature {
namespace {

std::string host_of(const HttpRequest& request) {
  const auto address = parse_web_address(request.url);
  return address ? address->authority() : std::string();
}

struct Task {
  HttpRequest request;
  std::string host;
  bool started = false;
  std::optional<Result<HttpResponse>> response;
};

/// The window: tasks in the order of the requests, worked on by threads, taken from the front by the caller.
class Window {
 public:
  Window(HttpClient& http, Clock& clock, const HttpClient::Parallel& parallel, const FetchAllLimits& limits)
      : http_(http), clock_(clock), parallel_(parallel), limits_(limits) {}

  ~Window() {
    stop_.request_stop();
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    work_.notify_all();
    threads_.clear();  // joins
  }

  [[nodiscard]] bool full() const { return tasks_.size() >= std::max<std::size_t>(limits_.window, 1); }
  [[nodiscard]] bool empty() const { return tasks_.empty(); }

  void add(HttpRequest request) {
    {
      const std::scoped_lock lock(mutex_);
      Task& task = tasks_.emplace_back();
      task.host = host_of(request);
      task.request = std::move(request);
    }
    if (threads_.size() < static_cast<std::size_t>(parallel_.total)) threads_.emplace_back([this] { work(); });
    work_.notify_one();
  }

  /// The first task, when it is done. Throws what a thread threw.
  Task take() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return tasks_.front().response.has_value() || thrown_; });
    if (thrown_) std::rethrow_exception(thrown_);
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    waiting_bytes_ -= size_of(task);
    lock.unlock();
    work_.notify_all();
    return task;
  }

 private:
  static std::uint64_t size_of(const Task& task) {
    return task.response && *task.response ? (*task.response)->body.size() : 0;
  }

  /// The first task that may begin. The front one always may, whatever waits behind it.
  Task* next() {
    for (Task& task : tasks_) {
      if (task.started) continue;
      const bool room = &task == &tasks_.front() || waiting_bytes_ < limits_.max_waiting_bytes;
      if (room && active_[task.host] < parallel_.per_host) return &task;
    }
    return nullptr;
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (!closed_) {
      Task* task = next();  // a deque's elements stay where they are while others come and go at its ends
      if (task == nullptr) {
        work_.wait(lock);
        continue;
      }
      task->started = true;
      ++active_[task->host];
      lock.unlock();
      std::optional<Result<HttpResponse>> response;
      std::exception_ptr thrown;
      try {
        response = fetch_one(task->request);
      } catch (...) {
        thrown = std::current_exception();
      }
      lock.lock();
      --active_[task->host];
      if (thrown && !thrown_) thrown_ = thrown;
      task->response = std::move(response);
      waiting_bytes_ += size_of(*task);
      done_.notify_all();
      work_.notify_all();
    }
  }

  /// Ends when the caller's token says so, or when this window is abandoned.
  Result<HttpResponse> fetch_one(const HttpRequest& given) {
    std::stop_source both;
    const auto stop = [&both] { both.request_stop(); };
    const std::stop_callback theirs(given.stop, stop), ours(stop_.get_token(), stop);
    HttpRequest request = given;
    request.stop = both.get_token();
    return fetch(http_, clock_, request);
  }

  HttpClient& http_;
  Clock& clock_;
  const HttpClient::Parallel parallel_;
  const FetchAllLimits limits_;
  std::mutex mutex_;
  std::condition_variable work_, done_;
  std::deque<Task> tasks_;
  std::map<std::string, int> active_;
  std::uint64_t waiting_bytes_ = 0;
  bool closed_ = false;
  std::exception_ptr thrown_;
  std::stop_source stop_;
  std::vector<std::jthread> threads_;
};

}  // namespace

void fetch_all(HttpClient& http, Clock& clock, const RequestSource& next, const ResponseSink& sink,
               const FetchAllLimits& limits) {
  const HttpClient::Parallel parallel = http.parallel();
  if (parallel.total <= 1) {
    while (auto request = next()) {
      if (request->stop.stop_requested() || !sink(*request, fetch(http, clock, *request))) return;
    }
    return;
  }
  Window window(http, clock, parallel, limits);
  bool more = true;
  while (true) {
    while (more && !window.full()) {
      auto request = next();
      more = request.has_value();
      if (more) window.add(*std::move(request));
    }
    if (window.empty()) return;
    Task task = window.take();
    if (task.request.stop.stop_requested() || !sink(task.request, *std::move(task.response))) return;
  }
}

}  // namespace twin::feature
