// What libtwin-mongo.so shows: see stores/warehouse/mongo_module.h.
#include "core/i18n.h"
#include "stores/warehouse/mongo/mongo_warehouse.h"

namespace twin {
namespace {

std::string_view (*host_translated)(std::string_view) = nullptr;
void (*host_log)(log::Level, std::string_view) = nullptr;

}  // namespace

// In place of those in core/i18n.cpp and core/log.cpp, which would use a second catalogue and a second log file: the
// program's.
std::string_view translated(std::string_view english) {
  return host_translated == nullptr ? english : host_translated(english);
}

void log::write(Level level, std::string_view line) {
  if (host_log != nullptr) host_log(level, line);
}

}  // namespace twin

// Not in a namespace, and C names: looked up by dlsym().
extern "C" {

[[gnu::visibility("default")]] const char* twin_mongo_build();
[[gnu::visibility("default")]] twin::stores::Warehouse* twin_mongo_open(const twin::stores::MongoOptions& options,
                                                                        const twin::stores::MongoHost& host);

const char* twin_mongo_build() {
  return TWIN_VERSION;
}

twin::stores::Warehouse* twin_mongo_open(const twin::stores::MongoOptions& options,
                                         const twin::stores::MongoHost& host) {
  twin::host_translated = host.translated;
  twin::host_log = host.log;
  return new twin::stores::mongo::MongoWarehouse(options, host.files);
}
}
