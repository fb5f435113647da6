// The gradient of a convolution by its weights, as products over gathered rows. Not recorded.
//
// A row of the product is a channel of one operand at one tap, a column a channel of the other, and the depth
// runs over positions. The operand with channels enough to fill vectors gives the columns. The other is
// copied a block of images at a time, a register tile's channels side by side: all taps and columns use the
// copy. If it has so few channels that one tap's would leave a tile empty, the rows of all taps are taken at
// once; then each position must have all taps, and the copy has zeros around it. Otherwise a tap's products
// are those of the positions that have it.
#pragma once

#include "figment/ops/conv_products.hpp"

namespace figment::detail {

/// Rows and columns of the product, and the order of its sums, which does not depend on the threads.
template <class T>
struct WeightProduct {
  const ConvGeometry& g;
  Index in, out;   // channels of a group
  bool rows_of_x;  // else of dy
  bool spread;     // rows of all taps at once, from a copy with zeros around it
  Index a_channels, b_channels, taps;
  ConvAxis rows, columns;
  Index a_rows, a_columns, pixel;  // of an image of the copy; channels side by side
  Index b_rows, b_columns;         // of an image of the operand that gives the columns
  Index width, panels, images, chunks, chunk_images;

  explicit WeightProduct(const ConvGeometry& geometry)
      : g(geometry), in(g.in / g.groups), out(g.out / g.groups), rows(g.rows), columns(g.columns) {
    const auto waste = [](Index n) {
      const Index panel = kernels::gather_width<T>(n, false), used = std::max<Index>(n, 1);
      return static_cast<double>((used + panel - 1) / panel * panel) / static_cast<double>(used);
    };
    // Neighbouring inputs are neighbouring positions of dy only where the stride is 1.
    rows_of_x = rows.stride != 1 || columns.stride != 1 || waste(out) <= waste(in);
    a_channels = rows_of_x ? in : out, b_channels = rows_of_x ? out : in;
    width = kernels::gather_width<T>(b_channels, false);
    taps = rows.window * columns.window;
    spread = a_channels < 24;
    const auto extent = [&](const ConvAxis& a) {
      const Index reach = (a.window - 1) * a.dilation;
      return rows_of_x ? (a.output - 1) * a.stride + reach + 1 : a.input + reach;
    };
    a_rows = spread ? extent(rows) : rows_of_x ? rows.input : rows.output;
    a_columns = spread ? extent(columns) : rows_of_x ? columns.input : columns.output;
    pixel = spread ? a_channels : 6;
    b_rows = rows_of_x ? rows.output : rows.input, b_columns = rows_of_x ? columns.output : columns.input;
    panels = (b_channels + width - 1) / width;
    // Deep enough that sums seldom leave the registers, and an operand's images still in L2.
    const Index depth = b_rows * b_columns, image = a_rows * a_columns * a_channels * Index{sizeof(T)};
    images = (std::min)(768 / std::max<Index>(depth, 1), (256 << 10) / std::max<Index>(image, 1));
    images = std::clamp<Index>(images, 1, std::max<Index>(g.batch, 1));
    const Index blocks = (g.batch + images - 1) / images;
    chunks = std::clamp<Index>(8 / (panels * g.groups), 1, std::max<Index>(blocks, 1));
    chunk_images = std::max<Index>(1, (blocks + chunks - 1) / chunks) * images;
    chunks = std::max<Index>(1, (g.batch + chunk_images - 1) / chunk_images);  // none of them empty
  }

  Index part() const { return taps * a_channels * b_channels; }  // elements of one chunk's sum of one group
  Index panel() const { return images * b_rows * b_columns * width; }
  Index slice() const { return images * a_rows * a_columns * pixel; }  // of the copy
  Index copy() const { return (a_channels + pixel - 1) / pixel * slice(); }

  /// What the copy has before the operand's first position.
  Index before(const ConvAxis& axis) const {
    return !spread ? 0 : rows_of_x ? axis.pad : (axis.window - 1) * axis.dilation - axis.pad;
  }

