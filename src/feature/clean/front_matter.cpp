#include "feature/clean/front_matter.h"

#include <yaml-cpp/yaml.h>

#include "core/i18n.h"
#include "core/text/unicode.h"

namespace twin::feature {
namespace {

/// A longer block is no front matter but a document that begins with a rule.
constexpr std::size_t max_front_matter = 64 << 10;

std::size_t end_of_line(std::string_view text, std::size_t at) {
  const std::size_t end = text.find('\n', at);
  return end == std::string_view::npos ? text.size() : end + 1;
}

std::string_view line_at(std::string_view text, std::size_t at) {
  auto line = text.substr(at, end_of_line(text, at) - at);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  return line;
}

void add(std::vector<std::string>& values, const YAML::Node& node) {
  if (node.IsScalar()) values.push_back(node.Scalar());
  if (node.IsMap() && node["name"] && node["name"].IsScalar()) values.push_back(node["name"].Scalar());
}

void read_yaml(const std::string& yaml, FrontMatter& out) {
  try {
    const YAML::Node root = YAML::Load(yaml);
    if (root.IsNull()) return;
    if (!root.IsMap()) {
      out.problem = tr("the front matter is not a list of keys and values");
      return;
    }
    for (const auto& entry : root) {
      if (!entry.first.IsScalar()) continue;
      auto& values = out.values[text::fold(entry.first.Scalar())];
      if (entry.second.IsSequence()) {
        for (const auto& item : entry.second) add(values, item);
      } else {
        add(values, entry.second);
      }
      if (values.empty()) out.values.erase(text::fold(entry.first.Scalar()));
    }
  } catch (const YAML::Exception& error) {
    out.problem = tr("the front matter is not valid YAML: {}", error.what());
  }
}

}  // namespace

std::string FrontMatter::first(std::initializer_list<const char*> keys) const {
  for (const char* key : keys) {
    const auto it = values.find(key);
    if (it != values.end() && !it->second.empty()) return it->second.front();
  }
  return {};
}

FrontMatter read_front_matter(std::string_view markdown) {
  FrontMatter out;
  const std::string_view fence = line_at(markdown, 0);
  if (fence != "---" && fence != "+++") return out;
  const std::size_t begin = end_of_line(markdown, 0);
  std::size_t at = begin;
  while (at < markdown.size() && at - begin <= max_front_matter) {
    const std::string_view line = line_at(markdown, at);
    if (line == fence || (fence == "---" && line == "...")) {
      const std::string_view block = markdown.substr(begin, at - begin);
      const bool keys = block.find(fence == "---" ? ':' : '=') != std::string_view::npos;
      if (!keys && !text::trim(block).empty()) return out;  // a text between two rules
      out.length = end_of_line(markdown, at);
      if (fence == "---") {
        read_yaml(std::string(block), out);
      } else {
        out.problem = tr("front matter in TOML is not read");
      }
      return out;
    }
    at = end_of_line(markdown, at);
  }
  return out;
}

}  // namespace twin::feature
