#include "inference/rag/centered.h"

#include <algorithm>
#include <cmath>

#include "core/text/language.h"

namespace twin::inference {
namespace {

/// How much of the centre is taken, times its length: the more the questions of a model share, the less it says. All of
/// it ranks a little worse: what a question shares with others is in part what passages share with it
/// (bench/retrieval).
constexpr double centre_taken = 0.75;

/// Of the square of a vector's length; below it what is left is noise.
constexpr double least_left = 1e-4;

double length_along(const std::vector<double>& vector, const std::vector<float>& direction) {
  double sum = 0;
  for (std::size_t i = 0; i < vector.size(); ++i) sum += vector[i] * double{direction[i]};
  return sum;
}

}  // namespace

std::vector<float> centered(const std::vector<float>& query, const stores::QueryCentering& centering) {
  if (centering.centre.size() != query.size()) return query;
  std::vector<double> rest(query.begin(), query.end());
  double centre_squares = 0;
  for (const float x : centering.centre) centre_squares += double{x} * double{x};
  const double taken = centre_taken * std::sqrt(centre_squares);
  for (std::size_t i = 0; i < rest.size(); ++i) rest[i] -= taken * double{centering.centre[i]};
  for (const auto& direction : centering.directions) {
    const double along = length_along(rest, direction);
    for (std::size_t i = 0; i < rest.size(); ++i) rest[i] -= along * double{direction[i]};
  }
  double squares = 0;
  for (const double x : rest) squares += x * x;
  if (!(squares > least_left)) return query;
  std::vector<float> out;
  out.reserve(rest.size());
  for (const double x : rest) out.push_back(static_cast<float>(x / std::sqrt(squares)));
  return out;
}

bool understood(std::string_view question, const stores::QueryCentering& centering) {
  const auto& languages = centering.not_understood;
  if (languages.empty()) return true;
  const std::string language = text::guess_by_script(question).code;
  return std::find(languages.begin(), languages.end(), language) == languages.end();
}

}  // namespace twin::inference
