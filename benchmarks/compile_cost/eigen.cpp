// The measure of benchmarks/compile_cost.sh: what Eigen alone costs to compile.
#include <Eigen/Dense>
#include <cstdio>

int main() {
  const Eigen::MatrixXf a = Eigen::MatrixXf::Random(64, 64), b = Eigen::MatrixXf::Random(64, 64);
  const Eigen::MatrixXf c = a * b;
  std::printf("%g\n", static_cast<double>(c.sum()));
}
