#include "stores/index/filter_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <numeric>
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
std::vector<KeyRange> index_detail::filtered_chunks(Connection& connection, const IndexFilter& filter) {
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
  std::vector<KeyRange> ranges;
  for (const std::int64_t key : keys) {
    if (!ranges.empty() && ranges.back().last + 1 == key) {
      ranges.back().last = key;
    } else {
      ranges.push_back({key, key});
    }
  }
  return ranges;
}

FilterTable::FilterTable(Connection& connection) {
  std::vector<std::pair<std::int64_t, std::int64_t>> chunks;  // and their documents
  Query every(connection, "SELECT key, document FROM chunks");
  while (every.step()) chunks.emplace_back(every.integer(0), every.integer(1));
  std::sort(chunks.begin(), chunks.end());
  std::unordered_map<std::int64_t, Items> items_of;  // documents
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const auto [key, document] = chunks[i];
    if (i > 0 && chunks[i - 1].second == document) {
      items_.back().keys.last = key;
      continue;
    }
    items_of[document].push_back(static_cast<std::uint32_t>(items_.size()));
    items_.push_back({.keys = {key, key}});
  }
  Query documents(connection, "SELECT key, id, category, source, language, author_ids, published FROM documents");
  while (documents.step()) {
    const auto found = items_of.find(documents.integer(0));
    if (found == items_of.end()) continue;
    const Items& items = found->second;
    const auto note = [&items](Field& field, std::string value) {
      Items& all = field[std::move(value)];
      all.insert(all.end(), items.begin(), items.end());
    };
    note(ids_, documents.text(1));
    note(categories_, documents.text(2));
    note(sources_, documents.text(3));
    note(languages_, documents.text(4));
    const Json authors = Json::parse(documents.text(5));
    for (const auto& author : authors) note(authors_, author.get<std::string>());
    for (const std::uint32_t item : items) items_[item].published = documents.integer(6);
  }
  for (Field* field : {&ids_, &categories_, &sources_, &languages_, &authors_}) {
    for (auto& [value, items] : *field) {
      std::sort(items.begin(), items.end());
      items.erase(std::unique(items.begin(), items.end()), items.end());
    }
  }
}

std::vector<KeyRange> FilterTable::passing(const IndexFilter& filter) const {
  std::optional<Items> passing;  // nothing yet: all
  const auto hold = [&](const Field& field, const std::vector<std::string>& wanted) {
    if (wanted.empty()) return;
    Items held;
    std::size_t values = 0;
    for (const std::string& value : wanted) {
      const auto items = field.find(value);
      if (items == field.end()) continue;
      held.insert(held.end(), items->second.begin(), items->second.end());
      ++values;
    }
    if (values > 1) {
      std::sort(held.begin(), held.end());
      held.erase(std::unique(held.begin(), held.end()), held.end());
    }
    if (passing) {
      Items both;
      std::set_intersection(passing->begin(), passing->end(), held.begin(), held.end(), std::back_inserter(both));
      held = std::move(both);
    }
    passing = std::move(held);
  };
  hold(ids_, filter.document_ids);
  hold(categories_, filter.categories);
  hold(sources_, filter.sources);
  hold(languages_, filter.languages);
  hold(authors_, filter.author_ids);
  if (!passing) {
    passing.emplace(items_.size());
    std::iota(passing->begin(), passing->end(), 0U);
  }
  if (filter.published_from > 0 || filter.published_before > 0) {
    std::erase_if(*passing, [&](std::uint32_t item) {
      const UnixMillis published = items_[item].published;
      return published <= 0 || published < filter.published_from ||
             (filter.published_before > 0 && published >= filter.published_before);
    });
  }
  std::vector<KeyRange> ranges;
  ranges.reserve(passing->size());
  for (std::size_t i = 0; i < passing->size(); ++i) {
    const std::uint32_t item = (*passing)[i];
    if (i > 0 && (*passing)[i - 1] + 1 == item) {
      ranges.back().last = items_[item].keys.last;
    } else {
      ranges.push_back(items_[item].keys);
    }
  }
  return ranges;
}

std::vector<KeyRange> FilterCache::passing(Connection& connection, std::int64_t generation, const IndexFilter& filter) {
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
