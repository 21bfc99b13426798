// twin.yaml: any YAML over a configuration with every kind of field.
#include "core/config/binder.h"

#include <nlohmann/json.hpp>

#include "core/config/tree.h"
#include "core/text/unicode.h"
#include "fuzz.h"
#include "packed.h"

using namespace twin;

namespace {

struct Inner {
  std::string type = "folder", path;
  double share = 0.5;
  void bind(config::Binder& b) {
    b.field("type", type, "Kind", {.one_of = {"folder", "feed"}, .required = true});
    b.field("path", path, "File", {.path = true});
    b.field("share", share, "Share", {.min = 0, .max = 1});
  }
};

struct Outer {
  bool on = false;
  int port = 1;
  std::int64_t count = 0;
  std::string name = "me";
  std::vector<std::string> languages;
  std::map<std::string, std::string> labels;
  Inner chunk;
  std::vector<Inner> sources;
  void bind(config::Binder& b) {
    b.field("on", on, "Whether");
    b.field("port", port, "Port", {.min = 0, .max = 65535});
    b.field("count", count, "Count");
    b.field("name", name, "Name");
    b.field("languages", languages, "Languages");
    b.field("labels", labels, "Labels");
    b.group("chunk", chunk, "Chunking");
    b.list("sources", sources, "Sources");
  }
};

}  // namespace

TWIN_FUZZ(config, bytes) {
  const config::YamlLimits limits{.max_bytes = 1u << 16u, .max_depth = 16, .max_nodes = 5000};
  std::vector<Error> problems;
  (void)config::parse_yaml(std::string(bytes), "twin.yaml", limits, problems);
  const fuzz::MemoryFile file(bytes);
  Outer outer;
  const auto bind = [&](config::Binder& b) { outer.bind(b); };
  config::Origins origins;
  config::Layer layer;
  layer.file = file.path();
  const auto errors = config::read({layer}, bind, &origins, limits);
  for (const auto& error : errors) fuzz::require(!error.message.empty(), "an error says what happened");
  if (!errors.empty()) return;
  fuzz::require(outer.port >= 0 && outer.port <= 65535 && outer.chunk.share >= 0 && outer.chunk.share <= 1,
                "values are in their range");
  (void)config::canonical(outer).dump(-1, ' ', false, Json::error_handler_t::replace);
  for (const auto& value : config::resolved(bind, origins)) fuzz::require(!value.key.empty(), "a value has a key");
}
