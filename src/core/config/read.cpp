// Reading layers over a config struct.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <set>

#include "core/config/binder.h"
#include "core/config/tree.h"
#include "core/files.h"
#include "core/i18n.h"
#include "core/text/unicode.h"

namespace fs = std::filesystem;

namespace twin::config {

namespace {

constexpr std::size_t kMaxShown = 40;       // bytes of a wrong value repeated in a message
constexpr std::size_t kMaxKeysInHint = 12;  // more keys than that are no help

/// What all readers of one read() share.
struct Context {
  std::vector<Error> errors;
  Origins origins;
  std::set<std::string> failed;               ///< dotted keys that have an error already
  std::map<std::string, std::string> groups;  ///< dotted group → where it stands
};

std::string shown(std::string_view text) {
  const std::string_view part = text::clip(text, kMaxShown);
  return fmt::format("\"{}{}\"", part, part.size() < text.size() ? "…" : "");
}

template <class Number>
bool parse_number(std::string_view text, Number& value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size();
}

bool parse_bool(const std::string& text, bool& value) {
  static const std::map<std::string, bool, std::less<>> words = {{"true", true},   {"yes", true}, {"on", true},
                                                                 {"false", false}, {"no", false}, {"off", false}};
  const auto word = words.find(text::fold(text));
  if (word == words.end()) return false;
  value = word->second;
  return true;
}

/// "the text "lots"", "the number 3.5", "a list" …
std::string found(const Tree& tree) {
  double number = 0;
  bool truth = false;
  switch (tree.kind) {
    case Tree::Kind::null:
      return tr("nothing");
    case Tree::Kind::list:
      return tr("a list");
    case Tree::Kind::map:
      return tr("keys with values");
    case Tree::Kind::scalar:
      if (!tree.quoted && parse_number(tree.scalar, number)) return tr("the number {}", tree.scalar);
      if (!tree.quoted && parse_bool(tree.scalar, truth)) return tr("the truth value {}", tree.scalar);
      return tr("the text {}", shown(tree.scalar));
  }
  return {};
}

/// A path as the user wrote it: "~/" is the home folder, relative is relative to the file that names it.
std::string resolve_path(const std::string& text, const Tree& tree) {
  fs::path path = text;
  const char* home = std::getenv("HOME");
  if (text.starts_with("~/") && home != nullptr) path = fs::path(home) / text.substr(2);
  if (path.is_relative()) {
    std::error_code ignored;
    const fs::path base =
        tree.from_file() ? fs::absolute(tree.source, ignored).parent_path() : fs::current_path(ignored);
    path = base / path;
  }
  path = path.lexically_normal();
  return path.has_filename() || path == path.root_path() ? path.string() : path.parent_path().string();
}

/// Reads the entries of one map into the struct whose bind() calls it.
class Reader final : public Binder {
 public:
  Reader(const Tree& map, std::string prefix, Context& context)
      : map_(map), prefix_(std::move(prefix)), context_(context) {}

