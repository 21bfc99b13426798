#include "training/trainer/eight_bit.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace twin::training::eight_bit {
namespace {

constexpr int decades = 7;

struct Table {
  std::array<float, 256> shares{};
  std::array<float, 255> borders{};  ///< half-way between neighbours
  int zero = 0;
};

Table make_table(Sign sign) {
  std::vector<double> values = {0.0, 1.0};
  for (int i = 0; i < decades; ++i) {
    const int steps = 1 << (sign == Sign::both ? i : i + 1);
    const double top = std::pow(10.0, i - (decades - 1));
    for (int step = 0; step < steps; ++step) {
      const double share = top * (0.1 + 0.9 * (step + 0.5) / steps);  // the middle of the step
      values.push_back(share);
      if (sign == Sign::both) values.push_back(-share);
    }
  }
  std::sort(values.begin(), values.end());
  Table table;
  for (std::size_t i = 0; i < table.shares.size(); ++i) table.shares[i] = static_cast<float>(values.at(i));
  for (std::size_t i = 0; i < table.borders.size(); ++i) table.borders[i] = (table.shares[i] + table.shares[i + 1]) / 2;
  table.zero = static_cast<int>(std::find(values.begin(), values.end(), 0.0) - values.begin());
  return table;
}

const Table& table_of(Sign sign) {
  static const Table both = make_table(Sign::both), positive = make_table(Sign::positive);
  return sign == Sign::both ? both : positive;
}

/// How many borders lie below `share`: eight halvings, without a branch.
std::size_t nearest(const std::array<float, 255>& borders, float share) {
  std::size_t code = 0;
  for (std::size_t step = 128; step > 0; step /= 2) code += borders[code + step - 1] < share ? step : 0;
  return code;
}

}  // namespace

const std::array<float, 256>& shares(Sign sign) {
  return table_of(sign).shares;
}

int code_of_zero(Sign sign) {
  return table_of(sign).zero;
}

float narrow(Sign sign, const float* values, std::uint8_t* codes, std::int64_t count) {
  const Table& table = table_of(sign);
  float scale = 0;
  for (std::int64_t i = 0; i < count; ++i) scale = std::max(scale, std::abs(values[i]));
  if (scale == 0) {
    std::fill(codes, codes + count, static_cast<std::uint8_t>(table.zero));
    return 0;
  }
  const auto smallest = static_cast<std::size_t>(table.zero) + 1;
  for (std::int64_t i = 0; i < count; ++i) {
    std::size_t code = nearest(table.borders, values[i] / scale);
    if (sign == Sign::positive && values[i] > 0) code = std::max(code, smallest);
    codes[i] = static_cast<std::uint8_t>(code);
  }
  return scale;
}

void widen(Sign sign, const std::uint8_t* codes, float scale, float* values, std::int64_t count) {
  const auto& table = shares(sign);
  for (std::int64_t i = 0; i < count; ++i) values[i] = table[codes[i]] * scale;
}

}  // namespace twin::training::eight_bit
