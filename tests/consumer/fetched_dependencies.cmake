# The fetch path of cmake/dependencies.cmake without a network: find_package is switched off for the header
# dependencies, and FETCHCONTENT_SOURCE_DIR_* point at links to the installed headers (EIGEN, STB, JSON), laid out as in
# the source archives. zlib is found: its sources are not on this machine. The project is the add_subdirectory consumer.
cmake_minimum_required(VERSION 3.20)

set(scratch ${SCRATCH}/${HOW})
file(REMOVE_RECURSE ${scratch})
file(MAKE_DIRECTORY ${scratch}/eigen ${scratch}/stb ${scratch}/json/include)
file(CREATE_LINK ${JSON}/nlohmann ${scratch}/json/include/nlohmann SYMBOLIC)
foreach(name Eigen unsupported)
  file(CREATE_LINK ${EIGEN}/${name} ${scratch}/eigen/${name} SYMBOLIC)
endforeach()
file(GLOB stb_headers ${STB}/stb_*.h)
file(COPY ${stb_headers} DESTINATION ${scratch}/stb)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/add_subdirectory -B ${scratch}/build -G ${GENERATOR}
    -DCMAKE_CXX_COMPILER=${CXX} -DFIGMENT_DIR=${SOURCE} -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
    -DCMAKE_DISABLE_FIND_PACKAGE_Eigen3=ON -DCMAKE_DISABLE_FIND_PACKAGE_Stb=ON
    -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON -DFETCHCONTENT_SOURCE_DIR_JSON=${scratch}/json
    -DFETCHCONTENT_SOURCE_DIR_EIGEN=${scratch}/eigen -DFETCHCONTENT_SOURCE_DIR_STB=${scratch}/stb)
foreach(name eigen stb json)
  if(NOT output MATCHES "${name} is not installed, fetching https://")
    message(FATAL_ERROR "${name} was not fetched:\n${output}")
  endif()
endforeach()

run(${CMAKE_COMMAND} --build ${scratch}/build --target data_and_io)
run(${scratch}/build/data_and_io)

# It is the fetched headers that were used, as system headers, not the installed ones.
file(READ ${scratch}/build/compile_commands.json commands)
foreach(name eigen stb json/include)
  if(NOT commands MATCHES "-isystem ${scratch}/${name}[ \"]")
    message(FATAL_ERROR "the fetched ${name} was not used:\n${commands}")
  endif()
endforeach()
