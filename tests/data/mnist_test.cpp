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
  CHECK(error("0 1:255 2:-1\n") == who + "expected pixels from 0 to 255, found -1");
  CHECK(error("0 1:255.5\n") == who + "expected pixels from 0 to 255, found 255.5");
  CHECK(error("0 785:1\n") ==
        "read_libsvm: " + path.string() + ": line 1: expected an index from 1 to 784, found \"785\"");
  test::write_bytes(dir / "mnist.bz2", "BZh9");
  CHECK(error_of([&] { data::load_mnist(dir / "mnist.bz2"); }) ==
        "load_mnist: " + (dir / "mnist.bz2").string() +
            ": unpack it first; of archives only .gz and .npz are read");
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

TEST_CASE("EMNIST is turned upright, its letters count from 0, and the split names its classes", "[mnist]") {
  test::TempDir dir;
  const auto write = [&](const std::string& split, std::int32_t first, std::int32_t last) {
    for (const char* half : {"train", "test"}) {
      const std::string stem = "emnist-" + split + "-" + half;
      auto x = Tensor<std::uint8_t>::zeros({2, 28, 28});
      x.set({0, 2, 5}, 255);
      data::write_idx(dir / (stem + "-images-idx3-ubyte"), x);
      data::write_idx(dir / (stem + "-labels-idx1-ubyte"), cast<std::uint8_t>(Indices({2}, {first, last})));
      pack(dir / (stem + "-images-idx3-ubyte"));
      pack(dir / (stem + "-labels-idx1-ubyte"));
    }
  };
  const auto expect = [&](const std::string& split, std::size_t classes, const std::string& last) {
    const auto file = dir / ("emnist-" + split + "-train-images-idx3-ubyte.gz");
    const auto m = data::load_mnist(file);
    for (const auto& half : {m.train, m.test}) {
      CHECK(half.x.shape() == Shape{2, 28, 28, 1});
      CHECK((half.x(0, 5, 2, 0) == 1 && half.x(0, 2, 5, 0) == 0));
      CHECK((half.labels(0) == 0 && half.labels(1) == static_cast<std::int32_t>(classes) - 1));
    }
    CHECK(m.classes.size() == classes);
    CHECK(m.classes.back() == last);
  };
  write("letters", 1, 26);
  CHECK(data::load_mnist(dir.path()).classes[0] == "A");  // one split in the folder
  expect("letters", 26, "Z");
  write("balanced", 0, 46), expect("balanced", 47, "t");
  write("bymerge", 0, 46), expect("bymerge", 47, "t");
  write("byclass", 0, 61), expect("byclass", 62, "z");
  write("digits", 0, 9), expect("digits", 10, "9");
  CHECK(data::load_mnist(dir / "emnist-byclass-train-images-idx3-ubyte.gz").classes[36] == "a");
  CHECK(error_of([&] { data::load_mnist(dir.path()); }) ==
        "load_mnist: " + dir.path().string() +
            ": several sets are there; give the training file of one of them: "
            "emnist-balanced-train-images-idx3-ubyte.gz emnist-byclass-train-images-idx3-ubyte.gz "
            "emnist-bymerge-train-images-idx3-ubyte.gz emnist-digits-train-images-idx3-ubyte.gz "
            "emnist-letters-train-images-idx3-ubyte.gz");
  write("letters", 0, 26);
  CHECK_THAT(error_of([&] { data::load_mnist(dir / "emnist-letters-train-images-idx3-ubyte.gz"); }),
             ContainsSubstring("label 0 is 0, expected 1 to 26"));
  std::filesystem::remove(dir / "emnist-letters-test-images-idx3-ubyte.gz");
  CHECK_THAT(error_of([&] { data::load_mnist(dir / "emnist-letters-train-images-idx3-ubyte.gz"); }),
             ContainsSubstring(": no emnist-letters-test-images-idx3-ubyte there"));
}

TEST_CASE("QMNIST's labels are the first of eight columns", "[mnist]") {
  test::TempDir dir;
  for (const char* half : {"qmnist-train", "qmnist-test"}) {
    data::write_idx(dir / (half + std::string("-images-idx3-ubyte")), images(2));
    data::write_idx(dir / (half + std::string("-labels-idx2-int")),
                    Indices({2, 8}, {3, 0, 3976, 51, 3, 225, 0, 0, 9, 1, 0, 100, 9, 300, 0, 0}));
    pack(dir / (half + std::string("-labels-idx2-int")));
  }
  const auto m = data::load_mnist(dir.path());
  CHECK(m.train.x(0, 9, 3, 0) == 1);
  CHECK((m.train.labels(0) == 3 && m.test.labels(1) == 9));
}

