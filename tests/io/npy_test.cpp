// .npy files: the bytes NumPy writes, round trips, and files that lie.
#include "figment/io/npy.hpp"

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temp_dir.hpp"

using namespace figment;
using test::error_of;

namespace {

std::string npy(const std::string& header, const std::string& values, char version = 1) {
  std::string s = std::string("\x93NUMPY") + version + '\0';
  s += static_cast<char>(header.size() & 255);
  s += static_cast<char>(header.size() >> 8);
  if (version > 1) s += std::string(2, '\0');
  return s + header + values;
}

const std::string header23 = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";

template <class T>
void round_trip(const Shape& shape) {
  test::TempDir dir;
  Tensor<T> t(shape);
  for (Index i = 0; i < t.size(); ++i) t.mutable_data()[i] = static_cast<T>(i * 7 - (sizeof(T) > 1 ? 3 : 0));
  io::save_npy(dir / "new/t.npy", t);
  CHECK(std::filesystem::file_size(dir / "new/t.npy") % 64 ==
        static_cast<std::size_t>(t.size()) * sizeof(T) % 64);
  const auto back = io::load_npy<T>(dir / "new/t.npy");
  CHECK(back.shape() == shape);
  CHECK(std::equal(back.values().begin(), back.values().end(), t.values().begin(), t.values().end()));
}

}  // namespace

TEST_CASE("npy files hold what numpy.save writes", "[npy]") {
  test::TempDir dir;
  io::save_npy(dir / "t.npy", Tensor<float>({3}, {1, 2, -1}));
  // numpy.save of numpy.array([1, 2, -1], dtype="float32"), with the values in hexadecimal.
  CHECK(test::read_bytes(dir / "t.npy") ==
        std::string("\x93NUMPY\x01\x00\x76\x00", 10) +
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }" + std::string(60, ' ') + "\n" +
            std::string("\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x80\xbf", 12));
}

TEST_CASE("npy round trips", "[npy]") {
  for (const Shape& shape : {Shape{}, Shape{5}, Shape{2, 3}, Shape{3, 0, 2}, Shape{1, 2, 1, 3, 1, 2}}) {
    round_trip<float>(shape);
    round_trip<double>(shape);
    round_trip<std::int32_t>(shape);
    round_trip<std::uint8_t>(shape);
  }
}

TEST_CASE("npy headers of all three versions are read", "[npy]") {
  test::TempDir dir;
  const std::string values("\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x80\xbf\0\0\0\0\0\0\0\0\0\0\0\0", 24);
  for (char version : {'\1', '\2', '\3'}) {
    test::write_bytes(dir / "t.npy", npy(header23, values, version));
    const auto t = io::load_npy(dir / "t.npy");
    CHECK(t.shape() == Shape{2, 3});
    CHECK(t(0, 2) == -1.0f);
  }
  test::write_bytes(dir / "t.npy", npy("{\"shape\": (2,3)}", values));
  CHECK_THAT(error_of([&] { io::load_npy(dir / "t.npy"); }), ContainsSubstring("the header has no descr"));
  // The order of keys, quotes and spaces are the writer's; tests/io/npz_test.cpp reads what writers there
  // are.
  test::write_bytes(
      dir / "t.npy",
      npy("{\"shape\":(2L,3L,),u'fortran_order':False , 'other': {'a': [1, 2]}, 'descr':b'f4'}", values));
  CHECK(io::load_npy(dir / "t.npy")(0, 1) == 2.0f);
}

