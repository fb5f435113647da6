// Checkpoints: a run that goes on from one is the run that never stopped, and files that are not whole.
#include "figment/io/checkpoint.hpp"

#include <fstream>
#include <set>

#include "figment/data/loader.hpp"
#include "figment/figment.hpp"
#include "figment/io/checkpoints.hpp"
#include "recipes/gans.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/no_threads.hpp"
#include "support/temp_dir.hpp"

using namespace figment;
using test::error_of;
namespace fs = std::filesystem;

namespace {

/// Ends a run after so many steps, counted over its epochs.
EveryStep stop_after(Index steps) {
  return EveryStep([steps](TrainState& s) { s.stop |= (s.epoch - 1) * s.steps + s.step == steps; });
}

template <class M>
void check_same(M& a, M& b) {
  const auto x = named_tensors(a), y = named_tensors(b);
  REQUIRE(x.size() == y.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    INFO(x[i].first);
    const auto bytes = static_cast<std::size_t>(x[i].second.size()) * sizeof(float);
    CHECK(std::memcmp(x[i].second.data(), y[i].second.data(), bytes) == 0);
  }
}

/// But for the seconds.
void check_same(const History& a, const History& b) {
  REQUIRE(a.columns == b.columns);
  REQUIRE(a.rows.size() == b.rows.size());
  for (std::size_t r = 0; r < a.rows.size(); ++r)
    for (std::size_t c = 0; c + 1 < a.columns.size(); ++c) CHECK(a.rows[r][c] == b.rows[r][c]);
}

/// A VAE with dropout, its data and its optimiser, all from the same seeds.
struct VaeRun {
  using Model = Vae<GaussianEncoder<float>, Sequential<float>>;
  Rng rng{1};
  Model vae = make(rng);
  Adam<float> optimizer{parameters(vae), {.rate = 0.01, .amsgrad = true}};
  data::Loader<float> batches{data::Dataset<float>{rng.uniform({50, 12}), {}}, {.batch = 8, .seed = 3}};
  data::Loader<float> validation{data::Dataset<float>{rng.uniform({10, 12}), {}}, {.batch = 8}};
  TrainPosition position;
  io::Checkpoint checkpoint{position};

  VaeRun() {
    batches.transform([](Tensor<float> x, Rng& noise) { return x + noise.normal(x.shape(), 0.0f, 0.1f); });
    checkpoint.add_module(vae).add_optimizer("optimizer", optimizer);
  }
  VaeRun(const VaeRun&) = delete;
  static Model make(Rng& rng) {
    Sequential features{Linear(12, 6, rng, {.activation = Activation::relu}), BatchNorm(6), Dropout(0.2)};
    GaussianEncoder encoder(std::move(features), 6, 2, rng);
    return {std::move(encoder), Sequential{Linear(2, 12, rng)}};
  }
  History train(std::vector<Callback*> callbacks = {}) {
    Anneal anneal(vae.options.kl_weight, linear_ramp(0, 1, 15));
    EpochSchedule rates(optimizer, exponential_decay(0.01, 0.9));
    callbacks.insert(callbacks.begin(), {&anneal, &rates});
    return fit(vae, optimizer, batches, validation,
               {.epochs = 4, .seed = 5, .callbacks = callbacks, .position = &position});
  }
};

/// Adversarial networks of a recipe, with a moving average of the generator.
struct GanRun {
  Rng rng{1};
  recipes::GanModel gan;
  Adam<float> generator{parameters(gan.generator), {.rate = 1e-3, .beta1 = 0.5}};
  Adam<float> discriminator{parameters(gan.discriminator), {.rate = 1e-3, .beta1 = 0.5}};
  Averaged<Sequential<float>> average{gan.generator, {.decay = 0.9, .warm_up = true}};
  data::Loader<float> batches;
  TrainPosition position;
  io::Checkpoint checkpoint{position};

  explicit GanRun(const recipes::GanSettings& settings)
      : gan(recipes::make_gan(settings, rng)),
        batches(data::Dataset<float>{rng.uniform({40, 28, 28, 1}), {}}, {.batch = 8, .seed = 3}) {
    checkpoint.add_module(gan)
        .add_optimizer("generator_optimizer", generator)
        .add_optimizer("discriminator_optimizer", discriminator)
        .add_average("average", average);
  }
  GanRun(const GanRun&) = delete;
  History train(std::vector<Callback*> callbacks = {}) {
    EveryStep follow([&](TrainState&) { average.update(); });
    callbacks.insert(callbacks.begin(), &follow);
    return fit(gan, generator, discriminator, batches,
               {.epochs = 3, .seed = 5, .callbacks = callbacks, .position = &position});
  }
};

}  // namespace

