#include "inference/query/ask_model.h"

#include <algorithm>
#include <array>

#include "core/i18n.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "models/prompts/prompts.h"

namespace twin::inference {
namespace {

/// "3. ", "- ", "a) ", "Q: ", "Question 2: ", "질문: "
std::string_view without_mark(std::string_view line) {
  static constexpr std::array<std::string_view, 7> bullets = {"- ", "* ", "• ", "· ", "> ", "– ", "#"};
  for (bool again = true; again;) {
    again = false;
    line = text::trim(line);
    for (const std::string_view bullet : bullets) {
      if (!line.starts_with(bullet)) continue;
      line.remove_prefix(bullet.size());
      again = true;
    }
  }
  std::size_t digits = 0;
  while (digits < line.size() && text::is_ascii_digit(line[digits])) ++digits;
  if (digits > 0 && digits <= 2 && digits < line.size() && (line[digits] == '.' || line[digits] == ')')) {
    line = text::trim(line.substr(digits + 1));
  }
  static constexpr std::size_t longest_label = 20;
  const std::size_t colon = line.find(": ");
  if (colon != std::string_view::npos && colon <= longest_label) {
    const std::string label = text::fold(line.substr(0, colon));
    for (const std::string_view known :
         {"q", "query", "question", "answer", "sub-question", "rewritten question", "질문", "검색어", "답", "번역"}) {
      if (label.starts_with(known)) return text::trim(line.substr(colon + 1));
    }
  }
  return line;
}

std::string_view without_quotes(std::string_view line) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> quotes = {
      {{"\"", "\""}, {"'", "'"}, {"“", "”"}, {"‘", "’"}, {"**", "**"}}};
  for (const auto& [open, close] : quotes) {
    if (line.size() > open.size() + close.size() && line.starts_with(open) && line.ends_with(close)) {
      return text::trim(line.substr(open.size(), line.size() - open.size() - close.size()));
    }
  }
  return line;
}

bool has_letter(std::string_view utf8) {
  const auto points = text::codepoints(utf8);
  return std::any_of(points.begin(), points.end(), [](const auto& point) { return text::is_letter(point.value); });
}

}  // namespace

Result<std::string> ask_model(const QueryContext& context, const std::string& name, const std::string& language,
                              std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
  if (context.chat == nullptr) return fail(ErrorKind::not_found, tr("there is no chat model"));
  const auto prompt = models::load_prompt("query/" + name + (language == "ko" ? ".ko.txt" : ".en.txt"));
  if (!prompt) return tl::unexpected(prompt.error());
  models::ChatRequest request;
  request.messages = {{"user", models::fill(*prompt, values)}};
  request.max_tokens = context.config.reply_tokens;
  request.cancel = context.cancel;
  const auto reply = context.chat->chat(request);
  if (!reply) return tl::unexpected(reply.error());
  if (context.cancel.stop_requested()) return fail(ErrorKind::cancelled, tr("The question was withdrawn"));
  return text::nfc(text::repair_utf8(text::trim(reply->text)));
}

std::vector<std::string> reply_lines(std::string_view reply, std::size_t max_bytes) {
  std::vector<std::string> lines, known;
  for (const std::string_view raw : text::split(reply, '\n')) {
    const std::string_view line = without_quotes(without_mark(raw));
    if (line.size() > max_bytes || !has_letter(line)) continue;
    std::string folded = text::fold(line);
    if (std::find(known.begin(), known.end(), folded) != known.end()) continue;
    known.push_back(std::move(folded));
    lines.emplace_back(line);
  }
  return lines;
}

}  // namespace twin::inference
