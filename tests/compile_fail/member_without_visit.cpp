// expect: a member that is given to v needs a `void visit(auto&& v)` of its own
#include <figment/nn/linear.hpp>

struct Net {
  std::unique_ptr<figment::Linear<float>> hidden;
#ifdef RIGHT
  void visit(auto&& v) { v("hidden", *hidden); }
#else
  void visit(auto&& v) { v("hidden", hidden); }
#endif
};

auto f(Net& net) { return figment::parameters(net); }
