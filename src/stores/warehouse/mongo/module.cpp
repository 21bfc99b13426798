// What libtwin-mongo.so shows: see stores/warehouse/mongo_module.h.
#include "core/i18n.h"
#include "stores/warehouse/mongo/mongo_warehouse.h"

namespace twin {
namespace {

std::string_view (*host_translated)(std::string_view) = nullptr;

}  // namespace

/// In place of the one in core/i18n.cpp, which would bring a catalogue and a YAML parser along: the program's.
std::string_view translated(std::string_view english) {
  return host_translated == nullptr ? english : host_translated(english);
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
  return new twin::stores::mongo::MongoWarehouse(options, host.files);
}
}
