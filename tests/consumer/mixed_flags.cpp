// models.cpp is in this program twice, built with different -m flags. Whichever of the two makes the models,
// trains them and looks at them, the figures are the same to the bit. With an argument only the first one is
// run, for CPUs that cannot run the other.
#include <cstdio>
#include <cstring>

#include "models.hpp"

int main(int argc, char**) {
  const int ways = argc > 1 ? 1 : 8;
  Models (*const makes[])() = {one::make, two::make};
  void (*const learns[])(Models&) = {one::learn, two::learn};
  std::vector<float> (*const looks[])(const Models&) = {one::figures, two::figures};

  std::vector<float> expected;
  int wrong = 0, moved = 0;
  for (int way = 0; way < ways; ++way) {
    Models models = makes[way & 1]();
    const auto before = looks[0](models);
    learns[way >> 1 & 1](models);
    const auto found = looks[way >> 2 & 1](models);
    moved += before != found;
    if (way == 0) expected = found;
    std::size_t differ = 0;
    for (std::size_t i = 0; i < found.size(); ++i)
      differ += std::memcmp(&found[i], &expected[i], sizeof(float)) != 0;
    if (found.size() != expected.size() || differ) {
      std::printf("made by %d, trained by %d, read by %d: %zu of %zu figures differ\n", way & 1, way >> 1 & 1,
                  way >> 2 & 1, differ, found.size());
      ++wrong;
    }
  }
  if (moved != ways) std::puts("training changed nothing");
  // mixed_flags.cmake compares it between programs.
  unsigned long long sum = 14695981039346656037ull;
  for (const float f : expected) {
    unsigned bits;
    std::memcpy(&bits, &f, sizeof bits);
    sum = (sum ^ bits) * 1099511628211ull;
  }
  std::printf("%zu figures %016llx\n", expected.size(), sum);
  return wrong || moved != ways;
}
