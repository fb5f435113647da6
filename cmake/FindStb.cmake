# The stb headers (github.com/nothings/stb) have no CMake package. Defines Stb_INCLUDE_DIR and the target Stb::Stb, with
# which `#include <stb_image.h>` works. Installed beside figmentConfig.cmake, which uses it too.
find_path(Stb_INCLUDE_DIR stb_image_write.h PATH_SUFFIXES stb)
mark_as_advanced(Stb_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Stb REQUIRED_VARS Stb_INCLUDE_DIR)

if(Stb_FOUND AND NOT TARGET Stb::Stb)
  add_library(Stb::Stb INTERFACE IMPORTED)
  target_include_directories(Stb::Stb INTERFACE ${Stb_INCLUDE_DIR})
endif()
