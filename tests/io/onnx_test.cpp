// ONNX models, taken apart again. That a runtime computes what we do is shown by tests/python/check_onnx.py.
#include "figment/io/onnx.hpp"

#include <map>

#include "figment/io/npy.hpp"
#include "figment/nn/parallel.hpp"
#include "recipes/autoencoders.hpp"
#include "recipes/gans.hpp"
#include "recipes/vaes.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/python_dir.hpp"
#include "support/wire_reader.hpp"

using namespace figment;
using test::error_of;
using test::WireReader;

namespace {

struct Node {
  std::string type, output;
  std::vector<std::string> inputs;
  std::map<std::string, std::vector<std::int64_t>> integers;
  std::map<std::string, float> reals;
};
struct Constant {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};
/// A model as ONNX's description of the format reads it.
struct Model {
  std::int64_t opset = 0;
  std::vector<Node> nodes;
  std::map<std::string, Constant> constants;
  std::map<std::string, std::string> inputs, outputs;  // shapes: "N 3"

  std::string graph;

  explicit Model(const std::filesystem::path& path, std::int64_t numbers = 1) {
    const std::string bytes = test::read_bytes(path);
    const WireReader model(bytes);
    CHECK(model.integer(1) == 8);
    opset = model.message(8).integer(2);
    const WireReader parts = model.message(7);
    graph = parts.text(2);
    for (const auto part : parts.all(1)) {
      const WireReader fields(part);
      Node n{fields.text(4), fields.text(2), {}, {}, {}};
      for (const auto input : fields.all(1)) n.inputs.emplace_back(input);
      for (const auto a : fields.all(5)) {
        const WireReader attribute(a);
        if (attribute.integer(20) == 1) n.reals[attribute.text(1)] = attribute.real(2);
        if (attribute.integer(20) == 2) n.integers[attribute.text(1)] = {attribute.integer(3)};
        if (attribute.integer(20) == 7) n.integers[attribute.text(1)] = attribute.integers(8);
      }
      nodes.push_back(n);
    }
    for (const auto part : parts.all(5)) {
      const WireReader tensor(part);
      Constant& c = constants[tensor.text(8)];
      c.shape = tensor.integers(1);
      if (tensor.integer(2) != 1) continue;
      c.values.resize(tensor.bytes(9).size() / 4);
      std::memcpy(c.values.data(), tensor.bytes(9).data(), c.values.size() * 4);
    }
    for (const unsigned field : {11u, 12u})
      for (const auto part : parts.all(field)) {
        const WireReader value(part), tensor = value.message(2).message(1);
        CHECK(tensor.integer(1) == numbers);
        std::string shape;
        for (const auto d : tensor.message(2).all(1)) {
          const WireReader dim(d);
          shape += (shape.empty() ? "" : " ") + (dim.has(2) ? dim.text(2) : std::to_string(dim.integer(1)));
        }
        (field == 11 ? inputs : outputs)[value.text(1)] = shape;
      }
    // Every input of a node is the model's, a constant, or what an earlier node made; nothing is made twice.
    std::set<std::string> known{""};
    for (const auto& [name, shape] : inputs) known.insert(name);
    for (const auto& [name, constant] : constants) CHECK(known.insert(name).second);
    for (const Node& n : nodes) {
      for (const auto& input : n.inputs) CHECK(known.contains(input));
      CHECK(known.insert(n.output).second);
    }
    for (const auto& [name, shape] : outputs) CHECK(known.contains(name));
  }

