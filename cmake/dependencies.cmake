# Every dependency but giflib: an installed one where find_package finds it, else a pinned version fetched by CMake. With
# FETCHCONTENT_SOURCE_DIR_<NAME> the fetched one is a directory of yours, and nothing is downloaded.
include(FetchContent)

if(POLICY CMP0135)
  cmake_policy(SET CMP0135 NEW)  # unpacked files get the time of unpacking, so that a new pin is rebuilt
endif()

# An imported target, as find_package makes them: its headers are system headers, whose warnings are not ours, and our
# export names it without wanting to contain it.
function(figment_import name directory)
  add_library(${name} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${name} INTERFACE ${directory})
endfunction()

# A target found here is visible in this directory alone; who adds figment as a subdirectory links to it from above.
macro(figment_make_global target)
  set_target_properties(${target} PROPERTIES IMPORTED_GLOBAL TRUE)
endmacro()

# Only unpacks an archive: there is no such subdirectory, so its own CMakeLists.txt is not run.
macro(figment_unpack name url sha256)
  message(STATUS "figment: ${name} is not installed, fetching ${url}")
  FetchContent_Declare(${name} URL ${url} URL_HASH SHA256=${sha256} SOURCE_SUBDIR only_unpack)
  FetchContent_MakeAvailable(${name})
endmacro()

# Unpacks an archive and builds it.
macro(figment_build name url sha256)
  message(STATUS "figment: ${name} is not installed, fetching ${url}")
  FetchContent_Declare(${name} URL ${url} URL_HASH SHA256=${sha256})
  FetchContent_MakeAvailable(${name})
endmacro()

# For targets we build from source: their headers warn too.
function(figment_system_includes)
  foreach(target IN LISTS ARGN)
    get_target_property(directories ${target} INTERFACE_INCLUDE_DIRECTORIES)
    set_target_properties(${target} PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${directories}")
  endforeach()
endfunction()

if(NOT TARGET Threads::Threads)
  set(THREADS_PREFER_PTHREAD_FLAG ON)
  find_package(Threads REQUIRED)
  figment_make_global(Threads::Threads)
endif()

if(NOT TARGET Eigen3::Eigen)
  find_package(Eigen3 3.4 QUIET CONFIG)
  if(TARGET Eigen3::Eigen)
    figment_make_global(Eigen3::Eigen)
  else()
    figment_unpack(eigen https://gitlab.com/libeigen/eigen/-/archive/3.4.0/eigen-3.4.0.tar.gz
                   8586084f71f9bde545ee7fa6d00288b264a2b7ac3607b974e54d13e7162c1c72)
    figment_import(Eigen3::Eigen ${eigen_SOURCE_DIR})
  endif()
endif()

if(FIGMENT_DATA_AND_IO AND NOT TARGET ZLIB::ZLIB)
  find_package(ZLIB QUIET)
  if(TARGET ZLIB::ZLIB)
    figment_make_global(ZLIB::ZLIB)
  else()
    figment_unpack(zlib https://github.com/madler/zlib/releases/download/v1.3.1/zlib-1.3.1.tar.gz
                   9a93b2b7dfdac77ceba5a558a580e74667dd6fede4585b91eefb60f03b72df23)
    # Built here, not by its own CMakeLists.txt: that one renames a header in its source directory and adds tests.
    enable_language(C)
    file(GLOB zlib_sources ${zlib_SOURCE_DIR}/*.c)
    add_library(figment_zlib STATIC EXCLUDE_FROM_ALL ${zlib_sources})
    if(UNIX)
      target_compile_definitions(figment_zlib PRIVATE HAVE_UNISTD_H)
    endif()
    set_target_properties(figment_zlib PROPERTIES POSITION_INDEPENDENT_CODE ON)
    figment_import(ZLIB::ZLIB ${zlib_SOURCE_DIR})
    target_link_libraries(ZLIB::ZLIB INTERFACE figment_zlib)
  endif()
endif()

if(FIGMENT_DATA_AND_IO AND NOT TARGET Stb::Stb)
  list(PREPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
  find_package(Stb QUIET MODULE)
  list(POP_FRONT CMAKE_MODULE_PATH)
  if(TARGET Stb::Stb)
    figment_make_global(Stb::Stb)
  else()
    figment_unpack(stb https://github.com/nothings/stb/archive/5736b15f7ea0ffb08dd38af21067c314d6a3aae9.tar.gz
                   d00921d49b06af62aa6bfb97c1b136bec661dd11dd4eecbcb0da1f6da7cedb4c)
    figment_import(Stb::Stb ${stb_SOURCE_DIR})
  endif()
endif()

if(FIGMENT_DATA_AND_IO AND NOT TARGET nlohmann_json::nlohmann_json)
  find_package(nlohmann_json 3.9 QUIET CONFIG)
  if(TARGET nlohmann_json::nlohmann_json)
    figment_make_global(nlohmann_json::nlohmann_json)
  else()
    figment_unpack(json https://github.com/nlohmann/json/releases/download/v3.11.3/json.tar.xz
                   d6c65aca6b1ed68e7a182f4757257b107ae403032760ed6ef121c9d55e81757d)
    figment_import(nlohmann_json::nlohmann_json ${json_SOURCE_DIR}/include)
  endif()
endif()

# Optional: without it there is no figment::gif. It is never fetched.
if(FIGMENT_DATA_AND_IO AND NOT TARGET GIF::GIF)
  find_package(GIF 5.1 QUIET)
  if(TARGET GIF::GIF)
    figment_make_global(GIF::GIF)
  endif()
endif()

if(FIGMENT_BUILD_TESTS)
  find_package(Catch2 QUIET CONFIG)  # 2 or 3: both define Catch2::Catch2WithMain and bring the module Catch
  if(NOT TARGET Catch2::Catch2WithMain)
    figment_build(catch2 https://github.com/catchorg/Catch2/archive/refs/tags/v3.7.1.tar.gz
                  c991b247a1a0d7bb9c39aa35faf0fe9e19764213f28ffba3109388e62ee0269c)
    figment_system_includes(Catch2 Catch2WithMain)
    list(APPEND CMAKE_MODULE_PATH ${catch2_SOURCE_DIR}/extras)
  endif()
endif()

if(FIGMENT_BUILD_EXAMPLES OR FIGMENT_BUILD_BENCHMARKS)
  find_package(CLI11 QUIET CONFIG)
  if(NOT TARGET CLI11::CLI11)
    figment_unpack(cli11 https://github.com/CLIUtils/CLI11/archive/refs/tags/v2.4.2.tar.gz
                   f2d893a65c3b1324c50d4e682c0cdc021dd0477ae2c048544f39eed6654b699a)
    figment_import(CLI11::CLI11 ${cli11_SOURCE_DIR}/include)
  endif()
endif()

if(FIGMENT_BUILD_BENCHMARKS)
  find_package(benchmark QUIET CONFIG)
  if(NOT TARGET benchmark::benchmark)
    set(BENCHMARK_ENABLE_TESTING OFF CACHE BOOL "")
    set(BENCHMARK_ENABLE_INSTALL OFF CACHE BOOL "")
    set(BENCHMARK_ENABLE_WERROR OFF CACHE BOOL "")
    figment_build(benchmark https://github.com/google/benchmark/archive/refs/tags/v1.9.1.tar.gz
                  32131c08ee31eeff2c8968d7e874f3cb648034377dfc32a4c377fa8796d84981)
    figment_system_includes(benchmark benchmark_main)
  endif()
endif()
