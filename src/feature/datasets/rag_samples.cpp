#include "feature/datasets/rag_samples.h"

#include <algorithm>

#include "core/text/unicode.h"
#include "feature/datasets/answers.h"
#include "feature/datasets/order.h"

namespace twin::feature {
namespace {

/// Hits looked at for each distractor wanted: some are of the answer's own text, or of held-out documents.
constexpr int hits_per_distractor = 8;

struct Place {
  std::string chunk_id;
  int version = 0;
  std::size_t start = 0, end = 0;
};
using Places = std::map<std::string, std::vector<Place>>;  // by document id

bool chosen(const Sample& sample, const DatasetConfig& config) {
  const std::string& question = sample.provenance.question_template;
  const bool names_its_subject = question.find(".title") != std::string::npos ||
                                 question.find(".heading") != std::string::npos || question.starts_with("model.");
  if (sample.split != "train" || !names_its_subject || !is_author_text(sample)) return false;
  return hash_fraction(config.seed, "rag", sample.id) < config.rag_share;
}

/// Where the chunks of the chosen samples' documents lie.
Places find_places(const std::vector<Sample*>& samples, stores::Index& index) {
  Places places;
  for (const Sample* sample : samples) places[sample->provenance.document_id];
  index.each_chunk([&](stores::Chunk&& chunk) {
    const auto document = places.find(chunk.document_id);
    if (document != places.end()) {
      document->second.push_back({chunk.id, chunk.document_version, chunk.start, chunk.end});
    }
    return true;
  });
  return places;
}

const Place* place_of(const Sample& sample, const Places& places) {
  const Provenance& from = sample.provenance;
  for (const Place& place : places.at(from.document_id)) {
    if (place.version == from.document_version && place.start <= from.start && from.start < place.end) return &place;
  }
  return nullptr;
}

/// Cuts the answer where its passage ends; false when too little of it is left.
bool fit_answer(Sample& sample, const Place& place) {
  Provenance& from = sample.provenance;
  if (from.end <= place.end) return true;
  const std::string_view left = text::trim(std::string_view(sample.answer).substr(0, place.end - from.start));
  if (2 * characters(left) < characters(sample.answer)) return false;
  sample.answer = std::string(left);
  from.end = from.start + sample.answer.size();
  sample.scores["characters"] = characters(sample.answer);
  return true;
}

class Distractors {
 public:
  Distractors(const DatasetConfig& config, stores::Index& index,
              const std::function<bool(const stores::Chunk&)>& usable)
      : config_(config), index_(index), usable_(usable) {}

  /// Passages found for the question that neither hold the answer nor are refused by `usable`.
  std::vector<stores::IndexedPassage> find(const Sample& sample, const stores::Chunk& source) {
    std::vector<stores::IndexedPassage> found;
    const int wanted = config_.rag_passages - 1;
    int tokens = config_.rag_tokens - source.tokens;
    if (wanted == 0) return found;
    std::vector<std::string> ids;
    for (stores::Hit& hit : index_.lexical(sample.prompt.back().content, wanted * hits_per_distractor)) {
      ids.push_back(std::move(hit.chunk_id));
    }
    for (stores::IndexedPassage& passage : index_.passages(ids)) {
      const stores::Chunk& chunk = passage.chunk;
      if (chunk.tokens > tokens || holds_answer(chunk, sample)) continue;
      if (!usable_(chunk)) continue;
      tokens -= chunk.tokens;
      found.push_back(std::move(passage));
      if (static_cast<int>(found.size()) == wanted) break;
    }
    return found;
  }

 private:
  static bool holds_answer(const stores::Chunk& chunk, const Sample& sample) {
    const Provenance& from = sample.provenance;
    const bool overlaps = chunk.document_id == from.document_id && chunk.start < from.end && from.start < chunk.end;
    return overlaps || chunk.text.find(sample.answer) != std::string::npos;
  }

  const DatasetConfig& config_;
  stores::Index& index_;
  const std::function<bool(const stores::Chunk&)>& usable_;
};

/// As assemble() of inference shows it.
std::string render(const models::Prompts& prompts, std::size_t n, const stores::IndexedPassage& passage) {
  return models::render_passage(prompts, n, passage.document.title, stores::heading_path(passage.chunk),
                                passage.chunk.text);
}

}  // namespace

int add_passages(std::vector<Sample>& samples, const DatasetConfig& config, stores::Index& index,
                 const models::Prompts& prompts, const std::function<bool(const stores::Chunk&)>& usable) {
  std::vector<Sample*> picked;
  for (Sample& sample : samples) {
    if (chosen(sample, config)) picked.push_back(&sample);
  }
  if (picked.empty()) return 0;
  const Places places = find_places(picked, index);
  Distractors distractors(config, index, usable);
  int changed = 0;
  for (Sample* sample : picked) {
    const Place* place = place_of(*sample, places);
    if (place == nullptr) continue;
    auto sources = index.passages({place->chunk_id});
    if (sources.empty()) continue;
    const stores::Chunk& source = sources.front().chunk;
    if (source.tokens > config.rag_tokens || !usable(source)) continue;
    if (!fit_answer(*sample, *place)) continue;
    std::vector<stores::IndexedPassage> passages = distractors.find(*sample, source);
    const std::size_t position = hash_order(config.seed, "rag position", sample->id) % (passages.size() + 1);
    passages.insert(passages.begin() + static_cast<std::ptrdiff_t>(position), std::move(sources.front()));
    std::vector<std::string> rendered;
    for (const stores::IndexedPassage& passage : passages) {
      rendered.push_back(render(prompts, rendered.size() + 1, passage));
      sample->provenance.passages.push_back(passage.chunk.id);
    }
    std::string& question = sample->prompt.back().content;
    question = models::render_question(prompts, rendered, question);
    identify(*sample);
    ++changed;
  }
  return changed;
}

}  // namespace twin::feature
