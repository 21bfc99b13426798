// The export of a Notion workspace or page: ZIP of Markdown & CSV, or of HTML.
#include <algorithm>
#include <map>
#include <set>

#include "core/csv.h"
#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/clean/markdown_escape.h"
#include "feature/clean/table_writer.h"
#include "feature/sources/exports/export_source.h"
#include "feature/sources/notion/api.h"
#include "feature/sources/notion_export/pages.h"

namespace twin::feature {
namespace {

bool is_page(const std::string& path) {
  return has_extension(path, ".md") || has_extension(path, ".html");
}
bool is_database(const std::string& path) {
  return has_extension(path, ".csv");
}

/// "Tags", "태그": what a property of a database usually says.
bool one_of(const std::string& key, std::initializer_list<std::string_view> names) {
  const std::string folded = text::fold(key);
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return folded == name; });
}

std::string cell(const std::string& text) {
  std::string out = escape_markdown(text::trim(collapse_spaces(text)));
  return out;
}

class NotionExport final : public ExportSource {
 public:
  void bind(config::Binder& b) override {
    bind_export(b, "ZIP of a Notion export (Markdown & CSV, or HTML), or the folder it was unpacked to");
    b.field("databases", databases_, "Databases (CSV): one document with a table, one document a row, or none",
            {.one_of = {"table", "pages", "none"}});
  }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    std::set<std::string> names;
    const auto looked = files().each(
        context,
        [&](const std::string& path) {
          if (is_page(path) || is_database(path)) names.insert(path);
          return false;
        },
        [](Result<ArchiveFile>&&) { return true; });
    if (names.empty()) {
      if (!looked) return tl::unexpected(looked.error());
      return fail(ErrorKind::not_found, tr("There is no page in this export of Notion"), location(),
                  tr("Export it from Notion as \"Markdown & CSV\" or as \"HTML\""));
    }
    Emitter emit(context, sink);
    const auto done = files().each(
        context, [&](const std::string& path) { return wanted(names, path); },
        [&](Result<ArchiveFile>&& file) {
          if (!file) return emit.failure(std::move(file.error()));
          return is_database(file->entry.path) ? database(*file, emit) : page(std::move(*file), names, emit);
        });
    return emit.report(done);
  }

 private:
  [[nodiscard]] std::string url_of(const std::string& path) const {
    const auto name = notion::parse_name(file_name(path));
    return name.id.empty() ? files().url(path) : notion::page_url(name.id);
  }

  [[nodiscard]] bool wanted(const std::set<std::string>& names, const std::string& path) const {
    if (is_database(path)) {
      if (databases_ == "none") return false;
      // Beside "X.csv", the rows of the view, stands "X_all.csv", all rows: one is enough.
      const bool all = path.ends_with("_all.csv");
      return all || !names.contains(without_extension(path) + "_all.csv");
    }
    // The contents page of an HTML export.
    return is_page(path) && file_name(path) != "index.html";
  }

  /// Whether the page is a row of a database: its folder has the name of one.
  [[nodiscard]] static bool is_row(const std::set<std::string>& names, const std::string& path) {
    const std::size_t slash = path.find_last_of('/');
    if (slash == std::string::npos) return false;
    const std::string folder = path.substr(0, slash);
    if (names.contains(folder + ".csv") || names.contains(folder + "_all.csv")) return true;
    // Newer exports leave the id out of the folder's name.
    for (auto it = names.lower_bound(folder + " "); it != names.end() && it->starts_with(folder + " "); ++it) {
      if (is_database(*it) && it->find('/', folder.size()) == std::string::npos) return true;
    }
    return false;
  }

  bool page(ArchiveFile&& file, const std::set<std::string>& names, Emitter& emit) const {
    RawDocument raw;
    raw.url = url_of(file.entry.path);
    raw.title = notion::parse_name(file_name(file.entry.path)).title;
    raw.bytes = notion::with_page_links(text::repair_utf8(file.bytes));
    raw.media_type = has_extension(file.entry.path, ".html") ? "text/html" : "text/markdown";
    raw.metadata["charset"] = "utf-8";
    raw.metadata["path"] = file.entry.path;
    raw.beside = files().beside(emit.context(), file.entry.path);
    if (raw.media_type == "text/markdown") {
      const std::string first = raw.bytes.substr(0, raw.bytes.find('\n'));
      if (first.starts_with("# "))
        raw.title = std::string(text::trim(first.substr(2)));  // file names are cut and lose signs
      if (is_row(names, file.entry.path)) properties(raw);
    }
    return emit.document(std::move(raw));
  }

  static void properties(RawDocument& raw) {
    for (const auto& [key, value] : notion::take_properties(raw.bytes)) {
      if (one_of(key, {"tags", "tag", "태그", "키워드", "category", "카테고리"})) {
        auto& tags = raw.metadata["tags"];
        tags += (tags.empty() ? "" : ", ") + value;
      } else if (one_of(key, {"published", "date", "created", "created time", "날짜", "작성일", "생성 일시", "생성일",
                              "게시일"})) {
        if (raw.published == 0) raw.published = notion::parse_date(value);
      } else if (one_of(key, {"author", "created by", "작성자", "생성자"})) {
        if (raw.authors.empty()) raw.authors = {value};
      }
      raw.metadata["notion_" + key] = value;
    }
  }

  bool database(const ArchiveFile& file, Emitter& emit) const {
    const std::string url = url_of(file.entry.path);
    const auto name = notion::parse_name(file_name(file.entry.path));
    std::vector<CsvRow> rows;
    const auto read = read_csv(text::repair_utf8(file.bytes), [&](CsvRow&& row) {
      rows.push_back(std::move(row));
      return true;
    });
    if (!read) {
      Error error = read.error();
      error.where = url;
      if (!emit.failure(std::move(error))) return false;
    }
    if (rows.size() < 2) return emit.going();
    return databases_ == "pages" ? rows_as_pages(file, rows, emit) : table(file, url, name.title, rows, emit);
  }

  static bool table(const ArchiveFile& file, const std::string& url, const std::string& title,
                    const std::vector<CsvRow>& rows, Emitter& emit) {
    std::vector<std::vector<std::string>> cells;
    for (const auto& row : rows) {
      auto& line = cells.emplace_back();
      for (const auto& text : row) line.push_back(cell(text));
    }
    RawDocument raw;
    raw.url = url;
    raw.title = title;
    raw.media_type = "text/markdown";
    raw.bytes = html::write_table(cells, true) + "\n";
    raw.metadata = {{"charset", "utf-8"}, {"path", file.entry.path}, {"kind", "database"}};
    return emit.document(std::move(raw));
  }

  bool rows_as_pages(const ArchiveFile& file, const std::vector<CsvRow>& rows, Emitter& emit) const {
    const CsvRow& header = rows.front();
    for (std::size_t i = 1; i < rows.size(); ++i) {
      const CsvRow& row = rows[i];
      RawDocument raw;
      raw.title = row.front();
      raw.url = files().url(file.entry.path + "/" + std::to_string(i));
      raw.media_type = "text/markdown";
      for (std::size_t column = 1; column < row.size() && column < header.size(); ++column) {
        const auto value = text::trim(row[column]);
        if (!value.empty())
          raw.bytes += "**" + escape_markdown(header[column]) + "**: " + escape_markdown(value) + "\n\n";
      }
      raw.metadata = {{"charset", "utf-8"}, {"path", file.entry.path}, {"kind", "database row"}};
      if (!raw.bytes.empty() && !emit.document(std::move(raw))) return false;
    }
    return emit.going();
  }

  std::string databases_ = "table";
};

