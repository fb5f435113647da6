// What every training example shares: its flags, its folder of results and its last line.
#pragma once

#include <figment/data.hpp>
#include <figment/figment.hpp>
#include <figment/io.hpp>
#include <figment/io/checkpoint.hpp>
#include <figment/io/diagram.hpp>
#include <figment/io/report.hpp>
#include <figment/io/tensorboard_log.hpp>
#include <filesystem>
#include <functional>

#include "support/command_line.hpp"
#include "support/film.hpp"

namespace examples {

/// The flags of every example; set the defaults before reading the command line.
struct RunOptions {
  std::string data = {};  ///< folder or file of the data set; empty: search
  std::string dataset = "mnist";
  figment::Index epochs = 1;
  figment::Index batch = 100;
  double lr = 1e-3;
  std::uint64_t seed = 0;
  figment::Index threads = 0;  ///< 0: all cores
  std::string out = {};        ///< empty: runs/PROGRAM
  figment::Index samples = 1000;
  bool smoke = false, quiet = false;

  figment::Index checkpoint_every = 1;  ///< epochs, 0: only when the run ends
  figment::Index checkpoint_steps = 0;  ///< steps of an epoch besides, 0: none
  figment::Index keep = 3;              ///< of the checkpoints
  std::string best = {};                ///< column of the history whose lowest epoch is kept too; empty: none
  bool highest = false;                 ///< or whose highest is
  std::string resume = {};              ///< the folder of a run to go on with
  std::string checkpoints = "on", tensorboard = "on", report = "on";

  Settings settings = {};  ///< every flag's value, once the command line is read
};

/// Adds the flags of runs that can be resumed and looked into: --resume, --checkpoint-every, --tensorboard
/// and the like.
void add_run(CommandLine& line, RunOptions& options);
/// Adds the flags that every example has: --seed, --threads, --out, --smoke and --quiet.
void add_basic(CommandLine& line, RunOptions& options);
/// Adds --data, where the images are.
void add_data(CommandLine& line, RunOptions& options);
/// Adds --batch and --lr.
void add_steps(CommandLine& line, RunOptions& options);
/// Adds all of these and the other flags of programs that train on images.
void add_common(CommandLine& line, RunOptions& options);

/// The images by the flags: --data, else the environment's, else downloaded, else the bundled digits. --smoke
/// keeps a small part. Says on stderr which set it is. `raw` leaves pixels from 0 to 255. In place of test
/// images without labels, as Kaggle has them, come the last of the training images.
figment::data::Mnist load_images(const RunOptions& options, bool raw = false);
/// Throws unless the images are of so many classes, those of a recipe that asks for one.
void expect_classes(const figment::data::Mnist& images, figment::Index classes);

/// What came out, by name.
using Figures = std::vector<std::pair<std::string, double>>;

/// How training ended, by Ctrl-C maybe.
struct Training {
  figment::History history;
  bool interrupted = false;

  /// The program's exit code.
  int code() const { return interrupted ? 130 : 0; }
};

struct TrainingText {
  std::string title, y_label, x_label = "epoch";
  /// Of the chart history.png: columns and what to call them; those that the history has not are left out.
  std::vector<std::pair<std::string, std::string>> lines = {{"train", "training"}, {"val", "validation"}};
  std::string suffix = {};  ///< of all columns' names
};

/// A run of a training program: its folder, its checkpoints and what is shown of it. In the folder it leaves
/// config.json, history.csv, TensorBoard's files, checkpoints, pictures and report.html.
class Run {
 public:
  /// Applies --threads and --smoke, and finds out that the folder can be written to. A run that was in it is
  /// moved out of the way, unless it is resumed.
  Run(const std::string& name, RunOptions& options);
  Run(const Run&) = delete;

  const std::filesystem::path out;
  /// Where fit stands. The program adds its models and optimisers to the checkpoint before it trains.
  figment::TrainPosition position;
  figment::io::Checkpoint checkpoint{position};

  /// Shows a network: its table on stderr and in the report, NAME.svg and NAME.dot, TensorBoard's graph.
  template <class M>
  void show(const std::string& name, M& module, const figment::Shape& sample) {
    show(name, figment::summary(module, sample), figment::io::diagram(module, sample, name),
         figment::io::diagram_dot(module, sample, name));
    graphs_.push_back([=, &module](auto& board) { board.graph(name, module, sample); });
  }

  /// The file to draw a picture into, which is then told of and in the report.
  std::filesystem::path picture(const std::string& file, const std::string& caption = {});
  /// Another file of the run.
  std::filesystem::path file(const std::string& name);
  /// Draws epoch_*.png after every epoch and step_*.png every so many steps: a film in animation.gif, a
  /// slider in the report.
  void film(std::function<figment::io::Image()> draw, figment::Index every_steps = 0);
  /// A chart of columns of the history, NAME.png and NAME.svg.
  void chart(const std::string& name, const figment::History& history,
             const figment::io::PlotOptions& options,
             const std::vector<std::pair<std::string, std::string>>& columns);

  /// Calls fit with the flags' options and these callbacks, from the checkpoint if the run is resumed; shows
  /// progress and writes history.csv and a chart of the losses, whether the run ends by itself, by Ctrl-C or
  /// by a loss that is not finite (which is then thrown on).
  Training train(const TrainingText& text,
                 const std::function<figment::History(const figment::FitOptions&)>& fit,
                 std::vector<figment::Callback*> callbacks = {});

  /// Writes the report, names the files and prints the last line on stdout, `result key=value key=value …`,
  /// unless no epoch has ended. Returns the exit code.
  int finish(const Training& training, const Figures& figures);
  /// The same where nothing is trained.
  int finish(const Figures& figures);

 private:
  void show(const std::string& name, const std::string& summary, const figment::io::Figure& diagram,
            const std::string& dot);
  void write_report(const Figures& figures);
  void write_history(const figment::History& history, const TrainingText& text);

  const RunOptions& options_;
  std::string name_, failure_;  // failure_: what could not be written
  std::vector<std::string> files_;
  std::vector<std::pair<std::string, std::string>> pictures_;  // and captions
  figment::io::Report report_;
  std::vector<std::function<void(figment::io::TensorBoardWriter&)>> graphs_;
  std::unique_ptr<Film> film_;
};

}  // namespace examples