  std::string types() const {
    std::string list;
    for (const Node& n : nodes) list += (list.empty() ? "" : " ") + n.type;
    return list;
  }
};

template <class M>
Model exported(const M& module, const Shape& sample, const io::OnnxOptions& options = {}) {
  const test::TempDir dir;
  io::export_onnx(dir / "model.onnx", module, sample, options);
  return Model(dir / "model.onnx");
}

/// Random weights and moments, so that none of them could be left out unseen.
template <class M>
void randomise(M& module, Rng& rng) {
  for_each_tensor(module, [&](const std::string& path, auto& t, bool) {
    if (path.ends_with("running_var"))
      t.copy_from(rng.uniform<float>(t.shape(), 0.5f, 1.5f));
    else if (t.rank() == 1)
      t.copy_from(rng.normal<float>(t.shape(), 0.5f, 0.5f));
  });
}

/// A layer that figment does not know, of an operation that has no export.
struct Cosine {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return cos(x);
  }
};
/// One whose numbers no operation makes.
struct ByHand {
  Tensor<float> forward(const Tensor<float>& x) const {
    Tensor<float> y = x.clone();
    for (Index i = 0; i < y.size(); ++i) y.mutable_data()[i] += 1;
    return y;
  }
};
struct OnnxDetour {
  Linear<float> inner;
  Tensor<float> forward(const Tensor<float>& x, const Context& context) const {
    return x + figment::forward("inner", inner, x, context);
  }
  void visit(auto&& v) { v("inner", inner); }
};
/// Operations between its layers, which it calls in the ordinary way.
struct Between {
  Linear<float> a, b;
  Tensor<float> gain = parameter(Tensor<float>({3}, {0.5f, -1, 2}));
  Tensor<float> forward(const Tensor<float>& x) const {
    const auto h = a.forward(x), s = 1.0f - sigmoid(h), q = square(h), g = s * q / 2.0f;
    const auto r = relu(h);
    return b.forward(concat({maximum(g, h), x * gain, r - exp(gain)}, 1));
  }
  void visit(auto&& v) {
    v("a", a);
    v("b", b);
    v("gain", gain);
  }
};
struct UNet {
  Conv2d<float> down, bottom, up;
  explicit UNet(Rng& rng)
      : down(2, 3, rng, {.padding = Padding::same()}),
        bottom(3, 4, rng, {.padding = Padding::same()}),
        up(7, 2, rng, {.padding = Padding::same()}) {}
  Tensor<float> forward(const Tensor<float>& x) const {
    const auto d = silu(down.forward(x));
    const auto b = gelu(bottom.forward(MaxPool2d(2).forward(d)));
    const auto y = up.forward(concat({d, UpSample2d(2).forward(b)}, 3));
    return reshape(x + y, {x.dim(0), x.size() / x.dim(0)});
  }
  void visit(auto&& v) {
    v("down", down);
    v("bottom", bottom);
    v("up", up);
  }
};
/// As masked and weight-normalised layers do: what it calls is gone when it returns.
struct Masked {
  Linear<float> inner;
  Tensor<float> mask;
  bool named = true;
  Tensor<float> forward(const Tensor<float>& x, const Context& context) const {
    Linear<float> local = inner;
    local.weight = inner.weight * mask;
    return named ? figment::forward("a", local, x, context) : local.forward(x);
  }
  void visit(auto&& v) { v("inner", inner); }
};
/// Has an export of its own.
struct Cubed {
  Tensor<float> gain;
  Tensor<float> forward(const Tensor<float>& x) const {
    Tensor<float> y(x.shape());
    for (Index i = 0; i < x.size(); ++i)
      y.mutable_data()[i] = gain.data()[i % gain.size()] * x.data()[i] * x.data()[i] * x.data()[i];
    return y;
  }
  std::string onnx(io::OnnxWriter& to, const std::string& x) const {
    return to.op({"Mul", {to.op({"Mul", {x, to.op({"Mul", {x, x}})}}), to.constant("gain", gain)}});
  }
  void visit(auto&& v) { v("gain", gain); }
};
/// Of an image and its time.
struct Denoiser {
  Linear<float> of_x, of_t, out;
  explicit Denoiser(Rng& rng) : of_x(6, 4, rng), of_t(1, 4, rng), out(4, 6, rng) {}
  Tensor<float> forward(const Tensor<float>& x, const Tensor<float>& t) const {
    return out.forward(Silu{}.forward(of_x.forward(x) + of_t.forward(t)));
  }
  void visit(auto&& v) {
    v("of_x", of_x);
    v("of_t", of_t);
    v("out", out);
  }
};

}  // namespace

TEST_CASE("a dense network in ONNX", "[onnx]") {
  Rng rng(1);
  Sequential net{Linear(3, 4, rng, {.activation = Activation::leaky_relu, .slope = 0.2}), Dropout(0.5),
                 named("logit", Linear(4, 2, rng, {.bias = false}))};
  const Model m = exported(net, {3});
  CHECK(m.opset == 17);
  CHECK(m.types() == "Gemm LeakyRelu Gemm");
  CHECK(m.nodes[0].inputs == std::vector<std::string>{"input", "0.weight", "0.bias"});
  CHECK(m.nodes[1].reals.at("alpha") == 0.2f);
  CHECK(m.nodes[2].inputs == std::vector<std::string>{m.nodes[1].output, "logit.weight"});
  CHECK(m.nodes[2].output == "output");
  CHECK(m.inputs == std::map<std::string, std::string>{{"input", "N 3"}});
  CHECK(m.outputs == std::map<std::string, std::string>{{"output", "N 2"}});
  const auto weight = named_tensors(net)[0].second;
  CHECK(m.constants.at("0.weight").shape == std::vector<std::int64_t>{3, 4});
  CHECK(
      std::equal(weight.values().begin(), weight.values().end(), m.constants.at("0.weight").values.begin()));
  CHECK(m.constants.size() == 3);
  // Of rows; Gemm is for matrices alone.
  CHECK(exported(net, {5, 3}).types() == "MatMul Add LeakyRelu MatMul");
  CHECK(exported(net, {5, 3}).outputs == std::map<std::string, std::string>{{"output", "N 5 2"}});
  // With what turns logits to pixels.
  CHECK(exported(net, {3}, {.output = Activation::sigmoid}).types() == "Gemm LeakyRelu Gemm Sigmoid");
}

