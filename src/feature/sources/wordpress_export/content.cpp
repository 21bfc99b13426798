// The content of a WordPress post → HTML.
#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "core/text/unicode.h"
#include "feature/sources/wordpress_export/items.h"

namespace twin::feature::wordpress {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

struct Shortcode {
  std::string name, attributes;
  bool closing = false, alone = false;  ///< alone: [name /]
  std::size_t end = 0;                  ///< after "]"
};

/// A shortcode that begins at the "[" at `at`.
std::optional<Shortcode> shortcode_at(std::string_view text, std::size_t at) {
  const std::size_t end = text.find_first_of("[]\n", at + 1);
  if (end == std::string_view::npos || text[end] != ']') return std::nullopt;
  std::string_view inside = text.substr(at + 1, end - at - 1);
  Shortcode out;
  out.end = end + 1;
  if (inside.starts_with('/')) {
    out.closing = true;
    inside.remove_prefix(1);
  }
  if (inside.ends_with('/')) {
    out.alone = true;
    inside.remove_suffix(1);
  }
  const std::size_t name = std::min(inside.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-"), inside.size());
  if (name == 0 || (name < inside.size() && inside[name] != ' ' && inside[name] != '=')) return std::nullopt;
  out.name = inside.substr(0, name);
  out.attributes = inside.substr(name);
  return out;
}

std::string attribute(const std::string& attributes, std::string_view key) {
  for (const char quote : {'"', '\''}) {
    const std::string mark = " " + std::string(key) + "=" + quote;
    const std::size_t at = attributes.find(mark);
    if (at == std::string::npos) continue;
    const std::size_t from = at + mark.size();
    return attributes.substr(from, attributes.find(quote, from) - from);
  }
  return {};
}

bool is_code(std::string_view name) {
  static constexpr std::array<std::string_view, 7> names = {"code",   "sourcecode", "source", "highlight",
                                                            "crayon", "pre",        "syntax"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Shortcodes that hold no writing, or only lay it out: the marks go, the text between them stays.
bool is_layout(std::string_view name) {
  static constexpr std::array<std::string_view, 24> names = {"gallery",
                                                             "audio",
                                                             "video",
                                                             "playlist",
                                                             "wpvideo",
                                                             "vimeo",
                                                             "contact-form",
                                                             "contact-form-7",
                                                             "wpforms",
                                                             "toc",
                                                             "ez-toc",
                                                             "ninja_form",
                                                             "rev_slider",
                                                             "instagram",
                                                             "tweet",
                                                             "googlemaps",
                                                             "jetpack_subscription_form",
                                                             "sitemap",
                                                             "ad",
                                                             "adsense",
                                                             "one_half",
                                                             "one_third",
                                                             "dropcap",
                                                             "spacer"};
  return std::find(names.begin(), names.end(), name) != names.end() || name.starts_with("vc_") ||
         name.starts_with("et_pb_") || name.starts_with("fusion_") || name.starts_with("su_") ||
         name.starts_with("gravityform") || name.starts_with("mk_");
}

/// Shortcodes that are read together with what stands between them and their end.
bool encloses(std::string_view name) {
  return is_code(name) || name == "caption" || name == "wp_caption" || name == "embed" || name == "youtube";
}

/// <img …>caption between [caption] and [/caption].
std::string figure(std::string_view inside, const std::string& attributes) {
  const std::size_t image = inside.find("<img");
  std::size_t end = image == std::string_view::npos ? 0 : inside.find('>', image);
  if (end == std::string_view::npos) end = inside.size() - 1;
  if (const std::size_t link = inside.find("</a>", end);
      link != std::string_view::npos && image != std::string_view::npos)
    end = link + 3;
  std::string caption(text::trim(image == std::string_view::npos ? inside : inside.substr(end + 1)));
  if (caption.empty()) caption = attribute(attributes, "caption");
  const auto picture = image == std::string_view::npos ? std::string_view() : inside.substr(0, end + 1);
  return "\n\n<figure>" + std::string(picture) + (caption.empty() ? "" : "<figcaption>" + caption + "</figcaption>") +
         "</figure>\n\n";
}

std::string without_shortcodes(const std::string& text, int& removed) {
  std::string out;
  std::set<std::string, std::less<>> unclosed;  // names whose end was looked for and is not there: once is enough
  const auto end_of = [&](const Shortcode& code) {
    if (code.closing || code.alone || unclosed.contains(code.name)) return std::string::npos;
    const std::size_t close = text.find("[/" + code.name + "]", code.end);
    if (close == std::string::npos) unclosed.insert(code.name);
    return close;
  };
  for (std::size_t at = 0; at < text.size();) {
    // What stands in elements of code is an example.
    if (text.compare(at, 4, "<pre") == 0 || text.compare(at, 5, "<code") == 0) {
      const std::string close = text.compare(at, 4, "<pre") == 0 ? "</pre>" : "</code>";
      const std::size_t end = std::min(text.find(close, at), text.size());
      out += text.substr(at, end - at);
      at = end;
      if (at == text.size()) break;
    }
    const auto code = text[at] == '[' ? shortcode_at(text, at) : std::nullopt;
    if (!code) {
      out += text[at++];
      continue;
    }
    const std::size_t close = encloses(code->name) ? end_of(*code) : std::string::npos;
    const std::size_t after = close == std::string::npos ? code->end : close + code->name.size() + 3;
    const auto inside = std::string_view(text).substr(code->end, close == std::string::npos ? 0 : close - code->end);
    if (is_code(code->name) && close != std::string::npos) {
      std::string language = attribute(code->attributes, "lang");
      if (language.empty()) language = attribute(code->attributes, "language");
      // Some editors store code escaped, some do not.
      const bool plain =
          inside.find("&lt;") == std::string_view::npos && inside.find("&amp;") == std::string_view::npos;
      out += "\n\n<pre><code" + (language.empty() ? "" : " class=\"language-" + escaped(language) + "\"") + ">" +
             (plain ? escaped(inside) : std::string(inside)) + "</code></pre>\n\n";
    } else if ((code->name == "caption" || code->name == "wp_caption") && close != std::string::npos) {
      out += figure(inside, code->attributes);
    } else if ((code->name == "embed" || code->name == "youtube") &&
               (close != std::string::npos || code->attributes.size() > 1)) {
      std::string url(text::trim(close != std::string::npos ? inside : std::string_view(code->attributes).substr(1)));
      out += "<a href=\"" + escaped(url) + "\">" + escaped(url) + "</a>";
    } else if (is_layout(code->name)) {
      ++removed;
      at = code->end;  // what it encloses is read on
      continue;
    } else {
      out += text[at++];  // "[1]", "[sic]"
      continue;
    }
    at = after;
  }
  return out;
}

bool starts_block(std::string_view text) {
  static constexpr std::array<std::string_view, 24> names = {
      "p",  "div", "ul", "ol",     "li",      "table",   "pre",     "blockquote", "h1",   "h2", "h3",      "h4",
      "h5", "h6",  "hr", "figure", "section", "article", "details", "iframe",     "form", "dl", "address", "style"};
  if (text.starts_with("<!--") || text.starts_with("</")) return true;
  if (!text.starts_with('<')) return false;
  const auto name = text.substr(1, std::min(text.find_first_of(" >/\n", 1), text.size()) - 1);
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Blank lines to paragraphs, single line ends to breaks, as WordPress does when it shows an old post.
std::string with_paragraphs(const std::string& text) {
  std::string out, paragraph;
  bool raw = false;  // in <pre>
  const auto finish = [&] {
    const auto trimmed = text::trim(paragraph);
    if (!trimmed.empty()) {
      if (starts_block(trimmed)) {
        out += std::string(trimmed) + "\n";
      } else {
        std::string lines;
        for (const char c : trimmed) lines += c == '\n' ? "<br>\n" : std::string(1, c);
        out += "<p>" + lines + "</p>\n";
      }
    }
    paragraph.clear();
  };
  for (const auto line : text::split(text, '\n')) {
    if (!raw && text::trim(line).empty()) {
      finish();
      continue;
    }
    if (!raw && !paragraph.empty() && starts_block(text::trim(line))) finish();
    raw = raw ? line.find("</pre>") == std::string_view::npos
              : line.find("<pre") != std::string_view::npos && line.find("</pre>") == std::string_view::npos;
    paragraph += std::string(line) + "\n";
    if (!raw && line.find("</pre>") != std::string_view::npos) {
      out += paragraph;
      paragraph.clear();
    }
  }
  finish();
  return out;
}

}  // namespace

std::string html_of(const std::string& content, int& removed) {
  std::string text;
  for (const char c : content) {
    if (c != '\r') text += c;
  }
  const bool blocks = text.find("<!-- wp:") != std::string::npos;
  text = without_shortcodes(text, removed);
  return blocks || text.find("<p>") != std::string::npos || text.find("<p ") != std::string::npos
             ? text
             : with_paragraphs(text);
}

}  // namespace twin::feature::wordpress
