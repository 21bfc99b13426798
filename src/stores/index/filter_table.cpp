#include "stores/index/filter_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "stores/index/sqlite_index.h"

namespace twin::stores {
namespace {

using sqlite::Connection;
using sqlite::Query;

std::string name_list(const std::vector<std::string>& values) {
  return Json(values).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

// As SQL, for the first filter of an instant.
std::vector<std::int64_t> index_detail::filtered_chunks(Connection& connection, const IndexFilter& filter) {
  std::string sql = "SELECT c.key FROM documents d JOIN chunks c ON c.document = d.key WHERE 1";
  std::vector<std::string> values;
  const auto where = [&](const char* condition, const std::vector<std::string>& wanted) {
    if (wanted.empty()) return;
    sql += condition;
    values.push_back(name_list(wanted));
  };
  where(" AND d.category IN (SELECT value FROM json_each(?))", filter.categories);
  where(" AND d.source IN (SELECT value FROM json_each(?))", filter.sources);
  where(" AND d.language IN (SELECT value FROM json_each(?))", filter.languages);
  where(" AND d.id IN (SELECT value FROM json_each(?))", filter.document_ids);
  where(" AND d.key IN (SELECT document FROM document_authors WHERE author IN (SELECT value FROM json_each(?)))",
        filter.author_ids);
  // Unknown dates are 0: a bound below keeps them out by itself, a bound above does not.
  if (filter.published_from > 0) sql += fmt::format(" AND d.published >= {}", filter.published_from);
  if (filter.published_before > 0) sql += fmt::format(" AND d.published BETWEEN 1 AND {}", filter.published_before - 1);
  std::vector<std::int64_t> keys;
  Query query(connection, sql, values);
  while (query.step()) keys.push_back(query.integer(0));
  std::sort(keys.begin(), keys.end());
  return keys;
}

std::uint32_t FilterTable::Names::number(std::string name) {
  const auto next = static_cast<std::uint32_t>(numbers_.size());
  return numbers_.try_emplace(std::move(name), next).first->second;
}

std::vector<bool> FilterTable::Names::among(const std::vector<std::string>& names) const {
  std::vector<bool> wanted(numbers_.size());
  for (const std::string& name : names) {
    if (const auto known = numbers_.find(name); known != numbers_.end()) wanted[known->second] = true;
  }
  return wanted;
}

FilterTable::FilterTable(Connection& connection) {
  std::unordered_map<std::int64_t, std::uint32_t> numbers;  // of documents, by key
  Query documents(connection, "SELECT key, id, category, source, language, author_ids, published FROM documents");
  while (documents.step()) {
    numbers.emplace(documents.integer(0), ids_.number(documents.text(1)));
    const Json authors = Json::parse(documents.text(5));
    for (const auto& author : authors) authors_.push_back(author_names_.number(author.get<std::string>()));
    documents_.push_back({categories_.number(documents.text(2)), sources_.number(documents.text(3)),
                          languages_.number(documents.text(4)), static_cast<std::uint32_t>(authors_.size()),
                          documents.integer(6)});
  }
  std::vector<std::pair<std::int64_t, std::uint32_t>> rows;
  Query chunks(connection, "SELECT key, document FROM chunks");
  while (chunks.step()) rows.emplace_back(chunks.integer(0), numbers.at(chunks.integer(1)));
  std::sort(rows.begin(), rows.end());
  keys_.reserve(rows.size());
  document_of_.reserve(rows.size());
  for (const auto& [key, document] : rows) {
    keys_.push_back(key);
    document_of_.push_back(document);
  }
}

std::vector<std::int64_t> FilterTable::passing(const IndexFilter& filter) const {
  std::vector<bool> passes(documents_.size(), true);
  const auto hold = [&](const Names& names, const std::vector<std::string>& wanted, auto&& number_of) {
    if (wanted.empty()) return;
    const auto among = names.among(wanted);
    for (std::size_t d = 0; d < passes.size(); ++d) passes[d] = passes[d] && among[number_of(d)];
  };
  hold(ids_, filter.document_ids, [](std::size_t d) { return d; });
  hold(categories_, filter.categories, [&](std::size_t d) { return documents_[d].category; });
  hold(sources_, filter.sources, [&](std::size_t d) { return documents_[d].source; });
  hold(languages_, filter.languages, [&](std::size_t d) { return documents_[d].language; });
  if (filter.published_from > 0 || filter.published_before > 0) {
    for (std::size_t d = 0; d < passes.size(); ++d) {
      const UnixMillis published = documents_[d].published;
      passes[d] = passes[d] && published > 0 && published >= filter.published_from &&
                  (filter.published_before == 0 || published < filter.published_before);
    }
  }
  if (!filter.author_ids.empty()) {
    const auto among = author_names_.among(filter.author_ids);
    for (std::size_t d = 0; d < passes.size(); ++d) {
      if (!passes[d]) continue;
      const std::size_t begin = d == 0 ? 0 : documents_[d - 1].authors_end;
      bool any = false;
      for (std::size_t a = begin; a < documents_[d].authors_end; ++a) any = any || among[authors_[a]];
      passes[d] = any;
    }
  }
  std::vector<std::int64_t> keys;
  for (std::size_t row = 0; row < keys_.size(); ++row) {
    if (passes[document_of_[row]]) keys.push_back(keys_[row]);
  }
  return keys;
}

std::vector<std::int64_t> FilterCache::passing(Connection& connection, std::int64_t generation,
                                               const IndexFilter& filter) {
  std::shared_ptr<const FilterTable> table;
  {
    const std::lock_guard lock(mutex_);
    if (asked_ != generation) {
      asked_ = generation;
      table_ = nullptr;
    } else {
      if (!table_) table_ = std::make_shared<const FilterTable>(connection);
      table = table_;
    }
  }
  return table ? table->passing(filter) : index_detail::filtered_chunks(connection, filter);
}

}  // namespace twin::stores
