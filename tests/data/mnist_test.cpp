// MNIST: both spellings of the names, libsvm text, the bundled digits, and where the sets are looked for.
#include "figment/data/find_mnist.hpp"

#include <array>
#include <optional>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temp_dir.hpp"

using namespace figment;
using test::error_of;

namespace {

const std::filesystem::path bundled = std::filesystem::path(FIGMENT_SOURCE_DIR) / "examples/data/mnist10k";

Tensor<std::uint8_t> images(Index n) {
  Tensor<std::uint8_t> t({n, 28, 28});
  for (Index i = 0; i < t.size(); ++i) t.mutable_data()[i] = static_cast<std::uint8_t>(i);
  return t;
}
Tensor<std::uint8_t> classes(Index n) { return cast<std::uint8_t>(Indices::arange(n)); }

void pack(const std::filesystem::path& path) {
  const std::string bytes = test::read_bytes(path);
  gzFile file = gzopen((path.string() + ".gz").c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  std::filesystem::remove(path);
}

void write_set(const std::filesystem::path& dir, const std::string& separator) {
  std::filesystem::create_directories(dir);
  data::write_idx(dir / ("train-images" + separator + "idx3-ubyte"), images(4));
  data::write_idx(dir / ("train-labels" + separator + "idx1-ubyte"), classes(4));
  data::write_idx(dir / ("t10k-images" + separator + "idx3-ubyte"), images(2));
  data::write_idx(dir / ("t10k-labels" + separator + "idx1-ubyte"), classes(2));
}

/// As LIBSVM's pages have it: example i has the pixels 28 i + 1 and 784, of 51 and `white`.
void write_libsvm_half(const std::filesystem::path& path, int n, const std::string& white = "255") {
  std::string text;
  for (int i = 0; i < n; ++i)
    text += std::to_string(i) + " " + std::to_string(28 * i + 1) + (white == "255" ? ":51" : ":0.2") +
            " 784:" + white + "\n";
  test::write_bytes(path, text);
}

/// Sets an environment variable, and sets it back at the end of the scope.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    setenv(name, value.c_str(), 1);
  }
  Environment(const Environment&) = delete;
  ~Environment() {
    if (old_)
      setenv(name_, old_->c_str(), 1);
    else
      unsetenv(name_);
  }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

}  // namespace

TEST_CASE("load_mnist finds both spellings, plain and gzipped", "[mnist]") {
  for (const std::string separator : {"-", "."})
    for (const bool packed : {false, true}) {
      test::TempDir dir;
      write_set(dir.path(), separator);
      if (packed) pack(dir / ("train-images" + separator + "idx3-ubyte"));
      if (packed) pack(dir / ("t10k-labels" + separator + "idx1-ubyte"));
      const auto m = data::load_mnist(dir.path());
      CHECK(m.train.x.shape() == Shape{4, 28, 28, 1});
      CHECK(m.test.x.shape() == Shape{2, 28, 28, 1});
      CHECK(m.train.labels(3) == 3);
      CHECK(m.test.labels.shape() == Shape{2});
      CHECK(m.train.x(0, 0, 1, 0) == 1.0f / 255);
      CHECK(m.train.x(0, 9, 3, 0) == 1.0f);  // byte 255
      CHECK(m.source == dir.path());
      CHECK(data::load_mnist(dir.path(), {.unit_range = false}).train.x(0, 9, 3, 0) == 255.0f);
    }
}

TEST_CASE("load_mnist refuses sets that do not fit", "[mnist]") {
  test::TempDir dir;
  write_set(dir.path(), "-");
  const auto error = [&] { return error_of([&] { data::load_mnist(dir.path()); }); };

  data::write_idx(dir / "train-labels-idx1-ubyte", classes(3));
  CHECK_THAT(error(), ContainsSubstring("4 images in ") && ContainsSubstring("3 labels in "));
  data::write_idx(dir / "train-labels-idx1-ubyte", Tensor<std::uint8_t>({4}, {0, 9, 10, 0}));
  CHECK_THAT(error(), ContainsSubstring("label 2 is 10, expected 0 to 9"));
  data::write_idx(dir / "train-labels-idx1-ubyte", Tensor<std::uint8_t>::zeros({4, 1}));
  CHECK_THAT(error(), ContainsSubstring("expected labels (N,), found (4, 1)"));
  data::write_idx(dir / "train-images-idx3-ubyte", Tensor<std::uint8_t>::zeros({4, 784}));
  CHECK_THAT(error(), ContainsSubstring("expected images (N, 28, 28), found (4, 784)"));
  std::filesystem::remove(dir / "t10k-images-idx3-ubyte");
  CHECK_THAT(error(),
             ContainsSubstring(dir.path().string()) && ContainsSubstring("no t10k-images-idx3-ubyte"));
}

