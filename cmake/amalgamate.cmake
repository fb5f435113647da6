# Writes headers of figment and all of figment that they include into one file, to be copied into a project. Usage:
#   cmake -DOUTPUT=figment.hpp -P cmake/amalgamate.cmake
#   cmake -DOUTPUT=figment.hpp "-DHEADERS=figment/figment.hpp;figment/data.hpp;figment/io.hpp" -P cmake/amalgamate.cmake
# A header comes once, after those it includes. The kernels' *.inl and vec_*.hpp have no #pragma once and come again
# each time they are included, where that is: within a namespace, for one instruction set. Includes of other libraries
# stay where they are, between the pragmas and macros they are meant to be between.
cmake_minimum_required(VERSION 3.20)

get_filename_component(root ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
if(NOT HEADERS)
  # Batches come too, as fit wants some and they need no other library.
  set(HEADERS figment/figment.hpp figment/data/loader.hpp)
endif()
if(NOT OUTPUT)
  message(FATAL_ERROR "amalgamate: -DOUTPUT=FILE is missing")
endif()

set_property(GLOBAL PROPERTY done "")
set_property(GLOBAL PROPERTY text "")

# Sets `text` to what `header` is itself, and adds the headers it includes, where they are not yet, to the global text.
function(take header)
  file(READ ${root}/include/${header} own)
  # What a file of kernels includes only where an editor opens it by itself.
  string(REGEX REPLACE "#ifndef FIGMENT_KERNEL_REGION\n(#[id][^\n]*\n)+#endif\n" "" own "${own}")
  string(REGEX MATCHALL "#include \"[^\"]*\"\n" includes "${own}")
  foreach(include IN LISTS includes)
    string(REGEX REPLACE "#include \"(.*)\"\n" "\\1" name "${include}")
    file(STRINGS ${root}/include/${name} once REGEX "^#pragma once$" LIMIT_COUNT 1)
    set(place "")
    if(NOT once)
      take(${name})
      set(place "// ${name}\n${text}")
    else()
      # Elsewhere its text, which comes once, would be missing.
      string(FIND "${own}" "${include}" at)
      string(SUBSTRING "${own}" 0 ${at} above)
      string(REGEX MATCHALL "\n#if" begun "${above}")
      string(REGEX MATCHALL "\n#endif" ended "${above}")
      list(LENGTH begun begun)
      list(LENGTH ended ended)
      if(NOT begun EQUAL ended)
        message(FATAL_ERROR "amalgamate: ${header} includes ${name} within an #if")
      endif()
      add(${name})
    endif()
    string(REPLACE "${include}" "${place}" own "${own}")
  endforeach()
  if(own MATCHES "#[ \t]*include[ \t]*\"([^\"]*)")
    message(FATAL_ERROR "amalgamate: ${header} includes ${CMAKE_MATCH_1}, which was not understood")
  endif()
  set(text "${own}" PARENT_SCOPE)
endfunction()

function(add header)
  get_property(done GLOBAL PROPERTY done)
  if(header IN_LIST done)
    return()
  endif()
  set_property(GLOBAL APPEND PROPERTY done ${header})
  take(${header})
  string(REPLACE "#pragma once\n" "" text "${text}")
  string(REGEX REPLACE "\n\n\n+" "\n\n" text "${text}")
  set_property(GLOBAL APPEND_STRING PROPERTY text "\n// ---- ${header}\n${text}")
endfunction()

file(READ ${root}/LICENSE license)
string(STRIP "${license}" license)
string(REPLACE "\n" "\n// " license "// ${license}")
string(REPLACE "// \n" "//\n" license "${license}")
file(STRINGS ${root}/include/figment/core/version.hpp version REGEX "version = ")
string(REGEX REPLACE ".*\"(.*)\".*" "\\1" version "${version}")

foreach(header IN LISTS HEADERS)
  add(${header})
endforeach()
get_property(text GLOBAL PROPERTY text)
file(WRITE ${OUTPUT} "// figment ${version} in one file, made by cmake/amalgamate.cmake.\n//\n${license}\n#pragma once\n${text}")