TEST_CASE("a resumed VAE is the one that never stopped, bit for bit", "[io]") {
  const test::TempDir dir;
  VaeRun whole;
  const History history = whole.train();
  REQUIRE(history.rows.size() == 4);
  for (Index steps : {3, 7, 9, 14, 27, 28}) {  // amid epochs of 7, and at their ends
    INFO("stopped after " << steps << " steps");
    const fs::path file = dir.path() / (std::to_string(steps) + ".safetensors");
    {
      VaeRun first;
      auto stop = stop_after(steps);
      first.train({&stop});
      REQUIRE(first.position.epoch * 7 + first.position.step == steps);
      first.checkpoint.save(file);
    }
    VaeRun second;
    second.checkpoint.load(file);
    check_same(second.train(), history);
    check_same(second.vae, whole.vae);
    CHECK(second.optimizer.steps() == whole.optimizer.steps());
    CHECK(second.position.noise.state() == whole.position.noise.state());
  }
}

TEST_CASE("a resumed GAN is the one that never stopped, bit for bit", "[io]") {
  const test::TempDir dir;
  auto settings = GENERATE(
      [] {
        auto s = recipes::gans()[1];  // batch norm, fakes of inference
        s.options.discriminator_steps = 2;
        s.spectral_norm = true;
        return s;
      }(),
      [] {
        auto s = recipes::dcgans()[0];
        s.width = 0.05;
        s.options.generated = 8;
        return s;
      }());
  INFO(settings.name);
  GanRun whole(settings);
  const History history = whole.train();
  REQUIRE(history.rows.size() == 3);
  for (Index steps : {4, 5, 8}) {
    const fs::path file = dir.path() / (std::to_string(steps) + ".safetensors");
    {
      GanRun first(settings);
      auto stop = stop_after(steps);
      first.train({&stop});
      first.checkpoint.save(file);
    }
    GanRun second(settings);
    second.checkpoint.load(file);
    check_same(second.train(), history);
    check_same(second.gan, whole.gan);
    check_same(second.average.module, whole.average.module);
  }
}

namespace {

/// A small regression with everything that fit keeps between its steps, by a given optimiser.
template <class O>
struct RecipeRun {
  struct Model {
    Sequential<float> net;
    Tensor<float> loss(const Tensor<float>& x, const Context& context) const {
      return mse(net.forward(slice(x, 1, 0, 3), context), slice(x, 1, 3, 4));
    }
    void visit(auto&& v) { v("net", net); }
  };
  Rng rng{1};
  Model model{Sequential{Linear(3, 8, rng), BatchNorm(8), Relu{}, Dropout(0.1), Linear(8, 1, rng)}};
  O optimizer{groups()};
  Averaged<Model> average{model, {.decay = 0.9, .warm_up = true}};
  data::Loader<float> batches{data::Dataset<float>{rng.normal({45, 4}), {}}, {.batch = 5, .seed = 3}};
  data::Loader<float> validation{data::Dataset<float>{rng.normal({10, 4}), {}}, {.batch = 10}};
  TrainPosition position;
  io::Checkpoint checkpoint{position};

  RecipeRun() {
    checkpoint.add_module(model).add_optimizer("optimizer", optimizer).add_average("average", average);
  }
  RecipeRun(const RecipeRun&) = delete;
  ParameterGroups<float> groups() {
    auto p = parameters(model);
    return {{.parameters = {p[0], p[2], p[4]}, .weight_decay = 0.1},
            {.parameters = {p[1], p[3], p[5]}, .rate_scale = 0.5, .weight_decay = 0}};
  }
  /// Nine batches an epoch are five steps. The rate is a plateau's, which counts by the history.
  History train(std::vector<Callback*> callbacks = {}) {
    ReduceOnPlateau plateau(optimizer, {.column = "first", .factor = 0.5, .patience = 0});
    Metric first("first", [&] { return static_cast<double>(parameters(model)[0](0, 0)); });
    callbacks.insert(callbacks.begin(), {&first, &plateau});
    return fit(model, optimizer, batches, validation,
               {.epochs = 4,
                .seed = 5,
                .accumulate = 2,
                .average = &average,
                .validate_average = true,
                .callbacks = callbacks,
                .position = &position});
  }
};

}  // namespace

