# Shows page.cmake a page that is right in one place and wrong in three, one that does not compile, and one without code.
cmake_minimum_required(VERSION 3.20)
get_filename_component(SCRATCH ${SCRATCH} ABSOLUTE)

function(plant text)
  file(WRITE ${SCRATCH}/page_planted/planted.md "${text}")
  execute_process(COMMAND ${CMAKE_COMMAND} -DSOURCE=${SOURCE} -DSCRATCH=${SCRATCH}/page_planted -DCXX=${CXX}
                          -DPAGE=${SCRATCH}/page_planted/planted.md -P ${CMAKE_CURRENT_LIST_DIR}/page.cmake
                  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(output MATCHES "skipped: ")
    message("${output}")
    return()
  elseif(result EQUAL 0)
    message(SEND_ERROR "not refused: ${text}")
  endif()
  foreach(expected IN LISTS ARGN)
    if(NOT output MATCHES "${expected}")
      message(SEND_ERROR "expected '${expected}', found: ${output}")
    endif()
  endforeach()
  if(output MATCHES "planted.md:5: ")
    message(SEND_ERROR "refused what is right: ${output}")
  endif()
endfunction()

file(READ ${CMAKE_CURRENT_LIST_DIR}/planted/page.md three)
plant("${three}" "planted.md:6: the page has \"7\", found \"1\"" "planted.md:7: the page has \"matmul:\", found \"index:"
      "planted.md:12: the page has \"\\(3,\\)\n\", found \"\\(2,\\)\"")
plant("# A page\n\n```cpp\nnowhere();\n```\n" "planted.md:4:1: error: .*nowhere")
plant("# A page\n\nno code\n" "no snippets")
