#include "feature/clean/html_metadata.h"

#include <algorithm>

#include "core/text/unicode.h"
#include "feature/clean/characters.h"
#include "feature/clean/hints.h"
#include "feature/clean/json_ld.h"
#include "feature/clean/page_title.h"

namespace twin::feature::html {
namespace {

/// Longer texts around a date or a name are no bylines.
constexpr std::uint32_t longest_labelled = 160;
constexpr std::size_t longest_name = 100;
constexpr std::size_t most_headings = 8, most_tags = 40;

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (!is_space(c)) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

using Metas = std::map<std::string, std::vector<std::string>, std::less<>>;

std::string first(const Metas& metas, std::initializer_list<std::string_view> keys) {
  for (const auto key : keys) {
    const auto it = metas.find(key);
    if (it != metas.end()) return it->second.front();
  }
  return {};
}

/// "By Mina Park", "von Mina Park", "글 박미나", "박미나 기자 mina@example.kr" → the name.
std::string bare_name(std::string_view text) {
  std::string name = one_line(text);
  for (const std::string_view before :
       {"By ",       "by ",     "BY ",     "by: ",     "By: ",        "Von ",       "von ",     "Par ",    "par ",
        "Por ",      "por ",    "Di ",     "Door ",    "Written by ", "Posted by ", "Author: ", "Author ", "Autor: ",
        "Autorin: ", "글쓴이 ", "작성자 ", "작성자: ", "작성자 : ",   "글 ",        "글. ",     "by. ",    "기자 "}) {
    if (name.starts_with(before)) {
      name.erase(0, before.size());
      break;
    }
  }
  if (const std::size_t at = name.find('@'); at != std::string::npos) {
    const std::size_t space = name.rfind(' ', at);
    name.erase(space == std::string::npos ? 0 : space);
  }
  for (const std::string_view behind : {"|", "·", "(", ",", "/"}) {
    if (name.ends_with(behind)) name.erase(name.size() - behind.size());
    while (!name.empty() && name.back() == ' ') name.pop_back();
  }
  for (const std::string_view title :
       {" 선임기자", " 전문기자", " 인턴기자", " 수습기자", " 기자", " 특파원", " 논설위원", "기자"}) {
    if (name.ends_with(title) && name.size() > title.size() + 3) {
      name.erase(name.size() - title.size());
      break;
    }
  }
  return std::string(text::trim(name));
}

void add_author(std::vector<std::string>& authors, std::string_view text) {
  std::string name = bare_name(text);
  const bool link = name.find("://") != std::string::npos || name.starts_with("www.");
  const bool number = std::all_of(name.begin(), name.end(), [](char c) { return is_digit(c) || c == ' '; });
  if (name.empty() || link || number || name.size() > longest_name) return;
  if (std::find(authors.begin(), authors.end(), name) == authors.end()) authors.push_back(std::move(name));
}

void add_tags(std::vector<std::string>& tags, std::string_view text) {
  for (const auto part : text::split(text, ',')) {
    std::string tag = one_line(part);
    while (tag.starts_with('#')) tag.erase(0, 1);
    constexpr std::size_t longest_tag = 80;
    if (tag.empty() || tag.size() > longest_tag || tags.size() >= most_tags) continue;
    if (std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(std::move(tag));
  }
}

/// The text of an element, short ones only.
std::string short_text(const Element& element) {
  if (element.text > longest_labelled) return {};
  return one_line(text_content(element.node));
}

struct MetadataTags {
  unsigned meta = tag_of_name("meta"), link = tag_of_name("link"), base = tag_of_name("base"),
           html = tag_of_name("html"), title = tag_of_name("title"), h1 = tag_of_name("h1"), time = tag_of_name("time"),
           script = tag_of_name("script"), a = tag_of_name("a"), svg = tag_of_name("svg"), abbr = tag_of_name("abbr");
  TagSet article{"article main"};
  TagSet text{"p div span li dd td em strong b small time section header ul dl address a figure table"};
};
const MetadataTags& metadata_tags() {
  static const MetadataTags instance;
  return instance;
}

class Reader {
 public:
  Reader(const PageMap& page, const std::string& url) : page_(page), url_(url) {}

  PageMetadata read() {
    for (std::size_t i = 0; i < page_.size(); ++i) {
      if (page_[i].tag == metadata_tags().svg) {
        i = page_[i].end - 1;
        continue;
      }
      element(i);
    }
    settle_title();
    settle_authors();
    settle_dates();
    settle_rest();
    return std::move(out_);
  }

 private:
  void element(std::size_t index) {
    const Element& e = page_[index];
    if (e.tag == metadata_tags().meta) {
      meta(e.node);
    } else if (e.tag == metadata_tags().link) {
      link(e.node);
    } else if (e.tag == metadata_tags().base && out_.base_url.empty()) {
      out_.base_url = text::trim(attribute(e.node, "href"));
    } else if (e.tag == metadata_tags().html) {
      out_.language = attribute(e.node, "lang");
      if (out_.language.empty()) out_.language = attribute(e.node, "xml:lang");
    } else if (e.tag == metadata_tags().title && title_.element.empty()) {
      title_.element = one_line(text_content(e.node));
    } else if (e.tag == metadata_tags().h1 && title_.headings.size() < most_headings && !is_logo(index)) {
      title_.headings.push_back(one_line(text_content(e.node)));
    } else if (e.tag == metadata_tags().script) {
      if (attribute(e.node, "type") != "application/ld+json") return;
      if (const Node* child = first_child(e.node); child != nullptr && is_text(child)) read_json_ld(data(child), json_);
    } else {
      visible(index);
    }
  }

  /// The site's name in the head of the page, a link to its front page.
  bool is_logo(std::size_t index) const {
    if (page_[index].links < page_[index].text) return false;
    for (std::size_t up = index; up != 0; up = page_[up].parent) {
      if (metadata_tags().article.has(page_[up].tag)) return false;
      if ((page_[up].hints & hint_header) != 0) return true;
    }
    return false;
  }

  void meta(const Node* node) {
    std::string_view key, content, chosen;
    const void* at = nullptr;
    for (std::string_view name, value; next_attribute(node, at, name, value);) {
      if (name == "content") content = value;
      if (name == "property" || (key != "property" && (name == "name" || name == "itemprop" || name == "http-equiv"))) {
        if (value.empty()) continue;
        key = name;
        chosen = value;
      }
    }
    const std::string value = one_line(content);
    if (!chosen.empty() && !value.empty()) metas_[text::fold(chosen)].push_back(value);
  }

  void link(const Node* node) {
    const auto rel = attribute(node, "rel");
    const std::string href(text::trim(attribute(node, "href")));
    if (href.empty()) return;
    if (one_of("canonical", rel)) out_.other.emplace("canonical", href);
    if (one_of("license", rel)) out_.other.emplace("license", href);
  }

  void visible(std::size_t index) {
    const Element& e = page_[index];
    std::string_view rel, itemprop, datetime, content, href;
    const void* at = nullptr;
    for (std::string_view key, value; next_attribute(e.node, at, key, value);) {
      if (key == "rel") rel = value;
      if (key == "itemprop") itemprop = value;
      if (key == "datetime" || (key == "title" && e.tag == metadata_tags().abbr)) datetime = value;
      if (key == "content") content = value;
      if (key == "href") href = value;
    }
    if (e.tag == metadata_tags().a) {
      if (rel == "author") bylines_.push_back(short_text(e));
      if (one_of("tag", rel) && linked_tags_.size() < most_tags) add_tags(linked_tags_, short_text(e));
      const bool license = one_of("license", rel) ||
                           href.find("creativecommons.org/licenses/") != std::string_view::npos ||
                           href.find("creativecommons.org/publicdomain/") != std::string_view::npos;
      if (license) out_.other.emplace("license", text::trim(href));
    }
    if (!itemprop.empty()) {
      const std::string value = content.empty() ? std::string() : one_line(content);
      if (one_of("author", itemprop)) bylines_.push_back(value.empty() ? item_name(index) : value);
      if (one_of("datePublished", itemprop)) item_published_ = first_date(item_published_, datetime, value, e);
      if (one_of("dateModified", itemprop)) item_modified_ = first_date(item_modified_, datetime, value, e);
    }
    if (e.tag == metadata_tags().time || e.tag == metadata_tags().abbr) time(e, datetime);
    if ((e.hints & hint_comments) != 0) comments_end_ = std::max<std::size_t>(comments_end_, e.end);
    if (index < comments_end_ || !metadata_tags().text.has(e.tag)) return;
    if ((e.hints & hint_name_of_author) != 0 && named_.empty() && e.text > 0 && e.text <= 60) named_ = author_text(e);
    if ((e.hints & hint_date) != 0 && e.text > 0 && e.text <= longest_labelled) labelled_dates(short_text(e), false);
    // Somewhere near the top, in a line of its own.
    if (e.run > 0 && e.run <= 100 && lines_ < 200) {
      ++lines_;
      if (loose_published_.day.empty() && e.block == index) labelled_dates(short_text(e), true);
    }
  }

  /// schema.org/Person nested in an author: its name.
  std::string item_name(std::size_t index) {
    for (std::size_t i = index + 1; i < page_[index].end; ++i) {
      if (has_attribute(page_[i].node, "itemprop") && attribute(page_[i].node, "itemprop") == "name") {
        const auto content = attribute(page_[i].node, "content");
        return content.empty() ? short_text(page_[i]) : one_line(content);
      }
    }
    return short_text(page_[index]);
  }

  /// A byline may name the date too, and a link to the author names no more than that.
  std::string author_text(const Element& e) {
    const std::size_t index = page_.index_of(e.node);
    for (std::size_t i = index + 1; i < e.end; ++i) {
      if (page_[i].tag == metadata_tags().a && page_[i].text > 0 && page_[i].text <= 40) return short_text(page_[i]);
    }
    std::string text = short_text(e);
    std::size_t end = 0;
    if (visible_date(text, &end) || phrase_like(text)) return {};
    return text;
  }
  static bool phrase_like(const std::string& text) {
    return std::count(text.begin(), text.end(), ' ') > 5 || text.find_first_of("!?{}<>|") != std::string::npos;
  }

  static PageDate first_date(const PageDate& before, std::string_view datetime, const std::string& content,
                             const Element& e) {
    if (!before.day.empty()) return before;
    for (const auto& text : {std::string(datetime), content}) {
      if (const auto date = machine_date(text)) return *date;
    }
    return visible_date(short_text(e)).value_or(PageDate{});
  }

  void time(const Element& e, std::string_view datetime) {
    const bool updated = class_of(e.node).find("updat") != std::string_view::npos ||
                         class_of(e.node).find("modif") != std::string_view::npos;
    PageDate& place = updated ? time_modified_ : time_published_;
    if (!place.day.empty()) return;
    if (const auto date = machine_date(datetime)) {
      place = *date;
    } else if (e.tag == metadata_tags().time) {
      place = visible_date(short_text(e)).value_or(PageDate{});
    }
  }

  /// "입력 2024.03.05 10:00 수정 2024.03.06", "Published 5 March 2024, updated 6 March 2024".
  void labelled_dates(const std::string& text, bool loose) {
    std::size_t from = 0;
    for (int found = 0; found < 4 && from < text.size(); ++found) {
      std::size_t end = 0;
      const auto rest = std::string_view(text).substr(from);
      const auto date = visible_date(rest, &end);
      if (!date) return;
      const std::string before = text::fold(rest.substr(0, end));
      bool changed = false;
      for (const std::string_view word : {"수정", "업데이트", "변경", "updated", "modified", "aktualisiert", "geändert",
                                          "mis à jour", "modifié", "actualizado", "aggiornato", "aktualizacja"}) {
        changed = changed || before.find(word) != std::string::npos;
      }
      PageDate& place = changed ? named_modified_ : (loose ? loose_published_ : named_published_);
      if (place.day.empty()) place = *date;
      from += end;
    }
  }

  void settle_title() {
    title_.site_name = first(metas_, {"og:site_name", "application-name"});
    if (title_.site_name.empty()) title_.site_name = one_line(json_.site_name);
    title_.open_graph = first(metas_, {"og:title", "twitter:title", "dc.title"});
    title_.headline = one_line(json_.headline);
    out_.title = page_title(title_);
    if (!title_.site_name.empty()) out_.other.emplace("site_name", title_.site_name);
  }

  void settle_authors() {
    for (const std::string_view key :
         {"author", "article:author", "parsely-author", "byl", "dc.creator", "dcterms.creator", "sailthru.author",
          "og:article:author", "dable:author", "twitter:creator:name"}) {
      const auto it = metas_.find(key);
      if (it == metas_.end() || !out_.authors.empty()) continue;
      for (const auto& value : it->second) add_author(out_.authors, value);
    }
    if (out_.authors.empty()) {
      for (const auto& name : json_.authors) add_author(out_.authors, name);
    }
    for (const auto& text : bylines_) {
      if (out_.authors.empty()) add_author(out_.authors, text);
    }
    if (out_.authors.empty()) add_author(out_.authors, named_);
  }

  void settle_dates() {
    const auto from_meta = [&](std::initializer_list<std::string_view> keys) {
      for (const auto key : keys) {
        const auto it = metas_.find(key);
        if (it == metas_.end()) continue;
        if (const auto date = machine_date(it->second.front())) return *date;
      }
      return PageDate{};
    };
    const auto from_text = [](const std::string& text) { return machine_date(text).value_or(PageDate{}); };
    const auto settle = [](PageDate& place, std::initializer_list<PageDate> candidates) {
      for (const auto& candidate : candidates) {
        if (place.day.empty() && !candidate.day.empty()) place = candidate;
      }
    };
    settle(out_.published,
           {from_text(json_.published),
            from_meta({"article:published_time",
                       "og:article:published_time",
                       "datepublished",
                       "og:published_time",
                       "published_time",
                       "article:published",
                       "parsely-pub-date",
                       "sailthru.date",
                       "dc.date",
                       "dc.date.issued",
                       "dcterms.created",
                       "dcterms.date",
                       "dcterms.issued",
                       "date",
                       "pubdate",
                       "publish-date",
                       "publish_date",
                       "publication_date",
                       "citation_publication_date",
                       "article.published",
                       "og:regdate",
                       "originalpublicationdate",
                       "cxenseparse:recs:publishtime"}),
            item_published_, time_published_, named_published_, url_date(url_).value_or(PageDate{}), loose_published_});
    settle(out_.modified,
           {from_text(json_.modified),
            from_meta({"article:modified_time", "og:article:modified_time", "og:updated_time", "datemodified",
                       "modified_time", "last-modified", "dcterms.modified", "revised", "article:modified", "lastmod"}),
            item_modified_, time_modified_, named_modified_});
  }

  void settle_rest() {
    if (out_.language.empty()) out_.language = json_.language;
    if (out_.language.empty()) {
      out_.language = first(metas_, {"content-language", "og:locale", "dc.language", "dcterms.language"});
    }
    const auto keep = [&](const char* name, const std::string& value) {
      if (!value.empty()) out_.other.emplace(name, value);
    };
    keep("canonical", first(metas_, {"og:url"}));
    keep("description", first(metas_, {"description", "og:description", "twitter:description"}));
    keep("description", one_line(json_.description));
    keep("license", first(metas_, {"dcterms.license", "dc.rights", "dcterms.rights", "license"}));
    keep("license", one_line(json_.license));
    std::vector<std::string> found;
    if (const auto it = metas_.find("article:tag"); it != metas_.end()) {
      for (const auto& tag : it->second) add_tags(found, tag);
    }
    if (found.empty()) add_tags(found, first(metas_, {"keywords", "news_keywords", "parsely-tags"}));
    if (found.empty()) {
      for (const auto& tag : json_.tags) add_tags(found, tag);
    }
    if (found.empty()) found = linked_tags_;
    std::string joined;
    for (const auto& tag : found) joined += (joined.empty() ? "" : ", ") + tag;
    keep("tags", joined);
    out_.article_body = std::move(json_.article_body);
  }

  const PageMap& page_;
  const std::string& url_;
  PageMetadata out_;
  Metas metas_;
  JsonLd json_;
  TitleParts title_;
  std::vector<std::string> bylines_, linked_tags_;
  std::string named_;
  PageDate item_published_, item_modified_, time_published_, time_modified_, named_published_, named_modified_,
      loose_published_;
  std::size_t comments_end_ = 0;
  int lines_ = 0;
};

}  // namespace

PageMetadata read_metadata(const PageMap& page, const std::string& url) {
  return Reader(page, url).read();
}

}  // namespace twin::feature::html
