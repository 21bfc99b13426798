#include "cli/server.h"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/i18n.h"
#include "core/log.h"
#include "inference/gateway/gateway.h"
#include "ops/project/serve.h"

namespace twin::cli {
namespace {

constexpr std::chrono::seconds check_interval{2};

std::string newest_report(const ops::Project& project) {
  return disk().read(project.layout().reports() / "report.json").value_or(std::string());
}

/// Looks for a newly trained adapter, and for an index of another embedding model, until asked to stop.
void watch(inference::Serving& serving, const std::stop_token& stop) {
  std::string last_trouble;  // said once, not every two seconds
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (!wake.wait_for(lock, stop, check_interval, [&] { return stop.stop_requested(); })) {
    const auto refreshed = serving.refresh_adapter();
    if (!refreshed) log::warn("the new adapter was not loaded: {}", refreshed.error().text());
    if (refreshed && *refreshed) log::info("a new adapter is being served");
    const auto moved = serving.refresh_index();
    const std::string trouble = moved ? std::string() : moved.error().text();
    if (!moved && trouble != last_trouble) log::warn("the other index is not served yet: {}", trouble);
    last_trouble = trouble;
  }
}

}  // namespace

int serve(Session& session, int port) {
  ops::Project& project = session.project();
  inference::ServeConfig config = project.config().serve;
  if (port >= 0) config.port = port;
  const auto serving = ops::start_serving(project, true);
  inference::Gateway gateway(config, {.assistant = [&] { return serving->assistant(); },
                                      .embedder = serving->embedder(),
                                      .embedding_model = [&] { return serving->embedding_model(); },
                                      .ready = [&] { return serving->ready(); },
                                      .report_json = [&] { return newest_report(project); },
                                      .slots = project.config().worker.slots});
  const int bound = value_or_throw(gateway.bind());
  const std::string address = fmt::format("http://{}:{}/", config.host, bound);
  if (session.json()) {
    session.print(Json{{"event", "serving"}, {"url", address}, {"port", bound}});
  } else {
    session.print(tr("Serving {} at {}  (Ctrl-C ends it)", project.config().name, address));
  }
  const std::jthread watcher([&](const std::stop_token& stop) { watch(*serving, stop); });
  const std::stop_callback on_stop(session.stop(), [&] { gateway.stop(); });
  if (!session.stop().stop_requested()) gateway.run();
  return exit_code::done;
}

}  // namespace twin::cli
