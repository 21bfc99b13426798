#include "feature/clean/image/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "core/files.h"
#include "core/process.h"
#include "core/spawn.h"
#include "core/text/unicode.h"

namespace twin::feature {
namespace {

constexpr Millis longest_answer{20'000};

/// What the program prints when asked about itself; older ones print it as an error.
std::optional<std::string> said_by(const std::string& program, const std::string& question) {
  ProcessSpec spec;
  spec.argv = {program, question};
  spec.environment = {{"OMP_THREAD_LIMIT", "1"}, {"LC_ALL", "C.UTF-8"}};
  const auto run = run_limited(std::move(spec), {.time = longest_answer});
  if (!run || run->status != 0) return std::nullopt;
  return run->out.empty() ? run->err : run->out;
}

std::optional<OcrEngine> ask(const std::string& program) {
  const auto version = said_by(program, "--version");
  const auto list = said_by(program, "--list-langs");
  if (!version || !list) return std::nullopt;
  OcrEngine engine;
  engine.version = std::string(text::trim(version->substr(0, version->find('\n'))));
  for (const auto line : text::split(*list, '\n')) {
    const auto name = text::trim(line);  // the first line says where they lie
    if (!name.empty() && name.find_first_of(" :") == std::string_view::npos) engine.languages.emplace_back(name);
  }
  std::sort(engine.languages.begin(), engine.languages.end());
  return engine;
}

}  // namespace

std::vector<std::string> OcrEngine::lacking(const std::string& wanted) const {
  std::vector<std::string> out;
  for (const auto language : text::split(wanted, '+')) {
    if (!language.empty() && !std::binary_search(languages.begin(), languages.end(), language)) {
      out.emplace_back(language);
    }
  }
  return out;
}

std::optional<OcrEngine> ocr_engine() {
  static std::mutex mutex;
  static std::map<std::string, std::optional<OcrEngine>> asked;
  const auto program = resolve_program("tesseract");
  if (!program) return std::nullopt;
  const auto file = disk().stat(*program);
  const std::string key = fmt::format("{}:{}", program->string(), file ? file->modified_ns : 0);
  const std::lock_guard lock(mutex);
  const auto known = asked.find(key);
  return known != asked.end() ? known->second : asked.emplace(key, ask(program->string())).first->second;
}

std::string ocr_packages(const std::string& languages) {
  std::string out = "tesseract-ocr";
  for (const auto language : text::split(languages, '+')) {
    if (!language.empty()) out += " tesseract-ocr-" + std::string(language);
  }
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

}  // namespace twin::feature
