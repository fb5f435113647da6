// .npz files: round trips, what numpy.savez wrote, and archives that lie. NumPy reads ours in tests/python.
#include "figment/io/npz.hpp"

#include <cmath>
#include <csignal>
#include <cstdint>
#if __has_include(<sys/resource.h>)
#include <sys/resource.h>
#endif

#include "figment/nn/linear.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/python_dir.hpp"

using namespace figment;
using test::bit_difference;
using test::error_of;

namespace {

const std::filesystem::path golden_files = std::filesystem::path(FIGMENT_SOURCE_DIR) / "tests/golden";

/// What tests/golden/make_npz.py saved, read from a file: true if all of it is there.
bool is_numpys(const std::filesystem::path& path) {
  const io::NpzReader reader(path);
  return reader.names() == std::vector<std::string>{"weight", "labels", "layer.0/mean"} &&
         bit_difference(reader.read("weight"),
                        Tensor<float>({2, 3}, {-2.5f, -1.5f, -0.5f, 0.5f, 1.5f, 2.5f})) == "" &&
         bit_difference(reader.read<std::int32_t>("labels"), Indices({3}, {3, -1, 4})) == "" &&
         bit_difference(reader.read<double>("layer.0/mean"), Tensor<double>::scalar(0.1)) == "";
}

}  // namespace

TEST_CASE("npz files that NumPy wrote, stored and deflated", "[npz]") {
  CHECK(is_numpys(golden_files / "numpy_stored.npz"));
  CHECK(is_numpys(golden_files / "numpy_deflated.npz"));
  const auto zeros = io::load_npz(golden_files / "numpy_zeros.npz");
  REQUIRE(zeros.size() == 1);
  CHECK(bit_difference(zeros[0].second, Tensor<float>::zeros({4112})) == "");
  const std::string path = (golden_files / "numpy_stored.npz").string();
  const io::NpzReader reader(path);
  CHECK(reader.has("weight"));
  CHECK_FALSE(reader.has("weigh"));
  CHECK_FALSE(reader.has("weight.npy"));
  CHECK(error_of([&] { reader.read("bias"); }) == "load_npz: " + path + ": no array 'bias'");
  CHECK(bit_difference(reader.read("labels"), Tensor<float>({3}, {3, -1, 4})) == "");
  CHECK(error_of([&] { reader.read<std::int32_t>("weight"); }) ==
        "load_npz: " + path +
            ": 'weight.npy': element (0, 0) is -2.5, expected a whole number from -2147483648 to 2147483647");
}

TEST_CASE("npz files hold every type, byte order and order of elements of NumPy's", "[npz]") {
  const std::string path = (golden_files / "numpy_types.npz").string();
  const io::NpzReader reader(path);
  const double infinity = std::numeric_limits<double>::infinity();
  int seen = 0;
  for (const std::string& name : reader.names()) {
    if (name.starts_with("fortran ") || name.size() > 3 || name.size() < 2) continue;
    const char kind = name[name.size() - 2];
    const int bytes = name.back() - '0';
    std::vector<double> expected{1, 0, 0, 1, 1, 0};
    if (kind == 'i' || kind == 'u') {
      const double half = std::ldexp(1, 8 * bytes - 1);  // the most of 64 bits are rounded to it
      expected = {kind == 'i' ? -half : 0, (kind == 'i' ? half : 2 * half) - (bytes < 8), 0, 1, 2, 100};
    }
    if (kind == 'f') {
      const double most = bytes == 2 ? 65504 : bytes == 4 ? 0x1.fffffep127 : 0x1.fffffffffffffp1023;
      const double least = bytes == 2 ? 0x1p-24 : bytes == 4 ? 0x1p-149 : 0x1p-1074;
      const double third = bytes == 2 ? 0x1.554p-2 : bytes == 4 ? 0x1.555556p-2 : 1.0 / 3;
      expected = {-most, -0.0, least, third, infinity, std::nan("")};
    }
    for (const std::string& order : {std::string(), std::string("fortran ")}) {
      INFO(order + name);
      CHECK(bit_difference(reader.read<double>(order + name), Tensor<double>({2, 3}, expected)) == "");
      ++seen;
    }
    if (name == "f8") continue;
    // What a float takes is what a cast makes of it.
    if (bytes < 8 || kind != 'f')
      CHECK(bit_difference(reader.read(name), cast<float>(reader.read<double>(name))) == "");
  }
  CHECK(seen == 2 * 21);
  CHECK(bit_difference(reader.read<std::uint8_t>("b1"), Mask({2, 3}, {1, 0, 0, 1, 1, 0})) == "");
  CHECK(bit_difference(reader.read<std::int32_t>(">i4"),
                       Indices({2, 3}, {INT32_MIN, INT32_MAX, 0, 1, 2, 100})) == "");
  const Indices cube = Indices::arange(24).view_as({2, 3, 4});
  CHECK(bit_difference(reader.read<std::int32_t>("cube"), cube) == "");
  CHECK(bit_difference(reader.read<std::int32_t>("fortran cube"), cube) == "");
}

