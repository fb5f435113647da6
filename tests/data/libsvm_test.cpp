// libsvm text: what the format allows is read, and each way of being bad has its own message.
#include "figment/data/libsvm.hpp"

#include <bit>
#include <clocale>

#include "figment/data/csv.hpp"

#include "support/catch.hpp"
#include "support/data_files.hpp"
#include "support/error_of.hpp"
#include "support/temp_dir.hpp"

using namespace figment;
using data::read_libsvm;
using test::error_of;
using test::list;
using test::write_gz;

namespace {

using Floats = std::vector<float>;
using Ints = std::vector<std::int32_t>;

/// Examples with values of every length, zeros between them and labels of both signs.
data::Dataset<float> varied(Index n, Index features) {
  Rng rng(3);
  auto x = rng.normal({n, features});
  float* p = x.mutable_data();
  for (Index i = 0; i < x.size(); ++i) {
    if (i % 3 == 0) p[i] = 0;
    if (i % 7 == 1) p[i] = static_cast<float>(i % 256);
    if (i % 11 == 2) p[i] *= 1e-30f;
  }
  auto labels = Indices::arange(n);
  labels.set({0}, -2);
  return {x, labels};
}

}  // namespace

TEST_CASE("read_libsvm reads plain and gzipped files", "[libsvm]") {
  test::TempDir dir;
  const std::string text = "5 1:0.5 3:-2e1\n0\n+1 4:255\n";
  test::write_bytes(dir / "plain", text);
  write_gz(dir / "packed", text);
  for (const char* name : {"plain", "packed"}) {
    const auto d = read_libsvm(dir / name, 4);
    CHECK(d.x.shape() == Shape{3, 4});
    CHECK(list(d.x) == Floats{0.5f, 0, -20, 0, 0, 0, 0, 0, 0, 0, 0, 255});
    CHECK(d.labels.shape() == Shape{3});
    CHECK(list(d.labels) == Ints{5, 0, 1});
  }
}

TEST_CASE("read_libsvm takes what the format allows", "[libsvm]") {
  test::TempDir dir;
  const auto read = [&](const std::string& text) {
    test::write_bytes(dir / "f", text);
    return read_libsvm(dir / "f", 3);
  };
  for (const char* text : {
           "1 1:2 3:4\n-7 2:6\n",                                    // as most programs write it
           "1 1:2 3:4\n-7 2:6",                                      // no newline at the end
           "1 1:2 3:4\r\n-7 2:6\r\n",                                // CRLF
           "1 1:2 3:4\r\n-7 2:6\r",                                  // and half of one
           "\n1 1:2 3:4\n\n \t\n\r\n-7 2:6\n\n",                     // empty lines
           "# first: 2\n1 1:2 3:4 # a 9:9\n  # more\n-7 2:6#\n#\n",  // comments
           "1 qid:3 1:2 3:4\n-7 qid:x 2:6\n",                        // query numbers
           "  1\t1:2  3:4 \n-7\t\t2:6\t\n",                          // blanks
           "1.0 1:+2.00 2:0 3:0.4e1\n-7.0 02:+6.\n",                 // other spellings of the numbers
           "1e0 1:2 2:-1e-60 3:4\n-70e-1 1:1E-400 2:6 3:0\n",        // too small for a float and a double
       }) {
    CAPTURE(text);
    const auto d = read(text);
    CHECK(list(d.x) == Floats{2, 0, 4, 0, 6, 0});
    CHECK(list(d.labels) == Ints{1, -7});
  }
  CHECK(list(read("2147483647\n-2147483647\n").labels) == Ints{2147483647, -2147483647});
  // Of each float the nearest: a double in between would round these twice.
  CHECK(list(read("0 1:1.00000017881393432617187499 2:3.4028235e38 3:1e-45\n").x) ==
        Floats{1.00000017881393432617187499f, 3.4028235e38f, 1e-45f});
}

