#include "core/config/tree.h"

#include <fmt/core.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>

#include "core/i18n.h"
#include "core/text/unicode.h"

namespace twin::config {

namespace {

/// Ends the conversion of one document; the message is for the user.
struct Stop {
  Error error;
};

/// Finds places of the YAML library, which counts in bytes, in the text.
class Places {
 public:
  explicit Places(std::string_view text) : text_(text) {
    for (std::size_t at = 0; at != std::string_view::npos; at = next_line(at)) lines_.push_back(at);
  }

  /// Byte offset; the end of the text when the mark lies behind it.
  [[nodiscard]] std::size_t offset(const YAML::Mark& mark) const {
    if (mark.line < 0 || static_cast<std::size_t>(mark.line) >= lines_.size()) return text_.size();
    return std::min(text_.size(), lines_[static_cast<std::size_t>(mark.line)] + static_cast<std::size_t>(mark.column));
  }
  /// Column in characters from 1, as editors count.
  [[nodiscard]] int column(const YAML::Mark& mark) const {
    if (mark.line < 0 || static_cast<std::size_t>(mark.line) >= lines_.size()) return 1;
    int column = 1;
    for (std::size_t at = lines_[static_cast<std::size_t>(mark.line)]; at < offset(mark); ++at) {
      if ((static_cast<unsigned char>(text_[at]) & 0xC0) != 0x80) ++column;
    }
    return column;
  }
  /// Whether the quoted scalar at the mark has its closing quote. The library (0.7) takes the end of the file for one,
  /// and so would swallow all keys after a forgotten quote.
  [[nodiscard]] bool quote_is_closed(const YAML::Mark& mark) const {
    std::size_t at = offset(mark);
    while (at < text_.size() && (text_[at] == '&' || text_[at] == '!')) {  // an anchor or a tag stands before it
      at = std::min(text_.find_first_of(" \t\n", at), text_.size());
      at = std::min(text_.find_first_not_of(" \t\r\n", at), text_.size());
    }
    if (at == text_.size()) return false;
    const char quote = text_[at];
    if (quote != '"' && quote != '\'') return true;
    for (++at; at < text_.size(); ++at) {
      if (quote == '"' && text_[at] == '\\') {
        ++at;
      } else if (text_[at] == quote) {
        if (quote == '"' || at + 1 == text_.size() || text_[at + 1] != quote) return true;
        ++at;  // '' is a quote inside single quotes
      }
    }
    return false;
  }

 private:
  [[nodiscard]] std::size_t next_line(std::size_t at) const {
    const std::size_t end = text_.find('\n', at);
    return end == std::string_view::npos ? end : end + 1;
  }

  std::string_view text_;
  std::vector<std::size_t> lines_;
};

/// Counts the documents of a text, no further than two. The library (0.7) does not get past a comma or closing bracket
/// that begins a line outside of brackets: to it the rest is a document without end or content, again and again.
class Documents final : public YAML::EventHandler {
 public:
  int count(const std::string& text) {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (count_ < 2 && parser.HandleNextDocument(*this)) ++count_;
    return count_;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (count_ > 0 && mark.pos == start_.pos) throw YAML::ParserException(mark, "unexpected character");
    start_ = mark;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  int count_ = 0;
  YAML::Mark start_;
};

class Converter {
 public:
  Converter(std::string source, std::string_view text, const YamlLimits& limits, std::vector<Error>& errors)
      : source_(std::move(source)), places_(text), limits_(limits), errors_(errors) {}

  Tree convert(const YAML::Node& node, int depth = 0) {
    Tree tree = at(node.Mark());
    check_limits(tree, depth);
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        tree.kind = Tree::Kind::scalar;
        tree.scalar = node.Scalar();
        tree.quoted = node.Tag() == "!";
        check_quote(node, tree);
        break;
      case YAML::NodeType::Sequence:
        tree.kind = Tree::Kind::list;
        for (const auto& item : node) tree.items.push_back(convert(item, depth + 1));
        break;
      case YAML::NodeType::Map:
        tree.kind = Tree::Kind::map;
        for (const auto& entry : node) add_entry(tree, entry.first, entry.second, depth);
        break;
      default:
        break;
    }
    return tree;
  }

 private:
  [[nodiscard]] Tree at(const YAML::Mark& mark) const {
    Tree tree;
    tree.source = source_;
    tree.line = mark.line + 1;
    tree.column = places_.column(mark);
    return tree;
  }

  void check_quote(const YAML::Node& node, const Tree& tree) {
    if (!tree.quoted || places_.quote_is_closed(node.Mark())) return;
    throw Stop{
        {ErrorKind::usage, tr("not valid YAML: {}", tr("the quote that opens here is not closed")), tree.where(), {}}};
  }

  /// Aliases are followed here, so that a few lines of them count as the billions of nodes that they stand for.
  void check_limits(const Tree& tree, int depth) {
    if (depth > limits_.max_depth) {
      throw Stop{{ErrorKind::limit, tr("nested deeper than {} levels", limits_.max_depth), tree.where(), {}}};
    }
    if (++nodes_ > limits_.max_nodes) {
      throw Stop{{ErrorKind::limit, tr("more than {} values, aliases counted each time", limits_.max_nodes),
                  tree.where(), tr("write the values out instead of repeating them by aliases")}};
    }
  }

