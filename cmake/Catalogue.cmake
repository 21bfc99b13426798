# Builds po/ko.yaml into the program. Used in two ways: included, it defines twin_catalogue(TARGET);
# run as a script (cmake -DIN=… -DOUT=… -P), it writes the .cpp.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ "${IN}" text)
  file(WRITE "${OUT}" "// Generated from po/ko.yaml.\n#include \"core/catalogue.h\"\n\n"
    "std::string_view twin::korean_catalogue() {\n  return R\"catalogue(${text})catalogue\";\n}\n")
  return()
endif()

function(twin_catalogue target)
  set(in ${CMAKE_SOURCE_DIR}/po/ko.yaml)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/catalogue.cpp)
  set(script ${CMAKE_SOURCE_DIR}/cmake/Catalogue.cmake)
  add_custom_command(OUTPUT ${out} DEPENDS ${in} ${script}
    COMMAND ${CMAKE_COMMAND} -DIN=${in} -DOUT=${out} -P ${script})
  target_sources(${target} PRIVATE ${out})
  # Longer than the 65,536 bytes that clang warns of; every compiler in use takes it.
  set_source_files_properties(${out} PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)
endfunction()