  /// From `a`, the first image's first channel of a group.
  void make_copy(const T* a, Index n, T* copied) const {
    const Index top = before(rows), left = before(columns), all = rows_of_x ? g.in : g.out;
    const Index height = rows_of_x ? rows.input : rows.output,
                length = rows_of_x ? columns.input : columns.output;
    const Index first = std::max<Index>(0, -left), last = (std::min)(length, a_columns - left);
    if (spread) std::fill_n(copied, copy(), T(0));
    for (Index channel = 0; channel < a_channels; channel += pixel, copied += slice())
      for (Index image = 0; image < n; ++image)
        for (Index r = std::max<Index>(0, -top); r < (std::min)(height, a_rows - top); ++r) {
          const T* from = a + ((image * height + r) * length + first) * all + channel;
          T* to = copied + ((image * a_rows + r + top) * a_columns + first + left) * pixel;
          const Index values = (std::min)(pixel, a_channels - channel);
          for (Index c = first; c < last; ++c, from += all, to += pixel)
            for (Index i = 0; i < values; ++i) to[i] = from[i];
        }
  }
};

/// The rows and segments of every product of a block of images: one product if spread, else one a tap.
template <class T>
struct WeightPlan {
  RecycledVector<GatherChunk> chunks;  // first_segment and segments are of one image
  RecycledVector<Index> a_rows, c_rows, a_segments, b_segments;

  explicit WeightPlan(const WeightProduct<T>& p) {
    const ConvAxis &h = p.rows, &v = p.columns;
    const Index pixel = p.pixel, line = p.a_columns * pixel;
    for (Index tap = 0; tap < p.taps; ++tap) {
      const Index kh = tap / v.window, kw = tap % v.window;
      const Index row = (p.rows_of_x ? kh : h.window - 1 - kh) * h.dilation;
      const Index column = (p.rows_of_x ? kw : v.window - 1 - kw) * v.dilation;
      for (Index i = 0; i < p.a_channels; ++i) {
        a_rows.push_back((p.spread ? row * line + column * pixel : 0) + i / pixel * p.slice() + i % pixel);
        c_rows.push_back((tap * p.a_channels + i) * p.b_channels);
      }
      if (p.spread) continue;
      const auto [first, last] = having(v, kw);
      const auto [top, bottom] = having(h, kh);
      add(tap * p.a_channels, p.a_channels, last - first);
      for (Index image = 0; image < p.images; ++image)
        for (Index r = top; r < bottom; ++r) {
          const Index x = (image * h.input + h.at(r, kh)) * v.input + v.at(first, kw);
          const Index y = (image * h.output + r) * v.output + first;
          a_segments.push_back((p.rows_of_x ? x : y) * pixel);
          b_segments.push_back(p.rows_of_x ? y : x);
        }
      chunks.back().segments = bottom - top;
    }
    if (!p.spread) return;
    add(0, p.taps * p.a_channels, p.b_columns);
    chunks.back().segments = p.b_rows;
    const Index step = p.rows_of_x ? h.stride : 1;
    for (Index image = 0; image < p.images; ++image)
      for (Index r = 0; r < p.b_rows; ++r) {
        a_segments.push_back((image * p.a_rows + r * step) * line);
        b_segments.push_back((image * p.b_rows + r) * p.b_columns);
      }
  }