  void field(std::string_view key, bool& value, std::string_view, const Rule&) override {
    scalar(key, tr("true or false"), [&](const Tree& tree) { return !tree.quoted && parse_bool(tree.scalar, value); });
  }
  void field(std::string_view key, int& value, std::string_view, const Rule& rule) override {
    number(key, value, rule, tr("a whole number"));
  }
  void field(std::string_view key, std::int64_t& value, std::string_view, const Rule& rule) override {
    number(key, value, rule, tr("a whole number"));
  }
  void field(std::string_view key, double& value, std::string_view, const Rule& rule) override {
    number(key, value, rule, tr("a number"));
  }
  void field(std::string_view key, std::string& value, std::string_view, const Rule& rule) override {
    const Tree* tree = take(key);
    if (tree == nullptr) return;
    if (auto text = text_of(*tree, key, rule)) {
      value = std::move(*text);
      remember(key, *tree);
    }
  }
  void field(std::string_view key, std::vector<std::string>& value, std::string_view, const Rule& rule) override {
    const Tree* tree = take(key);
    if (tree == nullptr) return;
    std::vector<std::string> read;
    if (tree->kind == Tree::Kind::scalar && !tree->from_file()) {  // --set key=one is a list of one
      if (auto text = text_of(*tree, key, rule)) read.push_back(std::move(*text));
    } else if (tree->kind == Tree::Kind::list) {
      for (const Tree& item : tree->items) {
        if (auto text = text_of(item, key, rule)) read.push_back(std::move(*text));
      }
    } else if (tree->kind != Tree::Kind::null) {
      wrong_type(key, *tree, tr("a list"), tr("write it as [a, b], or one item per line after \"- \""));
      return;
    }
    value = std::move(read);
    remember(key, *tree);
  }
  void field(std::string_view key, std::map<std::string, std::string>& value, std::string_view,
             const Rule& rule) override {
    const Tree* tree = take(key);
    if (tree == nullptr) return;
    if (tree->kind != Tree::Kind::map && tree->kind != Tree::Kind::null) {
      wrong_type(key, *tree, tr("keys with values"));
      return;
    }
    if (tree->from_file()) value.clear();
    for (const TreeEntry& entry : tree->entries) {
      if (auto text = text_of(entry.value, fmt::format("{}.{}", key, entry.key), rule)) value[entry.key] = *text;
    }
    remember(key, *tree);
  }

  void group_with(std::string_view key, std::string_view, const std::function<void(Binder&)>& bind) override {
    static const Tree nothing = [] {
      Tree tree;
      tree.kind = Tree::Kind::map;
      return tree;
    }();
    const Tree* tree = take(key);
    if (tree != nullptr && tree->kind != Tree::Kind::map && tree->kind != Tree::Kind::null) {
      wrong_type(key, *tree, tr("keys with values"));
      tree = nullptr;
    }
    // Bound even without an entry: defaults may depend on keys that were set before.
    read_group(tree != nullptr && tree->kind == Tree::Kind::map ? *tree : nothing, dotted(key), bind);
  }

  void list_with(std::string_view key, std::string_view, std::size_t size,
                 const std::function<void(std::size_t)>& resize,
                 const std::function<void(std::size_t, Binder&)>& bind) override {
    const Tree* tree = take(key);
    if (tree == nullptr) return;
    if (tree->kind == Tree::Kind::map && !tree->from_file()) {
      change_items(key, *tree, size, bind);
      return;
    }
    if (tree->kind != Tree::Kind::list && tree->kind != Tree::Kind::null) {
      wrong_type(key, *tree, tr("a list"), tr("start each item with \"- \""));
      return;
    }
    forget_below(dotted(key));
    resize(tree->items.size());
    remember(key, *tree);
    for (std::size_t i = 0; i < tree->items.size(); ++i) read_item(key, i, tree->items[i], bind);
  }

  /// Binds one map and then reports the entries that bind() did not ask for.
  static void read_group(const Tree& map, const std::string& prefix, const std::function<void(Binder&)>& bind,
                         Context& context) {
    if (map.from_file()) context.groups[prefix] = map.where();
    Reader reader(map, prefix, context);
    bind(reader);
    reader.report_unknown();
  }

 private:
  void read_group(const Tree& map, const std::string& prefix, const std::function<void(Binder&)>& bind) {
    read_group(map, prefix, bind, context_);
  }

  [[nodiscard]] std::string dotted(std::string_view key) const {
    return prefix_.empty() ? std::string(key) : fmt::format("{}.{}", prefix_, key);
  }

  const Tree* take(std::string_view key) {
    known_.emplace_back(key);
    for (const TreeEntry& entry : map_.entries) {
      if (entry.key == key) return &entry.value;
    }
    return nullptr;
  }

  void remember(std::string_view key, const Tree& tree) { context_.origins[dotted(key)] = tree.origin(); }

  void forget_below(const std::string& list) {
    std::erase_if(context_.origins, [&](const auto& origin) { return origin.first.starts_with(list + "."); });
  }

  void problem(std::string_view key, const Tree& tree, std::string message, std::string hint = {}) {
    context_.failed.insert(dotted(key));
    context_.errors.push_back({ErrorKind::usage, std::move(message), tree.where(), std::move(hint)});
  }

