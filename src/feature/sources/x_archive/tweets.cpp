#include "feature/sources/x_archive/tweets.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "core/i18n.h"
#include "core/json.h"
#include "core/text/unicode.h"

namespace twin::feature::x {
namespace {

constexpr int max_json_depth = 64;
/// How much of a long post must agree with what the tweet shows of it.
constexpr std::size_t least_beginning = 40;

Json parse(std::string_view text) {
  return Json::parse(
      text, [](int depth, nlohmann::ordered_json::parse_event_t, Json&) { return depth < max_json_depth; }, false);
}

const Json& member(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

std::string string_of(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_integer() ? std::to_string(value.get<std::int64_t>()) : std::string();
}

/// The longest address that stands in the place of a short one, and the longest short one.
constexpr std::size_t longest_expanded = 8192, longest_short = 128;

/// In one pass: what was put in is not looked at again.
std::string replaced(const std::string& text, const std::string& from, const std::string& to) {
  std::string out;
  std::size_t copied = 0;
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, copied)) {
    out.append(text, copied, at - copied).append(to);
    copied = at + from.size();
  }
  return out.append(text, copied);
}

/// Short links to what they stand for; those of media go. All at once, so that no address is taken for a short link in
/// turn.
std::string with_links(const std::string& text, std::initializer_list<const Json*> all_entities) {
  std::map<std::string, std::string, std::less<>> links;
  const auto each = [&](const char* key, const std::function<void(const Json&)>& visit) {
    for (const Json* entities : all_entities) {
      const Json& list = member(*entities, key);
      if (!list.is_array()) continue;
      for (const auto& entry : list) visit(entry);
    }
  };
  const auto add = [&](const std::string& from, const std::string& to) {
    const bool address = from.find("http") == 0;
    if (address && from.size() <= longest_short && to.size() <= longest_expanded) links.emplace(from, to);
  };
  each("urls", [&](const Json& url) {
    std::string expanded = string_of(url, "expanded_url");
    if (expanded.empty()) expanded = string_of(url, "expandedUrl");
    std::string shortened = string_of(url, "url");
    if (shortened.empty()) shortened = string_of(url, "shortUrl");
    if (!expanded.empty()) add(shortened, expanded);
  });
  each("media", [&](const Json& media) { add(string_of(media, "url"), ""); });
  if (links.empty()) return text;
  std::string out;
  std::size_t copied = 0;
  for (std::size_t at = text.find("http"); at != std::string::npos; at = text.find("http", at)) {
    std::string_view longest = std::string_view(text).substr(at, longest_short);
    auto found = links.end();
    for (; !longest.empty() && found == links.end(); longest.remove_suffix(1)) found = links.find(longest);
    if (found == links.end()) {
      ++at;
      continue;
    }
    out.append(text, copied, at - copied).append(found->second);
    at = copied = at + found->first.size();
  }
  return out.append(text, copied);
}

/// Ids are numbers of up to twenty digits, too long for doubles: compared as text.
bool older(const Tweet& a, const Tweet& b) {
  if (a.created != b.created) return a.created < b.created;
  return a.id.size() != b.id.size() ? a.id.size() < b.id.size() : a.id < b.id;
}

}  // namespace

Result<void> each_object(std::string_view script, const std::function<bool(std::string_view)>& item) {
  const std::size_t equals = script.find('=');
  std::size_t at = script.find_first_not_of(
      " \r\n\t\xEF\xBB\xBF", script.substr(0, 200).find("YTD") == std::string_view::npos ? 0 : equals + 1);
  if (at == std::string_view::npos || script[at] != '[')
    return fail(ErrorKind::invalid, tr("This is no list of an X archive"));
  std::size_t start = 0;
  int depth = 0;
  bool in_string = false;
  for (++at; at < script.size(); ++at) {
    const char c = script[at];
    if (in_string) {
      if (c == '\\') ++at;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (depth++ == 0) start = at;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return {};  // of the list
      if (--depth == 0 && !item(script.substr(start, at + 1 - start))) return {};
    }
  }
  return fail(ErrorKind::invalid, tr("The list ends in the middle"));
}

