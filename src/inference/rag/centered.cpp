#include "inference/rag/centered.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "core/text/language.h"

namespace twin::inference {
namespace {

/// How much of the centre is taken, times its length: the more the questions of a model share, the less it says. All of
/// it ranks a little worse: what a question shares with others is in part what passages share with it
/// (bench/retrieval).
constexpr double centre_taken = 0.75;

/// Of the square of a vector's length; below it what is left is noise.
constexpr double least_left = 1e-4;

template <class One, class Other>
double product(const One& one, const Other& other) {
  return std::inner_product(one.begin(), one.end(), other.begin(), 0.0, std::plus<>(),
                            [](double x, double y) { return x * y; });
}

}  // namespace

std::vector<float> centered(const std::vector<float>& query, const stores::QueryCentering& centering) {
  if (centering.centre.size() != query.size()) return query;
  std::vector<double> rest(query.begin(), query.end());
  const double taken = centre_taken * std::sqrt(product(centering.centre, centering.centre));
  for (std::size_t i = 0; i < rest.size(); ++i) rest[i] -= taken * double{centering.centre[i]};
  for (const auto& direction : centering.directions) {
    const double along = product(rest, direction);
    for (std::size_t i = 0; i < rest.size(); ++i) rest[i] -= along * double{direction[i]};
  }
  return product(rest, rest) > least_left ? of_length_one(rest) : query;
}

std::vector<float> of_length_one(const std::vector<double>& vector) {
  const double length = std::sqrt(product(vector, vector));
  std::vector<float> out;
  out.reserve(vector.size());
  for (const double x : vector) out.push_back(static_cast<float>(x / length));
  return out;
}

bool understood(std::string_view question, const stores::QueryCentering& centering) {
  const auto& languages = centering.not_understood;
  if (languages.empty()) return true;
  const std::string language = text::guess_by_script(question).code;
  return std::find(languages.begin(), languages.end(), language) == languages.end();
}

}  // namespace twin::inference
