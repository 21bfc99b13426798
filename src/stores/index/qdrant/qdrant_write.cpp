// Writing documents: passages first, then the switch, then what is no longer needed.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/log.h"
#include "core/text/unicode.h"
#include "stores/index/qdrant/qdrant_index.h"
#include "stores/index/qdrant/words.h"
#include "stores/index/rules.h"

namespace twin::stores::qdrant {
namespace {

constexpr const char* kWritePoints = "/points?wait=true";
constexpr const char* kWriteBatch = "/points/batch?wait=true";
constexpr const char* kDeletePoints = "/points/delete?wait=true";

bool is_utf8(std::string_view bytes) {
  return text::first_invalid_utf8(bytes) == std::string_view::npos;
}

bool all_utf8(const std::vector<std::string>& texts) {
  return std::all_of(texts.begin(), texts.end(), [](const std::string& text) { return is_utf8(text); });
}

bool all_utf8(const IndexedDocument& d, const std::vector<Chunk>& chunks) {
  return all_utf8({d.id, d.feature_key, d.url, d.title, d.source, d.category, d.language}) && all_utf8(d.author_ids) &&
         is_utf8(d.prose) &&
         std::all_of(d.pictures.begin(), d.pictures.end(),
                     [](const IndexedPicture& picture) { return is_utf8(picture.source); }) &&
         std::all_of(chunks.begin(), chunks.end(), [](const Chunk& chunk) {
           return is_utf8(chunk.id) && is_utf8(chunk.text) && is_utf8(chunk.retrieval) && all_utf8(chunk.headings);
         });
}

/// Passages of one document, or of all when it is empty, whose sequence lies in a range ({"lt": 5}).
Json chunks_where(const std::string& document_id, const Json& range) {
  Json must = {matches("kind", "chunk"), {{"key", "sequence"}, {"range", range}}};
  if (!document_id.empty()) must.push_back(matches("document", document_id));
  return {{"filter", {{"must", must}}}};
}

std::string points_body(const std::string& points) {
  return fmt::format(R"({{"points":[{}]}})", points);
}

/// Points on their way into requests of limited size.
class Batch {
 public:
  using Send = std::function<Result<void>(const std::string& points)>;
  Batch(std::int64_t most_bytes, Send send)
      : most_bytes_(static_cast<std::size_t>(most_bytes)), send_(std::move(send)) {}

  [[nodiscard]] Result<void> add(const std::string& point) {
    if (!points_.empty() && points_.size() + point.size() > most_bytes_) {
      if (auto sent = finish(); !sent) return sent;
    }
    if (!points_.empty()) points_ += ',';
    points_ += point;
    return {};
  }
  [[nodiscard]] Result<void> finish() {
    if (points_.empty()) return {};
    auto sent = send_(points_);
    points_.clear();
    return sent;
  }

 private:
  std::size_t most_bytes_;
  Send send_;
  std::string points_;
};

/// The vectors of a passage's pictures, as one more member of its vectors.
std::string picture_vectors(const IndexedDocument& document, std::size_t passage) {
  std::string lists;
  for (const IndexedPicture& picture : document.pictures) {
    if (picture.passage == passage) lists += (lists.empty() ? "" : ",") + number_list(picture.vector);
  }
  return lists.empty() ? std::string() : fmt::format(R"(,"pictures":[{}])", lists);
}

Result<void> without_value(Result<Json>&& result) {
  if (!result) return tl::unexpected(std::move(result.error()));
  return {};
}

}  // namespace

Result<void> QdrantIndex::write_chunks(const IndexedDocument& document, const std::vector<Chunk>& chunks,
                                       const std::vector<std::vector<float>>& vectors, double average_length,
                                       DocumentState& state) {
  Tokenizer tokenizer(tier_.kiwi);
  Batch batch(config_.qdrant.batch_bytes, [&](const std::string& points) {
    return without_value(client_.send("PUT", collection_.path(kWritePoints), points_body(points)));
  });
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const PassageWords words = count_words(tokenizer, document.title, chunks[i], config_.heading_weight);
    state.tokens += words.length;
    const std::string both = fmt::format(R"({{"dense":{},"bm25":{}{}}})", number_list(vectors[i]),
                                         sparse_vector(words, average_length), picture_vectors(document, i));
    const auto payload = chunk_payload(document, chunks[i], i, state);
    if (auto added = batch.add(point_json(chunk_point(state.generation, chunks[i].id), payload, both)); !added) {
      return added;
    }
  }
  return batch.finish();
}