  void wrong_type(std::string_view key, const Tree& tree, const std::string& expected, std::string hint = {}) {
    if (tree.kind == Tree::Kind::null) hint = tr("give it a value, or remove the key");
    problem(key, tree, tr("{}: expected {}, found {}", dotted(key), expected, found(tree)), std::move(hint));
  }

  void scalar(std::string_view key, const std::string& expected, const std::function<bool(const Tree&)>& parse) {
    const Tree* tree = take(key);
    if (tree == nullptr) return;
    if (tree->kind == Tree::Kind::scalar && parse(*tree)) {
      remember(key, *tree);
    } else {
      wrong_type(key, *tree, expected);
    }
  }

  template <class Number>
  void number(std::string_view key, Number& value, const Rule& rule, const std::string& expected) {
    scalar(key, expected, [&](const Tree& tree) {
      Number read{};
      if (tree.quoted || !parse_number(tree.scalar, read) || !std::isfinite(static_cast<double>(read))) return false;
      const auto wide = static_cast<double>(read);
      if (wide < rule.min) {
        problem(key, tree, tr("{} is {}, but must be at least {}", dotted(key), tree.scalar, rule.min));
      } else if (wide > rule.max) {
        problem(key, tree, tr("{} is {}, but must be at most {}", dotted(key), tree.scalar, rule.max));
      } else {
        value = read;
      }
      return true;
    });
  }

  /// A text that satisfies the rule, or nothing after reporting why not.
  std::optional<std::string> text_of(const Tree& tree, std::string_view key, const Rule& rule) {
    // A single value stands for itself, even where YAML would see a list or a comment in it.
    const bool as_given = !tree.from_file() && !tree.quoted && !tree.given.empty();
    if (tree.kind != Tree::Kind::scalar && !as_given) {
      wrong_type(key, tree, tr("a text"));
      return std::nullopt;
    }
    std::string text = as_given ? tree.given : tree.scalar;
    if (!rule.one_of.empty() && std::find(rule.one_of.begin(), rule.one_of.end(), text) == rule.one_of.end()) {
      choice_failed_ = true;
      const std::string near = text::nearest(text, rule.one_of);
      problem(key, tree,
              tr("{} is {}, but must be one of: {}", dotted(key), shown(text),
                 fmt::format("{}", fmt::join(rule.one_of, ", "))),
              near.empty() ? "" : tr("did you mean \"{}\"?", near));
      return std::nullopt;
    }
    if (rule.path && !text.empty()) text = resolve_path(text, tree);
    std::error_code code;
    if (rule.exists && !text.empty() && !fs::exists(text, code)) {
      problem(key, tree, tr("{}: there is no {}", dotted(key), text),
              code ? code.message() : tr("check the path; it is relative to the folder of this file"));
    }
    if (rule.check) {
      if (const std::string wrong = rule.check(text); !wrong.empty()) {
        problem(key, tree, fmt::format("{}: {}", dotted(key), wrong));
        return std::nullopt;
      }
    }
    return text;
  }

  void read_item(std::string_view key, std::size_t i, const Tree& item,
                 const std::function<void(std::size_t, Binder&)>& bind) {
    const std::string name = fmt::format("{}.{}", key, i);
    if (item.kind != Tree::Kind::map) {
      wrong_type(name, item, tr("keys with values"));
      return;
    }
    read_group(item, dotted(name), [&](Binder& inner) { bind(i, inner); });
  }

  /// Single values such as sources.0.path change items of a list that an earlier layer made.
  void change_items(std::string_view key, const Tree& tree, std::size_t size,
                    const std::function<void(std::size_t, Binder&)>& bind) {
    for (const TreeEntry& entry : tree.entries) {
      std::size_t i = 0;
      if (!parse_number(entry.key, i) || i >= size) {
        problem(key, entry.position, tr("{} has no item {}", dotted(key), entry.key),
                tr("it has {} items, counted from 0", size));
        continue;
      }
      read_item(key, i, entry.value, bind);
    }
  }

