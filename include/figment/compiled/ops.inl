// The operations that figment::compiled has, of the element type FIGMENT_T. Included within namespace
// figment, where FIGMENT_INSTANCE is `template`, to compile them, or `extern template`, to say that they are
// compiled elsewhere.

// autograd/arithmetic.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> broadcast_to(const Tensor<FIGMENT_T>&, const Shape&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> sum_to(const Tensor<FIGMENT_T>&, const Shape&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> operator+(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> operator*(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&);

// ops/arithmetic.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> affine(const Tensor<FIGMENT_T>&, double, double);
FIGMENT_INSTANCE Tensor<FIGMENT_T> operator-(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> operator+(const Tensor<FIGMENT_T>&, double);
FIGMENT_INSTANCE Tensor<FIGMENT_T> operator+(double, const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> operator-(const Tensor<FIGMENT_T>&, double);
FIGMENT_INSTANCE Tensor<FIGMENT_T> operator-(double, const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> operator*(const Tensor<FIGMENT_T>&, double);
FIGMENT_INSTANCE Tensor<FIGMENT_T> operator*(double, const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> operator-(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> operator/(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> operator/(const Tensor<FIGMENT_T>&, double);
FIGMENT_INSTANCE Tensor<FIGMENT_T> operator/(double, const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> pow(const Tensor<FIGMENT_T>&, double);
FIGMENT_INSTANCE Tensor<FIGMENT_T> pow(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> maximum(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> minimum(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&);

// ops/math.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> exp(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> log(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> log1p(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> expm1(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> sqrt(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> square(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> reciprocal(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> rsqrt(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> sin(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> cos(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> tan(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> atan2(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> xlogy(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> erf(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> sign(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> floor(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> ceil(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> round(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> abs(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> clamp(const Tensor<FIGMENT_T>&, double, double);

// ops/activation.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> relu(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> leaky_relu(const Tensor<FIGMENT_T>&, double);
FIGMENT_INSTANCE Tensor<FIGMENT_T> sigmoid(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> tanh(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> softplus(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> log_sigmoid(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> elu(const Tensor<FIGMENT_T>&, double);
FIGMENT_INSTANCE Tensor<FIGMENT_T> silu(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> gelu(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> gelu_tanh(const Tensor<FIGMENT_T>&);

// ops/compare.hpp
FIGMENT_INSTANCE Mask is_finite(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Mask is_nan(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Mask is_inf(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> where(const Mask&, const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&);

// ops/reduce.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> sum(const Tensor<FIGMENT_T>&, const Axes&, Dims);
FIGMENT_INSTANCE Tensor<FIGMENT_T> mean(const Tensor<FIGMENT_T>&, const Axes&, Dims);
FIGMENT_INSTANCE Tensor<FIGMENT_T> var(const Tensor<FIGMENT_T>&, const Axes&, Dims, Variance);
FIGMENT_INSTANCE Tensor<FIGMENT_T> std_dev(const Tensor<FIGMENT_T>&, const Axes&, Dims, Variance);
FIGMENT_INSTANCE Tensor<FIGMENT_T>(max)(const Tensor<FIGMENT_T>&, const Axes&, Dims);
FIGMENT_INSTANCE Tensor<FIGMENT_T>(min)(const Tensor<FIGMENT_T>&, const Axes&, Dims);
FIGMENT_INSTANCE Indices argmax(const Tensor<FIGMENT_T>&, Index);
FIGMENT_INSTANCE Indices argmin(const Tensor<FIGMENT_T>&, Index);
FIGMENT_INSTANCE Index argmax(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> logsumexp(const Tensor<FIGMENT_T>&, const Axes&, Dims);
FIGMENT_INSTANCE Tensor<FIGMENT_T> softmax(const Tensor<FIGMENT_T>&, Index);
FIGMENT_INSTANCE Tensor<FIGMENT_T> log_softmax(const Tensor<FIGMENT_T>&, Index);

// ops/integer_reduce.hpp
FIGMENT_INSTANCE Mask any(const Tensor<FIGMENT_T>&, const Axes&, Dims);
FIGMENT_INSTANCE Mask all(const Tensor<FIGMENT_T>&, const Axes&, Dims);

// ops/shape.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> reshape(const Tensor<FIGMENT_T>&, const Shape&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> reshape(const Tensor<FIGMENT_T>&, std::initializer_list<Index>);
FIGMENT_INSTANCE Tensor<FIGMENT_T> flatten(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> unsqueeze(const Tensor<FIGMENT_T>&, Index);
FIGMENT_INSTANCE Tensor<FIGMENT_T> squeeze(const Tensor<FIGMENT_T>&, Index);
FIGMENT_INSTANCE Tensor<FIGMENT_T> permute(const Tensor<FIGMENT_T>&, const Shape&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> transpose(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> slice(const Tensor<FIGMENT_T>&, Index, Index, Index, Index);
FIGMENT_INSTANCE Tensor<FIGMENT_T> slice(const Tensor<FIGMENT_T>&, std::initializer_list<Slice>);
FIGMENT_INSTANCE Tensor<FIGMENT_T> select(const Tensor<FIGMENT_T>&, Index, Index);
FIGMENT_INSTANCE Tensor<FIGMENT_T> concat(std::initializer_list<Tensor<FIGMENT_T>>, Index);
FIGMENT_INSTANCE Tensor<FIGMENT_T> concat(const std::vector<Tensor<FIGMENT_T>>&, Index);
FIGMENT_INSTANCE Tensor<FIGMENT_T> stack(const std::vector<Tensor<FIGMENT_T>>&, Index);

// ops/index.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> take(const Tensor<FIGMENT_T>&, const Indices&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> index_select(const Tensor<FIGMENT_T>&, Index, const Indices&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> pick(const Tensor<FIGMENT_T>&, const Indices&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> one_hot(const Indices&, Index);

// ops/flip.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> flip(const Tensor<FIGMENT_T>&, const Axes&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> roll(const Tensor<FIGMENT_T>&, Index, Index);
FIGMENT_INSTANCE Tensor<FIGMENT_T> roll(const Tensor<FIGMENT_T>&, std::initializer_list<Index>,
                                        std::initializer_list<Index>);
FIGMENT_INSTANCE Tensor<FIGMENT_T> roll(const Tensor<FIGMENT_T>&, Index);

// ops/gather.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> gather(const Tensor<FIGMENT_T>&, Index, const Indices&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> scatter_add(const Tensor<FIGMENT_T>&, Index, const Indices&,
                                               const Tensor<FIGMENT_T>&);

// ops/pad.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> pad(const Tensor<FIGMENT_T>&, std::span<const PadWidth>, PadMode, double);
FIGMENT_INSTANCE Tensor<FIGMENT_T> pad(const Tensor<FIGMENT_T>&, std::initializer_list<PadWidth>, PadMode,
                                       double);

// ops/sort.hpp
FIGMENT_INSTANCE Sorted<FIGMENT_T> sort(const Tensor<FIGMENT_T>&, Index, bool);
FIGMENT_INSTANCE Indices argsort(const Tensor<FIGMENT_T>&, Index, bool);
FIGMENT_INSTANCE Sorted<FIGMENT_T> topk(const Tensor<FIGMENT_T>&, Index, Index, bool);

// ops/split.hpp
FIGMENT_INSTANCE std::vector<Tensor<FIGMENT_T>> split(const Tensor<FIGMENT_T>&, const std::vector<Index>&,
                                                      Index);
FIGMENT_INSTANCE std::vector<Tensor<FIGMENT_T>> split(const Tensor<FIGMENT_T>&, std::initializer_list<Index>,
                                                      Index);
FIGMENT_INSTANCE std::vector<Tensor<FIGMENT_T>> split(const Tensor<FIGMENT_T>&, Index, Index);
FIGMENT_INSTANCE std::vector<Tensor<FIGMENT_T>> chunk(const Tensor<FIGMENT_T>&, Index, Index);

// ops/tile.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> tile(const Tensor<FIGMENT_T>&, std::initializer_list<Index>);
FIGMENT_INSTANCE Tensor<FIGMENT_T> repeat(const Tensor<FIGMENT_T>&, std::initializer_list<Index>);
FIGMENT_INSTANCE Tensor<FIGMENT_T> repeat_interleave(const Tensor<FIGMENT_T>&, Index, Index);
FIGMENT_INSTANCE Tensor<FIGMENT_T> repeat_interleave(const Tensor<FIGMENT_T>&, const Indices&, Index);

// ops/einsum.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> einsum(std::string_view, const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> einsum(std::string_view, const Tensor<FIGMENT_T>&,
                                          const Tensor<FIGMENT_T>&);

// ops/matmul.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> matmul(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&, Transpose);
FIGMENT_INSTANCE Tensor<FIGMENT_T> linear(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&,
                                          const Tensor<FIGMENT_T>&, Activation, double);

// ops/conv2d.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> conv2d(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&,
                                          const Tensor<FIGMENT_T>&, const ConvOptions&, Activation, double);
FIGMENT_INSTANCE Tensor<FIGMENT_T> conv_transpose2d(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&,
                                                    const Tensor<FIGMENT_T>&, const ConvOptions&, Extent2,
                                                    Activation, double);

// ops/conv1d.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> conv1d(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&,
                                          const Tensor<FIGMENT_T>&, const ConvOptions&, Activation, double);

// ops/embedding.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> embedding(const Tensor<FIGMENT_T>&, const Indices&, Index);

// ops/pixel_shuffle.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> pixel_shuffle(const Tensor<FIGMENT_T>&, Index);
FIGMENT_INSTANCE Tensor<FIGMENT_T> pixel_unshuffle(const Tensor<FIGMENT_T>&, Index);

// ops/pool.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> max_pool2d(const Tensor<FIGMENT_T>&, const PoolOptions&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> avg_pool2d(const Tensor<FIGMENT_T>&, const PoolOptions&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> adaptive_max_pool2d(const Tensor<FIGMENT_T>&, Extent2);
FIGMENT_INSTANCE Tensor<FIGMENT_T> adaptive_avg_pool2d(const Tensor<FIGMENT_T>&, Extent2);

// ops/product.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> prod(const Tensor<FIGMENT_T>&, const Axes&, Dims);

// ops/scan.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> cumsum(const Tensor<FIGMENT_T>&, Index);

// ops/straight_through.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> stop_gradient(const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> straight_through(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&);

// ops/triangle.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> tril(const Tensor<FIGMENT_T>&, Index);
FIGMENT_INSTANCE Tensor<FIGMENT_T> triu(const Tensor<FIGMENT_T>&, Index);

// ops/vector_norm.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> norm(const Tensor<FIGMENT_T>&, double, const Axes&, Dims);

// ops/upsample.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> resize2d(const Tensor<FIGMENT_T>&, Extent2, Interpolation);
FIGMENT_INSTANCE Tensor<FIGMENT_T> upsample2d(const Tensor<FIGMENT_T>&, Extent2, Interpolation);

// ops/batch_norm.hpp
FIGMENT_INSTANCE BatchMoments<FIGMENT_T> batch_moments(const Tensor<FIGMENT_T>&, const char*);
FIGMENT_INSTANCE Tensor<FIGMENT_T> batch_norm(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&,
                                              const Tensor<FIGMENT_T>&, double, Activation, double,
                                              BatchMoments<FIGMENT_T>*);
FIGMENT_INSTANCE Tensor<FIGMENT_T> batch_norm(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&,
                                              const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&,
                                              const Tensor<FIGMENT_T>&, double, Activation, double);

// ops/layer_norm.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> layer_norm(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&,
                                              const Tensor<FIGMENT_T>&, double);

// ops/attention.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> scaled_dot_product_attention(const Tensor<FIGMENT_T>&,
                                                                const Tensor<FIGMENT_T>&,
                                                                const Tensor<FIGMENT_T>&,
                                                                const AttentionOptions<FIGMENT_T>&);

// ops/positions.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> sinusoidal_positions(Index, Index);
FIGMENT_INSTANCE Tensor<FIGMENT_T> rotary_positions(const Tensor<FIGMENT_T>&, RotaryOptions);
FIGMENT_INSTANCE Tensor<FIGMENT_T> time_embedding(const Tensor<FIGMENT_T>&, Index);

// ops/recurrent.hpp
FIGMENT_INSTANCE std::array<Tensor<FIGMENT_T>, 2> lstm(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&,
                                                       const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> gru(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&,
                                       const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&);

// ops/group_norm.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> group_norm(const Tensor<FIGMENT_T>&, Index, const Tensor<FIGMENT_T>&,
                                              const Tensor<FIGMENT_T>&, double);

// ops/rms_norm.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> rms_norm(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&, double);

// ops/prelu.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> prelu(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&);

// ops/loss.hpp
FIGMENT_INSTANCE Tensor<FIGMENT_T> mse(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&, Reduction);
FIGMENT_INSTANCE Tensor<FIGMENT_T> mae(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&, Reduction);
FIGMENT_INSTANCE Tensor<FIGMENT_T> huber(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&, double,
                                         Reduction);
FIGMENT_INSTANCE Tensor<FIGMENT_T> bce(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&, Reduction);
FIGMENT_INSTANCE Tensor<FIGMENT_T> bce_with_logits(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&,
                                                   Reduction);
FIGMENT_INSTANCE Tensor<FIGMENT_T> bce_with_logits(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&,
                                                   const BceOptions<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> cross_entropy(const Tensor<FIGMENT_T>&, const Indices&, Reduction);
FIGMENT_INSTANCE Tensor<FIGMENT_T> cross_entropy(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&,
                                                 const CrossEntropyOptions<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> cross_entropy(const Tensor<FIGMENT_T>&, const Indices&,
                                                 const CrossEntropyOptions<FIGMENT_T>&);
FIGMENT_INSTANCE Tensor<FIGMENT_T> gaussian_kl(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&, Reduction);
FIGMENT_INSTANCE Tensor<FIGMENT_T> gaussian_kl(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&,
                                               const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&, Reduction);
FIGMENT_INSTANCE Tensor<FIGMENT_T> kl_divergence(const Tensor<FIGMENT_T>&, const Tensor<FIGMENT_T>&,
                                                 Reduction);
