#include "feature/collect/url_rules.h"

#include <algorithm>
#include <array>

#include "core/text/ascii.h"
#include "core/text/unicode.h"
#include "feature/collect/host_name.h"

namespace twin::feature {
namespace {

std::string_view name_of(std::string_view parameter) {
  return parameter.substr(0, parameter.find('='));
}

std::string_view value_of(std::string_view parameter) {
  const std::size_t equals = parameter.find('=');
  return equals == std::string_view::npos ? std::string_view() : parameter.substr(equals + 1);
}

bool is_hex_text(std::string_view text, std::size_t digits) {
  return text.size() == digits && std::all_of(text.begin(), text.end(), [](char c) { return text::is_ascii_hex(c); });
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), text::is_ascii_digit);
}

/// Segments of a path, without the empty ones at its ends.
std::vector<std::string> segments(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  std::vector<std::string> out;
  if (path.empty()) return out;
  for (const auto part : text::split(path, '/')) out.emplace_back(part);
  return out;
}

// --- parameters ---------------------------------------------------------------------------------------------------

/// Beginnings of names, in lower case.
constexpr std::string_view tracking_prefixes[] = {
    "utm_",                             // Urchin, Google Analytics and nearly everybody
    "mtm_",                             // Matomo
    "matomo_",                          // Matomo
    "pk_",                              // Piwik
    "piwik_",                           // Piwik
    "hsa_",                             // HubSpot ads
    "_hs",                              // HubSpot
    "__hs",                             // HubSpot
    "at_",                              // AT Internet
    "oly_",                             // Omeda
    "fb_",                              // Facebook: fb_source, fb_action_ids
    "elq",                              // Eloqua
    "itm_",                             // internal campaigns
    "wt.",                              // Webtrends
    "wt_",                              // Webtrends
    "amp_js_",                          // AMP viewers
    "__cf_chl",                         // Cloudflare's challenge
    "_branch_",                         // Branch links
    "n_keyword", "n_campaign", "n_ad",  // Naver ads
};

/// Whole names, in lower case, sorted.
constexpr std::string_view tracking_names[] = {
    "__amp_source_origin",
    "__s",
    "__twitter_impression",
    "_bta_c",
    "_bta_tid",
    "_ga",
    "_gac",
    "_gl",
    "_ke",
    "_kx",
    "_openstat",
    "action_object_map",
    "action_ref_map",
    "action_type_map",
    "algo_expid",
    "algo_pvid",
    "amp_gsa",
    "campaign_id",
    "campaignid",
    "cjdata",
    "cjevent",
    "cmpid",
    "cx_recs_click",
    "dclid",
    "dm_i",
    "dmkw",
    "echobox",
    "ef_id",
    "epik",
    "fbclid",
    "feature_source",
    "gad",
    "gad_campaignid",
    "gad_source",
    "gbraid",
    "gclid",
    "gclsrc",
    "gps_adid",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "hsctatracking",
    "icid",
    "igsh",
    "igshid",
    "irclickid",
    "irgwc",
    "ito",
    "li_fat_id",
    "linkid",
    "mbid",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "mkwid",
    "ml_subscriber",
    "ml_subscriber_hash",
    "msclkid",
    "n_match",
    "n_media",
    "n_query",
    "n_rank",
    "napm",
    "ncid",
    "ns_campaign",
    "ns_fee",
    "ns_mchannel",
    "ns_source",
    "nt_source",
    "rb_clickid",
    "ref_src",
    "ref_url",
    "s_cid",
    "s_kwcid",
    "sb_referer_host",
    "sc_campaign",
    "sc_channel",
    "sc_content",
    "sc_country",
    "sc_geo",
    "sc_medium",
    "sc_outcome",
    "scm",
    "share_source",
    "smid",
    "soc_src",
    "soc_trk",
    "spm",
    "srsltid",
    "tduid",
    "trk_contact",
    "trk_module",
    "trk_msg",
    "trk_sid",
    "ttclid",
    "twclid",
    "usqp",
    "vero_conv",
    "vero_id",
    "wbraid",
    "wickedid",
    "xtor",
    "yclid",
    "ymclid",
    "ysclid",
};

