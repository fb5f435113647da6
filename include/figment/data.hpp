// Datasets, their files and batches. Needs zlib.
#pragma once

#include "figment/data/binarize.hpp"
#include "figment/data/csv.hpp"
#include "figment/data/dataset.hpp"
#include "figment/data/find_mnist.hpp"
#include "figment/data/idx.hpp"
#include "figment/data/libsvm.hpp"
#include "figment/data/loader.hpp"
#include "figment/data/mnist.hpp"
