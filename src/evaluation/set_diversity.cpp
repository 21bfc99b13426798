#include "evaluation/set_diversity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "evaluation/corpus/named_groups.h"
#include "evaluation/corpus/plane.h"
#include "feature/embed/embed_texts.h"

namespace twin::evaluation {
namespace {

constexpr std::size_t kAnswersAtOnce = 256;  // between two reports of progress

/// Those to measure, in their order.
std::vector<std::string> drawn_answers(const MapConfig& config, const std::vector<std::string>& answers) {
  std::vector<std::pair<std::string, std::size_t>> hashes;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (text::trim(answers[i]).empty()) continue;
    hashes.emplace_back(sha256_hex(fmt::format("{}/{}/{}", config.seed, i, answers[i])), i);
  }
  std::sort(hashes.begin(), hashes.end());
  if (std::cmp_greater(hashes.size(), config.max_points)) hashes.resize(static_cast<std::size_t>(config.max_points));
  std::sort(hashes.begin(), hashes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  std::vector<std::string> drawn;
  drawn.reserve(hashes.size());
  for (const auto& [hash, index] : hashes) drawn.push_back(answers[index]);
  return drawn;
}

Table vectors_of(const feature::EmbedConfig& config, const std::vector<std::string>& texts,
                 models::EmbeddingEngine& engine, ProgressSink& progress, const std::stop_token& stop) {
  const auto task = progress.start(tr("diversity"), tr("answers"));
  task->total(texts.size());
  Table rows{static_cast<std::size_t>(engine.dimension()), {}};
  for (std::size_t from = 0; from < texts.size(); from += kAnswersAtOnce) {
    if (stop.stop_requested()) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
    const std::size_t end = std::min(texts.size(), from + kAnswersAtOnce);
    const std::vector<std::string> part(texts.begin() + static_cast<std::ptrdiff_t>(from),
                                        texts.begin() + static_cast<std::ptrdiff_t>(end));
    const auto vectors = value_or_throw(feature::embed_texts(config, engine, part, stop));
    for (const auto& vector : vectors) rows.values.insert(rows.values.end(), vector.begin(), vector.end());
    task->add(part.size());
  }
  return rows;
}

}  // namespace

feature::SetDiversity measure_diversity(const MapConfig& config, const feature::EmbedConfig& embedding,
                                        const std::vector<std::string>& answers, models::EmbeddingEngine& engine,
                                        ProgressSink& progress, const std::stop_token& stop) {
  const std::vector<std::string> texts = drawn_answers(config, answers);
  if (texts.empty()) throw Fatal(ErrorKind::invalid, tr("The set has no answers"));
  const Table rows = vectors_of(embedding, texts, engine, progress, stop);
  const Table components = principal_components(rows, static_cast<std::size_t>(config.components), config.seed);
  const auto places = lay_out(components, {config.neighbours, config.min_distance, config.seed});
  const auto groups = group(components, {config.groups, config.max_groups, config.seed});
  feature::SetDiversity diversity;
  diversity.all = static_cast<std::int64_t>(answers.size());
  for (NamedGroup& named : name_groups(texts, groups, static_cast<std::size_t>(config.name_words)))
    diversity.groups.push_back({std::move(named.name), std::move(named.words), named.points});
  for (std::size_t i = 0; i < texts.size(); ++i) {
    diversity.points.push_back({places[i][0], places[i][1], groups[i],
                                shortened_text(texts[i], static_cast<std::size_t>(config.text_characters))});
  }
  return diversity;
}

}  // namespace twin::evaluation
