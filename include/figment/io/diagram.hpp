// A model as a picture: a box for each layer with its options, output shape and number of parameters.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "figment/io/layer_graph.hpp"
#include "figment/io/plot.hpp"
#include "figment/nn/summary.hpp"

namespace figment::io {

namespace detail {

/// "Linear(2, 3, relu)" as "Linear" and "2, 3, relu".
inline std::pair<std::string, std::string> type_and_options(const std::string& layer) {
  const auto open = layer.find('('), close = layer.rfind(')');
  if (open == layer.npos || close == layer.npos || close < open) return {layer, ""};
  std::string options = layer.substr(open + 1, close - open - 1);
  if (close + 1 < layer.size()) options += "," + layer.substr(close + 1);
  return {layer.substr(0, open), options};
}

inline std::string parameters_text(Index n) {
  return figment::detail::thousands(n) + (n == 1 ? " parameter" : " parameters");
}

inline std::string totals_text(const ParameterCount& count) {
  std::string text = parameters_text(count.trainable + count.fixed);
  if (count.fixed > 0) text += ", " + figment::detail::thousands(count.trainable) + " trainable";
  return text;
}

/// Of the stripe at a box's left: layers of one kind look alike.
inline Color kind_color(const std::string& type) {
  static const std::array<std::pair<const char*, Color>, 6> kinds{{{"Conv", {0x3b, 0x75, 0xaf}},
                                                                   {"Linear", {0x3a, 0x8f, 0x5c}},
                                                                   {"Embedding", {0x3a, 0x8f, 0x5c}},
                                                                   {"Norm", {0x8a, 0x63, 0xb0}},
                                                                   {"Drop", {0xd0, 0x8a, 0x2e}},
                                                                   {"elu", {0xd0, 0x8a, 0x2e}}}};
  for (const auto& [word, color] : kinds)
    if (type.find(word) != type.npos) return color;
  return {0x9a, 0xa1, 0xa9};
}

/// Places boxes below each other, those that do not feed each other side by side, and parts around theirs.
class DiagramPainter {
 public:
  DiagramPainter(const LayerGraph& graph, std::string title) : graph_(graph), boxes_(graph.layers.size()) {
    for (const auto& layer : graph.layers) box_width_ = (std::max)(box_width_, width_of(layer));
    const std::string totals = totals_text(graph.count);
    const Block all = block(LayerGraph::none, 0, graph.layers.size());
    double pills = -beside;
    for (std::size_t i = 0; i < graph.inputs.size(); ++i) pills += pill_width(i) + beside;
    const double width =
        (std::max)({all.width, pills, text_width(title, 20), text_width(totals, fine)}) + 2 * margin;
    const double top = title.empty() ? margin : margin + 34;
    if (!title.empty()) write({width / 2, margin + 16}, title, 20, ink, Anchor::middle);

    double at = (width - pills) / 2;
    for (std::size_t i = 0; i < graph.inputs.size(); at += pill_width(i++) + beside)
      inputs_.push_back({at, top, pill_width(i), 28});
    place(all, (width - all.width) / 2, top + 28 + gap);
    edges();
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      paint(inputs_[i], {0xee, 0xf1, 0xf4}, {0xc4, 0xca, 0xd1});
      write({inputs_[i].middle(), top + 19}, graph.input_text(i), label, ink, Anchor::middle);
    }
    for (std::size_t i = 0; i < boxes_.size(); ++i) paint(graph.layers[i], boxes_[i]);
    const double bottom = top + 28 + gap + all.height + (graph.layers.empty() ? 0 : 26);
    write({width / 2, bottom}, totals, fine, grey, Anchor::middle);
    figure_.width = static_cast<Index>(std::ceil((std::max)(width, outermost_ + margin)));
    figure_.height = static_cast<Index>(std::ceil(bottom + margin - 6));
  }

  Figure figure() && { return std::move(figure_); }

