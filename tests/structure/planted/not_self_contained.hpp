#pragma once
// Uses std::string without including it: a header that does not compile alone.
inline std::string planted() { return "planted"; }
