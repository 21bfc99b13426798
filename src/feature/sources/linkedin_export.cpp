// "Get a copy of your data" of LinkedIn: shares, articles and the profile. Nothing is fetched from LinkedIn.
#include <algorithm>

#include "core/i18n.h"
#include "core/text/unicode.h"
#include "feature/clean/dom.h"
#include "feature/clean/markdown_escape.h"
#include "feature/sources/exports/export_source.h"
#include "feature/sources/linkedin_export/table.h"

namespace twin::feature {
namespace {

std::string get(const linkedin::Row& row, const char* key) {
  const auto found = row.find(key);
  return found == row.end() ? std::string() : linkedin::plain_text(found->second);
}

/// "2021-03-04 05:06:07 UTC"
UnixMillis time_of(std::string text) {
  if (text.ends_with(" UTC")) text.resize(text.size() - 4);
  return parse_time(text).value_or(0);
}

bool hangul(const std::string& text) {
  return text::hangul_share(text) > 0.5;
}

class LinkedinExport final : public ExportSource {
 public:
  void bind(config::Binder& b) override {
    bind_export(b, "ZIP of a LinkedIn export, or the folder it was unpacked to");
    b.field("shares", shares_, "Read shares");
    b.field("articles", articles_, "Read articles");
    b.field("profile", profile_, "Read profile and positions, as one document");
  }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    Emitter emit(context, sink);
    linkedin::Table profile, positions;
    bool any = false;
    const auto done = files().each(
        context,
        [&](const std::string& path) {
          return has_extension(path, ".csv") || (articles_ && has_extension(path, ".html"));
        },
        [&](Result<ArchiveFile>&& file) {
          if (!file) return emit.failure(std::move(file.error()));
          if (has_extension(file->entry.path, ".html")) {
            any = true;
            return article(*file, emit);
          }
          auto table = linkedin::read_table(text::repair_utf8(file->bytes));
          if (table.kind == linkedin::Kind::other) return emit.going();
          any = true;
          if (!table.problem.empty()) {
            emit.failure(
                {ErrorKind::invalid, table.problem, files().url(file->entry.path), tr("The rows before it were read")});
          }
          if (table.kind == linkedin::Kind::shares) return !shares_ || all_shares(table, file->entry.path, emit);
          (table.kind == linkedin::Kind::profile ? profile : positions) = std::move(table);
          return emit.going();
        });
    if (done && !any) {
      return fail(ErrorKind::not_found, tr("There are no shares, articles or profile in this export"), location(),
                  tr("Ask LinkedIn for your data under Settings, Data privacy, Get a copy of your data"));
    }
    if (profile_ && emit.going() && !(profile.rows.empty() && positions.rows.empty()))
      emit.document(person(profile, positions));
    return emit.report(done);
  }

 private:
  bool all_shares(const linkedin::Table& table, const std::string& path, Emitter& emit) const {
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      const auto& row = table.rows[i];
      RawDocument raw;
      raw.bytes = get(row, "ShareCommentary");
      if (raw.bytes.empty()) continue;  // a share without a word of one's own
      raw.url = get(row, "ShareLink");
      if (raw.url.empty()) raw.url = files().url(path + "/" + std::to_string(i + 1));
      raw.media_type = "text/plain";
      raw.published = time_of(get(row, "Date"));
      raw.metadata = {{"charset", "utf-8"}, {"path", path}, {"kind", "share"}};
      if (const auto shared = get(row, "SharedUrl"); !shared.empty()) raw.metadata["shared_url"] = shared;
      if (const auto visibility = get(row, "Visibility"); !visibility.empty()) raw.metadata["visibility"] = visibility;
      if (!emit.document(std::move(raw))) return false;
    }
    return emit.going();
  }

