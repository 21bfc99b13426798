#include "feature/embed/embed_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "core/clock.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/embed/batches.h"

namespace twin::feature {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "vectors are written as the machine has them");

/// The engine as EmbeddingBatches drives it; it collects what encode() tells beside the vectors.
class Encoder final : public models::EmbeddingEngine {
 public:
  Encoder(models::EmbeddingEngine& engine, const EmbedFile& job) : engine_(engine), job_(job) {}

  Result<std::vector<std::vector<float>>> embed(const std::vector<std::string>& texts) override {
    auto encoded = engine_.encode({texts, job_.queries, !job_.strict});
    if (!encoded) return tl::unexpected(encoded.error());
    const std::lock_guard lock(mutex_);
    tokens_ += encoded->tokens;
    for (const std::size_t i : encoded->cut) cut_.insert(texts[i]);
    return std::move(encoded->vectors);
  }
  [[nodiscard]] int dimension() const override { return engine_.dimension(); }
  [[nodiscard]] int window_tokens() const override { return engine_.window_tokens(); }
  [[nodiscard]] std::string model_hash() const override { return engine_.model_hash(); }

  [[nodiscard]] std::int64_t tokens() {
    const std::lock_guard lock(mutex_);
    return tokens_;
  }
  [[nodiscard]] bool was_cut(const std::string& text) {
    const std::lock_guard lock(mutex_);
    return cut_.contains(text);
  }

 private:
  models::EmbeddingEngine& engine_;
  const EmbedFile& job_;
  std::mutex mutex_;
  std::int64_t tokens_ = 0;
  std::set<std::string> cut_;
};

/// What an unfinished file was made of.
std::string identity_of(const EmbedFile& job, const models::EmbeddingEngine& engine) {
  return Json{{"input_sha256", value_or_throw(sha256_file(job.input))},
              {"model", engine.model_hash()},
              {"dimension", engine.dimension()},
              {"queries", job.queries},
              {"strict", job.strict}}
             .dump() +
         "\n";
}

/// Rows appended to a file; durable when finish() returns.
class Rows {
 public:
  Rows(fs::path output, const std::string& identity, int dimension)
      : output_(std::move(output)), part_(output_.string() + ".part"), row_bytes_(sizeof(float) * unsigned(dimension)) {
    const fs::path note = part_.string() + ".json";
    const bool same = disk().read(note).value_or("") == identity;
    fd_ = ::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd_ < 0) fail_now();
    const off_t size = ::lseek(fd_, 0, SEEK_END);
    done_ = same && size > 0 ? static_cast<std::uint64_t>(size) / row_bytes_ : 0;
    // Emptied before the note is written: the two never disagree.
    if (::ftruncate(fd_, static_cast<off_t>(done_ * row_bytes_)) != 0) fail_now();
    if (!same) value_or_throw(disk().write(note, identity));
    if (::lseek(fd_, 0, SEEK_END) < 0) fail_now();
  }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] std::uint64_t done() const { return done_; }

  void add(const std::vector<float>& row) {
    const char* from = reinterpret_cast<const char*>(row.data());
    for (std::size_t left = row.size() * sizeof(float); left > 0;) {
      const ssize_t written = ::write(fd_, from, left);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) fail_now();
      from += written;
      left -= static_cast<std::size_t>(written);
    }
  }

  void finish() {
    if (::fsync(fd_) != 0) fail_now();
    std::error_code error;
    fs::rename(part_, output_, error);
    if (error) throw Fatal(ErrorKind::io, tr("Cannot move: {}", error.message()), output_.string());
    fs::remove(part_.string() + ".json", error);
  }

 private:
  [[noreturn]] void fail_now() const {
    throw Fatal(ErrorKind::io, tr("The file cannot be written: {}", std::strerror(errno)), part_.string(),
                tr("what is written is kept, run the same command again to continue"));
  }
  fs::path output_, part_;
  std::uint64_t row_bytes_;
  int fd_ = -1;
  std::uint64_t done_ = 0;
};

}  // namespace

EmbedFileReport embed_file(const EmbedFile& job, const EmbedConfig& config, models::EmbeddingEngine& engine,
                           ProgressSink& progress, const std::stop_token& stop) {
  std::ifstream in(job.input, std::ios::binary);
  std::error_code error;
  if (!in || fs::is_directory(job.input, error)) {
    throw Fatal(ErrorKind::not_found, tr("The file cannot be read"), job.input.string());
  }
  EmbedFileReport report;
  report.dimension = engine.dimension();
  Rows rows(job.output, identity_of(job, engine), report.dimension);
  report.resumed = rows.done();
  const auto bar = progress.start(tr("embed"), tr("texts"));
  Encoder encoder(engine, job);
  std::map<std::uint64_t, std::string> in_flight;  // by line
  const double started = system_clock().monotonic();
  const auto receive = [&](std::size_t line, Result<std::vector<float>> vector) {
    const auto text = in_flight.extract(line).mapped();
    if (!vector) {
      if (vector.error().kind == ErrorKind::cancelled) throw Fatal(vector.error());
      throw Fatal(vector.error().kind, tr("The text cannot be embedded: {}", vector.error().message),
                  fmt::format("{}:{}", job.input.string(), line), vector.error().hint);
    }
    if (encoder.was_cut(text)) report.cut.push_back(line);
    rows.add(*vector);
    bar->add();
    const double seconds = system_clock().monotonic() - started;
    if (seconds > 0) bar->note(fmt::format("{:.0f} tokens/s", static_cast<double>(encoder.tokens()) / seconds));
  };
  EmbeddingBatches batches(config, encoder, stop, receive);
  std::string line;
  while (std::getline(in, line)) {
    ++report.texts;
    if (line.ends_with('\r')) line.pop_back();
    if (text::first_invalid_utf8(line) != std::string::npos) {
      report.repaired.push_back(report.texts);
      line = text::repair_utf8(line);
    }
    if (report.texts <= report.resumed) continue;
    if (stop.stop_requested()) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
    in_flight[report.texts] = line;
    batches.add(report.texts, line);
  }
  batches.finish();
  if (in.bad()) throw Fatal(ErrorKind::io, tr("The file cannot be read"), job.input.string());
  rows.finish();
  report.tokens = encoder.tokens();
  report.seconds = system_clock().monotonic() - started;
  return report;
}

}  // namespace twin::feature