  void report_unknown() {
    // Which keys a group knows can depend on an earlier choice (a source's `type`): with a wrong choice the rest
    // would all be reported although it is right.
    if (choice_failed_) return;
    for (const TreeEntry& entry : map_.entries) {
      if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
      const std::string near = text::nearest(entry.key, known_);
      std::string hint;
      if (!near.empty()) {
        hint = tr("did you mean \"{}\"?", near);
      } else if (known_.size() <= kMaxKeysInHint) {
        hint = tr("known keys: {}", fmt::format("{}", fmt::join(known_, ", ")));
      }
      problem(entry.key, entry.position, tr("unknown key \"{}\"", dotted(entry.key)), std::move(hint));
    }
  }

  const Tree& map_;
  std::string prefix_;
  Context& context_;
  std::vector<std::string> known_;
  bool choice_failed_ = false;
};

/// After all layers: what is required must be there.
class RequiredCheck final : public Binder {
 public:
  RequiredCheck(std::string prefix, Context& context, const std::string& fallback)
      : prefix_(std::move(prefix)), context_(context), fallback_(fallback) {}

  void field(std::string_view, bool&, std::string_view, const Rule&) override {}
  void field(std::string_view, int&, std::string_view, const Rule&) override {}
  void field(std::string_view, std::int64_t&, std::string_view, const Rule&) override {}
  void field(std::string_view, double&, std::string_view, const Rule&) override {}
  void field(std::string_view key, std::string& value, std::string_view doc, const Rule& rule) override {
    check(key, value.empty(), doc, rule);
  }
  void field(std::string_view key, std::vector<std::string>& value, std::string_view doc, const Rule& rule) override {
    check(key, value.empty(), doc, rule);
  }
  void field(std::string_view key, std::map<std::string, std::string>& value, std::string_view doc,
             const Rule& rule) override {
    check(key, value.empty(), doc, rule);
  }
  void group_with(std::string_view key, std::string_view, const std::function<void(Binder&)>& bind) override {
    if (context_.failed.contains(dotted(key))) return;  // what was not read cannot be complete
    RequiredCheck inner(dotted(key), context_, fallback_);
    bind(inner);
  }
  void list_with(std::string_view key, std::string_view, std::size_t size, const std::function<void(std::size_t)>&,
                 const std::function<void(std::size_t, Binder&)>& bind) override {
    for (std::size_t i = 0; i < size; ++i) {
      const std::string item = fmt::format("{}.{}", dotted(key), i);
      if (context_.failed.contains(item)) continue;
      RequiredCheck inner(item, context_, fallback_);
      bind(i, inner);
    }
  }

 private:
  [[nodiscard]] std::string dotted(std::string_view key) const {
    return prefix_.empty() ? std::string(key) : fmt::format("{}.{}", prefix_, key);
  }

  void check(std::string_view key, bool empty, std::string_view doc, const Rule& rule) {
    const std::string name = dotted(key);
    if (!rule.required || !empty || context_.failed.contains(name)) return;
    const auto group = context_.groups.find(prefix_);
    context_.errors.push_back({ErrorKind::usage, tr("{} is missing", name),
                               group == context_.groups.end() ? fallback_ : group->second, std::string(doc)});
  }

  std::string prefix_;
  Context& context_;
  const std::string& fallback_;
};

}  // namespace

std::vector<Error> read(const std::vector<Layer>& layers, const std::function<void(Binder&)>& bind, Origins* origins,
                        const YamlLimits& limits) {
  Context context;
  if (origins != nullptr) context.origins = *origins;
  std::string first_file;
  for (const Layer& layer : layers) {
    Tree tree;
    if (layer.file.empty()) {
      tree = tree_of_values(layer, limits);
    } else {
      if (first_file.empty()) first_file = layer.file.string();
      const auto text = disk().read(layer.file, limits.max_bytes);
      if (!text) {
        context.errors.push_back(text.error());
        continue;
      }
      tree = parse_yaml(*text, layer.file, limits, context.errors);
    }
    Reader::read_group(tree, "", bind, context);
  }
  RequiredCheck check("", context, first_file);
  bind(check);
  if (origins != nullptr) *origins = std::move(context.origins);
  return std::move(context.errors);
}

}  // namespace twin::config
