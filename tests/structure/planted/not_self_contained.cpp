#include "not_self_contained.hpp"
