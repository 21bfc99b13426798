// GgufInfo from a GGUF file.
#include <gguf.h>

#include <array>
#include <map>

#include "core/text/ascii.h"
#include "models/registry/gguf_file.h"
#include "models/registry/known_models.h"
#include "models/registry/registry.h"

namespace twin::models {
namespace {

/// general.file_type as llama.cpp numbers it (enum llama_ftype).
const std::map<std::int64_t, const char*>& file_types() {
  static const std::map<std::int64_t, const char*> names = {
      {0, "F32"},     {1, "F16"},     {2, "Q4_0"},      {3, "Q4_1"},    {7, "Q8_0"},     {8, "Q5_0"},
      {9, "Q5_1"},    {10, "Q2_K"},   {11, "Q3_K_S"},   {12, "Q3_K_M"}, {13, "Q3_K_L"},  {14, "Q4_K_S"},
      {15, "Q4_K_M"}, {16, "Q5_K_S"}, {17, "Q5_K_M"},   {18, "Q6_K"},   {19, "IQ2_XXS"}, {20, "IQ2_XS"},
      {21, "Q2_K_S"}, {22, "IQ3_XS"}, {23, "IQ3_XXS"},  {24, "IQ1_S"},  {25, "IQ4_NL"},  {26, "IQ3_S"},
      {27, "IQ3_M"},  {28, "IQ2_S"},  {29, "IQ2_M"},    {30, "IQ4_XS"}, {31, "IQ1_M"},   {32, "BF16"},
      {36, "TQ1_0"},  {37, "TQ2_0"},  {38, "MXFP4_MOE"}};
  return names;
}

std::uint64_t tensor_elements(const gguf_context* context, std::int64_t tensor) {
  std::uint64_t elements = 1;
  const std::int64_t* const shape = gguf_get_tensor_ne(context, tensor);
  for (int i = 0; i < GGML_MAX_DIMS; ++i) elements *= static_cast<std::uint64_t>(shape[i]);
  return elements;
}

/// The type that holds most weights, for files that do not name theirs.
std::string main_type(const gguf_context* context) {
  std::map<std::string, std::uint64_t> weights;
  for (std::int64_t i = 0; i < gguf_get_n_tensors(context); ++i) {
    weights[ggml_type_name(gguf_get_tensor_type(context, i))] += tensor_elements(context, i);
  }
  std::string best;
  for (const auto& [name, count] : weights) {
    if (best.empty() || count > weights[best]) best = name;
  }
  return text::ascii_upper(best);
}

std::string quantization(const GgufFile& file) {
  if (const auto type = file.number("general.file_type")) {
    if (const auto name = file_types().find(*type); name != file_types().end()) return name->second;
  }
  return main_type(file.context());
}

const char* pooling_name(std::int64_t type) {
  constexpr std::array names = {"none", "mean", "cls", "last", "rank"};
  return type >= 0 && type < static_cast<std::int64_t>(names.size()) ? names[static_cast<std::size_t>(type)] : "other";
}

void copy_number(const GgufFile& file, const std::string& key, const char* name, GgufInfo& info) {
  if (const auto value = file.number(key)) info.details[name] = std::to_string(*value);
}

}  // namespace

Result<GgufInfo> read_gguf(const std::filesystem::path& path) {
  const auto file = GgufFile::open(path);
  if (!file) return tl::unexpected(file.error());
  GgufInfo info;
  info.architecture = file->text("general.architecture").value_or("");
  info.name = file->text("general.name").value_or("");
  info.license = file->text("general.license").value_or("");
  info.chat_template = file->text("tokenizer.chat_template").value_or("");
  info.quantization = quantization(*file);
  const std::string tokenizer = file->text("tokenizer.ggml.model").value_or("");
  if (!tokenizer.empty()) info.details["tokenizer"] = tokenizer;
  info.details["type"] = file->text("general.type").value_or("model");
  const std::string prefix = info.architecture + ".";
  copy_number(*file, prefix + "context_length", "context_length", info);
  copy_number(*file, prefix + "embedding_length", "embedding_length", info);
  copy_number(*file, prefix + "block_count", "block_count", info);
  copy_number(*file, prefix + "attention.head_count", "head_count", info);
  copy_number(*file, "sentence_transformers.max_seq_length", "max_seq_length", info);
  if (tokenizer == "bert") {  // as llama.cpp reads them: accents as case, case lowered
    const auto lowercase = file->number("tokenizer.ggml.normalizer.lowercase").value_or(1);
    const auto strip = file->number("tokenizer.ggml.normalizer.strip_accents").value_or(lowercase);
    info.details["strip_accents"] = std::to_string(strip);
  }
  if (const auto pooling = file->number(prefix + "pooling_type")) info.details["pooling"] = pooling_name(*pooling);
  // The head of a cross-encoder; many such files do not name their pooling.
  for (const char* head : {"cls.output.weight", "cls.weight"}) {
    if (gguf_find_tensor(file->context(), head) >= 0) info.details["head"] = "rank";
  }
  const Prefixes prefixes = prefixes_of(info.name.empty() ? path.stem().string() : info.name);
  if (!prefixes.query.empty()) info.details["query_prefix"] = prefixes.query;
  if (!prefixes.passage.empty()) info.details["passage_prefix"] = prefixes.passage;
  if (const auto size = file->array_size("tokenizer.ggml.tokens")) info.details["vocab_size"] = std::to_string(size);
  if (file->number("clip.has_vision_encoder").value_or(0) != 0) info.details["vision"] = "yes";
  if (const auto kind = file->text("adapter.type")) info.details["adapter_type"] = *kind;
  const auto tensors = gguf_get_n_tensors(file->context());
  info.details["tensor_count"] = std::to_string(tensors);
  for (std::int64_t i = 0; i < tensors; ++i) info.parameters += tensor_elements(file->context(), i);
  return info;
}

}  // namespace twin::models
