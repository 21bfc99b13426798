// The posts of a Substack publication: its archive, then each post.
#include <nlohmann/json.hpp>
#include <set>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/collect/canonical_url.h"
#include "feature/sources/source.h"
#include "feature/sources/web/address.h"
#include "feature/sources/web/json.h"
#include "feature/sources/web/listing.h"
#include "feature/sources/web/page.h"

namespace twin::feature {
namespace {

using web::member;
using web::string_of;

struct ListedPost {
  std::string slug, url, title, state;
  bool paid = false;
};

class Substack final : public Source {
 public:
  void bind(config::Binder& b) override {
    b.field("url", url_,
            "Address of the publication (https://name.substack.com or a domain of its own), or one post of it",
            {.required = true});
    b.field("previews", previews_, "Also keep what can be read of posts for subscribers: their beginning");
    b.field("podcasts", podcasts_, "Also keep the texts of podcast episodes");
    b.field("max_posts", max_posts_, "Posts beyond this number are left out", {.min = 1, .max = 1'000'000});
    b.field("page_size", page_size_, "Posts asked for at a time", {.min = 1, .max = 50, .key_irrelevant = true});
  }

  [[nodiscard]] std::string location() const override { return url_; }
  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext&) override { return std::nullopt; }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    const auto address = web::parse_address(url_);
    if (!address) {
      return fail(ErrorKind::usage, tr("This is not a web address"), url_,
                  tr("write it in full, as https://example.org/"));
    }
    Run run(context, sink, url_);
    run.origin = address->origin;
    const auto parts = address->parts();
    if (parts.size() == 2 && parts[0] == "p") {
      run.posts.push_back({parts[1], run.origin + "/p/" + percent_encode_path(parts[1]), {}, {}, false});
      run.listed_all = true;
    } else if (const auto listed = list(run); !listed) {
      return tl::unexpected(listed.error());
    }
    for (const auto& post : run.posts) {
      if (context.stop.stop_requested() || !read(run, post)) return SourceReport{};
    }
    return run.finish();
  }

 private:
  struct Run : web::Listing {
    using Listing::Listing;
    std::string origin;
    std::vector<ListedPost> posts;
  };

  [[nodiscard]] ListedPost listed(const Run& run, const Json& entry) const {
    ListedPost post;
    post.slug = string_of(entry, "slug");
    post.url = string_of(entry, "canonical_url");
    if (!web::parse_address(post.url)) post.url = run.origin + "/p/" + percent_encode_path(post.slug);
    post.title = string_of(entry, "title");
    const std::string audience = string_of(entry, "audience");
    post.paid = audience == "only_paid" || audience == "founding";
    // The archive tells of edits by updated_at; where that is missing, by the number of words.
    post.state = string_of(entry, "updated_at");
    if (post.state.empty()) {
      post.state =
          string_of(entry, "post_date") + " " + string_of(entry, "wordcount") + " " + audience + " " + post.title;
    }
    return post;
  }

  [[nodiscard]] Result<void> list(Run& run) const {
    std::set<std::string> ids;
    for (std::size_t offset = 0; !run.context.stop.stop_requested();) {
      const std::string address = run.origin + "/api/v1/archive?sort=new&search=&offset=" + std::to_string(offset) +
                                  "&limit=" + std::to_string(page_size_);
      const auto response = web::get(run.context, address, {{"Accept", "application/json"}});
      auto page = response ? web::parse_json(response->body, address) : tl::unexpected(response.error());
      if (page && !page->is_array()) {
        page = fail(ErrorKind::invalid, tr("The service gave no list of posts"), address,
                    tr("Check that the address is that of a Substack publication"));
      }
      if (!page) {
        if (offset == 0) return tl::unexpected(page.error());
        return run.cut_short(page.error());
      }
      if (page->empty()) {
        run.listed_all = true;
        return {};
      }
      bool fresh = false;
      for (const auto& entry : *page) {
        const std::string type = string_of(entry, "type");
        const std::string id = string_of(entry, "id");
        ListedPost post = listed(run, entry);
        if (post.slug.empty() || !ids.insert(id.empty() ? post.slug : id).second) continue;
        fresh = true;
        if (type == "thread" || (type == "podcast" && !podcasts_)) continue;
        if (run.posts.size() >= static_cast<std::size_t>(max_posts_)) return run.cut_at(max_posts_);
        run.posts.push_back(std::move(post));
      }
      if (!fresh) {
        run.note_repeating(ids.size());
        return {};
      }
      offset += page->size();
    }
    return {};
  }

