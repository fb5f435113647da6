# Compiles each of PROGRAMS with CXX: it has to fail, and the first error to contain the text that the program's first
# line names; with -DRIGHT it has to compile. Prints how many lines of diagnostics a user would see, at most 30. Files of its
# own go into SCRATCH.
cmake_minimum_required(VERSION 3.20)
set(compile ${CXX} -std=c++20 -fno-diagnostics-color -I${INCLUDE_DIR})
# g++ reads the headers once, from a file that it takes where it is found first; clang++ passes it by.
file(MAKE_DIRECTORY ${SCRATCH}/figment)
execute_process(COMMAND ${compile} -x c++-header ${INCLUDE_DIR}/figment/figment.hpp -o ${SCRATCH}/figment/figment.hpp.gch
                COMMAND_ERROR_IS_FATAL ANY)
set(compile ${CXX} -I${SCRATCH} -std=c++20 -fsyntax-only -fno-diagnostics-color -I${INCLUDE_DIR} -include
            figment/figment.hpp)

foreach(program IN LISTS PROGRAMS)
  get_filename_component(name ${program} NAME_WE)
  file(STRINGS ${program} expected LIMIT_COUNT 1)
  if(NOT expected MATCHES "^// expect: (.+)$")
    message(SEND_ERROR "${name}: its first line is no // expect: text")
    continue()
  endif()
  set(expected "${CMAKE_MATCH_1}")

  execute_process(COMMAND ${compile} ${program} RESULT_VARIABLE result ERROR_VARIABLE output)
  # Semicolons and brackets have meanings in CMake's lists.
  string(REGEX REPLACE "[^\n]+" "" newlines "${output}")
  string(LENGTH "${newlines}" lines)
  string(REGEX MATCH "error: [^\n]*" error "${output}")
  string(FIND "${error}" "${expected}" at)
  if(result EQUAL 0)
    message(SEND_ERROR "${name}: its mistake compiles")
  elseif(at LESS 0)
    message(SEND_ERROR "${name}: expected an error with '${expected}', the first is: ${error}")
  elseif(lines GREATER 30)
    message(SEND_ERROR "${name}: ${lines} lines of diagnostics, expected at most 30:\n${output}")
  else()
    message(STATUS "${name}: ${lines} lines, ${error}")
  endif()

  execute_process(COMMAND ${compile} -Wall -Wextra -DRIGHT ${program} RESULT_VARIABLE result ERROR_VARIABLE output)
  if(NOT result EQUAL 0 OR output)
    message(SEND_ERROR "${name}: without its mistake it does not compile cleanly:\n${output}")
  endif()
endforeach()
list(LENGTH PROGRAMS count)
if(count LESS 10)
  message(SEND_ERROR "${count} programs, expected 10 or more")
endif()
