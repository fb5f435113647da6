// Tensors and shapes as text.
#include "figment/core/printing.hpp"

#include <sstream>

#include "support/catch.hpp"

using figment::Shape;
using figment::Tensor;
using figment::to_string;

TEST_CASE("a tensor's text has its type, its shape and aligned columns", "[core]") {
  CHECK(to_string(Tensor<float>({2, 3}, {1, 2, 3, 4, 5.5, -6})) ==
        "float (2, 3)\n"
        "[[  1    2    3]\n"
        " [  4  5.5   -6]]");
  CHECK(to_string(Tensor<double>({2, 1, 2}, {0.1, 1e10, -1.0 / 3, 0})) ==
        "double (2, 1, 2)\n"
        "[[[      0.1      1e+10]]\n"
        "\n"
        " [[-0.333333          0]]]");
  CHECK(to_string(figment::Indices::arange(4)) == "int32 (4,)\n[0  1  2  3]");
  CHECK(to_string(figment::Mask({3}, {0, 1, 0})) == "uint8 (3,)\n[0  1  0]");
  CHECK(to_string(Tensor<float>::scalar(3.25f)) == "float ()\n3.25");
  CHECK(to_string(Tensor<float>(
            {3}, {1, std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()})) ==
        "float (3,)\n[   1   nan  -inf]");
}

TEST_CASE("a tensor without elements, and one without memory, have a text", "[core]") {
  CHECK(to_string(Tensor<float>({0, 3})) == "float (0, 3)\n[]");
  CHECK(to_string(Tensor<float>({2, 0})) == "float (2, 0)\n[[]\n []]");
  CHECK(to_string(Tensor<double>()) == "double undefined");
}

TEST_CASE("above 1,000 elements the middle of long axes is left out", "[core]") {
  CHECK(to_string(figment::Indices::arange(1000)).size() > 4000);
  CHECK(to_string(figment::Indices::arange(1001)) ==
        "int32 (1001,)\n[   0     1     2  ...   998   999  1000]");
  CHECK(to_string(Tensor<float>::arange(2002).view_as({2, 1001})) ==
        "float (2, 1001)\n"
        "[[   0     1     2  ...   998   999  1000]\n"
        " [1001  1002  1003  ...  1999  2000  2001]]");
  CHECK(to_string(Tensor<float>::arange(1400).view_as({700, 2})) ==
        "float (700, 2)\n"
        "[[   0     1]\n"
        " [   2     3]\n"
        " [   4     5]\n"
        " ...\n"
        " [1394  1395]\n"
        " [1396  1397]\n"
        " [1398  1399]]");
}

TEST_CASE("tensors and shapes are written to streams", "[core]") {
  std::ostringstream out;
  out << Shape{2, 3} << ' ' << Tensor<float>({1}, {2});
  CHECK(out.str() == "(2, 3) float (1,)\n[2]");
}