TEST_CASE("read_libsvm reads lines across its blocks and lines longer than one", "[libsvm]") {
  test::TempDir dir;
  const std::string padding(3 << 20, ' ');
  std::string text =
      "1 1:1" + padding + "2:2\n# " + std::string(1 << 20, 'x') + "\n2 2:5\n" + padding + "3 1:7";
  for (int i = 0; i < 200000; ++i) text += "\n" + std::to_string(i) + " 1:" + std::to_string(i % 1000);
  write_gz(dir / "f", text);
  const auto d = read_libsvm(dir / "f", 2);
  REQUIRE(d.size() == 200003);
  CHECK(list(data::slice(d, 0, 3).x) == Floats{1, 2, 0, 5, 7, 0});
  CHECK(list(data::slice(d, 0, 3).labels) == Ints{1, 2, 3});
  for (Index i = 0; i < 200000; ++i)
    REQUIRE((d.labels.data()[i + 3] == i && d.x.data()[2 * i + 6] == static_cast<float>(i % 1000) &&
             d.x.data()[2 * i + 7] == 0));
}

TEST_CASE("write_libsvm writes what read_libsvm reads, bit for bit", "[libsvm]") {
  test::TempDir dir;
  data::write_libsvm(dir / "small",
                     {Tensor<float>({3, 2, 2}, {0, 0.1f, 255, 0, 0, 0, 0, 0, -1e-7f, 0, 0, 3e10f}),
                      Indices({3}, {4, 0, -1})});
  CHECK(test::read_bytes(dir / "small") == "4 2:0.1 3:255\n0\n-1 1:-1e-07 4:3e+10\n");

  const auto d = varied(2000, 300);  // several blocks
  data::write_libsvm(dir / "large", d);
  CHECK(std::filesystem::file_size(dir / "large") > 2u << 20);
  const auto back = read_libsvm(dir / "large", 300);
  CHECK(back.x.shape() == d.x.shape());
  CHECK(list(back.x) == list(d.x));
  CHECK(list(back.labels) == list(d.labels));

  data::write_libsvm(dir / "bare", data::Dataset{Tensor<float>({2}, {0, 7})});
  CHECK(test::read_bytes(dir / "bare") == "0\n0 1:7\n");
  data::write_libsvm(dir / "none", data::Dataset{Tensor<float>::zeros({0, 4})});
  CHECK(test::read_bytes(dir / "none").empty());
}

TEST_CASE("write_libsvm refuses what it cannot write", "[libsvm]") {
  test::TempDir dir;
  const auto inf = std::numeric_limits<float>::infinity();
  CHECK(error_of([&] {
          data::write_libsvm(dir / "f", {Tensor<float>({2, 2}, {0, 1, inf, 2})});
        }) == "write_libsvm: " + (dir / "f").string() + ": value 1 of example 1 is inf");
  CHECK(error_of([&] {
          data::write_libsvm(dir / "no/f", {Tensor<float>::ones({1, 1})});
        }) == "write_libsvm: " + (dir / "no/f").string() + ": cannot be written");
}

