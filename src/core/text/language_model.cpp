// A reader of fastText's quantized classifiers (.ftz, version 12 of the format). Debian has fastText as a shared
// library only, which every start of the program would pay for; this reads the one model that is needed, and only that.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <vector>

#include "core/files.h"
#include "core/i18n.h"
#include "core/process.h"
#include "core/text/language.h"
#include "core/text/unicode.h"

namespace twin::text {
namespace {

constexpr std::int32_t magic = 793712314, format_version = 12;
constexpr std::size_t max_model_bytes = 64u << 20u;
// Bytes of a text: the first look is enough for most pages, and more than the second hardly ever changes the answer.
constexpr std::size_t first_look = 512, second_look = 2048;
constexpr double certain = 0.9;
constexpr std::string_view end_of_sentence = "</s>", label_prefix = "__label__";
constexpr std::int32_t hierarchical_softmax = 1, softmax = 3;
constexpr std::size_t centroids_of_a_code = 256;
constexpr std::int32_t max_buckets = 100'000'000;
constexpr std::int64_t max_count = 1'000'000'000'000;  // of a label in the training data

/// Little-endian numbers in order. After the first read beyond the end everything is zero and failed() is true.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  T get() {
    T out{};
    if (const std::string_view part = take(sizeof(T)); !part.empty()) std::memcpy(&out, part.data(), sizeof(T));
    return out;
  }
  template <class T>
  std::vector<T> many(std::int64_t count) {
    std::vector<T> out;
    if (count < 0 || static_cast<std::uint64_t>(count) > bytes_.size() / sizeof(T)) {
      failed_ = true;
    } else if (const std::string_view part = take(static_cast<std::size_t>(count) * sizeof(T)); !part.empty()) {
      out.resize(static_cast<std::size_t>(count));
      std::memcpy(out.data(), part.data(), part.size());
    }
    return out;
  }
  std::string_view word() {
    const std::size_t end = bytes_.find('\0');
    if (end == std::string_view::npos) {
      failed_ = true;
      return {};
    }
    const std::string_view out = bytes_.substr(0, end);
    bytes_.remove_prefix(end + 1);
    return out;
  }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::string_view take(std::size_t size) {
    if (failed_ || size > bytes_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view out = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return out;
  }

  std::string_view bytes_;
  bool failed_ = false;
};

/// Vectors in pieces, each piece a code of one byte (Jégou et al. 2011).
struct Quantizer {
  std::int32_t dimension = 0, pieces = 0, width = 0, last_width = 0;
  std::vector<float> centroids;

