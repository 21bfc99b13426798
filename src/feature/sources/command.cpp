// An external program that prints one JSON document a line: anything that has no source of its own.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "core/hash.h"
#include "core/i18n.h"
#include "core/log.h"
#include "core/text/unicode.h"
#include "feature/sources/command/program.h"
#include "feature/sources/command/record.h"
#include "feature/sources/json/fields.h"
#include "feature/sources/source.h"

namespace twin::feature {
namespace {

namespace fs = std::filesystem;

struct CommandConfig {
  std::string path, folder;
  std::vector<std::string> command, arguments, secrets, streams;
  std::map<std::string, std::string> environment;
  std::string state_argument = "--state";
  command::RecordRules records;
  bool complete = false;
  int max_seconds = 3600, max_line_kilobytes = 16 << 10, max_megabytes = 4096, max_documents = 1'000'000;

  [[nodiscard]] std::string program() const { return !path.empty() ? path : command.empty() ? "" : command.front(); }
  [[nodiscard]] std::vector<std::string> argv() const {
    std::vector<std::string> out = path.empty() ? command : std::vector<std::string>{path};
    out.insert(out.end(), arguments.begin(), arguments.end());
    return out;
  }
};

/// The lines of one run of the program.
class CommandRun {
 public:
  CommandRun(const CommandConfig& config, const std::string& location, SourceContext& context, const ItemSink& sink)
      : config_(config), location_(location), context_(context), sink_(sink) {
    place_.name = fs::path(config.program()).filename().string();
    state_ = json::member(json::parse(context.cursor), "state");
  }

  Result<SourceReport> run() {
    auto spec = process();
    if (!spec) return tl::unexpected(spec.error());
    const command::ProgramLimits limits{.max_line_bytes = static_cast<std::uint64_t>(config_.max_line_kilobytes) << 10,
                                        .max_bytes = static_cast<std::uint64_t>(config_.max_megabytes) << 20,
                                        .max_time = std::chrono::seconds(config_.max_seconds)};
    std::string last_words;  // read only after finish()
    auto program = command::Program::start(std::move(*spec), limits, [&](std::string_view line) {
      const std::string safe = redact(text::repair_utf8(line));
      log::info("{}: {}", place_.name, safe);
      if (!text::trim(safe).empty()) last_words = safe;
    });
    if (!program) {
      program.error().where = location_;
      return tl::unexpected(program.error());
    }
    const bool ended = read(**program);
    const int status = (*program)->finish();
    if (stopped_) return SourceReport{};
    flush();
    if (ended && status != 0) {
      failed(ErrorKind::io,
             last_words.empty() ? tr("The program ended with exit code {}", status)
                                : tr("The program ended with exit code {}: {}", status, text::clip(last_words, 400)),
             tr("Its messages are in the log; what it printed before was read"));
    }
    report_.complete = config_.complete && clean_ && ended && status == 0 && !with_state_;
    if (!state_.is_null()) report_.cursor = Json{{"state", state_}}.dump();
    return std::move(report_);
  }

 private:
  Result<ProcessSpec> process() {
    ProcessSpec spec;
    spec.argv = config_.argv();
    spec.folder = config_.folder;
    spec.own_environment = true;
    for (const char* name : {"PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "http_proxy",
                             "https_proxy", "no_proxy", "SSL_CERT_FILE"}) {
      if (const char* value = std::getenv(name)) spec.environment[name] = value;
    }
    for (const auto& [name, value] : config_.environment) spec.environment[name] = value;
    for (const auto& name : config_.secrets) {
      auto value = context_.secrets.get(name);
      if (!value) {
        value.error().where = location_;
        return tl::unexpected(value.error());
      }
      spec.environment[name] = std::move(*value);
    }
    if (state_.is_null() || config_.state_argument.empty()) return spec;
    // On the real disk: the program reads it.
    const fs::path file = context_.scratch / (stable_id("state", {location_}) + ".json");
    if (auto written = disk().write(file, state_.dump()); !written) return tl::unexpected(written.error());
    spec.argv.push_back(config_.state_argument);
    spec.argv.push_back(file.string());
    with_state_ = true;
    return spec;
  }