TEST_CASE("numbers that a tensor does not hold are refused by element, other types by name", "[npz]") {
  const std::string path = (golden_files / "numpy_types.npz").string();
  const io::NpzReader reader(path);
  const auto error = [&](auto type, const std::string& name) {
    const std::string lead = "load_npz: " + path + ": '" + name + ".npy': ";
    const std::string message = error_of([&] { reader.read<decltype(type)>(name); });
    return message.starts_with(lead) ? message.substr(lead.size()) : message;
  };
  const std::int32_t index = 0;
  const std::uint8_t byte = 0;
  const std::string of_index = ", expected a whole number from -2147483648 to 2147483647";
  CHECK(error(index, "large") == "element (0,) is 2147483648" + of_index);
  CHECK(error(index, "<u4") == "element (0, 1) is 4294967295" + of_index);
  CHECK(error(index, "fortran >i8") == "element (0, 0) is -9223372036854775808" + of_index);
  CHECK(error(index, "very large") == "element (0,) is 18446744073709551615" + of_index);
  CHECK(error(index, "fractions") == "element (1,) is 2.5" + of_index);
  CHECK(error(index, "overflow") == "element (0,) is 1e+300" + of_index);
  CHECK(error(index, "<f4") == "element (0, 0) is -3.40282e+38" + of_index);
  CHECK(error(byte, "<i1") == "element (0, 0) is -128, expected a whole number from 0 to 255");
  CHECK(error(byte, ">u2") == "element (0, 1) is 65535, expected a whole number from 0 to 255");
  CHECK(error(0.0f, "overflow") == "element (0,) is 1e+300, expected a number up to 3.40282e+38");
  CHECK(error(0.0f, "fortran >f8") == "element (0, 0) is -1.79769e+308, expected a number up to 3.40282e+38");
  CHECK(error(0.0, "overflow") == "no error");
  CHECK(error(0.0f, "large") == "no error");  // rounded
  for (const auto& [name, what] : {std::pair<std::string, std::string>{"complex", "'<c8', complex numbers"},
                                   {"text", "'<U3', text"},
                                   {"bytes", "'|S3', text"},
                                   {"dates", "'<M8[D]', dates"},
                                   {"record", "[('a', '<f4'), ('b', '<i4', (2,))], a structured type"},
                                   {"object", "'|O', Python objects"}})
    CHECK(error(0.0f, name) ==
          "elements of " + what + "; expected bool, integers of 8 to 64 bits or floats of 16, 32 or 64");
}

