#include "models/static/pieces.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "core/i18n.h"
#include "models/static/characters.h"

namespace twin::models {
namespace {

constexpr double kUnknownPenalty = 10;  // below the least score of the vocabulary, as in SentencePiece
constexpr std::size_t kLongestWord = 100;

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
using Vocabulary = std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;

Vocabulary vocabulary_of(const Json& json) {
  Vocabulary vocabulary;
  for (const auto& [token, id] : json.items()) vocabulary.emplace(token, id.get<std::uint32_t>());
  return vocabulary;
}

std::size_t size_of(const Vocabulary& vocabulary) {
  std::size_t size = 0;
  for (const auto& entry : vocabulary) size = std::max(size, std::size_t{entry.second} + 1);
  return size;
}

std::optional<std::uint32_t> id_in(const Vocabulary& vocabulary, std::string_view token) {
  const auto found = vocabulary.find(token);
  return found == vocabulary.end() ? std::nullopt : std::optional(found->second);
}

/// WordPiece; with `whole` a word is looked up as it is (WordLevel).
class WordPieces final : public PieceModel {
 public:
  WordPieces(const Json& json, bool whole)
      : vocabulary_(vocabulary_of(json.at("vocab"))),
        size_(size_of(vocabulary_)),
        continuing_(json.value("continuing_subword_prefix", std::string("##"))),
        longest_(json.value("max_input_chars_per_word", kLongestWord)),
        whole_(whole),
        unknown_(id_in(vocabulary_, json.value("unk_token", std::string("[UNK]")))) {}

  void encode(std::string_view piece, std::vector<std::uint32_t>& ids) const override {
    const std::size_t before = ids.size();
    if (whole_ ? word(piece, ids) : parts(piece, ids)) return;
    ids.resize(before);
    if (unknown_) ids.push_back(*unknown_);
  }
  [[nodiscard]] std::optional<std::uint32_t> unknown() const override { return unknown_; }
  [[nodiscard]] std::size_t size() const override { return size_; }

 private:
  bool word(std::string_view piece, std::vector<std::uint32_t>& ids) const {
    const auto id = id_in(vocabulary_, piece);
    if (id) ids.push_back(*id);
    return id.has_value();
  }

  bool parts(std::string_view piece, std::vector<std::uint32_t>& ids) const {
    std::vector<std::size_t> ends;  // of characters
    for (std::size_t at = 0; at < piece.size(); at += utf8_length(piece[at])) {
      ends.push_back(std::min(at + utf8_length(piece[at]), piece.size()));
    }
    if (ends.size() > longest_) return false;
    std::string part;
    std::size_t from = 0;
    for (std::size_t done = 0; done < ends.size();) {
      std::size_t take = ends.size();
      for (; take > done; --take) {
        part.assign(from == 0 ? "" : continuing_).append(piece.substr(from, ends[take - 1] - from));
        if (const auto id = id_in(vocabulary_, part)) {
          ids.push_back(*id);
          break;
        }
      }
      if (take == done) return false;
      from = ends[take - 1];
      done = take;
    }
    return true;
  }

  Vocabulary vocabulary_;
  std::size_t size_;
  std::string continuing_;
  std::size_t longest_;
  bool whole_;
  std::optional<std::uint32_t> unknown_;
};

class Unigram final : public PieceModel {
 public:
  explicit Unigram(const Json& json) {
    const Json& vocab = json.at("vocab");
    double least = std::numeric_limits<double>::max();
    entries_.reserve(vocab.size());
    for (std::size_t id = 0; id < vocab.size(); ++id) {
      const double score = vocab[id].at(1).get<double>();
      entries_.push_back({vocab[id].at(0).get<std::string>(), score, static_cast<std::uint32_t>(id)});
      least = std::min(least, score);
    }
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.token < b.token; });
    unknown_score_ = least - kUnknownPenalty;
    const auto unknown = json.find("unk_id");
    if (unknown != json.end() && unknown->is_number()) unknown_ = unknown->get<std::uint32_t>();
    if (json.value("byte_fallback", false)) bytes_ = true;
  }

