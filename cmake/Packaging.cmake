# What `make build` lays into bin/, what `make install` copies, what `make package` packs.
#
#   bin/twin, bin/twin-encode,
#   bin/twin-train, bin/twin-parquet    our programs
#   lib/twin/                           workers, and shared libraries that only Twin uses
#   share/twin/                         categories, pipelines, prompts, examples
#   share/doc/twin/                     licences of all that is inside
#
# Programs find lib/twin and share/twin from where they lie themselves, so the tree can be
# moved as a whole. Four components: `twin`; `train`, the trainer with its half gigabyte of
# libtorch; `parquet`, twin-parquet with Arrow; `bundle`, the libraries of this machine that
# a package manager would bring, only for the archive that runs anywhere.
include(GNUInstallDirs)

set(twin_private_dir lib/twin) # not lib/<triplet>: nothing else may link these

# --- build folder --------------------------------------------------------------------------

# Workers run from the cache; a program's own folder is where links are resolved to, so that
# llama-server finds its libraries and CPU back ends there.
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
foreach(worker llama-server llama-quantize)
  file(CREATE_LINK "${TWIN_LLAMA_PREFIX}/bin/${worker}" "${CMAKE_BINARY_DIR}/bin/${worker}" SYMBOLIC)
endforeach()

# Kiwi, where it was built, is found in the same way.
if(TWIN_KIWI_PREFIX)
  file(CREATE_LINK "${TWIN_KIWI_PREFIX}/kiwi" "${CMAKE_BINARY_DIR}/bin/kiwi" SYMBOLIC)
endif()

# --- install -------------------------------------------------------------------------------

# twin_install_program(TARGET COMPONENT)
function(twin_install_program target component)
  if(NOT TARGET ${target})
    return()
  endif()
  # The old kind of search path (DT_RPATH) also holds for the libraries of libraries, which
  # is what makes the bundle work.
  set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN/../${twin_private_dir}")
  target_link_options(${target} PRIVATE -Wl,--disable-new-dtags)
  install(TARGETS ${target} RUNTIME DESTINATION bin COMPONENT ${component})
endfunction()

# twin_install_data(FOLDER...): a folder of the source tree, if it is there.
function(twin_install_data)
  foreach(folder ${ARGN})
    if(IS_DIRECTORY "${CMAKE_SOURCE_DIR}/${folder}")
      install(DIRECTORY "${CMAKE_SOURCE_DIR}/${folder}" DESTINATION share/twin COMPONENT twin
              PATTERN "*_test.*" EXCLUDE PATTERN "__pycache__" EXCLUDE)
    endif()
  endforeach()
endfunction()

twin_install_program(twin twin)
twin_install_program(twin-encode twin)
twin_install_program(twin-train train)
twin_install_program(twin-parquet parquet)
# The module with MongoDB's client library, opened by `twin` when a project asks for it.
set_target_properties(twin-mongo PROPERTIES INSTALL_RPATH "$ORIGIN")
target_link_options(twin-mongo PRIVATE -Wl,--disable-new-dtags)
install(TARGETS twin-mongo LIBRARY DESTINATION ${twin_private_dir} COMPONENT twin)
if(TARGET twin-parquet)
  install(DIRECTORY "${TWIN_ARROW_PREFIX}/lib/" DESTINATION ${twin_private_dir} COMPONENT parquet
          USE_SOURCE_PERMISSIONS)
  install(DIRECTORY "${TWIN_ARROW_PREFIX}/licenses/" DESTINATION share/doc/twin/licenses COMPONENT parquet)
endif()
twin_install_data(categories pipelines prompts examples)

install(DIRECTORY "${TWIN_LLAMA_PREFIX}/bin/" DESTINATION ${twin_private_dir} COMPONENT twin
        USE_SOURCE_PERMISSIONS)
if(TWIN_KIWI_PREFIX)
  # A component of its own, in no package: a hundred megabytes that most do without.
  install(DIRECTORY "${TWIN_KIWI_PREFIX}/kiwi" DESTINATION ${twin_private_dir} COMPONENT kiwi)
  install(DIRECTORY "${TWIN_KIWI_PREFIX}/licenses/" DESTINATION share/doc/twin/licenses COMPONENT kiwi)
