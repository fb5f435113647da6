# Shows lengths.cmake a header at the limit and one beyond it.
cmake_minimum_required(VERSION 3.20)
include(${CMAKE_CURRENT_LIST_DIR}/planted.cmake)
set(root ${SCRATCH}/lengths_planted)

function(plant expected lines)
  file(REMOVE_RECURSE ${root})
  string(REPEAT "int a[1]; // \;\n" ${lines} text)
  file(WRITE ${root}/figment/core/long.hpp "${text}")
  execute_process(COMMAND ${CMAKE_COMMAND} -DINCLUDE_DIR=${root} -P ${CMAKE_CURRENT_LIST_DIR}/lengths.cmake
                  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  judge("${expected}" ${result} "${output}" "${lines} lines")
endfunction()

plant("" 400)
plant("figment/core/long.hpp has 401 lines" 401)
