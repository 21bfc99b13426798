# The targets dep::NAME that the rooms link, and nothing else: no room calls find_package.
#
# Header search paths are SYSTEM, so that our warnings stay ours. Small libraries are linked
# statically where Debian has an archive; what is security-relevant or large stays shared.
# Written by hand instead of through find_package: configuring costs a few file look-ups.

cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH TWIN_DEPS_FILE)
string(APPEND TWIN_DEPS_FILE "/build/deps.cmake")
if(NOT EXISTS "${TWIN_DEPS_FILE}")
  message(FATAL_ERROR "Dependencies are not set up: run 'make setup' first.")
endif()
include("${TWIN_DEPS_FILE}")
foreach(name LEXBOR HTTPLIB TORCH LLAMA LID HNSWLIB UMAP)
  if(NOT IS_DIRECTORY "${TWIN_${name}_PREFIX}")
    message(FATAL_ERROR "${TWIN_${name}_PREFIX} is gone: run 'make setup' again.")
  endif()
endforeach()

find_package(Threads REQUIRED)

# twin_dep(NAME [FILES libx.a...] [HEADER x.h] [LINK targets or flags...])
# dep::NAME for a library of the system. FILES are looked up in the linker's folders.
function(twin_dep name)
  cmake_parse_arguments(arg "" "HEADER" "FILES;LINK" ${ARGN})
  add_library(dep::${name} INTERFACE IMPORTED GLOBAL)
  set(links "")
  foreach(file ${arg_FILES})
    find_library(TWIN_LIB_${file} NAMES ${file} NO_CACHE)
    if(NOT TWIN_LIB_${file})
      message(FATAL_ERROR "${file} (dep::${name}) is not on this machine: run 'make setup'.")
    endif()
    list(APPEND links "${TWIN_LIB_${file}}")
  endforeach()
  if(arg_HEADER)
    find_path(TWIN_INC_${name} NAMES ${arg_HEADER} NO_CACHE)
    if(NOT TWIN_INC_${name})
      message(FATAL_ERROR "${arg_HEADER} (dep::${name}) is not on this machine: run 'make setup'.")
    endif()
  endif()
  target_link_libraries(dep::${name} INTERFACE ${links} ${arg_LINK})
endfunction()

twin_dep(fmt       FILES libfmt.so        HEADER fmt/format.h)
twin_dep(json                             HEADER nlohmann/json.hpp)
twin_dep(yaml      FILES libyaml-cpp.so   HEADER yaml-cpp/yaml.h)
twin_dep(cli11                            HEADER CLI/CLI.hpp)
twin_dep(sqlite    FILES libsqlite3.a     HEADER sqlite3.h              LINK m ${CMAKE_DL_LIBS} Threads::Threads)
twin_dep(sqlitecpp FILES libSQLiteCpp.a   HEADER SQLiteCpp/SQLiteCpp.h  LINK dep::sqlite)
twin_dep(curl      FILES libcurl.so       HEADER curl/curl.h)
twin_dep(git2      FILES libgit2.so       HEADER git2.h)
twin_dep(archive   FILES libarchive.so    HEADER archive.h)
twin_dep(simdjson  FILES libsimdjson.so   HEADER simdjson.h)
twin_dep(utf8proc  FILES libutf8proc.a    HEADER utf8proc.h)
twin_dep(stemmer   FILES libstemmer.a     HEADER libstemmer.h)
twin_dep(doctest                          HEADER doctest/doctest.h)
twin_dep(expected                         HEADER tl/expected.hpp)
twin_dep(pugixml   FILES libpugixml.a     HEADER pugixml.hpp)
twin_dep(idn2      FILES libidn2.so      HEADER idn2.h)
twin_dep(psl       FILES libpsl.so       HEADER libpsl.h)
twin_dep(crypto    FILES libcrypto.so     HEADER openssl/evp.h)
twin_dep(cmark     FILES libcmark-gfm-extensions.a libcmark-gfm.a HEADER cmark-gfm.h)
twin_dep(re2       FILES libre2.a         HEADER re2/re2.h              LINK Threads::Threads)
twin_dep(mimalloc  FILES libmimalloc.so   HEADER mimalloc.h)
twin_dep(md4c      FILES libmd4c.so       HEADER md4c.h)
twin_dep(zlib      FILES libz.so          HEADER zlib.h)
twin_dep(zstd      FILES libzstd.a        HEADER zstd.h)
# oneDNN, for twin-encode alone.
twin_dep(dnnl      FILES libdnnl.so      HEADER oneapi/dnnl/dnnl.hpp)
twin_dep(csv       FILES libcsv.so        HEADER csv.h)

