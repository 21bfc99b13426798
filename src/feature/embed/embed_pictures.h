// The pictures of a document to vectors, each picture once.
#pragma once

#include <stop_token>
#include <vector>

#include "feature/clean/clean.h"
#include "models/engines/engine.h"
#include "stores/index/index.h"
#include "stores/warehouse/warehouse.h"

namespace twin::feature {

struct PicturesEmbedded {
  std::vector<stores::IndexedPicture> pictures;  ///< in order of passage
  std::vector<Error> notes;                      ///< pictures without a vector, with the reason; `where`: the document
  bool tried_all = true;  ///< false: the engine or the store failed or was stopped; a later run may have more luck
};

/// Those of stores::shown_pictures(), read from the warehouse. A picture leads to the first passage that shows it, else
/// to the one of what OCR read in it, else to the nearest one. Its vector is kept in the warehouse
/// by its hash and the model's: it is embedded once, however many documents show it.
/// `shown`: search_view() of the document, which `chunks` are passages of.
[[nodiscard]] PicturesEmbedded embed_pictures(models::EmbeddingEngine& engine, stores::Warehouse& warehouse,
                                              const stores::Document& document, const ProseView& shown,
                                              const std::vector<stores::Chunk>& chunks, const std::stop_token& stop);

}  // namespace twin::feature
