#include "evaluation/corpus/named_groups.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "evaluation/corpus/group_names.h"
#include "evaluation/topic_words.h"

namespace twin::evaluation {
namespace {

constexpr std::size_t kKeptWords = 10;  // of a group, in --json

}  // namespace

std::string shortened_text(const std::string& text, std::size_t characters) {
  std::string out;
  std::size_t taken = 0;
  bool blank = false;
  for (const text::Codepoint& c : text::codepoints(text)) {
    if (text::is_space(c.value)) {
      blank = !out.empty();
      continue;
    }
    if (taken >= characters) return out + "…";
    if (blank) out += ' ';
    blank = false;
    out.append(text, c.offset, c.length);
    ++taken;
  }
  return out;
}

std::vector<NamedGroup> name_groups(const std::vector<std::string>& texts, const std::vector<int>& groups,
                                    std::size_t name_words) {
  TopicWords topics;
  for (const std::string& text : texts) topics.learn(text);
  const int count = groups.empty() ? 0 : *std::max_element(groups.begin(), groups.end()) + 1;
  std::vector<GroupWords> words(static_cast<std::size_t>(count));
  std::vector<NamedGroup> named(words.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto number = static_cast<std::size_t>(groups[i]);
    ++named[number].points;
    for (const TopicWord& word : topics.of(texts[i])) words[number].add(word.key, word.shown);
  }
  auto names = group_names(words, std::max(kKeptWords, name_words));
  for (std::size_t g = 0; g < names.size(); ++g) {
    named[g].words = std::move(names[g]);
    const auto shown = static_cast<std::ptrdiff_t>(std::min(named[g].words.size(), name_words));
    named[g].name = fmt::format("{}", fmt::join(named[g].words.begin(), named[g].words.begin() + shown, ", "));
    if (named[g].name.empty()) named[g].name = tr("Group {}", g + 1);
  }
  return named;
}

}  // namespace twin::evaluation
