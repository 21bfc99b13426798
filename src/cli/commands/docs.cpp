// twin docs list|show|export|import: the warehouse as people and pipes see it.
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "feature/clean/search_view.h"
#include "feature/dedup/duplicates.h"
#include "feature/quality/quality.h"
#include "feature/training_sets/parquet_pipe.h"
#include "stores/warehouse/warehouse.h"

namespace twin::cli {
namespace {

using stores::Document;
using stores::DocumentFilter;

/// Document → the one it is a near duplicate of, as the last run of the pipeline found.
std::map<std::string, std::string> known_duplicates(Session& session) {
  std::map<std::string, std::string> out;
  const auto found = feature::read_duplicates(session.project().layout().duplicates());
  if (!found && found.error().kind == ErrorKind::not_found) return out;
  for (const feature::Duplicate& duplicate : value_or_throw(found)) out[duplicate.id] = duplicate.original;
  return out;
}

class DocsList final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "docs list"; }
  [[nodiscard]] std::string description() const override { return tr("Documents, one a line"); }
  void declare(Options& options) override {
    options.option("--category", filter_.category, tr("Only this category"));
    options.option("--source", filter_.source, tr("Only this source"));
    options.flag("--deleted", filter_.include_deleted, tr("Also what is gone at its source"));
  }
  int run(Session& session) override {
    const std::map<std::string, std::string> originals = known_duplicates(session);
    session.project().warehouse().each(filter_, [&](Document&& document) {
      const auto original = originals.find(document.id);
      const bool duplicate = original != originals.end();
      if (session.json()) {
        Json json = stores::to_json(document);
        json.erase("body");
        if (duplicate) json["duplicate_of"] = original->second;
        session.print(json);
      } else {
        session.print(fmt::format("{}  v{:<3} {:<12} {}  {}{}{}", document.id, document.version, document.category,
                                  document.title, document.url, document.deleted ? "  (deleted)" : "",
                                  duplicate ? "  " + tr("(near duplicate of {})", original->second) : ""));
      }
      return !session.stop().stop_requested();
    });
    return exit_code::done;
  }

 private:
  DocumentFilter filter_;
};

