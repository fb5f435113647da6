# The vcpkg port and the conan recipe are for figment's version, and the recipe is Python where Python is. SOURCE,
# VERSION, PYTHON (or empty).
cmake_minimum_required(VERSION 3.20)

set(packaging ${SOURCE}/cmake/packaging)
file(READ ${packaging}/vcpkg/ports/figment/vcpkg.json port)
string(JSON found GET "${port}" version)
if(NOT found STREQUAL VERSION)
  message(SEND_ERROR "vcpkg.json is for ${found}, figment is ${VERSION}")
endif()
string(REPLACE "." "\\." pattern ${VERSION})
foreach(file config.yml all/conandata.yml)
  file(STRINGS ${packaging}/conan/${file} found REGEX "^  \"${pattern}\":$")
  if(NOT found)
    message(SEND_ERROR "conan/${file} has no entry for ${VERSION}")
  endif()
endforeach()

if(PYTHON)
  foreach(file all/conanfile.py all/test_package/conanfile.py)
    execute_process(COMMAND ${PYTHON} -c "import ast, sys; ast.parse(open(sys.argv[1]).read())" ${packaging}/conan/${file}
                    RESULT_VARIABLE result ERROR_VARIABLE error)
    if(NOT result EQUAL 0)
      message(SEND_ERROR "conan/${file}:\n${error}")
    endif()
  endforeach()
endif()
