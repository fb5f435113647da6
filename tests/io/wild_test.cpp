// Files of nothing, of NaN, and of networks and texts that they were not made for.
#include <bit>
#include <limits>

#include "figment/io/checkpoints.hpp"
#include "figment/io/config.hpp"
#include "figment/io/csv.hpp"
#include "figment/io/diagram.hpp"
#include "figment/io/npz.hpp"
#include "figment/io/onnx.hpp"
#include "figment/io/pytorch.hpp"
#include "figment/io/tensorboard.hpp"
#include "figment/nn/sequential.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/refusals.hpp"
#include "support/temp_dir.hpp"

using namespace figment;
using test::check_refusals;

namespace {

const double nan_value = std::numeric_limits<double>::quiet_NaN();

Tensor<float> zeros(const Shape& shape) { return Tensor<float>::zeros(shape); }

/// Undefined, empty of several ranks, a scalar, and values that are no numbers.
std::vector<Tensor<float>> odd_tensors() {
  const float nan = std::bit_cast<float>(0x7fc12345u), infinity = std::numeric_limits<float>::infinity();
  return {Tensor<float>(),
          zeros({0}),
          zeros({0, 3}),
          zeros({3, 0, 2}),
          zeros({0, 0, 0, 0, 0, 0}),
          Tensor<float>::scalar(-infinity),
          Tensor<float>({3}, {nan, infinity, -0.0f})};
}

}  // namespace

TEST_CASE("tensors of nothing and NaN come back from every kind of file, the undefined as empty", "[io]") {
  test::TempDir dir;
  io::NpzWriter npz;
  io::SafetensorsWriter safetensors;
  const auto all = odd_tensors();
  const auto same = [](const Tensor<float>& a, const Tensor<float>& b) {
    return a.shape() == b.shape() && test::bit_difference(a, b) == "";
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    io::save_npy(dir / "t.npy", all[i]);
    CHECK(same(io::load_npy(dir / "t.npy"), all[i]));
    npz.add(std::to_string(i), all[i]);
    safetensors.add(std::to_string(i), all[i]);
  }
  npz.write(dir / "t.npz");
  safetensors.write(dir / "t.safetensors");
  const io::SafetensorsReader reader(dir / "t.safetensors");
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(same(io::NpzReader(dir / "t.npz").read(std::to_string(i)), all[i]));
    CHECK(same(reader.read<float>(std::to_string(i)), all[i]));
  }
}

TEST_CASE("files of no tensors, settings and rows are such files", "[io]") {
  test::TempDir dir;
  io::save_npz(dir / "none.npz", {});
  CHECK(io::load_npz(dir / "none.npz").empty());
  Sequential<float> bare{Relu{}};
  io::save_weights(dir / "w", bare);
  io::load_weights(dir / "w", bare);
  io::export_pytorch(dir / "w", bare);
  io::import_pytorch(dir / "w", bare);
  CHECK(io::SafetensorsReader(dir / "w").names().empty());
  io::write_csv(dir / "t.csv", {}, {});
  CHECK(test::read_bytes(dir / "t.csv") == "\n");
  io::write_config(dir / "c.json", io::Settings::object());
  CHECK(io::settings_table(io::read_config(dir / "c.json")["settings"]).empty());
  CHECK(io::parse_settings({}).empty());
  CHECK(io::parse_settings({{"a", ""}, {"b", "1],[2"}, {"c", "nan"}}) ==
        io::Settings{{"a", ""}, {"b", "1],[2"}, {"c", "nan"}});
  CHECK(io::list_checkpoints(dir / "absent").empty());
}

TEST_CASE("a network of no layers is drawn as one that passes on its input", "[io]") {
  test::TempDir dir;
  Sequential<float> none;
  CHECK(io::diagram_svg(none, {2}).find("input (N, 2)") != std::string::npos);
  CHECK(io::diagram_dot(none, {2}).find("input -> layer_0;") != std::string::npos);
  io::TensorBoardWriter board(dir / "run");
  board.graph("none", none, {2});
  board.scalar("", -1, nan_value);
  board.text("", 0, "");
  board.flush();
}

TEST_CASE("what no file can be made of is refused by name", "[io]") {
  test::TempDir dir;
  Rng rng(1);
  Sequential net{Linear(3, 2, rng)};
  TrainPosition position;
  const io::Checkpoint checkpoint(position);
  io::SafetensorsWriter latin;
  latin.add("caf\xe9", zeros({1}));
  io::FileWriter file(dir / "file");
  file.commit();
  io::TensorBoardWriter board(dir / "run");
  const auto onnx = [&](const Shape& s) { return [&net, s, &dir] { io::export_onnx(dir / "x", net, s); }; };
  const std::string cannot = "cannot write " + (dir / "file").string() + ": ";
  check_refusals({
      {"png: ", "takes 4 bytes, found 0",
       [&] {
         board.image("x", 0, {2, 2, 1, {}});
       }},
      {"checkpoints: ", "found 0", [&] { io::Checkpoints(dir.path(), checkpoint, {.keep = 0}); }},
      {"checkpoints: ", "found -1 and 0",
       [&] { io::Checkpoints(dir.path(), checkpoint, {.every_epochs = -1}); }},
      {"checkpoint: ", "'state'", [&] { io::Checkpoint(position).add_text("state", ""); }},
      {"save_safetensors: ", "UTF-8 string", [&] { latin.write(dir / "w"); }},
      {"save_safetensors: ", "'__metadata__'", [&] { latin.add("__metadata__", zeros({1})); }},
      {"write_config: ", "found null", [&] { io::write_config(dir / "c", {}); }},
      {cannot, "committed", [&] { file.write("x", 1); }},
      {cannot, "committed", [&] { file.commit(); }},
      {"cannot write : ", "No such file", [] { io::write_file("", std::string_view("x")); }},
      {"0 Linear(3, 2): ", "x (1, 0)", onnx({0})},
      {"0 Linear(3, 2): ", "x (1,)", onnx({})},
      {"shape: ", "6 dimensions", onnx({1, 1, 1, 1, 1, 1})},
      {"0 Linear(3, 2): ", "x (1, 2)", [&] { io::diagram(net, {2}); }},
      {"0 Linear(3, 2): ", "x (1, 2)", [&] { board.graph("net", net, {2}); }},
      {"0 Linear(3, 2): ", "x (1, 2)", [&] { io::export_pytorch(dir / "w", net, {.sample = {2}}); }},
  });
  CHECK_FALSE(std::filesystem::exists(dir / "w"));
  const io::Settings names{{"names", io::Settings::array({"caf\xe9"})}};
  CHECK(io::settings_table(names)[0].second == "[\"caf\xef\xbf\xbd\"]");
}
