#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

extern "C" const char* twin_source_dir() {
  return TWIN_SOURCE_PATH;
}
