#include "feature/clean/removals.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "feature/clean/characters.h"

namespace twin::feature::html {
namespace {

void append_words(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (!is_space(c)) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
}

/// The text of an element as a reader sees it: white space collapsed, blocks apart.
std::string words_of(Node* root) {
  std::string out;
  walk(root, [&](Node* node) {
    if (is_text(node)) append_words(out, data(node));
    if (is_element(node) && (block_tags().has(node) || name(node) == "br")) append_words(out, " ");
    return !one_of(name(node), "script style template");
  });
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

class Lister {
 public:
  Lister(const PageMap& page, const MainContent& main, const WriterContext& context)
      : page_(page), main_(main), is_note_(page.size()), in_note_(page.size()), holds_note_(page.size()) {
    for (const auto& [label, note] : context.footnotes) {
      const std::size_t index = page.index_of(note);
      is_note_[index] = true;
      for (std::size_t i = index; i < page[index].end; ++i) in_note_[i] = true;
      for (std::size_t up = index; !holds_note_[up]; up = page[up].parent) holds_note_[up] = true;
    }
    if (context.left_out != nullptr) {
      for (const auto& [node, reason] : *context.left_out) left_out_.emplace(node, reason);
    }
  }

  std::vector<Removal> list() {
    Node* root = page_[0].node;
    for (Node* node = root; node != nullptr;) {
      const bool down = visit(node);
      Node* child = down ? first_child(node) : nullptr;
      node = child != nullptr ? child : next_skipping_children(root, node);
    }
    for (const auto& [reason, count] : silent_) {
      out_.push_back(
          {reason, count == 1 ? "1 element without text" : fmt::format("{} elements without text", count), {}});
    }
    return std::move(out_);
  }

 private:
  /// Whether what is below has to be looked at.
  bool visit(Node* node) {
    if (const auto found = left_out_.find(node); found != left_out_.end()) {
      add(node, found->second, words_of(node));
      return false;
    }
    if (is_text(node)) {
      if (outside_ && !in_note_[page_.index_of(node)]) {
        std::string words;
        append_words(words, data(node));
        if (words.find_first_not_of(' ') != std::string::npos) add(parent(node), "outside the main content", words);
      }
      return false;
    }
    if (!is_element(node)) return node == page_[0].node;
    if (name(node) == "head") return false;
    const std::size_t index = page_.index_of(node);
    if (index == main_.index) {
      outside_ = false;
      end_ = page_[index].end;
    } else if (end_ != 0 && index >= end_) {
      outside_ = true;
    }
    if (is_note_[index] && mark_of(node) != 0) return false;
    if (page_[index].reason != 0) {
      if (holds_note_[index]) return true;
      add(node, page_.reason_of(index), words_of(node));
      return false;
    }
    const bool around = page_.inside(main_.index, index) || holds_note_[index];
    if (outside_ && !around && index != 0) {
      const std::string words = words_of(node);
      if (!words.empty()) add(node, "outside the main content", words);
      return false;
    }
    return true;
  }

  void add(const Node* node, const std::string& reason, const std::string& words) {
    if (words.empty()) {
      ++silent_[reason];
    } else {
      out_.push_back({reason, short_path(node), words});
    }
  }

  const PageMap& page_;
  const MainContent& main_;
  std::vector<bool> is_note_, in_note_, holds_note_;  ///< by element; footnotes are written wherever they stand
  std::map<const Node*, std::string> left_out_;
  std::map<std::string, int> silent_;
  std::vector<Removal> out_;
  std::size_t end_ = 0;  ///< of the main content
  bool outside_ = true;
};

}  // namespace

std::vector<Removal> list_removals(const PageMap& page, const MainContent& main, const WriterContext& context) {
  return Lister(page, main, context).list();
}

std::string summarize_removals(const PageMap& page) {
  std::map<std::string, int> counts;
  for (std::size_t i = 1; i < page.size(); ++i) {
    if (page[i].reason == 0) continue;
    if (name(page[i].node) != "head") ++counts[page.reason_of(i)];
    i = page[i].end - 1;
  }
  std::string out;
  for (const auto& [reason, count] : counts) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, reason);
  return out;
}

std::string short_path(const Node* node) {
  constexpr int steps = 3;
  std::string path;
  int count = 0;
  for (; node != nullptr && is_element(node) && count < steps; node = parent(node), ++count) {
    if (count > 0 && one_of(name(node), "html body")) break;
    std::string step(name(node));
    if (const auto id = id_of(node); !id.empty()) {
      step += "#" + std::string(id.substr(0, 40));
    } else if (const auto names = class_of(node); !names.empty()) {
      const std::size_t from = std::min(names.find_first_not_of(" \t\n"), names.size());
      const std::size_t to = std::min(names.find_first_of(" \t\n", from), names.size());
      if (to > from) step += "." + std::string(names.substr(from, std::min<std::size_t>(to - from, 40)));
    }
    path = path.empty() ? step : step + " > " + path;
  }
  return path;
}

}  // namespace twin::feature::html
