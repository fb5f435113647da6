# Shows includes.cmake small trees: a right one, which it must accept, and wrong ones, which it must refuse, naming the
# file and the reason.
cmake_minimum_required(VERSION 3.20)
include(${CMAKE_CURRENT_LIST_DIR}/planted.cmake)
set(root ${SCRATCH}/includes_planted)

# plant(EXPECTED file "lines" [file "lines"]...): EXPECTED is "" or what the message must match.
function(plant expected)
  file(REMOVE_RECURSE ${root})
  set(arguments "${ARGN}")  # quoted: keeps the empty ones
  while(arguments)
    list(POP_FRONT arguments file line)
    file(WRITE ${root}/figment/${file} "#pragma once\n${line}\n")
  endwhile()
  execute_process(COMMAND ${CMAKE_COMMAND} -DINCLUDE_DIR=${root} -P ${CMAKE_CURRENT_LIST_DIR}/includes.cmake
                  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  judge("${expected}" ${result} "${output}" "${ARGN}")
endfunction()

plant("" core/a.hpp "#include <vector>" nn/b.hpp "#include \"figment/core/a.hpp\"" figment.hpp
      "#include \"figment/nn/b.hpp\"")
plant("" kernels/generic/a.inl "" kernels/b.hpp "#include \"generic/a.inl\"" core/c.hpp
      "#include \"figment/kernels/b.hpp\"")
plant("" core/eigen.hpp "#include <Eigen/Core>" data/zip.hpp "#include <zlib.h>" data.hpp
      "#include \"figment/data/zip.hpp\"")
plant("" io/gif.hpp "#include <gif_lib.h>")
plant("" io/zip.hpp "#include <zlib.h>" data/a.hpp "#include \"figment/io/zip.hpp\"")

plant("core/a.hpp includes figment/nn/b.hpp: core must not include nn" nn/b.hpp "" core/a.hpp
      "#include \"figment/nn/b.hpp\"")
plant("core must not include ops" ops/b.hpp "" core/a.hpp "  #  include <figment/ops/b.hpp>")
plant("core must not include ops" ops/b.hpp "" core/a.hpp "#include \"../ops/b.hpp\"")
plant("kernels must not include core" core/a.hpp "" kernels/generic/b.inl "#include \"figment/core/a.hpp\"")
plant("optim must not include nn" nn/a.hpp "" optim/b.hpp "#include \"figment/nn/a.hpp\"")
plant("data must not include nn" nn/a.hpp "" data/b.hpp "#include \"figment/nn/a.hpp\"")
plant("io must not include data" data/a.hpp "" io/b.hpp "#include \"figment/data/a.hpp\"")
plant("data must not include io" io/a.hpp "" data/b.hpp "#include \"figment/io/a.hpp\"")
plant("io/zip.hpp includes figment/nn/a.hpp: it is a format" nn/a.hpp "" io/zip.hpp "#include \"figment/nn/a.hpp\"")
plant("models must not include io" io/a.hpp "" models/b.hpp "#include \"figment/io/a.hpp\"")
plant("train must not include io" io/a.hpp "" train/b.hpp "#include \"figment/io/a.hpp\"")
plant("core must not include figment.hpp" figment.hpp "" core/b.hpp "#include \"figment/figment.hpp\"")
plant("figment.hpp must not include data.hpp" data.hpp "" figment.hpp "#include \"figment/data.hpp\"")
plant("figment.hpp must not include io" io/a.hpp "" figment.hpp "#include \"figment/io/a.hpp\"")
plant("figment.hpp brings in data/zip.hpp, which needs zlib.h" data/zip.hpp "#include <zlib.h>" train/fit.hpp
      "#include \"figment/data/zip.hpp\"" figment.hpp "#include \"figment/train/fit.hpp\"")
plant("ops/a.hpp includes Eigen/Dense: only" ops/a.hpp "#include <Eigen/Dense>")
plant("only data/ and io/ may" train/a.hpp "#include <zlib.h>")
plant("only io/ may" data/a.hpp "#include <nlohmann/json.hpp>")
plant("only io/gif.hpp may" io/a.hpp "#include <gif_lib.h>")
plant("io.hpp includes figment/io/gif.hpp: giflib is optional" io/gif.hpp "#include <gif_lib.h>" io.hpp
      "#include \"figment/io/gif.hpp\"")
plant("neither ours" core/a.hpp "#include <boost/any.hpp>")
plant("which does not exist" core/a.hpp "#include \"figment/core/gone.hpp\"")
plant("no module extra" extra/a.hpp "")
plant("cannot read" core/a.hpp "#include SOME_MACRO")
plant("no headers" ../empty.hpp "")
