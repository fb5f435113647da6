# Builds and runs main.cpp as a user's project would. HOW: find_package, add_subdirectory, fetch_content or plain.
# Also SOURCE (figment's own directory), BUILD (its build directory), SCRATCH, CXX, GENERATOR, EIGEN (its headers), GIF
# (figment has figment::gif).
cmake_minimum_required(VERSION 3.20)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\n${output}")
  endif()
endfunction()

set(project ${CMAKE_CURRENT_LIST_DIR}/${HOW})
set(scratch ${SCRATCH}/${HOW})
file(REMOVE_RECURSE ${scratch})
file(MAKE_DIRECTORY ${scratch})

if(HOW STREQUAL "plain")
  run(${CXX} -std=c++20 -I${SOURCE}/include -isystem ${EIGEN} ${CMAKE_CURRENT_LIST_DIR}/main.cpp -o ${scratch}/consumer
      -pthread)
  run(${scratch}/consumer)
  return()
endif()

set(arguments -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${CXX})
if(HOW STREQUAL "find_package")
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${scratch}/prefix)
  list(APPEND arguments -DCMAKE_PREFIX_PATH=${scratch}/prefix)
elseif(HOW STREQUAL "add_subdirectory")
  list(APPEND arguments -DFIGMENT_DIR=${SOURCE})
elseif(HOW STREQUAL "fetch_content")
  list(APPEND arguments -DFETCHCONTENT_SOURCE_DIR_FIGMENT=${SOURCE})
endif()
run(${CMAKE_COMMAND} -S ${project} -B ${scratch}/build ${arguments})
run(${CMAKE_COMMAND} --build ${scratch}/build)
run(${scratch}/build/consumer)
run(${scratch}/build/data_and_io)
if(GIF)
  run(${scratch}/build/gif)
endif()

if(HOW STREQUAL "find_package")
  # It is figment as installed that was used, not this source tree.
  file(STRINGS ${scratch}/build/CMakeCache.txt dir REGEX "^figment_DIR:")
  if(NOT dir MATCHES "${scratch}/prefix")
    message(FATAL_ERROR "another figment was found: ${dir}")
  endif()
endif()