TEST_CASE("read_libsvm says what is wrong with a file, in which line", "[libsvm]") {
  test::TempDir dir;
  const std::string who = "read_libsvm: " + (dir / "f").string() + ": ";
  const auto error = [&](const std::string& text, Index features = 784) {
    test::write_bytes(dir / "f", text);
    const std::string message = error_of([&] { read_libsvm(dir / "f", features); });
    REQUIRE(message.substr(0, who.size()) == who);
    return message.substr(who.size());
  };
  const std::string label = "line 1: expected a whole number of 32 bits as label, found ";
  CHECK(error("a 1:2\n") == label + "\"a\"");
  CHECK(error("1.5 1:2\n") == label + "\"1.5\"");
  CHECK(error("nan 1:2\n") == label + "\"nan\"");
  CHECK(error("inf 1:2\n") == label + "\"inf\"");
  CHECK(error("2147483648\n") == label + "\"2147483648\"");
  CHECK(error("1e999\n") == label + "\"1e999\"");
  CHECK(error("+-1\n") == label + "\"+-1\"");
  CHECK(error("+\n") == label + "\"+\"");
  CHECK(error("1,3 1:2\n") == label + "\"1,3\"");
  CHECK(error("0x10 1:2\n") == label + "\"0x10\"");
  CHECK(error("1:2 2:3\n") == label + "\"1:2\"");
  CHECK(error("qid:1 1:2\n") == label + "\"qid:1\"");

  CHECK(error("0\n1 1:2 7 8:1\n") == "line 2: expected index:value, found \"7\"");
  CHECK(error("# a\n\n0\r\n1 1:2\r2 1:3\n") == "line 4: expected index:value, found \"2\"");

  CHECK(error("1 0:2\n") == "line 1: expected an index from 1 to 784, found \"0\"");
  CHECK(error("1 785:2\n") == "line 1: expected an index from 1 to 784, found \"785\"");
  CHECK(error("1 5:2\n", 4) == "line 1: expected an index from 1 to 4, found \"5\"");
  CHECK(error("1 -3:2\n") == "line 1: expected an index from 1 to 784, found \"-3\"");
  CHECK(error("1 4294967297:2\n") == "line 1: expected an index from 1 to 784, found \"4294967297\"");
  CHECK(error("1 1.0:2\n") == "line 1: expected an index from 1 to 784, found \"1.0\"");
  CHECK(error("1 x:2\n") == "line 1: expected an index from 1 to 784, found \"x\"");
  CHECK(error("1 :2\n") == "line 1: expected an index from 1 to 784, found \"\"");

  CHECK(error("1 5:2 3:1\n") == "line 1: expected an index above 5, the one before, found \"3\"");
  CHECK(error("1 5:2 qid:1 5:2\n") == "line 1: expected an index above 5, the one before, found \"5\"");

  CHECK(error("1 5:\n") == "line 1: expected a number as value 5, found \"\"");
  CHECK(error("1 5: 7\n") == "line 1: expected a number as value 5, found \"\"");
  CHECK(error("1 5:1,5\n") == "line 1: expected a number as value 5, found \"1,5\"");
  CHECK(error("1 5:2:3\n") == "line 1: expected a number as value 5, found \"2:3\"");
  CHECK(error("1 5:0x1\n") == "line 1: expected a number as value 5, found \"0x1\"");
  const std::string finite = "line 1: expected a finite number in the range of a float as value 5, found ";
  CHECK(error("1 5:nan\n") == finite + "\"nan\"");
  CHECK(error("1 5:-inf\n") == finite + "\"-inf\"");
  CHECK(error("1 5:1e39\n") == finite + "\"1e39\"");
  CHECK(error("1 5:-1e999\n") == finite + "\"-1e999\"");

  // What was found stays one short line, whatever the bytes.
  CHECK(error("BZh91AY&SY\x01\x02\x80" + std::string(100, 'x')) ==
        label + "\"BZh91AY&SY???" + std::string(27, 'x') + "...\"");
  CHECK(error(std::string("1 1:\0\x7f\x1b[31m 2:1\n", 16)) ==
        "line 1: expected a number as value 1, found \"???[31m\"");

  const std::string none = "expected an example on each line, found none";
  CHECK(error("") == none);
  CHECK(error("\n \r\n# 1 1:2\n") == none);
}

