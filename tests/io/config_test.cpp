// Settings written and read back, and files that are none.
#include "figment/io/config.hpp"

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temp_dir.hpp"

using namespace figment;
using test::error_of;

TEST_CASE("settings come back as what they were", "[config]") {
  test::TempDir dir;
  const auto seed = std::numeric_limits<std::uint64_t>::max();
  const io::Settings settings{{"recipe", "vae-256 \"quoted\" é"},
                              {"seed", seed},
                              {"epochs", 20},
                              {"rate", 1e-3},
                              {"third", 1.0 / 3},
                              {"momentum", 1.0},
                              {"smoke", false},
                              {"hidden", {256, 128}},
                              {"loss", {{"real_label", 0.9}}}};
  io::write_config(dir / "new/config.json", settings);
  const io::Settings back = io::read_config(dir / "new/config.json");
  CHECK(back["settings"] == settings);
  CHECK(back["settings"]["seed"].get<std::uint64_t>() == seed);
  CHECK(back["settings"]["third"].get<double>() == 1.0 / 3);
  CHECK(back["settings"]["epochs"].is_number_integer());
  CHECK(back["settings"]["momentum"].is_number_float());
  CHECK(back["settings"].begin().key() == "recipe");  // in their order

  const io::Settings& environment = back["environment"];
  CHECK(environment["figment"] == std::string(version));
  CHECK(environment["threads"] == num_threads());
  CHECK(environment["instruction_set"] == std::string(kernels::name(kernels::isa())));
  CHECK(environment["compiler"].get<std::string>().size() > 4);
  CHECK(environment["time"].get<std::string>().size() == 20);
}

TEST_CASE("settings as a table", "[config]") {
  const auto rows = io::settings_table(
      {{"name", "x"}, {"epochs", 20}, {"rate", 1e-3}, {"hidden", {1, 2}}, {"loss", {{"a", {{"b", true}}}}}});
  const std::vector<std::pair<std::string, std::string>> expected{
      {"name", "x"}, {"epochs", "20"}, {"rate", "0.001"}, {"hidden", "[1,2]"}, {"loss.a.b", "true"}};
  CHECK(rows == expected);
}

TEST_CASE("settings of a command line are numbers where they read as numbers", "[config]") {
  CHECK(io::parse_settings({{"epochs", "20"},
                            {"rate", "1e-3"},
                            {"seed", "18446744073709551615"},
                            {"smoke", "false"},
                            {"hidden", "256,128"},
                            {"recipe", "vae-256"},
                            {"out", ""},
                            {"data", "a,b"},
                            {"text", "\"1\""},
                            {"list", "[1,2]"}}) == io::Settings{{"epochs", 20},
                                                                {"rate", 1e-3},
                                                                {"seed", 18446744073709551615u},
                                                                {"smoke", false},
                                                                {"hidden", {256, 128}},
                                                                {"recipe", "vae-256"},
                                                                {"out", ""},
                                                                {"data", "a,b"},
                                                                {"text", "\"1\""},
                                                                {"list", "[1,2]"}});
}

TEST_CASE("what is no file of settings is an error", "[config]") {
  test::TempDir dir;
  const auto reading = [&](const std::string& bytes) {
    test::write_bytes(dir / "config.json", bytes);
    return error_of([&] { io::read_config(dir / "config.json"); });
  };
  CHECK_THAT(error_of([&] { io::read_config(dir / "missing.json"); }),
             ContainsSubstring("missing.json: cannot be opened"));
  CHECK_THAT(error_of([&] { io::read_config(dir.path()); }), StartsWith("read_config: "));
  CHECK_THAT(reading("{\"settings\": {\"a\": 1"),
             ContainsSubstring("config.json: ") && ContainsSubstring("parse error at line 1, column 21"));
  CHECK_THAT(reading(""), ContainsSubstring("parse error"));
  for (const char* other : {"[]", "3", "{}", "{\"settings\": 3}"})
    CHECK_THAT(reading(other), ContainsSubstring("expected an object with 'settings'"));
  CHECK_THAT(reading(std::string((1 << 24) + 1, ' ')), ContainsSubstring("at most 16777216 bytes"));

  CHECK_THAT(error_of([&] {
               io::write_config(dir / "a.json", {1, 2});
             }),
             ContainsSubstring("a.json: expected settings by name, found array"));
  io::write_config(dir / "odd.json", {{"path", "\xff\xfe"}, {"loss", std::nan("")}});
  CHECK(io::read_config(dir / "odd.json")["settings"]["loss"].is_null());
}
