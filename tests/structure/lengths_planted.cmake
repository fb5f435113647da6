# Shows lengths.cmake a header at the limit and one beyond it.
cmake_minimum_required(VERSION 3.20)
set(root ${SCRATCH}/lengths_planted)

function(plant lines accepted)
  file(REMOVE_RECURSE ${root})
  string(REPEAT "int a[1]; // \;\n" ${lines} text)
  file(WRITE ${root}/figment/core/long.hpp "${text}")
  execute_process(COMMAND ${CMAKE_COMMAND} -DINCLUDE_DIR=${root} -P ${CMAKE_CURRENT_LIST_DIR}/lengths.cmake
                  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(accepted AND NOT result EQUAL 0)
    message(SEND_ERROR "${lines} lines were refused: ${output}")
  elseif(NOT accepted AND NOT output MATCHES "figment/core/long.hpp has ${lines} lines")
    message(SEND_ERROR "${lines} lines were not refused: ${output}")
  endif()
endfunction()

plant(400 TRUE)
plant(401 FALSE)
