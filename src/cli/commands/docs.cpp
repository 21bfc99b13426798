// twin docs list|show|export|import: the warehouse as people and pipes see it.
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "core/i18n.h"
#include "feature/clean/clean.h"
#include "feature/dedup/duplicates.h"
#include "feature/quality/quality.h"
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
  }
  int run(Session& session) override {
    stores::Warehouse& warehouse = session.project().warehouse();
    const auto document = warehouse.document(id_, version_);
    if (!document) {
      throw Fatal(ErrorKind::not_found, tr("There is no document '{}'", id_), {}, tr("list them with: twin docs list"));
    }
    if (view_ == "quality") {
      session.print(quality(session, *document));
    } else if (session.json()) {
      session.print(stores::to_json(*document));
    } else if (view_ == "markdown") {
      session.print(document->body);
    } else if (view_ == "prose") {
      session.print(feature::prose_view(document->body).text);
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

  std::string id_, view_ = "markdown";
  int version_ = 0;
};

/// JSON lines: {"type":"user",…} first, then {"type":"document",…} with every version in ascending order.
class DocsExport final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "docs export"; }
  [[nodiscard]] std::string description() const override {
    return tr("Users and every version of every document as JSON lines");
  }
  void declare(Options& options) override {
    options.option("-o,--output", output_, tr("File to write (default: standard output)"));
  }
  int run(Session& session) override {
    std::ofstream file;
    if (!output_.empty()) {
      file.open(output_, std::ios::binary);
      if (!file) throw Fatal(ErrorKind::io, tr("The file cannot be written"), output_);
    }
    std::ostream& out = output_.empty() ? std::cout : file;
    stores::Warehouse& warehouse = session.project().warehouse();
    std::int64_t lines = 0;
    for (const stores::User& user : warehouse.users()) {
      Json json{{"type", "user"}};
      json.update(stores::to_json(user));
      out << json.dump() << '\n';
      ++lines;
    }
    warehouse.each_version({.source = {}, .category = {}, .author_id = {}, .url_prefix = {}, .include_deleted = true},
                           [&](Document&& document) {
                             Json json{{"type", "document"}};
                             json.update(stores::to_json(document));
                             out << json.dump() << '\n';
                             ++lines;
                             return out.good();
                           });
    out.flush();
    if (!out) throw Fatal(ErrorKind::io, tr("Writing failed after {} lines; is the disk full?", lines), output_);
    if (!output_.empty() && !session.json()) session.print(tr("{} lines written to {}", lines, output_));
    return exit_code::done;
  }

 private:
  std::string output_;
};

class DocsImport final : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "docs import"; }
  [[nodiscard]] std::string description() const override { return tr("JSON lines of `twin docs export` back in"); }
  void declare(Options& options) override {
    options.positional("file", file_, tr("JSON lines file, - for standard input"));
  }
  int run(Session& session) override {
    session.lock_project();
    std::ifstream file;
    if (file_ != "-") {
      file.open(file_, std::ios::binary);
      if (!file) throw Fatal(ErrorKind::not_found, tr("The file cannot be read"), file_);
    }
    std::istream& in = file_ == "-" ? std::cin : file;
    std::int64_t number = 0, users = 0, documents = 0;
    std::vector<Error> failures;
    for (std::string line; std::getline(in, line) && !session.stop().stop_requested();) {
      ++number;
      if (line.empty()) continue;
      const auto kind = restore(session.project().warehouse(), line);
      if (!kind) {
        failures.push_back(kind.error());
        failures.back().where = fmt::format("{}:{}", file_, number);
      } else {
        ++(*kind == "user" ? users : documents);
      }
    }
    for (const Error& error : failures) std::fprintf(stderr, "twin: %s\n", error.text().c_str());
    if (session.json()) {
      session.print(Json{{"users", users}, {"versions", documents}, {"failed", failures.size()}});
    } else {
      session.print(tr("{} users and {} versions imported, {} lines failed", users, documents, failures.size()));
    }
    return failures.empty() ? exit_code::done : exit_code::partial;
  }

 private:
  static Result<std::string> restore(stores::Warehouse& warehouse, const std::string& line) {
    Json json = Json::parse(line, nullptr, false);
    if (json.is_discarded() || !json.is_object() || !json.contains("type") || !json["type"].is_string()) {
      return fail(ErrorKind::invalid, tr("The line is not a JSON object with a \"type\""));
    }
    const std::string type = json["type"];
    json.erase("type");
    if (type == "user") {
      const auto user = stores::user_from_json(json);
      if (!user) return tl::unexpected(user.error());
      warehouse.restore_user(*user);
      return type;
    }
    if (type != "document")
      return fail(ErrorKind::invalid, tr("A line is a \"user\" or a \"document\", not \"{}\"", type));
    const auto document = stores::document_from_json(json);
    if (!document) return tl::unexpected(document.error());
    warehouse.restore(*document);
    return type;
  }

  std::string file_;
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