/// Session ids of servers, in lower case. "sid" and "s" count when they hold what looks like one.
constexpr std::string_view session_names[] = {"phpsessid", "jsessionid", "cfid",    "cftoken",   "zenid",
                                              "oscsid",    "session_id", "sesskey", "sessionid", "asp.net_sessionid"};

template <std::size_t N>
bool contains(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// --- hosts --------------------------------------------------------------------------------------------------------

/// youtu.be/ID, /shorts/ID, /live/ID, /embed/ID and /watch?v=ID&… are one video.
void youtube(UrlParts& url) {
  const bool player =
      url.host == "youtube.com" || url.host == "music.youtube.com" || !is_below(url.host, "youtube.com");
  if (!player) return;
  const auto parts = segments(url.path);
  std::string id = url.parameter("v");
  if (url.host == "youtu.be" && parts.size() == 1) id = parts[0];
  if (parts.size() == 2 && (parts[0] == "shorts" || parts[0] == "live" || parts[0] == "embed" || parts[0] == "v")) {
    id = parts[1];
  }
  url.host = "youtube.com";
  if (!id.empty()) {
    url.path = "/watch";
    url.parameters = {"v=" + id};
  } else {
    url.drop({"si", "feature", "pp", "ab_channel", "app", "persist_app", "noapp"});
  }
}

/// A post of a Naver blog is its blogId and logNo, in whatever form they come.
void naver_blog(UrlParts& url) {
  if (url.host != "blog.naver.com" && !is_below(url.host, "blog.me")) return;  // rss.blog.naver.com
  const auto parts = segments(url.path);
  std::string blog = url.parameter("blogId"), post = url.parameter("logNo");
  const bool page = !parts.empty() && (parts[0].ends_with(".naver") || parts[0].ends_with(".nhn"));
  if (url.host != "blog.naver.com") {  // me.blog.me/123, until 2021
    blog = url.host.substr(0, url.host.find('.'));
    if (!parts.empty()) post = parts[0];
  } else if (!page && !parts.empty()) {
    blog = parts[0];
    if (parts.size() > 1) post = parts[1];
  }
  // List pages and others keep their form.
  const bool list = page && parts[0] != "PostView.naver" && parts[0] != "PostView.nhn" && post.empty();
  if (blog.empty() || list || (!post.empty() && !is_number(post)) || parts.size() > 2) return;
  url.host = "blog.naver.com";
  url.path = "/" + text::fold(blog) + (post.empty() ? "" : "/" + post);
  url.parameters.clear();
}

void naver(UrlParts& url) {
  url.drop({"fromRss", "trackingCode", "proxyReferer", "noTrackingCode", "redirect", "widgetTypeCall", "topReferer",
            "directAccess", "isFromNaver", "from", "copen", "jumpingVid"});
}

/// x.tistory.com/m/12 is the telephone's form of /12; ?category= only says from where a reader came.
void tistory(UrlParts& url) {
  const auto parts = segments(url.path);
  if (!parts.empty() && parts[0] == "m") {
    url.path = "/";
    for (std::size_t i = 1; i < parts.size(); ++i) url.path += (i > 1 ? "/" : "") + parts[i];
  }
  if (!parts.empty() && parts[0] != "category" && url.path != "/") url.drop({"category"});
}

void medium(UrlParts& url) {
  url.drop({"source", "sk", "gi", "responsesOpen", "sortBy"});
}

/// me.blogspot.de and me.blogspot.co.kr are me.blogspot.com; ?m=1 is the telephone's form.
void blogspot(UrlParts& url) {
  const std::size_t at = url.host.find(".blogspot.");
  if (at == std::string::npos) return;
  url.host = url.host.substr(0, at) + ".blogspot.com";
  url.drop({"m", "view", "showComment"});
}

void twitter(UrlParts& url) {
  if (url.host != "twitter.com" && url.host != "x.com") return;  // blog.x.com is another site
  url.host = "x.com";
  url.drop({"s", "t", "lang", "ref"});
  auto parts = segments(url.path);
  if (parts.size() > 2 && parts[1] == "statuses") parts[1] = "status";
  if (parts.size() > 3 && parts[1] == "status" && is_number(parts[2])) parts.resize(3);  // /photo/1, /analytics
  url.path = "/";
  for (const auto& part : parts) url.path += (url.path.size() > 1 ? "/" : "") + part;
}

void substack(UrlParts& url) {
  url.drop({"r", "s", "triedRedirect", "isFreemail", "publication_id", "post_id", "showWelcomeOnShare", "triggerShare",
            "action", "token"});
}

void github(UrlParts& url) {
  if (url.parameter("tab") == "readme-ov-file") url.drop({"tab"});
}

void linkedin(UrlParts& url) {
  constexpr std::size_t country = std::string_view("kr.linkedin.com").size();
  if (url.host.size() == country && url.host[2] == '.') url.host = "linkedin.com";
  url.drop({"trk", "trackingId", "refId", "lipi", "originalSubdomain", "midToken", "midSig", "trkEmail", "rcm"});
}

void reddit(UrlParts& url) {
  for (const std::string_view form : {"old.reddit.com", "new.reddit.com", "np.reddit.com", "i.reddit.com"}) {
    if (url.host == form) url.host = "reddit.com";
  }
  url.drop({"share_id", "ref", "context", "rdt"});
}

void facebook(UrlParts& url) {
  for (const std::string_view form : {"mbasic.facebook.com", "touch.facebook.com", "web.facebook.com"}) {
    if (url.host == form) url.host = "facebook.com";
  }
  url.drop({"ref", "refsrc", "refid", "__tn__", "__xts__", "mibextid", "rdid", "share_url", "locale", "_rdr", "paipv",
            "eav", "hc_ref", "fref"});
}

/// Posts were once under the name of the API's host, too.
void velog(UrlParts& url) {
  if (url.host == "v2.velog.io" && url.path.starts_with("/@")) url.host = "velog.io";
}

/// en.wikipedia.org/w/index.php?title=X is /wiki/X, unless it asks for more.
void wikipedia(UrlParts& url) {
  const std::string title = url.parameter("title");
  if (url.path == "/w/index.php" && url.parameters.size() == 1 && !title.empty()) {
    url.path = "/wiki/" + title;
    url.parameters.clear();
  }
}

/// Copies that caches keep: the page they are of. "…cdn.ampproject.org/c/s/example.org/a", "google.com/amp/s/…".
void amp_cache(UrlParts& url) {
  auto parts = segments(url.path);
  std::size_t from = 0;
  if (is_below(url.host, "cdn.ampproject.org") && parts.size() > 1 && parts[0].size() == 1) from = 1;
  if ((url.host == "google.com" || url.host == "www.google.com") && parts.size() > 1 && parts[0] == "amp") from = 1;
  if (from == 0) return;
  if (parts[from] == "s") ++from;
  if (from >= parts.size() || parts[from].find('.') == std::string::npos) return;
  url.host = ascii_host(parts[from]);
  url.path = "/";
  for (std::size_t i = from + 1; i < parts.size(); ++i) url.path += (i > from + 1 ? "/" : "") + parts[i];
}

struct HostRule {
  std::string_view host;  ///< it and all below
  void (*apply)(UrlParts&);
};

constexpr HostRule host_rules[] = {
    {"youtube.com", youtube},
    {"youtu.be", youtube},
    {"youtube-nocookie.com", youtube},
    {"naver.com", naver},
    {"blog.naver.com", naver_blog},
    {"blog.me", naver_blog},
    {"tistory.com", tistory},
    {"velog.io", velog},
    {"medium.com", medium},
    {"twitter.com", twitter},
    {"x.com", twitter},
    {"substack.com", substack},
    {"github.com", github},
    {"linkedin.com", linkedin},
    {"reddit.com", reddit},
    {"facebook.com", facebook},
    {"wikipedia.org", wikipedia},
};

/// Beginnings of host names that say nothing, or only for which kind of screen.
constexpr std::string_view form_prefixes[] = {"www.", "m.", "mobile.", "amp."};

}  // namespace

