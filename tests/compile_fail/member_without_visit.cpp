// expect: a member that is given to v needs a `void visit(auto&& v)` of its own
#include <figment/nn/linear.hpp>

struct Net {
  std::vector<figment::Linear<float>> hidden;
#ifdef RIGHT
  void visit(auto&& v) {
    for (std::size_t i = 0; i < hidden.size(); ++i) v(std::to_string(i), hidden[i]);
  }
#else
  void visit(auto&& v) { v("hidden", hidden); }
#endif
};

auto f(Net& net) { return figment::parameters(net); }
