// Declares a command's options; hides the command-line library (3 s of compile time) behind one .cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace twin::cli {

/// Binds options to variables of the command; the variables' values are the defaults shown in --help.
class Options {
 public:
  explicit Options(CLI::App& app) : app_(app) {}

  void flag(const std::string& names, bool& value, const std::string& description);
  /// --name and --no-name; none of them leaves the value empty.
  void on_off(const std::string& name, std::optional<bool>& value, const std::string& description);
  void option(const std::string& names, std::string& value, const std::string& description);
  void option(const std::string& names, int& value, const std::string& description);
  void option(const std::string& names, double& value, const std::string& description);
  void option(const std::string& names, std::vector<std::string>& values, const std::string& description);
  void positional(const std::string& name, std::string& value, const std::string& description, bool required = true);
  void positional(const std::string& name, std::vector<std::string>& values, const std::string& description,
                  bool required = true);

 private:
  CLI::App& app_;
};

}  // namespace twin::cli
