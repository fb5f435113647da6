// Weights written and read back, and files that are not what they say.
#include "figment/io/safetensors.hpp"

#include <fstream>
#include <limits>

#include "figment/nn/batch_norm.hpp"
#include "figment/nn/layer_norm.hpp"
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
        "read_safetensors: " + path.string() + ": 'labels' is I32, expected F32, F16 or BF16");
  CHECK(error_of([&] { reader.read<float>("other"); }) ==
        "read_safetensors: " + path.string() + ": no tensor 'other'");
}

TEST_CASE("safetensors of every type, as PyTorch writes them", "[io]") {
  // By tests/golden/make_safetensors.py.
  const io::SafetensorsReader file(std::filesystem::path(FIGMENT_SOURCE_DIR) /
                                   "tests/golden/safetensors_types.safetensors");
  CHECK(file.names().size() == 22);
  CHECK(file.metadata().empty());  // "__metadata__": null
  const auto inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor<float> half({9}, {0, -0.0F, 1.5F, -65504, 0x1p-24F, -0x1p-14F, inf, nan, 0x1.554p-2F});
  // bfloat16's 1/3 is 171/512; its largest and its least number are those of 8 bits.
  const Tensor<float> brain({9},
                            {0, -0.0F, 1.5F, -0x1.fep127F, 0x1p-133F, -0x1p-126F, -inf, nan, 0x1.56p-2F});
  CHECK(bit_difference(file.read<float>("f16"), half) == "");
  CHECK(bit_difference(file.read<float>("bf16"), brain) == "");
  CHECK(bit_difference(file.read<double>("f16"), cast<double>(half)) == "");
  CHECK(bit_difference(file.read<double>("bf16"), cast<double>(brain)) == "");
  CHECK(bit_difference(file.read<double>("f32"), Tensor<double>({2}, {1.0F / 3.0F, -2.5})) == "");
  CHECK(bit_difference(file.read<double>("f64"), Tensor<double>({2}, {1.0 / 3.0, -2.5})) == "");
  CHECK(file.read<float>("scalar").item() == 2.5F);
  CHECK(file.read<float>("empty").shape() == Shape{0, 3});
  constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max(), least = -most - 1;
  const auto reads = [&]<class T>(const char* name, const Tensor<T>& expected) {
    INFO(name);
    CHECK(bit_difference(file.read<T>(name), expected) == "");
  };
  reads("bool", Indices({3}, {1, 0, 1})), reads("bool", Mask({3}, {1, 0, 1}));
  reads("i8", Indices({2}, {-128, 127})), reads("u8", Indices({2}, {0, 255})),
      reads("u8", Mask({2}, {0, 255}));
  reads("i16", Indices({2}, {-32768, 32767})), reads("u16", Indices({2}, {0, 65535}));
  reads("i32", Indices({2}, {least, most})), reads("i64", Indices({3}, {3, -4, most}));
  reads("u64", Indices({1}, {7})), reads("u64", Mask({1}, {7}));

  const auto refused = [&]<class T>(const char* name, T, const std::string& reason) {
    CHECK(error_of([&] { file.read<T>(name); }) ==
          "read_safetensors: " + file.path() + ": '" + name + "'" + (reason[0] == ':' ? "" : " ") + reason);
  };
  for (const auto& [name, type] : {std::pair{"f8_e4m3", "F8_E4M3"},
                                   {"f8_e5m2", "F8_E5M2"},
                                   {"c64", "C64"},
                                   {"f4", "F4"},
                                   {"future", "F128_X"},
                                   {"bool", "BOOL"},
                                   {"i64", "I64"},
                                   {"f64", "F64"}})
    refused(name, 0.0F, std::string("is ") + type + ", expected F32, F16 or BF16");
  refused("c64", 0.0, "is C64, expected F64, F32, F16 or BF16");
  refused("f32", std::int32_t{}, "is F32, expected I32, or integers that fit");
  refused("rank_7", 0.0F, "has 7 dimensions, at most 6 are supported");
  const std::string whole = ", expected a whole number from -2147483648 to 2147483647";
  refused("i64_large", std::int32_t{}, ": element (1,) is 2147483648" + whole);
  refused("u32", std::int32_t{}, ": element (1,) is 4294967295" + whole);
  refused("i8", std::uint8_t{}, ": element (0,) is -128, expected a whole number from 0 to 255");
}

