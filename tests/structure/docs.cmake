# Fails on any warning of Doxygen: a public name without a comment, a reference that leads nowhere. SOURCE, SCRATCH;
# INPUT instead of the project's own. Usage:
#   cmake -DSOURCE=. -DSCRATCH=build/tests/structure -P tests/structure/docs.cmake
cmake_minimum_required(VERSION 3.20)
find_program(doxygen doxygen)
find_program(awk awk)
if(NOT doxygen OR NOT awk)
  message("skipped: doxygen or awk is not installed")
  return()
endif()
get_filename_component(SCRATCH ${SCRATCH} ABSOLUTE)
file(MAKE_DIRECTORY ${SCRATCH}/docs)
file(READ ${SOURCE}/cmake/Doxyfile settings)
string(APPEND settings "WARN_AS_ERROR = FAIL_ON_WARNINGS\n")
if(INPUT)
  string(APPEND settings "INPUT = ${INPUT}\nUSE_MDFILE_AS_MAINPAGE =\n")
endif()
set(ENV{FIGMENT_DOCS} ${SCRATCH}/docs)
# Once without the groups, too: of a struct in a group Doxygen does not say that it has no comment.
string(REPLACE "awk -f" "awk -v ungrouped=1 -f" ungrouped "${settings}")
foreach(variant settings ungrouped)
  file(WRITE ${SCRATCH}/docs/Doxyfile "${${variant}}")
  execute_process(COMMAND ${doxygen} ${SCRATCH}/docs/Doxyfile WORKING_DIRECTORY ${SOURCE} RESULT_VARIABLE result
                  ERROR_VARIABLE warnings)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${warnings}")
  endif()
endforeach()
