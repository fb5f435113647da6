// Trains a convolutional classifier of digits, and lets it judge images that a model has made.

#include <iostream>

#include "support/pictures.hpp"
#include "support/resume.hpp"
#include "support/run.hpp"

using namespace figment;
namespace fs = std::filesystem;

namespace {

auto make_classifier(Index classes, Rng& rng) {
  const Conv2dOptions same{.padding = Padding::same(), .activation = Activation::relu};
  return Classifier(Sequential{Conv2d(1, 32, rng, same), MaxPool2d(2), Conv2d(32, 64, rng, same),
                               MaxPool2d(2), Dropout(0.25), Flatten{},
                               Linear(7 * 7 * 64, 128, rng, {.activation = Activation::relu}), Dropout(0.5),
                               Linear(128, classes, rng)});
}

/// Images and, if they were asked for by class, the classes.
data::Dataset<float> made_images(const fs::path& dir) {
  auto x = io::load_npy(dir / "samples.npy");
  ensure(x.rank() >= 2 && x.dim(0) > 0 && x.size() / x.dim(0) == 784,
         "{}: expected images (N, 28, 28), found {}", (dir / "samples.npy").string(), x.shape());
  data::Dataset<float> images{x.view_as({x.dim(0), 28, 28, 1})};
  if (fs::exists(dir / "labels.npy")) images.labels = io::load_npy<std::int32_t>(dir / "labels.npy");
  images.size();  // throws when the labels are not as many
  return images;
}

using examples::Figures;

/// Prints how many of the images are of each class, and adds to the figures the smallest share and, if the
/// classes were asked for, the share of images that are of theirs.
template <class Model>
void judge(const Model& model, const data::Dataset<float>& made, const std::vector<std::string>& names,
           Figures& figures) {
  const Indices found = model.classify(made.x);
  std::vector<Index> counts(names.size());
  Index right = 0;
  for (Index i = 0; i < found.size(); ++i) {
    ++counts[static_cast<std::size_t>(found(i))];
    right += made.labels.defined() && found(i) == made.labels(i);
  }
  const auto share = [&](Index count) {
    return static_cast<double>(count) / static_cast<double>(found.size());
  };
  for (std::size_t c = 0; c < names.size(); ++c) std::cout << names[c] << " " << counts[c] << "\n";
  figures.push_back({"smallest_class", share(*std::min_element(counts.begin(), counts.end()))});
  if (made.labels.defined()) figures.push_back({"as_asked", share(right)});
}

/// At most a hundred.
template <class Model>
Tensor<float> mistakes(const Model& model, const data::Dataset<float>& test) {
  const Indices found = model.classify(test.x);
  std::vector<std::int32_t> wrong;
  for (Index i = 0; i < found.size() && wrong.size() < 100; ++i)
    if (found(i) != test.labels(i)) wrong.push_back(static_cast<std::int32_t>(i));
  return take(test.x, Indices({static_cast<Index>(wrong.size())}, wrong));
}

int train(examples::RunOptions options, const std::string& score) {
  examples::Run run("mnist_classifier", options);
  data::Dataset<float> made;
  if (!score.empty()) made = made_images(score);  // a mistake is found before the training
  const auto images = examples::load_images(options);

  Rng rng(options.seed);
  auto model = make_classifier(static_cast<Index>(images.classes.size()), rng);
  run.show("model", model, {28, 28, 1});
  Adam optimizer(parameters(model), {.rate = options.lr});
  data::Loader batches(images.train, {.batch = options.batch, .seed = options.seed});
  data::Loader validation(images.test, {.batch = 1000, .shuffle = false});
  run.checkpoint.add_module(model).add_optimizer("optimizer", optimizer);
  const auto training =
      run.train({.title = "Classifier on " + options.dataset,
                 .y_label = "cross-entropy, nats",
                 .columns = examples::columns({"accuracy"}, true)},
                [&](const FitOptions& o) { return fit(model, optimizer, batches, validation, o); });

  if (const auto wrong = mistakes(model, images.test); wrong.dim(0) > 0)
    run.picture("mistakes.png", "test images taken for another class", examples::in_square(wrong));
  if (training.history.rows.empty()) return run.finish(training, {});

  const History& h = training.history;
  Figures figures{{"train", h.last("train")}, {"val", h.last("val")}, {"accuracy", h.last("val_accuracy")}};
  if (!score.empty()) judge(model, made, images.classes, figures);
  figures.push_back({"seconds", h.last("seconds")});
  return run.finish(training, figures);
}

}  // namespace

int main(int argc, char** argv) {
  examples::take_up("mnist_classifier", argc, argv);
  examples::RunOptions options{.epochs = 8, .batch = 128};
  std::string score;
  examples::CommandLine line("mnist_classifier",
                             "Trains a small convolutional network to tell the classes apart.");
  examples::add_common(line, options);
  line.option("--score", score,
              "directory with samples.npy of another example: counts their classes, and with labels.npy how "
              "many are of theirs");
  if (const int code = line.parse(argc, argv); code >= 0) return code;
  return examples::run("mnist_classifier", [&] { return train(options, score); });
}
