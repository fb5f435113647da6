// IDX files: the good ones come back value by value, and each way of being bad has its own message.
#include "figment/data/idx.hpp"

#include "support/catch.hpp"
#include "support/data_files.hpp"
#include "support/error_of.hpp"
#include "support/temp_dir.hpp"

using namespace figment;
using data::read_idx;
using test::error_of;
using test::write_gz;

namespace {

std::string be32(std::uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8),
          static_cast<char>(v)};
}

std::string header(char type, std::initializer_list<std::uint32_t> extents) {
  std::string s{'\0', '\0', type, static_cast<char>(extents.size())};
  for (auto e : extents) s += be32(e);
  return s;
}

const std::string good = header(8, {2, 3}) + "\x01\x02\x03\xfd\xfe\xff";

}  // namespace

TEST_CASE("read_idx reads plain and gzipped files", "[idx]") {
  test::TempDir dir;
  test::write_bytes(dir / "plain", good);
  write_gz(dir / "packed", good);
  for (const char* name : {"plain", "packed"}) {
    const auto t = read_idx(dir / name);
    CHECK(t.shape() == Shape{2, 3});
    CHECK(std::vector<int>(t.values().begin(), t.values().end()) == std::vector<int>{1, 2, 3, 253, 254, 255});
  }
}

TEST_CASE("write_idx writes what read_idx reads, at every rank", "[idx]") {
  test::TempDir dir;
  for (const Shape& shape : {Shape{}, Shape{5}, Shape{0, 28, 28}, Shape{2, 3, 1, 2, 1, 2}}) {
    Tensor<std::uint8_t> t(shape);
    for (Index i = 0; i < t.size(); ++i) t.mutable_data()[i] = static_cast<std::uint8_t>(i + 250);
    data::write_idx(dir / "t", t);
    const auto back = read_idx(dir / "t");
    CHECK(back.shape() == shape);
    CHECK(std::equal(back.values().begin(), back.values().end(), t.values().begin()));
  }
  data::write_idx(dir / "t", Tensor<std::uint8_t>({2, 3}, {1, 2, 3, 253, 254, 255}));
  CHECK(test::read_bytes(dir / "t") == good);
  CHECK_THAT(error_of([&] { data::write_idx(dir / "none/t", Tensor<std::uint8_t>::zeros({1})); }),
             ContainsSubstring("cannot be written"));
}

TEST_CASE("read_idx says what is wrong with a file, and which", "[idx]") {
  test::TempDir dir;
  const auto path = dir / "some-file";
  const auto error = [&](const std::string& bytes) {
    test::write_bytes(path, bytes);
    const std::string message = error_of([&] { read_idx(path); });
    CHECK_THAT(message, ContainsSubstring(path.string()));
    return message;
  };
  CHECK_THAT(error_of([&] { read_idx(dir / "absent"); }), ContainsSubstring("absent: no such file"));
  CHECK_THAT(error_of([&] { read_idx(dir.path()); }), ContainsSubstring("not a regular file"));
  CHECK_THAT(error(""), ContainsSubstring("not an IDX file"));
  CHECK_THAT(error("\x89PNG\r\n"), ContainsSubstring("not an IDX file"));
  CHECK_THAT(error(std::string(3, '\0')), ContainsSubstring("not an IDX file"));
  CHECK_THAT(error("version https://git-lfs.github.com/spec/v1\n"),
             ContainsSubstring("rank), but a Git LFS pointer"));
  CHECK_THAT(error("<html>"), ContainsSubstring("rank), but a page of HTML or XML"));
  CHECK_THAT(error(header(0x0A, {2}) + "12345678"),
             ContainsSubstring("element type 10 is none of IDX's 8, 9 and 11 to 14"));
  CHECK_THAT(error(header(0x0D, {3}) + "12345678"),
             ContainsSubstring("shape (3,) takes 12 bytes, the file holds 8"));
  CHECK_THAT(error(header(0x0D, {1}) + std::string(8, 0)),
             ContainsSubstring("bytes left over after the 4 of"));
  CHECK(error(header(0x09, {2}) + "\x01\xff") ==
        "read_idx: " + path.string() + ": element (1,) is -1, expected a whole number from 0 to 255");
  CHECK_THAT(error(header(8, {1, 1, 1, 1, 1, 1, 1}) + "x"), ContainsSubstring("7 dimensions"));
  CHECK_THAT(error(header(8, {2, 3}).substr(0, 10)), ContainsSubstring("ends inside its header"));
  CHECK_THAT(error(good.substr(0, good.size() - 1)),
             ContainsSubstring("shape (2, 3) takes 6 bytes, the file holds 5"));
  CHECK_THAT(error(good + "!"), ContainsSubstring("bytes left over after the 6"));
}