# GMime and the GLib it needs are loaded at run time, when the first mail is read: only their headers are used here.
add_library(dep::gmime INTERFACE IMPORTED GLOBAL)
find_path(TWIN_INC_gmime NAMES gmime/gmime.h PATH_SUFFIXES gmime-3.0 NO_CACHE)
find_path(TWIN_INC_glib NAMES glib.h PATH_SUFFIXES glib-2.0 NO_CACHE)
find_path(TWIN_INC_glibconfig NAMES glibconfig.h PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/glib-2.0/include
          /usr/lib/${CMAKE_CXX_LIBRARY_ARCHITECTURE}/glib-2.0/include NO_CACHE)
foreach(header gmime glib glibconfig)
  if(NOT TWIN_INC_${header})
    message(FATAL_ERROR "The header of ${header} (dep::gmime) is not on this machine: run 'make setup'.")
  endif()
  target_include_directories(dep::gmime SYSTEM INTERFACE "${TWIN_INC_${header}}")
endforeach()
target_link_libraries(dep::gmime INTERFACE ${CMAKE_DL_LIBS})

# libmongoc and libbson, for the module twin-mongo alone. Their headers lie in folders of their own.
twin_dep(mongoc FILES libmongoc-1.0.so libbson-1.0.so)
foreach(header mongoc/mongoc.h bson/bson.h)
  cmake_path(GET header PARENT_PATH name)
  find_path(TWIN_INC_${name} NAMES ${header} PATH_SUFFIXES lib${name}-1.0 NO_CACHE)
  if(NOT TWIN_INC_${name})
    message(FATAL_ERROR "${header} (dep::mongoc) is not on this machine: run 'make setup'.")
  endif()
  target_include_directories(dep::mongoc SYSTEM INTERFACE "${TWIN_INC_${name}}")
endforeach()

# Debian's archives of these are used, so their headers must not ask for the shared ones.
target_compile_definitions(dep::utf8proc INTERFACE UTF8PROC_STATIC)
target_compile_definitions(dep::cmark INTERFACE CMARK_GFM_STATIC_DEFINE CMARK_GFM_EXTENSIONS_STATIC_DEFINE)

# twin_built_dep(NAME PREFIX FILES... [LINK targets or flags...])
# dep::NAME for what scripts/setup built: PREFIX/include and the libraries named.
function(twin_built_dep name prefix)
  cmake_parse_arguments(arg "" "" "FILES;LINK" ${ARGN})
  add_library(dep::${name} INTERFACE IMPORTED GLOBAL)
  list(TRANSFORM arg_FILES PREPEND "${prefix}/")
  target_include_directories(dep::${name} SYSTEM INTERFACE "${prefix}/include")
  target_link_libraries(dep::${name} INTERFACE ${arg_FILES} ${arg_LINK})
endfunction()

twin_built_dep(lexbor "${TWIN_LEXBOR_PREFIX}" FILES lib/liblexbor.a LINK m)
target_compile_definitions(dep::lexbor INTERFACE LEXBOR_STATIC)

twin_built_dep(hnswlib "${TWIN_HNSWLIB_PREFIX}")
# Headers alone: UMAP, k-means, principal components, nearest neighbours, Eigen.
twin_built_dep(umap "${TWIN_UMAP_PREFIX}" LINK Threads::Threads)

# gguf.h and ggml.h: reading and writing GGUF, quantizing and dequantizing tensors. No
# computing: that is the workers' part.
twin_built_dep(ggml "${TWIN_LLAMA_PREFIX}" FILES bin/libggml-base.so)

twin_built_dep(httplib "${TWIN_HTTPLIB_PREFIX}" FILES lib/libhttplib.a LINK ssl crypto z Threads::Threads)
file(STRINGS "${TWIN_HTTPLIB_PREFIX}/definitions" twin_httplib_definitions)
separate_arguments(twin_httplib_definitions)
target_compile_definitions(dep::httplib INTERFACE ${twin_httplib_definitions})

# libtorch without its CMake package, which asks for a CUDA toolkit. --no-as-needed would
# only matter for back ends that register themselves; the CPU ones live in libtorch_cpu.
twin_built_dep(torch "${TWIN_TORCH_PREFIX}" FILES lib/libtorch_cpu.so lib/libc10.so LINK Threads::Threads)
# c10d's headers include those of Gloo, which the wheel does not bring: its library has the code.
twin_dep(gloo HEADER gloo/context.h)
target_include_directories(dep::torch SYSTEM INTERFACE
  "${TWIN_TORCH_PREFIX}/include/torch/csrc/api/include")

# Arrow and Parquet of the Python wheel, for twin-parquet alone.
if(NOT TWIN_PARQUET)
elseif(NOT IS_DIRECTORY "${TWIN_ARROW_PREFIX}")
  message(FATAL_ERROR "Arrow is not set up: run 'make setup', or configure with -DTWIN_PARQUET=OFF")
else()
  twin_built_dep(arrow "${TWIN_ARROW_PREFIX}" FILES lib/libparquet.so lib/libarrow.so LINK Threads::Threads)
endif()
