// A small HTTP server on loopback, and the words to talk about it.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/http/http.h"

namespace twin {

/// A server on loopback. Answers each request with what the script says for its path; keeps connections open.
class TestServer {
 public:
  using Script = std::function<std::string(const std::string& request)>;
  /// Answers by itself, as badly as it likes; false closes the connection.
  using Handler = std::function<bool(int peer, const std::string& request)>;

  explicit TestServer(Script script)
      : TestServer(Handler([script = std::move(script)](int peer, const std::string& request) {
          return put(peer, script(request));
        })) {}

  explicit TestServer(Handler handler) : handler_(std::move(handler)), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(socket_, 16) == 0);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~TestServer() {
    ::shutdown(socket_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::scoped_lock lock(mutex_);
      for (const int peer : peers_) ::shutdown(peer, SHUT_RDWR);
    }
    for (auto& thread : threads_) thread.join();
    for (const int peer : peers_) ::close(peer);
    ::close(socket_);
  }

  /// False when nobody reads any more.
  static bool put(int peer, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  std::atomic<int> connections{0};

 private:
  void accept_all() {
    while (true) {
      const int peer = ::accept(socket_, nullptr, nullptr);
      if (peer < 0) return;
      ++connections;
      const std::scoped_lock lock(mutex_);
      peers_.push_back(peer);
      threads_.emplace_back([this, peer] { serve(peer); });
    }
  }

  void serve(int peer) const {
    std::string received;
    char block[4096];
    while (true) {
      std::size_t end = 0;
      while ((end = received.find("\r\n\r\n")) == std::string::npos) {
        const ssize_t got = ::recv(peer, block, sizeof block, 0);
        if (got <= 0) return;
        received.append(block, static_cast<std::size_t>(got));
      }
      end += 4 + body_size(received);
      while (received.size() < end) {
        const ssize_t got = ::recv(peer, block, sizeof block, 0);
        if (got <= 0) return;
        received.append(block, static_cast<std::size_t>(got));
      }
      const std::string request = received.substr(0, end);
      received.erase(0, end);
      if (!handler_(peer, request)) {
        ::shutdown(peer, SHUT_RDWR);
        return;
      }
    }
  }

  static std::size_t body_size(const std::string& request) {
    const std::size_t at = request.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::stoul(request.substr(at + 16));
  }

  Handler handler_;
  int socket_;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<int> peers_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

inline std::string answer(const std::string& body, const std::string& status = "200 OK",
                          const std::string& headers = {}) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

inline bool asks_for(const std::string& request, const std::string& path) {
  return request.find(" " + path + " HTTP/") != std::string::npos;
}

inline HttpRequest get(std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  return request;
}

}  // namespace twin
