// Optimisers by name, for recipes and command lines.
#pragma once

#include <figment/figment.hpp>

namespace recipes {

inline const std::vector<std::string> optimizer_names{"adam", "rmsprop", "adadelta", "adagrad", "sgd"};

/// The learning rate of figment's defaults; 0 of an optimizer that is none of the names.
inline double default_rate(const std::string& optimizer) {
  using namespace figment;
  if (optimizer == "adam") return AdamOptions{}.rate;
  if (optimizer == "rmsprop") return RmsPropOptions{}.rate;
  if (optimizer == "adadelta") return AdadeltaOptions{}.rate;
  if (optimizer == "adagrad") return AdagradOptions{}.rate;
  return optimizer == "sgd" ? SgdOptions{}.rate : 0;
}

inline std::unique_ptr<figment::Optimizer<float>> make_optimizer(const std::string& name,
                                                                 figment::TensorList<float> parameters,
                                                                 double rate) {
  using namespace figment;
  if (name == "adam") return std::make_unique<Adam<float>>(std::move(parameters), AdamOptions{.rate = rate});
  if (name == "rmsprop")
    return std::make_unique<RmsProp<float>>(std::move(parameters), RmsPropOptions{.rate = rate});
  if (name == "adadelta")
    return std::make_unique<Adadelta<float>>(std::move(parameters), AdadeltaOptions{.rate = rate});
  if (name == "adagrad")
    return std::make_unique<Adagrad<float>>(std::move(parameters), AdagradOptions{.rate = rate});
  ensure(name == "sgd", "expected an optimizer of adam, rmsprop, adadelta, adagrad, sgd, found '{}'", name);
  return std::make_unique<Sgd<float>>(std::move(parameters), SgdOptions{.rate = rate});
}

}  // namespace recipes
