#include <algorithm>

#include "hostile_macros.hpp"

int smaller(int a, int b);
int smaller(int a, int b) { return std::min(a, b); }
