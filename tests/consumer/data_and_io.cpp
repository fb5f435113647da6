// Needs what figment::data and figment::io bring: zlib and the stb headers.
#include <figment/data.hpp>
#include <figment/io.hpp>

#include <zlib.h>

#if !__has_include(<stb_image_write.h>)
#error "figment::io does not bring the stb headers"
#endif

int main() { return zlibVersion()[0] == '1' ? 0 : 1; }
