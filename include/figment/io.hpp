// Pictures, charts, tables and NumPy files. Needs stb.
#pragma once

#include "figment/io/csv.hpp"
#include "figment/io/file.hpp"
#include "figment/io/image.hpp"
#include "figment/io/npy.hpp"
#include "figment/io/plot.hpp"
#include "figment/io/png.hpp"
#include "figment/io/read_image.hpp"
