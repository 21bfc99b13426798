// Static plug-in registries: an id and a function pointer, registered by the plug-in's own .cpp.
// Plug-in folders are OBJECT libraries linked straight into executables: inside a static library the linker drops them.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace twin {

/// Entries by id, in order of id. `Entry` is copied. An empty or duplicate id stops the program at start.
template <class Entry>
class Registry {
 public:
  static Registry& instance() {
    static Registry registry;
    return registry;
  }

  void add(std::string_view id, Entry entry) {
    if (id.empty() || !entries_.emplace(std::string(id), std::move(entry)).second) {
      std::fprintf(stderr, "twin: empty or duplicate plug-in id '%.*s'\n", static_cast<int>(id.size()), id.data());
      std::abort();
    }
  }

  [[nodiscard]] const Entry* find(std::string_view id) const {
    const auto it = entries_.find(std::string(id));
    return it == entries_.end() ? nullptr : &it->second;
  }
  [[nodiscard]] const std::map<std::string, Entry>& entries() const { return entries_; }

 private:
  std::map<std::string, Entry> entries_;
};

}  // namespace twin
