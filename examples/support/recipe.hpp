// The flags of programs that run one of several recipes.
#pragma once

#include "recipes/optimizers.hpp"
#include "support/run.hpp"

namespace examples {

/// The recipe that --recipe names, or the first, whose settings are then the defaults of the other flags.
template <class Settings>
Settings find_recipe(const std::vector<Settings>& all, int argc, char** argv) {
  const std::string name = peek(argc, argv, "--recipe", all[0].name);
  for (const Settings& s : all)
    if (s.name == name) return s;
  return all[0];  // the command line then says what is wrong
}

/// Adds --recipe and --list.
template <class Settings>
void add_names(CommandLine& line, Settings& settings, const std::vector<Settings>& all) {
  std::vector<std::string> names;
  std::string list;
  for (const Settings& s : all) {
    names.push_back(s.name);
    list += s.name + std::string(18 - s.name.size(), ' ') + s.about + "\n";
  }
  line.choice("--recipe", settings.name, "what to train", names);
  line.list("--list", list, "print the recipes and end");
}

/// Adds the flags of recipes with one optimiser: --recipe, --list, those of every example, --hidden and
/// --optimizer.
template <class Settings>
void add_recipe(CommandLine& line, RunOptions& options, Settings& settings, const std::vector<Settings>& all,
                int argc, char** argv) {
  const std::string optimizer = peek(argc, argv, "--optimizer", settings.optimizer);
  options.lr = optimizer == settings.optimizer ? settings.rate : recipes::default_rate(optimizer);
  add_names(line, settings, all);
  add_common(line, options);
  line.numbers("--hidden", settings.hidden, "units or channels between image and code");
  line.choice("--optimizer", settings.optimizer, "how to descend", recipes::optimizer_names);
}

}  // namespace examples