  /// False when the sink said stop.
  [[nodiscard]] bool read(Run& run, const ListedPost& post) const {
    if (!run.wants(post.url, post.state)) return true;
    if (post.paid && !previews_) {
      run.note(tr("Left out: the post is for paying subscribers"), post.url,
               tr("Set previews: true to keep its beginning"));
      return true;
    }
    const std::string address = run.origin + "/api/v1/posts/" + percent_encode_path(post.slug);
    const auto response = web::get(run.context, address, {{"Accept", "application/json"}});
    auto json = response ? web::parse_json(response->body, address) : tl::unexpected(response.error());
    if (!json) return run.failed(json.error(), post.url);
    auto item = document(*json, post);
    if (!item) return run.sink(std::move(item));
    if (item->metadata.contains("preview")) {
      run.note(tr("Only the beginning of this post can be read: the rest is for paying subscribers"), post.url);
    }
    run.states.read(post.url, post.state);
    return run.sink(std::move(item));
  }

  [[nodiscard]] static Item document(const Json& json, const ListedPost& post) {
    RawDocument raw;
    raw.url = post.url;
    raw.media_type = "text/html";
    raw.bytes = string_of(json, "body_html");
    const std::string audience = string_of(json, "audience");
    bool preview = audience == "only_paid" || audience == "founding";
    if (text::trim(raw.bytes).empty()) {
      raw.bytes = string_of(json, "truncated_body_text");
      raw.media_type = "text/plain";
      preview = true;
    }
    if (text::trim(raw.bytes).empty()) {
      return fail(ErrorKind::invalid, tr("The post is empty"), post.url);
    }
    raw.title = string_of(json, "title");
    raw.authors = web::strings_of(member(json, "publishedBylines"), "name");
    raw.language = string_of(json, "language");
    raw.published = web::time_of(member(json, "post_date"));
    raw.metadata["charset"] = "utf-8";
    if (const auto updated = web::time_of(member(json, "updated_at")); updated != 0) {
      raw.metadata["modified"] = format_time(updated);
    }
    if (const auto subtitle = string_of(json, "subtitle"); !subtitle.empty()) raw.metadata["subtitle"] = subtitle;
    if (const auto section = string_of(json, "section_name"); !section.empty()) raw.metadata["series"] = section;
    if (const auto tags = web::strings_of(member(json, "postTags"), "name"); !tags.empty()) {
      raw.metadata["tags"] = web::joined(tags);
    }
    if (preview) raw.metadata["preview"] = "true";
    return raw;
  }

  std::string url_;
  bool previews_ = true;
  bool podcasts_ = true;
  int max_posts_ = 10'000;
  int page_size_ = 12;
};

Claim accepts(const std::string& location) {
  const auto address = web::parse_address(location);
  if (!address || address->label_below("substack.com").empty() || address->path == "/feed") return {};
  return {Claim::site, tr("the address of a Substack publication")};
}

}  // namespace

TWIN_SOURCE(substack, {.description = "The posts of a Substack publication",
                       .needs = "",
                       .examples = {{"https://someone.substack.com", true},
                                    {"https://someone.substack.com/p/first-post", true},
                                    {"https://someone.substack.com/archive", true},
                                    {"https://someone.substack.com/feed", false},
                                    {"https://substack.com", false},
                                    {"https://example.org/p/first-post", false}},
                       .accepts = accepts,
                       .make = [] { return std::make_unique<Substack>(); }})

}  // namespace twin::feature
