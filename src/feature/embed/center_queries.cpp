#include "feature/embed/center_queries.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/i18n.h"
#include "core/log.h"
#include "feature/embed/general_questions.h"

namespace twin::feature {
namespace {

using Sum = std::vector<double>;

double product(const Sum& one, const Sum& other) {
  return std::inner_product(one.begin(), one.end(), other.begin(), 0.0);
}

void add(Sum& to, const Sum& vector, double factor) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += factor * vector[i];
}

struct Mean {
  Sum vector;
  double variance = 0;  ///< of the mean itself: the squared distance from the true one that is to be expected
};

/// Of one or more vectors of length 1.
Mean mean_of(const std::vector<std::vector<float>>& vectors, std::size_t dimension) {
  Mean mean{Sum(dimension)};
  const auto count = static_cast<double>(vectors.size());
  for (const auto& vector : vectors) add(mean.vector, Sum(vector.begin(), vector.end()), 1 / count);
  mean.variance = (1 - product(mean.vector, mean.vector)) / count;
  return mean;
}

std::vector<float> rounded(const Sum& vector) {
  return {vector.begin(), vector.end()};
}

bool has(const std::vector<std::string>& languages, const std::string& language) {
  return std::find(languages.begin(), languages.end(), language) != languages.end();
}

struct Asked {
  std::vector<Sum> texts, reworded;  ///< vectors, without their mean
};

/// 1 where each text is nearer than all others to what it says in other words. A tie tells nothing: a model may have
/// one vector for all that it does not know.
double mean_reciprocal_rank(const Asked& asked) {
  double sum = 0;
  for (std::size_t i = 0; i < asked.reworded.size(); ++i) {
    const double own = product(asked.reworded[i], asked.texts[i]);
    const auto as_near = std::count_if(asked.texts.begin(), asked.texts.end(),
                                       [&](const Sum& text) { return product(asked.reworded[i], text) >= own; });
    sum += 1 / static_cast<double>(std::max<std::ptrdiff_t>(1, as_near));  // itself among them
  }
  return sum / static_cast<double>(asked.reworded.size());
}

/// Of the model alone: the centre and the languages that it does not know.
Result<stores::QueryCentering> measured(models::EmbeddingEngine& embedder) {
  const auto& questions = general_questions();
  std::vector<std::string> texts, reworded;
  for (const GeneralQuestion& question : questions) texts.push_back(question.text);
  for (const GeneralQuestion& question : questions) reworded.push_back(question.reworded);
  const auto vectors = embedder.embed_queries(texts);
  if (!vectors) return tl::unexpected(vectors.error());
  const auto others = embedder.embed_queries(reworded);
  if (!others) return tl::unexpected(others.error());
  const auto dimension = static_cast<std::size_t>(embedder.dimension());
  const Sum mean = mean_of(*vectors, dimension).vector;
  const auto without_mean = [&](const std::vector<float>& vector) {
    Sum rest(vector.begin(), vector.end());
    add(rest, mean, -1);
    const double length = std::sqrt(product(rest, rest));
    for (double& x : rest) x /= length > 0 ? length : 1;
    return rest;
  };
  std::map<std::string, Asked> languages;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    Asked& asked = languages[questions[i].language];
    asked.texts.push_back(without_mean((*vectors)[i]));
    asked.reworded.push_back(without_mean((*others)[i]));
  }
  stores::QueryCentering centering{general_questions_version, {}, {}, {}};
  for (const auto& [language, asked] : languages) {
    if (mean_reciprocal_rank(asked) < understood_from) centering.not_understood.push_back(language);
  }
  std::vector<std::vector<float>> understood;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (!has(centering.not_understood, questions[i].language)) understood.push_back((*vectors)[i]);
  }
  centering.centre = rounded(mean_of(understood.empty() ? *vectors : understood, dimension).vector);
  return centering;
}

/// Said where it matters: the corpus has such writing.
void warn_of_languages(const std::vector<std::string>& not_understood, const std::vector<std::string>& written) {
  if (!has(not_understood, "ko") || !has(written, "ko")) return;
  log::warn(
      "{}",
      tr("The embedding model does not know Korean: Korean questions find passages by their words alone. One that "
         "does: models.embedding: multilingual-e5-small"));
}

/// Of those that the model knows: a question is to stay away from what the model only takes for strange.
std::vector<Mean> means_of_languages(stores::Index& index, const std::vector<std::string>& languages,
                                     const stores::QueryCentering& centering) {
  std::vector<Mean> means;
  for (const std::string& language : languages) {
    if (language.empty() || has(centering.not_understood, language)) continue;
    const auto ids = index.sample(language, centering_sample);
    if (ids.size() < static_cast<std::size_t>(centering_least)) continue;
    std::vector<std::vector<float>> vectors;
    for (auto& [id, vector] : index.vectors(ids)) vectors.push_back(std::move(vector));
    if (!vectors.empty()) means.push_back(mean_of(vectors, centering.centre.size()));
  }
  return means;
}

/// An orthonormal basis of how the means differ (Gram-Schmidt), without what chance explains.
std::vector<std::vector<float>> directions_of(const std::vector<Mean>& means) {
  constexpr double beyond_chance = 3;  // standard errors
  std::vector<Sum> basis;
  for (std::size_t i = 1; i < means.size(); ++i) {
    Sum difference = means[i].vector;
    add(difference, means[0].vector, -1);
    for (const Sum& known : basis) add(difference, known, -product(difference, known));
    const double length = std::sqrt(product(difference, difference));
    if (!(length > beyond_chance * std::sqrt(means[i].variance + means[0].variance))) continue;
    for (double& x : difference) x /= length;
    basis.push_back(std::move(difference));
  }
  std::vector<std::vector<float>> directions;
  for (const Sum& direction : basis) directions.push_back(rounded(direction));
  return directions;
}

}  // namespace

Result<void> center_queries(models::EmbeddingEngine& embedder, stores::Index& index) {
  const stores::QueryCentering known = index.query_centering();
  stores::QueryCentering centering = known;
  if (known.version != general_questions_version) {
    auto anew = measured(embedder);
    if (!anew) return tl::unexpected(anew.error());
    centering = std::move(*anew);
  }
  const auto languages = index.facets().languages;
  warn_of_languages(centering.not_understood, languages);
  centering.directions = directions_of(means_of_languages(index, languages, centering));
  if (centering != known) index.set_query_centering(centering);
  return {};
}

}  // namespace twin::feature
