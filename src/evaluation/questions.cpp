#include "evaluation/questions.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "core/hash.h"

namespace twin::evaluation {

namespace {

struct Candidate {
  std::size_t round = 0;  ///< how many of its document come before it
  std::string order;      ///< hash
  const feature::Sample* sample = nullptr;
};

std::string question_of(const feature::Sample& sample) {
  for (auto message = sample.prompt.rbegin(); message != sample.prompt.rend(); ++message) {
    if (message->role == "user") return message->content;
  }
  return {};
}

}  // namespace

Question to_question(const feature::Sample& sample) {
  return {.question = question_of(sample),
          .reference = sample.answer,
          .document_id = sample.provenance.document_id,
          .language = sample.language,
          .start = sample.provenance.start,
          .end = sample.provenance.end};
}

std::vector<feature::Sample> choose_samples(const std::vector<feature::Sample>& held_out, int count,
                                            std::int64_t seed) {
  std::vector<Candidate> candidates;
  for (const feature::Sample& sample : held_out) {
    if (sample.kind != "instruct" || question_of(sample).empty() || sample.answer.empty()) continue;
    candidates.push_back({0, sha256_hex(fmt::format("{}/{}", seed, sample.id)), &sample});
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.order < b.order; });

  std::set<std::string> questions;
  std::set<std::tuple<std::string, std::size_t, std::size_t>> spans;
  std::map<std::string, std::size_t> of_document;
  std::vector<Candidate> distinct;
  for (Candidate& candidate : candidates) {
    const feature::Provenance& source = candidate.sample->provenance;
    const bool new_span = spans.emplace(source.document_id, source.start, source.end).second;
    if (!new_span || !questions.insert(question_of(*candidate.sample)).second) continue;
    candidate.round = of_document[source.document_id]++;
    distinct.push_back(std::move(candidate));
  }
  std::sort(distinct.begin(), distinct.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.round, a.order) < std::tie(b.round, b.order);
  });

  std::vector<feature::Sample> chosen;
  for (const Candidate& candidate : distinct) {
    if (std::cmp_greater_equal(chosen.size(), count)) break;
    chosen.push_back(*candidate.sample);
  }
  return chosen;
}

}  // namespace twin::evaluation
