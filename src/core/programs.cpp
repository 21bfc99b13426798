// Where Twin's own programs and data lie: installed, relocated, or in the build folder.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/i18n.h"
#include "core/process.h"
#include "core/spawn.h"

namespace fs = std::filesystem;

namespace twin {

fs::path program_folder() {
  std::error_code code;
  const fs::path program = fs::read_symlink("/proc/self/exe", code);
  if (code) throw Fatal(ErrorKind::internal, "/proc/self/exe cannot be read: " + code.message());
  return program.parent_path();
}

Result<fs::path> find_program(std::string_view name) {
  const fs::path here = program_folder();
  for (const fs::path& folder : {here, here / ".." / "lib" / "twin"}) {
    const fs::path candidate = (folder / name).lexically_normal();
    if (::access(candidate.c_str(), X_OK) == 0 && fs::is_regular_file(candidate)) return candidate;
  }
  auto found = resolve_program(std::string(name));
  if (found) return found;
  return fail(ErrorKind::not_found, tr("the program {} is missing", name), here.string(),
              tr("build it with 'make build', or install Twin again"));
}

Result<fs::path> find_data(std::string_view relative) {
  std::vector<fs::path> roots;
  if (const char* share = std::getenv("TWIN_SHARE"); share != nullptr && *share != '\0') roots.emplace_back(share);
  roots.push_back(program_folder() / ".." / "share" / "twin");
#ifdef TWIN_DEVELOPMENT_TREE
  roots.emplace_back(TWIN_DEVELOPMENT_TREE);
#endif
  std::error_code ignored;
  for (const fs::path& root : roots) {
    const fs::path candidate = (root / relative).lexically_normal();
    if (fs::exists(candidate, ignored)) return candidate;
  }
  return fail(ErrorKind::not_found, tr("Twin's own data folder \"{}\" is missing", relative), roots.front().string(),
              tr("install Twin again, or set TWIN_SHARE to the folder that holds it"));
}

Result<int> free_port() {
  const OwnedFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (!socket || ::bind(socket.get(), generic, size) != 0 || ::getsockname(socket.get(), generic, &size) != 0) {
    return fail(ErrorKind::io, tr("no free port on this machine: {}", std::strerror(errno)));
  }
  return int{ntohs(address.sin_port)};
}

}  // namespace twin
