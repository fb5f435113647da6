// PNG files read back by stb_image, a decoder that shares no code with our encoder.
#pragma once

#include <filesystem>

#include "figment/io/image.hpp"

namespace examples {

/// The picture in the file; empty (0 x 0) if stb_image cannot read it.
figment::io::Image decode_png(const std::filesystem::path& path);

}  // namespace examples
