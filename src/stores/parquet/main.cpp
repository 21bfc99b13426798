// twin-parquet write FILE < JSON lines, twin-parquet read FILE > JSON lines: a program of its own, so that `twin` need
// not load Arrow, and so that a damaged file cannot take `twin` down.
#include <cstdio>
#include <exception>
#include <iostream>
#include <string_view>

#include "stores/parquet/rows.h"

int main(int count, char** arguments) {
  const std::string_view action = count == 3 ? arguments[1] : "";
  if (count == 2 && std::string_view(arguments[1]) == "--version") {
    std::puts("twin-parquet " TWIN_VERSION);
    return 0;
  }
  if (action != "write" && action != "read") {
    std::fputs("usage: twin-parquet write|read FILE\n", stderr);
    return 2;
  }
  try {
    std::ios::sync_with_stdio(false);
    if (action == "write") {
      twin::stores::parquet::write(std::cin, arguments[2]);
    } else {
      twin::stores::parquet::read(arguments[2], std::cout);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
