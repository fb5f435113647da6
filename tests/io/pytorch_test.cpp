// Weights in PyTorch's names and layouts: by hand, there and back, and against outputs that PyTorch computed.
#include "figment/io/pytorch.hpp"

#include "figment/models/autoencoder.hpp"
#include "figment/models/vae.hpp"
#include "figment/nn/activation.hpp"
#include "figment/nn/attention.hpp"
#include "figment/nn/batch_norm.hpp"
#include "figment/nn/dropout.hpp"
#include "figment/nn/group_norm.hpp"
#include "figment/nn/gru.hpp"
#include "figment/nn/layer_norm.hpp"
#include "figment/nn/lstm.hpp"
#include "figment/nn/parallel.hpp"
#include "figment/nn/rms_norm.hpp"
#include "recipes/gans.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/python_dir.hpp"

using namespace figment;
using test::error_of;

namespace {

const std::filesystem::path golden = std::filesystem::path(FIGMENT_SOURCE_DIR) / "tests/golden/pytorch";

// The models of tests/python/check_pytorch.py, which has them in PyTorch.

Sequential<float> mlp(Rng& rng) {
  return Sequential{Linear(6, 5, rng, {.activation = Activation::leaky_relu}), LayerNorm(5),
                    SpectralNorm(Linear(5, 4, rng), rng),
                    Linear(4, 3, rng, {.activation = Activation::tanh})};
}

Autoencoder<Sequential<float>, Sequential<float>> autoencoder(Rng& rng) {
  const Conv2dOptions down{.stride = 2, .padding = Padding::all(1), .activation = Activation::relu};
  const ConvTranspose2dOptions up{
      .kernel = 4, .stride = 2, .padding = Padding::all(1), .activation = Activation::relu};
  Sequential encoder{Conv2d(1, 3, rng, down), Conv2d(3, 4, rng, down), Flatten{}, Linear(16, 5, rng)};
  Sequential decoder{Linear(5, 16, rng, {.activation = Activation::relu}), Reshape{{2, 2, 4}},
                     ConvTranspose2d(4, 3, rng, up),
                     ConvTranspose2d(3, 1, rng, {.kernel = 4, .stride = 2, .padding = Padding::all(1)})};
  return {std::move(encoder), std::move(decoder)};
}

Sequential<float> sequence(Rng& rng) {
  return Sequential{named("lstm", Lstm(3, 5, rng, {.layers = 2})), named("gru", Gru(5, 4, rng)),
                    named("attention", MultiHeadAttention(4, 2, rng)), named("head", Linear(4, 2, rng))};
}

/// The heads take an image's columns, after batch norm of them.
Vae<GaussianEncoder<float>, Sequential<float>> vae(Rng& rng) {
  GaussianEncoder<float> encoder(
      Sequential{Conv2d(1, 3, rng, {.stride = 2, .padding = Padding::all(1)}), Flatten{}, BatchNorm(48)}, 48,
      2, rng);
  return {std::move(encoder), Sequential{Linear(2, 64, rng)}};
}

/// TensorFlow's tutorial's, in its full size or 1/32 of it.
recipes::GanModel dcgan(bool small, Rng& rng) {
  auto s = recipes::dcgans()[0];
  if (small) s.latent = 5, s.width = 1.0 / 32;
  return recipes::make_gan(s, rng);
}

/// Convolutions along sequences, whose columns PyTorch flattens as it does those of images.
Sequential<float> sequences(Rng& rng) {
  return Sequential{Conv1d(3, 4, rng, {.stride = 2, .padding = Padding::all(1), .dilation = 2}),
                    GroupNorm(2, 4),
                    PRelu(4),
                    WeightNorm(Conv1d(4, 4, rng, {.groups = 4})),
                    Flatten{},
                    WeightNorm(Linear(12, 3, rng)),
                    RmsNorm(3)};
}

/// A layer that nothing is known of.
struct FirstHalf {
  auto forward(const auto& x) const { return slice(x, 1, 0, x.dim(1) / 2); }
};

/// A user's layer: a bank of tables and an embedding, which no library has in another layout.
struct Bank {
  Tensor<float> weight = parameter(Tensor<float>::zeros({4, 4, 4, 4})),
                gamma = parameter(Tensor<float>::zeros({3}));
  Tensor<float> table = parameter(Tensor<float>::zeros({4, 4})), u = Tensor<float>::zeros({4});
  auto forward(const auto& x) const { return x; }
  void visit(auto&& v) { v("bank", weight), v("weight", table), v("gamma", gamma), v("u", u, buffer); }
};

/// One that says what its tensors are.
struct Declared {
  Tensor<float> w = Tensor<float>::zeros({2, 3}), scale = Tensor<float>::zeros({3}),
                k = Tensor<float>::zeros({1, 1, 2, 3});
  Layout layout = Layout::dense;
  void visit(auto&& v) {
    v("w", w, layout), v("scale", scale, buffer, Layout::scale), v("k", k, Layout::conv);
  }
};

/// A convolution whose output the forward flattens by itself, and whose dense layer's output it makes an
/// image of.
struct Own {
  Conv2d<float> conv;
  Linear<float> head, back;
  Conv2d<float> last;
  explicit Own(Rng& rng)
      : conv(1, 2, rng), head(8, 3, rng), back(3, 8, rng), last(2, 1, rng, {.kernel = 1}) {}
  Tensor<float> forward(const Tensor<float>& x, const Context& c) const {
    const auto code = figment::forward("head", head, flatten(figment::forward("conv", conv, x, c)), c);
    const auto image = relu(reshape(figment::forward("back", back, code, c), {-1, 2, 2, 2}));
    return figment::forward("last", last, concat({image, image}, 1), c);
  }
  void visit(auto&& v) { v("conv", conv), v("head", head), v("back", back), v("last", last); }
};

/// The same layers in a forward that can't be run by one tensor.
struct TwoInputs : Own {
  using Own::Own;
  Tensor<float> forward(const Tensor<float>& x, const Tensor<float>& t) const {
    return Own::forward(x * t, {});
  }
};

/// A layer with a dense layer inside that is called without a name: on an image's means, or on its pixels.
struct Inside {
  Linear<float> inner;
  bool means;
  Tensor<float> forward(const Tensor<float>& x) const {
    if (!means) return inner.forward(flatten(x));
    return x * reshape(inner.forward(mean(x, Axes{1, 2})), {-1, 1, 1, x.dim(3)});
  }
  void visit(auto&& v) { v("inner", inner); }
};

/// x + f(x), on columns.
struct Added {
  Linear<float> inner;
  Tensor<float> forward(const Tensor<float>& x, const Context& c) const {
    return x + figment::forward("inner", inner, x, c);
  }
  void visit(auto&& v) { v("inner", inner); }
};

/// Moves columns without changing how many there are.
struct Rotated {
  auto forward(const auto& x) const { return concat({slice(x, 1, 1, x.dim(1)), slice(x, 1, 0, 1)}, 1); }
};

/// Initial weights leave much at 0 and 1. Outputs stay of a size near 1, where 1e-5 says something.
template <class M>
void randomize(M& module, std::uint64_t seed) {
  Rng rng(seed);
  for_each_tensor(module, [&](const std::string& path, auto& t, bool) {
    if (path.ends_with(".u")) return;  // a unit vector
    const Index inputs = t.rank() < 2 ? 25 : t.size() / std::min(t.dim(-1), t.dim(-2));
    Tensor<float> handle = t;
    handle.copy_from(path.ends_with("var") || path.ends_with("gamma")
                         ? rng.uniform<float>(t.shape(), 0.5f, 1.5f)
                         : rng.normal<float>(t.shape(), 0, 1 / std::sqrt(static_cast<float>(inputs))));
  });
}

template <class M>
Tensor<float> output(const M& module, const Tensor<float>& x) {
  NoGrad guard;
  const auto y = detail::call_forward(module, x, {});
  if constexpr (requires { y.log_var; })
    return concat({y.mean, y.log_var}, 1);
  else
    return y;
}

/// A model from other weights into memory of its own, and its tensors side by side.
template <class M>
void check_round_trip(const M& module, const io::PytorchOptions& options) {
  test::TempDir dir;
  M a = clone(module), b = clone(module);
  randomize(a, 1), randomize(b, 2);
  io::export_pytorch(dir / "a.safetensors", a, options);
  io::import_pytorch(dir / "a.safetensors", b, options);
  const auto left = named_tensors(a), right = named_tensors(b);
  for (std::size_t i = 0; i < left.size(); ++i) {
    INFO(left[i].first);
    const auto x = left[i].second.values(), y = right[i].second.values();
    CHECK(std::equal(x.begin(), x.end(), y.begin(), y.end()));
  }
}

std::vector<float> list(const Tensor<float>& t) { return {t.values().begin(), t.values().end()}; }

}  // namespace

