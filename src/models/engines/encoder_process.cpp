#include "models/engines/encoder_process.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "core/i18n.h"
#include "models/engines/encoder_wire.h"

namespace twin::models {
namespace {

constexpr std::size_t longest_note = 4096;  // of what the program writes on stderr
constexpr Millis longest_wait_for_end{2'000};
constexpr Millis look_again{200};

}  // namespace

EncoderProcess::~EncoderProcess() {
  end();
}

void EncoderProcess::end() {
  to_child_.reset();
  if (process_) process_->stop(longest_wait_for_end);
  process_.reset();
}

pid_t EncoderProcess::pid() {
  const std::scoped_lock lock(requests_);
  return process_ && !process_->poll() ? process_->pid() : 0;
}

Result<void> EncoderProcess::launch() {
  end();
  {
    const std::scoped_lock lock(mutex_);
    output_.clear();
    errors_.clear();
  }
  // A socket, not a pipe: writing to a program that died is an error then, not a signal.
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail(ErrorKind::io, tr("No channel to the encoder: {}", std::strerror(errno)));
  OwnedFd mine(ends[0]);
  const OwnedFd theirs(ends[1]);
  ProcessSpec spec;
  spec.argv = {launch_.program.string(), "--model", launch_.model.string(), "--threads",
               std::to_string(launch_.threads)};
  if (launch_.alone) spec.argv.emplace_back("--alone");
  if (launch_.f32) spec.argv.emplace_back("--f32");
  // oneDNN divides no product among threads here, in none of the program's threads.
  spec.environment = {{"OMP_NUM_THREADS", "1"}};
  spec.stdin_fd = theirs.get();
  auto process = Process::start_raw(
      std::move(spec),
      [this](std::string_view bytes) {
        const std::scoped_lock lock(mutex_);
        output_.append(bytes);
        arrived_.notify_all();
      },
      [this](std::string_view bytes) {
        const std::scoped_lock lock(mutex_);
        errors_.append(bytes);
        if (errors_.size() > longest_note) errors_.erase(0, errors_.size() - longest_note);
      });
  if (!process) return tl::unexpected(process.error());
  process_ = std::move(*process);
  to_child_ = std::move(mine);
  if (auto ready = receive_status(launch_.start_timeout); !ready) return ready;
  std::uint32_t sizes[2] = {0, 0};
  if (auto got = receive(sizes, sizeof(sizes), launch_.start_timeout); !got) return got;
  dimension_ = sizes[0];
  return {};
}

Result<void> EncoderProcess::start() {
  const std::scoped_lock lock(requests_);
  if (process_ && !process_->poll()) return {};
  auto started = launch();
  if (!started) end();
  return started;
}

/// `count` bytes of what the program writes.
Result<void> EncoderProcess::receive(void* bytes, std::size_t count, Millis timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  std::unique_lock lock(mutex_);
  while (output_.size() < count) {
    arrived_.wait_for(lock, look_again);
    if (output_.size() >= count) break;
    lock.unlock();
    const auto status = process_->poll();
    if (status) process_->wait();  // what it wrote is delivered then
    lock.lock();
    if (status && output_.size() < count) {
      return fail(ErrorKind::network, tr("The encoder ended with status {}: {}", *status, errors_));
    }
    if (std::chrono::steady_clock::now() > until) {
      return fail(ErrorKind::network, tr("The encoder did not answer within {} s", timeout.count() / 1000));
    }
  }
  std::memcpy(bytes, output_.data(), count);
  output_.erase(0, count);
  return {};
}

/// The word before every answer; a refusal becomes the error that it holds.
Result<void> EncoderProcess::receive_status(Millis timeout) {
  std::uint32_t status = wire::failed;
  if (auto got = receive(&status, sizeof(status), timeout); !got || status == wire::ok) return got;
  std::uint32_t length = 0;
  if (auto got = receive(&length, sizeof(length), timeout); !got) return got;
  std::string message(length, '\0');
  if (auto got = receive(message.data(), message.size(), timeout); !got) return got;
  return fail(ErrorKind::invalid, std::move(message));
}

Result<void> EncoderProcess::send(const std::vector<std::vector<int>>& texts) {
  std::vector<std::uint32_t> words{static_cast<std::uint32_t>(texts.size())};
  for (const auto& text : texts) {
    words.push_back(static_cast<std::uint32_t>(text.size()));
    words.insert(words.end(), text.begin(), text.end());
  }
  const char* const bytes = reinterpret_cast<const char*>(words.data());
  const std::size_t count = words.size() * sizeof(words[0]);
  for (std::size_t done = 0; done < count;) {
    const auto sent = ::send(to_child_.get(), bytes + done, count - done, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return fail(ErrorKind::network, tr("The encoder does not read: {}", std::strerror(errno)));
    done += static_cast<std::size_t>(sent);
  }
  return {};
}

Result<std::vector<std::vector<float>>> EncoderProcess::ask(const std::vector<std::vector<int>>& texts) {
  if (auto sent = send(texts); !sent) return tl::unexpected(sent.error());
  if (auto status = receive_status(launch_.request_timeout); !status) return tl::unexpected(status.error());
  std::vector<std::vector<float>> vectors(texts.size(), std::vector<float>(dimension_));
  for (auto& vector : vectors) {
    if (auto got = receive(vector.data(), vector.size() * sizeof(float), launch_.request_timeout); !got)
      return tl::unexpected(got.error());
  }
  return vectors;
}

Result<std::vector<std::vector<float>>> EncoderProcess::encode(const std::vector<std::vector<int>>& texts) {
  const std::scoped_lock lock(requests_);
  for (bool first = true;; first = false) {
    if (!process_ || process_->poll()) {
      if (process_ && ++restarts_ > launch_.max_restarts)
        return fail(ErrorKind::network, tr("The encoder died {} times and is given up", restarts_));
      if (auto started = launch(); !started) {
        end();
        return tl::unexpected(started.error());
      }
    }
    auto vectors = ask(texts);
    if (vectors || vectors.error().kind != ErrorKind::network) return vectors;
    if (!process_->poll()) process_->stop(Millis{0});  // it hangs: what comes later is no answer to the next request
    if (!first) return vectors;
  }
}

}  // namespace twin::models
