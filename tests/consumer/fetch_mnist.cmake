# A mirror with files that are not MNIST must not get them in. Without a network: the bundled digits, which have the
# right names and are whole, stand for the mirror.
cmake_minimum_required(VERSION 3.20)
set(scratch ${SCRATCH}/${HOW})

function(refuse mirror reason)
  file(REMOVE_RECURSE ${scratch}/data)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env FIGMENT_MNIST_MIRROR=file://${mirror}
                          ${CMAKE_COMMAND} -DDEST=${scratch}/data -P ${SOURCE}/cmake/fetch_mnist.cmake
                  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  file(GLOB files ${scratch}/data/*ubyte*)
  if(result EQUAL 0 OR files OR NOT output MATCHES "${reason}")
    message(SEND_ERROR "expected '${reason}' and no files, got ${files}\n${output}")
  endif()
endfunction()

refuse(${SOURCE}/examples/data/mnist10k "wrong content")

file(WRITE ${scratch}/mirror/train-images-idx3-ubyte.gz "not gzip")
refuse(${scratch}/mirror "not a whole .gz file")

refuse(${scratch}/no_such_mirror "no mirror gave train-images-idx3-ubyte.gz")
