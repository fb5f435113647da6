// A table of calls that have to be refused, each in one line that begins with a name.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"

namespace test {

/// A call, how its error begins, and what the rest of it says was found.
struct Refusal {
  std::string begin, found;
  std::function<void()> call;
};

inline void check_refusals(const std::vector<Refusal>& all) {
  for (const auto& [begin, found, call] : all) {
    const std::string message = error_of(call);
    INFO(begin << " ... " << found << ": " << message);
    CHECK(message.rfind(begin, 0) == 0);
    CHECK(message.find(found, begin.size()) != message.npos);
    CHECK(message.find('\n') == message.npos);
  }
}

}  // namespace test
