// From a conversation to what is searched for.
#include "core/text/unicode.h"
#include "inference/rag/content_terms.h"
#include "inference/rag/rag.h"

namespace twin::inference {
namespace {

/// A question with fewer content words than this leans on the one before it.
constexpr std::size_t min_own_terms = 3;

}  // namespace

std::string search_query(const std::vector<models::Message>& conversation) {
  std::vector<std::string> questions;  // newest first, at most two
  for (auto it = conversation.rbegin(); it != conversation.rend() && questions.size() < 2; ++it) {
    if (it->role == "user") questions.emplace_back(text::trim(it->content));
  }
  if (questions.empty()) return {};
  if (questions.size() < 2 || content_terms(questions[0]).size() >= min_own_terms) return questions[0];
  return questions[1] + "\n" + questions[0];
}

}  // namespace twin::inference