TEST_CASE("read_libsvm says what is wrong around the text", "[libsvm]") {
  test::TempDir dir;
  const auto error = [](const std::filesystem::path& path) {
    return error_of([&] { read_libsvm(path, 3); });
  };
  const auto who = [&](const char* name) { return "read_libsvm: " + (dir / name).string() + ": "; };
  CHECK(error(dir / "absent") == who("absent") + "no such file");
  CHECK(error(dir.path()) == "read_libsvm: " + dir.path().string() + ": not a regular file");
  CHECK(error_of([&] { read_libsvm(dir / "f", 0); }) ==
        "read_libsvm: expected features from 1 to 2^31 - 1, found 0");
  CHECK(error_of([&] { read_libsvm(dir / "f", Index{1} << 31); }) ==
        "read_libsvm: expected features from 1 to 2^31 - 1, found 2147483648");

  data::write_libsvm(dir / "whole", varied(3000, 100));
  write_gz(dir / "packed", test::read_bytes(dir / "whole"));
  const std::string packed = test::read_bytes(dir / "packed");
  CHECK(read_libsvm(dir / "packed", 100).size() == 3000);
  for (const std::size_t left : {packed.size() / 2, packed.size() - 4}) {
    test::write_bytes(dir / "cut", packed.substr(0, left));
    CHECK(error_of([&] { read_libsvm(dir / "cut", 100); }) == who("cut") + "the gzip stream is cut short");
  }
  std::string corrupt = packed;
  corrupt[corrupt.size() - 6] = static_cast<char>(~corrupt[corrupt.size() - 6]);  // in the checksum
  test::write_bytes(dir / "corrupt", corrupt);
  CHECK_THAT(error_of([&] { read_libsvm(dir / "corrupt", 100); }),
             StartsWith(who("corrupt") + "corrupt gzip stream ("));
}

TEST_CASE("read_libsvm takes no memory for examples before all lines were good", "[libsvm]") {
  test::TempDir dir;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "1\n";
  test::write_bytes(dir / "f", text + "x");
  const auto before = memory_stats().peak;
  CHECK_THAT(error_of([&] { read_libsvm(dir / "f", 1 << 30); }), ContainsSubstring("line 1001: "));
  CHECK(memory_stats().peak == before);
}

TEST_CASE("numbers are read and rounded alike with from_chars and without", "[libsvm]") {
  using data::detail::parse_by_strtod;
  using data::detail::parse_number;
  std::vector<std::string> texts{"0",
                                 "-0",
                                 "0.",
                                 ".5",
                                 "1e5",
                                 "1E-5",
                                 "-1.5e+3",
                                 "9007199254740993",
                                 "1.00000017881393432617187499",
                                 "1.00000017881393432617187501",
                                 "3.4028235677973366e38",
                                 "3.4028235677973367e38",
                                 "7.0064923216240853e-46",
                                 "7.0064923216240854e-46",
                                 "1e-45",
                                 "2.2250738585072011e-308",
                                 "4.9406564584124654e-324",
                                 "1e400",
                                 "-1e400",
                                 "1e-400",
                                 "0.1",
                                 "123456789012345678901234567890",
                                 "inf",
                                 "-nan",
                                 "8.5e-46",
                                 "16777217",
                                 "-9999999"};
  Rng rng(1);
  const auto random = rng.normal<double>({200});
  for (Index i = 0; i < 200; ++i) {
    char digits[40];
    std::snprintf(digits, sizeof digits, "%.*e", static_cast<int>(i % 20),
                  std::ldexp(random(i), static_cast<int>(5 * i - 500)));
    texts.emplace_back(digits);
  }
  const char* old = std::setlocale(LC_NUMERIC, nullptr);
  const std::string kept = old ? old : "C";
  for (const char* locale : {"C", "de_DE.UTF-8"}) {
    if (!std::setlocale(LC_NUMERIC, locale)) continue;  // not installed
    for (const auto& text : texts) {
      INFO(text);
      float f = 0, f_strtod = 1;
      double d = 0, d_strtod = 1;
      CHECK((parse_number(text, f) && parse_by_strtod(text, f_strtod)));
      CHECK((parse_number(text, d) && parse_by_strtod(text, d_strtod)));
      CHECK(std::bit_cast<std::uint32_t>(f) == std::bit_cast<std::uint32_t>(f_strtod));
      CHECK(std::bit_cast<std::uint64_t>(d) == std::bit_cast<std::uint64_t>(d_strtod));
    }
    for (const char* text : {"", "-", "+", ".", "e5", "1e", "1e+", "0x10", " 1", "1 ", "1,5", "1.5.2", "--1",
                             "+-1", "1_0", "infinit", "1f", "1.5,", "12345a"}) {
      INFO(text);
      double d = 0;
      CHECK_FALSE(parse_number(text, d));
      CHECK_FALSE(parse_by_strtod(std::string_view(text), d));
    }
  }
  std::setlocale(LC_NUMERIC, kept.c_str());
  float f = 0;
  CHECK((parse_number("+2.5", f) && f == 2.5f));
}