 private:
  static constexpr double margin = 20, gap = 26, beside = 24, pad = 18, heading = 30, label = 15, fine = 12;
  static constexpr Color ink{0x22, 0x28, 0x2f}, grey{0x66, 0x6e, 0x77}, line{0x77, 0x80, 0x8a};

  struct Rect {
    double x = 0, y = 0, width = 0, height = 0;
    double middle() const { return x + width / 2; }
    double bottom() const { return y + height; }
  };
  /// A layer, or a part with the blocks in it, row by row.
  struct Block {
    std::size_t layer = LayerGraph::none, part = LayerGraph::none;
    double width = 0, height = 0;
    std::vector<std::vector<Block>> rows = {};
    std::vector<double> heights = {}, widths = {};
  };

  double pill_width(std::size_t input) const { return text_width(graph_.input_text(input), label) + 32; }
  double width_of(const LayerGraph::Layer& layer) const {
    const auto [type, options] = type_and_options(layer.text);
    const double first = text_width(type, label) + text_width(graph_.name(layer.path, layer.part), fine);
    const double last = text_width(figment::detail::batch_text(layer.output), fine) +
                        text_width(parameters_text(layer.parameters), fine);
    return (std::max)({first, last, text_width(options, fine) - 24}) + 24 + 30;
  }

  /// The layers [begin, end) that are, directly or in other parts, in `part`.
  Block block(std::size_t part, std::size_t begin, std::size_t end) const {
    Block out{.part = part};
    for (std::size_t i = begin; i < end;) {
      Block item{.layer = i, .width = box_width_};
      std::size_t next = i + 1;
      for (std::size_t p = 0; p < graph_.parts.size(); ++p)
        if (graph_.parts[p].part == part && graph_.parts[p].begin == i && graph_.parts[p].end > i) {
          next = graph_.parts[p].end;
          item = block(p, i, next);
        }
      if (item.layer != LayerGraph::none)
        item.height = type_and_options(graph_.layers[i].text).second.empty() ? 50 : 68;
      const auto fed_by_row = [&] {
        for (std::size_t k = i; k < next; ++k)
          for (std::size_t source : graph_.layers[k].from)
            if (source >= row_begin_of(out) && source < i) return true;
        return false;
      };
      if (out.rows.empty() || fed_by_row()) out.rows.emplace_back();
      out.rows.back().push_back(std::move(item));
      i = next;
    }
    for (const auto& row : out.rows) {
      double width = beside * static_cast<double>(row.size() - 1), height = 0;
      for (const Block& b : row) width += b.width, height = (std::max)(height, b.height);
      out.widths.push_back(width), out.heights.push_back(height);
      out.width = (std::max)(out.width, width);
      out.height += height + (&row == out.rows.data() ? 0 : gap);
    }
    if (part != LayerGraph::none) {
      // Its title is left of the line that enters at the middle.
      out.width = (std::max)(out.width + 2 * pad, 2 * (text_width(graph_.title(part), fine) + pad));
      out.height += heading + pad;
    }
    return out;
  }
  static std::size_t row_begin_of(const Block& out) {
    const Block* first = &out.rows.back().front();
    while (first->layer == LayerGraph::none) first = &first->rows.front().front();
    return first->layer;
  }

  void place(const Block& b, double x, double y) {
    if (b.layer != LayerGraph::none) {
      boxes_[b.layer] = {x, y, b.width, b.height};
      return;
    }
    if (b.part != LayerGraph::none) {
      paint({x, y, b.width, b.height}, {0xf7, 0xf8, 0xfa}, {0xcd, 0xd3, 0xda});
      write({x + 10, y + 19}, graph_.title(b.part), fine, grey);
      y += heading;
    }
    for (std::size_t r = 0; r < b.rows.size(); ++r) {
      double at = x + (b.width - b.widths[r]) / 2;
      for (const Block& item : b.rows[r]) {
        place(item, at, y);
        at += item.width + beside;
      }
      y += b.heights[r] + gap;
    }
  }

