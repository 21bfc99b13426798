#include "inference/query/names.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "core/text/unicode.h"

namespace twin::inference {
namespace {

/// What may follow a Korean name, after 님 and 씨.
constexpr std::array<std::string_view, 21> particles = {"",     "이",   "가",   "은",   "는",     "을",     "를",
                                                        "의",   "와",   "과",   "랑",   "이랑",   "도",     "께서",
                                                        "이가", "이는", "에게", "한테", "에게서", "한테서", "이의"};

bool is_word_part(char32_t c) {
  return text::is_letter(c) || text::is_digit(c) || c == U'_';
}

bool only_particles(std::string_view hangul) {
  for (const std::string_view title : {"작가", "님", "씨"}) {
    if (hangul.starts_with(title)) hangul.remove_prefix(title.size());
  }
  return std::find(particles.begin(), particles.end(), hangul) != particles.end();
}

/// The Hangul that `rest` begins with, when a word ends after it; nullopt when other letters follow.
std::optional<std::string_view> hangul_word(std::string_view rest) {
  std::size_t end = 0;
  for (const auto& point : text::codepoints(rest)) {
    if (!is_word_part(point.value)) break;
    if (!text::is_hangul(point.value)) return std::nullopt;
    end = point.offset + point.length;
  }
  return rest.substr(0, end);
}

bool begins_word(std::string_view text, std::size_t at) {
  if (at == 0) return true;
  std::size_t last = at - 1;
  while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xC0u) == 0x80u) --last;
  return !is_word_part(text::codepoints(text.substr(last, at - last)).front().value);
}

}  // namespace

bool names_word(std::string_view text, std::string_view name) {
  if (name.empty()) return false;
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    if (!begins_word(text, at)) continue;
    const auto after = hangul_word(text.substr(at + name.size()));
    if (after && only_particles(*after)) return true;
  }
  return false;
}

std::vector<Called> author_names(const std::vector<stores::User>& authors) {
  constexpr std::size_t shortest_part = 3;
  std::map<std::string, std::string> full, parts;  // "" : of several
  const auto note = [](std::map<std::string, std::string>& names, std::string name, const std::string& id) {
    const auto [entry, fresh] = names.emplace(std::move(name), id);
    if (!fresh && entry->second != id) entry->second.clear();
  };
  for (const stores::User& author : authors) {
    std::vector<std::string> names = author.aliases;
    names.push_back(author.name);
    for (const std::string& name : names) {
      if (name.find('@') != std::string::npos) continue;
      const std::string folded = text::fold(text::repair_utf8(text::trim(name)));
      note(full, folded, author.id);
      for (const std::string_view part : text::split(folded, ' ')) {
        if (part.size() >= shortest_part && part.size() < folded.size()) note(parts, std::string(part), author.id);
      }
    }
  }
  std::vector<Called> out;
  for (const auto& [name, id] : full) {
    if (!id.empty() && !name.empty()) out.push_back({name, id});
  }
  for (const auto& [name, id] : parts) {
    if (!id.empty() && !full.contains(name)) out.push_back({name, id});
  }
  return out;
}

const std::vector<Called>& language_names() {
  static const std::vector<Called> names = {
      {"korean", "ko"},   {"한국어", "ko"},   {"한글", "ko"},       {"국문", "ko"},       {"english", "en"},
      {"영어", "en"},     {"영문", "en"},     {"japanese", "ja"},   {"일본어", "ja"},     {"chinese", "zh"},
      {"중국어", "zh"},   {"german", "de"},   {"독일어", "de"},     {"french", "fr"},     {"프랑스어", "fr"},
      {"spanish", "es"},  {"스페인어", "es"}, {"portuguese", "pt"}, {"포르투갈어", "pt"}, {"russian", "ru"},
      {"러시아어", "ru"}, {"italian", "it"},  {"이탈리아어", "it"}};
  return names;
}

std::string language_name(std::string_view code) {
  for (const Called& called : language_names()) {
    if (called.id != code) continue;
    std::string name = called.name;
    name[0] = static_cast<char>(name[0] - 'a' + 'A');
    return name;
  }
  return std::string(code);
}

}  // namespace twin::inference
