#include "feature/sources/linkedin_export/table.h"

#include <algorithm>

#include "core/text/unicode.h"

namespace twin::feature::linkedin {
namespace {

/// Headers without blanks, folded → English name.
const std::map<std::string, std::string, std::less<>>& names() {
  static const std::map<std::string, std::string, std::less<>> table = {
      {"date", "Date"},
      {"날짜", "Date"},
      {"sharelink", "ShareLink"},
      {"공유링크", "ShareLink"},
      {"업데이트링크", "ShareLink"},
      {"sharecommentary", "ShareCommentary"},
      {"공유내용", "ShareCommentary"},
      {"공유코멘트", "ShareCommentary"},
      {"공유댓글", "ShareCommentary"},
      {"내용", "ShareCommentary"},
      {"sharedurl", "SharedUrl"},
      {"공유된url", "SharedUrl"},
      {"공유url", "SharedUrl"},
      {"mediaurl", "MediaUrl"},
      {"미디어url", "MediaUrl"},
      {"visibility", "Visibility"},
      {"공개범위", "Visibility"},
      {"공개설정", "Visibility"},
      {"firstname", "First Name"},
      {"이름", "First Name"},
      {"lastname", "Last Name"},
      {"성", "Last Name"},
      {"headline", "Headline"},
      {"헤드라인", "Headline"},
      {"전문분야", "Headline"},
      {"summary", "Summary"},
      {"요약", "Summary"},
      {"소개", "Summary"},
      {"industry", "Industry"},
      {"업계", "Industry"},
      {"websites", "Websites"},
      {"웹사이트", "Websites"},
      {"companyname", "Company Name"},
      {"회사명", "Company Name"},
      {"회사이름", "Company Name"},
      {"title", "Title"},
      {"직함", "Title"},
      {"직책", "Title"},
      {"description", "Description"},
      {"설명", "Description"},
      {"location", "Location"},
      {"위치", "Location"},
      {"근무지", "Location"},
      {"지역", "Location"},
      {"startedon", "Started On"},
      {"시작일", "Started On"},
      {"finishedon", "Finished On"},
      {"종료일", "Finished On"},
  };
  return table;
}

std::string key_of(const std::string& header) {
  std::string out;
  for (const char c : text::fold(header)) {
    if (c != ' ' && c != '_') out += c;
  }
  return out;
}

Kind kind_of(const std::vector<std::string>& columns) {
  const auto has = [&](std::string_view name) {
    return std::find(columns.begin(), columns.end(), name) != columns.end();
  };
  if (has("ShareLink") && has("ShareCommentary")) return Kind::shares;
  if (has("Company Name") && has("Started On")) return Kind::positions;
  if (has("First Name") && (has("Headline") || has("Summary"))) return Kind::profile;
  return Kind::other;
}

/// In a language whose headers are not known: the columns of shares stand in this order in every language.
bool looks_like_shares(const CsvRow& row) {
  return row.size() >= 5 && row[1].find("linkedin.com/feed/update") != std::string::npos;
}

}  // namespace

Table read_table(std::string_view utf8) {
  Table out;
  std::vector<std::string> columns;
  const auto read = read_csv(utf8, [&](CsvRow&& row) {
    if (columns.empty()) {
      for (const auto& header : row) {
        const auto known = names().find(key_of(header));
        columns.push_back(known == names().end() ? header : known->second);
      }
      out.kind = kind_of(columns);
      return true;
    }
    if (out.kind == Kind::other && out.rows.empty() && looks_like_shares(row)) {
      out.kind = Kind::shares;
      columns = {"Date", "ShareLink", "ShareCommentary", "SharedUrl", "MediaUrl", "Visibility"};
    }
    if (out.kind == Kind::other) return false;
    Row& entry = out.rows.emplace_back();
    for (std::size_t i = 0; i < row.size() && i < columns.size(); ++i) entry[columns[i]] = std::move(row[i]);
    return true;
  });
  if (!read) out.problem = read.error().message;
  return out;
}

std::string plain_text(const std::string& text) {
  std::vector<std::string> lines;
  for (const auto line : text::split(text, '\n')) {
    lines.emplace_back(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line);
  }
  bool quoted = lines.size() > 1;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto line = text::trim(lines[i]);
    quoted = quoted && (i == 0 || line.starts_with('"')) && (i + 1 == lines.size() || line.ends_with('"'));
  }
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string& line = lines[i];
    if (quoted) {
      line = std::string(text::trim(line));
      if (line == "\"" || line == "\"\"") line.clear();  // an empty line comes in either form
      if (i > 0 && !line.empty()) line.erase(0, 1);
      if (i + 1 < lines.size() && !line.empty()) line.pop_back();
    }
    out += (i > 0 ? "\n" : "") + line;
  }
  return std::string(text::trim(out));
}

}  // namespace twin::feature::linkedin
