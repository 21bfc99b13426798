// A WordPress export (WXR): posts and pages, with their authors and tags.
#include <algorithm>
#include <fstream>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/sources/exports/export_source.h"
#include "feature/sources/wordpress_export/items.h"

namespace twin::feature {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t read_block = 1u << 18;
/// Where the head of a file says that it is an export.
constexpr std::size_t head_bytes = 4'096;

std::string joined(const std::vector<std::string>& values) {
  std::string out;
  for (const auto& value : values) out += (out.empty() ? "" : ", ") + value;
  return out;
}

bool contains(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

class WordpressExport final : public ExportSource {
 public:
  void bind(config::Binder& b) override {
    bind_export(b, "XML file of a WordPress export, the ZIP it came in, or a folder of them");
    b.field("statuses", statuses_, "Statuses that are read: publish, draft, private, pending, future");
    b.field("types", types_, "Types of content that are read: post, page, or those of plug-ins");
    b.field("logins", logins_, "Only posts of these login names; none: of all authors");
  }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    Emitter emit(context, sink);
    std::error_code error;
    if (fs::is_regular_file(location(), error) && has_extension(location(), ".xml"))
      return emit.report(stream(context, emit));
    bool any = false;
    const auto done = files().each(
        context, [](const std::string& path) { return has_extension(path, ".xml"); },
        [&](Result<ArchiveFile>&& file) {
          if (!file) return emit.failure(std::move(file.error()));
          any = true;
          auto splitter = splitter_for(context, emit);
          auto read = splitter.feed(file->bytes);
          Result<void> end = read ? (*read ? splitter.finish() : Result<void>()) : tl::unexpected(read.error());
          if (end) return emit.going();
          end.error().where = files().url(file->entry.path);
          return emit.failure(std::move(end.error()));
        });
    if (done && !any) {
      return fail(ErrorKind::not_found, tr("There is no XML file in this export of WordPress"), location(),
                  tr("Make one in WordPress under Tools, Export, All content"));
    }
    return emit.report(done);
  }

 private:
  /// A single file is read block by block: exports of large sites have gigabytes.
  Result<void> stream(SourceContext& context, Emitter& emit) {
    std::ifstream in(location(), std::ios::binary);
    auto splitter = splitter_for(context, emit);
    std::string block(read_block, '\0');
    while (in && emit.going()) {
      in.read(block.data(), static_cast<std::streamsize>(block.size()));
      const auto more = splitter.feed({block.data(), static_cast<std::size_t>(in.gcount())});
      if (!more) return located(more.error());
      if (!*more) return {};
    }
    if (in.bad() || (!in.eof() && emit.going()))
      return fail(ErrorKind::io, tr("The export cannot be read: {}", "I/O"), location());
    if (!emit.going()) return {};
    if (auto end = splitter.finish(); !end) return located(end.error());
    return {};
  }

  [[nodiscard]] tl::unexpected<Error> located(Error error) const {
    error.where = location();
    return tl::unexpected(std::move(error));
  }

  wordpress::ItemSplitter splitter_for(SourceContext& context, Emitter& emit) {
    channel_ = {};
    return {static_cast<std::size_t>(context.max_item_bytes),
            [this](std::string_view head) { channel_ = wordpress::parse_channel(text::repair_utf8(head)); },
            [this, &emit](std::string_view xml) { return item(xml, emit); }};
  }

  bool item(std::string_view xml, Emitter& emit) const {
    auto item = wordpress::parse_item(text::repair_utf8(xml));
    if (!item) {
      if (item.error().where.empty()) item.error().where = location();
      return emit.failure(std::move(item.error()));
    }
    const bool wanted = contains(types_, item->type) && contains(statuses_, item->status) && !item->locked &&
                        (logins_.empty() || contains(logins_, item->creator));
    if (!wanted || text::trim(item->content).empty()) return emit.going();
    RawDocument raw;
    raw.url = address(*item);
    int removed = 0;
    raw.bytes = wordpress::html_of(item->content, removed);
    raw.media_type = "text/html";
    raw.title = std::move(item->title);
    const auto author = channel_.authors.find(item->creator);
    if (!item->creator.empty()) raw.authors = {author == channel_.authors.end() ? item->creator : author->second};
    raw.language = channel_.language;
    raw.published = item->published;
    raw.metadata = {{"charset", "utf-8"}, {"kind", item->type}, {"wordpress_id", item->id}};
    if (item->status != "publish") raw.metadata["status"] = item->status;
    if (!item->tags.empty()) raw.metadata["tags"] = joined(item->tags);
    if (!item->categories.empty()) raw.metadata["categories"] = joined(item->categories);
    if (removed > 0) raw.metadata["shortcodes_removed"] = std::to_string(removed);
    return emit.document(std::move(raw));
  }

  /// Drafts have addresses like https://site/?p=12 too.
  [[nodiscard]] std::string address(const wordpress::Item& item) const {
    if (item.link.starts_with("http")) return item.link;
    if (item.guid.starts_with("http")) return item.guid;
    return files().url("post-" + item.id);
  }

  std::vector<std::string> statuses_ = {"publish"}, types_ = {"post", "page"}, logins_;
  wordpress::Channel channel_;
};

bool is_export_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string head(head_bytes, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(in.gcount()));
  return head.find("wordpress.org/export/") != std::string::npos;
}

bool export_name(const std::string& name) {
  const std::string folded = text::fold(file_name(name));
  return folded.ends_with(".xml") && folded.find("wordpress") != std::string::npos;
}

Claim accepts(const std::string& location) {
  const std::string why = tr("an export of WordPress");
  std::error_code error;
  if (fs::is_regular_file(location, error) && has_extension(location, ".xml")) {
    return is_export_file(location) ? Claim{Claim::site, why} : Claim{};
  }
  const Claim claim = export_claim(
      location,
      [](const std::vector<std::string>& names) { return std::any_of(names.begin(), names.end(), export_name); },
      export_name, why);
  // The name of the file is WordPress's own; a feed would claim any .xml.
  return claim ? Claim{Claim::site, why} : Claim{};
}

}  // namespace

TWIN_SOURCE(wordpress_export, {.description = "A WordPress export (WXR): posts and pages",
                               .needs = "the XML file from Tools, Export, All content",
                               .examples = {{"/home/me/myblog.WordPress.2024-01-31.xml", true},
                                            {"~/blog.wordpress.2024-01-31.000.xml", true},
                                            {"https://example.org/feed.xml", false},
                                            {"/home/me/blog", false}},
                               .accepts = accepts,
                               .make = [] { return std::make_unique<WordpressExport>(); }})

}  // namespace twin::feature
