#include "cli/signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <thread>

namespace twin::cli {
namespace {

int wake_pipe[2] = {-1, -1};

// Only async-signal-safe calls here; the thread below does the rest.
void on_signal(int number) {
  std::signal(number, SIG_DFL);
  const int saved = errno;
  [[maybe_unused]] const ssize_t written = ::write(wake_pipe[1], "x", 1);
  errno = saved;
}

std::stop_source& source() {
  static std::stop_source instance;
  return instance;
}

}  // namespace

std::stop_token stop_on_signal() {
  if (::pipe2(wake_pipe, O_CLOEXEC) == 0) {
    // Lives as long as the process; it owns nothing that needs an orderly end.
    std::thread([] {
      char byte = 0;
      while (::read(wake_pipe[0], &byte, 1) < 0 && errno == EINTR) {
      }
      source().request_stop();
    }).detach();
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
  }
  std::signal(SIGPIPE, SIG_IGN);
  return source().get_token();
}

}  // namespace twin::cli