 private:
  void add(Index first_row, Index rows, Index k) {
    chunks.push_back({first_row, rows, static_cast<Index>(a_segments.size()), 0, k});
  }
  /// The outputs whose tap lies inside: [first, last).
  static std::pair<Index, Index> having(const ConvAxis& a, Index tap) {
    const auto inside = [&](Index o) { return a.at(o, tap) >= 0 && a.at(o, tap) < a.input; };
    Index first = 0;
    while (first < a.output && !inside(first)) ++first;
    Index last = first;
    while (last < a.output && inside(last)) ++last;
    return {first, last};
  }
};

/// dw from x and dy. Each of the chunks of images is summed by itself, then the chunks in their order.
template <class T>
void conv_weight_gradient(const ConvGeometry& g, const T* x, const T* dy, T* dw) {
  if (g.w_shape().size() == 0) return;
  if (depthwise(g)) return depthwise_weight_gradient(g, x, dy, dw);
  const WeightProduct<T> p(g);
  const WeightPlan<T> plan(p);
  Tensor<T> sums(Shape{p.chunks * g.groups * p.part()});
  T* const all = sums.mutable_data();
  const T *const a = p.rows_of_x ? x : dy, *const b = p.rows_of_x ? dy : x;
  const Index a_image =
      p.rows_of_x ? p.rows.input * p.columns.input * g.in : p.rows.output * p.columns.output * g.out;
  const Index b_all = p.rows_of_x ? g.out : g.in, b_image = p.b_rows * p.b_columns * b_all;

  const Index units = p.chunks * g.groups * p.panels,
              work = g.batch * p.b_rows * p.b_columns * p.part() / std::max<Index>(p.panels * p.chunks, 1);
  const Index parts =
      std::clamp<Index>(units / (Index{500'000} / std::max<Index>(work, 1) + 1), 1, num_threads());
  const Index room = (p.panel() + p.copy() + 15) / 16 * 16;
  Tensor<T> scratch(Shape{parts * room});
  T* const spare = scratch.mutable_data();
  const Index a_along = p.pixel * (p.rows_of_x ? p.columns.stride : 1);
  const auto products = [&](Index begin, Index end, T* packed) {
    T* const copied = packed + p.panel();
    // A run of panels of one chunk and group at a time, which share the copies.
    for (Index unit = begin, next; unit < end; unit = next) {
      const Index panel = unit % p.panels, group = unit / p.panels % g.groups,
                  chunk = unit / p.panels / g.groups;
      next = (std::min)(end, unit - panel + p.panels);
      const Index first_image = chunk * p.chunk_images,
                  end_image = (std::min)(g.batch, first_image + p.chunk_images);
      for (Index first = first_image; first == first_image || first < end_image; first += p.images) {
        const Index images = std::max<Index>(0, (std::min)(p.images, end_image - first));
        p.make_copy(a + first * a_image + group * p.a_channels, images, copied);
        for (Index j = panel; j < panel + next - unit; ++j) {
          kernels::PackArgs<T> pack{};
          pack.k = images * p.b_rows * p.b_columns, pack.n = (std::min)(p.width, p.b_channels - j * p.width);
          pack.b = b + first * b_image + group * p.b_channels + j * p.width;
          pack.along = b_all, pack.across = 1, pack.packed = packed, pack.width = p.width;
          kernels::gather_pack(pack);
          for (const GatherChunk& c : plan.chunks) {
            kernels::GatherArgs<T> args{};
            args.m = c.image_rows, args.n = pack.n, args.k = c.k;
            args.a = copied, args.a_rows = plan.a_rows.data() + c.first_row, args.a_along = a_along;
            args.b = packed, args.width = p.width;
            args.c = all + (chunk * g.groups + group) * p.part() + j * p.width;
            args.c_rows = plan.c_rows.data() + c.first_row;
            args.segments = images * c.segments;
            args.a_segments = plan.a_segments.data() + c.first_segment;
            args.b_segments = plan.b_segments.data() + c.first_segment;
            args.accumulate = first > first_image;
            kernels::gather(args);
          }
        }
      }
    }
  };
  parallel_for(parts, 1, [&](Index part, Index end) {
    for (; part < end; ++part)
      products(units * part / parts, units * (part + 1) / parts, spare + part * room);
  });

  // (group, tap, in, out), or with the two channels exchanged, to (tap, in, all out).
  const Index i_step = p.rows_of_x ? p.out : 1, o_step = p.rows_of_x ? 1 : p.in;
  parallel_for(p.taps * p.in, elementwise_grain / std::max<Index>(g.out * p.chunks, 1) + 1,
               [&](Index begin, Index end) {
                 for (Index row = begin; row < end; ++row)
                   for (Index group = 0; group < g.groups; ++group) {
                     const T* from = all + group * p.part() + row / p.in * p.in * p.out + row % p.in * i_step;
                     T* to = dw + row * g.out + group * p.out;
                     for (Index o = 0; o < p.out; ++o, from += o_step) {
                       T total = *from;
                       for (Index chunk = 1; chunk < p.chunks; ++chunk)
                         total += from[chunk * g.groups * p.part()];
                       to[o] = total;
                     }
                   }
               });
}

}  // namespace figment::detail
