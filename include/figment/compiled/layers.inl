// The tensors, layers, optimisers and the engine that figment::compiled has, of the element type FIGMENT_T:
// as ops.inl.

// core/, autograd/
FIGMENT_INSTANCE class Tensor<FIGMENT_T>;
FIGMENT_INSTANCE TensorList<FIGMENT_T> vjp(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&,
                                           std::span<const Tensor<FIGMENT_T>>, GradOptions);
FIGMENT_INSTANCE TensorList<FIGMENT_T> grad(const Tensor<FIGMENT_T>&, std::span<const Tensor<FIGMENT_T>>,
                                            GradOptions);
FIGMENT_INSTANCE TensorList<FIGMENT_T> grad(const Tensor<FIGMENT_T>&,
                                            std::initializer_list<Tensor<FIGMENT_T>>, GradOptions);
FIGMENT_INSTANCE Tensor<FIGMENT_T> grad(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&, GradOptions);

// nn/
FIGMENT_INSTANCE class Sequential<FIGMENT_T>;
FIGMENT_INSTANCE struct Linear<FIGMENT_T>;
FIGMENT_INSTANCE struct Conv2d<FIGMENT_T>;
FIGMENT_INSTANCE struct Conv1d<FIGMENT_T>;
FIGMENT_INSTANCE struct ConvTranspose2d<FIGMENT_T>;
FIGMENT_INSTANCE struct Embedding<FIGMENT_T>;
FIGMENT_INSTANCE struct BatchNorm<FIGMENT_T>;
FIGMENT_INSTANCE struct Gru<FIGMENT_T>;
FIGMENT_INSTANCE struct LayerNorm<FIGMENT_T>;
FIGMENT_INSTANCE struct LabelEmbedding<FIGMENT_T>;
FIGMENT_INSTANCE struct Lstm<FIGMENT_T>;
FIGMENT_INSTANCE struct MaskedLinear<FIGMENT_T>;
FIGMENT_INSTANCE struct MultiHeadAttention<FIGMENT_T>;
FIGMENT_INSTANCE struct VectorQuantizer<FIGMENT_T>;
FIGMENT_INSTANCE struct Residual<FIGMENT_T>;
FIGMENT_INSTANCE struct Skip<FIGMENT_T>;
FIGMENT_INSTANCE struct Parallel<FIGMENT_T>;
FIGMENT_INSTANCE struct GroupNorm<FIGMENT_T>;
FIGMENT_INSTANCE struct InstanceNorm<FIGMENT_T>;
FIGMENT_INSTANCE struct RmsNorm<FIGMENT_T>;
FIGMENT_INSTANCE struct PRelu<FIGMENT_T>;

// optim/
FIGMENT_INSTANCE class Sgd<FIGMENT_T>;
FIGMENT_INSTANCE class Adam<FIGMENT_T>;
FIGMENT_INSTANCE class AdamW<FIGMENT_T>;
FIGMENT_INSTANCE class RmsProp<FIGMENT_T>;
FIGMENT_INSTANCE class Adagrad<FIGMENT_T>;
FIGMENT_INSTANCE class Adadelta<FIGMENT_T>;
FIGMENT_INSTANCE class Lion<FIGMENT_T>;
FIGMENT_INSTANCE class Muon<FIGMENT_T>;
FIGMENT_INSTANCE class NAdam<FIGMENT_T>;
FIGMENT_INSTANCE class RAdam<FIGMENT_T>;
FIGMENT_INSTANCE class Ema<FIGMENT_T>;
FIGMENT_INSTANCE double gradient_norm(std::span<const Tensor<FIGMENT_T>>);
FIGMENT_INSTANCE double clip_by_norm(TensorList<FIGMENT_T>&, double, NonFinite);
FIGMENT_INSTANCE void clip_by_value(TensorList<FIGMENT_T>&, double);

// The updates' kernels, which those that are inlined would compile again.
FIGMENT_INSTANCE void kernels::update(const kernels::op::Sgd&, FIGMENT_T*, const FIGMENT_T*, FIGMENT_T*,
                                      FIGMENT_T*, FIGMENT_T*, Index);
FIGMENT_INSTANCE void kernels::update(const kernels::op::Adam&, FIGMENT_T*, const FIGMENT_T*, FIGMENT_T*,
                                      FIGMENT_T*, FIGMENT_T*, Index);
FIGMENT_INSTANCE void kernels::update(const kernels::op::RmsProp&, FIGMENT_T*, const FIGMENT_T*, FIGMENT_T*,
                                      FIGMENT_T*, FIGMENT_T*, Index);
FIGMENT_INSTANCE void kernels::update(const kernels::op::Adagrad&, FIGMENT_T*, const FIGMENT_T*, FIGMENT_T*,
                                      FIGMENT_T*, FIGMENT_T*, Index);
FIGMENT_INSTANCE void kernels::update(const kernels::op::Adadelta&, FIGMENT_T*, const FIGMENT_T*, FIGMENT_T*,
                                      FIGMENT_T*, FIGMENT_T*, Index);
FIGMENT_INSTANCE void kernels::update(const kernels::op::NAdam&, FIGMENT_T*, const FIGMENT_T*, FIGMENT_T*,
                                      FIGMENT_T*, FIGMENT_T*, Index);
FIGMENT_INSTANCE void kernels::update(const kernels::op::RAdam&, FIGMENT_T*, const FIGMENT_T*, FIGMENT_T*,
                                      FIGMENT_T*, FIGMENT_T*, Index);
FIGMENT_INSTANCE void kernels::update(const kernels::op::Lion&, FIGMENT_T*, const FIGMENT_T*, FIGMENT_T*,
                                      FIGMENT_T*, FIGMENT_T*, Index);
