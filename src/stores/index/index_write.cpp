// Writing documents into the index.
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/i18n.h"
#include "stores/index/sqlite_index.h"

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
  Query document(c, "SELECT key, title FROM documents WHERE id = ?", document_id);
  if (!document.step()) return;
  const auto key = document.integer(0);
  const auto title = document.text(1);
  Query chunks(c, "SELECT key, headings, retrieval FROM chunks WHERE document = ? ORDER BY position", key);
  while (chunks.step()) {
    change_words(c, Words::take_away, chunks.integer(0), title, chunks.text(1), chunks.text(2));
  }
  Query(c, "DELETE FROM chunks WHERE document = ?", key).run();
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

std::string joined_headings(const std::string& title, const std::string& headings_json) {
  std::string text = title;
  for (const auto& heading : Json::parse(headings_json)) {
    const auto& words = heading.get_ref<const std::string&>();
    if (words != title) text += '\n' + words;  // the path of headings usually begins with the title
  }
  return text;
}

}  // namespace

void index_detail::change_words(Connection& connection, Words what, std::int64_t chunk, const std::string& title,
                                const std::string& headings_json, const std::string& retrieval) {
  const std::string headings = joined_headings(title, headings_json);
  if (what == Words::add) {
    Query(connection, "INSERT INTO passages(rowid, headings, body) VALUES(?, ?, ?)", chunk, headings, retrieval).run();
  } else {
    Query(connection, "INSERT INTO passages(passages, rowid, headings, body) VALUES('delete', ?, ?, ?)", chunk,
          headings, retrieval)
        .run();
  }
}

Result<void> SqliteIndex::replace(const IndexedDocument& document, const std::vector<Chunk>& chunks,
                                  const std::vector<std::vector<float>>& vectors) {
  return store_.write([&](Connection& c) -> Result<void> {
    check_tokenizer(c);
    if (auto checked = check_entry(document, chunks, vectors, dimension(c)); !checked) return checked;
    drop(c, document.id);
    const auto key = add_document(c, document);
    const std::string title = document.title;
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      const auto chunk = add_chunk(c, key, document, chunks[i], i);
      change_words(c, Words::add, chunk, title, dump(chunks[i].headings), chunks[i].retrieval);
      add_vector(c, chunk, vectors[i]);
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
