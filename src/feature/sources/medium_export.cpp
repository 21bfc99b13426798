// The export of a Medium account: every post, not only the newest ten of the feed.
#include <algorithm>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/clean/dom.h"
#include "feature/sources/exports/export_source.h"

namespace twin::feature {
namespace {

bool is_post(const std::string& path) {
  return has_extension(path, ".html") && (path.starts_with("posts/") || path.find("/posts/") != std::string::npos);
}

struct Post {
  std::string title, canonical, medium_url, author;
  UnixMillis published = 0;
  bool response = false;
  std::string body;
};

/// The body as the file has it. What surrounds it repeats it: the title as a header, its beginning as a summary.
std::string body_of(const std::string& html) {
  const std::size_t from = html.find("<section data-field=\"body\"");
  if (from == std::string::npos) return html;
  const std::size_t footer = html.find("<footer", from);
  const std::size_t to = html.rfind("</section>", footer);
  return html.substr(from, to == std::string::npos || to < from ? footer - from : to + 10 - from);
}

Result<Post> read_post(const std::string& html) {
  const auto document = html::Document::parse(text::repair_utf8(html));
  if (!document) return tl::unexpected(document.error());
  Post post;
  bool title_in_body = false, article = false;
  html::walk(document->root(), [&](html::Node* node) {
    if (html::name(node) == "article") article = true;
    if (html::has_class(node, "p-name")) post.title = text::trim(html::text_content(node));
    if (html::has_class(node, "p-canonical")) post.canonical = html::attribute(node, "href");
    if (html::has_class(node, "p-author")) post.author = text::trim(html::text_content(node));
    if (html::has_class(node, "graf--title")) title_in_body = true;
    if (html::has_class(node, "dt-published")) {
      post.published = parse_time(std::string(html::attribute(node, "datetime"))).value_or(0);
      const html::Node* link = html::parent(node);
      if (html::name(link) == "a") post.medium_url = html::attribute(link, "href");
    }
    return true;
  });
  if (!article) return fail(ErrorKind::invalid, tr("This is no post of a Medium export"));
  post.response = !title_in_body;
  post.body = body_of(html);
  return post;
}

class MediumExport final : public ExportSource {
 public:
  void bind(config::Binder& b) override {
    bind_export(b, "ZIP of a Medium export, or the folder it was unpacked to");
    b.field("drafts", drafts_, "Also read drafts");
    b.field("responses", responses_, "Also read responses to posts of others");
  }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    Emitter emit(context, sink);
    bool any = false;
    const auto done = files().each(
        context,
        [&](const std::string& path) {
          any = any || is_post(path);
          return is_post(path) && (drafts_ || !file_name(path).starts_with("draft_"));
        },
        [&](Result<ArchiveFile>&& file) { return file ? post(*file, emit) : emit.failure(std::move(file.error())); });
    if (done && !any) {
      return fail(ErrorKind::not_found, tr("There is no folder `posts` with HTML in this export"), location(),
                  tr("Ask Medium for your data under Settings, Security and apps, Download your information"));
    }
    return emit.report(done);
  }

 private:
  bool post(const ArchiveFile& file, Emitter& emit) const {
    const std::string url = files().url(file.entry.path);
    auto post = read_post(file.bytes);
    if (!post) {
      post.error().where = url;
      return emit.failure(std::move(post.error()));
    }
    if (post->response && !responses_) return emit.going();
    RawDocument raw;
    raw.url = !post->canonical.empty() ? post->canonical : !post->medium_url.empty() ? post->medium_url : url;
    raw.media_type = "text/html";
    raw.bytes = std::move(post->body);
    raw.title = std::move(post->title);
    if (!post->author.empty()) raw.authors = {post->author};
    raw.published = post->published;
    raw.metadata["charset"] = "utf-8";
    raw.metadata["path"] = file.entry.path;
    if (!post->medium_url.empty()) raw.metadata["medium_url"] = post->medium_url;
    if (file_name(file.entry.path).starts_with("draft_")) raw.metadata["status"] = "draft";
    if (post->response) raw.metadata["kind"] = "response";
    return emit.document(std::move(raw));
  }

  bool drafts_ = false, responses_ = false;
};

Claim accepts(const std::string& location) {
  return export_claim(
      location,
      [](const std::vector<std::string>& names) {
        const auto has = [&](std::string_view part) {
          return std::any_of(names.begin(), names.end(),
                             [&](const std::string& name) { return name.find(part) != std::string::npos; });
        };
        return std::any_of(names.begin(), names.end(), is_post) &&
               (has("profile/") || has("claps/") || has("bookmarks/"));
      },
      [](const std::string& name) { return name.starts_with("medium-export"); }, tr("an export of Medium"));
}

}  // namespace

TWIN_SOURCE(medium_export, {.description = "The export of a Medium account: all posts",
                            .needs = "the ZIP from Settings, Security and apps, Download your information",
                            .examples = {{"/home/me/medium-export.zip", true},
                                         {"~/medium-export-0a1b2c/", true},
                                         {"https://medium.com/@someone", false},
                                         {"/home/me/blog", false}},
                            .accepts = accepts,
                            .make = [] { return std::make_unique<MediumExport>(); }})

}  // namespace twin::feature
