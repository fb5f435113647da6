# Builds TARGET in BUILD_DIR. With EXPECTED the build has to fail and to say that.
cmake_minimum_required(VERSION 3.20)

# Go on after a failure, so that one run names every header at fault.
set(keep_going)
if(GENERATOR MATCHES "Ninja")
  set(keep_going -- -k 0)
elseif(GENERATOR MATCHES "Makefiles")
  set(keep_going -- -k)
endif()
execute_process(COMMAND ${CMAKE_COMMAND} --build ${BUILD_DIR} --target ${TARGET} --config "${CONFIG}" --parallel 2
                        ${keep_going}
                RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT EXPECTED STREQUAL "")
  if(result EQUAL 0)
    message(FATAL_ERROR "${TARGET} has a planted mistake and was built all the same")
  elseif(NOT output MATCHES "${EXPECTED}")
    message(FATAL_ERROR "${TARGET} failed, but not for the planted mistake (${EXPECTED}):\n${output}")
  endif()
elseif(NOT result EQUAL 0)
  message(FATAL_ERROR "${output}")
endif()
