#include "cli/query_picture.h"

#include "core/files.h"
#include "core/i18n.h"
#include "feature/clean/image/size.h"

namespace twin::cli {

std::vector<float> embed_query_picture(models::EmbeddingEngine& engine, const std::filesystem::path& file,
                                       const feature::ImagesConfig& limits) {
  const auto stat = disk().stat(file);
  if (!stat || stat->directory) throw Fatal(ErrorKind::not_found, tr("There is no such picture"), file.string());
  if (stat->size > static_cast<std::uint64_t>(limits.max_megabytes) << 20) {
    throw Fatal(ErrorKind::limit, tr("The picture is larger than {} MB", limits.max_megabytes), file.string(),
                tr("Raise collect.images.max_megabytes"));
  }
  const std::string bytes = value_or_throw(disk().read(file));
  const auto size = feature::image_size(bytes);
  if (!size) {
    throw Fatal(ErrorKind::invalid, tr("The picture is broken, or of a format that cannot be embedded"), file.string(),
                tr("PNG and JPEG can be"));
  }
  if (auto error = feature::too_many_pixels(*size, limits, file.string())) throw Fatal(std::move(*error));
  auto vector = engine.embed_picture(bytes);
  if (!vector && vector.error().where.empty()) vector.error().where = file.string();
  return value_or_throw(std::move(vector));
}

}  // namespace twin::cli
