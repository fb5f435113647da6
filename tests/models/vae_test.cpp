// The VAE: ten training steps against PyTorch's, its options, and what it gives when used.
#include "figment/models/vae.hpp"

#include "figment/autograd/grad.hpp"
#include "figment/nn/reshape.hpp"
#include "figment/optim/adam.hpp"
#include "figment/optim/rmsprop.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/golden.hpp"

using namespace figment;
using test::bit_difference;
using test::error_of;

namespace {

template <class T>
auto small_vae(VaeOptions options = {}, std::uint64_t seed = 1) {
  Rng rng(seed);
  const LinearOptions relu{.activation = Activation::relu};
  GaussianEncoder<T> encoder(Sequential{Flatten{}, Linear<T>(12, 8, rng, relu)}, 8, 2, rng);
  Sequential decoder{Linear<T>(2, 8, rng, relu), Linear<T>(8, 12, rng)};
  return Vae(std::move(encoder), std::move(decoder), options);
}

const golden::Golden& vae_values() {
  static const golden::Golden golden("vae");
  return golden;
}

/// Our name for a tensor -> the golden values'.
std::string golden_name(const std::string& path) {
  const std::pair<std::string, std::string> parts[] = {{"encoder.body.1.", "encoder."},
                                                       {"encoder.mean.", "mean."},
                                                       {"encoder.log_var.", "log_var."},
                                                       {"decoder.0.", "decoder."},
                                                       {"decoder.1.", "logits."}};
  for (const auto& [ours, theirs] : parts)
    if (path.starts_with(ours)) return theirs + path.substr(ours.size());
  fail("no golden name for {}", path);
}

template <class O>
void check_trajectory(const std::string& name) {
  using T = typename O::value_type;
  const auto& golden = vae_values();
  // Units of epsilon * max(1, |value|). A loss is a sum of 192 terms near 1, ten steps carry the roundings
  // on, and 1.9 is the worst seen. 24 are 3e-6 in float; RMSprop and Adam end 7e-3 apart.
  constexpr double units = 24;
  for (auto isa : test::supported_isas()) {
    INFO(name << " in " << 8 * sizeof(T) << " bits on " << kernels::name(isa));
    test::IsaScope scope(isa);
    auto vae = small_vae<T>();
    auto tensors = named_tensors(vae);
    REQUIRE(tensors.size() == 10);
    for (auto& [path, t] : tensors) t.copy_from(cast<T>(golden["initial." + golden_name(path)]));
    const auto x = cast<T>(golden["data.x"]), noise = cast<T>(golden["data.eps"]);
    O optimizer(parameters(vae), {.rate = 1e-3, .epsilon = 1e-7});
    for (Index step = 0; step < 10; ++step) {
      const auto loss = vae.loss(x, select(noise, 0, step), {.training = true});
      CHECK(test::difference(loss.reconstruction, select(golden[name + ".reconstruction"], 0, step), units) ==
            "");
      CHECK(test::difference(loss.kl, select(golden[name + ".kl"], 0, step), units) == "");
      optimizer.step(grad(loss.total(), optimizer.parameters()));
    }
    for (const auto& [path, t] : tensors) {
      INFO(path);
      CHECK(test::difference(t, golden[name + "." + golden_name(path)], units) == "");
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("ten steps of a VAE are PyTorch's", "[models]", float, double) {
  check_trajectory<RmsProp<TestType>>("rmsprop");
  check_trajectory<Adam<TestType>>("adam");
}

TEST_CASE("a Gaussian's sample is mean + deviation times noise", "[models]") {
  using D = Tensor<double>;
  const auto mean = parameter(D({2, 2}, {1, 2, 3, 4}));
  const auto log_var = parameter(D({2, 2}, {0, 2 * std::log(2.0), 2 * std::log(3.0), -2 * std::log(2.0)}));
  const Gaussian<double> code{mean, log_var};  // deviations 1, 2, 3, 1/2
  const D noise({2, 2}, {1, -1, 0.5, 2});
  const auto z = code.sample(noise);
  CHECK(test::difference(z, D({2, 2}, {2, 0, 4.5, 5}), 4) == "");  // a log, an exp and two roundings
  // d mean = 1; d log_var = deviation noise / 2.
  const auto gradients = grad(sum(z), {mean, log_var});
  CHECK(bit_difference(gradients[0], D::ones({2, 2})) == "");
  CHECK(test::difference(gradients[1], D({2, 2}, {0.5, -1, 0.75, 0.5}), 4) == "");

  Rng a(5), b(5);
  CHECK(bit_difference(code.sample(a), code.sample(b.normal<double>({2, 2}))) == "");
  CHECK(a.state() == b.state());
}

TEST_CASE("a VAE's terms, weights and reconstruction losses", "[models]") {
  const auto& golden = vae_values();
  const auto x = golden["data.x"], noise = select(golden["data.eps"], 0, 0);
  const auto loss = [&](VaeOptions options) {
    return small_vae<double>(options).loss(x, noise, {.training = true});
  };
  const auto plain = loss({});
  const double reconstruction = plain.reconstruction.item(), kl = plain.kl.item();
  CHECK(plain.total().item() == reconstruction + kl);
  std::vector<std::string> names;
  plain.terms([&](std::string_view name, auto&) { names.emplace_back(name); });
  CHECK(names == std::vector<std::string>{"reconstruction", "kl"});

  const auto weighted = loss({.reconstruction_weight = 0.5, .kl_weight = 4});
  CHECK(weighted.reconstruction.item() == reconstruction);  // terms are told before their weights
  CHECK(weighted.kl.item() == kl);
  CHECK_THAT(weighted.total().item(), WithinRel(0.5 * reconstruction + 4 * kl, 1e-15));

  // The squared error is of the decoder's sigmoid, summed over pixels and averaged over the batch.
  const auto vae = small_vae<double>();
  const auto y = vae.decode(vae.encode(x).sample(noise));
  double squares = 0;
  for (Index i = 0; i < x.size(); ++i) squares += std::pow(y.data()[i] - x.data()[i], 2);
  const auto mse = loss({.reconstruction = Reconstruction::mse});
  CHECK_THAT(mse.reconstruction.item(), WithinRel(squares / 16, 1e-13));
  CHECK(mse.kl.item() == kl);
}

TEST_CASE("a VAE draws its noise from the Context", "[models]") {
  const auto vae = small_vae<float>();
  const auto x = cast<float>(vae_values()["data.x"]);
  Rng a(3), b(3);
  const auto drawn = vae.loss(x, {.training = true, .rng = &a});
  const auto given = vae.loss(x, b.normal<float>({16, 2}), {.training = true});
  CHECK(bit_difference(drawn.reconstruction, given.reconstruction) == "");
  CHECK(error_of([&] { vae.loss(x, {.training = true}); }) == "Vae: needs a random generator in its Context");
}

TEST_CASE("a VAE in use: shapes, ranges, nothing recorded", "[models]") {
  const auto vae = small_vae<float>();
  const auto x = cast<float>(vae_values()["data.x"]).view_as({16, 3, 4, 1});
  const auto in_range = [](const Tensor<float>& y) {
    return std::all_of(y.values().begin(), y.values().end(), [](float v) { return v >= 0 && v <= 1; });
  };

  const auto code = vae.encode(x);
  CHECK(code.mean.shape() == Shape{16, 2});
  CHECK(code.log_var.shape() == Shape{16, 2});
  const auto decoded = vae.decode(code.mean);
  CHECK(decoded.shape() == Shape{16, 12});
  CHECK(in_range(decoded));
  const auto again = vae.reconstruct(x);
  CHECK(again.shape() == x.shape());
  CHECK(bit_difference(again.view_as({16, 12}), decoded) == "");
  CHECK(bit_difference(decoded, sigmoid(vae.forward(x))) == "");
  Rng rng(2), same(2);
  const auto samples = vae.sample(5, rng);
  CHECK(samples.shape() == Shape{5, 12});
  CHECK(in_range(samples));
  CHECK(bit_difference(samples, vae.decode(same.normal<float>({5, 2}))) == "");
  for (const auto& t : {code.mean, code.log_var, decoded, again, samples}) CHECK_FALSE(t.tracked());
  CHECK(vae.forward(x).tracked());

  // Saturated pixels stay in [0, 1], neither rounded beyond nor NaN.
  CHECK(in_range(vae.decode(Tensor<float>({2, 2}, {1e6f, 1e6f, -1e6f, 1e6f}))));
}

TEST_CASE("a VAE's errors name the path to the layer", "[models]") {
  Rng rng;
  const LinearOptions relu{.activation = Activation::relu};
  const Vae vae(GaussianEncoder(Sequential{Flatten{}, Linear(784, 256, rng, relu)}, 256, 2, rng),
                Sequential{Linear(2, 256, rng, relu), Linear(256, 784, rng)});
  const auto expected =
      "encoder.body.1 Linear(784, 256, relu): linear: x (2, 3) needs 784 features (weight (784, 256))";
  const auto x = Tensor<float>::ones({2, 3});
  CHECK(error_of([&] { vae.loss(x, {.training = true, .rng = &rng}); }) == expected);
  CHECK(error_of([&] { vae.encode(x); }) == expected);
  CHECK(error_of([&] { vae.decode(x); }) ==
        "decoder.0 Linear(2, 256, relu): linear: x (2, 3) needs 2 features (weight (2, 256))");
}

TEST_CASE("a VAE clones as any module does", "[models]") {
  auto vae = small_vae<double>();
  const auto copy = clone(vae);
  const auto x = vae_values()["data.x"];
  const auto before = vae.reconstruct(x);
  for (auto& p : parameters(vae)) p.fill(0);
  CHECK(bit_difference(copy.reconstruct(x), before) == "");
  CHECK(bit_difference(vae.reconstruct(x), Tensor<double>::full({16, 12}, 0.5)) == "");
}
