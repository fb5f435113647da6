// Charts: what must be in the SVG text and among the PNG's pixels.
#include "figment/io/plot.hpp"
#include "figment/io/read_image.hpp"

#include <limits>

#include "support/catch.hpp"
#include "support/count.hpp"
#include "support/error_of.hpp"
#include "support/temp_dir.hpp"

using namespace figment;
using test::count;
using test::error_of;

namespace {

/// Pixels that are near a color, as blending at edges and between points leaves them.
Index near(const io::Image& image, io::Color color, int tolerance) {
  Index n = 0;
  for (Index y = 0; y < image.height; ++y)
    for (Index x = 0; x < image.width; ++x) {
      const std::uint8_t* p = image.at(y, x);
      n += std::abs(p[0] - color.r) <= tolerance && std::abs(p[1] - color.g) <= tolerance &&
           std::abs(p[2] - color.b) <= tolerance;
    }
  return n;
}

/// The coordinates of the k-th polyline in an SVG.
std::vector<io::Point> polyline(const std::string& svg, std::size_t k) {
  std::size_t at = 0;
  for (std::size_t i = 0; i <= k; ++i) at = svg.find("points=\"", at) + 8;
  std::vector<io::Point> points;
  const char* p = svg.c_str() + at;
  while (*p != '"') {
    char* end = nullptr;
    const double x = std::strtod(p, &end), y = std::strtod(end + 1, &end);
    points.push_back({x, y});
    p = *end == ' ' ? end + 1 : end;
  }
  return points;
}

const double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("a line chart's SVG has its words and its points in place", "[plot]") {
  const auto figure =
      io::line_chart({{"train <a> & \"b\"", {0, 1, 2}, {0, 10, 5}}, {"test", {0, 2}, {10, 0}}},
                     {.title = "The title", .x_label = "epoch", .y_label = "loss"});
  const std::string svg = io::to_svg(figure);
  CHECK_THAT(svg, StartsWith("<svg xmlns=") && EndsWith("</svg>\n"));
  for (const char* text :
       {">The title<", ">epoch<", ">loss<", ">test<", ">train &lt;a&gt; &amp; &quot;b&quot;<"})
    CHECK(count(svg, text) == 1);
  CHECK(count(svg, "#1f77b4") == 2);  // the line and its legend
  CHECK(count(svg, "#ff7f0e") == 2);

  const auto a = polyline(svg, 2), b = polyline(svg, 3);  // after the legend's two
  REQUIRE(a.size() == 3);
  REQUIRE(b.size() == 2);
  // Hundredths of a pixel are written, so sums of two may be off by one of them.
  CHECK_THAT(a[1].x, WithinAbs((a[0].x + a[2].x) / 2, 0.011));
  CHECK_THAT(a[2].y, WithinAbs((a[0].y + a[1].y) / 2, 0.011));
  CHECK(a[1].y < a[0].y);  // y runs down the page
  CHECK(b[0].y == a[1].y);
  CHECK(b[1].x == a[2].x);
}

TEST_CASE("points without xs stand at 1, 2, ..., and bad ones leave a gap", "[plot]") {
  const auto given = io::line_chart({{"", {1, 2, 3, 4, 5, 6}, {1, 2, 3, not_a_number, 4, 3}}});
  const auto counted = io::line_chart({{"", {}, {1, 2, 3, not_a_number, 4, 3}}});
  CHECK(io::to_svg(given) == io::to_svg(counted));
  const std::string svg = io::to_svg(given);
  CHECK(count(svg, "<polyline") == 2);
  CHECK(polyline(svg, 0).size() == 3);
  CHECK(polyline(svg, 1).size() == 2);
  CHECK(count(svg, "nan") == 0);
  // A single point between gaps is a dot, and what is not positive has no logarithm.
  const std::string log =
      io::to_svg(io::line_chart({{"", {}, {1, 10, 0, 100, -1, 1000, 10}}}, {.log_y = true}));
  CHECK(count(log, "<polyline") == 2);
  CHECK(count(log, "<circle") == 1);
}

TEST_CASE("epochs are whole, other numbers need not be", "[plot]") {
  const std::vector<double> losses{100, 200, 300};
  const std::string epochs = io::to_svg(io::line_chart({{"", {}, losses}}));
  CHECK(count(epochs, ">1<") + count(epochs, ">2<") + count(epochs, ">3<") == 3);
  CHECK(count(epochs, ">1.5<") + count(epochs, ">2.5<") == 0);
  const std::string seconds = io::to_svg(io::line_chart({{"", {1, 1.7, 3}, losses}}));
  CHECK(count(seconds, ">1.5<") + count(seconds, ">2.5<") == 2);
}

TEST_CASE("empty and useless series make an empty chart", "[plot]") {
  for (const auto& series : {std::vector<io::Series>{},
                             {io::Series{"none"}},
                             {io::Series{"", {}, {not_a_number, not_a_number}}}}) {
    const std::string svg = io::to_svg(io::line_chart(series));
    CHECK(count(svg, ">0.4<") == 2);  // both axes from 0 to 1
    CHECK(count(svg, "nan") == 0);
  }
  CHECK(count(io::to_svg(io::scatter(std::vector<double>{}, std::vector<double>{})), "<circle") == 0);
}

TEST_CASE("a PNG chart shows each series in its color", "[plot]") {
  test::TempDir dir;
  std::vector<io::Series> series;
  for (int k = 0; k < 10; ++k) series.push_back({"s" + std::to_string(k), {}, {double(k), double(k)}});
  io::line_chart(series, {.title = "ten", .width = 640, .height = 400}).save(dir / "new/chart.png");
  const auto image = io::read_image(dir / "new/chart.png");
  REQUIRE(image.width == 640);
  REQUIRE(image.height == 400);
  for (const io::Color& color : io::detail::palette) CHECK(near(image, color, 8) > 400);
  CHECK(near(image, {255, 255, 255}, 0) > 640 * 400 * 3 / 4);  // a white page
  CHECK(near(image, {0x33, 0x33, 0x33}, 8) > 100);             // its text
}

TEST_CASE("a scatter plot has a point for each pair and a legend of the classes", "[plot]") {
  const std::vector<double> xs = {1, 2, 3, 4, not_a_number}, ys = {1, 2, 3, 4, 5};
  const std::vector<std::int32_t> labels = {3, 0, 3, 7, 0};
  const auto figure = io::scatter(xs, ys, labels, {.class_names = {"T-shirt"}});
  const std::string svg = io::to_svg(figure);
  CHECK(count(svg, "<circle") == 4 + 3);
  CHECK(count(svg, ">T-shirt<") == 1);
  CHECK(count(svg, "fill=\"#d62728\"") == 3);  // class 3: two points and the legend
  CHECK(count(svg, "fill=\"#7f7f7f\"") == 2);
  const auto image = io::to_image(figure);
  for (std::size_t k : {0u, 3u, 7u}) CHECK(near(image, io::detail::palette[k], 30) > 40);

  const Tensor<float> points({4, 2}, {1, 1, 2, 2, 3, 3, 4, 4});
  const Indices classes({4}, {3, 0, 3, 7});
  const std::span four(xs.data(), 4);
  CHECK(io::to_svg(io::scatter(points, classes)) == io::to_svg(io::scatter(four, four, classes.values())));
  CHECK(count(io::to_svg(io::scatter(points)), "<circle") == 4);  // no legend
  // Labels that are no small class numbers take colors by their order.
  const std::string far = io::to_svg(io::scatter(points, Indices({4}, {-5, 10, 20, 10})));
  CHECK(count(far, "#1f77b4") == 2);
  CHECK(count(far, "#ff7f0e") == 3);
  CHECK(count(far, "#2ca02c") == 2);
}

TEST_CASE("many classes take more columns of the legend", "[plot]") {
  const Index n = 40;
  Indices labels = Indices::arange(n);
  const auto figure = io::scatter(Tensor<float>::zeros({n, 2}), labels, {.width = 900});
  for (const auto& mark : figure.marks)
    if (const auto* text = std::get_if<io::Text>(&mark)) {
      CHECK((text->at.x >= 0 && text->at.x < 900));
      CHECK((text->at.y >= 0 && text->at.y < 480));
    }
}

TEST_CASE("text that reads upwards is the same pixels turned, and what the font lacks is a '?'", "[plot]") {
  constexpr Index n = 80;
  const auto drawn = [](const std::string& text, bool upwards) {
    return io::to_image({n, n, {io::Text{{n / 2, n / 2}, text, 16, {}, io::Anchor::middle, upwards}}});
  };
  const io::Image level = drawn("axis 4g", false), turned = drawn("axis 4g", true);
  CHECK(near(level, {}, 100) > 50);
  Index other = 0;
  for (Index y = 0; y < n; ++y)
    for (Index x = 0; x < n; ++x) other += *turned.at(n - 1 - x, y) != *level.at(y, x);
  CHECK(other == 0);
  CHECK(drawn("\u00b5 = \u20ac\n1", false).pixels == drawn("? = ??1", false).pixels);
}

TEST_CASE("charts that cannot be are errors", "[plot]") {
  test::TempDir dir;
  const auto figure = io::line_chart({});
  CHECK_THAT(error_of([&] { figure.save(dir / "chart.jpg"); }),
             ContainsSubstring("chart.jpg: expected a name ending in .svg or .png"));
  test::write_bytes(dir / "file", "x");
  CHECK_THAT(error_of([&] { figure.save(dir / "file/chart.svg"); }), ContainsSubstring("cannot write"));
  CHECK_THAT(error_of([] {
               io::line_chart({{"a", {1}, {1, 2}}});
             }),
             ContainsSubstring("series 0 (a) has 1 xs and 2 ys"));
  CHECK_THAT(error_of([] { io::line_chart({}, {.width = 60}); }),
             ContainsSubstring("60 x 480 pixels leave no room"));
  CHECK_THAT(error_of([] { io::line_chart({}, {.height = 100000}); }), ContainsSubstring("1 to 8192"));
  const std::vector<double> two = {1, 2}, three = {1, 2, 3};
  CHECK_THAT(error_of([&] { io::scatter(two, three); }), ContainsSubstring("2 xs and 3 ys"));
  CHECK_THAT(error_of([&] { io::scatter(two, two, std::vector<std::int32_t>{1}); }),
             ContainsSubstring("2 points, but 1 labels"));
  CHECK_THAT(error_of([] { io::scatter(Tensor<float>::zeros({4, 3})); }), ContainsSubstring("found (4, 3)"));
}
