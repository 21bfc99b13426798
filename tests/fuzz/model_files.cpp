// Texts beside a model (card, package metadata) and streams of events from an engine.
#include "fuzz.h"
#include "models/engines/sse.h"
#include "models/registry/licence.h"

using namespace twin;

TWIN_FUZZ(model_files, bytes) {
  const std::string text(bytes);
  (void)models::card_licence(text);
  for (const auto& value : models::metadata_values(text, "License")) {
    fuzz::require(value.find('\n') == std::string::npos, "a value is one line");
  }
  const auto events = [&](std::size_t piece) {
    std::vector<std::string> out;
    models::SseParser parser(
        [&](std::string_view data) {
          out.emplace_back(data);
          return true;
        },
        1000);
    bool going = true;
    for (std::string_view rest = bytes; going && !rest.empty(); rest.remove_prefix(std::min(piece, rest.size()))) {
      going = parser.feed(rest.substr(0, piece));
    }
    if (going) (void)parser.finish();
    return out;
  };
  if (!bytes.empty()) fuzz::require(events(3) == events(bytes.size()), "where a stream is cut makes no difference");
}
