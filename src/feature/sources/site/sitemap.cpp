#include "feature/sources/site/sitemap.h"

#include <zlib.h>

#include <algorithm>
#include <memory>
#include <pugixml.hpp>

#include "core/i18n.h"
#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "feature/clean/charset.h"
#include "feature/collect/canonical_url.h"
#include "feature/sources/feed/feed_parser.h"

namespace twin::feature::site {
namespace {

using Xml = pugi::xml_node;

std::string_view local_name(const Xml& node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

/// The text of a child of this very name: "image:loc" is not "loc".
std::string child_text(const Xml& node, std::string_view name, std::string_view node_prefix) {
  for (const Xml& child : node.children()) {
    if (local_name(child) != name) continue;
    const std::string_view full = child.name();
    if (full.substr(0, full.size() - name.size()) != node_prefix) continue;
    return std::string(text::trim(child.child_value()));
  }
  return {};
}

void read_entries(const Xml& root, std::string_view name, std::size_t max, std::vector<SitemapEntry>& out,
                  std::size_t& left_out) {
  for (const Xml& node : root.children()) {
    if (local_name(node) != name) continue;
    const std::string_view full = node.name();
    const std::string_view prefix = full.substr(0, full.size() - name.size());
    SitemapEntry entry{child_text(node, "loc", prefix), child_text(node, "lastmod", prefix)};
    if (entry.url.empty()) continue;
    if (out.size() >= max) {
      ++left_out;
    } else {
      out.push_back(std::move(entry));
    }
  }
}

/// One address a line.
Result<Sitemap> parse_lines(std::string_view text, const SitemapLimits& limits) {
  Sitemap out;
  for (const auto raw : text::split(text, '\n')) {
    const auto line = text::trim(raw);
    if (line.empty()) continue;
    if (!is_web(line)) {
      return fail(ErrorKind::invalid, tr("This is no sitemap: neither XML nor a list of addresses"));
    }
    if (out.pages.size() >= limits.max_entries) {
      ++out.left_out;
    } else {
      out.pages.push_back({std::string(line), {}});
    }
  }
  return out;
}

Result<Sitemap> from_feed(std::string_view bytes, const SitemapLimits& limits) {
  auto feed = parse_feed(bytes, {.max_entries = limits.max_entries});
  if (!feed) return tl::unexpected(feed.error());
  Sitemap out;
  out.left_out = feed->left_out;
  out.problem = feed->problem;
  for (auto& entry : feed->entries) {
    if (!entry.link.empty()) out.pages.push_back({std::move(entry.link), {}});
  }
  return out;
}

}  // namespace

Result<std::string> gunzip(std::string_view bytes, std::uint64_t max_bytes, std::uint64_t max_ratio) {
  z_stream stream{};
  constexpr int window_and_gzip = 15 + 16;
  if (inflateInit2(&stream, window_and_gzip) != Z_OK) return fail(ErrorKind::internal, "zlib cannot be initialised");
  const std::unique_ptr<z_stream, int (*)(z_streamp)> ended(&stream, &inflateEnd);
  std::string out;
  std::string block(1 << 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib's interface is not const
  stream.avail_in = static_cast<uInt>(std::min<std::size_t>(bytes.size(), UINT32_MAX));
  constexpr std::uint64_t free_bytes = 1 << 20;
  while (true) {
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    const int code = inflate(&stream, Z_NO_FLUSH);
    out.append(block, 0, block.size() - stream.avail_out);
    if (out.size() > max_bytes) {
      return fail(ErrorKind::limit, tr("The unpacked file is larger than {} bytes", max_bytes));
    }
    if (out.size() > free_bytes && out.size() > bytes.size() * max_ratio) {
      return fail(ErrorKind::limit, tr("The file unpacks to more than {} times its size", max_ratio));
    }
    if (code == Z_STREAM_END) return out;
    if (code != Z_OK || (stream.avail_in == 0 && stream.avail_out == block.size())) {
      return fail(ErrorKind::invalid, tr("The file is not whole gzip data"));
    }
  }
}

Result<Sitemap> parse_sitemap(std::string_view given, const SitemapLimits& limits) {
  std::string unpacked;
  if (given.starts_with("\x1f\x8b")) {
    auto plain = gunzip(given, limits.max_bytes, limits.max_ratio);
    if (!plain) return tl::unexpected(plain.error());
    unpacked = std::move(*plain);
    given = unpacked;
  }
  if (given.size() > limits.max_bytes) {
    return fail(ErrorKind::limit, tr("The unpacked file is larger than {} bytes", limits.max_bytes));
  }
  auto decoded = decode(given, declared_charset(given));
  if (!decoded) return tl::unexpected(decoded.error());
  const auto text = text::trim(decoded->text);
  if (!text.starts_with("<")) return parse_lines(text, limits);

  pugi::xml_document document;
  const auto parsed = document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  const Xml root = document.document_element();
  const std::string_view kind = root ? local_name(root) : std::string_view();
  if (kind == "rss" || kind == "feed" || kind == "RDF") return from_feed(text, limits);
  Sitemap out;
  if (kind == "urlset") {
    read_entries(root, "url", limits.max_entries, out.pages, out.left_out);
  } else if (kind == "sitemapindex") {
    read_entries(root, "sitemap", limits.max_entries, out.sitemaps, out.left_out);
  } else {
    return fail(ErrorKind::invalid, tr("This is no sitemap (its root is <{}>)", kind));
  }
  if (!parsed) out.problem = tr("This is not well-formed XML: {} at byte {}", parsed.description(), parsed.offset);
  return out;
}

std::vector<std::string> sitemaps_of_robots(std::string_view robots_txt) {
  std::vector<std::string> out;
  if (robots_txt.starts_with("\xEF\xBB\xBF")) robots_txt.remove_prefix(3);
  for (const auto raw : text::split(robots_txt, '\n')) {
    const auto line = text::trim(raw);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    if (text::ascii_lower(text::trim(line.substr(0, colon))) != "sitemap") continue;
    std::string_view value = line.substr(colon + 1);
    if (const std::size_t comment = value.find(" #"); comment != std::string_view::npos)
      value = value.substr(0, comment);
    value = text::trim(value);
    if (!value.empty()) out.emplace_back(value);
  }
  return out;
}

}  // namespace twin::feature::site
