# Shows pages.cmake a right page and wrong ones.
cmake_minimum_required(VERSION 3.20)
include(${CMAKE_CURRENT_LIST_DIR}/planted.cmake)
set(root ${SCRATCH}/pages_planted)
set(code "int a[2];\nint b;\n")

# plant(EXPECTED program page): EXPECTED is "" or what the message must match.
function(plant expected program page)
  file(REMOVE_RECURSE ${root})
  file(MAKE_DIRECTORY ${root})
  if(NOT program STREQUAL "")
    file(WRITE ${root}/own_thing.cpp "${program}")
  endif()
  if(NOT page STREQUAL "")
    file(WRITE ${root}/own_thing.md "${page}")
  endif()
  execute_process(COMMAND ${CMAKE_COMMAND} -DGUIDE=${root} -P ${CMAKE_CURRENT_LIST_DIR}/pages.cmake
                  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  judge("${expected}" ${result} "${output}" "${page}")
endfunction()

plant("" "${code}" "# Thing\n\n```cpp\nint a[2];\nint b;\n```\n")
plant("does not stand in own_thing.cpp" "${code}" "# Thing\n\n```cpp\nint a[3];\n```\n")
plant("does not stand in own_thing.cpp" "${code}" "# Thing\n\n```cpp\nint a[2];\n```\n\n```cpp\nint b\n```\n")
plant("quotes nothing" "${code}" "# Thing\n")
plant("has no page" "${code}" "")
plant("pages without a program" "" "# Thing\n")
string(REPEAT "${code}" 31 long)
plant("has 62 lines" "${long}" "# Thing\n\n```cpp\nint a[2];\n```\n")
