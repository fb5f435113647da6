# Downloads the full MNIST: four gzipped IDX files, 11 MB. Usage:
#   cmake [-DDEST=directory] -P cmake/fetch_mnist.cmake
# DEST is ${XDG_CACHE_HOME:-$HOME/.cache}/figment/mnist unless given. Any mirror serves, as the unzipped content is
# checked; FIGMENT_MNIST_MIRROR in the environment (addresses, separated by ;) replaces the public ones. A file appears
# under its name only when it is whole and right, so that a run that was stopped can be repeated: it takes up where that
# one ended.
cmake_minimum_required(VERSION 3.20)

if(NOT DEST)
  set(cache $ENV{XDG_CACHE_HOME})
  if(NOT cache)
    set(cache $ENV{HOME}/.cache)
  endif()
  set(DEST ${cache}/figment/mnist)
endif()

set(mirrors https://ossci-datasets.s3.amazonaws.com/mnist https://storage.googleapis.com/cvdf-datasets/mnist
            https://raw.githubusercontent.com/fgnt/mnist/master)
if(DEFINED ENV{FIGMENT_MNIST_MIRROR})
  set(mirrors $ENV{FIGMENT_MNIST_MIRROR})
endif()

# sha256 of the unzipped files.
set(files train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte)
set(sum_train-images-idx3-ubyte ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db)
set(sum_train-labels-idx1-ubyte 65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5)
set(sum_t10k-images-idx3-ubyte 0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7)
set(sum_t10k-labels-idx1-ubyte ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2)

find_program(GZIP gzip)
if(NOT GZIP)
  message(FATAL_ERROR "gzip is needed to check the files")
endif()

set(part ${DEST}/.download)

# problem is "" when the zipped file is the one we want.
function(verify zipped name problem)
  execute_process(COMMAND ${GZIP} -dc INPUT_FILE ${zipped} OUTPUT_FILE ${part}.idx RESULT_VARIABLE result ERROR_QUIET)
  file(SHA256 ${part}.idx sum)
  file(REMOVE ${part}.idx)
  if(NOT result EQUAL 0)
    set(${problem} "not a whole .gz file" PARENT_SCOPE)
  elseif(NOT sum STREQUAL sum_${name})
    set(${problem} "wrong content (sha256 ${sum})" PARENT_SCOPE)
  else()
    set(${problem} "" PARENT_SCOPE)
  endif()
endfunction()

file(MAKE_DIRECTORY ${DEST})
# Two at once must not write to one file; the second finds the files there.
file(LOCK ${DEST}/.lock GUARD PROCESS RESULT_VARIABLE locked TIMEOUT 3600)
if(NOT locked EQUAL 0)
  message(FATAL_ERROR "cannot lock ${DEST}: ${locked}")
endif()
foreach(name IN LISTS files)
  set(target ${DEST}/${name}.gz)
  if(EXISTS ${target})
    verify(${target} ${name} problem)
    if(problem STREQUAL "")
      message("${name}.gz is there")
      continue()
    endif()
    message("${name}.gz is there, but ${problem}; getting it again")
  endif()

  set(tried "")
  set(done FALSE)
  foreach(mirror IN LISTS mirrors)
    message("${name}.gz from ${mirror}")
    # It gives up after half a minute of silence, not after a fixed time: connections differ.
    file(DOWNLOAD ${mirror}/${name}.gz ${part} STATUS status INACTIVITY_TIMEOUT 30)
    list(GET status 0 code)
    if(code EQUAL 0)
      verify(${part} ${name} problem)
    else()
      list(GET status 1 problem)
    endif()
    if(problem STREQUAL "")
      file(RENAME ${part} ${target})
      set(done TRUE)
      break()
    endif()
    file(REMOVE ${part})
    message("  ${problem}")
    string(APPEND tried "  ${mirror}: ${problem}\n")
  endforeach()
  if(NOT done)
    message(FATAL_ERROR "no mirror gave ${name}.gz:\n${tried}With a copy of your own use --data DIR or "
                        "FIGMENT_DATA=DIR, or name a mirror with FIGMENT_MNIST_MIRROR=URL.")
  endif()
endforeach()
message("MNIST is in ${DEST}")
