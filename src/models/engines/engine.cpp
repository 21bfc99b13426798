#include "models/engines/engine.h"

#include "core/i18n.h"

namespace twin::models {

Result<std::vector<float>> EmbeddingEngine::embed_picture(std::string_view) {
  return fail(ErrorKind::usage, tr("This embedding model sees no pictures"), {},
              tr("name its mmproj file in models.embedding_mmproj"));
}

}  // namespace twin::models