  /// Lines from box to box, down and across. One that would go through boxes between, as what jumps over
  /// layers does, goes around them on the right, the longer the farther out.
  void edges() {
    struct Edge {
      Rect from, to;
    };
    std::vector<Edge> around;
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
      std::vector<Rect> sources;
      for (const std::size_t k : graph_.layers[i].inputs) sources.push_back(inputs_[k]);
      for (const std::size_t k : graph_.layers[i].from) sources.push_back(boxes_[k]);
      for (const Rect& a : sources) {
        const Rect& b = boxes_[i];
        const Point from{a.middle(), a.bottom()}, to{b.middle(), b.y};
        if (right_of_boxes(to.x, from.y + 9, to.y) > 0) {
          around.push_back({a, b});
          continue;
        }
        std::vector<Point> points{from};
        if (std::abs(from.x - to.x) > 0.5)
          points.insert(points.end(), {{from.x, from.y + 9}, {to.x, from.y + 9}});
        draw_arrow(std::move(points), to);
      }
    }
    std::stable_sort(around.begin(), around.end(),
                     [](const Edge& a, const Edge& b) { return a.to.y - a.from.y < b.to.y - b.from.y; });
    std::vector<Rect> lanes;
    for (const Edge& e : around) {
      const double top = e.from.bottom() + 9, bottom = e.to.y - 13;
      double x = right_of_boxes({}, top, e.to.y) + 9;
      for (bool free = false; !free;) {
        free = true;
        for (const Rect& l : lanes)
          if (std::abs(l.x - x) < 14 && l.y < bottom + 3 && l.bottom() > top - 3) free = false, x = l.x + 14;
      }
      lanes.push_back({x, top, 0, bottom - top});
      outermost_ = (std::max)(outermost_, x);
      const double out = e.from.middle() + 24, in = e.to.middle() + 24;
      draw_arrow({{out, e.from.bottom()}, {out, top}, {x, top}, {x, bottom}, {in, bottom}}, {in, e.to.y});
    }
  }
  /// The right end of the boxes between two heights, those at x or all; 0 where there are none.
  double right_of_boxes(std::optional<double> x, double top, double bottom) const {
    double right = 0;
    for (const Rect& b : boxes_)
      if (b.y < bottom - 1 && b.bottom() > top && (!x || (b.x <= *x && *x <= b.x + b.width)))
        right = (std::max)(right, b.x + b.width);
    return right;
  }
  void draw_arrow(std::vector<Point> points, Point to) {
    points.push_back({to.x, to.y - 1});
    add(Path{std::move(points), line, 1.5});
    add(Path{{{to.x - 4, to.y - 7}, {to.x, to.y - 1}, {to.x + 4, to.y - 7}}, line, 1.5});
  }

  void paint(const LayerGraph::Layer& layer, const Rect& r) {
    const auto [type, options] = type_and_options(layer.text);
    paint(r, {0xff, 0xff, 0xff}, {0xb4, 0xbc, 0xc5});
    add(Box{{r.x, r.y}, 5, r.height, kind_color(type)});
    const double left = r.x + 16, right = r.x + r.width - 12;
    write({left, r.y + 20}, type, label, ink);
    write({right, r.y + 20}, graph_.name(layer.path, layer.part), fine, grey, Anchor::end);
    if (!options.empty()) write({left, r.y + 38}, options, fine, grey);
    write({left, r.bottom() - 11}, figment::detail::batch_text(layer.output), fine, ink);
    if (layer.parameters > 0)
      write({right, r.bottom() - 11}, parameters_text(layer.parameters), fine, ink, Anchor::end);
  }

