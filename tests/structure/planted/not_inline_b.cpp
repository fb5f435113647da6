#include "not_inline.hpp"