TEST_CASE("load_mnist reads libsvm text, its test half beside it", "[mnist]") {
  test::TempDir dir;
  write_libsvm_half(dir / "mnist", 4);
  write_libsvm_half(dir / "mnist.t", 2);
  const auto expect = [&](const data::Mnist& m, float dark, float white) {
    CHECK(m.train.x.shape() == Shape{4, 28, 28, 1});
    CHECK(m.test.x.shape() == Shape{2, 28, 28, 1});
    CHECK(m.train.x(3, 3, 0, 0) == dark);
    CHECK(m.train.x(3, 27, 27, 0) == white);
    CHECK(m.train.x(3, 2, 0, 0) == 0);
    CHECK(m.test.x(1, 1, 0, 0) == dark);
    CHECK(m.train.labels(3) == 3);
    CHECK(m.test.labels.shape() == Shape{2});
  };
  expect(data::load_mnist(dir / "mnist"), 51.0f / 255, 1);
  expect(data::load_mnist(dir / "mnist", {.unit_range = false}), 51, 255);
  expect(data::load_mnist_libsvm(dir / "mnist", dir / "mnist.t"), 51.0f / 255, 1);
  CHECK(data::load_mnist(dir / "mnist").source == dir / "mnist");

  pack(dir / "mnist"), pack(dir / "mnist.t");
  expect(data::load_mnist(dir / "mnist.gz"), 51.0f / 255, 1);

  write_libsvm_half(dir / "mnist.scale", 4, "1");
  write_libsvm_half(dir / "mnist.scale.t", 2, "1");
  expect(data::load_mnist(dir / "mnist.scale"), 0.2f, 1);
  expect(data::load_mnist_libsvm(dir / "mnist.scale", dir / "mnist.t.gz"), 0.2f, 1);
  CHECK(error_of([&] { data::load_mnist(dir / "mnist.scale", {.unit_range = false}); }) ==
        "load_mnist: " + (dir / "mnist.scale").string() +
            ": expected pixels from 0 to 255, found none above 1: the file is scaled to [0, 1]");
}

TEST_CASE("IDX files and the same digits as libsvm text load as the same bits", "[mnist]") {
  test::TempDir dir;
  const bool unit_range = GENERATE(true, false);
  const auto idx = data::load_mnist(bundled, {.unit_range = unit_range});
  const auto raw = data::load_mnist(bundled, {.unit_range = false});
  data::write_libsvm(dir / "digits", raw.train);
  data::write_libsvm(dir / "digits.t", raw.test);
  const auto text = data::load_mnist(dir / "digits", {.unit_range = unit_range});
  const auto same = [](const auto& a, const auto& b) {
    return a.shape() == b.shape() && std::equal(a.values().begin(), a.values().end(), b.values().begin());
  };
  CHECK(same(text.train.x, idx.train.x));
  CHECK(same(text.train.labels, idx.train.labels));
  CHECK(same(text.test.x, idx.test.x));
  CHECK(same(text.test.labels, idx.test.labels));
}

TEST_CASE("load_mnist refuses libsvm text that is not MNIST", "[mnist]") {
  test::TempDir dir;
  const auto path = dir / "mnist";
  const auto error = [&](const std::string& text) {
    test::write_bytes(path, text);
    return error_of([&] { data::load_mnist(path); });
  };
  const std::string who = "load_mnist: " + path.string() + ": ";
  CHECK(error("0 1:255\n") == who + "no mnist.t beside it, the test half of libsvm text");
  write_libsvm_half(dir / "mnist.t", 2);
  CHECK(error("0 1:255\n") == "no error");
  CHECK(error("0 1:255\n10 1:255\n") == who + "label 1 is 10, expected 0 to 9");
  CHECK(error("-1 1:255\n") == who + "label 0 is -1, expected 0 to 9");
  CHECK(error("0 1:256 2:-1\n") == who + "expected pixels from 0 to 255, found -1");
  CHECK(error("0 1:255.5\n") == who + "expected pixels from 0 to 255, found 255.5");
  CHECK(error("0 785:1\n") ==
        "read_libsvm: " + path.string() + ": line 1: expected an index from 1 to 784, found \"785\"");
  test::write_bytes(dir / "mnist.bz2", "BZh9");
  CHECK(error_of([&] { data::load_mnist(dir / "mnist.bz2"); }) ==
        "load_mnist: " + (dir / "mnist.bz2").string() + ": unpack it first; only .gz is read");
}