Result<Tweet> parse_tweet(std::string_view text) {
  const Json root = parse(text);
  if (!root.is_object()) return fail(ErrorKind::invalid, tr("A post of the archive is not valid JSON"));
  const Json& json = root.contains("tweet") ? member(root, "tweet") : root;  // older archives have no frame
  Tweet out;
  out.id = string_of(json, "id_str");
  if (out.id.empty()) out.id = string_of(json, "id");
  out.text = string_of(json, "full_text");
  if (out.text.empty()) out.text = string_of(json, "text");
  if (out.id.empty() || out.id.find_first_not_of("0123456789") != std::string::npos) {
    return fail(ErrorKind::invalid, tr("A post of the archive has no id"));
  }
  out.retweet = out.text.starts_with("RT @") || !member(json, "retweeted_status").is_null();
  out.text = with_links(out.text, {&member(json, "extended_entities"), &member(json, "entities")});
  for (const auto& [entity, character] : {std::pair{"&lt;", "<"}, std::pair{"&gt;", ">"}, std::pair{"&amp;", "&"}}) {
    out.text = replaced(out.text, entity, character);
  }
  out.text = std::string(text::trim(out.text));
  out.reply_to = string_of(json, "in_reply_to_status_id_str");
  out.reply_to_user = string_of(json, "in_reply_to_user_id_str");
  out.language = string_of(json, "lang");
  if (out.language == "und" || out.language.size() != 2) out.language.clear();  // also qme, zxx: X's own codes
  out.created = parse_time(string_of(json, "created_at")).value_or(0);
  const Json& tags = member(member(json, "entities"), "hashtags");
  if (tags.is_array()) {
    for (const auto& tag : tags) {
      if (const std::string name = string_of(tag, "text"); !name.empty()) out.hashtags.push_back(name);
    }
  }
  return out;
}

Result<Tweet> parse_note(std::string_view text) {
  const Json root = parse(text);
  const Json& note = member(root, "noteTweet");
  const Json& core = member(note, "core");
  if (!core.is_object()) return fail(ErrorKind::invalid, tr("A long post of the archive is not valid JSON"));
  Tweet out;
  out.id = string_of(note, "noteTweetId");
  out.text = string_of(core, "text");
  out.text = with_links(out.text, {&core});
  out.text = std::string(text::trim(out.text));
  out.created = parse_time(string_of(note, "createdAt")).value_or(0);
  return out;
}

Account parse_account(std::string_view text) {
  const Json root = parse(text);
  const Json& account = member(root, "account");
  return {string_of(account, "accountId"), string_of(account, "username"), string_of(account, "accountDisplayName")};
}

void complete(std::vector<Tweet>& tweets, const std::vector<Tweet>& notes) {
  for (auto& tweet : tweets) {
    // "…the beginning… https://t.co/x" or "…the beginning…"
    std::string beginning = tweet.text.substr(0, tweet.text.rfind("…"));
    beginning = std::string(text::trim(beginning.substr(0, beginning.rfind(" https://"))));
    if (beginning.size() < least_beginning) continue;
    const auto note = std::find_if(notes.begin(), notes.end(), [&](const Tweet& candidate) {
      return candidate.text.size() > beginning.size() && candidate.text.starts_with(beginning);
    });
    if (note != notes.end() && note->text.size() > tweet.text.size()) tweet.text = note->text;
  }
}

std::vector<std::vector<const Tweet*>> threads(const std::vector<Tweet>& tweets) {
  std::vector<const Tweet*> order;
  order.reserve(tweets.size());
  for (const auto& tweet : tweets) order.push_back(&tweet);
  std::sort(order.begin(), order.end(), [](const Tweet* a, const Tweet* b) { return older(*a, *b); });
  std::unordered_map<std::string, std::size_t> thread_of;
  std::vector<std::vector<const Tweet*>> out;
  for (const Tweet* tweet : order) {
    if (thread_of.contains(tweet->id)) continue;  // the archive has it twice
    // An answer is newer than what it answers, so that has its thread already.
    const auto parent = thread_of.find(tweet->reply_to);
    const std::size_t thread = parent == thread_of.end() ? out.size() : parent->second;
    if (thread == out.size()) out.emplace_back();
    out[thread].push_back(tweet);
    thread_of[tweet->id] = thread;
  }
  return out;
}

}  // namespace twin::feature::x