TEST_CASE("images stay channels last, and are transposed only where that changes", "[onnx]") {
  Rng rng(2);
  Sequential net{Conv2d(2, 3, rng, {.kernel = {2, 5}, .stride = 2, .padding = Padding::same()}),
                 Relu{},
                 MaxPool2d(2),
                 BatchNorm(3),
                 Conv2d(3, 4, rng, {.padding = Padding::of(0, 1, 2, 3), .dilation = {2, 1}}),
                 LayerNorm(4),
                 UpSample2d({2, 1})};
  randomise(net, rng);
  const Model m = exported(net, {12, 15, 2});
  CHECK(m.types() ==
        "Transpose Conv Relu MaxPool BatchNormalization Conv Transpose LayerNormalization Transpose Resize "
        "Transpose");
  CHECK(m.nodes[0].integers.at("perm") == std::vector<std::int64_t>{0, 3, 1, 2});
  CHECK(m.nodes[6].integers.at("perm") == std::vector<std::int64_t>{0, 2, 3, 1});
  CHECK(m.inputs.at("input") == "N 12 15 2");
  CHECK(m.outputs.at("output") == "N 2 6 4");
  // Same: 6 outputs of stride 2 and window 2 take just 12; 8 of stride 2 and window 5 take 19 of 15.
  CHECK(m.nodes[1].integers.at("pads") == std::vector<std::int64_t>{0, 2, 0, 2});
  CHECK(m.nodes[1].integers.at("strides") == std::vector<std::int64_t>{2, 2});
  CHECK(m.nodes[5].integers.at("pads") == std::vector<std::int64_t>{0, 1, 2, 3});
  CHECK(m.nodes[5].integers.at("dilations") == std::vector<std::int64_t>{2, 1});
  // (kh, kw, in, out) to (out, in, kh, kw)
  const auto weight = named_tensors(net)[0].second;
  const Constant& c = m.constants.at("0.weight");
  CHECK(c.shape == std::vector<std::int64_t>{3, 2, 2, 5});
  for (Index o = 0; o < 3; ++o)
    for (Index i = 0; i < 2; ++i)
      CHECK(c.values[static_cast<std::size_t>((o * 2 + i) * 10 + 1 * 5 + 3)] == weight(1, 3, i, o));
}

TEST_CASE("transposed convolutions in ONNX", "[onnx]") {
  Rng rng(3);
  const auto node = [&](const ConvTranspose2dOptions& options, const std::string& size) {
    Sequential net{ConvTranspose2d(2, 3, rng, options)};
    const Model m = exported(net, {5, 5, 2});
    CHECK(m.outputs.at("output") == "N " + size + " " + size + " 3");
    CHECK(m.constants.at("0.weight").shape[0] == 2);
    CHECK(m.constants.at("0.weight").shape[1] == 3);
    return m.nodes[1].integers;
  };
  using L = std::vector<std::int64_t>;
  // (5 - 1) 2 + 5 = 13 are reached, 10 wanted: of 3 to cut off, the odd one at the end.
  auto same = node({.kernel = 5, .stride = 2, .padding = Padding::same()}, "10");
  CHECK((same["pads"] == L{1, 1, 2, 2} && same["output_padding"] == L{0, 0}));
  // (5 - 1) 3 + 2 = 14 are reached, 15 wanted.
  auto wide = node({.kernel = 2, .stride = 3, .padding = Padding::same()}, "15");
  CHECK((wide["pads"] == L{0, 0, 0, 0} && wide["output_padding"] == L{1, 1}));
  auto torch = node({.kernel = 4, .stride = 2, .padding = Padding::all(1)}, "10");
  CHECK((torch["pads"] == L{1, 1, 1, 1} && torch["output_padding"] == L{0, 0}));
  auto more = node({.kernel = 3, .stride = 2, .padding = Padding::valid(), .output_padding = 1}, "12");
  CHECK((more["pads"] == L{0, 0, 0, 0} && more["output_padding"] == L{1, 1}));
}

