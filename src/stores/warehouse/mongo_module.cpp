#include "stores/warehouse/mongo_module.h"

#include <dlfcn.h>

#include <string_view>
#include <system_error>

#include "core/i18n.h"
#include "core/process.h"

namespace twin::stores {
namespace {

namespace fs = std::filesystem;

std::string hint() {
  return tr("install Twin again, with the package libmongoc-1.0-0; or leave warehouse.uri empty for SQLite");
}

fs::path module_file() {
  const fs::path here = program_folder();
  std::error_code ignored;
  for (const fs::path& folder : {here, here / ".." / "lib" / "twin"}) {
    fs::path candidate = (folder / mongo_module_file).lexically_normal();
    if (fs::is_regular_file(candidate, ignored)) return candidate;
  }
  throw Fatal(ErrorKind::not_found, tr("MongoDB support is not installed: {} is missing", mongo_module_file),
              here.string(), hint());
}

/// Never closed: the client library keeps threads.
MongoModuleOpen* load() {
  const fs::path file = module_file();
  void* module = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    throw Fatal(ErrorKind::not_found, tr("MongoDB support cannot be loaded: {}", ::dlerror()), file.string(), hint());
  }
  auto* build = reinterpret_cast<MongoModuleBuild*>(::dlsym(module, mongo_module_build));
  auto* open = reinterpret_cast<MongoModuleOpen*>(::dlsym(module, mongo_module_open));
  if (build == nullptr || open == nullptr || std::string_view(build()) != TWIN_VERSION) {
    throw Fatal(ErrorKind::not_found, tr("MongoDB support is of another version of Twin"), file.string(), hint());
  }
  return open;
}

}  // namespace

std::unique_ptr<Warehouse> open_mongo_warehouse(const MongoOptions& options, FileSystem& files) {
  static MongoModuleOpen* const open = load();
  return std::unique_ptr<Warehouse>(open(options, {files, &translated, &log::write}));
}

}  // namespace twin::stores
