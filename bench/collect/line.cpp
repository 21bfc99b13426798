// The line in one process: a folder of pages → documents in a warehouse → near duplicates; what each part costs.
//
//   bench_line PAGES HOME [CATEGORIES]     CPU seconds (user + system, all threads) by part, peak memory
//
// full_line.py measures `twin` itself; this leaves out the pipeline around it and is made to be profiled.
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "core/files.h"
#include "core/http/http.h"
#include "feature/collect/collect.h"
#include "feature/dedup/duplicates.h"

namespace {

using namespace twin;
namespace fs = std::filesystem;

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double cpu() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int run(const fs::path& pages, const fs::path& home, const fs::path& rules) {
  const auto warehouse = stores::open_warehouse(home);
  const auto categories = value_or_throw(feature::load_categories({rules}));
  FakeHttp http;
  const feature::CollectContext context{.warehouse = *warehouse,
                                        .categories = categories,
                                        .files = disk(),
                                        .http = http,
                                        .clock = system_clock(),
                                        .progress = silent_progress(),
                                        .scratch = home / "scratch",
                                        .stop = {}};
  std::vector<feature::SourceConfig> sources(1);
  config::Layer layer;
  layer.values = {{"type", "folder"}, {"category", "articles"}, {"path", pages.string()}};
  layer.origin = "bench";
  const auto errors = config::read({layer}, [&](config::Binder& b) { sources[0].bind(b); });
  if (!errors.empty()) throw Fatal(errors.front());

  const auto collect = [&](const char* name) {
    const double started = cpu();
    const auto report = feature::collect({}, sources, {{"Mina Park", {}}}, context);
    const double spent = cpu() - started;
    fmt::print("{:<12} {:>8} seen {:>8} new {:>8} unchanged {:>6} failed {:>9.3f} s {:>8.3f} ms each\n", name,
               report.seen, report.inserted, report.unchanged, report.failed, spent,
               1000 * spent / std::max(1, report.seen));
    return spent;
  };
  const double first = collect("collect");
  const double started = cpu();
  const auto found = feature::find_duplicates(
      {},
      {.warehouse = *warehouse, .sources = {{"folder", pages.string()}}, .progress = silent_progress(), .stop = {}});
  const double linking = cpu() - started;
  fmt::print("{:<12} {:>8} compared {:>4} duplicates {:>32.3f} s {:>8.3f} ms each\n", "duplicates", found.documents,
             found.duplicates.size(), linking, 1000 * linking / std::max(1, found.documents));
  const double again = collect("again");
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto documents = warehouse->counts().documents;
  fmt::print("{} documents, {:.1f} a CPU second; again {:.2f} % of the first; peak {} MB\n", documents,
             static_cast<double>(documents) / (first + linking), 100 * again / (first + linking),
             usage.ru_maxrss / 1024);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("bench_line PAGES HOME [CATEGORIES]\n", stderr);
    return 2;
  }
  try {
    return run(argv[1], argv[2], argc > 3 ? argv[3] : "categories");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