TEST_CASE("IDX of other types are sets too", "[mnist]") {
  test::TempDir dir;
  for (const char* half : {"train", "t10k"}) {
    auto x = Tensor<float>::zeros({2, 28, 28});
    x.set({1, 3, 4}, 51);
    x.set({1, 3, 5}, 255);
    data::write_idx(dir / (half + std::string("-images-idx3-float")), x);
    data::write_idx(dir / (half + std::string("-labels-idx1-int")), Indices({2}, {3, 9}));
  }
  CHECK(data::load_mnist(dir.path()).train.x(1, 3, 4, 0) == 51.0f / 255);
  CHECK(data::load_mnist(dir.path(), {.unit_range = false}).test.x(1, 3, 5, 0) == 255);
  CHECK(data::load_mnist(dir.path()).train.labels(1) == 9);
  auto scaled = Tensor<double>::zeros({2, 28, 28});
  scaled.set({1, 3, 4}, 0.2);
  std::filesystem::remove(dir / "train-images-idx3-float");
  data::write_idx(dir / "train-images-idx3-double", scaled);
  CHECK(data::load_mnist(dir.path()).train.x(1, 3, 4, 0) == 0.2f);
}

TEST_CASE("torchvision's folders are sets, packed and unpacked", "[mnist]") {
  test::TempDir dir;
  write_set(dir / "FashionMNIST/raw", "-");
  for (const char* place : {"", "FashionMNIST", "FashionMNIST/raw"}) {
    const auto m = data::load_mnist(dir / place);
    CHECK(m.train.size() == 4);
    CHECK(m.classes[9] == "ankle boot");
    CHECK(m.source == dir / place);
  }
  write_set(dir / "KMNIST/raw", "-");
  pack(dir / "KMNIST/raw/train-images-idx3-ubyte");
  CHECK(data::load_mnist(dir / "KMNIST").classes[1] == "ki");
  write_set(dir / "MNIST/raw", "-");
  CHECK(data::load_mnist(dir / "MNIST").classes[1] == "1");
  CHECK(error_of([&] { data::load_mnist(dir.path()); }) ==
        "load_mnist: " + dir.path().string() +
            ": several sets are there; give the training file of one of them: "
            "FashionMNIST/raw/train-images-idx3-ubyte "
            "KMNIST/raw/train-images-idx3-ubyte.gz MNIST/raw/train-images-idx3-ubyte");
}

TEST_CASE("Keras' and Kuzushiji's .npz are sets", "[mnist]") {
  test::TempDir dir;
  const auto keras = std::filesystem::path(FIGMENT_SOURCE_DIR) / "tests/golden/keras_mnist.npz";
  const auto m = data::load_mnist(keras);
  CHECK(m.train.x.shape() == Shape{3, 28, 28, 1});
  CHECK(m.test.x.shape() == Shape{2, 28, 28, 1});
  CHECK(m.train.x(1, 2, 3, 0) == static_cast<float>((784 + 2 * 28 + 3) * 7 % 256) / 255);
  CHECK(data::load_mnist(keras, {.unit_range = false}).test.x(1, 27, 27, 0) == (5 * 784 - 1) * 7 % 256);
  CHECK((m.train.labels(0) == 5 && m.train.labels(2) == 4 && m.test.labels(0) == 7));
  CHECK(m.classes.size() == 10);
  std::filesystem::copy(keras, dir / "mnist.npz");
  CHECK(data::load_mnist(dir.path()).train.size() == 3);  // the folder of Keras' downloads
  io::save_npz(dir / "codes.npz", {{"x_train", Tensor<float>::zeros({1, 28, 28})}});
  CHECK(error_of([&] { data::find_mnist((dir / "codes.npz").string(), ""); }) ==
        "--data " + (dir / "codes.npz").string() + ": no array y_train in it, as Keras' mnist.npz has");
  test::write_bytes(dir / "page.npz", "<html>");
  CHECK_THAT(error_of([&] { data::find_mnist((dir / "page.npz").string(), ""); }),
             ContainsSubstring("page.npz: not a zip archive, but a page of HTML or XML"));

  for (const std::string half : {"train", "test"}) {
    io::NpzWriter x, y;
    x.add("arr_0", Tensor<std::uint8_t>::full({1, 28, 28}, 255));
    y.add("arr_0", Tensor<std::uint8_t>({1}, {48}));
    x.write(dir / ("k49-" + half + "-imgs.npz"));
    y.write(dir / ("k49-" + half + "-labels.npz"));
  }
  const auto k49 = data::load_mnist(dir / "k49-train-imgs.npz");
  CHECK(k49.classes.size() == 49);
  CHECK((k49.test.labels(0) == 48 && k49.test.x(0, 0, 0, 0) == 1));
  std::filesystem::remove(dir / "k49-test-labels.npz");
  CHECK_THAT(error_of([&] { data::load_mnist(dir / "k49-train-imgs.npz"); }),
             ContainsSubstring(": no k49-test-labels.npz beside it, its labels"));
}

