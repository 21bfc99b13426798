#include "stores/runs/process_identity.h"

#include <fstream>
#include <sstream>
#include <vector>

namespace twin::stores {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

// proc(5): /proc/PID/stat is "pid (name) state …", where the name may hold anything; field 22 is the start time.
std::string process_identity(std::int64_t pid) {
  constexpr std::size_t kState = 0;
  constexpr std::size_t kStartTime = 19;  // fields after the name
  if (pid <= 0) return {};
  const std::string line = first_line("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(line.substr(name_end + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  if (fields.size() <= kStartTime || fields[kState] == "Z" || fields[kState] == "X") return {};
  return first_line("/proc/sys/kernel/random/boot_id") + ":" + fields[kStartTime];
}

}  // namespace twin::stores
