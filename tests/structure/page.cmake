# Compiles a page's C++ snippets as one program and runs it: what the page shows as a result is held against it.
# SOURCE, SCRATCH, PAGE (a path below SOURCE), CXX, FLAGS (include paths of the dependencies), LIBRARIES.
cmake_minimum_required(VERSION 3.20)
find_program(awk awk)
if(NOT awk)
  message("skipped: awk is not installed")
  return()
endif()
get_filename_component(name ${PAGE} NAME_WE)
set(scratch ${SCRATCH}/pages/${name})
file(REMOVE_RECURSE ${scratch})
file(MAKE_DIRECTORY ${scratch})
file(CREATE_LINK ${SOURCE}/examples ${scratch}/examples SYMBOLIC)
execute_process(COMMAND ${awk} -f ${CMAKE_CURRENT_LIST_DIR}/page.awk ${PAGE} WORKING_DIRECTORY ${SOURCE}
                OUTPUT_FILE ${scratch}/${name}.cpp ERROR_VARIABLE counts RESULT_VARIABLE result)
if(result EQUAL 0)
  execute_process(COMMAND ${CXX} -std=c++20 -O0 -Wall -Wextra -Wno-unused -I${SOURCE}/include
                          -I${CMAKE_CURRENT_LIST_DIR} ${FLAGS} ${scratch}/${name}.cpp -o ${scratch}/${name} ${LIBRARIES}
                          -pthread RESULT_VARIABLE result ERROR_VARIABLE error)
endif()
if(result EQUAL 0)
  execute_process(COMMAND ${scratch}/${name} WORKING_DIRECTORY ${scratch} RESULT_VARIABLE result ERROR_VARIABLE error)
endif()
if(NOT result EQUAL 0)
  message("${counts}${error}")
  message(FATAL_ERROR "${PAGE}: a snippet fails")
endif()
message("${PAGE}: ${counts}")
