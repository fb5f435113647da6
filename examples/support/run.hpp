// What every training example shares: its flags, its folder of results and its last line.
#pragma once

#include <figment/data.hpp>
#include <figment/figment.hpp>
#include <figment/io.hpp>
#include <filesystem>
#include <functional>

#include "support/command_line.hpp"

namespace examples {

/// The flags of every example; set the defaults before reading the command line.
struct RunOptions {
  std::string data = {};  ///< directory of the data set, or a file of libsvm text; empty: search
  std::string dataset = "mnist";
  figment::Index epochs = 1;
  figment::Index batch = 100;
  double lr = 1e-3;
  std::uint64_t seed = 0;
  figment::Index threads = 0;  ///< 0: all cores
  std::string out = {};        ///< empty: runs/PROGRAM
  figment::Index samples = 1000;
  bool smoke = false, quiet = false;
};

/// Adds the flags that every example has: --seed, --threads, --out, --smoke and --quiet.
void add_basic(CommandLine& line, RunOptions& options);
/// Adds --data, where the images are.
void add_data(CommandLine& line, RunOptions& options);
/// Adds --batch and --lr.
void add_steps(CommandLine& line, RunOptions& options);
/// Adds all of these and the other flags of programs that train on images.
void add_common(CommandLine& line, RunOptions& options);

/// Applies --threads and --smoke, makes the folder of results and finds out that it can be written to.
/// Returns the folder.
std::filesystem::path begin(const std::string& name, RunOptions& options);

/// The images by the flags: --data, else the environment's, else downloaded, else the bundled digits. --smoke
/// keeps a small part. Says on stderr which set it is. `raw` leaves pixels from 0 to 255.
figment::data::Mnist load_images(const RunOptions& options, bool raw = false);
/// The names of the data set's classes.
std::vector<std::string> class_names(const RunOptions& options);

/// Writes a chart with a line for each pair of a column and its name as STEM.png and STEM.svg.
void save_columns(const std::filesystem::path& stem, const figment::History& history,
                  const figment::io::PlotOptions& options,
                  const std::vector<std::pair<std::string, std::string>>& columns);

/// A run that has ended, by Ctrl-C maybe.
struct Training {
  figment::History history;
  bool interrupted = false;

  /// The program's exit code.
  int code() const { return interrupted ? 130 : 0; }
};

struct TrainingText {
  std::string title, y_label;
  std::string suffix = {};  ///< of the columns' names
};

/// Calls fit with the flags' options and these callbacks, shows progress, and writes history.csv and a chart
/// of the columns `train` and `val` as history.png and history.svg, whether the run ends by itself, by Ctrl-C
/// or by a loss that is not finite (which is then thrown on).
Training train(const std::filesystem::path& out, const RunOptions& options, const TrainingText& text,
               const std::function<figment::History(const figment::FitOptions&)>& fit,
               std::vector<figment::Callback*> callbacks = {});

/// Names on stderr the files a program wrote.
void announce(const std::filesystem::path& out, const std::vector<std::string>& files,
              const RunOptions& options);

/// The last line on stdout: `result key=value key=value …`, numbers to six digits.
void print_result(const std::vector<std::pair<std::string, double>>& figures);

}  // namespace examples
