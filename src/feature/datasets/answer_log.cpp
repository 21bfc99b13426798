#include "feature/datasets/answer_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/i18n.h"
#include "core/json.h"
#include "core/text/unicode.h"

namespace twin::feature {
namespace {

tl::unexpected<Error> io_error(const std::filesystem::path& file) {
  return fail(ErrorKind::io, tr("Cannot write the file: {}", std::strerror(errno)), file.string());
}

}  // namespace

void AnswerLog::read_line(std::string_view line, std::map<std::string, Kept>& kept) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return;
  const auto key = json.find("key");
  const auto hash = json.find("sha256");
  if (key == json.end() || hash == json.end() || !key->is_string() || !hash->is_string()) return;
  const auto cut = json.find("cut");
  kept[key->get<std::string>()] = {hash->get<std::string>(), cut != json.end() && *cut == Json(true)};
}

Result<AnswerLog> AnswerLog::open(const std::filesystem::path& file, stores::Objects& objects) {
  std::error_code ignored;
  std::filesystem::create_directories(file.parent_path(), ignored);
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return io_error(file);
  AnswerLog log(file, objects, fd);
  const Result<std::string> text = disk().read(file);
  if (!text) return tl::unexpected(text.error());
  const std::size_t newline = text->rfind('\n');
  const std::size_t whole = newline == std::string::npos ? 0 : newline + 1;
  if (whole < text->size() && ::ftruncate(fd, static_cast<off_t>(whole)) != 0) return io_error(file);
  for (const std::string_view line : text::split(std::string_view(*text).substr(0, whole), '\n')) {
    if (!line.empty()) read_line(line, log.kept_);
  }
  return log;
}

AnswerLog::AnswerLog(AnswerLog&& other) noexcept
    : file_(std::move(other.file_)),
      objects_(other.objects_),
      fd_(std::exchange(other.fd_, -1)),
      kept_(std::move(other.kept_)) {}

AnswerLog::~AnswerLog() {
  if (fd_ >= 0) ::close(fd_);
}

std::optional<Reply> AnswerLog::find(const std::string& key) const {
  const auto it = kept_.find(key);
  if (it == kept_.end()) return std::nullopt;
  Result<std::string> text = objects_.get(it->second.hash);
  return text ? std::optional(Reply{std::move(*text), it->second.cut}) : std::nullopt;
}

Result<void> AnswerLog::add(const std::string& key, const Reply& reply) {
  const Result<std::string> hash = objects_.put(reply.text);
  if (!hash) return tl::unexpected(hash.error());
  Json entry{{"key", key}, {"sha256", *hash}};
  if (reply.cut) entry["cut"] = true;
  const std::string line = entry.dump() + "\n";
  if (::write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size()) || ::fsync(fd_) != 0) {
    return io_error(file_);
  }
  kept_[key] = {*hash, reply.cut};
  return {};
}

}  // namespace twin::feature
