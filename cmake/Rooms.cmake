# A room is a folder of src/ with one library; its unit tests (*_test.cpp beside the source) make one executable.

# twin_room(NAME [FOLDER dir] [EXCLUDE regex…] [LIBS …])
#   Library twin_NAME from every .cpp below FOLDER (default: NAME), tests in twin_NAME_test, registered with ctest.
function(twin_room name)
  cmake_parse_arguments(ROOM "" "FOLDER" "EXCLUDE;LIBS;TEST_LIBS" ${ARGN})
  if(NOT ROOM_FOLDER)
    set(ROOM_FOLDER ${name})
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${ROOM_FOLDER}/*.cpp)
  foreach(pattern IN LISTS ROOM_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX "${pattern}")
  endforeach()
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  if(NOT sources)
    return()
  endif()
  add_library(twin_${name} STATIC ${sources})
  target_link_libraries(twin_${name} PUBLIC twin_flags ${ROOM_LIBS})
  if(tests)
    twin_unit_tests(twin_${name}_test SOURCES ${tests} LIBS twin_${name} ${ROOM_TEST_LIBS})
  endif()
endfunction()

# Gives a test the macro TWIN_SOURCE_DIR, a C string. Only doctest_main.cpp is compiled with the path in it, so that the
# compiler cache serves the tests to any clone.
function(twin_source_dir target)
  target_compile_options(${target} PRIVATE -include ${CMAKE_SOURCE_DIR}/tests/source_dir.h)
  set_property(SOURCE ${CMAKE_SOURCE_DIR}/tests/doctest_main.cpp TARGET_DIRECTORY ${target}
               PROPERTY COMPILE_DEFINITIONS TWIN_SOURCE_PATH="${CMAKE_SOURCE_DIR}")
endfunction()

# One doctest executable, run by ctest as one test labelled "unit".
function(twin_unit_tests target)
  cmake_parse_arguments(TESTS "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${target} ${TESTS_SOURCES} ${CMAKE_SOURCE_DIR}/tests/doctest_main.cpp)
  target_link_libraries(${target} PRIVATE twin_flags dep::doctest ${TESTS_LIBS})
  twin_source_dir(${target})
  add_test(NAME ${target} COMMAND ${target})
  set_tests_properties(${target} PROPERTIES LABELS unit TIMEOUT 600)
endfunction()
