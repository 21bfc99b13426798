#include "ops/doctor/doctor.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "core/i18n.h"
#include "core/process.h"
#include "core/text/unicode.h"
#include "feature/clean/image/engine.h"
#include "models/engines/picture_model.h"
#include "models/registry/embedder_name.h"
#include "ops/pipeline/host.h"
#include "stores/index/location.h"

namespace twin::ops {
namespace {

constexpr std::uint64_t gib = 1ull << 30;
constexpr std::uint64_t least_memory = 4 * gib;
constexpr std::uint64_t least_disk = 2 * gib;

Check check_memory() {
  const std::uint64_t bytes = total_memory_bytes();
  Check check{tr("memory"), CheckState::good, fmt::format("{:.1f} GiB", static_cast<double>(bytes) / gib), {}};
  if (bytes < least_memory) {
    check.state = CheckState::warning;
    check.advice = tr("training wants {} GiB; lower train.batch_tokens", least_memory / gib);
  }
  return check;
}

Check check_processor() {
  const unsigned cores = std::thread::hardware_concurrency();
  const char* vectors = __builtin_cpu_supports("avx512f") ? "AVX-512" : __builtin_cpu_supports("avx2") ? "AVX2" : "SSE";
  Check check{tr("processor"), CheckState::good, fmt::format("{} cores, {}", cores, vectors), {}};
  if (!__builtin_cpu_supports("avx2")) {
    check.state = CheckState::warning;
    check.advice = tr("without AVX2 everything runs, but several times slower");
  }
  return check;
}

Check check_disk(const Project& project) {
  std::error_code error;
  const auto space = std::filesystem::space(project.layout().home, error);
  if (error) return {tr("disk"), CheckState::problem, error.message(), tr("is the folder reachable?")};
  Check check{tr("disk"), CheckState::good, tr("{:.1f} GiB free", static_cast<double>(space.available) / gib), {}};
  if (space.available < least_disk) {
    check.state = CheckState::problem;
    check.advice = tr("make room: models and training need {} GiB", least_disk / gib);
  }
  return check;
}

Check check_program(const std::string& name, const std::string& advice) {
  const auto path = find_program(name);
  if (path) return {name, CheckState::good, path->string(), {}};
  return {name, CheckState::problem, path.error().message, advice};
}

/// What only some kinds of documents need.
Check check_optional_program(const std::string& name, const std::string& use, const std::string& package) {
  const auto path = find_program(name);
  if (path) return {name, CheckState::good, path->string(), {}};
  return {name, CheckState::warning, tr("not installed; {} need it", use), tr("apt-get install {}", package)};
}

/// Writing in pictures and scans: the program, and the languages that the categories ask for.
Check check_ocr(Project& project) {
  std::string wanted;
  for (const auto& [id, category] : project.categories()) {
    for (const auto language : text::split(category.clean.formats.ocr_languages, '+')) {
      const bool known = ("+" + wanted + "+").find("+" + std::string(language) + "+") != std::string::npos;
      if (!language.empty() && !known) wanted += (wanted.empty() ? "" : "+") + std::string(language);
    }
  }
  const std::string install = tr("apt-get install {}", feature::ocr_packages(wanted));
  const auto engine = feature::ocr_engine();
  if (!engine) {
    return {"tesseract", CheckState::warning, tr("not installed; {} need it", tr("images (OCR)")), install};
  }
  const auto lacking = engine->lacking(wanted);
  if (!lacking.empty()) {
    return {"tesseract", CheckState::warning,
            tr("{} lacks the languages {}: pictures are not read", engine->version, fmt::join(lacking, ", ")), install};
  }
  const bool off = project.config().collect.images.ocr == "off";
  return {"tesseract",
          CheckState::good,
          off ? tr("{}, languages {}; pictures beside documents are not read: collect.images.ocr is off",
                   engine->version, wanted)
              : tr("{}, languages {}; pictures beside documents are read", engine->version, wanted),
          {}};
}

Check check_model(Project& project, const std::string& id, const std::string& reference) {
  const auto model = project.models().find(id);
  if (!model) {
    return {tr("model {}", id), CheckState::warning, tr("not on this machine"),
            tr("fetched from {} by: twin models pull", reference)};
  }
  if (const auto file = project.models().gguf(id); !file || !std::filesystem::exists(*file)) {
    return {tr("model {}", id), CheckState::problem, tr("its file is missing"),
            tr("twin models remove {}, then pull it again", id)};
  }
  return {tr("model {}", id), CheckState::good, model->license, {}};
}

/// Whether pictures are found by what they show.
Check check_projector(Project& project) {
  const ModelsConfig& models = project.config().models;
  if (models.embedding_mmproj.empty()) {
    return {tr("pictures"), CheckState::good, tr("found by their texts alone: models.embedding_mmproj is empty"), {}};
  }
  Check check = check_model(project, models.embedding_mmproj, models.embedding_mmproj_from);
  if (check.state != CheckState::good) return check;
  const auto files = models::embedder_files(project.models(), models.embedder());
  if (!files) return check;  // the embedding model is missing, which another line says
  const auto info = models::read_gguf(files->model);
  if (!info) return check;
  if (const auto fits = models::check_projector(*info, files->model, files->projector); !fits) {
    return {tr("pictures"), CheckState::problem, fits.error().message, fits.error().hint};
  }
  return {tr("pictures"), CheckState::good, tr("found by what they show, too: {}", models.embedder()), {}};
}

Check check_index(Project& project) {
  const stores::IndexConfig& config = project.config().index;
  if (config.uri.empty()) return {tr("index"), CheckState::good, project.layout().index().string(), {}};
  auto server = stores::probe_index_server(config, project.secrets());
  if (server) return {tr("index"), CheckState::good, *server + ", " + config.uri, {}};
  const Error& error = server.error();
  return {tr("index"), CheckState::problem, config.uri + ": " + error.message,
          error.hint.empty() ? tr("is the server running, and is index.uri right?") : error.hint};
}

/// Tries to listen there, as the server would.
Check check_port(const inference::ServeConfig& serve) {
  Check check{tr("port {}", serve.port), CheckState::good, tr("free"), {}};
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int reuse = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(serve.port));
  if (::inet_pton(AF_INET, serve.host.c_str(), &address.sin_addr) == 1 &&
      ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    check = {tr("port {}", serve.port), CheckState::warning, tr("in use"), tr("choose another: twin serve --port N")};
  }
  ::close(fd);
  return check;
}

Check check_sources(const Project& project, ProjectConfig& config) {
  if (config.sources.empty()) {
    return {tr("sources"), CheckState::problem, tr("none"), tr("add one to {}", project.layout().config().string())};
  }
  return {tr("sources"), CheckState::good, std::to_string(config.sources.size()), {}};
}

}  // namespace

