// figment: tensors, reverse-mode autodiff, layers, losses, optimisers and generative models.
// Apart from it stand figment/data.hpp (needs zlib), figment/io.hpp (needs stb), and what includes Eigen,
// which takes as long to compile as all that is here: figment/core/eigen.hpp (tensors as Eigen matrices and
// arrays), figment/core/eigen_tensor.hpp and figment/nn/orthogonal.hpp. figment/autograd/gradcheck.hpp is for
// tests.
#pragma once

#include "figment/autograd/grad.hpp"
#include "figment/models/latent.hpp"
#include "figment/models/vae.hpp"
#include "figment/nn/activation.hpp"
#include "figment/nn/dropout.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/reshape.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/nn/summary.hpp"
#include "figment/ops/activation.hpp"
#include "figment/ops/arithmetic.hpp"
#include "figment/ops/compare.hpp"
#include "figment/ops/conv2d.hpp"
#include "figment/ops/index.hpp"
#include "figment/ops/loss.hpp"
#include "figment/ops/math.hpp"
#include "figment/ops/matmul.hpp"
#include "figment/ops/reduce.hpp"
#include "figment/ops/shape.hpp"
#include "figment/optim/adadelta.hpp"
#include "figment/optim/adagrad.hpp"
#include "figment/optim/adam.hpp"
#include "figment/optim/clip.hpp"
#include "figment/optim/rmsprop.hpp"
#include "figment/optim/schedule.hpp"
#include "figment/optim/sgd.hpp"
#include "figment/train/callback.hpp"
#include "figment/train/fit.hpp"
#include "figment/train/history.hpp"
#include "figment/train/interrupt.hpp"
#include "figment/train/progress.hpp"
