// twin-parquet write|write-set FILE < JSON lines, read|read-set FILE > JSON lines: documents of the warehouse, or
// training sets. A program of its own, so that `twin` need
// not load Arrow, and so that a damaged file cannot take `twin` down.
#include <cstdio>
#include <exception>
#include <iostream>
#include <string_view>

#include "stores/parquet/rows.h"
#include "stores/parquet/sets.h"

int main(int count, char** arguments) {
  const std::string_view action = count == 3 ? arguments[1] : "";
  if (count == 2 && std::string_view(arguments[1]) == "--version") {
    std::puts("twin-parquet " TWIN_VERSION);
    return 0;
  }
  if (action != "write" && action != "read" && action != "write-set" && action != "read-set") {
    std::fputs("usage: twin-parquet write|read|write-set|read-set FILE\n", stderr);
    return 2;
  }
  try {
    std::ios::sync_with_stdio(false);
    if (action == "write") {
      twin::stores::parquet::write(std::cin, arguments[2]);
    } else if (action == "write-set") {
      twin::stores::parquet::write_set(std::cin, arguments[2]);
    } else if (action == "read-set") {
      twin::stores::parquet::read_set(arguments[2], std::cout);
    } else {
      twin::stores::parquet::read(arguments[2], std::cout);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