  void add_entry(Tree& tree, const YAML::Node& key, const YAML::Node& value, int depth) {
    TreeEntry entry;
    entry.position = at(key.Mark());
    if (!key.IsScalar()) {
      errors_.push_back({ErrorKind::usage, tr("a key must be a plain word"), entry.position.where(), {}});
      return;
    }
    entry.key = key.Scalar();
    if (key.Tag() == "!") entry.position.quoted = true;
    check_quote(key, entry.position);
    const auto same = std::find_if(tree.entries.begin(), tree.entries.end(),
                                   [&](const TreeEntry& other) { return other.key == entry.key; });
    if (same != tree.entries.end()) {
      errors_.push_back({ErrorKind::usage, tr("the key \"{}\" stands here twice", entry.key), entry.position.where(),
                         tr("the first is in line {}", same->position.line)});
      return;
    }
    entry.value = convert(value, depth + 1);
    tree.entries.push_back(std::move(entry));
  }

  std::string source_;
  Places places_;
  const YamlLimits& limits_;
  std::vector<Error>& errors_;
  std::uint64_t nodes_ = 0;
};

/// The entry for the key, made when missing.
Tree& child(Tree& parent, const std::string& key, const std::string& source) {
  parent.kind = Tree::Kind::map;
  for (TreeEntry& entry : parent.entries) {
    if (entry.key == key) return entry.value;
  }
  TreeEntry entry;
  entry.key = key;
  entry.position.source = source;
  entry.value.source = source;
  parent.entries.push_back(std::move(entry));
  return parent.entries.back().value;
}

void set_source(Tree& tree, const std::string& source) {
  tree.source = source;
  tree.line = 0;
  for (Tree& item : tree.items) set_source(item, source);
  for (TreeEntry& entry : tree.entries) {
    set_source(entry.position, source);
    set_source(entry.value, source);
  }
}

/// What a single value says; a text that is no YAML is taken as it stands.
Tree tree_of_value(const std::string& text, const std::string& source, const YamlLimits& limits) {
  Tree tree;
  std::vector<Error> problems;
  try {
    if (text.size() <= limits.max_bytes) tree = Converter(source, text, limits, problems).convert(YAML::Load(text));
  } catch (const YAML::Exception&) {
    problems.push_back({});
  } catch (const Stop&) {
    problems.push_back({});
  }
  if (!problems.empty() || tree.kind == Tree::Kind::null) {
    tree = {};
    tree.kind = Tree::Kind::scalar;
    tree.scalar = text;
  }
  set_source(tree, source);
  tree.given = text;
  return tree;
}

}  // namespace

std::string Tree::where() const {
  return from_file() ? fmt::format("{}:{}:{}", source, line, column) : source;
}

std::string Tree::origin() const {
  return from_file() ? fmt::format("{}:{}", std::filesystem::path(source).filename().string(), line) : source;
}

Tree parse_yaml(const std::string& given, const std::filesystem::path& file, const YamlLimits& limits,
                std::vector<Error>& errors) {
  const std::string text = given.starts_with("\xEF\xBB\xBF") ? given.substr(3) : given;  // a byte order mark
  Tree empty;
  empty.kind = Tree::Kind::map;
  empty.source = file.string();
  empty.line = empty.column = 1;
  if (text.size() > limits.max_bytes) {
    errors.push_back({ErrorKind::limit, tr("larger than the limit of {} bytes", limits.max_bytes), file.string(), {}});
    return empty;
  }
  if (const std::size_t bad = text::first_invalid_utf8(text); bad != std::string::npos) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bad), '\n');
    errors.push_back({ErrorKind::usage, tr("not valid UTF-8"), fmt::format("{}:{}", file.string(), line),
                      tr("save the file as UTF-8")});
    return empty;
  }
  try {
    const int documents = Documents().count(text);
    if (documents > 1) {
      errors.push_back({ErrorKind::usage, tr("more than one YAML document in one file"), file.string(),
                        tr("remove the line \"---\" between them")});
    }
    const YAML::Node first = YAML::Load(text);
    if (documents == 0 || first.IsNull()) return empty;
    Tree tree = Converter(file.string(), text, limits, errors).convert(first);
    if (tree.kind == Tree::Kind::map) return tree;
    errors.push_back({ErrorKind::usage, tr("expected keys with values (\"key: value\")"), tree.where(), {}});
  } catch (const YAML::Exception& error) {
    errors.push_back({ErrorKind::usage,
                      tr("not valid YAML: {}", error.msg),
                      fmt::format("{}:{}:{}", file.string(), error.mark.line + 1, Places(text).column(error.mark)),
                      {}});
  } catch (const Stop& stop) {
    errors.push_back(stop.error);
  }
  return empty;
}

Tree tree_of_values(const Layer& layer, const YamlLimits& limits) {
  Tree root;
  root.kind = Tree::Kind::map;
  root.source = layer.origin;
  for (const auto& [dotted, text] : layer.values) {
    const auto own = layer.origins.find(dotted);
    const std::string& source = own == layer.origins.end() ? layer.origin : own->second;
    Tree* at = &root;
    for (const std::string_view part : text::split(dotted, '.')) at = &child(*at, std::string(part), source);
    *at = tree_of_value(text, source, limits);
  }
  return root;
}

std::string yaml_text(const std::string& text) {
  // The emitter quotes what would break the syntax; words that read as another type it leaves bare.
  static const std::vector<std::string> words = {"",     "~",    "null",  "Null",  "NULL",  "true",
                                                 "True", "TRUE", "false", "False", "FALSE", "yes",
                                                 "no",   "on",   "off",   "y",     "n"};
  const bool number_like = !text.empty() && text.find_first_not_of("0123456789+-.eExX_:") == std::string::npos;
  const bool quote = number_like || std::find(words.begin(), words.end(), text) != words.end();
  YAML::Emitter out;
  if (quote) out << YAML::DoubleQuoted;
  out << YAML::Flow << text;
  return out.c_str();
}

}  // namespace twin::config