TEST_CASE("load_npy says what is wrong with a file, and which", "[npy]") {
  test::TempDir dir;
  const auto path = dir / "some.npy";
  const std::string values(24, '\0');
  const auto error = [&](const std::string& bytes) {
    test::write_bytes(path, bytes);
    const auto before = memory_stats().peak;
    const std::string message = error_of([&] { io::load_npy(path); });
    CHECK(memory_stats().peak == before);  // nothing is taken on a bad file's word
    CHECK_THAT(message, ContainsSubstring(path.string()));
    return message;
  };
  const auto shape_error = [&](const std::string& shape) {
    return error(npy("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }\n", values));
  };
  CHECK_THAT(error_of([&] { io::load_npy(dir / "absent.npy"); }),
             ContainsSubstring("absent.npy: no such file"));
  CHECK_THAT(error_of([&] { io::load_npy(dir.path()); }), ContainsSubstring("cannot be opened"));
  CHECK_THAT(error(""), ContainsSubstring("not a .npy file"));
  CHECK_THAT(error("PK\x03\x04 a zip file"), ContainsSubstring("not a .npy file, but a zip archive"));
  CHECK_THAT(error("version https://git-lfs.github.com/spec/v1\n"),
             ContainsSubstring("not a .npy file, but a Git LFS pointer"));
  CHECK_THAT(error(npy(header23, values, 4)), ContainsSubstring("expected format version 1 to 3, found 4"));
  CHECK_THAT(error(npy(header23, values).substr(0, 9)), ContainsSubstring("ends inside its header"));
  CHECK_THAT(error(npy(header23, values).substr(0, 40)),
             ContainsSubstring("a header of 60 bytes, the file holds 30"));
  CHECK_THAT(error(std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff{}", 14)),
             ContainsSubstring("a header of 4294967295 bytes, the file holds 2"));
  const std::string expected = "; expected bool, integers of 8 to 64 bits or floats of 16, 32 or 64";
  for (const auto& [descr, what] :
       {std::pair<std::string, std::string>{"[('a', '<f4')]", "a structured type"},
        {"('<f4', (2,))", "a structured type"},
        {"'|V8'", "a structured type"},
        {"'<c8'", "complex numbers"},
        {"'|O'", "Python objects"},
        {"'<U3'", "text"},
        {"'|S3'", "text"},
        {"'<M8[D]'", "dates"},
        {"'<f16'", "floats of a machine's own"},
        {"'<i3'", "an unknown type"},
        {"'<f4x'", "an unknown type"},
        {"'<f'", "an unknown type"},
        {"'b2'", "an unknown type"},
        {"''", "an unknown type"}})
    CHECK_THAT(error(npy("{'descr': " + descr + ", 'fortran_order': False, 'shape': (6,), }\n", values)),
               ContainsSubstring("some.npy: elements of " + descr + ", " + what + expected));
  CHECK_THAT(error(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4,), }\n", values)),
             ContainsSubstring("shape (4,) takes 32 bytes, the file holds 24"));
  for (const char* text : {"", "[]", "'descr'", "descr"})
    CHECK_THAT(error(npy(text, values)), ContainsSubstring("the header is not a Python dict"));
  for (const char* text : {"{descr: 1}", "{}", "{'descr' '<f4'}", "{'descr': '<f4', 'fortran_order': False}",
                           "{'descr': '<f4' 'fortran_order': False, 'shape': (6,)}", "{'descr': '<f4', , }",
                           "{'descr': '<f4'", "{'descr': '<f4", "{'descr': ", "{'shape': (6,"})
    CHECK_THAT(error(npy(text, values)), ContainsSubstring("some.npy: the header "));
  for (const char* order : {"1", "true", "'True'", "None", "(True)"})
    CHECK_THAT(
        error(npy(std::string("{'descr': '<f4', 'shape': (6,), 'fortran_order': ") + order + "}", values)),
        ContainsSubstring("fortran_order is neither True nor False"));
  CHECK_THAT(shape_error("(2, 3"), ContainsSubstring("the header ends inside a value"));
  CHECK_THAT(shape_error("6"), ContainsSubstring("not a tuple"));
  CHECK_THAT(shape_error("(-1, 6)"), ContainsSubstring("at most 6 extents, found (-1, 6)"));
  CHECK_THAT(shape_error("(99999999999999999999,)"), ContainsSubstring("found (99999999999999999999,)"));
  CHECK_THAT(shape_error("(2 3)"), ContainsSubstring("(2 3) is malformed"));
  CHECK_THAT(shape_error("(1, 1, 1, 1, 1, 1, 6)"), ContainsSubstring("at most 6 extents"));
  CHECK_THAT(shape_error("(4294967296, 4294967296, 4, 0)"), ContainsSubstring("too many elements"));
  CHECK_THAT(shape_error("(2, 1000000000000)"),
             ContainsSubstring("takes 8000000000000 bytes, the file holds 24"));
  CHECK_THAT(shape_error("(5,)"), ContainsSubstring("takes 20 bytes, the file holds 24"));
}
