#include "models/hf/import_decoder.h"

#include <gguf.h>

#include <map>
#include <memory>

#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "models/hf/decoder_config.h"
#include "models/hf/decoder_tensors.h"
#include "models/hf/hf_vocabulary.h"
#include "models/hf/hf_weights.h"
#include "models/registry/disk_tools.h"
#include "models/registry/licence.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

using DecoderMeta = std::unique_ptr<gguf_context, decltype(&gguf_free)>;

constexpr const char* importer_version = "decoder/1";  // raise when the same folder would give another GGUF

/// general.file_type (llama.cpp's enum llama_ftype): the type of most matrices.
std::uint32_t decoder_file_type(const std::vector<DecoderTensor>& tensors) {
  std::map<ggml_type, std::size_t> counts;
  for (const DecoderTensor& tensor : tensors) {
    if (tensor.place.shape.size() > 1) ++counts[tensor.place.type];
  }
  const auto count = [&](ggml_type type) { return counts.contains(type) ? counts.at(type) : 0; };
  if (count(GGML_TYPE_BF16) > count(GGML_TYPE_F16) && count(GGML_TYPE_BF16) > count(GGML_TYPE_F32)) return 32;
  return count(GGML_TYPE_F16) > count(GGML_TYPE_F32) ? 1 : 0;
}

void set_model_metadata(gguf_context* out, const DecoderConfig& c) {
  const std::string prefix = c.family->gguf + ".";
  const auto number = [&](const char* key, std::int64_t value) {
    gguf_set_val_u32(out, (prefix + key).c_str(), static_cast<std::uint32_t>(value));
  };
  const auto real = [&](const char* key, double value) {
    gguf_set_val_f32(out, (prefix + key).c_str(), static_cast<float>(value));
  };
  number("block_count", c.layers);
  number("context_length", c.context);
  number("embedding_length", c.hidden);
  number("feed_forward_length", c.feed_forward);
  number("attention.head_count", c.heads);
  number("attention.head_count_kv", c.kv_heads);
  number("attention.key_length", c.head_dim);
  number("attention.value_length", c.head_dim);
  number("rope.dimension_count", c.head_dim);
  number("vocab_size", c.vocabulary);
  real("attention.layer_norm_rms_epsilon", c.rms_epsilon);
  real("rope.freq_base", c.rope_base);
  if (c.rope_factor != 1) {
    gguf_set_val_str(out, (prefix + "rope.scaling.type").c_str(), "linear");
    real("rope.scaling.factor", c.rope_factor);
  }
  if (c.window > 0) {
    number("attention.sliding_window", c.window);
    real("rope.freq_base_swa", c.local_rope_base);
  }
}

Result<void> write_decoder(const fs::path& folder, const fs::path& path, const std::string& name, Progress& progress,
                           std::vector<std::string>& notes) {
  const auto config = read_decoder_config(folder);
  if (!config) return tl::unexpected(config.error());
  const auto vocabulary = read_hf_vocabulary(folder, *config);
  if (!vocabulary) return tl::unexpected(vocabulary.error());
  const auto weights = HfWeights::open(folder);
  if (!weights) return tl::unexpected(weights.error());
  const auto tensors = decoder_tensors(*config, *weights);
  if (!tensors) return tl::unexpected(tensors.error());
  notes = config->notes;
  notes.insert(notes.end(), vocabulary->notes.begin(), vocabulary->notes.end());

  const DecoderMeta out(gguf_init_empty(), gguf_free);
  gguf_set_val_str(out.get(), "general.architecture", config->family->gguf.c_str());
  gguf_set_val_str(out.get(), "general.type", "model");
  gguf_set_val_str(out.get(), "general.name", name.c_str());
  if (const Licence licence = find_licence(folder); !licence.name.empty())
    gguf_set_val_str(out.get(), "general.license", licence.name.c_str());
  gguf_set_val_u32(out.get(), "general.file_type", decoder_file_type(*tensors));
  set_model_metadata(out.get(), *config);
  set_vocabulary_metadata(out.get(), *vocabulary);

  std::vector<GgufPlace> places;
  places.reserve(tensors->size());
  for (const DecoderTensor& tensor : *tensors) places.push_back(tensor.place);
  progress.total(places.size());
  const auto data = [&](std::size_t i) {
    auto bytes = read_decoder_tensor(*config, (*tensors)[i], *weights);
    if (bytes) progress.add();
    return bytes;
  };
  return write_gguf_file(out.get(), places, data, path);
}

}  // namespace

Result<DecoderImport> import_decoder(const fs::path& folder, const fs::path& gguf, const std::string& name,
                                     ProgressSink& progress) {
  DecoderImport result{.gguf = gguf, .notes = {}};
  const auto bar = progress.start("import", "tensors");
  const fs::path partial = gguf.string() + ".tmp";
  auto written = write_decoder(folder, partial, name, *bar, result.notes);
  if (written) written = move_into_place(partial, gguf);
  if (written) return result;
  std::error_code ignored;
  fs::remove(partial, ignored);
  return tl::unexpected(written.error());
}

Result<std::string> decoder_folder_sha256(const fs::path& folder) {
  std::vector<std::string> names = hf_weight_files(folder);
  for (const char* name :
       {"config.json", "generation_config.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
        "special_tokens_map.json", "added_tokens.json", "chat_template.jinja", "README.md"}) {
    names.emplace_back(name);
  }
  Sha256 hash;
  hash.field(importer_version);
  for (const std::string& name : names) {
    if (!disk().exists(folder / name)) continue;
    const auto file = sha256_file(folder / name);
    if (!file) return tl::unexpected(file.error());
    hash.field(name).field(*file);
  }
  return hash.hex();
}

}  // namespace twin::models
