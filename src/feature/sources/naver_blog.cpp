// The posts of a Naver blog: its list of titles, the page of each post, checked against its feed.
#include <map>
#include <set>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/sources/feed/feed_parser.h"
#include "feature/sources/naver_blog/naver_pages.h"
#include "feature/sources/source.h"
#include "feature/sources/web/json.h"
#include "feature/sources/web/listing.h"
#include "feature/sources/web/page.h"

namespace twin::feature {
namespace {

class NaverBlog final : public Source {
 public:
  void bind(config::Binder& b) override {
    b.field("url", url_, "https://blog.naver.com/id, or one post of it", {.required = true});
    b.field("max_posts", max_posts_, "Posts beyond this number are left out", {.min = 1, .max = 1'000'000});
    b.field("page_size", page_size_, "Titles asked for at a time", {.min = 5, .max = 30, .key_irrelevant = true});
    b.field("recheck_newest", recheck_newest_,
            "The list does not tell of edits: so many of the newest posts are read again at each run",
            {.min = 0, .max = 1'000'000, .key_irrelevant = true});
  }

  [[nodiscard]] std::string location() const override { return url_; }
  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext&) override { return std::nullopt; }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    const std::string id = naver::blog_id_of(url_);
    if (id.empty()) {
      return fail(ErrorKind::usage, tr("This is no address of a Naver blog"), url_,
                  tr("For example: {}", "https://blog.naver.com/id"));
    }
    Run run(context, sink, url_);
    run.id = id;
    if (const std::string number = naver::log_no_of(url_); !number.empty()) {
      run.posts.push_back({number, {}, {}});
      run.listed_all = true;
    } else {
      if (const auto listed = list(run); !listed) return tl::unexpected(listed.error());
      check_with_feed(run);
    }
    int place = 0;
    for (const auto& post : run.posts) {
      if (context.stop.stop_requested() || !read(run, post, place++ < recheck_newest_)) return SourceReport{};
    }
    return run.finish();
  }

 private:
  struct Run : web::Listing {
    using Listing::Listing;
    std::string id;
    std::vector<naver::Listed> posts;
    std::set<std::string> numbers;
    std::map<std::string, FeedEntry> feed;  ///< by number
  };

  [[nodiscard]] Headers headers(const Run& run) const { return {{"Referer", "https://blog.naver.com/" + run.id}}; }

  /// Newest first. A page beyond the last one is the last one again: it ends when nothing new comes.
  [[nodiscard]] Result<void> list(Run& run) const {
    std::int64_t total = 0;
    for (int page = 1; !run.context.stop.stop_requested(); ++page) {
      const std::string address = "https://blog.naver.com/PostTitleListAsync.naver?blogId=" + run.id +
                                  "&viewdate=&currentPage=" + std::to_string(page) +
                                  "&categoryNo=0&parentCategoryNo=&countPerPage=" + std::to_string(page_size_);
      const auto response = web::get(run.context, address, headers(run));
      auto titles = response ? naver::parse_title_list(response->body) : tl::unexpected(response.error());
      if (!titles) {
        titles.error().where = address;
        if (page == 1) return tl::unexpected(titles.error());
        return run.cut_short(titles.error());
      }
      total = titles->total;
      bool fresh = false;
      for (auto& post : titles->posts) {
        if (!run.numbers.insert(post.log_no).second) continue;
        fresh = true;
        if (run.posts.size() >= static_cast<std::size_t>(max_posts_)) return run.cut_at(max_posts_);
        run.posts.push_back(std::move(post));
      }
      const auto listed = static_cast<std::int64_t>(run.posts.size());
      if (fresh && listed < total) continue;
      run.listed_all = listed >= total;
      if (!run.listed_all) run.note(tr("The service speaks of {} posts but lists {}", total, listed));
      return {};
    }
    return {};
  }

  void check_with_feed(Run& run) const {
    if (run.limited) return;
    const std::string address = "https://rss.blog.naver.com/" + run.id + ".xml";
    const auto response = web::get(run.context, address);
    auto feed = response ? parse_feed(response->body) : tl::unexpected(response.error());
    if (!feed) {
      run.note(tr("The listing could not be checked against the feed: {}", feed.error().message));
      return;
    }
    std::size_t missing = 0;
    for (auto& entry : feed->entries) {
      const std::string number = naver::log_no_of(entry.link);
      if (number.empty()) continue;
      if (run.numbers.insert(number).second) {
        ++missing;
        run.posts.push_back({number, web::plain_title(entry.title), {}});
      }
      run.feed.emplace(number, std::move(entry));
    }
    if (missing > 0) run.note_missing(missing);
  }