TEST_CASE("encoders, nested networks and single layers in ONNX", "[onnx]") {
  Rng rng(4);
  GaussianEncoder encoder(Sequential{Flatten{}, Linear(6, 4, rng), Silu{}}, 4, 4, rng);
  const Model e = exported(encoder, {2, 3});
  CHECK(e.types() == "Flatten Gemm Sigmoid Mul Gemm Gemm");
  CHECK(e.outputs == std::map<std::string, std::string>{{"mean", "N 4"}, {"log_var", "N 4"}});
  CHECK(e.nodes[5].inputs == std::vector<std::string>{e.nodes[3].output, "log_var.weight", "log_var.bias"});
  CHECK(e.nodes[5].output == "log_var");

  Sequential nested{Sequential{Linear(3, 3, rng), Tanh{}}, Sequential{Linear(3, 2, rng), Sigmoid{}}};
  const Model n = exported(nested, {3});
  CHECK(n.types() == "Gemm Tanh Gemm Sigmoid");
  CHECK(n.constants.contains("1.0.weight"));

  const Model single = exported(Linear(3, 2, rng), {3});
  CHECK(single.nodes[0].inputs == std::vector<std::string>{"input", "weight", "bias"});
  CHECK(exported(Sequential{Dropout(0.1)}, {3}).types() == "Identity");
}

TEST_CASE("ONNX takes the weight that spectral norm divides", "[onnx]") {
  Rng rng(5);
  const SpectralNorm layer(Linear(3, 2, rng), rng);
  const Model m = exported(Sequential{layer}, {3});
  const auto expected = layer.weight_for({});
  CHECK(std::equal(expected.values().begin(), expected.values().end(),
                   m.constants.at("0.weight").values.begin()));
}