TEST_CASE("npz files of other writers: cnpy, npy-matlab, NPZ.jl, Python 2, scipy", "[npz]") {
  const Tensor<float> row({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto expected = [&](const std::string& name) {
    if (name == "npy-matlab column") return row.view_as({6, 1});
    if (name == "NPZ.jl vector") return row.view_as({6});
    if (name == "NPZ.jl number") return Tensor<float>::scalar(0.1f);
    return name == "bool" ? Tensor<float>({2, 3}, {1, 0, 1, 0, 1, 1}) : row;
  };
  const auto others = io::load_npz(golden_files / "others.npz");
  CHECK(others.size() == 16);
  for (const auto& [name, t] : others) {
    INFO(name);
    CHECK(t.shape() == expected(name).shape());
    CHECK(bit_difference(t, expected(name)) == "");
  }
  // Sizes behind the members, and every number in 64 bits.
  for (const char* name : {"streamed.npz", "zip64.npz"})
    for (const auto& [member, t] : io::load_npz(golden_files / name)) CHECK(bit_difference(t, row) == "");
  const io::NpzReader sparse(golden_files / "scipy_sparse.npz");  // (0, 2) is 1.5, (1, 0) is 2.5
  CHECK(bit_difference(sparse.read<std::int32_t>("indptr"), Indices({3}, {0, 1, 2})) == "");
  CHECK(bit_difference(sparse.read<std::int32_t>("indices"), Indices({2}, {2, 0})) == "");
  CHECK(bit_difference(sparse.read("data"), Tensor<float>({2}, {1.5f, 2.5f})) == "");
  CHECK(bit_difference(sparse.read<std::int32_t>("shape"), Indices({2}, {2, 3})) == "");
}

TEST_CASE("archives of 4 GiB and more have 64 bits for their numbers", "[npz][python]") {
  const test::PythonDir dir;
  std::vector<std::string> files;
  for (const std::uint64_t limit :
       {0, 200, 400, 1000}) {  // of everything, of some members and places, of none
    const auto path = dir / ("wide" + std::to_string(limit) + ".npz");
    io::detail::ZipWriter zip("save_npz", path, limit);
    for (const char* name : {"a", "b"}) {
      const Tensor<float> t = Tensor<float>::full({name[0] == 'a' ? 3 : 60}, 2);
      const std::string header = io::detail::npy_header("<f4", t.shape());
      const std::string_view parts[] = {
          header, {reinterpret_cast<const char*>(t.data()), static_cast<std::size_t>(t.size()) * 4}};
      zip.add(name + std::string(".npy"), parts);
    }
    zip.commit();
    const auto read = io::load_npz(path);
    REQUIRE(read.size() == 2);
    CHECK(bit_difference(read[0].second, Tensor<float>::full({3}, 2)) == "");
    CHECK(bit_difference(read[1].second, Tensor<float>::full({60}, 2)) == "");
    files.push_back(test::read_bytes(path));
  }
  CHECK(files[3].find("PK\x06\x06") == std::string::npos);
  CHECK(files[0].size() == files[3].size() + 2 * (20 + 28) + 76);
}

TEST_CASE("npz round trips", "[npz]") {
  const test::TempDir dir;
  const auto path = dir / "new/all.npz";
  Rng rng(1);
  io::NpzWriter writer;
  const auto large = rng.normal<float>({300, 200});
  writer.add("large", large);
  writer.add("twice/as wide", rng.normal<double>({3}));
  writer.add("ü", Mask({2, 2}, {1, 0, 0, 255}));
  writer.add("nothing", Indices(Shape{0, 3}));
  writer.add("", Tensor<float>::scalar(2));
  CHECK(error_of([&] { writer.add("large", large); }) == "save_npz: a second tensor 'large'");
  writer.write(path);
  const io::NpzReader reader(path);
  CHECK(reader.names() == std::vector<std::string>{"large", "twice/as wide", "ü", "nothing", ""});
  CHECK(bit_difference(reader.read("large"), large) == "");
  CHECK(reader.read<double>("twice/as wide").shape() == Shape{3});
  CHECK(bit_difference(reader.read<std::uint8_t>("ü"), Mask({2, 2}, {1, 0, 0, 255})) == "");
  CHECK(reader.read<std::int32_t>("nothing").shape() == Shape{0, 3});
  CHECK(reader.read("").item() == 2);

  io::save_npz(dir / "pair.npz",
               {{"mean", Tensor<float>({2}, {1, 2})}, {"log_var", Tensor<float>({1}, {3})}});
  const auto pair = io::load_npz(dir / "pair.npz");
  REQUIRE(pair.size() == 2);
  CHECK(pair[1].first == "log_var");
  CHECK(pair[1].second.item() == 3);
  Linear<double> layer(3, 2, rng);
  io::save_npz(dir / "layer.npz", named_tensors(layer));
  CHECK(bit_difference(io::load_npz<double>(dir / "layer.npz")[0].second, layer.weight) == "");
  io::NpzWriter().write(dir / "empty.npz");
  CHECK(io::NpzReader(dir / "empty.npz").names().empty());
}

TEST_CASE("a wrong byte in a zip64 archive is an error or changes nothing", "[npz]") {
  const test::TempDir dir;
  const auto path = dir / "bad.npz";
  const Tensor<float> row({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto all_there = [&](const std::filesystem::path& p) {
    const auto list = io::load_npz(p);
    return list.size() == 2 && list[0].first == "cnpy float" && list[1].first == "python2" &&
           bit_difference(list[0].second, row) == "" && bit_difference(list[1].second, row) == "";
  };
  for (const char* name : {"zip64.npz", "streamed.npz"}) {
    const std::string whole = test::read_bytes(golden_files / name);
    REQUIRE(all_there(golden_files / name));
    for (std::size_t at = 0; at < whole.size(); ++at) {
      test::write_bytes(path, whole.substr(0, at));
      const std::string cut = error_of([&] { all_there(path); });
      if (!cut.starts_with("load_npz: " + path.string() + ": ")) FAIL(at << ": " << cut);
      for (const int change : {1, 128, 255}) {
        std::string bytes = whole;
        bytes[at] = static_cast<char>(bytes[at] ^ change);
        test::write_bytes(path, bytes);
        bool same = false;
        const std::string error = error_of([&] { same = all_there(path); });
        if (error == "no error" ? !same : !error.starts_with("load_npz: " + path.string() + ": "))
          FAIL(at << " ^ " << change << ": " << error);
      }
    }
  }
}

TEST_CASE("an npz file cut short anywhere is refused", "[npz]") {
  const test::TempDir dir;
  for (const char* name : {"numpy_stored.npz", "numpy_deflated.npz"}) {
    const std::string whole = test::read_bytes(golden_files / name);
    REQUIRE(whole.size() > 500);
    for (std::size_t n = 0; n < whole.size(); ++n) {
      test::write_bytes(dir / "cut.npz", whole.substr(0, n));
      const std::string error = error_of([&] { is_numpys(dir / "cut.npz"); });
      if (!error.starts_with("load_npz: " + (dir / "cut.npz").string() + ": ")) FAIL(n << ": " << error);
    }
  }
}

TEST_CASE("a wrong byte in an npz file is an error or changes nothing", "[npz]") {
  const test::TempDir dir;
  const auto path = dir / "bad.npz";
  for (const char* name : {"numpy_stored.npz", "numpy_deflated.npz"}) {
    const std::string whole = test::read_bytes(golden_files / name);
    REQUIRE(is_numpys(golden_files / name));  // from here on the peak is that of the whole file
    std::size_t refused = 0, harmless = 0;
    for (std::size_t at = 0; at < whole.size(); ++at)
      for (const int change : {1, 128, 255}) {
        std::string bytes = whole;
        bytes[at] = static_cast<char>(bytes[at] ^ change);
        test::write_bytes(path, bytes);
        const auto before = memory_stats().peak;
        bool same = false;
        const std::string error = error_of([&] { same = is_numpys(path); });
        if (error == "no error" ? !same : !error.starts_with("load_npz: " + path.string() + ": "))
          FAIL(at << " ^ " << change << ": " << error);
        ++(same ? harmless : refused);
        CHECK(memory_stats().peak == before);  // nothing is taken on a bad file's word
      }
    CHECK(refused > 2 * harmless);  // dates, versions and attributes are harmless
  }
}

TEST_CASE("load_npz says what is wrong with an archive", "[npz]") {
  const test::TempDir dir;
  const auto path = dir / "some.npz";
  const std::string whole = test::read_bytes(golden_files / "numpy_stored.npz");
  const std::size_t central = whole.find("PK\x01\x02"), end = whole.find("PK\x05\x06");
  // With the bytes from `at` on replaced.
  const auto error = [&](std::size_t at, const std::string& bytes) {
    test::write_bytes(path,
                      whole.substr(0, at) + bytes + whole.substr(std::min(whole.size(), at + bytes.size())));
    const std::string message = error_of([&] { is_numpys(path); });
    const std::string lead = "load_npz: " + path.string() + ": ";
    REQUIRE(message.starts_with(lead));
    return message.substr(lead.size());
  };
  CHECK(error_of([&] { io::NpzReader reader(dir / "none.npz"); }) ==
        "load_npz: " + (dir / "none.npz").string() + ": no such file");
  CHECK(error_of([&] { io::NpzReader reader(dir.path()); }) ==
        "load_npz: " + dir.path().string() + ": no such file");
  CHECK(error(end, "text") == "a zip archive that is cut short");
  CHECK(error(0, std::string(whole.size(), 'x')) == "not a zip archive");
  CHECK(error(0, "version https://git-lfs.github.com/spec/v1\n" + std::string(whole.size(), ' ')) ==
        "not a zip archive, but a Git LFS pointer, not the file itself, which `git lfs pull` fetches");
  CHECK(error(end + 10, "\x04") == "the archive's end does not fit its directory");
  CHECK(error(end + 8, std::string("\x04\x00\x04", 3)) ==
        "the directory of 4 members is damaged at number 3");
  CHECK(error(end + 8, std::string("\x02\x00\x02", 3)) ==
        "62 bytes in the directory behind its 2 members");  // 46 and "layer.0/mean.npy"
  CHECK(error(end + 16, "\xff\xff\xff\xff") == "the archive's end does not fit its directory");
  CHECK(error(central + 8, "\x01") == "'weight.npy' is encrypted");
  CHECK(error(central + 10, "\x0e") ==
        "'weight.npy': compression method 14, expected 0 (stored) or 8 (deflated)");
  CHECK(error(central + 10, "\x08") == "'weight.npy': its local header is of another member");
  CHECK(error(central + 20, "\xff\xff\xff\xff\xff\xff\xff\xff") ==
        "'weight.npy': its sizes are in a zip64 field that is not there");
  CHECK(error(central + 20, "\x99") == "'weight.npy': stored as 153 bytes, expected 152");
  CHECK(error(central + 20, std::string("\x00\x00\x00\x70\x00\x00\x00\x70", 8)) ==
        "'weight.npy': 1879048192 bytes reach beyond the members' end");
  CHECK(error(central + 20, std::string("\x97\x00\x00\x00\x97", 5))
            .starts_with("'weight.npy': expected checksum 2816176749, found "));
  CHECK(error(central + 42, "\xf0\xf0") == "'weight.npy': begins beyond the members' end");
  CHECK(error(central + 46, "w0ight") == "'w0ight.npy': its local header is of another member");
  CHECK(error(whole.find("labels"), "Labels") == "'labels.npy': its local header is of another member");
  CHECK(
      error(whole.find("NUMPY"), "numpy").starts_with("'weight.npy': expected checksum 2816176749, found "));
}

TEST_CASE("deflated data that go on or promise more are refused", "[npz]") {
  const test::TempDir dir;
  const auto path = dir / "some.npz";
  std::string bytes = test::read_bytes(golden_files / "numpy_deflated.npz");
  const std::size_t central = bytes.find("PK\x01\x02");
  const auto error = [&](std::size_t at, char value) {
    std::string changed = bytes;
    changed[at] = value;
    test::write_bytes(path, changed);
    return error_of([&] { io::NpzReader(path).read("weight"); });
  };
  const std::string lead = "load_npz: " + path.string() + ": 'weight.npy': ";
  CHECK(error(central + 20, 60) == lead + "the deflated data end early");
  CHECK(error(central + 20, 95) == lead + "its data are not of the 152 bytes expected");
  CHECK(error(central + 24, 10) == lead + "its data are not of the 10 bytes expected");
  CHECK(error(central + 27, 0x70) == lead + "its data are not of the 1879048344 bytes expected");
}

TEST_CASE("a name that no archive holds is refused, and the old file stays", "[npz]") {
  const test::TempDir dir;
  io::save_npz(dir / "t.npz", {{"old", Tensor<float>::scalar(1)}});
  CHECK_THAT(error_of([&] {
               io::save_npz(dir / "t.npz", {{std::string(60000, 'x'), Tensor<float>::scalar(2)}});
             }),
             ContainsSubstring("expected a name of 1 to 60000 bytes, found 60004"));
  CHECK(io::NpzReader(dir / "t.npz").read("old").item() == 1);
}

TEST_CASE("npz files for tests/python/check_npz.py", "[npz][python]") {
  const test::PythonDir dir;
  io::NpzWriter writer;
  writer.add("float", Tensor<float>({2, 3}, {0, 0.5f, 1, 1.5f, 2, 2.5f}));
  writer.add("double", Tensor<double>::scalar(0.1));
  writer.add("int32", Indices({3}, {3, -1, 4}));
  writer.add("part/uint8", Mask({1, 2}, {7, 255}));
  writer.add("ü", Tensor<float>(Shape{0, 4}));
  writer.write(dir / "ours.npz");
  CHECK(io::NpzReader(dir / "ours.npz").names().size() == 5);
}