TEST_CASE("a part of a file is loaded by its prefix, or what there is", "[io]") {
  const test::TempDir dir;
  const auto path = dir / "net.safetensors";
  Sequential whole{named("encoder", small_net(1)), named("decoder", small_net(2))};
  io::save_weights(path, whole);
  auto part = small_net(3);
  const auto source = named_tensors(whole);
  const auto is_from = [](auto& net, const auto& tensors, std::size_t first) {
    std::string apart;
    for (const auto& [name, t] : named_tensors(net)) apart += bit_difference(t, tensors[first++].second);
    return apart;
  };
  const auto report = io::load_weights(path, part, {.prefix = "decoder."});
  CHECK(is_from(part, source, 7) == "");
  CHECK((report.missing.empty() && report.unexpected.empty()));
  CHECK(error_of([&] {
          io::load_weights(path, part, {.prefix = "coder."});
        }).starts_with("load_weights: " + path.string() + ": no tensor 'coder.0.weight', 'coder.0.bias', "));

  // A head that is new, and a layer that is gone.
  Rng rng(4);
  const Linear head(2, 5, rng);
  Sequential tuned{Linear(4, 3, rng), BatchNorm(3), named("head", head)};
  const Tensor<float> weight = head.weight.clone();
  CHECK_THAT(error_of([&] { io::load_weights(path, tuned, {.prefix = "encoder."}); }),
             ContainsSubstring(": no tensor 'encoder.head.weight', 'encoder.head.bias'; "
                               "the model has no 'encoder.2.weight'"));
  const auto loose = io::load_weights(path, tuned, {.prefix = "encoder.", .strict = false});
  CHECK(loose.missing == std::vector<std::string>{"encoder.head.weight", "encoder.head.bias"});
  CHECK(loose.unexpected == std::vector<std::string>{"encoder.2.weight"});
  CHECK(bit_difference(named_tensors(tuned)[0].second, source[0].second) == "");
  CHECK(bit_difference(head.weight, weight) == "");
  // Shapes have to fit.
  Sequential wide{Linear(4, 6, rng)};
  CHECK_THAT(error_of([&] { io::load_weights(path, wide, {.prefix = "encoder.", .strict = false}); }),
             ContainsSubstring(": 'encoder.0.weight' is (4, 3), expected (4, 6); 'encoder.0.bias' is"));
}

TEST_CASE("tied weights that a file has once are loaded", "[io]") {
  const test::TempDir dir;
  Rng rng;
  const Linear shared(3, 3, rng, {.bias = false});
  Sequential net{shared, shared};
  io::SafetensorsWriter once, twice;
  once.add("1.weight", Tensor<float>::full({3, 3}, 7));
  once.write(dir / "once");
  io::load_weights(dir / "once", net);
  CHECK(shared.weight(2, 2) == 7);
  twice.add("0.weight", Tensor<float>::full({3, 3}, 1)),
      twice.add("1.weight", Tensor<float>::full({3, 3}, 2));
  twice.write(dir / "twice");
  CHECK_THAT(error_of([&] { io::load_weights(dir / "twice", net); }),
             ContainsSubstring("'0.weight' and '1.weight' differ, and are one memory in the model"));
  CHECK(shared.weight(2, 2) == 7);
}

