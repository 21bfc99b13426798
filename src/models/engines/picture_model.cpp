#include "models/engines/picture_model.h"

#include "core/i18n.h"

namespace twin::models {

EmbeddingFrame frame_of(const std::string& architecture) {
  // As the models' own code (gme_inference.py, qwen3_vl_embedding.py) puts it together, with their standard
  // instruction: the one for documents, and for questions whose answer may be a text or a picture.
  if (architecture == "qwen2vl") {
    return {"<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n",
            "<|im_end|>\n<|im_start|>assistant\n<|endoftext|>"};
  }
  if (architecture == "qwen3vl") {
    return {"<|im_start|>system\nRepresent the user's input.<|im_end|>\n<|im_start|>user\n",
            "<|im_end|>\n<|im_start|>assistant\n"};
  }
  return {"", "\n"};
}

Result<void> check_projector(const GgufInfo& model, const std::filesystem::path& path,
                             const std::filesystem::path& projector) {
  const auto info = read_gguf(projector);
  if (!info) return tl::unexpected(info.error());
  if (!info->details.contains("vision")) {
    return fail(ErrorKind::invalid, tr("This GGUF makes no tokens of pictures: it is no mmproj file"),
                projector.string(), tr("name the mmproj file that belongs to the embedding model"));
  }
  const auto pooling = model.details.find("pooling");
  const bool last =
      pooling == model.details.end() ? model.architecture.find("bert") == std::string::npos : pooling->second == "last";
  if (last) return {};
  return fail(ErrorKind::invalid, tr("This embedding model cannot see pictures: its vectors are not of the last token"),
              path.string(),
              tr("take a model such as GME-Qwen2-VL or Qwen3-VL-Embedding, or leave models.embedding_mmproj empty"));
}

}  // namespace twin::models