TEST_CASE("layouts of PyTorch by hand", "[pytorch]") {
  test::TempDir dir;
  Rng rng;
  Sequential net{named("dense", Linear(2, 3, rng)), named("norm", BatchNorm(3))};
  for (auto& [name, t] : named_tensors(net))
    if (name == "dense.weight") t.copy_from(Tensor<float>({2, 3}, {1, 2, 3, 4, 5, 6}));
  io::export_pytorch(dir / "a", net);
  const io::SafetensorsReader file(dir / "a");
  CHECK(file.names() == std::vector<std::string>{"dense.bias", "dense.weight", "norm.bias",
                                                 "norm.running_mean", "norm.running_var", "norm.weight"});
  CHECK(file.metadata().at("format") == "pt");
  CHECK(file.read<float>("dense.weight").shape() == Shape{3, 2});
  CHECK(list(file.read<float>("dense.weight")) == std::vector<float>{1, 4, 2, 5, 3, 6});

  // One tap each, so that the images' channels are what moves.
  Conv2d conv(2, 3, rng, {.kernel = {1, 2}});
  conv.weight.copy_from(Tensor<float>({1, 2, 2, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  io::export_pytorch(dir / "b", conv);
  const auto w = io::SafetensorsReader(dir / "b").read<float>("weight");
  CHECK(w.shape() == Shape{3, 2, 1, 2});
  CHECK(list(w) == std::vector<float>{0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11});
}

TEST_CASE("a dense layer's columns follow the image they are flattened from", "[pytorch]") {
  test::TempDir dir;
  Rng rng;
  // Images (1, 2, 2): ours are p0c0 p0c1 p1c0 p1c1, PyTorch's p0c0 p1c0 p0c1 p1c1.
  Sequential in{Flatten{}, Dropout(0.5), Linear(4, 1, rng, {.bias = false})};
  for (auto& [name, t] : named_tensors(in)) t.copy_from(Tensor<float>({4, 1}, {1, 2, 3, 4}));
  const auto first = [&](auto& net, const io::PytorchOptions& o, const char* name) {
    io::export_pytorch(dir / "a", net, o);
    return list(io::SafetensorsReader(dir / "a").read<float>(name));
  };
  CHECK(first(in, {.sample = {1, 2, 2}}, "2.weight") == std::vector<float>{1, 3, 2, 4});
  Sequential out{Linear(1, 4, rng), LayerNorm(4), Relu{}, Reshape{{1, 2, 2}}};
  for (auto& [name, t] : named_tensors(out)) t.copy_from(Tensor<float>(t.shape(), {1, 2, 3, 4}));
  for (const char* name : {"0.weight", "0.bias", "1.weight", "1.bias"})
    CHECK(first(out, {.sample = {1}}, name) == std::vector<float>{1, 3, 2, 4});
}

TEST_CASE("what a layer does not declare goes to PyTorch as it is", "[pytorch]") {
  test::TempDir dir;
  Bank bank, back;
  randomize(bank, 1);
  io::export_pytorch(dir / "a", bank);
  const io::SafetensorsReader file(dir / "a");
  CHECK(file.names() == std::vector<std::string>{"bank", "gamma", "u", "weight"});
  for (const auto& [name, t] : named_tensors(bank))
    CHECK(test::bit_difference(file.read<float>(name), t) == "");
  io::import_pytorch(dir / "a", back);
  CHECK(test::bit_difference(back.weight, bank.weight) == "");
  CHECK(test::bit_difference(back.table, bank.table) == "");

  Declared own;
  own.w.copy_from(Tensor<float>({2, 3}, {1, 2, 3, 4, 5, 6})), own.k.copy_from(own.w.view_as({1, 1, 2, 3}));
  const io::PytorchOptions none{.takes_image = {{"", {}}}};  // no images
  io::export_pytorch(dir / "a", own, none);
  const io::SafetensorsReader declared(dir / "a");
  CHECK(declared.names() == std::vector<std::string>{"k", "w", "weight"});
  CHECK(list(declared.read<float>("w")) == std::vector<float>{1, 4, 2, 5, 3, 6});
  CHECK(list(declared.read<float>("k")) == std::vector<float>{1, 4, 2, 5, 3, 6});
  CHECK(declared.read<float>("k").shape() == Shape{3, 2, 1, 1});
  own.layout = Layout::conv_transpose;
  CHECK_THAT(error_of([&] { io::export_pytorch(dir / "a", own); }),
             ContainsSubstring("pytorch: 'w' (2, 3) is declared a convolution's, (kh, kw, in, out)"));
}

TEST_CASE("images' columns are not guessed", "[pytorch]") {
  test::TempDir dir;
  Rng rng;
  const auto exporting = [&](auto& net, const io::PytorchOptions& o) {
    return error_of([&] { io::export_pytorch(dir / "a", net, o); });
  };
  const auto read = [&](const char* name) { return io::SafetensorsReader(dir / "a").read<float>(name); };
  // Without a sample, in both directions.
  Sequential flat{Conv2d(1, 2, rng, {.kernel = 2}), Flatten{}, Linear(8, 3, rng)};
  CHECK(exporting(flat, {.sample = {3, 3, 1}}) == "no error");
  const std::string refusal =
      "pytorch: 1 Flatten: PyTorch has the columns of images in another order: give .sample";
  CHECK(exporting(flat, {}).starts_with(refusal));
  CHECK(error_of([&] { io::import_pytorch(dir / "a", flat); }).starts_with(refusal));
  Sequential image{Linear(3, 8, rng), Reshape{{2, 2, 2}}, ConvTranspose2d(2, 1, rng)};
  CHECK(exporting(image, {}).starts_with("pytorch: 1 Reshape(2, 2, 2): PyTorch has the columns"));
  Sequential norm{Flatten{}, BatchNorm(8)}, dense{Linear(3, 8, rng), Relu{}},
      grey{Linear(3, 8, rng), Reshape{{4, 2, 1}}};
  CHECK(exporting(norm, {}).starts_with("pytorch: 0 Flatten: "));
  CHECK(exporting(dense, {}) == "no error");
  CHECK(exporting(grey, {}) == "no error");
  Own own(rng);
  randomize(own, 4);
  CHECK_THAT(exporting(own, {}), ContainsSubstring("pytorch: of convolutions beside dense layers"));

  // With one, but flattened by the forward itself, or made an image.
  const Shape sample{4, 4, 1};
  CHECK_THAT(exporting(own, {.sample = sample}),
             ContainsSubstring("'head.weight' (8, 3): which images its columns are of, "
                               "if of any, is out of sight: say it by .takes_image"));
  CHECK_THAT(
      exporting(own, {.sample = sample, .takes_image = {{"head", {2, 2, 2}}}}),
      ContainsSubstring("'back.weight' (3, 8): which images its columns are of, if of any, is out of sight: "
                        "say it by .makes_image"));
  const io::PytorchOptions told{
      .sample = sample, .takes_image = {{"head", {2, 2, 2}}}, .makes_image = {{"back", {2, 2, 2}}}};
  CHECK(exporting(own, told) == "no error");
  // PyTorch's column 1 is channel 0 of pixel 1: ours 2.
  CHECK(read("head.weight")(2, 1) == own.head.weight(2, 2));
  CHECK(read("back.weight")(4, 1) == own.back.weight(1, 1));
  CHECK(read("back.bias")(4) == own.back.bias(1));
  check_round_trip(own, told);
  CHECK_THAT(exporting(own, {.sample = sample, .takes_image = {{"heat", {}}}}),
             ContainsSubstring("no layer 'heat' has tensors"));
  CHECK_THAT(
      exporting(own, {.sample = sample, .takes_image = {{"head", {8}}}}),
      ContainsSubstring("of 'head' expected an image (height, width, channels), or {} of none, found (8,)"));

  // A forward of two inputs is not run.
  TwoInputs two(rng);
  CHECK_THAT(exporting(two, {}), ContainsSubstring("give .sample"));
  CHECK_THAT(exporting(two, {.sample = sample}), ContainsSubstring("has no forward of one tensor"));
  CHECK(exporting(two, {.takes_image = told.takes_image, .makes_image = told.makes_image}) == "no error");
  CHECK(read("head.weight")(2, 1) == two.head.weight(2, 2));

  // Dense layers that the pass is not seen to go through.
  Sequential means{Conv2d(1, 2, rng), Inside{Linear(2, 2, rng), true}, Flatten{}, Linear(8, 3, rng)};
  CHECK(exporting(means, {.sample = sample}) == "no error");
  Sequential pixels{Conv2d(1, 2, rng), Inside{Linear(8, 3, rng), false}};
  CHECK_THAT(exporting(pixels, {.sample = sample}),
             ContainsSubstring("'1.inner.weight' (8, 3): which images"));
  CHECK(exporting(pixels, {.sample = sample, .takes_image = {{"1.inner", {2, 2, 2}}}}) == "no error");
  CHECK(read("1.inner.weight").shape() == Shape{3, 8});

  // Layers on an image's columns that mix them.
  Sequential sum{Flatten{}, Added{Linear(8, 8, rng)}, Linear(8, 2, rng)};
  CHECK_THAT(exporting(sum, {.sample = {2, 2, 2}}),
             ContainsSubstring("1 Added: columns of images (2, 2, 2)"));
  Sequential swapped{Flatten{}, Rotated{}, Linear(8, 2, rng)};
  CHECK_THAT(exporting(swapped, {.sample = {2, 2, 2}}),
             ContainsSubstring("1 Rotated: columns of images (2, 2, 2)"));
  // On other columns they may.
  Sequential codes{Flatten{}, Linear(8, 4, rng), Added{Linear(4, 4, rng)}, Linear(4, 2, rng)};
  CHECK(exporting(codes, {.sample = {2, 2, 2}}) == "no error");
}

TEST_CASE("PyTorch's normalised and tied weights are understood", "[pytorch]") {
  // By check_pytorch.py --forms.
  const auto path = golden / "forms.safetensors";
  const io::SafetensorsReader file(path);
  Rng rng;
  const auto matches = [&](auto layer, const std::string& form, const std::string& name) {
    INFO(form << " " << name);
    const auto report = io::import_pytorch(path, layer, {.prefix = form + "." + name + "."});
    CHECK((report.missing.empty() && report.unexpected.empty()));
    const auto y = file.read<float>("y." + form + "." + name);
    // Sums of up to 8 products of weights that were computed in another order.
    CHECK(test::difference(output(layer, file.read<float>("x." + name)), cast<double>(y), 32) == "");
  };
  for (const char* form : {"old_weight_norm", "new_weight_norm", "old_weight_norm_of_all",
                           "old_spectral_norm", "new_spectral_norm"}) {
    matches(Linear(4, 3, rng), form, "dense");
    matches(Conv2d(2, 3, rng, {.kernel = 2}), form, "conv");
    matches(ConvTranspose2d(2, 3, rng, {.kernel = 2}), form, "up");
  }
  for (const char* form : {"old_weight_norm", "new_weight_norm"}) {
    matches(WeightNorm(Linear(4, 3, rng)), form, "dense");
    matches(WeightNorm(Conv2d(2, 3, rng, {.kernel = 2})), form, "conv");
    matches(WeightNorm(ConvTranspose2d(2, 3, rng, {.kernel = 2})), form, "up");
  }
  for (const char* form : {"old_spectral_norm", "new_spectral_norm"}) {
    matches(SpectralNorm(Linear(4, 3, rng), rng), form, "dense");
    matches(SpectralNorm(Conv2d(2, 3, rng, {.kernel = 2}), rng), form, "conv");
  }
  // A parametrization of another kind is no weight.
  Linear plain(4, 3, rng);
  test::TempDir dir;
  io::SafetensorsWriter other;
  other.add("parametrizations.weight.original", Tensor<float>::zeros({3, 4})),
      other.add("bias", Tensor<float>::zeros({3}));
  other.write(dir / "other");
  CHECK_THAT(error_of([&] { io::import_pytorch(dir / "other", plain); }),
             ContainsSubstring("no tensor 'weight'; the model has no 'parametrizations.weight.original'"));

  // save_model writes a tied weight once.
  const Linear first(3, 3, rng);
  Linear second(3, 3, rng);
  Sequential apart{first, second};
  CHECK_THAT(error_of([&] { io::import_pytorch(golden / "tied.safetensors", apart); }),
             ContainsSubstring("no tensor '1.weight'"));
  second.weight = first.weight;
  Sequential tied{first, second};
  io::import_pytorch(golden / "tied.safetensors", tied);
  const auto weight = io::SafetensorsReader(golden / "tied.safetensors").read<float>("0.weight");
  CHECK(second.weight(1, 2) == weight(2, 1));
  CHECK(second.weight.shares_memory_with(first.weight));
}

TEST_CASE("names that a rename exports are read by the same rename", "[pytorch]") {
  test::TempDir dir;
  Rng rng;
  Sequential a{SpectralNorm(Linear(4, 3, rng), rng)}, b{SpectralNorm(Linear(4, 3, rng), rng)};
  const auto old_names = [](std::string n) {
    for (const auto& [from, to] : {std::pair{"parametrizations.weight.original", "weight_orig"},
                                   {"parametrizations.weight.0._", "weight_"}})
      if (const auto at = n.find(from); at != n.npos) n.replace(at, std::string(from).size(), to);
    return "net." + n;
  };
  io::export_pytorch(dir / "a", a, {.rename = old_names});
  CHECK(io::SafetensorsReader(dir / "a").names() ==
        std::vector<std::string>{"net.0.bias", "net.0.weight_orig", "net.0.weight_u", "net.0.weight_v"});
  io::import_pytorch(dir / "a", b, {.rename = old_names});
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(test::bit_difference(named_tensors(a)[i].second, named_tensors(b)[i].second) == "");
  // The old spelling is known without it; and a rename that knows the weight alone knows its parts.
  Sequential plain{Linear(4, 3, rng)};
  io::import_pytorch(dir / "a", b, {.prefix = "net."});
  io::import_pytorch(dir / "a", plain, {.rename = [](const std::string& n) {
                       return n == "0.weight" || n == "0.bias" ? "net." + n : n;
                     }});
}

TEST_CASE("a part of a PyTorch model is imported by its prefix, and all that is wrong is said at once",
          "[pytorch]") {
  test::TempDir dir;
  Rng rng;
  Sequential whole{named("encoder", Linear(2, 3, rng)), named("decoder", Linear(3, 2, rng))};
  io::export_pytorch(dir / "a", whole);
  Linear part(2, 3, rng), wide(2, 4, rng);
  io::import_pytorch(dir / "a", part, {.prefix = "encoder."});
  CHECK(test::bit_difference(part.weight, named_tensors(whole)[0].second) == "");
  Sequential longer{named("encoder", part), named("decoder", wide), named("head", Linear(2, 2, rng))};
  CHECK_THAT(error_of([&] { io::import_pytorch(dir / "a", longer); }),
             ContainsSubstring(
                 "a: no tensor 'head.weight', 'head.bias'; 'decoder.weight' is (2, 3), expected (4, 2) for "
                 "the model's 'decoder.weight' (2, 4); 'decoder.bias' is (2,), expected (4,) for"));
  Sequential shorter{named("encoder", Linear(2, 3, rng)), named("head", Linear(3, 2, rng))};
  const auto report = io::import_pytorch(dir / "a", shorter, {.strict = false});
  CHECK(report.missing == std::vector<std::string>{"head.weight", "head.bias"});
  CHECK(report.unexpected == std::vector<std::string>{"decoder.bias", "decoder.weight"});
  CHECK(test::bit_difference(named_tensors(shorter)[0].second, part.weight) == "");
}

TEST_CASE("weights go to PyTorch's layout and come back", "[pytorch]") {
  Rng rng;
  const io::PytorchOptions image{.sample = {8, 8, 1}};
  check_round_trip(mlp(rng), {});
  check_round_trip(autoencoder(rng), image);
  check_round_trip(autoencoder(rng), {.sample = {8, 8, 1}, .count_activations = true});
  check_round_trip(vae(rng), image);
  check_round_trip(sequence(rng), {});
  check_round_trip(sequence(rng), {.sample = {4, 3}});
  check_round_trip(dcgan(true, rng).generator, {.sample = {5}});
  check_round_trip(dcgan(true, rng).discriminator, {.sample = {28, 28, 1}, .count_activations = true});
  check_round_trip(Sequential{LabelEmbedding(10, 7, rng), LayerNorm(12), Linear(12, 18, rng), Relu{},
                              Reshape{{3, 3, 2}}, Conv2d(2, 4, rng, {.kernel = {3, 2}, .groups = 2}),
                              Flatten{}, LabelEmbedding(3, 5, rng), Linear(10, 2, rng)},
                   {.sample = {15}});
  check_round_trip(SpectralNorm(Conv2d(2, 4, rng), rng), {.sample = {5, 5, 2}});
  check_round_trip(sequences(rng), {.sample = {11, 3}});
  check_round_trip(Sequential{Linear(4, 6, rng), Reshape{{3, 2}}, Conv1d(2, 3, rng)}, {.sample = {4}});
  check_round_trip(Sequential{InstanceNorm(3, {.affine = true}), Residual{Linear(3, 3, rng)},
                              Parallel{Linear(3, 2, rng), Linear(3, 2, rng)}},
                   {.sample = {5, 3}});
}

TEST_CASE("double weights go to PyTorch as they are", "[pytorch]") {
  test::TempDir dir;
  Rng rng;
  using Net = Sequential<double>;
  const auto make = [&] {
    return Net{Conv2d<double>(1, 2, rng), Flatten{}, SpectralNorm(Linear<double>(8, 4, rng), rng),
               Reshape{{1, 2, 2}}};
  };
  Net a = make(), b = make();
  io::export_pytorch(dir / "a", a, {.sample = {4, 4, 1}});
  const auto weight = io::SafetensorsReader(dir / "a").read<double>("2.parametrizations.weight.original");
  // Row 1 of PyTorch's is the second pixel's first channel, ours column 2; its column 1 the same.
  CHECK(weight(1, 1) == named_tensors(a)[2].second(2, 2));
  io::import_pytorch(dir / "a", b, {.sample = {4, 4, 1}});
  const auto x = rng.normal<double>({3, 4, 4, 1});
  CHECK(test::bit_difference(a.forward(x), b.forward(x)) == "");
  Sequential<float> narrow{Conv2d(1, 2, rng)};
  CHECK_THAT(error_of([&] { io::import_pytorch(dir / "a", narrow); }),
             ContainsSubstring("'0.weight' is F64, expected F32"));
}

TEST_CASE("layers take PyTorch's numbers where activations count", "[pytorch]") {
  test::TempDir dir;
  Rng rng;
  auto ae = autoencoder(rng);
  const auto names = [&](const io::PytorchOptions& o) {
    io::export_pytorch(dir / "a", ae, o);
    std::string all;
    for (const auto& name : io::SafetensorsReader(dir / "a").names())
      if (name.ends_with("weight")) all += name + " ";
    return all;
  };
  CHECK(names({.sample = {8, 8, 1}}) ==
        "decoder.0.weight decoder.2.weight decoder.3.weight encoder.0.weight encoder.1.weight "
        "encoder.3.weight ");
  CHECK(names({.sample = {8, 8, 1}, .count_activations = true}) ==
        "decoder.0.weight decoder.3.weight decoder.5.weight encoder.0.weight encoder.2.weight "
        "encoder.5.weight ");
  const Shape image{8, 8, 1};
  CHECK(names({.sample = image, .rename = [](const std::string& n) { return "model." + n; }})
            .starts_with("model.decoder.0."));
  CHECK(names({.sample = image, .prefix = "model."}).starts_with("model.decoder.0."));
  CHECK_THAT(error_of([&] { names({.count_activations = true}); }), ContainsSubstring("needs the shape"));
  CHECK_THAT(error_of([&] { names({.sample = image, .rename = [](const std::string&) { return "x"; }}); }),
             ContainsSubstring("a second tensor 'x'"));
}

TEST_CASE("PyTorch's weights give PyTorch's outputs", "[pytorch]") {
  // Files of check_pytorch.py --golden.
  const io::SafetensorsReader cases(golden / "cases.safetensors");
  Rng rng;
  const auto matches = [&](const std::string& name, auto model, const Shape& sample) {
    INFO(name);
    io::import_pytorch(golden / (name + ".safetensors"), model,
                       {.sample = sample, .count_activations = true});
    const auto expected = cases.read<float>(name + ".y");
    // 1e-5, in units of a float's epsilon: sums of up to 400 products in another order.
    CHECK(test::difference(output(model, cases.read<float>(name + ".x")), cast<double>(expected), 84) == "");
  };
  matches("mlp", mlp(rng), {6});
  matches("autoencoder", autoencoder(rng), {8, 8, 1});
  matches("vae", vae(rng).encoder, {8, 8, 1});
  matches("generator", dcgan(true, rng).generator, {5});
  matches("discriminator", dcgan(true, rng).discriminator, {28, 28, 1});
  matches("sequences", sequences(rng), {11, 3});
}

TEST_CASE("weights for tests/python/check_pytorch.py", "[pytorch][python]") {
  const test::PythonDir dir;
  Rng rng;
  io::SafetensorsWriter cases;
  const auto write = [&](const std::string& name, auto model, Index n, const Shape& sample) {
    randomize(model, 3);
    io::export_pytorch(dir / (name + ".safetensors"), model, {.sample = sample, .count_activations = true});
    Shape shape{n};
    for (Index d : sample) shape.push_back(d);
    const auto x = rng.uniform<float>(shape, -1, 1);
    cases.add(name + ".x", x), cases.add(name + ".y", output(model, x));
  };
  write("mlp", mlp(rng), 7, {6});
  write("sequence", sequence(rng), 3, {7, 3});
  write("autoencoder", autoencoder(rng), 3, {8, 8, 1});
  write("vae", vae(rng).encoder, 3, {8, 8, 1});
  write("generator", dcgan(false, rng).generator, 3, {100});
  write("discriminator", dcgan(false, rng).discriminator, 3, {28, 28, 1});
  write("sequences", sequences(rng), 3, {11, 3});
  cases.write(dir / "cases.safetensors");
  CHECK(io::SafetensorsReader(dir / "cases.safetensors").names().size() == 14);
}

TEST_CASE("an import that fails leaves the module as it was", "[pytorch]") {
  test::TempDir dir;
  Rng rng;
  Sequential net{Linear(2, 3, rng), BatchNorm(3)};
  const auto before = clone(net);
  const auto importing = [&](const std::vector<std::pair<std::string, Tensor<float>>>& tensors) {
    io::SafetensorsWriter writer;
    for (const auto& [name, t] : tensors) writer.add(name, t);
    writer.write(dir / "w");
    return error_of([&] { io::import_pytorch(dir / "w", net); });
  };
  const auto f = [](const Shape& s) { return Tensor<float>::full(s, 7); };
  std::vector<std::pair<std::string, Tensor<float>>> good{
      {"0.weight", f({3, 2})}, {"0.bias", f({3})},         {"1.weight", f({3})},
      {"1.bias", f({3})},      {"1.running_mean", f({3})}, {"1.running_var", f({3})}};
  auto bad = good;
  bad[0].second = f({2, 3});
  CHECK_THAT(importing(bad),
             ContainsSubstring("w: '0.weight' is (2, 3), expected (3, 2) for the model's '0.weight' (2, 3)"));
  bad = good;
  bad.pop_back();
  CHECK_THAT(importing(bad), ContainsSubstring("no tensor '1.running_var'"));
  bad = good;
  bad.emplace_back("2.weight", f({1}));
  CHECK_THAT(importing(bad), ContainsSubstring("the model has no '2.weight'"));
  auto left = before;
  const auto old = named_tensors(left), now = named_tensors(net);
  for (std::size_t i = 0; i < old.size(); ++i) CHECK(list(old[i].second) == list(now[i].second));

  io::SafetensorsWriter writer;
  for (const auto& [name, t] : good) writer.add(name, t);
  writer.add("1.num_batches_tracked", Tensor<std::int32_t>::full({}, 3));
  writer.write(dir / "w");
  io::import_pytorch(dir / "w", net);
  for (const auto& [name, t] : named_tensors(net)) CHECK(list(t) == list(f(t.shape())));
}

TEST_CASE("what has no counterpart in PyTorch is refused", "[pytorch]") {
  test::TempDir dir;
  Rng rng;
  const auto exporting = [&](auto net, const Shape& sample) {
    return error_of([&] { io::export_pytorch(dir / "a", net, {.sample = sample}); });
  };
  CHECK_THAT(exporting(SpectralNorm(ConvTranspose2d(2, 3, rng), rng), {4, 4, 2}),
             ContainsSubstring("PyTorch divides a transposed convolution by another number"));
  CHECK_THAT(exporting(Sequential{Flatten{}, Reshape{{3, 2, 2}}}, {2, 2, 3}),
             ContainsSubstring("columns of images (3, 2, 2) are in another order"));
  CHECK_THAT(exporting(Sequential{Reshape{{4, 1, 2}}}, {2, 2, 2}), ContainsSubstring("0 Reshape(4, 1, 2): "));
  // Between the columns of an image and the dense layer only what knows them.
  CHECK_THAT(exporting(Sequential{Flatten{}, FirstHalf{}, Linear(6, 2, rng)}, {2, 2, 3}),
             ContainsSubstring("1 FirstHalf: columns of images (2, 2, 3) are in another order"));
  CHECK(exporting(Sequential{Flatten{}, Reshape{{2, 2, 3}}}, {2, 2, 3}) == "no error");
}

TEST_CASE("weights of models with two inputs, and without a forward, are exported", "[pytorch]") {
  struct TwoInputs {
    Linear<float> a, b;
    Tensor<float> forward(const Tensor<float>& x, const Tensor<float>& t, const Context&) const {
      return a.forward(x) + b.forward(t);
    }
    void visit(Visitor<float>& v) { v("a", a), v("b", b); }
  };
  struct LossAlone {
    Linear<float> a;
    Tensor<float> loss(const Tensor<float>& x, const Context&) const { return mean(a.forward(x)); }
    void visit(Visitor<float>& v) { v("a", a); }
  };
  const test::TempDir dir;
  Rng rng(4);
  TwoInputs two{Linear(3, 2, rng), Linear(1, 2, rng)};
  LossAlone loss{two.a};
  io::export_pytorch(dir / "two.safetensors", two);
  io::export_pytorch(dir / "loss.safetensors", loss);
  CHECK(io::SafetensorsReader(dir / "two.safetensors").names().size() == 4);
  CHECK(io::SafetensorsReader(dir / "loss.safetensors").names().size() == 2);
  CHECK(error_of([&] { io::export_pytorch(dir / "no.safetensors", loss, {.sample = {3}}); }) ==
        "pytorch: the model has no forward of one tensor, so .sample can't be run: say .takes_image and "
        ".makes_image of its dense layers instead");
}
