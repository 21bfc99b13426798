#include "ops/project/new_project.h"

#include <yaml-cpp/yaml.h>

#include "core/i18n.h"
#include "feature/sources/source.h"

namespace twin::ops {
namespace {

/// Finds the first key of a source's own configuration: the one that holds its location.
class FirstKey final : public config::Binder {
 public:
  std::string key;
  void field(std::string_view name, bool&, std::string_view, const config::Rule&) override { take(name, false); }
  void field(std::string_view name, int&, std::string_view, const config::Rule&) override { take(name, false); }
  void field(std::string_view name, std::int64_t&, std::string_view, const config::Rule&) override {
    take(name, false);
  }
  void field(std::string_view name, double&, std::string_view, const config::Rule&) override { take(name, false); }
  void field(std::string_view name, std::string&, std::string_view, const config::Rule& rule) override {
    take(name, rule.required);
  }
  void field(std::string_view name, std::vector<std::string>&, std::string_view, const config::Rule&) override {
    take(name, false);
  }
  void field(std::string_view name, std::map<std::string, std::string>&, std::string_view,
             const config::Rule&) override {
    take(name, false);
  }
  void group_with(std::string_view, std::string_view, const std::function<void(config::Binder&)>&) override {}
  void list_with(std::string_view, std::string_view, std::size_t, const std::function<void(std::size_t)>&,
                 const std::function<void(std::size_t, config::Binder&)>&) override {}

 private:
  void take(std::string_view name, bool required) {
    if (required && key.empty()) key = name;
  }
};

/// The plug-in that takes a link. More specific ones (git, feed) come before `folder`, which takes any folder.
Result<std::string> source_of(const std::string& link) {
  std::string ids;
  std::string fallback;
  for (const auto& [id, entry] : feature::SourceRegistry::instance().entries()) {
    ids += (ids.empty() ? "" : ", ") + id;
    if (!entry.accepts(link)) continue;
    if (id != "folder") return id;
    fallback = id;
  }
  if (!fallback.empty()) return fallback;
  return fail(ErrorKind::usage, tr("No source takes this link"), link, tr("sources: {}", ids));
}

std::string category_of(const std::string& source) {
  return source == "git" ? "repositories" : "articles";
}

}  // namespace

Result<std::string> new_project_yaml(const NewProject& project, const std::filesystem::path& home) {
  YAML::Emitter out;
  out << YAML::Comment("The twin of your writing. Every key and its meaning: twin config show --docs");
  out << YAML::Newline << YAML::BeginMap;
  out << YAML::Key << "name" << YAML::Value << project.name;
  out << YAML::Key << "authors" << YAML::Value << YAML::BeginSeq;
  for (const std::string& author : project.authors) {
    out << YAML::BeginMap << YAML::Key << "name" << YAML::Value << author << YAML::EndMap;
  }
  out << YAML::EndSeq;
  out << YAML::Key << "sources" << YAML::Value << YAML::BeginSeq;
  for (const std::string& link : project.links) {
    const std::filesystem::path local = home / link;  // an absolute link replaces home
    auto id = source_of(link);
    if (!id && std::filesystem::exists(local)) id = source_of(local.string());
    if (!id) return tl::unexpected(id.error());
    FirstKey location;
    feature::SourceRegistry::instance().find(*id)->make()->bind(location);
    out << YAML::BeginMap << YAML::Key << "type" << YAML::Value << *id;
    out << YAML::Key << location.key << YAML::Value << link;
    out << YAML::Key << "category" << YAML::Value << category_of(*id) << YAML::EndMap;
  }
  out << YAML::EndSeq << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace twin::ops
