// Tables: numbers come back exactly, missing ones are empty, names with commas are quoted.
#include "figment/io/csv.hpp"

#include <limits>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temp_dir.hpp"

using namespace figment;

TEST_CASE("write_csv writes names and shortest numbers", "[csv]") {
  test::TempDir dir;
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  io::write_csv(dir / "runs/1.csv", {"epoch", "loss, total", "\"q\""},
                {{1, 0.1, -inf}, {2, nan, 1e-300}, {3, 1.0 / 3, nan}});
  CHECK(test::read_bytes(dir / "runs/1.csv") ==
        "epoch,\"loss, total\",\"\"\"q\"\"\"\n"
        "1,0.1,-inf\n"
        "2,,1e-300\n"
        "3,0.3333333333333333,\n");
  io::write_csv(dir / "empty.csv", {"a", "b"}, {});
  CHECK(test::read_bytes(dir / "empty.csv") == "a,b\n");
}

TEST_CASE("write_csv wants rows as long as the names", "[csv]") {
  test::TempDir dir;
  CHECK_THAT(test::error_of([&] {
               io::write_csv(dir / "t.csv", {"a", "b"}, {{1, 2}, {3}});
             }),
             ContainsSubstring("t.csv: row 1 has 1 values, expected 2"));
  CHECK_FALSE(std::filesystem::exists(dir / "t.csv"));
}
