# Objects of different -m flags in one program, linked in either order, exchange models and agree to the bit. The first is
# compiled with a strict user's warnings. A program with an AVX-512 object needs a CPU with AVX-512 for what that object
# does; its other objects run anywhere if they are linked first, as the linker keeps the first copy of an inline
# function. SOURCE, SCRATCH, CXX, PROCESSOR.
cmake_minimum_required(VERSION 3.20)

if(NOT PROCESSOR MATCHES "x86_64|AMD64")
  message("skipped: no flags to mix on ${PROCESSOR}")
  return()
endif()

set(here ${CMAKE_CURRENT_LIST_DIR})
set(scratch ${SCRATCH}/mixed_flags)
file(REMOVE_RECURSE ${scratch})
file(MAKE_DIRECTORY ${scratch})

# Sets `output`.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output
                  WORKING_DIRECTORY ${scratch})
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}: ${result}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

set(compile ${CXX} -std=c++20 -O2 -I${SOURCE}/include)
run(${compile} -c ${here}/mixed_flags.cpp -o main.o)
run(${compile} -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -DUNIT=one -c ${here}/models.cpp -o plain.o)
run(${compile} -DUNIT=two -mavx2 -mfma -c ${here}/models.cpp -o avx2.o)
run(${compile} -DUNIT=two -mavx512f -c ${here}/models.cpp -o avx512f.o)

set(cpu "")
if(EXISTS /proc/cpuinfo)
  file(STRINGS /proc/cpuinfo cpu REGEX "^flags" LIMIT_COUNT 1)
endif()
foreach(isa avx2 avx512f)
  run(${CXX} main.o plain.o ${isa}.o -o plain_first_${isa} -pthread)
  run(${CXX} main.o ${isa}.o plain.o -o ${isa}_first -pthread)
  run(${scratch}/plain_first_${isa} plain_alone)
  set(plain ${output})
  if(cpu MATCHES " ${isa} ")
    foreach(program plain_first_${isa} ${isa}_first)
      run(${scratch}/${program})
      if(NOT output STREQUAL plain)
        message(FATAL_ERROR "plain code alone: ${plain}${program}: ${output}")
      endif()
    endforeach()
    message("${isa}: linked in both orders, all agree: ${plain}")
  else()
    message("${isa}: linked in both orders; run without the code for ${isa}, which this CPU has not: ${plain}")
  endif()
endforeach()
