#include "feature/clean/program.h"

#include "core/files.h"
#include "core/i18n.h"

namespace twin::feature {

Result<ProcessOutput> run_program(const std::vector<std::string>& argv, const std::string& input,
                                  const std::string& package, const FormatRules& rules) {
  const TempFolder folder("twin-program");
  ProcessSpec spec;
  spec.argv = argv;
  spec.folder = folder.path();
  spec.stdin_text = input;
  // One thread: Twin runs several items side by side. A plain locale: messages are looked at.
  spec.environment = {{"OMP_THREAD_LIMIT", "1"}, {"LC_ALL", "C.UTF-8"}, {"TMPDIR", folder.path().string()}};
  RunLimits limits;
  limits.time = std::chrono::seconds(rules.program_seconds);
  limits.cpu_seconds = static_cast<std::uint64_t>(rules.program_seconds);
  limits.memory_bytes = static_cast<std::uint64_t>(rules.program_megabytes) << 20;
  limits.output_bytes = static_cast<std::uint64_t>(rules.max_unpacked_megabytes) << 20;
  limits.file_bytes = limits.output_bytes;
  auto done = run_limited(std::move(spec), limits);
  if (done) return done;
  Error error = done.error();
  if (error.kind == ErrorKind::not_found) {
    error.message = tr("The program {} is needed for this and not installed", argv.front());
    error.hint = tr("apt-get install {}", package);
  } else if (error.kind == ErrorKind::limit) {
    error.message = argv.front() + ": " + error.message;
    error.hint = tr("See clean.formats: program_seconds, program_megabytes, max_unpacked_megabytes");
  }
  error.where.clear();
  return tl::unexpected(std::move(error));
}

}  // namespace twin::feature
