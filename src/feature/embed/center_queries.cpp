#include "feature/embed/center_queries.h"

#include <cmath>

#include "feature/embed/general_questions.h"

namespace twin::feature {
namespace {

using Sum = std::vector<double>;  // sums and means: of any length but 1

double product(const Sum& one, const Sum& other) {
  double sum = 0;
  for (std::size_t i = 0; i < one.size(); ++i) sum += one[i] * other[i];
  return sum;
}

void add(Sum& to, const Sum& vector, double factor) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += factor * vector[i];
}

struct Mean {
  Sum vector;
  double variance = 0;  ///< of the mean itself: the squared distance from the true one that is to be expected
};

/// Of vectors of length 1, none empty.
template <class Vectors>
Mean mean_of(const Vectors& vectors, std::size_t dimension) {
  Mean mean{Sum(dimension)};
  const auto count = static_cast<double>(vectors.size());
  for (const auto& vector : vectors) add(mean.vector, Sum(vector.begin(), vector.end()), 1 / count);
  mean.variance = (1 - product(mean.vector, mean.vector)) / count;
  return mean;
}

std::vector<float> rounded(const Sum& vector) {
  return {vector.begin(), vector.end()};
}

Result<std::vector<float>> measured_centre(models::EmbeddingEngine& embedder) {
  const auto vectors = embedder.embed_queries(general_questions());
  if (!vectors) return tl::unexpected(vectors.error());
  return rounded(mean_of(*vectors, static_cast<std::size_t>(embedder.dimension())).vector);
}

std::vector<Mean> means_of_languages(stores::Index& index, std::size_t dimension) {
  std::vector<Mean> means;
  for (const std::string& language : index.facets().languages) {
    if (language.empty()) continue;
    const auto ids = index.sample(language, centering_sample);
    if (ids.size() < static_cast<std::size_t>(centering_least)) continue;
    std::vector<std::vector<float>> vectors;
    for (auto& [id, vector] : index.vectors(ids)) vectors.push_back(std::move(vector));
    if (!vectors.empty()) means.push_back(mean_of(vectors, dimension));
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
  stores::QueryCentering centering{general_questions_version, known.centre, {}};
  if (known.version != general_questions_version) {
    auto centre = measured_centre(embedder);
    if (!centre) return tl::unexpected(centre.error());
    centering.centre = std::move(*centre);
  }
  centering.directions = directions_of(means_of_languages(index, centering.centre.size()));
  if (centering != known) index.set_query_centering(centering);
  return {};
}

}  // namespace twin::feature