endif()
if(TARGET twin-train)
  install(DIRECTORY "${TWIN_TORCH_PREFIX}/lib/" DESTINATION ${twin_private_dir} COMPONENT train
          USE_SOURCE_PERMISSIONS)
  install(DIRECTORY "${TWIN_TORCH_PREFIX}/licenses/" DESTINATION share/doc/twin/licenses COMPONENT train)
endif()
install(FILES "${TWIN_LID_PREFIX}/lid.176.ftz" DESTINATION share/twin COMPONENT twin)
install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" "${CMAKE_SOURCE_DIR}/NOTICE.md"
        DESTINATION share/doc/twin COMPONENT twin)
foreach(prefix "${TWIN_LLAMA_PREFIX}" "${TWIN_HTTPLIB_PREFIX}" "${TWIN_LEXBOR_PREFIX}"
               "${TWIN_LID_PREFIX}" "${TWIN_UMAP_PREFIX}")
  install(DIRECTORY "${prefix}/licenses/" DESTINATION share/doc/twin/licenses COMPONENT twin)
endforeach()
# Linked statically, so part of the programs themselves.
foreach(package libcli11-dev libcmark-gfm-dev libexpected-dev libpugixml-dev libsqlite3-dev
                libsqlitecpp-dev libstemmer-dev libutf8proc-dev libyaml-cpp-dev libzstd-dev
                nlohmann-json3-dev)
  install(FILES "/usr/share/doc/${package}/copyright" DESTINATION share/doc/twin/licenses
          RENAME debian-${package} COMPONENT twin OPTIONAL)
endforeach()
configure_file("${CMAKE_CURRENT_LIST_DIR}/WebLicenses.cmake.in" "${CMAKE_BINARY_DIR}/WebLicenses.cmake" @ONLY)
install(SCRIPT "${CMAKE_BINARY_DIR}/WebLicenses.cmake" COMPONENT twin)

# The bundle: every shared library that the installed programs load, but for the C library,
# and the licence of each.
configure_file("${CMAKE_CURRENT_LIST_DIR}/Bundle.cmake.in" "${CMAKE_BINARY_DIR}/Bundle.cmake" @ONLY)
install(SCRIPT "${CMAKE_BINARY_DIR}/Bundle.cmake" COMPONENT bundle EXCLUDE_FROM_ALL)

# --- package -------------------------------------------------------------------------------

set(CPACK_PACKAGE_NAME twin)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_VENDOR "the Twin authors")
set(CPACK_PACKAGE_CONTACT "the Twin authors <twin@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE "${CMAKE_SOURCE_DIR}/LICENSE")
set(CPACK_PACKAGE_DIRECTORY "${CMAKE_SOURCE_DIR}/build/package")
set(CPACK_GENERATOR DEB TZST)
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 2)
set(CPACK_PROJECT_CONFIG_FILE "${CMAKE_CURRENT_LIST_DIR}/PackagingPerGenerator.cmake")

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${TWIN_LLAMA_PREFIX}/bin" "${TWIN_TORCH_PREFIX}/lib"
    "${TWIN_ARROW_PREFIX}/lib")
set(CPACK_DEBIAN_TWIN_PACKAGE_NAME twin)
set(CPACK_DEBIAN_TWIN_PACKAGE_SECTION text)
set(CPACK_DEBIAN_TWIN_PACKAGE_RECOMMENDS "ca-certificates, twin-train")
set(CPACK_DEBIAN_TWIN_PACKAGE_SUGGESTS "poppler-utils, tesseract-ocr, tesseract-ocr-kor, libgmime-3.0-0")
set(CPACK_DEBIAN_TWIN_DESCRIPTION "${PROJECT_DESCRIPTION}")
set(CPACK_DEBIAN_TRAIN_PACKAGE_NAME twin-train)
set(CPACK_DEBIAN_TRAIN_PACKAGE_SECTION text)
set(CPACK_DEBIAN_TRAIN_PACKAGE_DEPENDS "twin (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_TRAIN_DESCRIPTION "Fine-tuning for Twin, with libtorch")
set(CPACK_DEBIAN_PARQUET_PACKAGE_NAME twin-parquet)
set(CPACK_DEBIAN_PARQUET_PACKAGE_SECTION text)
set(CPACK_DEBIAN_PARQUET_PACKAGE_DEPENDS "twin (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_PARQUET_DESCRIPTION "Parquet files for Twin, with Apache Arrow")

include(CPack)
cpack_add_component(twin)
cpack_add_component(train)
cpack_add_component(parquet)
cpack_add_component(bundle)
