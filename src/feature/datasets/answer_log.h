// What a model generated, kept item by item, so that a killed run continues where it was.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/result.h"
#include "stores/objects/objects.h"

namespace twin::feature {

/// What a model replied.
struct Reply {
  std::string text;
  bool cut = false;  ///< it ended at the limit of tokens, not by itself
};

/// An append-only file of (key, hash) lines; the texts are in Objects. A line is one write and one sync: after a crash
/// the file ends with whole lines, or with a torn one that is cut off at the next start. Used by one thread of one
/// process at a time.
class AnswerLog {
 public:
  /// Opens or makes the file. Lines that cannot be read are skipped: their answers are generated again.
  [[nodiscard]] static Result<AnswerLog> open(const std::filesystem::path& file, stores::Objects& objects);
  AnswerLog(AnswerLog&& other) noexcept;
  AnswerLog& operator=(AnswerLog&&) = delete;
  ~AnswerLog();

  /// The reply kept under a key; nullopt when there is none or its object is damaged.
  [[nodiscard]] std::optional<Reply> find(const std::string& key) const;
  [[nodiscard]] Result<void> add(const std::string& key, const Reply& reply);

 private:
  AnswerLog(std::filesystem::path file, stores::Objects& objects, int fd)
      : file_(std::move(file)), objects_(objects), fd_(fd) {}

  std::filesystem::path file_;
  stores::Objects& objects_;
  int fd_ = -1;
  struct Kept {
    std::string hash;
    bool cut = false;
  };
  static void read_line(std::string_view line, std::map<std::string, Kept>& kept);
  std::map<std::string, Kept> kept_;
};

}  // namespace twin::feature
