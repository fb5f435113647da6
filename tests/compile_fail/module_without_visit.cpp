// expect: a module needs `void visit(auto&& v)`
#include <figment/nn/linear.hpp>

struct Net {
  figment::Linear<float> hidden;
#ifdef RIGHT
  void visit(auto&& v) { v("hidden", hidden); }
#endif
};

auto f(Net& net) { return figment::parameters(net); }
