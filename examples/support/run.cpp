#include "support/run.hpp"

#include <cstdio>
#include <iostream>

namespace examples {

namespace fs = std::filesystem;

void add_common(CommandLine& line, RunOptions& o) {
  line.option("--data", o.data,
              "directory with the data set's files (default: $FIGMENT_DATA, a download, the bundled)");
  line.option("--epochs", o.epochs, "passes over the training data");
  line.option("--batch", o.batch, "examples in a batch");
  line.option("--lr", o.lr, "learning rate");
  line.option("--seed", o.seed, "of the weights, the order of the data and all noise");
  line.option("--threads", o.threads, "threads to compute with, 0 for all cores", 0);
  line.option("--out", o.out, "directory of the results (default: runs/ and the program's name)");
  line.option("--samples", o.samples, "pictures to draw into samples.npy");
  line.flag("--smoke", o.smoke, "a run of a few seconds, to see that everything works");
  line.flag("--quiet", o.quiet, "no progress, only the result");
}

fs::path begin(const std::string& program, RunOptions& o) {
  if (o.threads > 0) figment::set_num_threads(static_cast<int>(o.threads));
  if (o.smoke) {
    o.epochs = 1;
    o.samples = std::min<figment::Index>(o.samples, 100);
  }
  const fs::path out = o.out.empty() ? fs::path("runs") / program : fs::path(o.out);
  // Found out now, not after the training.
  figment::io::write_file(out / ".writable", std::string_view());
  fs::remove(out / ".writable");
  return out;
}

figment::data::Mnist load_digits(const RunOptions& o) {
  const fs::path dir = figment::data::find_mnist(o.data, FIGMENT_BUNDLED_DATA);
  auto digits = figment::data::load_mnist(dir);
  if (o.smoke) {
    digits.train = figment::data::slice(digits.train, 0, std::min<figment::Index>(1000, digits.train.size()));
    digits.test = figment::data::slice(digits.test, 0, std::min<figment::Index>(500, digits.test.size()));
  }
  if (!o.quiet) {
    std::cerr << "data: " << dir.string() << ", " << digits.train.size() << " training and "
              << digits.test.size() << " test digits\n";
    if (dir == fs::path(FIGMENT_BUNDLED_DATA))
      std::cerr << "(the bundled part of MNIST; ./examples/run.sh --download gets all 70,000)\n";
  }
  return digits;
}

void write_history(const fs::path& out, const figment::History& history, const std::string& title,
                   const std::string& y_label) {
  figment::io::write_csv(out / "history.csv", history.columns, history.rows);
  std::vector<figment::io::Series> lines;
  for (const auto& [column, name] : {std::pair{"train", "training"}, std::pair{"val", "validation"}})
    if (history.has(column)) lines.push_back({name, {}, history[column]});
  const auto chart = figment::io::line_chart(lines, {.title = title, .x_label = "epoch", .y_label = y_label});
  chart.save(out / "history.png");
  chart.save(out / "history.svg");
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
