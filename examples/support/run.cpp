#include "support/run.hpp"

#include <cstdio>
#include <ctime>
#include <iostream>

namespace examples {

namespace fs = std::filesystem;

namespace {

figment::data::MnistKind kind_of(const RunOptions& o) {
  return o.dataset == "fashion" ? figment::data::MnistKind::fashion : figment::data::MnistKind::digits;
}

}  // namespace

void add_basic(CommandLine& line, RunOptions& o) {
  line.option("--seed", o.seed, "of the weights, the order of the data and all noise");
  line.option("--threads", o.threads, "threads to compute with, 0 for all cores", 0);
  line.option("--out", o.out,
              "directory of the results (default: runs/ and the name of the recipe or program)");
  line.flag("--smoke", o.smoke, "a run of a few seconds, to see that everything works");
  line.flag("--quiet", o.quiet, "no progress, only the result");
}

void add_data(CommandLine& line, RunOptions& o) {
  line.option("--data", o.data,
              "directory with the data set's files, or a file of libsvm text with its .t beside it (default: "
              "$FIGMENT_DATA, a download, the bundled)");
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
  add_basic(line, o);
}

fs::path begin(const std::string& name, RunOptions& o) {
  if (o.threads > 0) figment::set_num_threads(static_cast<int>(o.threads));
  if (o.smoke) {
    o.epochs = 1;
    o.samples = std::min<figment::Index>(o.samples, 100);
  }
  const fs::path out = o.out.empty() ? fs::path("runs") / name : fs::path(o.out);
  // Found out now, not after the training.
  figment::io::write_file(out / ".writable", std::string_view());
  fs::remove(out / ".writable");
  return out;
}

figment::data::Mnist load_images(const RunOptions& o, bool raw) {
  using namespace figment;
  const fs::path source = data::find_mnist(kind_of(o), o.data, FIGMENT_BUNDLED_DATA);
  auto images = data::load_mnist(source, {.unit_range = !raw});
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

std::vector<std::string> class_names(const RunOptions& o) {
  return figment::data::mnist_class_names(kind_of(o));
}

void save_columns(const fs::path& stem, const figment::History& history,
                  const figment::io::PlotOptions& options,
                  const std::vector<std::pair<std::string, std::string>>& columns) {
  std::vector<figment::io::Series> lines;
  for (const auto& [column, name] : columns) lines.push_back({name, {}, history[column]});
  const auto chart = figment::io::line_chart(lines, options);
  for (const char* ending : {".png", ".svg"}) chart.save(stem.string() + ending);
}

namespace {

void write_history(const fs::path& out, const figment::History& history, const TrainingText& text) {
  figment::io::write_csv(out / "history.csv", history.columns, history.rows);
  std::vector<std::pair<std::string, std::string>> lines;
  for (const auto& [column, name] : {std::pair{"train", "training"}, std::pair{"val", "validation"}})
    if (history.has(column + text.suffix)) lines.emplace_back(column + text.suffix, name);
  save_columns(out / "history", history, {.title = text.title, .x_label = "epoch", .y_label = text.y_label},
               lines);
}

std::string time_of_day() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", std::localtime(&now));
  return text;
}

}  // namespace

Training train(const fs::path& out, const RunOptions& o, const TrainingText& text,
               const std::function<figment::History(const figment::FitOptions&)>& fit,
               std::vector<figment::Callback*> callbacks) {
  figment::Progress progress;
  figment::StopOnInterrupt interrupt;
  callbacks.push_back(&interrupt);
  if (!o.quiet) callbacks.push_back(&progress);
  const std::string start = time_of_day();
  if (!o.quiet) std::cerr << "start " << start << "\n";
  Training run;
  try {
    run.history = fit({.epochs = o.epochs, .seed = o.seed, .suffix = text.suffix, .callbacks = callbacks});
  } catch (const figment::NonFiniteLoss& e) {
    if (!e.history.rows.empty()) write_history(out, e.history, text);  // the epochs before stay
    throw;
  }
  run.interrupted = interrupt.interrupted();
  write_history(out, run.history, text);
  const auto ended = run.history.rows.size();
  if (!o.quiet)
    std::cerr << "end   " << time_of_day() << ", "
              << (ended ? figment::detail::clock(run.history.last("seconds")) : "0:00") << " elapsed\n";
  if (run.interrupted) std::cerr << "interrupted after " << ended << " of " << o.epochs << " epochs\n";
  return run;
}

void announce(const fs::path& out, const std::vector<std::string>& files, const RunOptions& o) {
  if (o.quiet) return;
  std::cerr << "wrote";
  for (const auto& f : files) std::cerr << "\n  " << (out / f).string();
  std::cerr << "\n";
}

void print_result(const std::vector<std::pair<std::string, double>>& figures) {
  std::printf("result");
  for (const auto& [key, value] : figures) std::printf(" %s=%.6g", key.c_str(), value);
  std::printf("\n");
}

}  // namespace examples
