// MNIST: both spellings of the names, the bundled digits, and where they are looked for.
#include "figment/data/mnist.hpp"

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