  void paint(const Rect& r, Color fill, Color border) {
    add(Box{{r.x, r.y}, r.width, r.height, border});
    add(Box{{r.x + 1, r.y + 1}, r.width - 2, r.height - 2, fill});
  }
  void write(Point at, std::string text, double size, Color color, Anchor anchor = Anchor::start) {
    add(Text{at, std::move(text), size, color, anchor});
  }
  void add(Mark mark) { figure_.marks.push_back(std::move(mark)); }

  const LayerGraph& graph_;
  Figure figure_;
  std::vector<Rect> inputs_, boxes_;
  double outermost_ = 0;  // line that goes around
  double box_width_ = 220;
};

inline std::string escape_dot(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out;
}

inline void dot_part(std::string& out, const LayerGraph& graph, std::size_t part) {
  const auto line = [&](const std::string& text) { out += "  " + text + "\n"; };
  for (std::size_t p = 0; p < graph.parts.size(); ++p)
    if (graph.parts[p].part == part) {
      line(figment::format("subgraph cluster_{} {", p) +
           figment::format("label=\"{}\"; labeljust=l; color=\"#cdd3da\"; fontcolor=\"#666e77\";",
                           escape_dot(graph.title(p))));
      dot_part(out, graph, p);
      line("}");
    }
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const auto& layer = graph.layers[i];
    if (layer.part != part) continue;
    std::string label = escape_dot(graph.name(layer.path, part)) + ": " + escape_dot(layer.text) + "\\n" +
                        figment::detail::batch_text(layer.output);
    if (layer.parameters > 0) label += "\\n" + parameters_text(layer.parameters);
    line(figment::format("layer_{} [label=\"{}\"];", i, label));
  }
}

inline std::string to_dot(const LayerGraph& graph, const std::string& title) {
  std::string out =
      "digraph model {\n  node [shape=box, fontname=\"Helvetica\", fontsize=11];\n"
      "  fontname=\"Helvetica\"; fontsize=12; labelloc=t;\n";
  out += figment::format("  label=\"{}{}{}\";\n", escape_dot(title), title.empty() ? "" : "\\n",
                         totals_text(graph.count));
  const auto input = [&](std::size_t i) {
    return i == 0 ? std::string("input") : figment::format("input_{}", i);
  };
  for (std::size_t i = 0; i < graph.inputs.size(); ++i)
    out += figment::format("  {} [shape=oval, label=\"{}\"];\n", input(i), escape_dot(graph.input_text(i)));
  dot_part(out, graph, LayerGraph::none);
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    for (std::size_t k : graph.layers[i].inputs) out += figment::format("  {} -> layer_{};\n", input(k), i);
    for (std::size_t k : graph.layers[i].from) out += figment::format("  layer_{} -> layer_{};\n", k, i);
  }
  return out + "}\n";
}

}  // namespace detail

/// A model as a drawing: a box for each layer that a forward pass goes through, frames around its parts, the
/// parameters in all. `save` writes it as SVG or PNG. Operations between layers are no boxes, but lines lead
/// through them.
template <class M>
Figure diagram(M& module, const SampleInputs& inputs, const std::string& title = {}) {
  return detail::DiagramPainter(detail::layer_graph(module, inputs), title).figure();
}
/// The same of one input, of shape `sample` without the batch dimension.
///
///   io::diagram(gan.discriminator, {28, 28, 1}, "discriminator").save("discriminator.svg");
template <class M>
Figure diagram(M& module, const Shape& sample, const std::string& title = {}) {
  return diagram(module, SampleInputs{{{"input", sample}}}, title);
}

/// The drawing as SVG text.
template <class M, class Inputs = Shape>
std::string diagram_svg(M& module, const Inputs& inputs, const std::string& title = {}) {
  return to_svg(diagram(module, inputs, title));
}

/// The same in Graphviz' language, for `dot -Tpdf`.
template <class M, class Inputs = Shape>
std::string diagram_dot(M& module, const Inputs& inputs, const std::string& title = {}) {
  return detail::to_dot(detail::layer_graph(module, inputs), title);
}

}  // namespace figment::io
