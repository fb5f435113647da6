// The message of the figment::Error a call throws.
#pragma once

#include <string>

#include "figment/core/error.hpp"

namespace test {

/// What f's Error says; another exception passes through, and no exception gives "no error".
template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const figment::Error& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace test