std::string UrlParts::parameter(std::string_view name) const {
  for (const auto& parameter : parameters) {
    if (name_of(parameter) == name) return std::string(value_of(parameter));
  }
  return {};
}

void UrlParts::drop(std::initializer_list<std::string_view> names) {
  std::erase_if(parameters, [&](const std::string& parameter) {
    return std::find(names.begin(), names.end(), name_of(parameter)) != names.end();
  });
}

bool is_tracking(std::string_view parameter) {
  const std::string name = text::fold(name_of(parameter));
  const std::string_view value = value_of(parameter);
  if (std::any_of(std::begin(tracking_prefixes), std::end(tracking_prefixes),
                  [&](std::string_view prefix) { return name.starts_with(prefix); })) {
    return true;
  }
  if (contains(tracking_names, name) || contains(session_names, name) || name.starts_with("aspsessionid")) return true;
  if (name == "sid" || name == "s") return is_hex_text(value, 32);
  if (name == "amp") return value.empty() || value == "1" || value == "true";
  if (name == "outputtype") return value == "amp";
  // Medium tells with every link from where it was followed: "rss----1a2b…---2", "user_profile---------3----".
  if (name == "source") return value.find("----") != std::string_view::npos;
  return false;
}

std::string without_session(std::string_view path) {
  std::string out;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at + 1), path.size());
    std::string segment(path.substr(at, end - at));  // with its "/"
    const std::string folded = text::fold(segment);
    for (const std::string_view name : {";jsessionid=", ";phpsessid=", ";sid="}) {
      const std::size_t found = folded.find(name);
      if (found != std::string::npos) segment.resize(std::min(segment.size(), found));
    }
    // ASP.NET without cookies: "/(S(lit3py55t21z5v55vlm25s55))/", with A( and F( before it where more is kept.
    const bool asp = segment.size() > 4 && segment.ends_with("))") &&
                     (segment.starts_with("/(S(") || segment.starts_with("/(A(") || segment.starts_with("/(F("));
    if (!asp) out += segment;
    at = end;
  }
  return out.empty() ? "/" : out;
}

