# Warnings, sanitizers, linker and compiler cache, for our own targets only (through the twin_flags target).
add_library(twin_flags INTERFACE)
target_include_directories(twin_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(twin_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual -Wno-missing-field-initializers
  -Wno-restrict  # g++ 12 sees overlaps in std::string that are not there (its bug 105651)
  -Werror)

# The rooms are position-independent because the MongoDB module links some of them. GCC then calls every function that
# another file might see through a table and inlines none, in case a library replaces it; none does (Clang assumes so).
target_compile_options(twin_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-fno-semantic-interposition>)

if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(twin_flags INTERFACE -Wno-unknown-warning-option)
endif()

if(TWIN_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "Fuzzing needs clang: cmake --preset fuzz")
  endif()
  set(TWIN_SANITIZE fuzzer-no-link,address,undefined)
endif()

if(TWIN_SANITIZE)
  target_compile_options(twin_flags INTERFACE -fsanitize=${TWIN_SANITIZE} -fno-omit-frame-pointer)
  string(REPLACE "fuzzer-no-link," "" sanitize_link "${TWIN_SANITIZE}")
  target_link_options(twin_flags INTERFACE -fsanitize=${sanitize_link})
  # The checks inserted make the compiler see paths that are none (GCC's manual, -fsanitize).
  target_compile_options(twin_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  if(TWIN_SANITIZE MATCHES undefined)
    target_compile_options(twin_flags INTERFACE -fno-sanitize-recover=undefined)
  endif()
endif()

# twin_fast_allocator(TARGET): mimalloc in place of the C library's malloc. Collecting makes thousands of small nodes and
# strings a document, and takes a tenth less CPU time with it (bench/collect). Sanitizers bring an allocator of their own.
function(twin_fast_allocator target)
  if(NOT TWIN_SANITIZE)
    target_link_libraries(${target} PRIVATE -Wl,--push-state,--no-as-needed dep::mimalloc -Wl,--pop-state)
  endif()
endfunction()

# mold links several times faster than ld; it is optional.
find_program(TWIN_MOLD mold)
if(TWIN_MOLD)
  target_link_options(twin_flags INTERFACE -fuse-ld=mold)
endif()

find_program(TWIN_CCACHE ccache)
if(TWIN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths below the tree are kept relative: a second clone finds what the first one compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${TWIN_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
