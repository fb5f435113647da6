// Checkpoints: all that a run needs to go on, in another process, as if it had never stopped.
#pragma once

#include <nlohmann/json.hpp>

#include "figment/io/safetensors.hpp"
#include "figment/optim/optimizer.hpp"
#include "figment/train/averaged.hpp"
#include "figment/train/position.hpp"

namespace figment::io {

namespace detail {

using Json = nlohmann::ordered_json;

inline Json to_json(const RngState& s) { return Json::array({s.seed, s.stream, s.counter}); }
inline RngState rng_state(const Json& j) {
  return {j.at(0).get<std::uint64_t>(), j.at(1).get<std::uint64_t>(), j.at(2).get<std::uint64_t>()};
}

/// A count that a file gives, which may be anything.
inline Index count(const Json& j) {
  const auto n = j.get<std::int64_t>();
  ensure(n >= 0, "expected 0 or more, found {}", n);
  return n;
}

/// JSON has no NaN: null stands for it.
inline std::vector<double> numbers(const Json& j) {
  std::vector<double> list;
  for (const Json& x : j) list.push_back(x.is_null() ? std::nan("") : x.get<double>());
  return list;
}

inline Json to_json(const TrainPosition& p) {
  return {{"epoch", p.epoch},
          {"step", p.step},
          {"seconds", p.seconds},
          {"noise", to_json(p.noise.state())},
          {"columns", p.history.columns},
          {"rows", p.history.rows},
          {"losses", p.means.names},
          {"sums", p.means.sums},
          {"samples", p.means.samples},
          {"has_total", p.means.has_total},
          {"g_loss", p.g_loss}};
}

inline TrainPosition train_position(const Json& j) {
  TrainPosition p;
  p.epoch = count(j.at("epoch")), p.step = count(j.at("step"));
  p.seconds = j.at("seconds").get<double>();
  p.noise = Rng(rng_state(j.at("noise")));
  p.history.columns = j.at("columns").get<std::vector<std::string>>();
  for (const Json& row : j.at("rows")) {
    p.history.rows.push_back(numbers(row));
    ensure(p.history.rows.back().size() == p.history.columns.size(), "a row of {} figures under {} columns",
           p.history.rows.back().size(), p.history.columns.size());
  }
  p.means = {.names = j.at("losses").get<std::vector<std::string>>(),
             .sums = numbers(j.at("sums")),
             .samples = count(j.at("samples")),
             .has_total = j.at("has_total").get<bool>()};
  p.means.latest.assign(p.means.sums.size(), 0.0);  // the next step fills it
  ensure(p.means.names.size() == p.means.sums.size(), "{} sums of {} losses", p.means.sums.size(),
         p.means.names.size());
  p.g_loss = j.at("g_loss").get<double>();
  return p;
}

}  // namespace detail

/// What a checkpoint holds: handles to a run's own tensors and numbers, each by a name. A file of
/// safetensors, with the numbers as JSON in its metadata.
///
///   TrainPosition position;
///   io::Checkpoint checkpoint(position);
///   checkpoint.add_module(vae).add_optimizer("optimizer", adam);
///   checkpoint.load(path);                       // to go on
///   fit(vae, adam, batches, {.epochs = 50, .position = &position});
///   checkpoint.save(path);
class Checkpoint {
 public:
  /// The position must outlive the checkpoint, as whatever is added.
  explicit Checkpoint(TrainPosition& position) : position_(&position) {
    number(
        "position", [&position] { return detail::to_json(position); },
        [&position](const Json& j) -> Apply {
          return [&position, value = detail::train_position(j)] { position = value; };
        });
  }

  /// A module's tensors, buffers too: "encoder.0.weight", behind "name." if there is a name.
  template <class M>
  Checkpoint& add_module(const std::string& name, M& module) {
    for (const auto& [path, t] : named_tensors(module)) tensor(name.empty() ? path : name + "." + path, t);
    return *this;
  }
  /// The same without a name.
  template <class M>
  Checkpoint& add_module(M& module) {
    return add_module("", module);
  }
  /// An optimiser's state arrays, steps and rate.
  template <class T>
  Checkpoint& add_optimizer(const std::string& name, Optimizer<T>& o) {
    o.visit([&](const std::string& path, Tensor<T>& t) { tensor(name + "." + path, t); });
    number(
        name,
        [&o] {
          return Json{{"steps", o.steps()}, {"rate", o.rate()}};
        },
        [&o](const Json& j) -> Apply {
          const Index steps = detail::count(j.at("steps"));
          const auto rate = j.at("rate").get<double>();
          ensure(rate >= 0, "a rate of {}", rate);
          return [&o, steps, rate] { o.set_steps(steps), o.set_rate(rate); };
        });
    return *this;
  }
  /// A moving average of a module.
  template <class M>
  Checkpoint& add_average(const std::string& name, Averaged<M>& average) {
    add_module(name, average.module);
    number(
        name, [&average] { return Json(average.ema().updates()); },
        [&average](const Json& j) -> Apply {
          return [&average, n = detail::count(j)] { average.ema().set_updates(n); };
        });
    return *this;
  }
  /// A generator that the program draws from between steps.
  Checkpoint& add_rng(const std::string& name, Rng& rng) {
    number(
        name, [&rng] { return detail::to_json(rng.state()); },
        [&rng](const Json& j) -> Apply {
          return [&rng, state = detail::rng_state(j)] { rng = Rng(state); };
        });
    return *this;
  }
  /// Text beside it all: what built the model, say.
  Checkpoint& add_text(const std::string& name, std::string text) {
    ensure(name != "state", "checkpoint: 'state' is no name for a text");
    texts_[name] = std::move(text);
    return *this;
  }