class DocsShow final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "docs show"; }
  [[nodiscard]] std::string description() const override { return tr("One document"); }
  void declare(Options& options) override {
    options.positional("id", id_, tr("Id of the document"));
    options.option("--version", version_, tr("An earlier version (0: the newest)"));
    options.option("--view", view_, tr("markdown, prose, raw or quality"));
    options.option("--diff", diff_, tr("raw: what cleaning took out of the bytes as fetched, and why"));
  }
  int run(Session& session) override {
    stores::Warehouse& warehouse = session.project().warehouse();
    const auto document = warehouse.document(id_, version_);
    if (!document) {
      throw Fatal(ErrorKind::not_found, tr("There is no document '{}'", id_), {}, tr("list them with: twin docs list"));
    }
    if (!diff_.empty()) {
      if (diff_ != "raw") throw Fatal(ErrorKind::usage, tr("--diff takes raw, not '{}'", diff_));
      show_removals(session, *document);
    } else if (view_ == "quality") {
      session.print(quality(session, *document));
    } else if (session.json()) {
      session.print(stores::to_json(*document));
    } else if (view_ == "markdown") {
      session.print(document->body);
    } else if (view_ == "prose") {
      session.print(feature::search_view(*document).text);
    } else if (view_ == "raw") {
      session.print(value_or_throw(warehouse.objects().get(document->raw_sha256)));
    } else {
      throw Fatal(ErrorKind::usage, tr("--view takes markdown, prose, raw or quality, not '{}'", view_));
    }
    return exit_code::done;
  }

 private:
  /// What quality rules measure of it, and which of them it fails.
  static Json quality(Session& session, const Document& document) {
    const auto m = feature::measure_quality(feature::prose_view(document.body), document.language);
    Json json{{"words", m.words},
              {"lines", m.lines},
              {"mean_word_length", m.mean_word_length},
              {"symbol_ratio", m.symbol_ratio},
              {"letter_words", m.letter_words},
              {"function_words", m.function_words},
              {"bullet_lines", m.bullet_lines},
              {"ellipsis_lines", m.ellipsis_lines},
              {"ended_lines", m.ended_lines},
              {"duplicate_lines", m.duplicate_lines},
              {"top_phrase", m.top_phrase},
              {"repeated_phrases", m.repeated_phrases},
              {"fails", Json::array()}};
    const auto category = session.project().categories().find(document.category);
    if (category == session.project().categories().end()) return json;
    for (const auto& flag : feature::judge(m, document.language, category->second.quality)) {
      json["fails"].push_back({{"rule", flag.rule}, {"measured", flag.measured}, {"limit", flag.limit}});
    }
    return json;
  }

  /// Cleans the raw bytes once more: the same bytes and rules give the same result.
  static void show_removals(Session& session, const Document& document) {
    feature::RawDocument raw;
    raw.url = document.url;
    raw.media_type = document.raw_type;
    raw.bytes = value_or_throw(session.project().warehouse().objects().get(document.raw_sha256));
    raw.title = document.title;
    raw.language = document.language;
    if (const auto charset = document.metadata.find("charset"); charset != document.metadata.end()) {
      raw.metadata["charset"] = charset->second;
    }
    const auto category = session.project().categories().find(document.category);
    const feature::CleanRules rules =
        category == session.project().categories().end() ? feature::CleanRules{} : category->second.clean;
    const feature::Cleaned cleaned = value_or_throw(feature::clean(raw, rules, {.record_removals = true}));
    const bool same = cleaned.markdown == document.body;
    if (session.json()) {
      Json removed = Json::array();
      for (const auto& removal : cleaned.removed) {
        removed.push_back({{"reason", removal.reason}, {"path", removal.path}, {"text", removal.text}});
      }
      Json notes = Json::array();
      for (const Error& note : cleaned.notes) notes.push_back(note.message);
      session.print(Json{{"id", document.id},
                         {"version", document.version},
                         {"raw_type", document.raw_type},
                         {"same", same},
                         {"removed", removed},
                         {"notes", notes}});
      return;
    }
    if (!same) {
      session.print(tr("This version was cleaned by other rules than today's; the list shows today's."));
    }
    for (const auto& removal : cleaned.removed) {
      session.print(
          fmt::format("- [{}] {}{}{}", removal.reason, removal.path, removal.text.empty() ? "" : ": ", removal.text));
    }
    if (cleaned.removed.empty()) session.print(tr("Nothing was removed."));
  }

  std::string id_, view_ = "markdown", diff_;
  int version_ = 0;
};

/// JSON lines: {"type":"user",…} first, then {"type":"document",…} with every version in ascending order. Parquet: the
/// same rows with the same names.
class DocsExport final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "docs export"; }
  [[nodiscard]] std::string description() const override {
    return tr("Users and every version of every document as JSON lines or Parquet");
  }
  void declare(Options& options) override {
    options.option("-o,--output", output_, tr("File to write (default: standard output)"));
    options.option("--format", format_, tr("jsonl or parquet (default: by the name of the file)"));
  }
  int run(Session& session) override {
    if (!format_.empty() && format_ != "jsonl" && format_ != "parquet") {
      throw Fatal(ErrorKind::usage, tr("--format takes jsonl or parquet, not '{}'", format_));
    }
    const bool parquet = format_ == "parquet" || (format_.empty() && feature::is_parquet(output_));
    if (parquet && output_.empty()) {
      throw Fatal(ErrorKind::usage, tr("Parquet is written to a file"), {}, tr("name one with -o"));
    }
    std::int64_t lines = 0;
    if (parquet) {
      feature::ParquetWriter file(output_);
      lines = write_lines(session, [&](const std::string& line) { file.line(line); });
      if (session.stop().stop_requested()) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
      file.finish();
    } else {
      std::ofstream file;
      if (!output_.empty()) {
        file.open(output_, std::ios::binary);
        if (!file) throw Fatal(ErrorKind::io, tr("The file cannot be written"), output_);
      }
      std::ostream& out = output_.empty() ? std::cout : file;
      std::int64_t written = 0;
      lines = write_lines(session, [&](const std::string& line) {
        out << line << '\n';
        if (!out) throw Fatal(ErrorKind::io, tr("Writing failed after {} lines; is the disk full?", written), output_);
        ++written;
      });
      out.flush();
      if (!out) throw Fatal(ErrorKind::io, tr("Writing failed after {} lines; is the disk full?", lines), output_);
      if (session.stop().stop_requested()) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
    }
    if (!output_.empty() && !session.json()) session.print(tr("{} lines written to {}", lines, output_));
    return exit_code::done;
  }

 private:
  static std::int64_t write_lines(Session& session, const std::function<void(const std::string& line)>& write) {
    stores::Warehouse& warehouse = session.project().warehouse();
    std::int64_t lines = 0;
    for (const stores::User& user : warehouse.users()) {
      Json json{{"type", "user"}};
      json.update(stores::to_json(user));
      write(json.dump());
      ++lines;
    }
    warehouse.each_version({.source = {}, .category = {}, .author_id = {}, .url_prefix = {}, .include_deleted = true},
                           [&](Document&& document) {
                             Json json{{"type", "document"}};
                             json.update(stores::to_json(document));
                             write(json.dump());
                             ++lines;
                             return !session.stop().stop_requested();
                           });
    return lines;
  }

  std::string output_, format_;
};

