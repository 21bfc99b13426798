// What a person wrote in a mail, without what they answer.
#include <algorithm>
#include <array>
#include <vector>

#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "feature/sources/mbox/mail.h"

namespace twin::feature::mail {
namespace {

constexpr std::size_t longest_introduction = 400;
/// Lines that a signature of a telephone may have, and nothing longer.
constexpr std::size_t longest_sent_from = 80;

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return text.starts_with(word); });
}

/// "-----Original Message-----", "----- 원본 메일 -----", "---------- Forwarded message ---------": below stands no
/// word of the writer.
bool begins_original(std::string_view line) {
  if (!line.starts_with("---") && !line.starts_with("___") && !line.starts_with("===")) return false;
  const std::string folded = text::fold(line);
  static constexpr std::array<std::string_view, 7> words = {
      "original message", "forwarded message", "reply message", "original appointment",
      "원본 메일",        "원본 메시지",       "전달된 메시지"};
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return folded.find(word) != std::string::npos; });
}

/// The header block that Outlook puts above the original: "From: …" and "Sent: …" in the lines after.
bool begins_header_block(const std::vector<std::string_view>& lines, std::size_t at) {
  const auto key = [&](std::size_t i) { return i < lines.size() ? text::trim(lines[i]) : std::string_view(); };
  if (!starts_with_any(key(at), {"From:", "보낸 사람:", "보낸사람:", "발신:"})) return false;
  for (std::size_t i = at + 1; i < at + 5; ++i) {
    if (starts_with_any(key(i),
                        {"Sent:", "Date:", "To:", "보낸 날짜:", "보낸날짜:", "날짜:", "받는 사람:", "받는사람:"}))
      return true;
  }
  return false;
}

/// "On Mon, 5 Feb 2024 at 10:00, Name <a@b> wrote:", "2024년 2월 5일 (월) 오전 10:00, 이름 <a@b>님이 작성:".
bool introduces(std::string_view text) {
  if (text.size() > longest_introduction || !text.ends_with(':')) return false;
  const std::string folded = text::fold(text);
  const bool english =
      (folded.starts_with("on ") || folded.find('@') != std::string::npos) && folded.ends_with("wrote:");
  const bool korean = folded.ends_with("작성:") || folded.ends_with("썼습니다:") || folded.ends_with("쓰신 글:") ||
                      folded.ends_with("작성했습니다:");
  return english || korean;
}

bool sent_from(std::string_view line) {
  if (line.size() > longest_sent_from) return false;
  const std::string folded = text::fold(line);
  return starts_with_any(folded, {"sent from my ", "sent from outlook", "get outlook for ", "나의 iphone에서",
                                  "내 iphone에서", "iphone에서 보냄", "galaxy에서 보냄", "갤럭시에서 보냄",
                                  "삼성 휴대전화에서", "outlook for android"}) ||
         folded.find("스마트폰에서 보냈습니다") != std::string::npos || folded.ends_with("에서 보냄");
}

}  // namespace

Reply without_quotes(const std::string& text) {
  Reply out;
  auto lines = text::split(text, '\n');
  for (auto& line : lines) {
    while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  }
  std::size_t end = lines.size();
  for (std::size_t i = 0; i < end; ++i) {
    if (!begins_original(text::trim(lines[i])) && !begins_header_block(lines, i)) continue;
    out.quoted += static_cast<int>(end - i);
    end = i;
  }
  std::size_t signature = end;
  for (std::size_t i = 0; i < end; ++i) {
    if (lines[i] == "-- " || lines[i] == "--" || sent_from(text::trim(lines[i]))) {
      // Below the mark only quotes may follow that belong to the mail.
      signature = i;
      break;
    }
  }
  std::vector<std::string> kept;
  for (std::size_t i = 0; i < end; ++i) {
    const auto line = text::trim(lines[i]);
    if (lines[i].starts_with('>')) {
      ++out.quoted;
      // The introduction may be wrapped over two lines.
      while (!kept.empty() && text::trim(kept.back()).empty()) kept.pop_back();
      for (std::size_t count = 1; count <= 3 && count <= kept.size(); ++count) {
        std::string joined;
        for (std::size_t k = kept.size() - count; k < kept.size(); ++k)
          joined += (joined.empty() ? "" : " ") + std::string(text::trim(kept[k]));
        if (!introduces(joined)) continue;
        kept.resize(kept.size() - count);
        out.quoted += static_cast<int>(count);
        break;
      }
      if (!kept.empty() && !kept.back().empty()) kept.emplace_back();
      continue;
    }
    if (i >= signature) {
      out.signature += line.empty() ? 0 : 1;
      continue;
    }
    kept.emplace_back(lines[i]);
  }
  // An introduction whose quotation stood below as HTML or was cut off.
  while (!kept.empty() && text::trim(kept.back()).empty()) kept.pop_back();
  if (!kept.empty() && introduces(text::trim(kept.back()))) {
    kept.pop_back();
    ++out.quoted;
  }
  for (const auto& line : kept) out.text += line + "\n";
  out.text = std::string(text::trim(out.text));
  return out;
}

Reply without_quotes_html(const std::string& html) {
  Reply out;
  const std::string folded = text::ascii_lower(html);  // of ASCII only, so that offsets stay
  std::size_t end = html.size();
  for (const std::string_view mark :
       {"<div class=\"gmail_quote", "<blockquote type=\"cite\"", "<div class=\"gmail_extra", "<div id=\"appendonsend\"",
        "<div id=\"divrplyfwdmsg\"", "<div class=\"gmail_signature", "<div id=\"signature\"",
        "<div class=\"moz-cite-prefix", "<div class=\"moz-signature", "<hr id=\"stopspelling\"",
        "<div name=\"mail_original", "-----original message-----", "-----원본 메일-----",
        "<blockquote class=\"gmail_quote"}) {
    end = std::min(end, folded.find(mark));
  }
  out.text = html.substr(0, end);
  if (end < html.size())
    out.quoted = 1 + static_cast<int>(std::count(html.begin() + static_cast<std::ptrdiff_t>(end), html.end(), '\n'));
  return out;
}

std::string plain_subject(const std::string& subject) {
  static constexpr std::array<std::string_view, 14> prefixes = {
      "re:",   "re :",   "fw:",  "fwd:",           "aw:",  "sv:", "답장:", "회신:", "re[2]:",
      "전달:", "[답장]", "[re]", "re\xEF\xBC\x9A", "[fwd]"};
  constexpr std::size_t longest_prefix = 16;
  std::string_view out = text::trim(subject);
  for (bool changed = true; changed;) {
    changed = false;
    const std::string start = text::fold(text::clip(out, longest_prefix));
    for (const auto prefix : prefixes) {
      if (!start.starts_with(prefix)) continue;
      out = text::trim(out.substr(std::min(prefix.size(), out.size())));
      changed = true;
      break;
    }
  }
  return std::string(out);
}

}  // namespace twin::feature::mail