  /// The position it was made with.
  const TrainPosition& position() const { return *position_; }

  /// A copy of everything as it is now, to be written whenever.
  SafetensorsWriter snapshot() const {
    Json state = Json::object();
    for (const Number& n : numbers_) state[n.name] = n.get();
    Metadata metadata = texts_;
    metadata["state"] = detail::json_text("checkpoint", state);
    SafetensorsWriter writer(std::move(metadata));
    for (const auto& [name, tensor] : tensors_)
      std::visit([&, &name = name](const auto& t) { writer.add(name, t.clone()); }, tensor);
    return writer;
  }
  /// Writes the snapshot now. On failure it throws, and an old file stays as it was.
  void save(const std::filesystem::path& path) const { snapshot().write(path); }

  /// Takes everything from a file. Throws, and changes nothing, when it is damaged or of another run: a
  /// tensor or number is missing, has another shape or type, or is one too many. The error names file and
  /// tensor.
  void load(const std::filesystem::path& path) {
    const SafetensorsReader reader(path);
    for (const auto& [name, tensor] : tensors_)  // a run goes on bit for bit: nothing is widened
      std::visit(
          [&, &name = name]<class T>(const Tensor<T>&) {
            ensure(!reader.has(name) || reader.dtype(name) == detail::dtype<T>,
                   "load_checkpoint: {}: '{}' is {}, expected {}", path.string(), name, reader.dtype(name),
                   detail::dtype<T>);
          },
          tensor);
    const auto values = detail::read_values("load_checkpoint", "this run", reader, tensors_);
    const auto apply = read_numbers(path, reader.metadata());
    detail::take_values(values, tensors_);
    for (const Apply& f : apply) f();
  }

 private:
  using Json = detail::Json;
  using Apply = std::function<void()>;
  struct Number {
    std::string name;
    std::function<Json()> get;
    std::function<Apply(const Json&)> parse;  // checks, and returns what sets it
  };

  template <class T>
  void tensor(const std::string& name, const Tensor<T>& t) {
    for (const auto& [other, any] : tensors_) ensure(other != name, "checkpoint: a second '{}'", name);
    tensors_.emplace_back(name, t);
  }
  void number(const std::string& name, std::function<Json()> get, std::function<Apply(const Json&)> parse) {
    for (const Number& n : numbers_) ensure(n.name != name, "checkpoint: a second '{}'", name);
    numbers_.push_back({name, std::move(get), std::move(parse)});
  }

  std::vector<Apply> read_numbers(const std::filesystem::path& path, const Metadata& metadata) const {
    const auto found = metadata.find("state");
    ensure(found != metadata.end(), "load_checkpoint: {}: no checkpoint, its metadata has no state",
           path.string());
    const Json state = Json::parse(found->second, nullptr, false);
    ensure(state.is_object(), "load_checkpoint: {}: the state is not a JSON object", path.string());
    std::vector<Apply> apply;
    for (const Number& n : numbers_) {
      ensure(state.contains(n.name), "load_checkpoint: {}: the state has no '{}'", path.string(), n.name);
      try {
        apply.push_back(n.parse(state[n.name]));
      } catch (const std::exception& e) {  // ours or the JSON library's
        fail("load_checkpoint: {}: the state's '{}': {}", path.string(), n.name, e.what());
      }
    }
    for (const auto& [name, value] : state.items())
      ensure(std::any_of(numbers_.begin(), numbers_.end(),
                         [&, &name = name](const Number& n) { return n.name == name; }),
             "load_checkpoint: {}: this run has no '{}'", path.string(), name);
    return apply;
  }

  TrainPosition* position_;
  std::vector<detail::NamedTensor> tensors_;
  std::vector<Number> numbers_;
  Metadata texts_;
};

}  // namespace figment::io
