// Writing documents into the index.
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/i18n.h"
#include "stores/index/sqlite_index.h"
#include "stores/index/words/word_counts.h"

namespace twin::stores {
namespace {

using sqlite::Connection;
using sqlite::Query;
using namespace index_detail;

static_assert(std::endian::native == std::endian::little, "vectors are stored as the machine has them");

std::string dump(const std::vector<std::string>& texts) {
  return Json(texts).dump(-1, ' ', false, Json::error_handler_t::replace);
}

void drop(Connection& c, const std::string& document_id) {
  Query document(c, "SELECT key FROM documents WHERE id = ?", document_id);
  if (!document.step()) return;
  const auto key = document.integer(0);
  if (Query(c, "DELETE FROM chunks WHERE document = ?", key).run() > 0) next_removal(c);
  Query(c, "DELETE FROM documents WHERE key = ?", key).run();
}

std::int64_t add_document(Connection& c, const IndexedDocument& d) {
  Query(c,
        "INSERT INTO documents(id, version, feature_key, url, title, source, category, language, published, weight, "
        "author_ids, prose) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        d.id, d.version, d.feature_key, d.url, d.title, d.source, d.category, d.language, d.published, d.weight,
        dump(d.author_ids), Query::Blob(std::as_bytes(std::span(d.prose))))
      .run();
  const auto key = sqlite::last_key(c);
  for (const auto& author : d.author_ids) {
    Query(c, "INSERT INTO document_authors(author, document) VALUES(?, ?) ON CONFLICT DO NOTHING", author, key).run();
  }
  return key;
}

std::int64_t add_chunk(Connection& c, std::int64_t document, const IndexedDocument& d, const Chunk& chunk,
                       std::size_t position) {
  Query insert(c,
               "INSERT INTO chunks(id, document, position, document_version, start, end, tokens, headings, retrieval, "
               "parent_start, parent_end, parent_headings, text) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
               chunk.id, document, position, chunk.document_version, chunk.start, chunk.end, chunk.tokens,
               dump(chunk.headings), chunk.retrieval, chunk.parent.start, chunk.parent.end, chunk.parent.headings);
  if (is_slice(d, chunk)) {
    insert.bind(nullptr);
  } else {
    insert.bind(Query::Blob(std::as_bytes(std::span(chunk.text))));
  }
  insert.run();
  return sqlite::last_key(c);
}

void add_vector(Connection& c, std::int64_t chunk, const std::vector<float>& vector) {
  const QuantizedVector quantized = quantize(vector);
  Query(c, "INSERT INTO codes(chunk, scale, codes) VALUES(?, ?, ?)", chunk, double{quantized.scale},
        Query::Blob(std::as_bytes(std::span(quantized.codes))))
      .run();
  Query(c, "INSERT INTO vectors(chunk, vector) VALUES(?, ?)", chunk, Query::Blob(std::as_bytes(std::span(vector))))
      .run();
}

void add_picture(Connection& c, std::int64_t chunk, std::size_t position, const IndexedPicture& picture) {
  Query(c, "INSERT INTO pictures(chunk, position, source, sha256, vector) VALUES(?, ?, ?, ?, ?)", chunk, position,
        picture.source, picture.sha256, Query::Blob(std::as_bytes(std::span(picture.vector))))
      .run();
}

std::string joined_headings(const std::string& title, const std::vector<std::string>& headings) {
  std::string text = title;
  for (const auto& heading : headings) {
    if (heading != title) text += '\n' + heading;  // the path of headings usually begins with the title
  }
  return text;
}

}  // namespace

void SqliteIndex::add_words(Connection& c, std::int64_t chunk, const std::string& title,
                            const std::vector<std::string>& headings, const std::string& retrieval) {
  const std::string counts = pack(count_words(tokenizer_, joined_headings(title, headings), retrieval));
  Query(c, "INSERT INTO words(chunk, counts) VALUES(?, ?)", chunk, Query::Blob(std::as_bytes(std::span(counts)))).run();
}

Result<void> SqliteIndex::replace(const IndexedDocument& document, const std::vector<Chunk>& chunks,
                                  const std::vector<std::vector<float>>& vectors) {
  return store_.write([&](Connection& c) -> Result<void> {
    check_tokenizer(c);
    if (auto checked = check_entry(document, chunks, vectors, dimension(c)); !checked) return checked;
    drop(c, document.id);
    const auto key = add_document(c, document);
    std::size_t picture = 0;
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      const auto chunk = add_chunk(c, key, document, chunks[i], i);
      add_words(c, chunk, document.title, chunks[i].headings, chunks[i].retrieval);
      add_vector(c, chunk, vectors[i]);
      for (; picture < document.pictures.size() && document.pictures[picture].passage == i; ++picture) {
        add_picture(c, chunk, picture, document.pictures[picture]);
      }
    }
    next_generation(c);
    return {};
  });
}

void SqliteIndex::remove(const std::string& document_id) {
  store_.write([&](Connection& c) {
    check_tokenizer(c);
    drop(c, document_id);
    next_generation(c);
  });
}

}  // namespace twin::stores
