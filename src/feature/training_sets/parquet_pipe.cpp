#include "feature/training_sets/parquet_pipe.h"

#include <unistd.h>

#include <cerrno>
#include <exception>

#include "core/i18n.h"

namespace twin::feature {
namespace {

constexpr std::size_t kLongestLine = 1u << 30;  // a row is one document or sample

std::string program() {
  auto found = find_program("twin-parquet");
  if (!found) {
    throw Fatal(ErrorKind::not_found, tr("Parquet support is not installed: the program twin-parquet is missing"),
                found.error().where, tr("install the package twin-parquet, or use JSON lines (--format jsonl)"));
  }
  return found->string();
}

[[noreturn]] void failed(const std::string& said, const std::filesystem::path& file) {
  throw Fatal(ErrorKind::io,
              said.empty() ? tr("twin-parquet ended without a word") : tr("twin-parquet failed: {}", said),
              file.string());
}

}  // namespace

bool is_parquet(std::string_view file) {
  return file.ends_with(".parquet");
}

ParquetWriter::ParquetWriter(const std::filesystem::path& file, ParquetRows rows) : file_(file) {
  auto [theirs, ours] = value_or_throw(make_pipe());
  ProcessSpec spec;
  spec.argv = {program(), rows == ParquetRows::documents ? "write" : "write-set", file.string()};
  spec.stdin_fd = theirs.get();
  spec.on_stdout = [](std::string_view) {};
  spec.on_stderr = [this](std::string_view line) { said_ += std::string(line) + "\n"; };
  process_ = value_or_throw(Process::start(std::move(spec)));
  pipe_ = std::move(ours);
}

/// Without finish() the program must not take what it has for all there is: it is stopped before its input ends.
ParquetWriter::~ParquetWriter() {
  const auto folder = std::filesystem::absolute(file_).parent_path();
  const std::string begun = ".twin-tmp-" + std::to_string(process_->pid());
  process_.reset();
  std::error_code ignored;
  for (const char* suffix : {"-parquet", "-lines"}) std::filesystem::remove(folder / (begun + suffix), ignored);
}

void ParquetWriter::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(pipe_.get(), bytes.data(), bytes.size());
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      process_->wait();
      failed(said_, file_);
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void ParquetWriter::line(std::string_view text) {
  send(text);
  send("\n");
}

void ParquetWriter::finish() {
  pipe_.reset();
  if (process_->wait() != 0) failed(said_, file_);
}

void read_parquet(const std::filesystem::path& file, const std::function<void(const std::string& line)>& on_line,
                  std::stop_token stop, ParquetRows rows) {
  if (!std::filesystem::exists(file)) throw Fatal(ErrorKind::not_found, tr("The file cannot be read"), file.string());
  std::string said;
  std::exception_ptr thrown;
  std::stop_source give_up;
  const std::stop_callback forward(stop, [&] { give_up.request_stop(); });
  ProcessSpec spec;
  spec.argv = {program(), rows == ParquetRows::documents ? "read" : "read-set", file.string()};
  spec.max_line_bytes = kLongestLine;
  spec.on_stdout = [&](std::string_view line) {
    if (thrown || give_up.stop_requested()) return;
    try {
      on_line(std::string(line));
    } catch (...) {
      thrown = std::current_exception();
      give_up.request_stop();
    }
  };
  spec.on_stderr = [&](std::string_view line) { said += std::string(line) + "\n"; };
  const auto process = value_or_throw(Process::start(std::move(spec)));
  const int status = process->wait(give_up.get_token());
  if (thrown) std::rethrow_exception(thrown);
  if (status != 0 && !stop.stop_requested()) failed(said, file);
}

}  // namespace twin::feature