  /// False when the sink said stop.
  [[nodiscard]] bool read(Run& run, const naver::Listed& listed, bool recheck) const {
    const std::string url = naver::post_url(run.id, listed.log_no);
    const std::string state = "title:" + listed.title;
    if (!run.wants(url, state, recheck)) return true;
    auto item = fetch_post(run, listed);
    if (!item) item.error().where = url;
    if (item) run.states.read(url, state);
    return run.sink(std::move(item));
  }

  /// The page behind the blog's frame; where it has no body, the mobile one.
  [[nodiscard]] Item fetch_post(Run& run, const naver::Listed& listed) const {
    const std::string pages[] = {
        "https://blog.naver.com/PostView.naver?blogId=" + run.id + "&logNo=" + listed.log_no +
            "&redirect=Dlog&widgetTypeCall=true&directAccess=false",
        "https://m.blog.naver.com/" + run.id + "/" + listed.log_no,
    };
    Error problem{ErrorKind::invalid,
                  tr("The page holds none of the editors' containers"),
                  {},
                  tr("The service may have changed; `twin source test` shows what is read")};
    for (const auto& address : pages) {
      auto response = web::get(run.context, address, headers(run));
      if (!response) {
        problem = response.error();
        continue;
      }
      auto page = naver::read_post_page(response->body);
      if (page.has_body) return document(run, listed, std::move(page), std::move(*response), address);
      if (!page.problem.empty()) problem = {ErrorKind::not_found, tr("The service answered: {}", page.problem), {}, {}};
    }
    return tl::unexpected(std::move(problem));
  }

  [[nodiscard]] static RawDocument document(const Run& run, const naver::Listed& listed, naver::PostPage page,
                                            HttpResponse response, const std::string& address) {
    RawDocument raw;
    raw.url = naver::post_url(run.id, listed.log_no);
    raw.media_type = "text/html";
    raw.bytes = std::move(response.body);
    raw.title = std::move(page.title);
    if (raw.title.empty()) raw.title = listed.title;
    raw.published = page.published;
    if (auto charset = web::content_type(response).charset; !charset.empty())
      raw.metadata["charset"] = std::move(charset);
    if (const auto entry = run.feed.find(listed.log_no); entry != run.feed.end()) {
      // The page's time has no seconds and, for some hours, is relative.
      if (entry->second.published != 0) raw.published = entry->second.published;
      if (page.category.empty() && !entry->second.tags.empty()) page.category = entry->second.tags.front();
    }
    if (!page.author.empty()) raw.authors = {std::move(page.author)};
    raw.metadata["blog_id"] = run.id;
    raw.metadata["editor"] = std::move(page.editor);
    raw.metadata["read_from"] = address;
    if (!page.category.empty()) raw.metadata["category"] = std::move(page.category);
    if (!page.tags.empty()) raw.metadata["tags"] = web::joined(page.tags);
    return raw;
  }

  std::string url_;
  int max_posts_ = 20'000;
  int page_size_ = 30;
  int recheck_newest_ = 10;
};

Claim accepts(const std::string& location) {
  if (naver::blog_id_of(location).empty()) return {};
  return {Claim::site, tr("the address of a Naver blog")};
}

}  // namespace

TWIN_SOURCE(naver_blog, {.description = "The posts of a Naver blog",
                         .needs = "",
                         .examples = {{"https://blog.naver.com/someone", true},
                                      {"https://blog.naver.com/someone/223000000001", true},
                                      {"https://m.blog.naver.com/someone", true},
                                      {"https://blog.naver.com/PostList.naver?blogId=someone", true},
                                      {"https://rss.blog.naver.com/someone.xml", true},
                                      {"https://blog.naver.com/", false},
                                      {"https://news.naver.com/article/1", false},
                                      {"https://cafe.naver.com/someone", false}},
                         .accepts = accepts,
                         .make = [] { return std::make_unique<NaverBlog>(); }})

}  // namespace twin::feature
