// The page of a run: what it says, what it leaves out, and that it needs nothing beside it.
#include "figment/io/report.hpp"

#include "figment/core/random.hpp"
#include "figment/io/read_image.hpp"
#include "support/catch.hpp"
#include "support/count.hpp"
#include "support/error_of.hpp"
#include "support/temp_dir.hpp"

using namespace figment;
using test::count;
using test::error_of;

namespace {

io::Image noise(Index height, Index width, std::uint64_t seed) {
  Rng rng(seed);
  return io::to_image(rng.uniform<float>({height, width}));
}

/// The bytes that a text in base 64 stands for, bit by bit.
std::string from_base64(const std::string& text) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bits, out;
  for (char c : text)
    if (c != '=')
      for (int b = 5; b >= 0; --b) bits += digits.find(c) >> b & 1 ? '1' : '0';
  for (std::size_t i = 0; i + 8 <= bits.size(); i += 8)
    out += static_cast<char>(std::stoi(bits.substr(i, 8), nullptr, 2));
  return out;
}

}  // namespace

TEST_CASE("base 64 by the examples of RFC 4648", "[report]") {
  const std::pair<std::string, std::string> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"},
                                                       {"\xff\xfe\xfb", "//77"}};
  for (const auto& [bytes, text] : cases) CHECK(io::detail::base64({bytes.begin(), bytes.end()}) == text);
}

TEST_CASE("a report has what it is given and asks for nothing else", "[report]") {
  const auto first = noise(8, 8, 1), last = noise(8, 8, 2);
  const std::string html =
      io::to_html({.title = "vae <256> & \"more\"",
                   .note = "interrupted after 3 of 20 epochs",
                   .figures = {{"loss", 123.456789}, {"kl", 6}},
                   .seconds = 3723,
                   .charts = {{io::line_chart({{"train", {}, {3, 2, 1}}}), "the loss"}},
                   .frames = {{first, "epoch 1"}, {last, "epoch 2"}},
                   .pictures = {{noise(4, 4, 3), "codes"}},
                   .diagrams = {{io::Figure{50, 60}}},
                   .summary = "path  layer\n0     <Linear>\n",
                   .settings = {{"batch", "100"}, {"data", "<script>alert(1)</script>"}}});
  CHECK_THAT(html, StartsWith("<!DOCTYPE html>") && EndsWith("</html>\n"));
  for (const char* text :
       {"<title>vae &lt;256&gt; &amp; &quot;more&quot;</title>",
        "<h1>vae &lt;256&gt; &amp; &quot;more&quot;</h1>", ">interrupted after 3 of 20 epochs<",
        "<dt>loss</dt><dd>123.457</dd>", "<dt>kl</dt><dd>6</dd>", "<dd>1 h 2 min 3 s</dd>",
        "<figcaption>the loss</figcaption>", "<figcaption>epoch 1</figcaption>",
        "<figcaption>epoch 2</figcaption>", "<figcaption>codes</figcaption>",
        "<pre>path  layer\n0     &lt;Linear&gt;\n</pre>", "<td>100</td>",
        "<td>&lt;script&gt;alert(1)&lt;/script&gt;</td>"})
    CHECK(count(html, text) == 1);
  CHECK(count(html, "<script") == 1);
  CHECK(count(html, "<svg") == 2);
  CHECK(count(html, "class=\"frame\"") == 2);
  // Nothing is loaded: the only addresses are the pictures' own bytes and the name of SVG.
  CHECK(count(html, "src=\"") == count(html, "src=\"data:image/png;base64,"));
  CHECK(count(html, "http") == count(html, "http://www.w3.org/2000/svg") + count(html, "http-equiv"));
  CHECK(count(html, "href") + count(html, "url(") + count(html, "@import") == 0);
}

TEST_CASE("a report's pictures are the PNG files", "[report]") {
  test::TempDir dir;
  const auto image = noise(5, 7, 1);
  const std::string html = io::to_html({.pictures = {{image, ""}}}), lead = "base64,";
  const auto begin = html.find(lead) + lead.size();
  test::write_bytes(dir / "a.png", from_base64(html.substr(begin, html.find('"', begin) - begin)));
  const auto back = io::read_image(dir / "a.png");
  CHECK(back.width == 7);
  CHECK(back.pixels == image.pixels);
}

TEST_CASE("a report leaves out what is empty", "[report]") {
  const std::string html = io::to_html({.title = "nothing"});
  for (const char* part : {"<h2", "<table", "<pre", "<figure", "<dl", "<script", "<p"})
    CHECK(count(html, part) == 0);
  CHECK(count(html, "<h1>nothing</h1>") == 1);
  CHECK(count(io::to_html({.summary = "x"}), "<h2>Model</h2>") == 1);
  CHECK(count(io::to_html({.charts = {{io::line_chart({})}}}), "<script") == 0);
}

TEST_CASE("frames are read from numbered files, in order, and spread when there are too many", "[report]") {
  test::TempDir dir;
  for (Index n : {2, 10, 1, 100, 30}) io::write_png(dir / figment::format("epoch_{}.png", n), noise(2, 2, 0));
  for (const char* other : {"epoch_x.png", "epoch_.png", "samples.png", "epoch_3.txt", "step_4.png"})
    test::write_bytes(dir / other, "x");
  const auto captions = [&](Index most) {
    std::string all;
    for (const auto& p : io::frames_in(dir.path(), "epoch", most)) all += p.caption + ";";
    return all;
  };
  CHECK(captions(60) == "epoch 1;epoch 2;epoch 10;epoch 30;epoch 100;");
  CHECK(captions(2) == "epoch 2;epoch 100;");
  CHECK(captions(1) == "epoch 100;");
  CHECK(io::frames_in(dir / "missing", "epoch").empty());
}

TEST_CASE("a report's files are errors when they cannot be", "[report]") {
  test::TempDir dir;
  CHECK_THAT(error_of([&] { io::ReportPicture(dir / "missing.png", ""); }),
             ContainsSubstring("missing.png: cannot be opened"));
  test::write_bytes(dir / "text.png", "plain text");
  CHECK_THAT(error_of([&] { io::ReportPicture(dir / "text.png", ""); }),
             ContainsSubstring("text.png: not a PNG file"));
  CHECK_THAT(error_of([&] { io::write_report(dir / "text.png/report.html", {}); }),
             ContainsSubstring("cannot write"));
  io::write_report(dir / "new/report.html", {.title = "a"});
  CHECK(test::read_bytes(dir / "new/report.html") == io::to_html({.title = "a"}));
}

TEST_CASE("times are told in the units that fit", "[report]") {
  using io::detail::duration_text;
  CHECK(duration_text(0.26) == "0.3 s");
  CHECK(duration_text(59.6) == "1 min 0 s");
  CHECK(duration_text(75) == "1 min 15 s");
  CHECK(duration_text(7200) == "2 h 0 min 0 s");
}
