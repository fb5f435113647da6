// A program that catches what a shared library with hidden symbols throws.
#include <cstdio>
#include <figment/core/error.hpp>
#include <string>

#include "plugin.hpp"

int main() {
  int caught = 0;
  for (const bool in_a_layer : {false, true}) try {
      plugin_throw(in_a_layer);
    } catch (const figment::Error& e) {
      caught += std::string(e.what()).starts_with(in_a_layer ? "1 Linear" : "plugin: 3");
    } catch (const std::exception& e) {
      std::printf("caught, but not as a figment::Error: %s\n", e.what());
    }
  return caught == 2 ? 0 : 1;
}