TEST_CASE("the test half of a libsvm file has .t before .gz", "[mnist]") {
  CHECK(data::libsvm_test_half("mnist") == "mnist.t");
  CHECK(data::libsvm_test_half("a.gz/mnist.gz") == "a.gz/mnist.t.gz");
  CHECK(data::libsvm_test_half("a/mnist.scale") == "a/mnist.scale.t");
  CHECK(data::libsvm_test_half("mnist.scale.gz") == "mnist.scale.t.gz");
}

TEST_CASE("the classes have names", "[mnist]") {
  CHECK(data::mnist_class_names(data::MnistKind::digits) ==
        std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"});
  CHECK(data::mnist_class_names(data::MnistKind::fashion) ==
        std::vector<std::string>{"T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt",
                                 "sneaker", "bag", "ankle boot"});
}

TEST_CASE("the bundled digits load", "[mnist]") {
  const auto m = data::load_mnist(bundled);
  CHECK(m.train.size() == 9000);
  CHECK(m.test.size() == 1000);
  const auto values = m.train.x.values();
  CHECK(*std::min_element(values.begin(), values.end()) == 0.0f);
  CHECK(*std::max_element(values.begin(), values.end()) == 1.0f);
  std::array<int, 10> count{};
  for (std::int32_t c : m.train.labels.values()) ++count[static_cast<std::size_t>(c)];
  for (int n : count) CHECK(n > 700);  // each of ten classes is near a tenth of 9000
  CHECK(m.train.labels(0) == 5);       // MNIST's first training digit
}

TEST_CASE("find_mnist asks flag, environment, downloads and bundle in turn", "[mnist]") {
  test::TempDir dir;
  for (const char* name : {"flag", "env", "bundle", "cache/figment/mnist", "home/.cache/figment/mnist"})
    write_set(dir / name, ".");
  const std::string none = (dir / "none").string();
  Environment data_dir("FIGMENT_DATA", (dir / "env").string());
  Environment cache("XDG_CACHE_HOME", (dir / "cache").string());
  Environment home("HOME", (dir / "home").string());
  const auto find = [&](const std::string& flag) { return data::find_mnist(flag, dir / "bundle"); };

  CHECK(find((dir / "flag").string()) == dir / "flag");
  CHECK_THAT(error_of([&] { find(none); }),
             ContainsSubstring("--data " + none) && ContainsSubstring("no train-images-idx3-ubyte"));
  CHECK(find("") == dir / "env");
  {
    Environment wrong("FIGMENT_DATA", none);
    CHECK_THAT(error_of([&] { find(""); }), ContainsSubstring("FIGMENT_DATA " + none));
  }
  Environment unset("FIGMENT_DATA", "");
  CHECK(find("") == dir / "cache/figment/mnist");
  {
    Environment no_cache("XDG_CACHE_HOME", "");
    CHECK(find("") == dir / "home/.cache/figment/mnist");
  }
  std::filesystem::remove(dir / "cache/figment/mnist/t10k-labels.idx1-ubyte");
  CHECK(find("") == dir / "bundle");
  CHECK_THAT(error_of([&] { data::find_mnist("", none); }),
             ContainsSubstring((dir / "cache/figment/mnist").string() + ", " + none));
}

TEST_CASE("find_mnist takes a libsvm file that has its test half", "[mnist]") {
  test::TempDir dir;
  write_libsvm_half(dir / "mnist", 4);
  const std::string file = (dir / "mnist").string();
  const auto kind = GENERATE(data::MnistKind::digits, data::MnistKind::fashion);
  const std::string variable = kind == data::MnistKind::digits ? "FIGMENT_DATA" : "FIGMENT_FASHION_DATA";
  Environment data_file(variable.c_str(), file);
  const std::string lack = " " + file + ": no mnist.t beside it, the test half of libsvm text";
  CHECK(error_of([&] { data::find_mnist(kind, file); }) == "--data" + lack);
  CHECK(error_of([&] { data::find_mnist(kind, ""); }) == variable + lack);
  write_libsvm_half(dir / "mnist.t", 2);
  CHECK(data::find_mnist(kind, file) == file);
  CHECK(data::find_mnist(kind, "") == file);
  CHECK(data::load_mnist(data::find_mnist(kind, file)).train.size() == 4);
}

TEST_CASE("find_mnist asks flag, environment, downloads and the system's share for fashion", "[mnist]") {
  test::TempDir dir;
  const std::string shared = "two/datasets/fashion-mnist";
  for (const std::string& name :
       {std::string("flag"), std::string("env"), std::string("cache/figment/fashion-mnist"), shared})
    write_set(dir / name, "-");
  write_set(dir / "cache/figment/mnist", "-");  // digits are no fashion
  write_set(dir / "bundle", "-");
  const std::string none = (dir / "none").string();
  Environment data_dir("FIGMENT_FASHION_DATA", (dir / "env").string());
  Environment digits_dir("FIGMENT_DATA", (dir / "bundle").string());
  Environment cache("XDG_CACHE_HOME", (dir / "cache").string());
  Environment share("XDG_DATA_DIRS", "relative::" + (dir / "one").string() + ":" + (dir / "two").string());
  const auto find = [&](const std::string& flag) {
    return data::find_mnist(data::MnistKind::fashion, flag, dir / "bundle");
  };

  CHECK(find((dir / "flag").string()) == dir / "flag");
  CHECK(error_of([&] { find(none); }) ==
        "--data " + none + ": no train-images-idx3-ubyte there (nor with a dot before idx, nor with .gz)");
  CHECK(find("") == dir / "env");
  Environment unset("FIGMENT_FASHION_DATA", "");
  CHECK(find("") == dir / "cache/figment/fashion-mnist");
  std::filesystem::remove_all(dir / "cache/figment/fashion-mnist");
  CHECK(find("") == dir / shared);

  using Paths = std::vector<std::filesystem::path>;
  const std::string sub = "datasets/fashion-mnist";
  CHECK(data::detail::fashion_dirs() ==
        Paths{dir / ("one/" + sub), dir / shared, "/usr/local/share/" + sub, "/usr/share/" + sub});
  Environment system("XDG_DATA_DIRS", "/usr/share:/usr/local/share");
  CHECK(data::detail::fashion_dirs() == Paths{"/usr/share/" + sub, "/usr/local/share/" + sub});
}

TEST_CASE("find_mnist says where it looked and what to do", "[mnist]") {
  test::TempDir dir;
  Environment data_dir("FIGMENT_DATA", ""), fashion_dir("FIGMENT_FASHION_DATA", "");
  Environment cache("XDG_CACHE_HOME", (dir / "cache").string()), share("XDG_DATA_DIRS", "");
  const std::string none = (dir / "none").string(), digits = (dir / "cache/figment/mnist").string();
  const std::string message = "find_mnist: no MNIST files; looked in " + digits;
  const std::string advice = "; give --data DIR or set FIGMENT_DATA";
  CHECK(error_of([&] { data::find_mnist("", none); }) == message + ", " + none + advice);
  CHECK(error_of([&] { data::find_mnist(data::MnistKind::digits, ""); }) == message + advice);

  const auto error = error_of([&] { data::find_mnist(data::MnistKind::fashion, "", bundled); });
  if (error == "no error") return;  // installed here
  CHECK(error ==
        "find_mnist: no Fashion-MNIST files; looked in " + (dir / "cache/figment/fashion-mnist").string() +
            ", /usr/local/share/datasets/fashion-mnist, /usr/share/datasets/fashion-mnist; install Debian's "
            "package dataset-fashion-mnist, give --data DIR or set FIGMENT_FASHION_DATA");
}

TEST_CASE("an installed Fashion-MNIST loads", "[mnist]") {
  Environment unset("FIGMENT_FASHION_DATA", "");
  std::filesystem::path place;
  try {
    place = data::find_mnist(data::MnistKind::fashion, "");
  } catch (const Error&) {
    WARN("Fashion-MNIST is not installed");
    return;
  }
  const auto m = data::load_mnist(place);
  CHECK(m.train.x.shape() == Shape{60000, 28, 28, 1});
  CHECK(m.test.x.shape() == Shape{10000, 28, 28, 1});
  std::array<int, 10> count{};
  for (std::int32_t c : m.train.labels.values()) ++count[static_cast<std::size_t>(c)];
  for (int n : count) CHECK(n == 6000);
  CHECK(m.train.labels(0) == 9);  // an ankle boot
}
