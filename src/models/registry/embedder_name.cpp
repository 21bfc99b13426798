#include "models/registry/embedder_name.h"

namespace twin::models {

std::string embedder_name(const EmbedderIds& ids) {
  return ids.projector.empty() ? ids.model : ids.model + "+" + ids.projector;
}

EmbedderIds embedder_ids(const std::string& name) {
  const std::size_t plus = name.find('+');
  return plus == std::string::npos ? EmbedderIds{name, {}} : EmbedderIds{name.substr(0, plus), name.substr(plus + 1)};
}

Result<EmbedderFiles> embedder_files(const ModelRegistry& registry, const std::string& name) {
  const EmbedderIds ids = embedder_ids(name);
  auto model = registry.gguf(ids.model);
  if (!model) return tl::unexpected(model.error());
  if (ids.projector.empty()) return EmbedderFiles{std::move(*model), {}};
  auto projector = registry.gguf(ids.projector);
  if (!projector) return tl::unexpected(projector.error());
  return EmbedderFiles{std::move(*model), std::move(*projector)};
}

}  // namespace twin::models