TEST_CASE("read_idx takes no memory for a promise the file cannot keep", "[idx]") {
  test::TempDir dir;
  const std::string huge = header(8, {0xFFFFFFFF, 0xFFFF});  // 281 TB
  test::write_bytes(dir / "plain", huge);
  write_gz(dir / "packed", huge);
  const auto before = memory_stats().peak;
  CHECK_THAT(error_of([&] { read_idx(dir / "plain"); }),
             ContainsSubstring("takes 281470681677825 bytes, the file holds 0"));
  CHECK_THAT(error_of([&] { read_idx(dir / "packed"); }), ContainsSubstring("the file holds at most"));
  CHECK(memory_stats().peak == before);

  test::write_bytes(dir / "overflow", header(8, {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0}));
  CHECK_THAT(error_of([&] { read_idx(dir / "overflow"); }), ContainsSubstring("too many elements"));
}

TEST_CASE("read_idx tells a short, a cut and a corrupt .gz apart", "[idx]") {
  test::TempDir dir;
  std::string long_file = header(8, {20000});
  for (unsigned i = 0; i < 20000; ++i) long_file += static_cast<char>(i * i * 2654435761u >> 13);
  write_gz(dir / "whole", long_file);
  CHECK(read_idx(dir / "whole").size() == 20000);
  const std::string packed = test::read_bytes(dir / "whole");

  const auto error = [&](const std::string& bytes) {
    test::write_bytes(dir / "bad", bytes);
    return error_of([&] { read_idx(dir / "bad"); });
  };
  CHECK_THAT(error(packed.substr(0, packed.size() / 2)), ContainsSubstring("the gzip stream is cut short"));
  CHECK_THAT(error(packed.substr(0, packed.size() - 4)), ContainsSubstring("the gzip stream is cut short"));
  std::string corrupt = packed;
  corrupt[corrupt.size() - 6] = static_cast<char>(~corrupt[corrupt.size() - 6]);  // in the checksum
  CHECK_THAT(error(corrupt), ContainsSubstring("corrupt gzip stream"));

  write_gz(dir / "short", good.substr(0, good.size() - 2));
  CHECK_THAT(error_of([&] { read_idx(dir / "short"); }),
             ContainsSubstring("takes 6 bytes, the file holds 4"));
  write_gz(dir / "more", good + "!!");
  CHECK_THAT(error_of([&] { read_idx(dir / "more"); }), ContainsSubstring("bytes left over"));
}

TEST_CASE("read_idx reads every type that IDX has", "[idx]") {
  test::TempDir dir;
  using Bytes = std::pair<int, std::string>;
  using namespace std::string_literals;
  // -2 and 5, by hand: big-endian.
  for (const auto& [code, bytes] :
       {Bytes{0x09, "\xfe\x05"s}, Bytes{0x0B, "\xff\xfe\x00\x05"s},
        Bytes{0x0C, "\xff\xff\xff\xfe\x00\x00\x00\x05"s}, Bytes{0x0D, "\xc0\x00\x00\x00\x40\xa0\x00\x00"s},
        Bytes{0x0E, "\xc0\0\0\0\0\0\0\0\x40\x14\0\0\0\0\0\0"s}}) {
    test::write_bytes(dir / "t", header(static_cast<char>(code), {2, 1}) + bytes);
    write_gz(dir / "t.gz", test::read_bytes(dir / "t"));
    for (const char* name : {"t", "t.gz"}) {
      const auto t = read_idx<float>(dir / name);
      CHECK(t.shape() == Shape{2, 1});
      CHECK((t(0, 0) == -2 && t(1, 0) == 5));
      CHECK(read_idx<std::int32_t>(dir / name)(0, 0) == -2);
      CHECK(read_idx<double>(dir / name)(1, 0) == 5);
    }
  }
  const auto back = [&](const auto& t) {
    data::write_idx(dir / "t", t);
    const auto read = read_idx<std::remove_cvref_t<decltype(t.data()[0])>>(dir / "t");
    return read.shape() == t.shape() &&
           std::equal(read.values().begin(), read.values().end(), t.values().begin());
  };
  CHECK(back(Tensor<float>({2, 2}, {0.1f, -1e30f, 0, 3})));
  CHECK(back(Tensor<double>({2}, {0.1, -1e300})));
  CHECK(back(Indices({3}, {-2147483647, 0, 70000})));
}
