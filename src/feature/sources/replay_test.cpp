#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/json.h"
#include "feature/sources/replay_for_test.h"

namespace twin::feature {

struct ReplayHttp::Exchange {
  std::string method, url;
  std::vector<std::string> body_contains;
  std::map<std::string, std::string> header_contains;
  HttpResponse response;
  int times = -1;

  [[nodiscard]] bool matches(const HttpRequest& request) const {
    if (times == 0 || request.method != method || request.url != url) return false;
    for (const auto& part : body_contains) {
      if (request.body.find(part) == std::string::npos) return false;
    }
    for (const auto& [name, part] : header_contains) {
      bool found = false;
      for (const auto& [given, value] : request.headers) {
        std::string lower = given;
        for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        found = found || (lower == name && value.find(part) != std::string::npos);
      }
      if (!found) return false;
    }
    return true;
  }
};

ReplayHttp::ReplayHttp(const std::string& name)
    : folder_(std::filesystem::path(TWIN_SOURCE_DIR) / "src/feature/sources/testdata" / name) {
  const auto text = disk().read(folder_ / "exchanges.json");
  REQUIRE_MESSAGE(text, (folder_ / "exchanges.json").string());
  for (const auto& item : Json::parse(*text)) {
    Exchange exchange;
    exchange.method = item.value("method", "GET");
    exchange.url = item.at("url").get<std::string>();
    exchange.body_contains = item.value("body_contains", std::vector<std::string>{});
    exchange.header_contains = item.value("header_contains", std::map<std::string, std::string>{});
    exchange.times = item.value("times", -1);
    exchange.response.status = item.value("status", 200);
    exchange.response.url = item.value("final_url", exchange.url);
    for (const auto& [header, value] : item.value("headers", std::map<std::string, std::string>{})) {
      exchange.response.headers.emplace_back(header, value);
    }
    if (item.contains("file")) {
      const auto body = disk().read(folder_ / item.at("file").get<std::string>());
      REQUIRE_MESSAGE(body, item.at("file").get<std::string>());
      exchange.response.body = *body;
    } else if (item.contains("json")) {
      exchange.response.body = item.at("json").dump();
    } else {
      exchange.response.body = item.value("body", "");
    }
    exchanges_.push_back(std::move(exchange));
  }
}

ReplayHttp::~ReplayHttp() = default;

Result<HttpResponse> ReplayHttp::send(const HttpRequest& request) {
  requests.push_back(request);
  for (auto& exchange : exchanges_) {
    if (!exchange.matches(request)) continue;
    if (exchange.times > 0) --exchange.times;
    if (request.on_data && exchange.response.status / 100 == 2) {
      request.on_data(exchange.response.body);
      HttpResponse answer = exchange.response;
      answer.body.clear();
      return answer;
    }
    return exchange.response;
  }
  return fail(ErrorKind::network, "not recorded: " + request.method + " " + request.url + " " + request.body,
              request.url);
}

}  // namespace twin::feature