  /// Whether the program's output was read to its end.
  bool read(command::Program& program) {
    command::Line line;
    while (true) {
      switch (program.next(line, context_.stop)) {
        case command::Program::Got::line:
          receive(line);
          if (stopped_ || full_) return false;
          break;
        case command::Program::Got::end:
          return true;
        case command::Program::Got::stopped:
          stopped_ = true;
          return false;
        case command::Program::Got::out_of_time:
          failed(ErrorKind::limit, tr("The program ran longer than {} seconds", config_.max_seconds),
                 tr("Raise max_seconds of this source"));
          return false;
        case command::Program::Got::too_much:
          failed(ErrorKind::limit, tr("The program printed more than {} megabytes", config_.max_megabytes),
                 tr("Raise max_megabytes of this source"));
          return false;
      }
    }
  }

  void failed(ErrorKind kind, std::string message, std::string hint, std::int64_t line = 0) {
    clean_ = false;
    // Of the source as a whole: a line cannot be asked for again by itself.
    if (line > 0) message = tr("Line {}: {}", line, message);
    emit(fail(kind, redact(std::move(message)), location_, std::move(hint)));
  }
  void emit(Item&& item) {
    if (!stopped_) stopped_ = !sink_(std::move(item));
  }

  void receive(const command::Line& line) {
    if (line.too_long) {
      failed(ErrorKind::limit, tr("The line is longer than {} kilobytes", config_.max_line_kilobytes),
             tr("Raise max_line_kilobytes of this source"), line.number);
      return;
    }
    if (text::trim(line.text).empty()) return;
    const Json json = json::parse(line.text);
    if (!json.is_object()) {
      failed(ErrorKind::invalid, tr("The line is no JSON object: {}", text::clip(text::repair_utf8(line.text), 80)),
             tr("The program must print one JSON object a line, and messages to stderr"), line.number);
      return;
    }
    const Json& type = json::member(json, "type");
    const std::string kind = type.is_string() ? type.get<std::string>() : std::string();
    if (kind == "SCHEMA") {
      schema(json);
    } else if (kind == "RECORD") {
      singer_record(json, line.number);
    } else if (kind == "STATE") {
      state_ = json::member(json, "value");
    } else if (kind == "ACTIVATE_VERSION") {
      // Says that a table is whole: nothing to read.
    } else if (kind == "BATCH") {
      failed(ErrorKind::invalid, tr("Batches of files are not read"), tr("Turn batches off in the tap's settings"),
             line.number);
    } else if (kind == "user" && json.contains("aliases")) {
      users_[json::text(json, "id")] = json;
    } else if (json.contains("content_hash") || (kind == "document" && json.contains("body"))) {
      exported(json, line.number);
    } else {
      place_.stream.clear();
      place_.keys.clear();
      document(command::read_record(json, config_.records, place_, report_.notes), line.number);
    }
  }

  void schema(const Json& json) {
    auto& keys = keys_[json::text(json, "stream")];
    keys.clear();
    for (const auto& key : json::list(json, "key_properties")) {
      if (key.is_string()) keys.push_back(key.get<std::string>());
    }
  }