Result<void> QdrantIndex::replace(const IndexedDocument& document, const std::vector<Chunk>& chunks,
                                  const std::vector<std::vector<float>>& vectors) {
  const std::lock_guard lock(writing_);
  auto meta = read_meta();
  if (auto checked = index_detail::check_entry(document, chunks, vectors, meta ? meta->dimension : 0); !checked) {
    return checked;
  }
  if (!all_utf8(document, chunks)) {
    return fail(ErrorKind::invalid, tr("A text of the document is not UTF-8: Qdrant cannot keep it"), document.id);
  }
  check_words(*meta);
  DocumentState before;
  const auto known =
      collection_.payload(document_point(document.id), {"generation", "sequence", "chunks", "tokens", "pictures"});
  if (known) before = state_of(*known);
  DocumentState state{generation_of(document, chunks, vectors), meta->sequence + 1,
                      static_cast<std::int64_t>(chunks.size()), 0, static_cast<std::int64_t>(document.pictures.size())};
  auto written = write_chunks(document, chunks, vectors, meta->average_length, state);
  if (written) {
    meta->sequence = state.sequence;
    meta->documents += known ? 0 : 1;
    meta->chunks += state.chunks - before.chunks;
    meta->tokens += state.tokens - before.tokens;
    meta->pictures += state.pictures - before.pictures;
    meta->last_document = document.id;
    const std::string points = point_json(meta_point(), meta_payload(*meta)) + "," +
                               point_json(document_point(document.id), document_payload(document, state));
    const std::string body = fmt::format(R"({{"operations":[{{"upsert":{{"points":[{}]}}}},{{"delete":{}}}]}})", points,
                                         body_of(chunks_where(document.id, {{"lt", state.sequence}})));
    written = without_value(client_.send("POST", collection_.path(kWriteBatch), body));
  }
  if (written) {
    known_sequence_ = state.sequence;
    return {};
  }
  if (written.error().kind != ErrorKind::limit) throw Fatal(std::move(written.error()));
  // Too large for the server: an error of this document. What was written of it is seen by no reader.
  value_or_throw(client_.send("POST", collection_.path(kDeletePoints),
                              body_of(chunks_where(document.id, {{"gte", state.sequence}}))));
  written.error().where = document.id;
  return written;
}

void QdrantIndex::remove(const std::string& document_id) {
  const std::lock_guard lock(writing_);
  auto meta = read_meta();
  if (!meta) return;
  check_words(*meta);
  const auto known =
      collection_.payload(document_point(document_id), {"generation", "sequence", "chunks", "tokens", "pictures"});
  if (!known) return;
  const DocumentState before = state_of(*known);
  ++meta->sequence;
  --meta->documents;
  meta->chunks -= before.chunks;
  meta->tokens -= before.tokens;
  meta->pictures -= before.pictures;
  meta->last_document = document_id;
  const std::string body = fmt::format(
      R"({{"operations":[{{"upsert":{{"points":[{}]}}}},{{"delete":{{"points":["{}"]}}}},{{"delete":{}}}]}})",
      point_json(meta_point(), meta_payload(*meta)), document_point(document_id),
      body_of(chunks_where(document_id, {{"lt", meta->sequence}})));
  value_or_throw(client_.send("POST", collection_.path(kWriteBatch), body));
  known_sequence_ = meta->sequence;
}

// What a crash between the steps of replace() or remove() left, and counts that it made wrong.
void QdrantIndex::tidy(Meta meta) {
  const auto forget = [&](const Json& filter) {
    value_or_throw(client_.send("POST", collection_.path(kDeletePoints), body_of(filter)));
  };
  forget(chunks_where({}, {{"gt", meta.sequence}}));
  if (!meta.last_document.empty()) {
    const auto last = collection_.payload(document_point(meta.last_document), {"sequence"});
    const std::int64_t from = last ? last->at("sequence").get<std::int64_t>() : meta.sequence + 1;
    forget(chunks_where(meta.last_document, {{"lt", from}}));
  }
  Meta counted = meta;
  counted.documents = counted.chunks = counted.tokens = counted.pictures = 0;
  scroll({{"filter", {{"must", {matches("kind", "document")}}}}, {"with_payload", {"chunks", "tokens", "pictures"}}},
         [&](const Json& points) {
           for (const auto& point : points) {
             ++counted.documents;
             counted.chunks += point.at("payload").at("chunks").get<std::int64_t>();
             counted.tokens += point.at("payload").at("tokens").get<std::int64_t>();
             counted.pictures += point.at("payload").value("pictures", std::int64_t{0});
           }
           return true;
         });
  // Passages that are gone for another reason than a writer's end: their documents lose their keys, so that the build
  // that calls this makes them again.
  const Json chunks = {{"must", {matches("kind", "chunk")}}};
  const auto there =
      client_.call("POST", collection_.path("/points/count"), body_of({{"exact", true}, {"filter", chunks}}));
  if (there && there->at("count").get<std::int64_t>() != counted.chunks) {
    std::map<std::string, std::map<std::string, std::int64_t>> passages;  // by document, by generation
    scroll({{"filter", chunks}, {"with_payload", {"document", "generation"}}}, [&](const Json& points) {
      for (const auto& point : points) {
        const Json& payload = point.at("payload");
        ++passages[payload.at("document").get<std::string>()][payload.at("generation").get<std::string>()];
      }
      return true;
    });
    Json broken = Json::array();
    scroll({{"filter", {{"must", {matches("kind", "document")}}}}, {"with_payload", {"id", "generation", "chunks"}}},
           [&](const Json& points) {
             for (const auto& point : points) {
               const Json& payload = point.at("payload");
               const auto& own = passages[payload.at("id").get<std::string>()];
               const auto found = own.find(payload.at("generation").get<std::string>());
               const std::int64_t whole = payload.at("chunks").get<std::int64_t>();
               if ((found == own.end() ? 0 : found->second) != whole) broken.push_back(point.at("id"));
             }
             return true;
           });
    if (!broken.empty()) {
      log::warn("{}", tr("{} documents of the index are not whole: they are made again", broken.size()));
      const Json body = {{"payload", {{"feature_key", ""}}}, {"points", broken}};
      value_or_throw(client_.send("POST", collection_.path("/points/payload?wait=true"), body_of(body)));
    }
  }
  if (counted.documents == meta.documents && counted.chunks == meta.chunks && counted.tokens == meta.tokens &&
      counted.pictures == meta.pictures) {
    return;
  }
  value_or_throw(client_.send("PUT", collection_.path(kWritePoints),
                              points_body(point_json(meta_point(), meta_payload(counted)))));
}

