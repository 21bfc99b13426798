// The words of a passage as a sparse vector whose dot product with a query's is BM25.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "stores/index/index.h"
#include "stores/index/tokenizer.h"

namespace twin::stores::qdrant {

/// The dimension of a term in the sparse vector: a hash of its bytes. (Of 500,000 distinct terms about 30 share their
/// number with another one; the two then count as one.)
[[nodiscard]] std::uint32_t term_number(std::string_view term);
/// A dimension of value 1 that every passage has, also one without words: the server, whose N is the number of passages
/// with a sparse vector, counts all then. No term has it.
inline constexpr std::uint32_t kEveryPassage = 0;

struct PassageWords {
  std::map<std::uint32_t, double> frequency;  ///< by term_number(); words of title and headings count heading_weight
  std::int64_t length = 0;                    ///< in tokens; other forms of a token count nothing
};
/// What FTS5 counts for the same passage (SqliteIndex): headings and retrieval view.
[[nodiscard]] PassageWords count_words(Tokenizer& tokenizer, const std::string& title, const Chunk& chunk,
                                       double heading_weight);

/// Okapi BM25 (Robertson & Walker 1994) with the parameters of FTS5: what a term of this frequency adds to the score of
/// a passage of this length, but for the idf.
[[nodiscard]] double term_weight(double frequency, std::int64_t length, double average_length);
/// With `modifier: idf` the server multiplies each term by ln(1 + (N - n + 0.5) / (n + 0.5)), n of N passages holding
/// it. From that, FTS5's: ln((N - n + 0.5) / (n + 0.5)), at least 1e-6.
[[nodiscard]] double idf_of(double server_idf);
/// Whether more than half of the passages hold a term that the server gives this idf.
[[nodiscard]] bool is_frequent(double server_idf);

/// {"indices":[…],"values":[…]}
[[nodiscard]] std::string sparse_vector(const PassageWords& words, double average_length);

}  // namespace twin::stores::qdrant
