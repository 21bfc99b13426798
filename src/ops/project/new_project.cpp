#include "ops/project/new_project.h"

#include <yaml-cpp/yaml.h>

#include "feature/collect/canonical_url.h"
#include "feature/collect/choose_source.h"

namespace twin::ops {
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
    auto choice = feature::source_for(link);
    if (!choice && std::filesystem::exists(local)) choice = feature::source_for(local.string());
    if (!choice) return tl::unexpected(choice.error());
    const feature::SourceEntry& entry = *feature::SourceRegistry::instance().find(choice->id);
    out << YAML::BeginMap << YAML::Key << "type" << YAML::Value << choice->id;
    out << YAML::Key << feature::location_key(link) << YAML::Value << feature::address_of(link);
    out << YAML::Key << "category" << YAML::Value << entry.category << YAML::EndMap;
  }
  out << YAML::EndSeq << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace twin::ops
