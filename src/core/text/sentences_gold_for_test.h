// Test help: the Korean sentences of tests/data/sentences-ko, and the score of a splitter on them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "core/text/sentences.h"
#include "core/text/unicode.h"

namespace twin::text::testing {

struct GoldText {
  std::string text;
  std::vector<Span> sentences;
};

/// One file of tests/data/sentences-ko; its README describes the format.
inline std::vector<GoldText> read_gold(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  std::vector<GoldText> out(1);
  const auto trimmed = [](const std::string& text, std::size_t from, std::size_t to) {
    const std::string_view part = trim(std::string_view(text).substr(from, to - from));
    const auto start = static_cast<std::size_t>(part.data() - text.data());
    return Span{start, start + part.size()};
  };
  std::size_t start = 0;
  const auto finish = [&](GoldText& gold) {
    const Span span = trimmed(gold.text, start, gold.text.size());
    if (span.end > span.start) gold.sentences.push_back(span);
    start = gold.text.size();
  };
  for (std::string_view line : split(all, '\n')) {
    if (line == "====") {
      out.emplace_back();
      start = 0;
      continue;
    }
    GoldText& gold = out.back();
    constexpr std::string_view boundary = "‖", goes_on = "↵";
    for (std::size_t at = 0; (at = line.find(boundary)) != std::string_view::npos;) {
      gold.text += line.substr(0, at);
      finish(gold);
      line.remove_prefix(at + boundary.size());
    }
    const bool joined = line.ends_with(goes_on);
    if (joined) line.remove_suffix(goes_on.size());
    gold.text += line;
    if (!joined) finish(gold);
    gold.text += '\n';
  }
  return out;
}

struct Score {
  std::size_t gold = 0, predicted = 0, right = 0;
  [[nodiscard]] double f1() const {
    return gold + predicted == 0 ? 0 : 2.0 * static_cast<double>(right) / static_cast<double>(gold + predicted);
  }
  void add(const GoldText& text, const std::vector<Span>& spans) {
    gold += text.sentences.size();
    predicted += spans.size();
    for (const Span& span : spans) {
      right += std::find(text.sentences.begin(), text.sentences.end(), span) != text.sentences.end() ? 1u : 0u;
    }
  }
};

}  // namespace twin::text::testing