  bool article(const ArchiveFile& file, Emitter& emit) const {
    const auto document = html::Document::parse(text::repair_utf8(file.bytes));
    RawDocument raw;
    raw.url = files().url(file.entry.path);
    if (!document) {
      Error error = document.error();
      error.where = raw.url;
      return emit.failure(std::move(error));
    }
    html::walk(document->root(), [&](html::Node* node) {
      if (html::name(node) == "h1" && raw.title.empty()) {
        raw.title = text::trim(html::text_content(node));
      } else if (html::name(node) == "a" && html::name(html::parent(node)) == "h1") {
        const std::string link(html::attribute(node, "href"));
        if (link.starts_with("http")) raw.url = link;
      } else if (html::has_class(node, "published") || (html::has_class(node, "created") && raw.published == 0)) {
        const std::string text = html::text_content(node);  // "Published on 2020-01-02 03:04"
        const std::size_t digit = text.find_first_of("0123456789");
        if (digit != std::string::npos) raw.published = time_of(std::string(text::trim(text.substr(digit))));
      }
      return true;
    });
    raw.media_type = "text/html";
    raw.bytes = file.bytes;
    raw.metadata = {{"charset", "utf-8"}, {"path", file.entry.path}, {"kind", "article"}};
    return emit.document(std::move(raw));
  }

  /// Addresses, birthdays and phone numbers are left out: they are no writing.
  [[nodiscard]] RawDocument person(const linkedin::Table& profile, const linkedin::Table& positions) const {
    RawDocument raw;
    raw.url = files().url("Profile");
    raw.media_type = "text/markdown";
    raw.metadata = {{"charset", "utf-8"}, {"kind", "profile"}};
    const auto paragraph = [&](const std::string& text) {
      if (!text.empty()) raw.bytes += escape_line_starts(escape_markdown(text)) + "\n\n";
    };
    if (!profile.rows.empty()) {
      const auto& row = profile.rows.front();
      const std::string first = get(row, "First Name"), last = get(row, "Last Name");
      raw.title = hangul(last + first) ? last + first : std::string(text::trim(first + " " + last));
      raw.bytes = "# " + escape_markdown(raw.title) + "\n\n";
      for (const char* key : {"Headline", "Summary"}) paragraph(get(row, key));
    }
    for (const auto& row : positions.rows) {
      const std::string company = get(row, "Company Name"), title = get(row, "Title");
      const std::string start = get(row, "Started On"), end = get(row, "Finished On");
      raw.bytes += "## " + escape_markdown(title + (title.empty() || company.empty() ? "" : ", ") + company) + "\n\n";
      if (!start.empty() || !end.empty()) paragraph(start + " \u2013 " + end);
      paragraph(get(row, "Description"));
    }
    return raw;
  }

  bool shares_ = true, articles_ = true, profile_ = true;
};

Claim accepts(const std::string& location) {
  return export_claim(
      location,
      [](const std::vector<std::string>& names) {
        const auto has = [&](std::string_view name) {
          return std::any_of(names.begin(), names.end(),
                             [&](const std::string& entry) { return text::fold(file_name(entry)) == name; });
        };
        const auto with = [&](std::string_view name) {
          return std::any_of(names.begin(), names.end(), [&](const std::string& entry) {
            return text::fold(entry).find(name) != std::string::npos;
          });
        };
        return has("shares.csv") || (has("profile.csv") && (has("positions.csv") || has("connections.csv"))) ||
               with("linkedin");
      },
      [](const std::string& name) { return name.find("linkedindataexport") != std::string::npos; },
      tr("an export of LinkedIn"));
}

}  // namespace

TWIN_SOURCE(linkedin_export, {.description = "An export of LinkedIn: shares, articles, profile",
                              .needs = "the ZIP from Settings, Data privacy, Get a copy of your data",
                              .examples = {{"/home/me/Complete_LinkedInDataExport_01-31-2024.zip", true},
                                           {"~/Basic_LinkedInDataExport_01-31-2024/", true},
                                           {"https://www.linkedin.com/in/someone", false},
                                           {"/home/me/blog", false}},
                              .accepts = accepts,
                              .make = [] { return std::make_unique<LinkedinExport>(); },
                              .category = "posts"})

}  // namespace twin::feature
