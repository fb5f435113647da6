// Needs what figment::data and figment::io bring: zlib, the stb headers and nlohmann/json.
#include <figment/data.hpp>
#include <figment/io.hpp>
#include <figment/io/safetensors.hpp>

#include <zlib.h>

#if !__has_include(<stb_image_write.h>)
#error "figment::io does not bring the stb headers"
#endif

int main() { return zlibVersion()[0] == '1' ? 0 : 1; }
