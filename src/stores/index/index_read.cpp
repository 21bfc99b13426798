// Reading documents and chunks back.
#include <cstring>
#include <nlohmann/json.hpp>

#include "stores/index/sqlite_index.h"

namespace twin::stores {
namespace {

using index_detail::generation;
using sqlite::Connection;
using sqlite::Query;

constexpr const char* kChunkColumns =
    "c.id, c.document_version, c.start, c.end, c.tokens, c.headings, c.retrieval, c.parent_start, c.parent_end, "
    "c.parent_headings";
constexpr int kBehindChunk = 10;

std::vector<std::string> parse(const std::string& json) {
  return Json::parse(json).get<std::vector<std::string>>();
}

// From the columns above.
Chunk chunk_of(Query& query) {
  Chunk chunk;
  chunk.id = query.text(0);
  chunk.document_version = query.small(1);
  chunk.start = static_cast<std::size_t>(query.integer(2));
  chunk.end = static_cast<std::size_t>(query.integer(3));
  chunk.tokens = query.small(4);
  chunk.headings = parse(query.text(5));
  chunk.retrieval = query.text(6);
  chunk.parent = {static_cast<std::size_t>(query.integer(7)), static_cast<std::size_t>(query.integer(8)),
                  query.small(9)};
  return chunk;
}

// Kept in the column behind, or cut from the document's prose.
std::string text_of_chunk(Query& query, const Chunk& chunk, const std::string& prose) {
  return query.is_null(kBehindChunk) ? prose.substr(chunk.start, chunk.end - chunk.start) : query.text(kBehindChunk);
}

constexpr const char* kDocumentColumns =
    "d.id, d.version, d.feature_key, d.url, d.title, d.source, d.category, d.language, d.author_ids, d.published, "
    "d.weight";

// From the columns above; the prose is not among them.
IndexedDocument document_of(Query& q, int first = 0) {
  IndexedDocument d;
  d.id = q.text(first);
  d.version = q.small(first + 1);
  d.feature_key = q.text(first + 2);
  d.url = q.text(first + 3);
  d.title = q.text(first + 4);
  d.source = q.text(first + 5);
  d.category = q.text(first + 6);
  d.language = q.text(first + 7);
  d.author_ids = parse(q.text(first + 8));
  d.published = q.integer(first + 9);
  d.weight = q.real(first + 10);
  return d;
}

std::vector<float> floats_of(Query::Blob bytes) {
  std::vector<float> vector(bytes.size() / sizeof(float));
  std::memcpy(vector.data(), bytes.data(), vector.size() * sizeof(float));
  return vector;
}

}  // namespace

std::vector<std::string> SqliteIndex::sample(const std::string& language, int count) {
  return store_.read([&](Connection& c) {
    std::vector<std::string> ids;
    // Ids are hashes: their order has nothing to do with that of documents.
    Query rows(c,
               "SELECT c.id FROM chunks c JOIN documents d ON d.key = c.document WHERE d.language = ? "
               "ORDER BY c.id LIMIT ?",
               language, count);
    while (rows.step()) ids.push_back(rows.text(0));
    return ids;
  });
}

std::vector<IndexedPicture> index_detail::pictures_of(Connection& c, std::int64_t document) {
  std::vector<IndexedPicture> pictures;
  Query rows(c,
             "SELECT c.position, p.source, p.sha256, p.vector FROM chunks c JOIN pictures p ON p.chunk = c.key "
             "WHERE c.document = ? ORDER BY c.position, p.position",
             document);
  while (rows.step()) {
    pictures.push_back(
        {static_cast<std::size_t>(rows.integer(0)), rows.text(1), rows.text(2), floats_of(rows.blob(3))});
  }
  return pictures;
}

std::optional<IndexedDocument> SqliteIndex::document(const std::string& id) {
  return store_.read([&](Connection& c) -> std::optional<IndexedDocument> {
    Query query(c, std::string("SELECT ") + kDocumentColumns + ", d.prose FROM documents d WHERE d.id = ?", id);
    if (!query.step()) return std::nullopt;
    IndexedDocument document = document_of(query);
    document.prose = query.text(11);
    return document;
  });
}

std::vector<std::pair<std::string, std::string>> SqliteIndex::document_keys() {
  return store_.read([](Connection& c) {
    std::vector<std::pair<std::string, std::string>> keys;
    Query query(c, "SELECT id, feature_key FROM documents ORDER BY id");
    while (query.step()) keys.emplace_back(query.text(0), query.text(1));
    return keys;
  });
}

std::vector<IndexedPassage> SqliteIndex::passages(const std::vector<std::string>& chunk_ids) {
  return store_.read([&](Connection& c) {
    std::vector<IndexedPassage> found;
    found.reserve(chunk_ids.size());
    Query query(c, std::string("SELECT ") + kChunkColumns +
                       ", ifnull(c.text, substr(d.prose, c.start + 1, c.end - c.start)), " + kDocumentColumns +
                       " FROM chunks c JOIN documents d ON d.key = c.document WHERE c.id = ?");
    for (const auto& id : chunk_ids) {
      query.again();
      query.bind(id);
      if (!query.step()) continue;
      IndexedPassage passage{chunk_of(query), document_of(query, kBehindChunk + 1)};
      passage.chunk.document_id = passage.document.id;
      passage.chunk.text = query.text(kBehindChunk);
      found.push_back(std::move(passage));
    }
    return found;
  });
}

// A document's prose comes after these columns in its row: it is not read.
std::vector<PassageOutline> SqliteIndex::outlines(const std::vector<std::string>& chunk_ids) {
  return store_.read([&](Connection& c) {
    std::vector<PassageOutline> found;
    found.reserve(chunk_ids.size());
    PassageLookup lookup(c, generation(c), notes_);
    Query document(c, "SELECT id, weight, published, language FROM documents WHERE key = ?");
    for (const auto& id : chunk_ids) {
      const auto note = lookup.by_id(id);
      if (!note) continue;
      document.again();
      document.bind(note->document);
      if (!document.step()) continue;
      found.push_back({.chunk_id = id,
                       .document_id = document.text(0),
                       .start = note->start,
                       .end = note->end,
                       .text_bytes = note->text_bytes,
                       .parent = note->parent,
                       .weight = document.real(1),
                       .published = document.integer(2),
                       .language = document.text(3)});
    }
    return found;
  });
}

IndexFacets SqliteIndex::facets() {
  return store_.read([](Connection& c) {
    const auto values = [&c](const char* sql) {
      std::vector<std::string> found;
      Query query(c, sql);
      while (query.step()) found.push_back(query.text(0));
      return found;
    };
    return IndexFacets{values("SELECT DISTINCT category FROM documents ORDER BY 1"),
                       values("SELECT DISTINCT source FROM documents ORDER BY 1"),
                       values("SELECT DISTINCT author FROM document_authors ORDER BY 1"),
                       values("SELECT DISTINCT language FROM documents ORDER BY 1")};
  });
}

std::vector<std::string> SqliteIndex::prose(const std::vector<ProseSpan>& spans) {
  return store_.read([&](Connection& c) {
    std::vector<std::string> texts;
    texts.reserve(spans.size());
    for (const ProseSpan& span : spans) {
      Query query(c, "SELECT substr(prose, ? + 1, ?) FROM documents WHERE id = ? AND length(prose) >= ?", span.start,
                  span.end - span.start, span.document_id, span.end);
      texts.push_back(span.start < span.end && query.step() ? query.text(0) : std::string());
    }
    return texts;
  });
}

std::map<std::string, std::vector<float>> SqliteIndex::vectors(const std::vector<std::string>& chunk_ids) {
  return store_.read([&](Connection& c) {
    std::map<std::string, std::vector<float>> found;
    for (const auto& id : chunk_ids) {
      Query row(c, "SELECT v.vector FROM chunks c JOIN vectors v ON v.chunk = c.key WHERE c.id = ?", id);
      if (row.step()) found.emplace(id, floats_of(row.blob(0)));
    }
    return found;
  });
}

// The prose is read once per document, not once per chunk.
void SqliteIndex::each_chunk(const std::function<bool(Chunk&&)>& visit) {
  store_.read([&](Connection& c) {
    Query documents(c, "SELECT d.key, d.id, d.prose FROM documents d ORDER BY d.id");
    while (documents.step()) {
      const std::string id = documents.text(1);
      const std::string prose = documents.text(2);
      Query chunks(c,
                   std::string("SELECT ") + kChunkColumns +
                       ", c.text FROM chunks c WHERE c.document = ? "
                       "ORDER BY c.position",
                   documents.integer(0));
      while (chunks.step()) {
        Chunk chunk = chunk_of(chunks);
        chunk.document_id = id;
        chunk.text = text_of_chunk(chunks, chunk, prose);
        if (!visit(std::move(chunk))) return;
      }
    }
  });
}

void SqliteIndex::each_entry(const std::function<bool(IndexEntry&&)>& visit) {
  store_.read([&](Connection& c) {
    Query documents(c, std::string("SELECT ") + kDocumentColumns + ", d.prose, d.key FROM documents d ORDER BY d.id");
    while (documents.step()) {
      IndexEntry entry;
      entry.document = document_of(documents);
      entry.document.prose = documents.text(11);
      const std::string& prose = entry.document.prose;
      Query chunks(c,
                   std::string("SELECT ") + kChunkColumns +
                       ", c.text, v.vector FROM chunks c JOIN vectors v ON v.chunk = c.key WHERE c.document = ? "
                       "ORDER BY c.position",
                   documents.integer(12));
      entry.document.pictures = index_detail::pictures_of(c, documents.integer(12));
      while (chunks.step()) {
        Chunk chunk = chunk_of(chunks);
        chunk.document_id = entry.document.id;
        chunk.text = text_of_chunk(chunks, chunk, prose);
        entry.chunks.push_back(std::move(chunk));
        entry.vectors.push_back(floats_of(chunks.blob(kBehindChunk + 1)));
      }
      if (!visit(std::move(entry))) return;
    }
  });
}

}  // namespace twin::stores
