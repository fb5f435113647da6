#include "support/run.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <figment/io/checkpoints.hpp>
#include <figment/io/config.hpp>
#include <iostream>
#include <tuple>

#include "support/after_first_step.hpp"
#include "support/resume.hpp"

namespace examples {

namespace fs = std::filesystem;

namespace {

figment::data::MnistKind kind_of(const RunOptions& o) {
  return o.dataset == "fashion" ? figment::data::MnistKind::fashion : figment::data::MnistKind::digits;
}

}  // namespace

void add_run(CommandLine& line, RunOptions& o) {
  line.option("--resume", o.resume,
              "folder of an earlier run to go on with; other flags then change its own");
  line.choice("--checkpoints", o.checkpoints, "what a run can be resumed from", {"on", "off"});
  line.option("--checkpoint-every", o.checkpoint_every, "epochs between checkpoints, 0: only at the end", 0);
  line.option("--checkpoint-steps", o.checkpoint_steps, "steps of an epoch between more of them", 0);
  line.option("--keep", o.keep, "checkpoints to keep, the newest");
  line.option("--best", o.best,
              "column of history.csv: the epoch with the lowest is kept as best.safetensors");
  line.flag("--highest", o.highest, "the epoch with the highest, for --best");
  line.choice("--tensorboard", o.tensorboard, "curves, pictures and graphs for TensorBoard", {"on", "off"});
  line.choice("--report", o.report, "the run on one page, report.html", {"on", "off"});
}

void add_basic(CommandLine& line, RunOptions& o) {
  line.option("--seed", o.seed, "of the weights, the order of the data and all noise");
  line.option("--threads", o.threads, "threads to compute with, 0 for all cores", 0);
  line.option("--out", o.out,
              "directory of the results (default: runs/ and the name of the recipe or program)");
  line.flag("--smoke", o.smoke, "a run of a few seconds, to see that everything works");
  line.flag("--quiet", o.quiet, "no progress, only the result");
  line.keep(o.settings);
}

void add_data(CommandLine& line, RunOptions& o) {
  line.option(
      "--data", o.data,
      "folder or file of images: MNIST's IDX files or those of EMNIST, QMNIST, Kuzushiji and torchvision, "
      "Keras' mnist.npz, Kaggle's train.csv, libsvm text with its .t beside it (default: $FIGMENT_DATA, a "
      "download, the bundled)");
}

void add_steps(CommandLine& line, RunOptions& o) {
  line.option("--batch", o.batch, "examples in a batch");
  line.option("--lr", o.lr, "learning rate");
}

void add_common(CommandLine& line, RunOptions& o) {
  add_data(line, o);
  line.choice("--dataset", o.dataset, "digits or articles of clothing", {"mnist", "fashion"});
  line.option("--epochs", o.epochs, "passes over the training data");
  add_steps(line, o);
  line.option("--samples", o.samples, "pictures to draw into samples.npy");
  add_run(line, o);
  add_basic(line, o);
}

figment::data::Mnist load_images(const RunOptions& o, bool raw) {
  using namespace figment;
  const fs::path source = data::find_mnist(kind_of(o), o.data, FIGMENT_BUNDLED_DATA);
  remember_data(source);
  auto images = data::load_mnist(source, {.unit_range = !raw});
  // A folder need not say what its images are of; digits are the guess.
  if (images.classes == data::mnist_class_names(data::MnistKind::digits))
    images.classes = data::mnist_class_names(kind_of(o));
  if (!images.test.labels.defined()) {
    std::tie(images.train, images.test) = data::split(images.train, 1.0 / 7);
    if (!o.quiet)
      std::cerr << "(the test images have no labels: the last training images are used instead)\n";
  }
  if (o.smoke) {
    images.train = data::slice(images.train, 0, std::min<Index>(1000, images.train.size()));
    images.test = data::slice(images.test, 0, std::min<Index>(500, images.test.size()));
  }
  if (!o.quiet) {
    std::cerr << "data: " << source.string() << ", " << images.train.size() << " training and "
              << images.test.size() << " test images\n";
    if (source == fs::path(FIGMENT_BUNDLED_DATA))
      std::cerr << "(the bundled part of MNIST; ./examples/run.sh --download gets all 70,000)\n";
  }
  return images;
}

void expect_classes(const figment::data::Mnist& images, figment::Index classes) {
  const auto found = static_cast<figment::Index>(images.classes.size());
  figment::ensure(found == classes, "{}: {} classes, but this recipe is for {}", images.source.string(),
                  found, classes);
}

namespace {

std::string time_of_day() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", std::localtime(&now));
  return text;
}

/// Applies the flags, and returns the folder of results.
fs::path begin(const std::string& name, RunOptions& o) {
  if (o.threads > 0) figment::set_num_threads(static_cast<int>(o.threads));
  if (o.threads > figment::num_threads() && !o.quiet)
    std::cerr << "--threads " << o.threads << ": computing with " << figment::num_threads() << "\n";
  if (o.smoke) {
    o.epochs = 1;
    o.samples = std::min<figment::Index>(o.samples, 100);
  }
  return o.out.empty() ? fs::path("runs") / name : fs::path(o.out);
}

/// A folder in which there is a run already becomes FOLDER.1, or the next number that is free.
void move_away(const fs::path& out, figment::io::FolderLock& lock) {
  if (!fs::exists(out / "config.json")) return;
  fs::path to;
  for (int n = 1; to.empty() || fs::exists(to); ++n)
    to = (out.has_filename() ? out : out.parent_path()).string() + "." + std::to_string(n);
  std::error_code error;
  fs::rename(out, to, error);
  figment::ensure(!error, "--out {}: the run in it cannot be moved to {}: {}", out.string(), to.string(),
                  error.message());
  lock.moved_to(to);
  lock = figment::io::FolderLock(out);
  std::cerr << "the run that was in " << out.string() << " is now in " << to.string() << "\n";
}

/// Names on stderr the files a program wrote.
void announce(const fs::path& out, const std::vector<std::string>& files, const RunOptions& o) {
  if (o.quiet) return;
  std::cerr << "wrote";
  for (const auto& f : files) std::cerr << "\n  " << (out / f).string();
  std::cerr << "\n";
}

std::string comma_separated(const std::vector<std::string>& words) {
  std::string all;
  for (const auto& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

/// Numbers to six digits.
void print_result(const Figures& figures) {
  std::printf("result");
  for (const auto& [key, value] : figures) std::printf(" %s=%.6g", key.c_str(), value);
  std::printf("\n");
}

}  // namespace

std::vector<std::string> columns(const std::vector<std::string>& terms, bool validated,
                                 const std::string& suffix) {
  std::vector<std::string> all;
  for (const char* half : {"train", "val"}) {
    const bool training = std::string_view(half) == "train";
    if (!training && !validated) break;
    all.push_back(half + suffix);
    for (const auto& term : terms) all.push_back((training ? "" : "val_") + term + suffix);
  }
  return all;
}

Run::Run(const std::string& name, RunOptions& o)
    : out(begin(name, o)), options_(o), name_(name), lock_(lock_folder(out)) {
  report_.title = name;
  report_.settings = o.settings;
  // Found out now, not after the training: that there is leave to write, and room.
  figment::io::write_file(out / ".writable", figment::io::parse_settings(o.settings).dump());
  fs::remove(out / ".writable");
}

void Run::open() {
  if (std::exchange(opened_, true)) return;
  if (goes_on_in(out))
    for (const auto& dir : {out, out / "checkpoints"}) figment::io::remove_temporaries(dir);
  else
    move_away(out, lock_);
  write_beginning();
}

bool Run::attempt(const std::string& name, const Write& write) {
  open();
  const auto place = std::find(missing_.begin(), missing_.end(), name);
  try {
    write(out / name);
    if (place != missing_.end()) missing_.erase(place);
    return true;
  } catch (const figment::Error& e) {
    if (reason_.empty()) std::cerr << "\n" << (reason_ = e.what()) << "; the run goes on\n";
    if (place == missing_.end()) missing_.push_back(name);
    return false;
  }
}

void Run::file(const std::string& name, const Write& write) {
  if (attempt(name, write) && std::find(files_.begin(), files_.end(), name) == files_.end())
    files_.push_back(name);
}

void Run::picture(const std::string& file, const std::string& caption, const Write& write) {
  this->file(file, write);
  pictures_.emplace_back(file, caption);
}
void Run::picture(const std::string& file, const std::string& caption, const figment::io::Image& image) {
  picture(file, caption, [&](const fs::path& to) { figment::io::write_png(to, image); });
}
void Run::picture(const std::string& file, const std::string& caption, const figment::io::Figure& figure) {
  picture(file, caption, [&](const fs::path& to) { figure.save(to); });
}

void Run::show(const std::string& name, const std::string& summary, const figment::io::Figure& diagram,
               const std::string& dot) {
  if (!options_.quiet) std::cerr << name << "\n" << summary;
  networks_.push_back({name, diagram, dot});
  report_.summary += name + "\n" + summary + "\n";
  report_.diagrams.push_back({diagram, name});
}

/// What is known before the first step; at the end again, if there was no room for it.
void Run::write_beginning() {
  const auto once = [&](const std::string& name, const Write& write) {
    if (std::find(files_.begin(), files_.end(), name) == files_.end()) file(name, write);
  };
  once("config.json", [&](const fs::path& to) {
    figment::io::write_config(to, figment::io::parse_settings(options_.settings));
  });
  for (const auto& network : networks_) {
    once(network.name + ".svg", [&](const fs::path& to) { network.diagram.save(to); });
    once(network.name + ".dot", [&](const fs::path& to) { figment::io::write_file(to, network.dot); });
  }
}

void Run::film(std::function<figment::io::Image()> draw, figment::Index every_steps) {
  film_ = std::make_unique<Film>(
      out,
      [this](const std::string& name, const figment::io::Image& image) {
        return attempt(name, [&](const fs::path& to) { figment::io::write_png(to, image); });
      },
      std::move(draw), every_steps);
}

void Run::chart(const std::string& name, const figment::History& history,
                const figment::io::PlotOptions& options,
                const std::vector<std::pair<std::string, std::string>>& columns) {
  std::vector<figment::io::Series> lines;
  for (const auto& [column, text] : columns)
    if (history.has(column)) lines.push_back({text, {}, history[column]});
  if (history.rows.empty() || lines.empty()) return;
  const auto drawing = figment::io::line_chart(lines, options);
  for (const char* ending : {".png", ".svg"})
    file(name + ending, [&](const fs::path& to) { drawing.save(to); });
  report_.charts.push_back({drawing});
}

void Run::write_history(const figment::History& history, const TrainingText& text) {
  file("history.csv", [&](const fs::path& to) { figment::io::write_csv(to, history.columns, history.rows); });
  auto lines = text.lines;
  for (auto& line : lines) line.first += text.suffix;
  chart("history", history, {.title = text.title, .x_label = text.x_label, .y_label = text.y_label}, lines);
}

Training Run::train(const TrainingText& text,
                    const std::function<figment::History(const figment::FitOptions&)>& fit,
                    std::vector<figment::Callback*> callbacks) {
  using namespace figment;
  const RunOptions& o = options_;
  report_.title = text.title;
  describe_run(checkpoint);
  if (!resumed_checkpoint().empty()) {
    checkpoint.load(resumed_checkpoint());
    if (!o.quiet)
      std::cerr << "going on from " << resumed_checkpoint().string() << ": " << position.epoch
                << " epochs and " << position.step << " steps\n";
  }
  History known{.columns = text.columns, .rows = {}};
  known.columns.insert(known.columns.end(), {"epoch", "seconds"});
  ensure(o.best.empty() || known.has(o.best) || position.history.has(o.best),
         "--best {}: expected one of the columns {}", o.best, comma_separated(known.columns));

  io::TensorBoardLog board(out / "tensorboard", [&](io::TensorBoardWriter& writer) {
    for (const auto& graph : graphs_) graph(writer);
  });
  EveryEpoch csv([&](TrainState& state) {
    attempt("history.csv",
            [&](const fs::path& to) { io::write_csv(to, state.history->columns, state.history->rows); });
  });
  Progress progress;
  StopOnInterrupt interrupt;
  io::Checkpoints checkpoints(out / "checkpoints", checkpoint,
                              {.every_epochs = o.checkpoint_every,
                               .every_steps = o.checkpoint_steps,
                               .keep = o.keep,
                               .best = o.best,
                               .highest = o.highest});
  std::vector<Callback*> later;
  if (o.tensorboard == "on") later.push_back(&board);
  if (film_ && o.tensorboard == "on") film_->show_in(board);
  if (film_) later.push_back(film_.get());
  AfterFirstStep after_first_step([&] { open(); }, later);
  callbacks.push_back(&after_first_step);
  callbacks.push_back(&csv);
  callbacks.push_back(&interrupt);
  if (!o.quiet) callbacks.push_back(&progress);
  if (o.checkpoints == "on") callbacks.push_back(&checkpoints);

#ifdef SIGPIPE
  std::signal(SIGPIPE, SIG_IGN);  // Ctrl-C may end the program that reads our lines before us
#endif
  if (!o.quiet) std::cerr << "start " << time_of_day() << "\n";
  Training run;
  try {
    run.history = fit({.epochs = o.epochs,
                       .seed = o.seed,
                       .suffix = text.suffix,
                       .callbacks = callbacks,
                       .position = &position});
  } catch (const NonFiniteLoss& e) {
    if (!e.history.rows.empty()) write_history(e.history, text);  // the epochs before stay
    throw;
  }
  run.signal = interrupt.signal();
  write_beginning();
  write_history(run.history, text);
  if (film_) film_->complete();
  if (film_ && film_->can_animate()) file("animation.gif", [&](const fs::path& to) { film_->animate(to); });
  const auto ended = run.history.rows.size();
  if (!o.quiet)
    std::cerr << "end   " << time_of_day() << ", " << figment::detail::clock(position.seconds)
              << " elapsed\n";
  if (run.signal) {
    std::cerr << "interrupted after " << ended << " of " << o.epochs << " epochs";
    if (o.checkpoints == "on") std::cerr << "; go on with " << resume_command(out);
    std::cerr << "\n";
  }
  const std::pair<const char*, std::string> own[] = {{"checkpoints", checkpoints.error()},
                                                     {"tensorboard", board.error()}};
  for (const auto& [what, error] : own) {
    if (error.empty()) continue;
    missing_.push_back(figment::format("some of {}", what));
    if (reason_.empty()) reason_ = error;
  }
  return run;
}

void Run::write_report(const Figures& figures) {
  if (options_.report == "on") {
    for (const auto& figure : figures)
      if (figure.first != "seconds") report_.figures.push_back(figure);
    report_.seconds = position.seconds;
    for (const auto& [file, caption] : pictures_)
      if (std::find(files_.begin(), files_.end(), file) != files_.end())
        report_.pictures.emplace_back(out / file, caption);
    try {
      report_.frames = figment::io::frames_in(out, "epoch");
    } catch (const figment::Error& e) {
      std::cerr << e.what() << "; the report has no samples over time\n";  // of a picture that is not ours
    }
    file("report.html", [&](const fs::path& to) { figment::io::write_report(to, report_); });
  }
  announce(out, files_, options_);
}

/// Names what could not be written. Returns the exit code.
int Run::say_missing(int code) const {
  if (missing_.empty()) return code;
  constexpr std::size_t most = 12;
  std::vector<std::string> some(
      missing_.begin(), missing_.begin() + static_cast<std::ptrdiff_t>((std::min)(most, missing_.size())));
  if (missing_.size() > most) some.push_back(figment::format("{} more", missing_.size() - most));
  std::cerr << name_ << ": missing in " << out.string() << ": " << comma_separated(some) << " (" << reason_
            << ")\n";
  return 1;
}

int Run::finish(const Training& training, const Figures& figures) {
  if (training.signal)
    report_.note = figment::format("interrupted after {} of {} epochs", position.epoch, options_.epochs);
  write_report(figures);
  if (!training.history.rows.empty()) print_result(figures);
  return say_missing(training.code());
}

int Run::finish(const Figures& figures) {
  write_report(figures);
  print_result(figures);
  return say_missing(0);
}

}  // namespace examples
