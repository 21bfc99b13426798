#include "feature/training_sets/line_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "core/i18n.h"
#include "core/result.h"

namespace twin::feature {

LineFile::LineFile(std::filesystem::path file) : file_(std::move(file)) {
  const auto folder = std::filesystem::absolute(file_).parent_path();
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  temporary_ = folder / (".twin-tmp-" + std::to_string(::getpid()) + "-" + file_.filename().string());
  out_ = std::fopen(temporary_.c_str(), "wb");
  if (!out_) failed();
}

LineFile::~LineFile() {
  if (out_) std::fclose(out_);
  std::error_code ignored;
  if (out_) std::filesystem::remove(temporary_, ignored);
}

void LineFile::failed() const {
  throw Fatal(ErrorKind::io, tr("Cannot write the file: {}", std::strerror(errno)), file_.string());
}

void LineFile::line(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), out_) != text.size() || std::fputc('\n', out_) == EOF) failed();
}

void LineFile::finish() {
  if (std::fflush(out_) != 0 || ::fsync(::fileno(out_)) != 0) failed();
  if (std::rename(temporary_.c_str(), file_.c_str()) != 0) failed();
  std::fclose(out_);
  out_ = nullptr;
  const int folder = ::open(std::filesystem::absolute(file_).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    ::fsync(folder);
    ::close(folder);
  }
}

}  // namespace twin::feature
