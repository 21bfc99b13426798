// The first twin.yaml of a project.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"

namespace twin::ops {

struct NewProject {
  std::string name;
  std::vector<std::string> authors;
  std::vector<std::string> links;  ///< folders, repositories, feeds
};

/// Picks the source plug-in of each link by its accepts(). A link that none takes is an error that lists the plug-ins.
/// Relative paths stay relative to `home`.
[[nodiscard]] Result<std::string> new_project_yaml(const NewProject& project, const std::filesystem::path& home);

}  // namespace twin::ops
