// An Obsidian vault: notes with wikilinks, embeds, tags, callouts and comments.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/i18n.h"
#include "core/json.h"
#include "core/text/unicode.h"
#include "feature/clean/front_matter.h"
#include "feature/collect/media_type.h"
#include "feature/collect/path_filter.h"
#include "feature/sources/exports/export_source.h"
#include "feature/sources/obsidian/note.h"

namespace twin::feature {
namespace {

constexpr std::size_t date_length = 10;

/// A value of one of Obsidian's settings files; empty when it is not set.
std::string setting(const std::string& json, const char* key) {
  const Json root = Json::parse(json, nullptr, false);
  if (!root.is_object() || !root.contains(key) || !root[key].is_string()) return {};
  return root[key].get<std::string>();
}

bool inside(const std::string& path, std::string folder) {
  while (folder.ends_with('/')) folder.pop_back();
  return !folder.empty() && path.starts_with(folder + "/");
}

/// What lies in a vault, to resolve links by: Obsidian names a note by its file name, anywhere in the vault.
class Vault {
 public:
  void add(const std::string& path) {
    by_path_.emplace(text::fold(path), path);
    auto& shortest = by_name_[text::fold(file_name(path))];
    if (shortest.empty() || path.size() < shortest.size()) shortest = path;
  }
  [[nodiscard]] std::string find(const std::string& target) const {
    for (const std::string& name : {text::fold(target), text::fold(target) + ".md"}) {
      if (const auto found = by_path_.find(name); found != by_path_.end()) return found->second;
      if (const auto found = by_name_.find(file_name(name));
          found != by_name_.end() && name.find('/') == std::string::npos) {
        return found->second;
      }
    }
    return {};
  }

 private:
  std::map<std::string, std::string> by_path_, by_name_;
};

class Obsidian final : public ExportSource {
 public:
  void bind(config::Binder& b) override {
    bind_export(b, "Folder of the vault (that with .obsidian), or a ZIP of it");
    filter_.bind(b);
    b.field("templates_folder", templates_, "Folder of templates, left out; none: as set in the vault");
    b.field("daily_notes", daily_notes_, "Also read daily notes");
    b.field("documents", documents_, "Also read PDF, DOCX and other documents among the attachments");
  }

  [[nodiscard]] Result<SourceReport> collect(SourceContext& context, const ItemSink& sink) override {
    Vault vault;
    std::string root;  // a ZIP may hold the vault in a folder
    std::string templates = templates_, daily;
    bool any = false;
    auto looked = files().each(
        context,
        [&](const std::string& path) {
          vault.add(path);
          any = any || has_extension(path, ".md");
          return path.ends_with(".obsidian/templates.json") || path.ends_with(".obsidian/daily-notes.json");
        },
        [&](Result<ArchiveFile>&& file) {
          if (!file) return true;
          root = file->entry.path.substr(0, file->entry.path.find(".obsidian/"));
          const std::string folder = setting(file->bytes, "folder");
          if (folder.empty()) return true;
          if (!file->entry.path.ends_with("templates.json")) {
            daily = root + folder;
          } else if (templates_.empty()) {
            templates = root + folder;
          }
          return true;
        });
    if (!any) {
      if (!looked) return tl::unexpected(looked.error());
      return fail(ErrorKind::not_found, tr("There is no note in this vault"), location(),
                  tr("Give the folder that holds .obsidian"));
    }
    Emitter emit(context, sink);
    const auto done = files().each(
        context,
        [&](const std::string& path) {
          if (!filter_.accepts(path) || inside(path, templates)) return false;
          if (!daily_notes_ && is_daily(path, daily)) return false;
          const std::string type = media_type_of(path);
          return type == "text/markdown" || (documents_ && is_document_type(type));
        },
        [&](Result<ArchiveFile>&& file) {
          return file ? note(*std::move(file), vault, daily, emit) : emit.failure(std::move(file.error()));
        });
    return emit.report(done);
  }

 private:
  /// "2024-05-01.md", in the folder of daily notes where the vault has one.
  [[nodiscard]] static bool is_daily(const std::string& path, const std::string& folder) {
    if (!folder.empty() && !inside(path, folder)) return false;
    const std::string stem = without_extension(file_name(path));
    return stem.size() >= date_length && parse_time(stem.substr(0, date_length)).has_value();
  }

  bool note(ArchiveFile&& file, const Vault& vault, const std::string& daily, Emitter& emit) const {
    RawDocument raw;
    const std::string& path = file.entry.path;
    raw.url = files().url(path);
    raw.media_type = media_type_of(path);
    raw.metadata["path"] = path;
    raw.beside = files().beside(emit.context(), path);
    if (raw.media_type != "text/markdown") {
      raw.bytes = std::move(file.bytes);
      return emit.document(std::move(raw));
    }
    const std::string text = text::repair_utf8(file.bytes);
    auto note = obsidian::read_note(text, [&](const std::string& target) { return vault.find(target); });
    const auto front = read_front_matter(text);
    raw.title = front.first({"title"});
    if (raw.title.empty()) raw.title = without_extension(file_name(path));
    raw.bytes = std::move(note.markdown);
    raw.metadata["charset"] = "utf-8";
    std::string tags;
    const auto add_tag = [&](std::string tag) {
      if (tag.starts_with('#')) tag.erase(0, 1);
      const bool known = (", " + tags + ", ").find(", " + tag + ", ") != std::string::npos;
      if (!tag.empty() && !known) tags += (tags.empty() ? "" : ", ") + tag;
    };
    for (const char* key : {"tags", "tag"}) {
      if (const auto found = front.values.find(key); found != front.values.end()) {
        for (const auto& tag : found->second) add_tag(tag);
      }
    }
    for (const auto& tag : note.tags) add_tag(tag);
    if (!tags.empty()) raw.metadata["tags"] = tags;
    if (note.comments > 0) raw.metadata["comments_removed"] = std::to_string(note.comments);
    if (is_daily(path, daily)) {
      raw.metadata["kind"] = "daily note";
      if (front.first({"date", "created", "published"}).empty()) {
        raw.published = parse_time(file_name(path).substr(0, date_length)).value_or(0);
      }
    }
    return emit.document(std::move(raw));
  }

  PathFilter filter_;
  std::string templates_;
  bool daily_notes_ = true, documents_ = false;
};

Claim accepts(const std::string& location) {
  return export_claim(
      location,
      [](const std::vector<std::string>& names) {
        return std::any_of(names.begin(), names.end(), [](const std::string& name) {
          return name == ".obsidian/" || name.starts_with(".obsidian/") ||
                 name.find("/.obsidian/") != std::string::npos;
        });
      },
      [](const std::string& name) {
        return name == "obsidian vault" || name == "obsidian" || name.ends_with(".obsidian");
      },
      tr("an Obsidian vault"));
}

}  // namespace

TWIN_SOURCE(obsidian, {.description = "The notes of an Obsidian vault",
                       .needs = "",
                       .examples = {{"~/Documents/Obsidian Vault", true},
                                    {"/home/me/Obsidian/", true},
                                    {"obsidian://open?vault=notes", false},
                                    {"/home/me/blog", false}},
                       .accepts = accepts,
                       .make = [] { return std::make_unique<Obsidian>(); },
                       .category = "articles"})

}  // namespace twin::feature