TEST_CASE("read_csv reads tables with and without names and labels, plain and gzipped", "[csv]") {
  test::TempDir dir;
  const auto read = [&](const std::string& text) {
    test::write_bytes(dir / "t.csv", text);
    write_gz(dir / "t.csv.gz", text);
    CHECK(list(data::read_csv(dir / "t.csv.gz", 2).x) == list(data::read_csv(dir / "t.csv", 2).x));
    return data::read_csv(dir / "t.csv", 2);
  };
  const Floats x{0, 255, 0.5f, -2};
  for (const char* text :
       {"label,pixel0,pixel1\n7,0,255\n-1,0.5,-2\n", "7,0,255\n-1,0.5,-2", "7, 0 ,2.55e2\r\n-1,.5,-2\r\n",
        "\xef\xbb\xbf\"Label\",\"1x1\",\"1x2\"\n\n7.0,\"0\",255\n\n-1,0.5,-2\n\n",
        "1x1,1x2,class\n0,255,7\n0.5,-2,-1\n", "a,label,b\n0,7,255\n0.5,-1,-2\n"}) {
    INFO(text);
    const auto d = read(text);
    CHECK(d.x.shape() == Shape{2, 2});
    CHECK(list(d.x) == x);
    CHECK(list(d.labels) == Ints{7, -1});
  }
  for (const char* text : {"pixel0,pixel1\n0,255\n0.5,-2\n", "0,255\n0.5,-2\n"}) {
    const auto d = read(text);
    CHECK(list(d.x) == x);
    CHECK_FALSE(d.labels.defined());
  }
  const auto error = [&](const std::string& text) {
    test::write_bytes(dir / "t.csv", text);
    const std::string lead = "read_csv: " + (dir / "t.csv").string() + ": ",
                      message = error_of([&] { data::read_csv(dir / "t.csv", 2); });
    return message.starts_with(lead) ? message.substr(lead.size()) : message;
  };
  CHECK(error("") == "expected an example on each line, found none");
  CHECK(error("label,a,b\n") == "expected an example on each line, found none");
  CHECK(error("1\n") == "line 1: expected 2 columns, or 3 with the label, found 1");
  CHECK(error("\n1,2,3,4\n") == "line 2: expected 2 columns, or 3 with the label, found 4");
  CHECK(error("1,2,3\n1,2\n") == "line 2: expected 3 columns as in the first line, found 2");
  CHECK(error("1,2,3\n1,,3\n") == "line 2: expected a finite number in column 2, found \"\"");
  CHECK(error("1,2,3\n1,2,nan\n") == "line 2: expected a finite number in column 3, found \"nan\"");
  CHECK(error("1,2,3\n1.5,2,3\n") == "line 2: expected a whole number of 32 bits as label, found \"1.5\"");
  CHECK(error("1,2,3\n1,1e60,3\n") == "line 2: expected a finite number in column 2, found \"1e60\"");
  CHECK(error("a,b,c\nd,e,f\n") == "line 2: expected a whole number of 32 bits as label, found \"d\"");
  CHECK_THAT(error_of([&] { data::read_csv(dir / "none.csv", 2); }),
             ContainsSubstring("none.csv: no such file"));
  CHECK_THAT(error_of([&] { data::read_csv(dir / "t.csv", 0); }), ContainsSubstring("found 0"));
}
