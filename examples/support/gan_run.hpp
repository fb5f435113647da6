// What the programs that train adversarial networks on images share.
#pragma once

#include "recipes/gans.hpp"
#include "support/run.hpp"

namespace examples {

/// The settings that are of the run and not of the networks.
struct GanRun {
  figment::Index sample_every = 0;  ///< steps between pictures beside those after every epoch; 0: none
  double ema = 0;                   ///< decay of the generator's moving average, which is then drawn; 0: none
};

/// Adds the flags of every recipe and binds their defaults to the settings'.
void add_gan(CommandLine& line, RunOptions& options, recipes::GanSettings& settings, GanRun& how);

/// Trains, draws and prints the result. Returns the exit code.
int train_gan(const recipes::GanSettings& settings, const GanRun& how, RunOptions options);

}  // namespace examples
