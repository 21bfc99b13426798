#include "stores/index/passage_notes.h"

namespace twin::stores {
namespace {

// Of a search some hundreds are looked up; what is older makes room.
constexpr std::size_t kMostNotes = 2048;

constexpr const char* kNoteColumns =
    "SELECT id, key, document, start, end, ifnull(length(text), end - start), parent_start, parent_end, "
    "parent_headings FROM chunks WHERE ";

PassageNote note_of(sqlite::Query& row) {
  const auto size = [&row](int column) { return static_cast<std::size_t>(row.integer(column)); };
  return {.key = row.integer(1),
          .document = row.integer(2),
          .start = size(3),
          .end = size(4),
          .text_bytes = size(5),
          .parent = {size(6), size(7), row.small(8)}};
}

}  // namespace

std::optional<PassageNote> PassageNotes::find(std::int64_t generation, const std::string& id) {
  const std::lock_guard lock(mutex_);
  if (generation != generation_) return std::nullopt;
  const auto found = notes_.find(id);
  return found == notes_.end() ? std::nullopt : std::optional(found->second);
}

void PassageNotes::add(std::int64_t generation, const std::string& id, const PassageNote& note) {
  const std::lock_guard lock(mutex_);
  if (begin(generation)) notes_.insert_or_assign(id, note);
}

std::optional<std::int64_t> PassageNotes::find_key(std::int64_t generation, const std::string& id) {
  const std::lock_guard lock(mutex_);
  if (generation != generation_) return std::nullopt;
  if (const auto found = keys_.find(id); found != keys_.end()) return found->second;
  const auto found = notes_.find(id);
  return found == notes_.end() ? std::nullopt : std::optional(found->second.key);
}

void PassageNotes::add_keys(std::int64_t generation, const std::vector<Hit>& hits,
                            const std::vector<std::int64_t>& keys) {
  const std::lock_guard lock(mutex_);
  if (!begin(generation)) return;
  for (std::size_t i = 0; i < hits.size(); ++i) keys_.try_emplace(hits[i].chunk_id, keys[i]);
}

bool PassageNotes::begin(std::int64_t generation) {
  if (generation < generation_) return false;
  if (generation > generation_ || notes_.size() >= kMostNotes || keys_.size() >= kMostNotes) {
    notes_.clear();
    keys_.clear();
  }
  generation_ = generation;
  return true;
}

std::optional<PassageNote> PassageLookup::by_id(const std::string& id) {
  if (const auto known = notes_.find(generation_, id)) return known;
  sqlite::Query* row = nullptr;
  if (const auto key = notes_.find_key(generation_, id)) {
    if (!find_row(*key)) return std::nullopt;
    row = &*by_key_;
  } else {
    if (by_id_) {
      by_id_->again();
      by_id_->bind(id);
    } else {
      by_id_.emplace(connection_, std::string(kNoteColumns) + "id = ?", id);
    }
    if (!by_id_->step()) return std::nullopt;
    row = &*by_id_;
  }
  const PassageNote note = note_of(*row);
  notes_.add(generation_, id, note);
  return note;
}

std::optional<std::int64_t> PassageLookup::key_of(const std::string& id) {
  if (const auto key = notes_.find_key(generation_, id)) return key;
  const auto note = by_id(id);
  return note ? std::optional(note->key) : std::nullopt;
}

std::optional<std::string> PassageLookup::id_of(std::int64_t key) {
  if (!find_row(key)) return std::nullopt;
  std::string id = by_key_->text(0);
  notes_.add(generation_, id, note_of(*by_key_));
  return id;
}

bool PassageLookup::find_row(std::int64_t key) {
  if (by_key_) {
    by_key_->again();
    by_key_->bind(key);
  } else {
    by_key_.emplace(connection_, std::string(kNoteColumns) + "key = ?", key);
  }
  return by_key_->step();
}

}  // namespace twin::stores
