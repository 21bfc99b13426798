// Questions whose passage is known, made from the passages of an index without a model, to fit a ranking to a corpus.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stores/index/index.h"

namespace twin::evaluation {

struct SyntheticQuery {
  enum class Kind {
    known_item,  ///< some words of one sentence, as one who remembers it types them → its passage
    related,  ///< a whole sentence → the other passages of its document: what is alike in meaning, not in its words
  };
  Kind kind = Kind::known_item;
  std::string text;
  std::string document_id;
  std::vector<std::string> relevant;  ///< chunk ids
  std::string left_out;               ///< a chunk that must not be counted: the one that the sentence stands in
};

/// At most `count` of each kind, those with the lowest hash of seed and chunk id: the same for the same index, spread
/// over it, in the order of the hash. Korean words lose their particle half of the time. Passages without a sentence of
/// four content words give none; documents of one passage give no related ones.
[[nodiscard]] std::vector<SyntheticQuery> synthetic_queries(stores::Index& index, int count, std::int64_t seed);

}  // namespace twin::evaluation
