// Weights written and read back, and files that are not what they say.
#include "figment/io/safetensors.hpp"

#include <fstream>

#include "figment/nn/batch_norm.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/sequential.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/temp_dir.hpp"

using namespace figment;
using test::bit_difference;
using test::error_of;

namespace {

auto small_net(std::uint64_t seed) {
  Rng rng(seed);
  return Sequential{Linear(4, 3, rng), BatchNorm(3), Linear(3, 2, rng, {.bias = false})};
}

/// A file of this header and so many bytes of data.
std::string write_raw(const std::filesystem::path& path, const std::string& header, std::size_t data) {
  std::ofstream file(path, std::ios::binary);
  const std::uint64_t size = header.size();
  file.write(reinterpret_cast<const char*>(&size), 8);
  file << header << std::string(data, '\0');
  return path.string();
}

}  // namespace

TEST_CASE("weights and buffers come back bit for bit, with the metadata", "[io]") {
  const test::TempDir dir;
  const auto path = dir / "net.safetensors";
  auto net = small_net(1), other = small_net(2);
  Rng rng(3);
  net.forward(rng.normal({8, 4}), {.training = true});  // moves the buffers
  io::save_weights(path, net, {{"recipe", "small"}, {"text", "quotes \" and ü"}});
  io::load_weights(path, other);
  const auto a = named_tensors(net), b = named_tensors(other);
  REQUIRE(a.size() == 7);
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].first == b[i].first);
    CHECK(bit_difference(a[i].second, b[i].second) == "");
    CHECK_FALSE(a[i].second.shares_memory_with(b[i].second));
  }
  const io::SafetensorsReader reader(path);
  CHECK(reader.metadata().at("recipe") == "small");
  CHECK(reader.metadata().at("text") == "quotes \" and ü");
  CHECK(reader.read<float>("1.running_mean").shape() == Shape{3});
  CHECK(std::filesystem::file_size(path) % 4 == 0);
}

TEST_CASE("a safetensors file holds every type and shape", "[io]") {
  const test::TempDir dir;
  const auto path = dir / "all.safetensors";
  io::SafetensorsWriter writer;
  writer.add("scalar", Tensor<double>::scalar(1.5));
  writer.add("empty", Tensor<float>(Shape{0, 3}));
  writer.add("labels", Indices({3}, {1, -2, 3}));
  writer.add("mask", Mask({2}, {1, 0}));
  CHECK(error_of([&] { writer.add("mask", Mask({1}, {1})); }) == "save_safetensors: a second tensor 'mask'");
  writer.write(path);
  const io::SafetensorsReader reader(path);
  CHECK(reader.names() == std::vector<std::string>{"empty", "labels", "mask", "scalar"});
  CHECK(reader.read<double>("scalar").item() == 1.5);
  CHECK(reader.read<float>("empty").shape() == Shape{0, 3});
  CHECK(bit_difference(reader.read<std::int32_t>("labels"), Indices({3}, {1, -2, 3})) == "");
  CHECK(error_of([&] { reader.read<float>("labels"); }) ==
        "read_safetensors: " + path.string() + ": 'labels' is I32, expected F32");
  CHECK(error_of([&] { reader.read<float>("other"); }) ==
        "read_safetensors: " + path.string() + ": no tensor 'other'");
}

TEST_CASE("a model that does not fit stays as it was", "[io]") {
  const test::TempDir dir;
  const auto path = dir / "net.safetensors";
  auto net = small_net(1);
  io::save_weights(path, net);
  Rng rng(5);
  const auto refused = [&](auto other, const std::string& reason) {
    std::vector<std::remove_cvref_t<decltype(named_tensors(other)[0].second)>> before;
    for (const auto& [name, t] : named_tensors(other)) before.push_back(t.clone());
    CHECK(error_of([&] { io::load_weights(path, other); }) == reason);
    const auto after = named_tensors(other);
    for (std::size_t i = 0; i < before.size(); ++i) CHECK(bit_difference(after[i].second, before[i]) == "");
  };
  refused(Sequential{Linear(4, 3, rng), BatchNorm(3), Linear(3, 5, rng, {.bias = false})},
          "load_weights: " + path.string() + ": '2.weight' is (3, 2), expected (3, 5)");
  refused(Sequential{Linear(4, 3, rng), BatchNorm(3), Linear(3, 2, rng)},
          "read_safetensors: " + path.string() + ": no tensor '2.bias'");
  refused(Sequential{Linear(4, 3, rng), BatchNorm(3)},
          "load_weights: " + path.string() + ": the model has no '2.weight'");
  refused(
      Sequential{Linear<double>(4, 3, rng), BatchNorm<double>(3), Linear<double>(3, 2, rng, {.bias = false})},
      "read_safetensors: " + path.string() + ": '0.weight' is F32, expected F64");
}

TEST_CASE("damaged safetensors are refused in one line", "[io]") {
  const test::TempDir dir;
  const auto path = dir / "bad.safetensors";
  const auto reason = [&](const std::string& header, std::size_t data) {
    const auto name = write_raw(path, header, data);
    const std::string text = error_of([&] { io::SafetensorsReader reader(path); });
    const std::string lead = "read_safetensors: " + name + ": ";
    REQUIRE(text.starts_with(lead));
    return text.substr(lead.size());
  };
  const auto entry = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"w":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  CHECK(reason("{", 0) == "a header of 1 bytes in a file of 9");
  CHECK(reason("[1,2]", 0) == "the header is not a JSON object");
  CHECK(reason("{\"w\":3}", 0) == "'w': expected dtype, shape and data_offsets");
  CHECK(reason(entry("F31", "[2]", "[0,8]"), 8) == "'w': an unknown dtype");
  CHECK(reason(entry("F32", "[2,-1]", "[0,8]"), 8) == "'w': a shape that is not of whole numbers from 0");
  CHECK(reason(entry("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4) == "'w': a shape of too many dimensions");
  CHECK(reason(entry("F32", "[2]", "[0,12]"), 12) == "'w': shape and dtype take another number of bytes");
  CHECK(reason(entry("F32", "[4611686018427387904,4]", "[0,0]"), 0) ==
        "'w': shape and dtype take another number of bytes");  // 2^66 bytes: not 0 by overflow
  CHECK(reason(entry("F32", "[2]", "[0,8]"), 7) == "'w': data_offsets beyond the file's end");
  CHECK(reason(entry("F32", "[2]", "[8,0]"), 8) == "'w': data_offsets beyond the file's end");
  CHECK(reason(entry("F32", "[2]", "[0,8]"), 9) == "9 bytes of data, the tensors take 8");
  CHECK(reason(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
               R"("b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
               6) == "'b' begins at byte 2, expected 4: tensors overlap or leave a hole");
  CHECK(reason(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
               R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
               1) == "two tensors are named 'a'");
  CHECK(reason(R"({"__metadata__":{"k":1}})", 0) == "__metadata__ 'k' is not a string");
  std::ofstream(path, std::ios::binary) << "short";
  CHECK(error_of([&] { io::SafetensorsReader reader(path); }) ==
        "read_safetensors: " + path.string() + ": 5 bytes are too few for a header");
  CHECK(error_of([&] { io::SafetensorsReader reader(dir / "none"); }) ==
        "read_safetensors: " + (dir / "none").string() + ": no such file");
}
