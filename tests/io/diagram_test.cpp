// Diagrams of models: each layer once, in its part, with its edges, shape and parameters.
#include "figment/io/diagram.hpp"

#include "figment/io/read_image.hpp"
#include "figment/models/conditional_vae.hpp"
#include "figment/models/vae.hpp"
#include "figment/nn/activation.hpp"
#include "figment/nn/conv2d.hpp"
#include "figment/nn/dropout.hpp"
#include "figment/nn/pool.hpp"
#include "figment/nn/reshape.hpp"
#include "figment/nn/residual.hpp"
#include "figment/nn/upsample.hpp"
#include "recipes/gans.hpp"
#include "support/catch.hpp"
#include "support/count.hpp"
#include "support/temp_dir.hpp"

using namespace figment;
using test::count;

namespace {

Vae<GaussianEncoder<float>, Sequential<float>> small_vae() {
  Rng rng;
  GaussianEncoder encoder(Sequential{Linear(12, 8, rng, {.activation = Activation::relu})}, 8, 2, rng);
  return {std::move(encoder),
          Sequential{Linear(2, 8, rng, {.activation = Activation::relu}), Linear(8, 12, rng)}};
}

struct DrawnDetour {
  Linear<float> inner;
  Tensor<float> forward(const Tensor<float>& x, const Context& context) const {
    return x + figment::forward("inner", inner, x, context);
  }
  void visit(auto&& v) { v("inner", inner); }
};

/// Calls its layers in the ordinary way, and joins what went down to what comes up.
struct Level {
  Conv2d<float> a, b;
  Level(Index in, Index out, Rng& rng)
      : a(in, out, rng, {.padding = Padding::same()}), b(out, out, rng, {.padding = Padding::same()}) {}
  Tensor<float> forward(const Tensor<float>& x) const { return Relu{}.forward(b.forward(a.forward(x))); }
  void visit(auto&& v) {
    v("a", a);
    v("b", b);
  }
};
struct UNet {
  Level down, bottom, up;
  explicit UNet(Rng& rng) : down(1, 8, rng), bottom(8, 16, rng), up(24, 1, rng) {}
  Tensor<float> forward(const Tensor<float>& x) const {
    const auto d = down.forward(x), b = bottom.forward(MaxPool2d(2).forward(d));
    return up.forward(concat({d, UpSample2d(2).forward(b)}, 3));
  }
  void visit(auto&& v) {
    v("down", down);
    v("bottom", bottom);
    v("up", up);
  }
};
struct Denoiser {
  Linear<float> of_x, of_t, out;
  explicit Denoiser(Rng& rng) : of_x(6, 4, rng), of_t(1, 4, rng), out(4, 6, rng) {}
  Tensor<float> forward(const Tensor<float>& x, const Tensor<float>& t) const {
    const auto h = of_x.forward(x);
    return out.forward(h + of_t.forward(t));
  }
  void visit(auto&& v) {
    v("of_x", of_x);
    v("of_t", of_t);
    v("out", out);
  }
};
/// What it calls is gone when it returns.
struct Masked {
  Linear<float> inner;
  Tensor<float> forward(const Tensor<float>& x, const Context& context) const {
    Linear<float> local = inner;
    local.weight = inner.weight * 2.0f;
    return figment::forward("a", local, x, context);
  }
  void visit(auto&& v) { v("inner", inner); }
};

/// All texts inside the page, and no text of a box wider than the box.
void check_inside(const io::Figure& figure) {
  const auto width = static_cast<double>(figure.width), height = static_cast<double>(figure.height);
  for (const auto& mark : figure.marks) {
    if (const auto* box = std::get_if<io::Box>(&mark)) {
      CHECK((box->corner.x >= 0 && box->corner.x + box->width <= width));
      CHECK((box->corner.y >= 0 && box->corner.y + box->height <= height));
    }
    if (const auto* text = std::get_if<io::Text>(&mark)) {
      const double long_ = io::detail::text_width(text->text, text->size);
      const double left = text->at.x - (text->anchor == io::Anchor::start    ? 0
                                        : text->anchor == io::Anchor::middle ? long_ / 2
                                                                             : long_);
      INFO(text->text);
      CHECK((left >= 0 && left + long_ <= width));
      CHECK((text->at.y >= 10 && text->at.y <= height));
    }
  }
}

}  // namespace