TEMPLATE_TEST_CASE("a resumed run of every new optimiser is the one that never stopped, bit for bit", "[io]",
                   NAdam<float>, RAdam<float>, Lion<float>, Muon<float>) {
  using Run = RecipeRun<TestType>;
  const test::TempDir dir;
  Run whole;
  const History history = whole.train();
  CHECK(history.has("first"));
  REQUIRE(history.rows.size() == 4);
  for (Index steps : {3, 7, 10, 18}) {  // amid epochs of 5 steps, and at an end
    INFO("stopped after " << steps << " steps");
    const fs::path file = dir.path() / (std::to_string(steps) + ".safetensors");
    {
      Run first;
      auto stop = stop_after(steps);
      first.train({&stop});
      REQUIRE(first.position.epoch * 5 + first.position.step == steps);
      first.checkpoint.save(file);
    }
    Run second;
    second.checkpoint.load(file);
    const History rest = second.train();
    REQUIRE(rest.columns == history.columns);
    for (const char* column : {"train", "val", "first"}) CHECK(rest[column] == history[column]);
    check_same(second.model, whole.model);
    check_same(second.average.module, whole.average.module);
    CHECK(second.optimizer.steps() == 20);
    CHECK(second.optimizer.rate() == whole.optimizer.rate());
  }
}

TEST_CASE("checkpoints are written as a run goes, the newest and the best are kept", "[io]") {
  const test::TempDir dir;
  VaeRun run;
  io::Checkpoints checkpoints(dir.path(), run.checkpoint, {.every_steps = 5, .keep = 2, .best = "val"});
  const History history = run.train({&checkpoints});
  CHECK(checkpoints.error().empty());
  const auto files = io::list_checkpoints(dir.path());
  REQUIRE(files.size() == 2);
  CHECK(files[0].filename() == "checkpoint-000003-00000005.safetensors");
  CHECK(files[1].filename() == "checkpoint-000004-00000000.safetensors");

  VaeRun best;
  best.checkpoint.load(dir.path() / "best.safetensors");
  const auto values = history["val"];
  const auto lowest = std::min_element(values.begin(), values.end()) - values.begin();
  CHECK(best.position.epoch == lowest + 1);

  // A shorter run into the same directory keeps its own, and what the first left.
  VaeRun shorter;
  auto after_six = stop_after(6);
  io::Checkpoints again(dir.path(), shorter.checkpoint, {.keep = 2});
  shorter.train({&after_six, &again});
  const auto all = io::list_checkpoints(dir.path());
  REQUIRE(all.size() == 3);
  CHECK(all[0].filename() == "checkpoint-000000-00000006.safetensors");
  CHECK(all[1] == files[0]);

  // A column that later epochs have, or lack.
  History late{{"epoch", "psnr"}, {{1, std::nan("")}, {2, 20}, {3, std::nan("")}}};
  VaeRun scored;
  io::Checkpoints highest(dir.path() / "late", scored.checkpoint,
                          {.every_epochs = 0, .best = "psnr", .highest = true});
  TrainState state;
  for (std::size_t epochs = 1; epochs <= 3; ++epochs) {
    History so_far{late.columns, {late.rows.begin(), late.rows.begin() + static_cast<Index>(epochs)}};
    state.history = &so_far;
    scored.position.epoch = state.epoch = static_cast<Index>(epochs);
    highest.on_epoch(state);
  }
  CHECK(highest.error().empty());
  scored.checkpoint.load(dir.path() / "late/best.safetensors");
  CHECK(scored.position.epoch == 2);

  // A run that is stopped leaves one of where it stood.
  VaeRun stopped;
  auto stop = stop_after(11);
  io::Checkpoints others(dir.path() / "stopped", stopped.checkpoint, {.every_epochs = 0});
  stopped.train({&stop, &others});
  CHECK(others.error().empty());
  REQUIRE(io::list_checkpoints(dir.path() / "stopped").size() == 1);
  CHECK(io::list_checkpoints(dir.path() / "stopped")[0].filename() ==
        "checkpoint-000001-00000004.safetensors");
}

TEST_CASE("what cannot be written is said, and training goes on", "[io]") {
  const test::TempDir dir;
  std::ofstream(dir.path() / "file") << "no directory";
  VaeRun run;
  io::Checkpoints checkpoints(dir.path() / "file", run.checkpoint);
  CHECK(run.train({&checkpoints}).rows.size() == 4);
  CHECK(checkpoints.error().find("cannot write") != std::string::npos);
}

