// Pictures and charts of nothing, of NaN, and of shapes and sizes that they were not made for.
#include <limits>

#include "figment/io/report.hpp"
#include "support/catch.hpp"
#include "support/refusals.hpp"
#include "support/temp_dir.hpp"

using namespace figment;

namespace {

const double nan_value = std::numeric_limits<double>::quiet_NaN(),
             inf = std::numeric_limits<double>::infinity();

Tensor<float> zeros(const Shape& shape) { return Tensor<float>::zeros(shape); }

}  // namespace

TEST_CASE("no pixel is painted by what is not a number, and none beyond the page", "[image]") {
  io::Figure figure{2, 1};
  for (const double bad : {nan_value, inf, -inf})
    figure.marks.insert(
        figure.marks.end(),
        {io::Path{{{0, 0}, {bad, 1}}, {}, 1}, io::Path{{{0, 0}, {2, 1}}, {}, bad}, io::Disc{{1, bad}, 1, {}},
         io::Disc{{1, 1}, bad, {}}, io::Disc{{1, 1}, 9, {}, bad}, io::Box{{bad, 0}, 2, 2, {}},
         io::Box{{0, 0}, 2, bad, {}}, io::Text{{0, bad}, "x", 9, {}}, io::Text{{0, 1}, "x", bad, {}}});
  CHECK(io::to_image(figure).pixels == std::vector<std::uint8_t>(6, 255));
  CHECK(io::to_svg(figure).find("nan") == std::string::npos);
  figure.marks = {io::Path{},
                  io::Path{{{1, 1}}, {}, -5},
                  io::Disc{{1, 0}, -1, {}},
                  io::Box{{0, 0}, -9, -9, {}},
                  io::Text{{0, 0}, "", 9, {}},
                  io::Disc{{1, 0}, 9, {}, -7},
                  io::Box{{-9, -9}, 1e300, 1e300, {}}};
  CHECK(io::to_image(figure).pixels == std::vector<std::uint8_t>(6, 0));
  CHECK(io::scatter(zeros({0, 2})).width == 800);
  CHECK(io::scatter(zeros({0, 2}), Indices::zeros({0})).width == 800);
  CHECK(io::to_image(zeros({0, 3})).pixels.empty());
  CHECK(io::upscale({}, 3).pixels.empty());
}

TEST_CASE("what no picture or chart can be made of is refused by name", "[image]") {
  test::TempDir dir;
  const Index many = Index{1} << 40;
  const auto grid = [](const Tensor<float>& x, io::GridOptions o = {}) { return [=] { io::grid(x, o); }; };
  const auto upscale = [](io::Image image, Index factor = 2) { return [=] { io::upscale(image, factor); }; };
  const auto page = [](Index w, Index h) { return [=] { io::to_image(io::Figure{w, h}); }; };
  test::check_refusals({
      {"grid: ", "found (0,)", grid({})},
      {"grid: ", "found ()", grid(Tensor<float>::scalar(1))},
      {"grid: ", "found (2, 0, 3)", grid(zeros({2, 0, 3}))},
      {"grid: ", "found (2, 2, 2, 2)", grid(zeros({2, 2, 2, 2}))},
      {"grid: ", "found -1 and 1", grid(zeros({2, 2, 2}), {.columns = -1})},
      {"grid: ", "found 0 and " + std::to_string(many), grid(zeros({2, 2, 2}), {.gap = many})},
      {"grid: ", "65538 x 65538 x 1", grid(zeros({4, 1, 1}), {.gap = 65536})},
      {"upscale: ", "found " + std::to_string(many), grid(zeros({2, 2, 2}), {.scale = many})},
      {"upscale: ", "found -3", upscale({}, -3)},
      {"upscale: ", "131072 x 131072 x 1", upscale({2, 2, 1, {1, 2, 3, 4}}, 65536)},
      {"upscale: ", "3 bytes are no picture of 2 x 2 x 1", upscale({2, 2, 1, {1, 2, 3}})},
      {"upscale: ", "-2 x -2 x 1", upscale({-2, -2, 1, {1, 2, 3, 4}})},
      {"upscale: ", "1 x 1 x 0", upscale({1, 1, 0, {}})},
      {"to_image: ", "found (0,)", [] { io::to_image(Tensor<float>()); }},
      {"to_image: ", "found ()", [] { io::to_image(Tensor<float>::scalar(1)); }},
      {"to_image: ", "found 0 x 0", page(0, 0)},
      {"to_image: ", "found -3 x -3", page(-3, -3)},
      {"to_image: ", "x 1099511627776", page(many, many)},
      {"to_svg: ", "found 0 x 0", [] { io::to_svg({}); }},
      {"png: ", "found -1 x -1 x 1",
       [] {
         io::encode_png({-1, -1, 1, {0}});
       }},
      {"png: ", "found 0 x 3 x 1",
       [&] {
         io::write_png(dir / "x.png", io::to_image(zeros({0, 3})));
       }},
      {"png: ", "found 0 x 0 x 1", [] { io::ReportPicture(io::Image{}, ""); }},
      {"plot: ", "found 0 x -1", [] { io::line_chart({}, {.width = 0, .height = -1}); }},
      {"scatter: ", "labels (2, 2)",
       [] {
         io::scatter(zeros({4, 2}), Indices::zeros({2, 2}));
       }},
      {"scatter: ", "labels (0,)",
       [] {
         io::scatter(zeros({4, 2}), Indices::zeros({0}));
       }},
      {"scatter: ", "found ()", [] { io::scatter(Tensor<float>::scalar(1)); }},
      {"frames_in: ", "found 0", [&] { io::frames_in(dir.path(), "epoch", 0); }},
      {"report: ", "cannot be opened", [&] { io::ReportPicture(dir.path(), ""); }},
  });
}

TEST_CASE("a report of no frames and of NaN says so", "[report]") {
  CHECK(io::frames_in("absent", "epoch").empty());
  const auto page = io::to_html({.figures = {{"loss", nan_value}}, .seconds = nan_value});
  CHECK(page.find("<dd>nan</dd>") != page.npos);
  CHECK(page.find("<dt>time</dt>") == page.npos);
  CHECK(io::to_html({.seconds = inf}).find("277777777777 h") != std::string::npos);
}
