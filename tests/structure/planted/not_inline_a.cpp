#include "not_inline.hpp"

int main() { return planted_not_inline() - 1; }