#ifdef __GLIBC__
TEST_CASE("without a thread to be had checkpoints are written all the same", "[io]") {
  const test::TempDir dir;
  VaeRun run;
  io::Checkpoints checkpoints(dir.path(), run.checkpoint, {.keep = 2, .best = "val"});
  {
    const test::NoThreads none;
    CHECK(run.train({&checkpoints}).rows.size() == 4);
  }
  CHECK(checkpoints.error().empty());
  const auto files = io::list_checkpoints(dir.path());
  REQUIRE(files.size() == 2);
  VaeRun again;
  again.checkpoint.load(files[1]);
  check_same(again.vae, run.vae);
  CHECK(fs::exists(dir.path() / "best.safetensors"));
}
#endif

TEST_CASE("a run that goes on removes what a killed writer left, and the last checkpoint is tried again",
          "[io]") {
  const test::TempDir dir;
  for (const char* name : {"checkpoint-000001-00000000.safetensors.tmp0", "best.safetensors.tmp12",
                           "checkpoint-000001-00000000.safetensors.tmp", "mine.tmp0"})
    std::ofstream(dir.path() / name) << "half";
  VaeRun run;
  // A directory is where the last one should be, until all is done but the last try.
  const fs::path last = dir.path() / "checkpoint-000004-00000000.safetensors";
  fs::create_directories(last / "x");
  struct Clear final : Callback {
    fs::path dir;
    explicit Clear(fs::path d) : dir(std::move(d)) {}
    void on_end(const TrainState&) override { fs::remove_all(dir); }
  } clear(last);
  io::Checkpoints checkpoints(dir.path(), run.checkpoint, {.keep = 2});
  run.train({&clear, &checkpoints});
  CHECK(checkpoints.error().empty());
  CHECK(fs::is_regular_file(last));
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(dir.path())) names.insert(entry.path().filename().string());
  CHECK(names == std::set<std::string>{"checkpoint-000001-00000000.safetensors.tmp",
                                       "checkpoint-000003-00000000.safetensors",
                                       "checkpoint-000004-00000000.safetensors", "mine.tmp0"});
}

TEST_CASE("a damaged or foreign checkpoint changes nothing", "[io]") {
  const test::TempDir dir;
  const fs::path file = dir.path() / "a.safetensors", bad = dir.path() / "b.safetensors";
  VaeRun run;
  auto stop = stop_after(10);
  run.train({&stop});
  run.checkpoint.add_text("recipe", "vae").save(file);
  CHECK(io::SafetensorsReader(file).metadata().at("recipe") == "vae");
  std::string bytes;
  {
    std::ifstream in(file, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  const auto refuse = [&](const std::string& changed) {
    std::ofstream(bad, std::ios::binary) << changed;
    VaeRun other, fresh;
    const std::string error = error_of([&] { other.checkpoint.load(bad); });
    CHECK(error.find("b.safetensors") != std::string::npos);
    check_same(other.vae, fresh.vae);
    CHECK(!other.position.begun());
    CHECK(other.optimizer.steps() == 0);
    return error;
  };
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string changed = bytes;
    const auto at = changed.find(from);
    REQUIRE(at != std::string::npos);
    REQUIRE(from.size() == to.size());
    return refuse(changed.replace(at, from.size(), to));
  };
  for (std::size_t n = 0; n < bytes.size(); n += 97) refuse(bytes.substr(0, n));
  refuse(bytes + "more");
  CHECK(replaced("decoder.0.weight", "decoder.0.height").find("'decoder.0.weight'") != std::string::npos);
  CHECK(replaced("\"shape\":[12,6]", "\"shape\":[6,12]").find("'encoder.body.0.weight' is") !=
        std::string::npos);
  CHECK(replaced("\\\"position\\\"", "\\\"Position\\\"").find("no 'position'") != std::string::npos);
  CHECK(replaced("\\\"epoch\\\":1", "\\\"epoch\\\":x").find("not a JSON") != std::string::npos);
  CHECK(replaced("\\\"steps\\\":10", "\\\"steps\\\":-1").find("'optimizer': expected 0 or more") !=
        std::string::npos);

  // A run goes on bit for bit, so not in double from floats.
  Rng rng;
  Linear narrow(2, 3, rng);
  Linear<double> wide(2, 3, rng);
  const double before = wide.weight(1, 1);
  io::Checkpoint(run.position).add_module(narrow).save(bad);
  CHECK_THAT(error_of([&] { io::Checkpoint(run.position).add_module(wide).load(bad); }),
             ContainsSubstring("b.safetensors: 'weight' is F32, expected F64"));
  CHECK(wide.weight(1, 1) == before);

  io::save_weights(bad, run.vae);
  VaeRun other;
  CHECK(error_of([&] { other.checkpoint.load(bad); }).find("no tensor 'optimizer.") != std::string::npos);
}
