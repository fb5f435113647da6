// What every training example shares: its flags, its folder of results and its last line.
#pragma once

#include <figment/data.hpp>
#include <figment/figment.hpp>
#include <figment/io.hpp>
#include <figment/io/checkpoint.hpp>
#include <figment/io/diagram.hpp>
#include <figment/io/folder_lock.hpp>
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

/// How training ended, by Ctrl-C or another signal maybe.
struct Training {
  figment::History history;
  int signal = 0;

  /// The program's exit code.
  int code() const { return signal ? 128 + signal : 0; }
};

/// The columns of the history of a loss with these terms.
std::vector<std::string> columns(const std::vector<std::string>& terms, bool validated,
                                 const std::string& suffix = {});

struct TrainingText {
  std::string title, y_label, x_label = "epoch";
  /// Of the chart history.png: columns and what to call them; those that the history has not are left out.
  std::vector<std::pair<std::string, std::string>> lines = {{"train", "training"}, {"val", "validation"}};
  std::string suffix = {};                ///< of all columns' names
  std::vector<std::string> columns = {};  ///< that --best may name, beside the epoch and its seconds
};

/// A run of a training program: its folder, its checkpoints and what is shown of it. In the folder it leaves
/// config.json, history.csv, TensorBoard's files, checkpoints, pictures and report.html. What cannot be
/// written there, on a full disk say, does not end the run: it is said on stderr, the first at once and all
/// at the end.
class Run {
 public:
  /// Applies --threads and --smoke, takes the folder for this process alone, and finds out that it can be
  /// written to. All else in it stays as it was until the first step has been done, or the first file is
  /// written: only then a run that was in it is moved out of the way, unless it is resumed.
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

  /// What writes a file of this name.
  using Write = std::function<void(const std::filesystem::path&)>;
  /// A picture, which is then told of and in the report.
  void picture(const std::string& file, const std::string& caption, const Write& write);
  void picture(const std::string& file, const std::string& caption, const figment::io::Image& image);
  void picture(const std::string& file, const std::string& caption, const figment::io::Figure& figure);
  /// Another file of the run.
  void file(const std::string& name, const Write& write);
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
  void open();
  bool attempt(const std::string& name, const Write& write);
  void write_beginning();
  void write_report(const Figures& figures);
  void write_history(const figment::History& history, const TrainingText& text);
  int say_missing(int code) const;

  const RunOptions& options_;
  std::string name_;
  figment::io::FolderLock lock_;
  bool opened_ = false;
  struct Network {
    std::string name;
    figment::io::Figure diagram;
    std::string dot;
  };
  std::vector<Network> networks_;
  std::vector<std::string> files_, missing_;
  std::string reason_;                                         // why the first of them is missing
  std::vector<std::pair<std::string, std::string>> pictures_;  // and captions
  figment::io::Report report_;
  std::vector<std::function<void(figment::io::TensorBoardWriter&)>> graphs_;
  std::unique_ptr<Film> film_;
};

}  // namespace examples
