#include "feature/collect/robots_gate.h"

#include "core/http/redirect.h"
#include "core/i18n.h"

namespace twin::feature {
namespace {

constexpr UnixMillis day = 86'400'000;
constexpr UnixMillis longest_use = 30 * day;
constexpr int max_redirects = 5;  ///< RFC 9309, 2.3.1.2: at least five

}  // namespace

Result<RobotsGate::Text> RobotsGate::ask(const WebAddress& address, const std::stop_token& stop) {
  Text out{{}, clock_.now()};
  HttpRequest first;
  first.url = address.origin() + "/robots.txt";
  first.headers = {{"Accept", "text/plain, */*;q=0.5"}};
  first.max_redirects = max_redirects;
  first.stop = stop;
  // Read as far as it must be: a larger one is no error, and an endless one ends there.
  first.on_data = [&](std::string_view piece) {
    out.text += piece.substr(0, Robots::max_bytes - out.text.size());
    return out.text.size() < Robots::max_bytes;
  };
  Redirects redirects(first, true);
  while (true) {
    const auto response = fetch_(redirects.request());
    if (!response) return tl::unexpected(response.error());
    const auto next = redirects.follow(*response);
    if (!next) return Text{{}, out.fetched};  // too many, in a circle, to nowhere: it is unavailable (2.3.1.2)
    if (*next) continue;
    const int status = response->status;
    if (status / 100 == 2) return out;
    if (status / 100 == 3 || (status / 100 == 4 && status != 429)) return Text{{}, out.fetched};
    return fail(ErrorKind::network, tr("The server answered with status {}", status), first.url, tr("Try again later"));
  }
}

Result<RobotsGate::Text> RobotsGate::obtain(const WebAddress& address, const std::stop_token& stop) {
  const auto known = cache_ == nullptr ? std::nullopt : cache_->robots(address.origin());
  const UnixMillis age = known ? clock_.now() - known->fetched : longest_use;
  if (known && age >= 0 && age < day) return Text{known->text, known->fetched};
  auto text = ask(address, stop);
  if (text && cache_ != nullptr) cache_->store_robots(address.origin(), text->text);
  if (!text && known && age >= 0 && age < longest_use) return Text{known->text, clock_.now()};
  return text;
}

Result<std::shared_ptr<const Robots>> RobotsGate::rules(const WebAddress& address, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  Site& site = sites_[address.origin()];
  while (site.fetching) done_.wait(lock);
  if (site.known && clock_.now() - site.fetched < day) return site.rules;
  site.fetching = true;
  lock.unlock();
  Result<std::shared_ptr<const Robots>> rules = nullptr;
  UnixMillis fetched = clock_.now();
  try {
    const auto text = obtain(address, stop);
    if (text) {
      fetched = text->fetched;
      rules = std::make_shared<const Robots>(Robots::parse(text->text, agent_));
    } else {
      Error error = text.error();
      if (error.kind != ErrorKind::cancelled) {
        error.message =
            tr("robots.txt of {} cannot be read, so nothing there may be fetched: {}", address.origin(), error.message);
      }
      rules = tl::unexpected(std::move(error));
    }
  } catch (...) {
    lock.lock();
    site.fetching = false;
    done_.notify_all();
    throw;
  }
  lock.lock();
  site.fetching = false;
  site.known = rules.has_value() || rules.error().kind != ErrorKind::cancelled;
  site.fetched = fetched;
  site.rules = rules;
  done_.notify_all();
  return rules;
}

}  // namespace twin::feature
