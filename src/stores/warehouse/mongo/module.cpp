// What libtwin-mongo.so shows: see stores/warehouse/mongo_module.h.
#include <atomic>

#include "core/i18n.h"
#include "stores/warehouse/mongo/mongo_warehouse.h"

namespace twin {
namespace {

// Several threads may open a warehouse; all bring the same.
std::atomic<std::string_view (*)(std::string_view)> host_translated = nullptr;
std::atomic<void (*)(log::Level, std::string_view)> host_log = nullptr;

}  // namespace

// In place of those in core/i18n.cpp and core/log.cpp, which would use a second catalogue and a second log file: the
// program's.
std::string_view translated(std::string_view english) {
  const auto translate = host_translated.load();
  return translate == nullptr ? english : translate(english);
}

void log::write(Level level, std::string_view line) {
  if (const auto write_line = host_log.load(); write_line != nullptr) write_line(level, line);
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