  void singer_record(const Json& json, std::int64_t number) {
    place_.stream = json::text(json, "stream");
    const auto& wanted = config_.streams;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), place_.stream) == wanted.end()) return;
    place_.keys = keys_[place_.stream];
    auto item = command::read_record(json::member(json, "record"), config_.records, place_, report_.notes);
    if (item && !place_.stream.empty()) item->metadata["stream"] = place_.stream;
    document(std::move(item), number);
  }

  /// `twin docs export` writes every version of a document, one after the other: the last one counts.
  void exported(const Json& json, std::int64_t number) {
    bool deleted = false;
    auto item = command::read_export(json, users_, deleted);
    if (!item || !pending_ || pending_->url != item->url) flush();
    if (!item) return document(std::move(item), number);
    pending_deleted_ = deleted;
    pending_number_ = number;
    pending_ = std::move(*item);
  }
  void flush() {
    if (!pending_) return;
    auto item = std::move(*pending_);
    pending_.reset();
    if (!pending_deleted_) document(std::move(item), pending_number_);
  }

  void document(Item&& item, std::int64_t number) {
    if (!item) {
      Error error = std::move(item.error());
      failed(error.kind, error.where.empty() ? error.message : error.where + ": " + error.message, error.hint, number);
      return;
    }
    if (++documents_ > config_.max_documents) {
      full_ = true;
      failed(ErrorKind::limit, tr("The program printed more than {} documents", config_.max_documents),
             tr("Raise max_documents of this source"));
      return;
    }
    if (item->bytes.size() > context_.max_item_bytes) {
      failed(ErrorKind::limit, tr("The document is larger than {} bytes", context_.max_item_bytes),
             tr("Raise collect.max_item_megabytes"), number);
      return;
    }
    if (context_.wants(item->url)) emit(std::move(item));
  }

  const CommandConfig& config_;
  const std::string& location_;
  SourceContext& context_;
  const ItemSink& sink_;
  SourceReport report_;
  command::RecordPlace place_;
  Json state_;
  bool with_state_ = false;  ///< the program was given a state: it prints only what is new
  std::map<std::string, std::vector<std::string>> keys_;
  std::map<std::string, Json> users_;
  std::optional<RawDocument> pending_;
  std::int64_t pending_number_ = 0;
  bool pending_deleted_ = false;
  int documents_ = 0;
  bool clean_ = true, stopped_ = false, full_ = false;
};

class Command final : public Source {
 public:
  void bind(config::Binder& b) override {
    b.field("path", config_.path, "File of the program, instead of command", {.path = true, .exists = true});
    b.field("command", config_.command, "The program, by its name in PATH, and its arguments: [tap-notes, --all]");
    b.field("arguments", config_.arguments, "Further arguments; no shell reads them");
    b.field("folder", config_.folder, "Folder that the program runs in", {.path = true, .exists = true});
    b.field("environment", config_.environment,
            "Environment variables it gets beside PATH, HOME, the language and proxies; nothing else is passed on");
    b.field("secrets", config_.secrets, "Names of secrets that it gets as environment variables");
    config_.records.bind(b);
    b.field("streams", config_.streams, "Singer: streams that are read; none: all");
    b.field("state_argument", config_.state_argument,
            "Argument before the file with the last STATE message; empty: it is not passed");
    b.field("complete", config_.complete, "It prints everything each time: what it no longer prints is marked deleted");
    b.field("max_seconds", config_.max_seconds, "Longest run", {.min = 1, .max = 864'000});
    b.field("max_line_kilobytes", config_.max_line_kilobytes, "Longest line", {.min = 1, .max = 4'000'000});
    b.field("max_megabytes", config_.max_megabytes, "Most output", {.min = 1, .max = 10'000'000});
    b.field("max_documents", config_.max_documents, "Most documents", {.min = 1, .max = 1'000'000'000});
  }

  [[nodiscard]] std::string location() const override {
    std::string out;
    for (const auto& word : config_.argv()) out += (out.empty() ? "" : " ") + word;
    return out;
  }

  [[nodiscard]] std::optional<std::string> fingerprint(SourceContext&) override { return std::nullopt; }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    if (config_.path.empty() == config_.command.empty()) {
      return fail(ErrorKind::usage, tr("A program needs either `path` or `command`"), location());
    }
    const std::string where = location();
    return CommandRun(config_, where, context, sink).run();
  }

 private:
  CommandConfig config_;
};

/// Programs of the Singer convention are called tap-something.
Claim accepts(const std::string& location) {
  if (location.find("://") != std::string::npos || location.find('/') == std::string::npos) return {};
  const std::string name = fs::path(location).filename().string();
  if (!name.starts_with("tap-") || name.size() == 4) return {};
  std::error_code error;
  if (fs::is_directory(location, error)) return {};
  return {Claim::shape, tr("a program of the Singer convention (tap-…)")};
}

}  // namespace

TWIN_SOURCE(command, {.description = "A program that prints one JSON document a line, or a Singer tap",
                      .needs = "the program",
                      .examples = {{"/usr/local/bin/tap-notes", true},
                                   {"./taps/tap-mail.py", true},
                                   {"tap-notes", false},
                                   {"https://example.org/tap-notes", false},
                                   {"/home/me/blog", false}},
                      .accepts = accepts,
                      .make = [] { return std::make_unique<Command>(); },
                      .category = "posts"})

}  // namespace twin::feature
