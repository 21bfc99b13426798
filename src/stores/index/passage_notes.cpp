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
  if (generation < generation_) return;
  if (generation > generation_ || notes_.size() >= kMostNotes) notes_.clear();
  generation_ = generation;
  notes_.insert_or_assign(id, note);
}

std::optional<PassageNote> PassageLookup::by_id(const std::string& id) {
  if (const auto known = notes_.find(generation_, id)) return known;
  if (by_id_) {
    by_id_->again();
    by_id_->bind(id);
  } else {
    by_id_.emplace(connection_, std::string(kNoteColumns) + "id = ?", id);
  }
  if (!by_id_->step()) return std::nullopt;
  const PassageNote note = note_of(*by_id_);
  notes_.add(generation_, id, note);
  return note;
}

std::optional<std::string> PassageLookup::id_of(std::int64_t key) {
  if (by_key_) {
    by_key_->again();
    by_key_->bind(key);
  } else {
    by_key_.emplace(connection_, std::string(kNoteColumns) + "key = ?", key);
  }
  if (!by_key_->step()) return std::nullopt;
  std::string id = by_key_->text(0);
  notes_.add(generation_, id, note_of(*by_key_));
  return id;
}

}  // namespace twin::stores
