// Runs one source on fakes and keeps what it gives.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "feature/sources/source.h"

namespace twin::feature {

/// Whether a note of the report holds these words.
inline bool noted(const SourceReport& report, const std::string& words) {
  return std::any_of(report.notes.begin(), report.notes.end(),
                     [&](const Error& note) { return note.text().find(words) != std::string::npos; });
}

struct SourceTest {
  explicit SourceTest(const std::string& id, std::map<std::string, std::string> keys) {
    const SourceEntry* entry = SourceRegistry::instance().find(id);
    REQUIRE(entry != nullptr);
    source = entry->make();
    errors = bind(std::move(keys));
  }

  std::vector<Error> bind(std::map<std::string, std::string> keys) {
    config::Layer layer;
    layer.values = std::move(keys);
    layer.origin = "test";
    return config::read({layer}, [&](config::Binder& b) { source->bind(b); });
  }

  SourceContext context(FileSystem& files) {
    return {.files = files,
            .http = client != nullptr ? *client : http,
            .clock = clock,
            .stop = stop.get_token(),
            .scratch = scratch.path(),
            .max_item_bytes = max_item_bytes,
            .authors = authors,
            .cursor = cursor};
  }

  Result<SourceReport> run(FileSystem& files = disk()) {
    documents.clear();
    failures.clear();
    auto with = context(files);
    return source->collect(with, [&](Item&& item) {
      if (item) {
        order.push_back(item->url);
        RawDocument& document = documents[item->url];
        document = *std::move(item);
      } else {
        failures.push_back(item.error());
      }
      return true;
    });
  }

  std::unique_ptr<Source> source;
  std::vector<Error> errors;
  FakeHttp http;
  HttpClient* client = nullptr;  ///< answers instead of `http` (ReplayHttp)
  FakeClock clock;
  std::stop_source stop;
  TempFolder scratch;
  std::uint64_t max_item_bytes = 1 << 20;
  std::vector<std::string> authors;
  std::string cursor;
  std::map<std::string, RawDocument> documents;
  std::vector<std::string> order;
  std::vector<Error> failures;
};

}  // namespace twin::feature
