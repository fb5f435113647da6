// .npz files: round trips, what numpy.savez wrote, and archives that lie. NumPy reads ours in tests/python.
#include "figment/io/npz.hpp"

#include <csignal>
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

const std::filesystem::path golden = std::filesystem::path(FIGMENT_SOURCE_DIR) / "tests/golden";

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
  CHECK(is_numpys(golden / "numpy_stored.npz"));
  CHECK(is_numpys(golden / "numpy_deflated.npz"));
  const auto zeros = io::load_npz(golden / "numpy_zeros.npz");
  REQUIRE(zeros.size() == 1);
  CHECK(bit_difference(zeros[0].second, Tensor<float>::zeros({4112})) == "");
  const std::string path = (golden / "numpy_stored.npz").string();
  const io::NpzReader reader(path);
  CHECK(reader.has("weight"));
  CHECK_FALSE(reader.has("weigh"));
  CHECK_FALSE(reader.has("weight.npy"));
  CHECK(error_of([&] { reader.read("bias"); }) == "load_npz: " + path + ": no array 'bias'");
  CHECK(error_of([&] { reader.read("labels"); }) ==
        "load_npz: " + path + ": 'labels.npy': expected element type '<f4', found '<i4'");
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

TEST_CASE("an npz file cut short anywhere is refused", "[npz]") {
  const test::TempDir dir;
  for (const char* name : {"numpy_stored.npz", "numpy_deflated.npz"}) {
    const std::string whole = test::read_bytes(golden / name);
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
    const std::string whole = test::read_bytes(golden / name);
    REQUIRE(is_numpys(golden / name));  // from here on the peak is that of the whole file
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
  const std::string whole = test::read_bytes(golden / "numpy_stored.npz");
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
  CHECK(error(end, "text") == "not a zip archive, or cut short");
  CHECK(error(end + 10, "\x04") == "the archive's end does not fit its directory");
  CHECK(error(end + 8, std::string("\x04\x00\x04", 3)) ==
        "the directory of 4 members is damaged at number 3");
  CHECK(error(end + 8, std::string("\x02\x00\x02", 3)) ==
        "62 bytes in the directory behind its 2 members");  // 46 and "layer.0/mean.npy"
  CHECK(error(end + 16, "\xff\xff\xff\xff") == "a zip64 archive, of 4 GiB or more");
  CHECK(error(central + 8, "\x01") == "'weight.npy' is encrypted");
  CHECK(error(central + 10, "\x0e") ==
        "'weight.npy': compression method 14, expected 0 (stored) or 8 (deflated)");
  CHECK(error(central + 10, "\x08") == "'weight.npy': its local header is of another member");
  CHECK(error(central + 20, "\xff\xff\xff\xff\xff\xff\xff\xff") ==
        "'weight.npy': a zip64 member, of 4 GiB or more");
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
  std::string bytes = test::read_bytes(golden / "numpy_deflated.npz");
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