void QdrantIndex::make_words(Meta meta, double average_length) {
  const auto write_meta = [&] {
    value_or_throw(
        client_.send("PUT", collection_.path(kWritePoints), points_body(point_json(meta_point(), meta_payload(meta)))));
  };
  if (meta.words != words_identity()) {
    log::info("The words of the index are made again");
    meta.words.clear();  // until the end nobody searches words of two kinds
    write_meta();
  }
  meta.tokens = 0;
  scroll({{"filter", {{"must", {matches("kind", "document")}}}},
          {"with_payload", {"id", "title", "generation", "tokens"}}},
         [&](const Json& points) {
           std::vector<Json> documents;
           for (const auto& point : points) documents.push_back(point.at("payload"));
           meta.tokens += make_words_of(documents, average_length);
           return true;
         });
  meta.words = words_identity();
  meta.average_length = average_length;
  write_meta();
}

std::int64_t QdrantIndex::make_words_of(const std::vector<Json>& documents, double average_length) {
  std::vector<std::string> ids;
  std::map<std::string, Json> by_id;
  std::map<std::string, std::int64_t> tokens;
  for (const auto& document : documents) {
    ids.push_back(document.at("id").get<std::string>());
    by_id.emplace(ids.back(), document);
    tokens[ids.back()] = 0;
  }
  Tokenizer tokenizer(tier_.kiwi);
  Batch batch(config_.qdrant.batch_bytes, [&](const std::string& points) {
    return without_value(client_.send("PUT", collection_.path("/points/vectors?wait=true"), points_body(points)));
  });
  scroll({{"filter", {{"must", {matches("kind", "chunk"), matches_any("document", ids)}}}},
          {"with_payload", {"document", "generation", "headings", "retrieval"}}},
         [&](const Json& points) {
           for (const auto& point : points) {
             const Json& payload = point.at("payload");
             const auto id = payload.at("document").get<std::string>();
             const Json& document = by_id.at(id);
             Chunk chunk;
             chunk.headings = payload.at("headings").get<std::vector<std::string>>();
             chunk.retrieval = payload.at("retrieval").get<std::string>();
             const PassageWords words = count_words(tokenizer, document.at("title").get_ref<const std::string&>(),
                                                    chunk, config_.heading_weight);
             if (payload.at("generation") == document.at("generation")) tokens[id] += words.length;
             value_or_throw(batch.add(fmt::format(R"({{"id":"{}","vector":{{"bm25":{}}}}})",
                                                  point.at("id").get_ref<const std::string&>(),
                                                  sparse_vector(words, average_length))));
           }
           return true;
         });
  value_or_throw(batch.finish());
  Json operations = Json::array();
  std::int64_t sum = 0;
  for (const auto& [id, count] : tokens) {
    sum += count;
    if (by_id.at(id).at("tokens").get<std::int64_t>() == count) continue;
    operations.push_back({{"set_payload", {{"payload", {{"tokens", count}}}, {"points", {document_point(id)}}}}});
  }
  if (operations.empty()) return sum;
  value_or_throw(client_.send("POST", collection_.path(kWriteBatch), body_of({{"operations", operations}})));
  return sum;
}

}  // namespace twin::stores::qdrant
