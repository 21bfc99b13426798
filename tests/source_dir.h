// Included before every test (cmake/Rooms.cmake): where the source tree lies.
#pragma once

/// Absolute path of the source tree; defined in doctest_main.cpp.
extern "C" const char* twin_source_dir();
#define TWIN_SOURCE_DIR twin_source_dir()
