# Shows docs.cmake a header whose public names have comments, and then each mistake it is to find.
cmake_minimum_required(VERSION 3.20)
include(${CMAKE_CURRENT_LIST_DIR}/planted.cmake)
get_filename_component(SCRATCH ${SCRATCH} ABSOLUTE)
set(header ${SCRATCH}/docs_planted/figment/core/planted.hpp)

function(plant text expected)
  file(WRITE ${header} "// A header of its own.\n#pragma once\n\nnamespace figment {\n\n${text}\n}  // namespace figment\n")
  execute_process(COMMAND ${CMAKE_COMMAND} -DSOURCE=${SOURCE} -DSCRATCH=${SCRATCH}/docs_planted
                          "-DINPUT=cmake/doxygen/groups.dox ${header}" -P ${CMAKE_CURRENT_LIST_DIR}/docs.cmake
                  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  judge("${expected}" ${result} "${output}" "${text}")
endfunction()

set(sound "/// A layer.\nstruct Fine {\n  /// Both extents.\n  int height, width;\n  void visit(auto&& v) {}\n};\n")
plant("${sound}" "")
plant("namespace detail {\nstruct Hidden {};\n}  // namespace detail\n${sound}" "")
plant("${sound}int planted(int x);\n" "Member planted\\(int x\\) \\(function\\) of namespace figment is not documented")
plant("${sound}struct Planted {\n  int a;\n};\n" "Compound figment::Planted is not documented")
plant("/// A struct.\nstruct Fine {\n  int a, b;\n};\n" "Member b \\(variable\\) of struct figment::Fine is not documented")
plant("/// A struct.\nstruct Fine {\n  int f() const;\n};\n" "Member f\\(\\) const")
plant("/// As @ref planted_nowhere has it.\nstruct Fine {};\n" "planted_nowhere")