Claim accepts(const std::string& location) {
  return export_claim(
      location,
      [](const std::vector<std::string>& names) {
        return std::any_of(names.begin(), names.end(), [](const std::string& name) {
          const std::string file = file_name(name);
          if ((is_page(file) || is_database(file)) && !notion::parse_name(file).id.empty()) return true;
          return has_extension(file, ".zip") && file.find("Export") != std::string::npos &&
                 file.find("-Part-") != std::string::npos;
        });
      },
      [](const std::string& name) {
        // Export-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f.zip
        return name.find("notion") != std::string::npos || (name.starts_with("export-") && name.ends_with(".zip") &&
                                                            std::count(name.begin(), name.end(), '-') == 5);
      },
      tr("an export of Notion"));
}

}  // namespace

TWIN_SOURCE(notion_export, {.description = "An export of Notion (Markdown & CSV, or HTML)",
                            .needs = "the ZIP from Settings, Export all workspace content, or Export of a page",
                            .examples = {{"/home/me/Export-0a1b2c3d-0a1b-4c5d-8e9f-0a1b2c3d4e5f.zip", true},
                                         {"~/notion-backup.zip", true},
                                         {"https://www.notion.so/Page-0123456789abcdef0123456789abcdef", false},
                                         {"/home/me/blog", false}},
                            .accepts = accepts,
                            .make = [] { return std::make_unique<NotionExport>(); }})

}  // namespace twin::feature