  bool read(Reader& in) {
    dimension = in.get<std::int32_t>();
    pieces = in.get<std::int32_t>();
    width = in.get<std::int32_t>();
    last_width = in.get<std::int32_t>();
    centroids = in.many<float>(std::int64_t{dimension} * static_cast<std::int64_t>(centroids_of_a_code));
    return !in.failed() && pieces > 0 && width > 0 && last_width > 0 && last_width <= width &&
           std::int64_t{pieces - 1} * width + last_width == dimension;
  }
  [[nodiscard]] const float* centroid(std::size_t piece, std::uint8_t code) const {
    const auto wide = static_cast<std::size_t>(width);
    const bool last = piece + 1 == static_cast<std::size_t>(pieces);
    return &centroids[piece * centroids_of_a_code * wide + code * (last ? static_cast<std::size_t>(last_width) : wide)];
  }
};

class Matrix {
 public:
  bool read(Reader& in, bool quantized) {
    if (!quantized) {
      rows_ = in.get<std::int64_t>();
      columns_ = in.get<std::int64_t>();
      if (in.failed() || rows_ <= 0 || columns_ <= 0 || rows_ > 1'000'000'000 / columns_) return false;
      values_ = in.many<float>(rows_ * columns_);
      return !in.failed();
    }
    normalized_ = in.get<bool>();
    rows_ = in.get<std::int64_t>();
    columns_ = in.get<std::int64_t>();
    const auto size = in.get<std::int32_t>();
    codes_ = in.many<std::uint8_t>(size);
    if (in.failed() || !pieces_.read(in) || rows_ <= 0 || pieces_.dimension != columns_ ||
        rows_ > std::int64_t{size} / pieces_.pieces) {
      return false;
    }
    if (normalized_) {
      norm_codes_ = in.many<std::uint8_t>(rows_);
      if (!norms_.read(in) || norms_.dimension != 1) return false;
    }
    return !in.failed();
  }

  [[nodiscard]] std::int64_t rows() const { return rows_; }
  [[nodiscard]] std::size_t columns() const { return static_cast<std::size_t>(columns_); }

  /// out += the row.
  void add_row(std::size_t row, std::vector<float>& out) const {
    if (!values_.empty()) {
      for (std::size_t i = 0; i < columns(); ++i) out[i] += values_[row * columns() + i];
      return;
    }
    const float norm = normalized_ ? norms_.centroid(0, norm_codes_[row])[0] : 1.0F;
    const auto count = static_cast<std::size_t>(pieces_.pieces), width = static_cast<std::size_t>(pieces_.width);
    if (width == 2 && pieces_.last_width == 2) {  // as in lid.176.ftz: the loops below without their counting
      const std::uint8_t* codes = &codes_[row * count];
      const float* centroids = pieces_.centroids.data();
      float* to = out.data();
      for (std::size_t piece = 0; piece < count; ++piece, to += 2, centroids += 2 * centroids_of_a_code) {
        const float* centroid = centroids + 2 * std::size_t{codes[piece]};
        to[0] += norm * centroid[0];
        to[1] += norm * centroid[1];
      }
      return;
    }
    for (std::size_t piece = 0; piece < count; ++piece) {
      const float* centroid = pieces_.centroid(piece, codes_[row * count + piece]);
      const std::size_t last = std::min(columns(), (piece + 1) * width);
      for (std::size_t i = piece * width; i < last; ++i) out[i] += norm * centroid[i - piece * width];
    }
  }

  /// `values` is room to work in.
  [[nodiscard]] float dot_row(std::size_t row, const std::vector<float>& with, std::vector<float>& values) const {
    values.assign(columns(), 0.0F);
    add_row(row, values);
    float sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += values[i] * with[i];
    return sum;
  }

 private:
  std::int64_t rows_ = 0, columns_ = 0;
  std::vector<float> values_;
  bool normalized_ = false;
  std::vector<std::uint8_t> codes_, norm_codes_;
  Quantizer pieces_, norms_;
};

constexpr std::uint32_t empty_hash = 2166136261u;

/// FNV-1a over signed bytes: the hash of a text with one byte more.
std::uint32_t extend(std::uint32_t hash, char c) {
  return (hash ^ static_cast<std::uint32_t>(static_cast<std::int8_t>(c))) * 16777619u;
}

/// The buckets that pruning left, and where they are now. A page asks for thousands, most of which are not there.
class KeptBuckets {
 public:
  void reserve(std::int32_t buckets, std::size_t kept) {
    there_.assign(static_cast<std::size_t>(buckets), false);
    slots_.assign(std::bit_ceil(2 * kept + 2), {-1, 0});
  }
  /// False when there can be no such bucket.
  bool add(std::int32_t bucket, std::int32_t row) {
    if (bucket < 0 || static_cast<std::size_t>(bucket) >= there_.size()) return false;
    there_[static_cast<std::size_t>(bucket)] = true;
    slots_[slot(bucket)] = {bucket, row};
    return true;
  }
  /// -1: it is not there.
  [[nodiscard]] std::int32_t find(std::int32_t bucket) const {
    return there_[static_cast<std::size_t>(bucket)] ? slots_[slot(bucket)].second : -1;
  }

 private:
  [[nodiscard]] std::size_t slot(std::int32_t bucket) const {
    std::size_t at = static_cast<std::uint32_t>(bucket) * 0x9E3779B1u & (slots_.size() - 1);
    while (slots_[at].first >= 0 && slots_[at].first != bucket) at = (at + 1) & (slots_.size() - 1);
    return at;
  }

  std::vector<bool> there_;
  std::vector<std::pair<std::int32_t, std::int32_t>> slots_;
};

/// Remainders by one number without dividing (Lemire, Kaser, Kurz 2019); exact for all 32-bit numbers.
class Divisor {
 public:
  explicit Divisor(std::uint32_t by) : by_(by), inverse_(std::numeric_limits<std::uint64_t>::max() / by + 1) {}
  [[nodiscard]] std::uint32_t rest(std::uint32_t number) const {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint32_t>(Wide{inverse_ * number} * by_ >> 64u);
  }