class DocsImport final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "docs import"; }
  [[nodiscard]] std::string description() const override { return tr("What `twin docs export` wrote back in"); }
  void declare(Options& options) override {
    options.positional("file", file_, tr("JSON lines or .parquet file, - for JSON lines on standard input"));
  }
  int run(Session& session) override {
    session.lock_project();
    if (feature::is_parquet(file_)) {
      feature::read_parquet(
          file_, [&](const std::string& line) { take(session, line); }, session.stop());
    } else {
      std::ifstream file;
      if (file_ != "-") {
        file.open(file_, std::ios::binary);
        if (!file) throw Fatal(ErrorKind::not_found, tr("The file cannot be read"), file_);
      }
      std::istream& in = file_ == "-" ? std::cin : file;
      for (std::string line; std::getline(in, line) && !session.stop().stop_requested();) take(session, line);
    }
    flush(session);
    if (session.stop().stop_requested()) throw Fatal(ErrorKind::cancelled, tr("Stopped"));
    for (const Error& error : failures_) std::fprintf(stderr, "twin: %s\n", error.text().c_str());
    if (session.json()) {
      session.print(Json{{"users", users_}, {"versions", documents_}, {"failed", failures_.size()}});
    } else {
      session.print(tr("{} users and {} versions imported, {} lines failed", users_, documents_, failures_.size()));
    }
    return failures_.empty() ? exit_code::done : exit_code::partial;
  }

 private:
  static constexpr std::size_t kBatch = 64;
  static constexpr std::size_t kBatchBytes = 8u << 20;

  void take(Session& session, const std::string& line) {
    ++number_;
    if (line.empty()) return;
    if (auto read = parse(session, line); !read) {
      failures_.push_back(read.error());
      failures_.back().where = fmt::format("{}:{}", file_, number_);
    }
    if (waiting_.size() >= kBatch || bytes_ >= kBatchBytes) flush(session);
  }

  Result<void> parse(Session& session, const std::string& line) {
    Json json = Json::parse(line, nullptr, false);
    if (json.is_discarded() || !json.is_object() || !json.contains("type") || !json["type"].is_string()) {
      return fail(ErrorKind::invalid, tr("The line is not a JSON object with a \"type\""));
    }
    const std::string type = json["type"];
    json.erase("type");
    if (type == "user") {
      const auto user = stores::user_from_json(json);
      if (!user) return tl::unexpected(user.error());
      session.project().warehouse().restore_user(*user);
      ++users_;
      return {};
    }
    if (type != "document")
      return fail(ErrorKind::invalid, tr("A line is a \"user\" or a \"document\", not \"{}\"", type));
    auto document = stores::document_from_json(json);
    if (!document) return tl::unexpected(document.error());
    bytes_ += document->body.size();
    waiting_.push_back(std::move(*document));
    ++documents_;
    return {};
  }

  void flush(Session& session) {
    if (!waiting_.empty()) session.project().warehouse().restore_all(waiting_);
    waiting_.clear();
    bytes_ = 0;
  }

  std::string file_;
  std::int64_t number_ = 0, users_ = 0, documents_ = 0;
  std::vector<Document> waiting_;
  std::size_t bytes_ = 0;
  std::vector<Error> failures_;
};

}  // namespace

std::unique_ptr<Command> docs_list_command() {
  return std::make_unique<DocsList>();
}
std::unique_ptr<Command> docs_show_command() {
  return std::make_unique<DocsShow>();
}
std::unique_ptr<Command> docs_export_command() {
  return std::make_unique<DocsExport>();
}
std::unique_ptr<Command> docs_import_command() {
  return std::make_unique<DocsImport>();
}

}  // namespace twin::cli