void to_common_host(UrlParts& url) {
  for (std::string before; before != url.host;) {
    before = url.host;
    amp_cache(url);
    for (const auto prefix : form_prefixes) {
      if (!url.host.starts_with(prefix)) continue;
      const std::string rest = url.host.substr(prefix.size());
      if (rest.find('.') != std::string::npos && !is_public_suffix(rest)) url.host = rest;
    }
  }
  // The sites of Wikimedia have it in the middle: "ko.m.wikipedia.org".
  const std::size_t middle = url.host.find(".m.");
  if (middle != std::string::npos && url.host.find("wik", middle) != std::string::npos) url.host.erase(middle, 2);

  constexpr std::string_view html = ".amp.html", bare = ".amp", folder = "/amp";
  std::string& path = url.path;
  for (;;) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (path.ends_with(html)) {
      path.replace(path.size() - html.size(), html.size(), ".html");
    } else if (path.ends_with(bare)) {
      path.resize(path.size() - bare.size());
    } else if (path.ends_with(folder) && path.size() > folder.size()) {
      path.resize(path.size() - folder.size());
    } else {
      return;
    }
  }
}

void apply_host_rules(UrlParts& url) {
  blogspot(url);
  const std::string host = url.host;
  for (const auto& rule : host_rules) {
    if (is_below(host, rule.host)) rule.apply(url);
  }
}

bool has_tenants(std::string_view site) {
  static constexpr std::string_view sites[] = {"tistory.com", "egloos.com",   "substack.com", "wordpress.com",
                                               "medium.com",  "hashnode.dev", "postype.com",  "naver.me",
                                               "velog.io",    "blogspot.com", "ghost.io",     "bearblog.dev",
                                               "notion.site", "oopy.io",      "tumblr.com",   "livejournal.com"};
  return std::find(std::begin(sites), std::end(sites), site) != std::end(sites);
}

}  // namespace twin::feature