TEST_CASE("what has no export to ONNX is an error that names the layer, and no file", "[onnx]") {
  const test::TempDir dir;
  Rng rng(6);
  const auto path = dir / "model.onnx";
  const auto error = [&](const auto& module, const Shape& sample) {
    return error_of([&] { io::export_onnx(path, module, sample); });
  };
  CHECK(error(Sequential{Linear(3, 2, rng), Sequential{Relu{}, Cosine{}}}, {3}) ==
        "export_onnx: 1.1: there is no export for the operation 'cos'");
  CHECK(error(Cosine{}, {3}) == "export_onnx: the model: there is no export for the operation 'cos'");
  CHECK(error(Sequential{ByHand{}, Linear(3, 3, rng)}, {3}) ==
        "export_onnx: 0 ByHand: there is no export for a layer of this type");
  CHECK(error(Sequential{Relu{}, ByHand{}}, {3}) ==
        "export_onnx: 1 ByHand: there is no export for a layer of this type");
  struct AddsNew {
    Tensor<float> forward(const Tensor<float>& x) const { return x + Tensor<float>::ones({3}); }
  };
  CHECK(error(Sequential{AddsNew{}}, {3}) ==
        "export_onnx: 0: takes a tensor (3,) that no layer or operation has made");
  struct OfInput {
    Linear<float> inner;
    Tensor<float> forward(const Tensor<float>& x) const {
      Linear<float> local = inner;
      local.bias = reshape(relu(x), Shape{3});
      return local.forward(x);
    }
    void visit(Visitor<float>& v) { v("inner", inner); }
  };
  CHECK(error(Sequential{OfInput{Linear(3, 3, rng)}}, {3}) ==
        "export_onnx: 0.inner Linear(3, 3): its bias is computed from the input");
  CHECK(error(Sequential{named("mean", AvgPool2d({.window = 2, .dilation = 2}))}, {4, 4, 1}) ==
        "export_onnx: mean AvgPool2d(2, dilation 2): ONNX's AveragePool has no dilation");
  CHECK_THAT(error(Sequential{Linear(3, 2, rng)}, {4}),
             ContainsSubstring("0 Linear(3, 2): linear: x (1, 4)"));
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("sums and other operations between layers in ONNX", "[onnx]") {
  Rng rng(8);
  const Model r = exported(Sequential{OnnxDetour{Linear(3, 3, rng)}, Linear(3, 1, rng)}, {3});
  CHECK(r.types() == "Gemm Add Gemm");
  CHECK(r.nodes[0].inputs == std::vector<std::string>{"input", "0.inner.weight", "0.inner.bias"});
  CHECK(r.nodes[1].inputs == std::vector<std::string>{"input", r.nodes[0].output});
  CHECK(r.nodes[2].inputs[0] == r.nodes[1].output);

  const Model b = exported(Between{Linear(3, 3, rng), Linear(9, 1, rng)}, {3});
  CHECK(b.types() == "Gemm Sigmoid Mul Add Mul Mul Div Relu Max Mul Sub Concat Gemm");
  CHECK(b.constants.at("gain").values == std::vector<float>{0.5f, -1, 2});
  // What is made of the module's tensors alone is a constant.
  CHECK(b.constants.at(b.nodes[10].inputs[1]).values[0] == std::exp(0.5f));
  CHECK(b.nodes[11].integers.at("axis") == std::vector<std::int64_t>{1});

  const Model u = exported(UNet(rng), {4, 4, 2});  // channels first from end to end
  CHECK(
      u.types() ==
      "Transpose Conv Sigmoid Mul MaxPool Conv Mul Erf Add Mul Mul Resize Concat Conv Add Transpose Reshape");
}

TEST_CASE("a layer that a forward makes for itself is exported after it is gone", "[onnx]") {
  Rng rng(9);
  const Tensor<float> mask({3, 2}, {1, 0, 0, 1, 1, 1});
  for (const bool named : {true, false}) {
    Sequential net{Masked{Linear(3, 2, rng), mask, named}, Relu{}};
    const Model m = exported(net, {3});
    CHECK(m.types() == "Gemm Relu");
    const Constant& weight = m.constants.at(m.nodes[0].inputs[1]);
    CHECK(m.nodes[0].inputs[1] == (named ? "0.a.weight" : "0.inner.weight"));
    const auto expected = named_tensors(net)[0].second * mask;
    CHECK(std::equal(expected.values().begin(), expected.values().end(), weight.values.begin()));
  }
}

TEST_CASE("a layer's own export to ONNX, and names of one's own", "[onnx]") {
  Rng rng(10);
  const Cubed cubed{parameter(Tensor<float>({2}, {3, -1}))};
  const Model m = exported(Sequential{Linear(3, 2, rng), cubed}, {3},
                           {.name = "", .input_name = "codes", .output_names = {"pixels"}});
  CHECK(m.types() == "Gemm Mul Mul Mul");
  CHECK(m.graph == "figment");  // ONNX takes no empty name
  CHECK(m.constants.at("1.gain").values == std::vector<float>{3, -1});
  CHECK(m.inputs == std::map<std::string, std::string>{{"codes", "N 3"}});
  CHECK(m.outputs == std::map<std::string, std::string>{{"pixels", "N 2"}});
  CHECK(m.nodes[3].output == "pixels");

  const test::TempDir dir;
  const auto error = [&](const io::OnnxOptions& options) {
    return error_of([&] { io::export_onnx(dir / "model.onnx", cubed, {2}, options); });
  };
  CHECK(error({.output_names = {"a", "b"}}) == "export_onnx: 2 output_names for a model of 1 output(s)");
  CHECK(error({.input_name = "y", .output_names = {"y"}}) ==
        "export_onnx: two of the inputs and outputs are named 'y'");
  CHECK(error({.input_name = ""}) == "export_onnx: an input or output has an empty name");
}

TEST_CASE("a network of several inputs in ONNX", "[onnx]") {
  Rng rng(11);
  const test::TempDir dir;
  io::export_onnx(dir / "model.onnx", Denoiser(rng), {.inputs = {{"x", {6}}, {"t", {1}}}});
  const Model m(dir / "model.onnx");
  CHECK(m.inputs == std::map<std::string, std::string>{{"t", "N 1"}, {"x", "N 6"}});
  CHECK(m.outputs == std::map<std::string, std::string>{{"output", "N 6"}});
  CHECK(m.types().find("Add Sigmoid Mul Gemm") != std::string::npos);
}

TEST_CASE("recurrent layers in ONNX", "[onnx]") {
  Rng rng(4);
  Sequential net{Lstm(3, 2, rng), Gru(2, 1, rng)};
  const Model m = exported(net, {5, 3});
  CHECK(m.types() == "Transpose LSTM Squeeze Transpose Transpose GRU Squeeze Transpose");
  CHECK(m.outputs == std::map<std::string, std::string>{{"output", "N 5 1"}});
  // The third gate is o here and g there: row 2 of 8 is the last of i, row 4 the first of f, ours column 2.
  const auto& lstm = m.constants.at("0.weight_ih_l0");
  CHECK(lstm.shape == std::vector<std::int64_t>{1, 8, 3});
  CHECK(lstm.values[3 * 4 + 1] == named_tensors(net)[0].second(1, 2));
  CHECK(m.nodes[5].integers.at("linear_before_reset")[0] == 1);
}

TEST_CASE("of double ONNX has what onnxruntime has", "[onnx]") {
  Rng rng(12);
  Sequential<double> net;
  net.add(Conv2d<double>(1, 2, rng));
  net.add(Gelu{});
  const test::TempDir dir;
  io::export_onnx(dir / "model.onnx", net, {4, 4, 1});
  CHECK(Model(dir / "model.onnx", 11).types() ==
        "Transpose Cast Conv Cast Mul Cast Erf Cast Add Mul Mul Transpose");
}

TEST_CASE("ONNX models for tests/python/check_onnx.py", "[onnx][python]") {
  const test::PythonDir dir;
  const std::filesystem::path folder = dir / "onnx";
  Rng rng(7);
  int models = 0;
  const auto write = [&](const std::string& name, auto& module, const Shape& sample) {
    randomise(module, rng);
    io::export_onnx(folder / (name + ".onnx"), module, sample);
    Shape batch{3};
    for (Index d : sample) batch.push_back(d);
    const auto x = rng.normal<float>(batch);
    io::save_npy(folder / (name + ".input.npy"), x);
    const NoGrad guard;
    const auto y = detail::call_forward(module, x, Context{});
    if constexpr (requires { y.log_var; }) {
      io::save_npy(folder / (name + ".mean.npy"), y.mean);
      io::save_npy(folder / (name + ".log_var.npy"), y.log_var);
    } else {
      io::save_npy(folder / (name + ".output.npy"), y);
    }
    ++models;
  };
  const auto net = [&](const std::string& name, Sequential<float> layers, const Shape& sample) {
    write(name, layers, sample);
  };

  // The recipes' networks.
  for (auto s : recipes::gans()) {
    for (const bool labels : {false, true}) {
      if (labels && s.make == recipes::detail::tf1_fashion) continue;
      s.labels = labels ? recipes::Labels::embedded : recipes::Labels::none;
      s.spectral_norm = labels;
      auto gan = recipes::make_gan(s, rng);
      const Index more = labels ? 10 : 0;
      const std::string name = s.name + (labels ? "-labels" : "");
      write(name + "-generator", gan.generator, {s.latent + more});
      write(name + "-discriminator", gan.discriminator, {784 + more});
    }
  }
  for (auto s : recipes::dcgans()) {
    s.width = 0.25;
    auto gan = recipes::make_gan(s, rng);
    write(s.name + "-generator", gan.generator, {s.latent});
    write(s.name + "-discriminator", gan.discriminator, {28, 28, 1});
  }
  for (const auto& s : recipes::autoencoders()) {
    auto model = recipes::make_autoencoder(s, rng);
    write(s.name, model, {28, 28, 1});  // both parts in one
  }
  for (const auto& s : recipes::vaes()) {
    if (s.kind == recipes::VaeKind::conditional) continue;
    auto vae = recipes::make_vae(s, rng);
    write(s.name + "-encoder", vae.encoder, {28, 28, 1});
    write(s.name + "-decoder", vae.decoder, {2});
  }

  // The layers and options that those have not.
  net("masked-images",
      Sequential{Conv2d(2, 4, rng, {.kernel = 5, .padding = Padding::same(), .mask = ConvMask::causal_a}),
                 Conv2d(4, 2, rng, {.padding = Padding::same(), .mask = ConvMask::causal_b, .colours = 2}),
                 Flatten{}, MaskedLinear(made_masks(40, {})[0], rng)},
      {5, 4, 2});
  net("attention",
      Sequential{MultiHeadAttention(6, 3, rng), MultiHeadAttention(6, 2, rng, {.causal = true}),
                 MultiHeadAttention(6, 1, rng, {.bias = false})},
      {5, 6});
  net("image-attention", Sequential{Conv2d(2, 4, rng), MultiHeadAttention(4, 2, rng), Conv2d(4, 2, rng)},
      {7, 6, 2});
  net("recurrent",
      Sequential{Lstm(3, 5, rng, {.layers = 2}), Gru(5, 4, rng), Lstm(4, 3, rng, {.bias = false}),
                 Gru(3, 6, rng, {.layers = 2, .bias = false}), Linear(6, 2, rng)},
      {7, 3});
  net("rows",
      Sequential{Linear(4, 5, rng, {.activation = Activation::relu}), Linear(5, 3, rng, {.bias = false})},
      {6, 4});
  net("pixels", Sequential{Conv2d(2, 4, rng), Linear(4, 5, rng), Relu{}, Conv2d(5, 2, rng)}, {8, 7, 2});
  net("activations",
      Sequential{Linear(5, 8, rng), Elu{0.7}, Linear(8, 8, rng), Gelu{}, Linear(8, 8, rng), Silu{},
                 Linear(8, 8, rng), Softplus{}, Linear(8, 8, rng), LeakyRelu{0.1}, Linear(8, 6, rng),
                 GaussianNoise(0.1), Softmax{}},
      {5});
  net("image-activations",
      Sequential{Conv2d(2, 4, rng), Gelu{}, Conv2d(4, 4, rng), Silu{}, LayerNorm(4), Softmax{}}, {9, 8, 2});
  for (const Index size : {7, 8, 9})
    for (const Index stride : {1, 2, 3})
      for (const Extent2 kernel : {Extent2(1, 4), Extent2(3, 2), Extent2(5)}) {
        const std::string name = "-" + std::to_string(size) + "-" + std::to_string(stride) + "-" +
                                 std::to_string(kernel.height) + std::to_string(kernel.width);
        net("conv-same" + name,
            Sequential{
                Conv2d(3, 2, rng, {.kernel = kernel, .stride = stride, .padding = Padding::same()}),
                ConvTranspose2d(2, 3, rng, {.kernel = kernel, .stride = stride, .padding = Padding::same()})},
            {size, 9, 3});
        net("pool-same" + name,
            Sequential{MaxPool2d({.window = kernel, .stride = stride, .padding = Padding::same()}),
                       AvgPool2d({.window = kernel, .stride = stride, .padding = Padding::same()})},
            {size, 9, 3});
      }
  net("conv-options",
      Sequential{Conv2d(4, 6, rng, {.padding = Padding::of(2, 0, 1, 3), .dilation = {1, 2}, .groups = 2}),
                 BatchNorm(6, {.affine = false}),
                 ConvTranspose2d(6, 4, rng,
                                 {.kernel = {3, 4},
                                  .stride = {2, 3},
                                  .padding = Padding::of(1, 0, 2, 1),
                                  .output_padding = {1, 2},
                                  .groups = 2}),
                 ConvTranspose2d(4, 4, rng, {.kernel = 2, .dilation = 3, .groups = 4, .bias = false})},
      {9, 8, 4});
  net("pooling",
      Sequential{MaxPool2d({.window = 3, .stride = 2, .padding = Padding::all(1), .dilation = 2}),
                 AvgPool2d({.window = {2, 3}}), LayerNorm(2, {.affine = false})},
      {13, 12, 2});
  net("containers",
      Sequential{Residual{Conv2d(2, 2, rng, {.padding = Padding::same()}), Relu{}},
                 Skip{Conv2d(2, 3, rng, {.padding = Padding::same()}), BatchNorm(3)},
                 Parallel{Conv2d(5, 2, rng), Sequential{Conv2d(5, 1, rng), Gelu{}}},
                 Parallel(Merge::sum, Relu{}, Tanh{}, Sigmoid{}), Flatten{},
                 Skip{Linear(126, 4, rng), Residual{Linear(4, 4, rng)}}, Linear(130, 2, rng)},
      {9, 8, 2});
  net("norms",
      Sequential{Conv2d(2, 6, rng), GroupNorm(3, 6), PRelu(6), InstanceNorm(6, {.affine = true}),
                 InstanceNorm(6), Conv2d(6, 3, rng), GroupNorm(1, 3, {.affine = false}), RmsNorm(3)},
      {9, 8, 2});
  net("sequences",
      Sequential{Conv1d(3, 4, rng, {.kernel = 5, .stride = 2, .padding = Padding::same()}),
                 Conv1d(4, 4, rng, {.padding = Padding::of(0, 2, 0, 1), .dilation = 2, .groups = 4}),
                 GroupNorm(2, 4), Relu{}, WeightNorm(Conv1d(4, 2, rng)), Flatten{},
                 WeightNorm(Linear(8, 3, rng))},
      {13, 3});
  net("shuffled",
      Sequential{WeightNorm(Conv2d(2, 8, rng, {.padding = Padding::same()})), PixelShuffle(2),
                 PixelUnshuffle(4), Dropout2d(0.5), ReflectionPad2d({2, 1}),
                 Conv2d(32, 32, rng, {.padding = Padding::same(), .groups = 32}),
                 UpSample2d(2, Interpolation::bilinear_align_corners)},
      {6, 4, 2});
  net("pooled",
      Sequential{MaxPool2d({.window = 3, .stride = 2, .ceil_mode = true}),
                 AvgPool2d({.window = 3, .stride = 1, .padding = Padding::all(1), .count_include_pad = true}),
                 AvgPool2d({.stride = 1, .padding = Padding::same()}), AdaptiveMaxPool2d({3, 4}),
                 AdaptiveAvgPool2d({3, 2}), Parallel{GlobalMaxPool2d{}, GlobalAvgPool2d{}},
                 Linear(4, 3, rng)},
      {13, 16, 2});
  net("norms-of-rows", Sequential{Linear(4, 6, rng), GroupNorm(2, 6), PRelu(), RmsNorm(6)}, {4});
  net("resize",
      Sequential{UpSample2d({2, 3}), UpSample2d({3, 2}, Interpolation::bilinear),
                 UpSample2d(2, Interpolation::bilinear)},
      {3, 4, 2});
  net("spectral-norm",
      Sequential{SpectralNorm(Conv2d(1, 3, rng, {.activation = Activation::relu}), rng),
                 SpectralNorm(ConvTranspose2d(3, 2, rng, {.stride = 2}), rng), Flatten{},
                 WeightPenalty(Linear(162, 3, rng), {.l2 = 1})},
      {6, 6, 1});
  net("label-product",
      Sequential{LabelEmbedding(3, 5, rng, {.mode = LabelMode::multiply}), BatchNorm(5), Reshape{{5, 1, 1}},
                 Flatten{}},
      {8});
  net("residual", Sequential{Linear(4, 3, rng), OnnxDetour{Linear(3, 3, rng)}, Linear(3, 1, rng)}, {4});
  net("masked",
      Sequential{Masked{Linear(3, 2, rng), Tensor<float>({3, 2}, {1, 0, 0, 1, 1, 1})},
                 Cubed{parameter(Tensor<float>({2}, {3, -1}))}},
      {3});
  Between between{Linear(3, 3, rng), Linear(9, 2, rng)};
  write("between", between, {3});
  UNet unet(rng);
  write("unet", unet, {4, 6, 2});
  Denoiser denoiser(rng);
  const auto image = rng.normal<float>({3, 6}), time = rng.normal<float>({3, 1});
  io::export_onnx(folder / "denoiser.onnx", denoiser, {.inputs = {{"x", {6}}, {"t", {1}}}},
                  {.name = "", .output_names = {"noise"}});
  io::save_npy(folder / "denoiser.x.npy", image);
  io::save_npy(folder / "denoiser.t.npy", time);
  io::save_npy(folder / "denoiser.noise.npy", denoiser.forward(image, time));
  // In double: a dense network, and what onnxruntime has in float alone.
  const auto doubles = [&](const std::string& name, const Sequential<double>& layers, const Shape& batch) {
    io::export_onnx(folder / (name + ".onnx"), layers, Shape(std::span(batch.begin() + 1, batch.end())));
    const auto x = rng.normal<double>(batch);
    io::save_npy(folder / (name + ".input.npy"), x);
    io::save_npy(folder / (name + ".output.npy"), layers.forward(x));
  };
  doubles("double-dense",
          Sequential{Linear<double>(5, 8, rng), Elu{0.7}, LayerNorm<double>(8), Softplus{}, Silu{},
                     BatchNorm<double>(8), LeakyRelu{}, Linear<double>(8, 6, rng), Softmax{}},
          {3, 5});
  doubles("double-images",
          Sequential{Conv2d<double>(2, 4, rng, {.activation = Activation::relu}), Gelu{},
                     ConvTranspose2d<double>(4, 3, rng, {.stride = 2}), MaxPool2d(2), AvgPool2d(2),
                     UpSample2d(2), UpSample2d(2, Interpolation::bilinear), Tanh{}, Flatten{}},
          {3, 9, 8, 2});
  net("volume", Sequential{Reshape{{2, 3, 2, 2}}, BatchNorm(2, {.activation = Activation::relu})}, {24});
  // Each has an input and an output, three encoders two; and one of two inputs, and two of double.
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 3 * models + 3 + 4 + 6);
}