 private:
  std::uint64_t by_, inverse_;
};

/// The words of the dictionary with their numbers, by open addressing.
class WordTable {
 public:
  void reserve(std::size_t words) { slots_.assign(std::bit_ceil(2 * words + 2), {}); }
  /// Of a word that comes again the first stays, as it does for more words than there is room for.
  void add(std::string_view word, std::int32_t id) {
    if (2 * (used_ + 1) > slots_.size()) return;
    Slot& slot = slots_[at(word, hash_of(word))];
    if (slot.id >= 0) return;
    slot = {word, hash_of(word), id};
    ++used_;
  }
  /// -1: there is no such word.
  [[nodiscard]] std::int32_t find(std::string_view word) const { return slots_[at(word, hash_of(word))].id; }

 private:
  struct Slot {
    std::string_view word;
    std::uint32_t hash = 0;
    std::int32_t id = -1;
  };
  static std::uint32_t hash_of(std::string_view word) {
    std::uint32_t hash = empty_hash;
    for (const char c : word) hash = extend(hash, c);
    return hash;
  }
  [[nodiscard]] std::size_t at(std::string_view word, std::uint32_t hash) const {
    std::size_t place = hash & (slots_.size() - 1);
    while (slots_[place].id >= 0 && !(slots_[place].hash == hash && slots_[place].word == word)) {
      place = (place + 1) & (slots_.size() - 1);
    }
    return place;
  }

  std::vector<Slot> slots_{Slot{}};
  std::size_t used_ = 0;
};

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u;
}

class FastText final : public LanguageModel {
 public:
  bool read(std::string bytes) {
    bytes_ = std::move(bytes);
    Reader in(bytes_);
    if (in.get<std::int32_t>() != magic || in.get<std::int32_t>() != format_version) return false;
    return read_settings(in) && read_dictionary(in) && read_matrices(in) && build_tree();
  }

  [[nodiscard]] LanguageGuess predict(std::string_view utf8) const override {
    LanguageGuess guess = predict_all(clip(utf8, first_look));
    if (utf8.size() <= first_look || guess.confidence >= certain) return guess;
    return predict_all(clip(utf8, second_look));
  }

 private:
  [[nodiscard]] LanguageGuess predict_all(std::string_view utf8) const {
    std::vector<std::int64_t> rows;
    rows.reserve(utf8.size());
    std::string marked;
    constexpr std::string_view separators = " \n\r\t\v\f";
    for (std::size_t at = 0; at < utf8.size();) {
      const std::size_t from = utf8.find_first_not_of(separators, at);
      if (from == std::string_view::npos) break;
      at = std::min(utf8.find_first_of(separators, from), utf8.size());
      add_word(utf8.substr(from, at - from), marked, rows);
    }
    add_word(end_of_sentence, marked, rows);
    std::vector<float> hidden(input_.columns(), 0.0F);
    for (const std::int64_t row : rows) input_.add_row(static_cast<std::size_t>(row), hidden);
    for (float& value : hidden) value /= static_cast<float>(std::max<std::size_t>(1, rows.size()));
    return loss_ == hierarchical_softmax ? best_leaf(hidden) : best_label(hidden);
  }

  struct Node {
    std::int32_t left = -1, right = -1;
    std::int64_t count = 0;
  };

  bool read_settings(Reader& in) {
    std::array<std::int32_t, 12> settings{};  // dim ws epoch minCount neg wordNgrams loss model bucket minn maxn lr…
    for (std::int32_t& value : settings) value = in.get<std::int32_t>();
    (void)in.get<double>();  // sampling threshold
    loss_ = settings[6];
    buckets_ = settings[8];
    shortest_ = settings[9];
    longest_ = settings[10];
    by_buckets_ = Divisor(buckets_ > 0 ? static_cast<std::uint32_t>(buckets_) : 1u);
    return !in.failed() && settings[5] == 1 && (loss_ == hierarchical_softmax || loss_ == softmax) && buckets_ >= 0 &&
           shortest_ >= 0 && longest_ >= 0;
  }

