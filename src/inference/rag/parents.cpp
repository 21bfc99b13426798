// Small passages are searched, the larger parts of their documents around them are read.
#include <utility>

#include "inference/rag/rag.h"

namespace twin::inference {

std::vector<Passage> read_parents(stores::Index& index, std::vector<Passage> passages) {
  std::vector<stores::ProseSpan> spans;
  std::vector<Passage*> with_parent;
  for (Passage& passage : passages) {
    if (passage.parent.end == 0) continue;
    spans.push_back({passage.document_id, passage.parent.start, passage.parent.end});
    with_parent.push_back(&passage);
  }
  if (spans.empty()) return passages;
  std::vector<std::string> texts = index.prose(spans);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    Passage& passage = *with_parent[i];
    const bool around = passage.parent.start <= passage.start && passage.end <= passage.parent.end;
    const std::size_t offset = passage.start - passage.parent.start;
    // Written anew since the search: the offsets mean another text.
    if (!around || texts[i].size() < offset || !texts[i].substr(offset).starts_with(passage.text)) continue;
    passage.hit = {passage.start, passage.end, std::move(passage.heading)};
    passage.start = passage.parent.start;
    passage.end = passage.parent.end;
    passage.heading = passage.parent.heading;
    passage.text = std::move(texts[i]);
  }
  return passages;
}

std::optional<Passage> without_parent(const Passage& passage) {
  if (passage.hit.end == 0) return std::nullopt;
  Passage found = passage;
  found.text = passage.text.substr(passage.hit.start - passage.start, passage.hit.end - passage.hit.start);
  found.start = passage.hit.start;
  found.end = passage.hit.end;
  found.heading = passage.hit.heading;
  found.hit = {};
  return found;
}

}  // namespace twin::inference
