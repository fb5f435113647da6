// Every header here and in two_units_b.cpp: a definition that is not inline is a duplicate symbol at the
// link.
#include "every_header.hpp"

int other_unit();

int main() { return other_unit(); }