  void encode(std::string_view piece, std::vector<std::uint32_t>& ids) const override {
    const std::vector<Node> best = paths(piece);
    struct Part {
      std::size_t from, end;
      const Entry* entry;
    };
    std::vector<Part> parts;
    for (std::size_t end = piece.size(); end > 0; end = best[end].from) {
      // Neighbours that are unknown are one.
      const bool joins = !parts.empty() && parts.back().entry == nullptr && best[end].entry == nullptr;
      if (joins) {
        parts.back().from = best[end].from;
      } else {
        parts.push_back({best[end].from, end, best[end].entry});
      }
    }
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      if (part->entry != nullptr) {
        ids.push_back(part->entry->id);
      } else {
        add_unknown(piece.substr(part->from, part->end - part->from), ids);
      }
    }
  }
  [[nodiscard]] std::optional<std::uint32_t> unknown() const override { return unknown_; }
  [[nodiscard]] std::size_t size() const override { return entries_.size(); }

 private:
  struct Entry {
    std::string token;
    double score;
    std::uint32_t id;
  };
  struct Node {
    double score = 0;
    std::size_t from = 0;
    const Entry* entry = nullptr;  // null: unknown
    bool reached = false;
  };

  /// The best way to each position (Viterbi).
  [[nodiscard]] std::vector<Node> paths(std::string_view text) const {
    std::vector<Node> best(text.size() + 1);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t one = std::min(utf8_length(text[at]), text.size() - at);
      const double here = best[at].score;
      bool single = false;
      const auto offer = [&](std::size_t end, double score, const Entry* entry) {
        Node& node = best[end];
        if (!node.reached || score > node.score) node = {score, at, entry, true};
      };
      each_prefix(text.substr(at), [&](std::size_t length, const Entry& entry) {
        single |= length == one;
        offer(at + length, here + entry.score, &entry);
      });
      if (!single) offer(at + one, here + unknown_score_, nullptr);
      at += one;
    }
    return best;
  }

  /// Entries that the text begins with, shortest first: byte by byte the range of sorted entries grows narrower.
  template <class Visit>
  void each_prefix(std::string_view text, Visit&& visit) const {
    auto from = entries_.begin(), to = entries_.end();
    for (std::size_t depth = 0; depth < text.size() && from != to; ++depth) {
      const auto byte = [depth](const Entry& entry) {
        return entry.token.size() <= depth ? -1 : static_cast<int>(static_cast<unsigned char>(entry.token[depth]));
      };
      const int wanted = static_cast<unsigned char>(text[depth]);
      from = std::partition_point(from, to, [&](const Entry& entry) { return byte(entry) < wanted; });
      to = std::partition_point(from, to, [&](const Entry& entry) { return byte(entry) == wanted; });
      if (from != to && from->token.size() == depth + 1) visit(depth + 1, *from);
    }
  }

  const Entry* find(std::string_view token) const {
    const auto found = std::lower_bound(entries_.begin(), entries_.end(), token,
                                        [](const Entry& entry, std::string_view key) { return entry.token < key; });
    return found != entries_.end() && found->token == token ? &*found : nullptr;
  }

  void add_unknown(std::string_view text, std::vector<std::uint32_t>& ids) const {
    if (bytes_) {
      std::vector<std::uint32_t> spelled;
      for (const char c : text) {
        if (const Entry* entry = find(fmt::format("<0x{:02X}>", static_cast<unsigned char>(c)))) {
          spelled.push_back(entry->id);
        }
      }
      if (spelled.size() == text.size()) {
        ids.insert(ids.end(), spelled.begin(), spelled.end());
        return;
      }
    }
    if (unknown_) ids.push_back(*unknown_);
  }

  std::vector<Entry> entries_;  // sorted by token
  double unknown_score_ = 0;
  std::optional<std::uint32_t> unknown_;
  bool bytes_ = false;
};

}  // namespace

Result<std::unique_ptr<PieceModel>> make_piece_model(const Json& json) {
  std::string type = json.value("type", std::string());
  if (type.empty()) type = json.contains("continuing_subword_prefix") ? "WordPiece" : "of no type";  // older files
  try {
    if (type == "WordPiece" || type == "WordLevel") return std::make_unique<WordPieces>(json, type == "WordLevel");
    if (type == "Unigram") return std::make_unique<Unigram>(json);
  } catch (const Json::exception& exception) {
    return fail(ErrorKind::invalid, tr("Unusable tokenizer: {}", exception.what()), "tokenizer.json");
  }
  return fail(ErrorKind::invalid, tr("Unusable tokenizer: {}", type + ", not WordPiece, Unigram or WordLevel"),
              "tokenizer.json");
}

}  // namespace twin::models