TEST_CASE("Kaggle's tables are sets, a test half without labels too", "[mnist]") {
  test::TempDir dir;
  const auto row = [](const std::string& label) {
    std::string line = label + "0";
    for (int i = 1; i < 784; ++i) line += i == 2 * 28 + 3 ? ",255" : ",51";
    return line + "\n";
  };
  std::string names = "label";
  for (int i = 0; i < 784; ++i) names += ",pixel" + std::to_string(i);
  test::write_bytes(dir / "train.csv", names + "\n" + row("5,") + row("0,"));
  CHECK(error_of([&] { data::find_mnist((dir / "train.csv").string(), ""); }) ==
        "--data " + (dir / "train.csv").string() + ": no test.csv beside it, the test half of the table");
  test::write_bytes(dir / "test.csv", names.substr(6) + "\n" + row(""));
  for (const auto& place : {dir.path(), dir / "train.csv"}) {
    const auto m = data::load_mnist(place);
    CHECK(m.train.x.shape() == Shape{2, 28, 28, 1});
    CHECK((m.train.x(1, 2, 3, 0) == 1 && m.train.x(1, 2, 4, 0) == 51.0f / 255));
    CHECK((m.train.labels(0) == 5 && !m.test.labels.defined()));
    CHECK(m.test.size() == 1);
  }
  std::filesystem::copy(dir / "train.csv", dir / "fashion-mnist_train.csv");
  test::write_bytes(dir / "fashion-mnist_test.csv", row("9,"));  // without names
  const auto m = data::load_mnist(dir / "fashion-mnist_train.csv");
  CHECK((m.test.labels(0) == 9 && m.classes[9] == "ankle boot"));
  test::write_bytes(dir / "train.csv", row(""));
  CHECK_THAT(error_of([&] { data::load_mnist(dir / "train.csv"); }),
             ContainsSubstring("train.csv: expected a column of labels, found 784 of pixels"));
  test::write_bytes(dir / "train.csv", row("10,"));
  CHECK_THAT(error_of([&] { data::load_mnist(dir / "train.csv"); }),
             ContainsSubstring("train.csv: label 0 is 10, expected 0 to 9"));
  test::write_bytes(dir / "table.csv", row("1,"));
  CHECK_THAT(error_of([&] { data::load_mnist(dir / "table.csv"); }),
             ContainsSubstring(": no file with test for train beside it"));
}

TEST_CASE("what is no set is refused by one line that says so", "[mnist]") {
  test::TempDir dir;
  const auto error = [&](const std::string& name, const std::string& bytes) {
    test::write_bytes(dir / name, bytes);
    const std::string message = error_of([&] { data::find_mnist((dir / name).string(), ""); });
    const std::string lead = "--data " + (dir / name).string() + ": ";
    REQUIRE(message.starts_with(lead));
    return message.substr(lead.size());
  };
  const std::string none =
      "neither libsvm text, .csv nor .npz, nor a file of training images that is named as MNIST's";
  CHECK(error("picture.png", "\x89PNG\r\n\x1a\n") == none);
  CHECK(error("t10k-images-idx3-ubyte", std::string("\0\0\x08\x03", 4)) == none);
  CHECK(error("w.safetensors", std::string("X\0\0\0\0\0\0\0{}", 10)) == none);
  CHECK(error("pointer", "version https://git-lfs.github.com/spec/v1\n") ==
        "a Git LFS pointer, not the file itself, which `git lfs pull` fetches");
  CHECK_THAT(error("page", "\n<!DOCTYPE html>"), ContainsSubstring("a page of HTML or XML"));
  CHECK_THAT(error("x.npy", "\x93NUMPY\x01"), ContainsSubstring("a NumPy array (.npy)"));
  CHECK(error("mnist.zip", "PK\x03\x04") == "unpack it first; of archives only .gz and .npz are read");
  CHECK(error("mnist.tar.gz", "\x1f\x8b") == "unpack it first; of archives only .gz and .npz are read");
  CHECK(error("text", "1 1:1\n") == "no text.t beside it, the test half of libsvm text");
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
             ContainsSubstring("--data " + none) && ContainsSubstring("no such file or directory"));
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
  CHECK(error_of([&] { find(none); }) == "--data " + none + ": no such file or directory");
  std::filesystem::create_directory(dir / "empty");
  CHECK(error_of([&] { find((dir / "empty").string()); }) ==
        "--data " + (dir / "empty").string() +
            ": no train-images-idx3-ubyte there (nor with a dot before idx, nor with .gz), nor files of "
            "EMNIST, QMNIST, "
            "Kuzushiji, Keras, Kaggle or torchvision");
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