std::string_view to_string(CheckState state) {
  switch (state) {
    case CheckState::good:
      return "good";
    case CheckState::warning:
      return "warning";
    case CheckState::problem:
      return "problem";
  }
  return "problem";
}

std::string to_line(const Check& check) {
  const char* mark = check.state == CheckState::good ? "ok  " : check.state == CheckState::warning ? "warn" : "FAIL";
  return fmt::format("{} {:<28} {}{}", mark, check.name, check.detail, check.advice.empty() ? "" : ": " + check.advice);
}

std::vector<Check> run_doctor(Project& project) {
  ProjectConfig& config = project.config();
  const std::string reinstall = tr("reinstall Twin, or build it again");
  return {check_memory(),
          check_processor(),
          check_disk(project),
          check_program("llama-server", reinstall),
          check_program("llama-quantize", reinstall),
          check_program("twin-encode", reinstall),
          check_program("twin-train", reinstall),
          check_optional_program("pdftotext", tr("PDF files"), "poppler-utils"),
          check_ocr(project),
          check_model(project, config.models.chat, config.models.chat_from),
          check_model(project, config.models.embedding, config.models.embedding_from),
          check_projector(project),
          check_sources(project, config),
          check_index(project),
          check_port(config.serve)};
}

}  // namespace twin::ops