  bool read_dictionary(Reader& in) {
    const auto size = in.get<std::int32_t>();
    words_ = in.get<std::int32_t>();
    const auto labels = in.get<std::int32_t>();
    (void)in.get<std::int64_t>();  // tokens seen in training
    const auto pruned = in.get<std::int64_t>();
    if (in.failed() || size < 0 || words_ < 0 || labels <= 0 || size != words_ + labels) return false;
    // What the file says of itself must fit into it, before room is made for it.
    constexpr std::size_t least_of_word = 10, of_bucket = 8;
    if (static_cast<std::size_t>(words_) > bytes_.size() / least_of_word) return false;
    if (pruned >= 0 && buckets_ > max_buckets) return false;
    if (pruned > static_cast<std::int64_t>(bytes_.size() / of_bucket)) return false;
    words_by_hash_.reserve(static_cast<std::size_t>(words_));
    for (std::int32_t i = 0; i < size && !in.failed(); ++i) {
      const std::string_view word = in.word();
      const auto count = in.get<std::int64_t>();
      const bool label = in.get<std::int8_t>() != 0;
      if (label != (i >= words_)) return false;
      if (label) {
        if (!word.starts_with(label_prefix)) return false;
        if (count < 0 || count > max_count) return false;
        labels_.emplace_back(word.substr(label_prefix.size()));
        counts_.push_back(count);
      } else {
        words_by_hash_.add(word, i);
      }
    }
    all_buckets_ = pruned < 0;
    kept_.reserve(pruned < 0 ? 0 : buckets_, static_cast<std::size_t>(std::max<std::int64_t>(0, pruned)));
    for (std::int64_t i = 0; i < pruned && !in.failed(); ++i) {
      const auto from = in.get<std::int32_t>();
      const auto row = in.get<std::int32_t>();
      if (!kept_.add(from, row)) return false;
    }
    return !in.failed();
  }

  bool read_matrices(Reader& in) {
    const bool quantized = in.get<bool>();
    if (!input_.read(in, quantized)) return false;
    const bool output_quantized = in.get<bool>();
    if (!output_.read(in, quantized && output_quantized)) return false;
    return output_.columns() == input_.columns() && output_.rows() >= static_cast<std::int64_t>(labels_.size());
  }

  /// The Huffman tree of the labels, which come in descending order of their counts.
  bool build_tree() {
    const auto leaves = static_cast<std::int32_t>(labels_.size());
    constexpr std::int64_t not_yet = 1'000'000'000'000'000;
    tree_.assign(static_cast<std::size_t>(2 * leaves - 1), Node{-1, -1, not_yet});
    for (std::int32_t i = 0; i < leaves; ++i)
      tree_[static_cast<std::size_t>(i)].count = counts_[static_cast<std::size_t>(i)];
    std::int32_t leaf = leaves - 1, inner = leaves;
    for (std::int32_t i = leaves; i < 2 * leaves - 1; ++i) {
      std::array<std::int32_t, 2> least{};
      for (std::int32_t& one : least) {
        const bool take_leaf =
            leaf >= 0 && tree_[static_cast<std::size_t>(leaf)].count < tree_[static_cast<std::size_t>(inner)].count;
        one = take_leaf ? leaf-- : inner++;
      }
      Node& node = tree_[static_cast<std::size_t>(i)];
      node.left = least[0];
      node.right = least[1];
      node.count = tree_[static_cast<std::size_t>(least[0])].count + tree_[static_cast<std::size_t>(least[1])].count;
    }
    return true;
  }

  /// Rows of a word and of the runs of characters in it. `marked` is room to work in.
  void add_word(std::string_view word, std::string& marked, std::vector<std::int64_t>& rows) const {
    if (const std::int32_t id = words_by_hash_.find(word); id >= 0) add(id, rows);
    if (word == end_of_sentence || longest_ == 0 || buckets_ == 0) return;
    marked.assign("<").append(word).append(">");
    for (std::size_t first = 0; first < marked.size(); ++first) {
      if (continues(marked[first])) continue;
      std::uint32_t hash = empty_hash;
      std::size_t end = first;
      for (std::int32_t n = 1; n <= longest_ && end < marked.size(); ++n) {
        hash = extend(hash, marked[end++]);
        while (end < marked.size() && continues(marked[end])) hash = extend(hash, marked[end++]);
        if (n < shortest_ || (n == 1 && (first == 0 || end == marked.size()))) continue;
        add_bucket(hash, rows);
      }
    }
  }

