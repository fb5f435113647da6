// What every training example shares: its flags, its folder of results and its last line.
#pragma once

#include <figment/data.hpp>
#include <figment/figment.hpp>
#include <figment/io.hpp>
#include <filesystem>

#include "support/command_line.hpp"

namespace examples {

/// The flags of every example; set the defaults before reading the command line.
struct RunOptions {
  std::string data = {};  ///< directory of the data set; empty: search
  figment::Index epochs = 1;
  figment::Index batch = 100;
  double lr = 1e-3;
  std::uint64_t seed = 0;
  figment::Index threads = 0;  ///< 0: all cores
  std::string out = {};        ///< empty: runs/PROGRAM
  figment::Index samples = 1000;
  bool smoke = false, quiet = false;
};

/// Adds the common flags to a command line.
void add_common(CommandLine& line, RunOptions& options);

/// Applies --threads and --smoke, makes the folder of results and finds out that it can be written to.
/// Returns the folder.
std::filesystem::path begin(const std::string& program, RunOptions& options);

/// The digits by the flags: --data, else $FIGMENT_DATA, else downloaded, else the bundled ones. --smoke keeps
/// a small part. Says on stderr which set it is.
figment::data::Mnist load_digits(const RunOptions& options);

/// Writes history.csv and a chart of the columns `train` and `val` as history.png and history.svg.
void write_history(const std::filesystem::path& out, const figment::History& history,
                   const std::string& title, const std::string& y_label);

/// Names on stderr the files a program wrote.
void announce(const std::filesystem::path& out, const std::vector<std::string>& files,
              const RunOptions& options);

/// The last line on stdout: `result key=value key=value …`, numbers to six digits.
void print_result(const std::vector<std::pair<std::string, double>>& figures);

}  // namespace examples