TEST_CASE("a diagram of a VAE in Graphviz' language, word for word", "[diagram]") {
  auto vae = small_vae();
  const std::string expected = R"dot(digraph model {
  node [shape=box, fontname="Helvetica", fontsize=11];
  fontname="Helvetica"; fontsize=12; labelloc=t;
  label="a \"small\" VAE\n272 parameters";
  input [shape=oval, label="input (N, 12)"];
  subgraph cluster_1 {label="encoder: GaussianEncoder"; labeljust=l; color="#cdd3da"; fontcolor="#666e77";
  subgraph cluster_0 {label="body: Sequential"; labeljust=l; color="#cdd3da"; fontcolor="#666e77";
  layer_0 [label="0: Linear(12, 8, relu)\n(N, 8)\n104 parameters"];
  }
  layer_1 [label="mean: Linear(8, 2)\n(N, 2)\n18 parameters"];
  layer_2 [label="log_var: Linear(8, 2)\n(N, 2)\n18 parameters"];
  }
  subgraph cluster_2 {label="decoder: Sequential"; labeljust=l; color="#cdd3da"; fontcolor="#666e77";
  layer_3 [label="0: Linear(2, 8, relu)\n(N, 8)\n24 parameters"];
  layer_4 [label="1: Linear(8, 12)\n(N, 12)\n108 parameters"];
  }
  input -> layer_0;
  layer_0 -> layer_1;
  layer_0 -> layer_2;
  layer_1 -> layer_3;
  layer_2 -> layer_3;
  layer_3 -> layer_4;
}
)dot";
  CHECK(io::diagram_dot(vae, {12}, "a \"small\" VAE") == expected);
}

TEST_CASE("a diagram has every layer of the DCGAN once, with shapes and totals", "[diagram]") {
  Rng rng;
  auto gan = recipes::make_gan(recipes::dcgans()[0], rng);
  const std::string d = io::diagram_svg(gan.discriminator, {28, 28, 1}, "discriminator");
  CHECK_THAT(d, StartsWith("<svg xmlns=") && EndsWith("</svg>\n"));
  CHECK(count(d, ">Conv2d<") == 2);
  CHECK(count(d, ">Dropout<") == 2);
  CHECK(count(d, ">Flatten<") == 1);
  CHECK(count(d, ">Linear<") == 1);
  CHECK(count(d, ">64, 128, 5x5, stride 2, same, leaky_relu<") == 1);
  CHECK(count(d, ">(N, 14, 14, 64)<") == 2);  // the convolution's and the dropout's
  CHECK(count(d, ">204,928 parameters<") == 1);
  CHECK(count(d, ">212,865 parameters<") == 1);  // as TensorFlow's tutorial counts
  CHECK(count(d, ">input (N, 28, 28, 1)<") == 1);

  const std::string g = io::diagram_svg(gan.generator, {100}, "generator");
  CHECK(count(g, ">ConvTranspose2d<") == 3);
  CHECK(count(g, ">BatchNorm<") == 3);
  CHECK(count(g, ">2,330,944 parameters, 2,305,472 trainable<") == 1);
}

TEST_CASE("what a diagram shows is inside the page", "[diagram]") {
  Rng rng;
  auto gan = recipes::make_gan(recipes::dcgans()[0], rng);
  check_inside(io::diagram(gan.generator, {100}, "generator"));
  check_inside(io::diagram(gan.discriminator, {28, 28, 1}));
  auto vae = small_vae();
  check_inside(
      io::diagram(vae, {12}, "a title that is a good deal longer than every box of the picture is wide"));
  Sequential<float> empty;
  const auto none = io::diagram(empty, {3});
  check_inside(none);
  CHECK(count(io::to_svg(none), ">0 parameters<") == 1);
}

TEST_CASE("a diagram's names are escaped, and parts in parts are frames", "[diagram]") {
  Rng rng;
  Sequential net{
      named("a <b> & \"c\\d\"", Sequential{named("in.ner", Sequential{Linear(3, 3, rng)}), Relu{}}),
      Linear(3, 1, rng)};
  const std::string svg = io::diagram_svg(net, {3}), dot = io::diagram_dot(net, {3});
  CHECK(count(svg, ">a &lt;b&gt; &amp; &quot;c\\d&quot;: Sequential<") == 1);
  CHECK(count(svg, ">in.ner: Sequential<") == 1);
  CHECK(count(svg, ">Relu<") == 1);
  CHECK(count(dot, "label=\"a <b> & \\\"c\\\\d\\\": Sequential\"") == 1);
  CHECK(count(dot, "subgraph") == 2);
  CHECK(count(dot, " -> ") == 3);
}

