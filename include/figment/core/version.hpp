// figment's version, which CMake reads from here.
#pragma once

#include <string_view>

namespace figment {

/// Major, minor and patch: "0.1.0". While the first is 0, a new minor version may change the interface.
inline constexpr std::string_view version = "0.1.0";

}  // namespace figment
