# Builds web/ (npm) and puts its files into twin_inference as a table: src/inference/gateway/web_files.h.
# Included by src/CMakeLists.txt, in the folder that makes the target. Without TWIN_WEB the table holds web/absent/.
#
# npm runs in a copy of web/ in the build folder, so that builds do not disturb each other or the sources, and only when
# a source of the page changed.

set(web_source ${CMAKE_SOURCE_DIR}/web)
set(web_table ${CMAKE_BINARY_DIR}/web/web_files.cpp)

if(TWIN_WEB)
  find_program(TWIN_NPM npm)
  if(NOT TWIN_NPM)
    message(FATAL_ERROR "npm is needed for the web page: apt-get install nodejs npm, or configure with -DTWIN_WEB=OFF")
  endif()
  set(web_work ${CMAKE_BINARY_DIR}/web/work)
  file(MAKE_DIRECTORY ${web_work})  # npm runs in it
  set(web_files ${web_work}/dist)
  file(GLOB_RECURSE web_inputs CONFIGURE_DEPENDS ${web_source}/src/* ${web_source}/public/*)
  list(APPEND web_inputs ${web_source}/index.html ${web_source}/vite.config.ts ${web_source}/tsconfig.json
       ${web_source}/package.json)
  set(web_modules ${CMAKE_BINARY_DIR}/web/modules.stamp)
  set(web_built ${CMAKE_BINARY_DIR}/web/built.stamp)
  add_custom_command(
    OUTPUT ${web_modules}
    COMMAND ${CMAKE_COMMAND} -E copy ${web_source}/package.json ${web_source}/package-lock.json ${web_source}/.npmrc
            ${web_work}
    COMMAND ${TWIN_NPM} ci --prefer-offline --loglevel=error
    COMMAND ${CMAKE_COMMAND} -E touch ${web_modules}
    DEPENDS ${web_source}/package-lock.json ${web_source}/.npmrc
    WORKING_DIRECTORY ${web_work}
    COMMENT "Installing the web page's packages" VERBATIM)
  add_custom_command(
    OUTPUT ${web_built}
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${web_work}/src ${web_work}/public ${web_files}
    COMMAND ${CMAKE_COMMAND} -E copy_directory ${web_source}/src ${web_work}/src
    COMMAND ${CMAKE_COMMAND} -E copy_directory ${web_source}/public ${web_work}/public
    COMMAND ${CMAKE_COMMAND} -E copy ${web_source}/index.html ${web_source}/vite.config.ts ${web_source}/tsconfig.json
            ${web_source}/package.json ${web_work}
    COMMAND ${TWIN_NPM} run --silent build
    COMMAND ${CMAKE_COMMAND} -E touch ${web_built}
    DEPENDS ${web_modules} ${web_inputs}
    WORKING_DIRECTORY ${web_work}
    COMMENT "Building the web page" VERBATIM)
else()
  set(web_files ${web_source}/absent)
  set(web_built ${web_source}/absent/index.html)
endif()

add_custom_command(
  OUTPUT ${web_table}
  COMMAND ${CMAKE_COMMAND} -DFILES=${web_files} -DTABLE=${web_table} -P ${CMAKE_SOURCE_DIR}/cmake/EmbedFiles.cmake
  DEPENDS ${web_built} ${CMAKE_SOURCE_DIR}/cmake/EmbedFiles.cmake
  COMMENT "Embedding the web page" VERBATIM)
target_sources(twin_inference PRIVATE ${web_table})