TEST_CASE("a diagram of a single layer, and of a layer that adds to what others inside it make",
          "[diagram]") {
  Rng rng;
  Linear layer(3, 2, rng);
  const std::string one = io::diagram_svg(layer, {3});
  CHECK(count(one, ">Linear<") == 1);
  CHECK(count(one, ">8 parameters<") == 2);  // its own and all

  Linear first(3, 3, rng, {.bias = false}), second = first;  // one weight
  Sequential tied{std::move(first), std::move(second)};
  CHECK(count(io::diagram_dot(tied, {3}, "tied"), "label=\"tied\\n9 parameters\";") == 1);

  Sequential net{DrawnDetour{Linear(3, 3, rng)}, Linear(3, 1, rng)};
  const std::string dot = io::diagram_dot(net, {3});
  CHECK(count(dot, "label=\"0: DrawnDetour\"") == 1);
  CHECK(count(dot, "layer_0 [label=\"inner: Linear(3, 3)\\n(N, 3)\\n12 parameters\"];") == 1);
  for (const char* edge : {"input -> layer_0;", "input -> layer_1;", "layer_0 -> layer_1;"})
    CHECK(count(dot, edge) == 1);  // what is added came around the layer
  CHECK(count(dot, " -> ") == 3);

  Sequential skip{Skip{Linear(3, 3, rng), Linear(3, 2, rng)}, Linear(5, 1, rng)};
  const std::string around = io::diagram_dot(skip, {3});
  CHECK(count(around, "label=\"0: Skip\"") == 1);
  for (const char* edge :
       {"input -> layer_0;", "layer_0 -> layer_1;", "input -> layer_2;", "layer_1 -> layer_2;"})
    CHECK(count(around, edge) == 1);
  CHECK(count(around, " -> ") == 4);
}

TEST_CASE("behind a concatenation a diagram's layer is fed by all that is left", "[diagram]") {
  Rng rng;
  GaussianEncoder encoder(Sequential{Linear(22, 8, rng)}, 8, 2, rng);
  ConditionalVae cvae(std::move(encoder), Sequential{Linear(12, 12, rng)}, 10);
  const std::string dot = io::diagram_dot(cvae, {12});
  for (const char* edge : {"input -> layer_0;", "layer_0 -> layer_1;", "layer_0 -> layer_2;",
                           "layer_1 -> layer_3;", "layer_2 -> layer_3;"})
    CHECK(count(dot, edge) == 1);
  CHECK(count(dot, " -> ") == 5);
}

TEST_CASE("a diagram of a network whose members are called in the ordinary way", "[diagram]") {
  Rng rng;
  UNet net(rng);
  const std::string dot = io::diagram_dot(net, {8, 8, 1}, "U-Net");
  CHECK(count(dot, "label=\"down\";") == 1);
  CHECK(count(dot, "layer_3 [label=\"MaxPool2d: MaxPool2d(2)\\n(N, 4, 4, 8)\"];") == 1);
  CHECK(count(dot, "[label=\"a: Conv2d(24, 1, 3x3, same)\\n(N, 8, 8, 1)\\n217 parameters\"];") == 1);
  for (const char* edge :
       {"input -> layer_0;", "layer_2 -> layer_3;", "layer_2 -> layer_8;", "layer_7 -> layer_8;"})
    CHECK(count(dot, edge) == 1);
  CHECK(count(dot, " -> ") == 12);
  const auto figure = io::diagram(net, {8, 8, 1}, "U-Net");
  check_inside(figure);
  Index widest = 0;  // the line that goes around the lower level stays on the page
  for (const auto& mark : figure.marks)
    if (const auto* path = std::get_if<io::Path>(&mark))
      for (const auto& p : path->points) widest = std::max(widest, static_cast<Index>(p.x));
  double right = 0;
  for (const auto& mark : figure.marks)
    if (const auto* box = std::get_if<io::Box>(&mark); box && box->width == 5)
      right = std::max(right, box->corner.x);
  CHECK(static_cast<double>(widest) > right + 200);
  CHECK(widest < figure.width);
}

TEST_CASE("a diagram of a network of two inputs, and of a layer that is gone", "[diagram]") {
  Rng rng;
  Denoiser net(rng);
  const SampleInputs inputs{{{"x", {6}}, {"t", {1}}}};
  const std::string dot = io::diagram_dot(net, inputs);
  for (const char* part :
       {"input [shape=oval, label=\"x (N, 6)\"];", "input_1 [shape=oval, label=\"t (N, 1)\"];",
        "input -> layer_0;", "input_1 -> layer_1;", "layer_0 -> layer_2;", "layer_1 -> layer_2;"})
    CHECK(count(dot, part) == 1);
  check_inside(io::diagram(net, {.inputs = {{"x", {6}}, {"t", {1}}}}, "denoiser"));

  Sequential masked{Masked{Linear(3, 3, rng)}};
  CHECK(count(io::diagram_dot(masked, {3}), "label=\"a: Linear(3, 3)\\n(N, 3)\"") == 1);
}

TEST_CASE("a diagram is saved as SVG or PNG", "[diagram]") {
  test::TempDir dir;
  auto vae = small_vae();
  const auto figure = io::diagram(vae, {12}, "VAE");
  figure.save(dir / "model.svg");
  figure.save(dir / "model.png");
  CHECK(test::read_bytes(dir / "model.svg") == io::diagram_svg(vae, {12}, "VAE"));
  const auto image = io::read_image(dir / "model.png");
  CHECK(image.width == figure.width);
  CHECK(image.height == figure.height);
}
