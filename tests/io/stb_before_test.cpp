// The user's own stb_image_write and stb_image, included before figment's: neither disturbs the other.
#define STBI_ONLY_PNM
#include "support/users_stb.hpp"

#include "figment/io/png.hpp"
#include "figment/io/read_image.hpp"

#include "support/beside_users_stb.hpp"

TEST_CASE("the user's stb may come before figment's", "[png]") { test::check_beside_users_stb(); }
