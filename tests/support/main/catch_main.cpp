// The main function, where no library of Catch2 2 has it.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
