// Passages are judged by what the index says of them; those that matter are read.
#pragma once

#include <vector>

#include "inference/rag/rag.h"
#include "stores/index/index.h"

namespace twin::inference {

/// Reads those of the first `count` that are still unread: text, url, title, headings. What is no longer in the index
/// is taken out, and `rank`, where it is set, counts anew.
void read_texts(stores::Index& index, std::vector<Passage>& passages, std::size_t count);

/// without_repetitions() of passages that may be unread: reads the few whose texts have the same size.
[[nodiscard]] std::vector<Passage> without_repetitions(stores::Index& index, std::vector<Passage> passages);

}  // namespace twin::inference
