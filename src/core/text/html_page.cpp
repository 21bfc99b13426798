#include "core/text/html_page.h"

#include <fmt/format.h>

#include "core/i18n.h"
#include "core/text/html.h"

namespace twin::text {
namespace {

constexpr std::string_view report_style = R"(
:root { color-scheme: light dark; --line: #8884; --accent: #3567c9; }
body { font: 15px/1.55 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: .6rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: right; }
.scroll { overflow-x: auto; }
.failed { color: #b3261e; }
)";

}  // namespace

std::string html_page_start(std::string_view title, std::string_view style) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n",
      language(), html_escaped(title), style);
}

std::string report_page_start(std::string_view title, std::string_view style) {
  return html_page_start(title, fmt::format("{}{}", report_style, style)) +
         fmt::format("<h1>{}</h1>\n", html_escaped(title));
}

std::string_view html_page_end() {
  return "</body>\n</html>\n";
}

}  // namespace twin::text
