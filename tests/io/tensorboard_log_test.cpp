// TensorBoardLog: which figures of a run it writes, at which steps. tests/io/tensorboard_test.cpp looks at
// the bytes.
#include "figment/io/tensorboard_log.hpp"

#include <map>

#include "figment/data/loader.hpp"
#include "figment/nn/linear.hpp"
#include "figment/optim/sgd.hpp"
#include "figment/train/fit.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/event_records.hpp"
#include "support/temp_dir.hpp"
#include "support/wire_reader.hpp"

using namespace figment;
using Steps = std::map<Index, float>;

namespace {

/// The scalars of every event file below a folder: steps and values by tag.
std::map<std::string, Steps> scalars(const std::filesystem::path& dir) {
  std::map<std::string, Steps> found;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) {
    for (const std::string& record : test::records(entry.path())) {
      const test::WireReader event(record);
      if (event.all(5).empty()) continue;
      const auto value = event.message(5).message(1);
      found[std::string(value.text(1))][event.integer(2)] = value.real(2);
    }
  }
  return found;
}

/// The mean of a batch of one number, which nothing changes.
History run(io::TensorBoardLog& log, Index epochs, TrainPosition* position = nullptr) {
  const auto w = parameter(Tensor<float>::scalar(1));
  Sgd<float> sgd({w}, {.rate = 0});
  data::Loader batches(data::Dataset{Tensor<float>({3, 1}, {1, 2, 6})}, {.batch = 1, .shuffle = false});
  return fit(sgd, batches, [&](const auto& batch, const Context&) { return mean(batch.x) * w; },
             {.epochs = epochs, .callbacks = {&log}, .position = position});
}

}  // namespace

TEST_CASE("a run's losses of every step, and its figures of every epoch, reach TensorBoard",
          "[tensorboard]") {
  const test::TempDir dir;
  io::TensorBoardLog log(dir / "run", [](io::TensorBoardWriter& w) { w.scalar("first", 0, 9); });
  run(log, 2);
  auto found = scalars(dir / "run");
  CHECK(found["step/train"] == Steps{{1, 1}, {2, 2}, {3, 6}, {4, 1}, {5, 2}, {6, 6}});
  CHECK(found["epoch/train"] == Steps{{3, 3}, {6, 3}});
  CHECK(found["epoch/seconds"].size() == 2);
  CHECK(found["first"] == Steps{{0, 9}});
  CHECK(found.size() == 4);
}

TEST_CASE("a run that goes on writes its steps behind the first run's", "[tensorboard]") {
  const test::TempDir dir;
  TrainPosition position;
  for (const Index epochs : {1, 2}) {
    io::TensorBoardLog log(dir / "run");
    run(log, epochs, &position);
  }
  CHECK(scalars(dir / "run")["step/train"].size() == 6);
  CHECK(scalars(dir / "run")["epoch/train"] == Steps{{3, 3}, {6, 3}});
  // A reader drops what earlier files say of the step that a file begins at, and of later ones.
  std::vector<Index> begins;
  for (const auto& entry : std::filesystem::directory_iterator(dir / "run"))
    begins.push_back(test::WireReader(test::records(entry.path())[1]).integer(2));
  std::sort(begins.begin(), begins.end());
  CHECK(begins == std::vector<Index>{0, 4});
}

TEST_CASE("weights' histograms are written after every so many epochs", "[tensorboard]") {
  const test::TempDir dir;
  Rng rng(1);
  Linear one(2, 3, rng), two(1, 1, rng);
  io::TensorBoardLog log(dir / "run");
  log.histograms("one", one).histograms("two", two, 2);
  run(log, 4);
  std::map<std::string, std::vector<Index>> found;
  for (const auto& entry : std::filesystem::directory_iterator(dir / "run"))
    for (const std::string& record : test::records(entry.path())) {
      const test::WireReader event(record);
      const auto value = event.message(5).message(1);
      if (value.has(5)) found[value.text(1)].push_back(event.integer(2));
    }
  using Found = std::vector<Index>;
  CHECK(found == std::map<std::string, Found>{{"one/weight", Found{3, 6, 9, 12}},
                                              {"one/bias", Found{3, 6, 9, 12}},
                                              {"two/weight", Found{6, 12}},
                                              {"two/bias", Found{6, 12}}});
  CHECK_THAT(test::error_of([&] { log.histograms("one", one, 0); }), ContainsSubstring("found 0"));
}

TEST_CASE("a folder that cannot be made does not end the run", "[tensorboard]") {
  const test::TempDir dir;
  test::write_bytes(dir / "file", "x");
  io::TensorBoardLog log(dir / "file/run");
  CHECK(run(log, 1).rows.size() == 1);
}
