// Recipes by name.
#pragma once

#include <figment/core/error.hpp>
#include <vector>

namespace recipes {

/// The settings that are called `name`. Throws when there are none.
template <class Settings>
Settings find(const std::vector<Settings>& all, const std::string& name) {
  std::string names;
  for (const Settings& s : all) {
    if (s.name == name) return s;
    names += (names.empty() ? "" : ", ") + s.name;
  }
  figment::fail("expected a recipe of {}, found '{}'", names, name);
}

}  // namespace recipes