TEST_CASE("a file that is something else is called what it is", "[io]") {
  const test::TempDir dir;
  const auto reason = [&](const std::string& bytes) {
    std::ofstream(dir / "w", std::ios::binary) << bytes;
    const std::string text = error_of([&] { io::SafetensorsReader reader(dir / "w"); });
    const std::string lead = "read_safetensors: " + (dir / "w").string() + ": ";
    REQUIRE(text.starts_with(lead));
    return text.substr(lead.size());
  };
  CHECK(reason("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n") ==
        "a Git LFS pointer, not the file itself, which `git lfs pull` fetches");
  const std::string page = "a page of HTML or XML, not the file itself: was its link a page about it?";
  CHECK(reason("<!DOCTYPE html>\n<html lang=\"en\">") == page);
  CHECK(reason("\xef\xbb\xbf\r\n  <html>") == page);
  CHECK(reason("<p>") == page);
  CHECK(reason("PK\x03\x04" + std::string(60, 'x')) == "a zip archive, as torch.save and numpy.savez write");
  CHECK(reason("\x80\x02}q" + std::string(60, 'x')) == "a Python pickle, as torch.save wrote");
  CHECK(reason("\x89HDF\r\n\x1a\n" + std::string(60, 'x')) == "an HDF5 file, as Keras writes");
  CHECK(reason("\x1f\x8b" + std::string(60, 'x')) == "compressed by gzip");
  CHECK(reason(std::string(16, 'x')) == "a header of 8680820740569200760 bytes in a file of 16");
  // A good file may begin by any length.
  write_raw(dir / "good",
            "{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}" + std::string(0x8b1f - 54, ' '),
            1);
  CHECK(io::SafetensorsReader(dir / "good").has("w"));
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
          "load_weights: " + path.string() + ": no tensor '2.bias'");
  refused(Sequential{Linear(4, 3, rng), BatchNorm(3)},
          "load_weights: " + path.string() + ": the model has no '2.weight'");
  // All that is wrong at once.
  refused(Sequential{Linear(4, 5, rng), LayerNorm(3), Linear(3, 2, rng), Linear(2, 2, rng, {.bias = false})},
          "load_weights: " + path.string() +
              ": no tensor '2.bias', '3.weight'; '0.weight' is (4, 3), expected (4, 5); '0.bias' is (3,), "
              "expected (5,); the model has no '1.running_mean', '1.running_var'");
  // A double holds what a float is, not the other way.
  Sequential wide{Linear<double>(4, 3, rng), BatchNorm<double>(3),
                  Linear<double>(3, 2, rng, {.bias = false})};
  io::load_weights(path, wide);
  CHECK(named_tensors(wide)[0].second(1, 2) == static_cast<double>(named_tensors(net)[0].second(1, 2)));
  io::save_weights(path, wide);
  refused(
      small_net(2), "load_weights: " + path.string() + ": " + [] {
        std::string all;
        for (const char* name :
             {"0.weight", "0.bias", "1.gamma", "1.beta", "1.running_mean", "1.running_var", "2.weight"})
          all += (all.empty() ? "'" : "; '") + std::string(name) + "' is F64, expected F32, F16 or BF16";
        return all;
      }());
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
  CHECK(reason(entry("F32", "[2,-1]", "[0,8]"), 8) == "'w': a shape that is not of whole numbers from 0");
  CHECK(reason(R"({"w":{"dtype":3,"shape":[2],"data_offsets":[0,8]}})", 8) ==
        "'w': a dtype that is not a text");
  CHECK(reason(entry("F32", "2", "[0,8]"), 8) == "'w': a shape that is not a list");
  CHECK(reason(entry("C64", "[2]", "[0,8]"), 8) == "'w': shape and dtype take another number of bytes");
  CHECK(reason(entry("F4", "[3]", "[0,1]"), 1) == "'w': shape and dtype take another number of bytes");
  CHECK(reason(entry("F32", "[0,4]", "[0,4]"), 4) == "'w': shape and dtype take another number of bytes");
  CHECK(reason(R"({"__metadata__":3})", 0) == "__metadata__ is not a JSON object");
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
