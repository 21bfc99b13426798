#include "inference/rag/read_texts.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "inference/rag/choose.h"

namespace twin::inference {
namespace {

std::string parent_heading(const stores::Chunk& chunk) {
  stores::Chunk above;
  const auto shared = std::min(chunk.headings.size(), static_cast<std::size_t>(std::max(0, chunk.parent.headings)));
  above.headings.assign(chunk.headings.begin(), chunk.headings.begin() + static_cast<std::ptrdiff_t>(shared));
  return stores::heading_path(above);
}

void fill_in(Passage& passage, stores::IndexedPassage&& found) {
  passage.url = std::move(found.document.url);
  passage.title = std::move(found.document.title);
  passage.heading = stores::heading_path(found.chunk);
  passage.parent.heading = parent_heading(found.chunk);
  passage.text = std::move(found.chunk.text);
  passage.unread.reset();
}

void read_those(stores::Index& index, std::vector<Passage>& passages,
                const std::function<bool(const Passage&)>& wanted) {
  std::vector<std::string> ids;
  for (const Passage& passage : passages) {
    if (passage.unread && wanted(passage)) ids.push_back(passage.chunk_id);
  }
  if (ids.empty()) return;
  std::map<std::string, Passage*> asked;
  for (Passage& passage : passages) {
    if (passage.unread) asked.emplace(passage.chunk_id, &passage);
  }
  for (stores::IndexedPassage& found : index.passages(ids)) {
    if (const auto passage = asked.find(found.chunk.id); passage != asked.end()) {
      fill_in(*passage->second, std::move(found));
    }
  }
  std::erase_if(passages, [&](const Passage& passage) { return passage.unread && wanted(passage); });
}

}  // namespace

void read_texts(stores::Index& index, std::vector<Passage>& passages, std::size_t count) {
  count = std::min(count, passages.size());
  std::set<std::string> first;
  for (std::size_t i = 0; i < count; ++i) first.insert(passages[i].chunk_id);
  const std::size_t before = passages.size();
  read_those(index, passages, [&](const Passage& passage) { return first.contains(passage.chunk_id); });
  if (passages.size() == before) return;
  int rank = 0;
  for (Passage& passage : passages) {
    if (passage.rank > 0) passage.rank = ++rank;
  }
}

std::vector<Passage> without_repetitions(stores::Index& index, std::vector<Passage> passages) {
  const auto size_of = [](const Passage& passage) { return passage.unread.value_or(passage.text.size()); };
  std::map<std::size_t, int> sizes;
  for (const Passage& passage : passages) ++sizes[size_of(passage)];
  read_those(index, passages, [&](const Passage& passage) { return sizes[size_of(passage)] > 1; });
  return without_repetitions(std::move(passages));
}

}  // namespace twin::inference