  void add_bucket(std::uint32_t hash, std::vector<std::int64_t>& rows) const {
    auto bucket = static_cast<std::int32_t>(by_buckets_.rest(hash));
    if (!all_buckets_) bucket = kept_.find(bucket);
    if (bucket >= 0) add(std::int64_t{words_} + bucket, rows);
  }

  void add(std::int64_t row, std::vector<std::int64_t>& rows) const {
    if (row >= 0 && row < input_.rows()) rows.push_back(row);
  }

  /// The leaf with the highest product of the probabilities on the way to it.
  [[nodiscard]] LanguageGuess best_leaf(const std::vector<float>& hidden) const {
    const auto leaves = static_cast<std::int32_t>(labels_.size());
    std::vector<std::pair<std::int32_t, double>> open = {{static_cast<std::int32_t>(tree_.size()) - 1, 1.0}};
    LanguageGuess best;
    std::vector<float> values;
    while (!open.empty()) {
      const auto [at, probability] = open.back();
      open.pop_back();
      if (probability <= best.confidence) continue;
      if (at < leaves) {
        best = {labels_[static_cast<std::size_t>(at)], probability};
        continue;
      }
      const Node& node = tree_[static_cast<std::size_t>(at)];
      const double right =
          1.0 / (1.0 + std::exp(-double{output_.dot_row(static_cast<std::size_t>(at - leaves), hidden, values)}));
      open.emplace_back(node.left, probability * (1.0 - right));
      open.emplace_back(node.right, probability * right);
    }
    return best;
  }

  [[nodiscard]] LanguageGuess best_label(const std::vector<float>& hidden) const {
    std::vector<double> scores;
    std::vector<float> values;
    for (std::size_t i = 0; i < labels_.size(); ++i) scores.push_back(output_.dot_row(i, hidden, values));
    const double most = *std::max_element(scores.begin(), scores.end());
    double sum = 0;
    for (const double score : scores) sum += std::exp(score - most);
    const auto which = static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
    return {labels_[which], 1.0 / sum};
  }

  std::string bytes_;  // the words below lie in it
  std::int32_t loss_ = 0, buckets_ = 0, shortest_ = 0, longest_ = 0, words_ = 0;
  WordTable words_by_hash_;
  std::vector<std::string> labels_;
  std::vector<std::int64_t> counts_;
  Divisor by_buckets_{1};
  bool all_buckets_ = false;
  KeptBuckets kept_;  // bucket → row behind the words
  Matrix input_, output_;
  std::vector<Node> tree_;
};

Result<std::filesystem::path> model_file() {
  if (auto found = find_data("lid.176.ftz")) return found;
  std::error_code code;
  const std::filesystem::path built = TWIN_LID_MODEL;  // in the build folder's dependencies
  if (!built.empty() && std::filesystem::exists(built, code)) return built;
  return fail(ErrorKind::not_found, tr("The model for telling languages is missing"), "lid.176.ftz",
              tr("install Twin again, or run make setup"));
}

}  // namespace

Result<std::shared_ptr<const LanguageModel>> LanguageModel::load(const std::filesystem::path& file) {
  static_assert(std::endian::native == std::endian::little);
  Result<std::string> bytes = disk().read(file, max_model_bytes);
  if (!bytes) return tl::unexpected(bytes.error());
  auto model = std::make_shared<FastText>();
  if (!model->read(std::move(*bytes))) {
    return fail(ErrorKind::invalid, tr("This is no language model of fastText, or a broken one"), file.string());
  }
  return model;
}

Result<std::shared_ptr<const LanguageModel>> LanguageModel::shared() {
  static const Result<std::shared_ptr<const LanguageModel>> model = [] {
    const auto file = model_file();
    return file ? load(*file) : Result<std::shared_ptr<const LanguageModel>>(tl::unexpected(file.error()));
  }();
  return model;
}

}  // namespace twin::text
