// The user's own stb_image_write and stb_image, included after figment's: neither disturbs the other.
#include "figment/io/png.hpp"
#include "figment/io/read_image.hpp"

#include "support/users_stb.hpp"

#include "support/beside_users_stb.hpp"

TEST_CASE("the user's stb may come after figment's", "[png]") { test::check_beside_users_stb(); }
