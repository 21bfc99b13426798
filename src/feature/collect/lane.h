// What one source gives, on its way to the writer: in order, and no more at a time than fits the budget.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "feature/sources/source.h"
#include "stores/warehouse/document.h"

namespace twin::feature {

/// An item of a source and what became of it.
struct Entry {
  enum class Kind {
    pending,    ///< to be cleaned
    document,   ///< cleaned: `document` is to be stored
    unchanged,  ///< made of the same as last time: `origin` says which document it is
    failed,     ///< `error`
  };
  Kind kind = Kind::pending;
  std::string shown;  ///< canonical form of the URL that the source gave; may be empty when it failed
  RawDocument raw;    ///< without its bytes once they are not needed
  std::string stamp;  ///< of the bytes, as Origin::stamp
  std::string key;    ///< as Origin::key
  stores::Document document;
  std::vector<Error> notes;
  stores::Origin origin;  ///< of last time; its url is empty when there is none
  Error error;
  bool unreadable = false;    ///< `error` is the source's own
  std::exception_ptr broken;  ///< the run cannot go on
  std::uint64_t weight = 0;   ///< bytes of the budget
};

/// One thread pushes, any makes ready, one pops.
class Lane {
 public:
  explicit Lane(std::uint64_t budget) : budget_(budget) {}

  /// Waits for room. False: nobody takes entries any more.
  bool push(const std::shared_ptr<Entry>& entry, bool ready);
  /// The entry may be popped.
  void ready(const Entry* entry);
  /// Nothing is pushed after this.
  void close();

  enum class Next { entry, late, end };
  /// The next entry in the order of push(), once it is ready; `late` when that takes longer than `patience`. Who has
  /// taken all that was ready is woken for several at once, unless nothing more comes or push() waits for room.
  Next pop(std::shared_ptr<Entry>& entry, std::chrono::milliseconds patience);
  /// The room of popped entries is free again.
  void release(std::uint64_t weight);
  /// push() returns false from now on.
  void abandon();

 private:
  struct Slot {
    std::shared_ptr<Entry> entry;
    bool ready = false;
  };
  [[nodiscard]] bool worth_waking() const;

  std::mutex mutex_;
  std::condition_variable room_, filled_;
  std::deque<Slot> slots_;
  std::uint64_t budget_, used_ = 0;
  bool closed_ = false, abandoned_ = false, crowded_ = false;  // crowded: push() waits for room
};

}  // namespace twin::feature
