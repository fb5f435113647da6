// What every chart has: title, axes with grid lines and numbers, and a legend beside the plot area.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "figment/io/axis.hpp"
#include "figment/io/figure.hpp"
#include "figment/io/raster.hpp"

namespace figment::io {

/// What stands around a chart.
struct PlotOptions {
  std::string title = {}, x_label = {}, y_label = {};  ///< left out where empty
  Index width = 800, height = 480;                     ///< pixels
  bool log_x = false, log_y = false;                   ///< values that are not positive are then left out
  std::vector<std::string> class_names = {};  ///< scatter: the legend's name of label i; default: its number
};

namespace detail {

// The ten colors of Tableau and Matplotlib.
inline constexpr std::array<Color, 10> palette = {{{0x1f, 0x77, 0xb4},
                                                   {0xff, 0x7f, 0x0e},
                                                   {0x2c, 0xa0, 0x2c},
                                                   {0xd6, 0x27, 0x28},
                                                   {0x94, 0x67, 0xbd},
                                                   {0x8c, 0x56, 0x4b},
                                                   {0xe3, 0x77, 0xc2},
                                                   {0x7f, 0x7f, 0x7f},
                                                   {0xbc, 0xbd, 0x22},
                                                   {0x17, 0xbe, 0xcf}}};

struct LegendEntry {
  std::string name;
  Color color;
};

/// The frame of a chart. Marks of the data are added to `figure` afterwards, at place(x, y).
class Chart {
 public:
  Figure figure;

  Chart(const PlotOptions& options, Axis x, Axis y, const std::vector<LegendEntry>& legend, bool discs)
      : figure{options.width, options.height}, x_(x), y_(y) {
    ensure(options.width >= 1 && options.width <= 8192 && options.height >= 1 && options.height <= 8192,
           "plot: expected a size from 1 to 8192 pixels, found {} x {}", options.width, options.height);
    top_ = options.title.empty() ? 16 : 46;
    bottom_ = static_cast<double>(options.height) - (options.x_label.empty() ? 34 : 60);
    const auto y_ticks = y_.ticks(std::max<Index>(2, static_cast<Index>((bottom_ - top_) / 48)));
    left_ = widest(y_ticks) + (options.y_label.empty() ? 20 : 46);
    right_ = static_cast<double>(options.width) - legend_width(legend) - 20;
    ensure(right_ - left_ >= 40 && bottom_ - top_ >= 40,
           "plot: {} x {} pixels leave no room beside the labels and the legend", options.width,
           options.height);
    draw_axes(y_ticks, x_ticks());
    const double middle = (left_ + right_) / 2;
    caption({middle, 30}, options.title, title_size);
    caption({middle, bottom_ + 48}, options.x_label, label_size);
    caption({24, (top_ + bottom_) / 2}, options.y_label, label_size, true);
    draw_legend(legend, discs);
  }

  bool shows(double x, double y) const { return x_.shows(x) && y_.shows(y); }
  Point place(double x, double y) const {
    return {left_ + x_.position(x) * (right_ - left_), bottom_ - y_.position(y) * (bottom_ - top_)};
  }
  void add(Mark mark) { figure.marks.push_back(std::move(mark)); }

 private:
  using Ticks = std::vector<Axis::Tick>;
  static constexpr double title_size = 20, label_size = 15, row_height = 22, swatch = 30;
  static constexpr Color text_color{0x33, 0x33, 0x33}, grid_color{0xe4, 0xe4, 0xe4},
      axis_color{0x80, 0x80, 0x80};

  void caption(Point at, const std::string& text, double size, bool upwards = false) {
    if (!text.empty()) add(Text{at, text, size, text_color, Anchor::middle, upwards});
  }

  static double widest(const Ticks& ticks) {
    double most = 0;
    for (const auto& t : ticks) most = (std::max)(most, text_width(t.label, label_size));
    return most;
  }

  /// As many as fit without their numbers touching.
  Ticks x_ticks() const {
    Ticks ticks;
    for (Index count = 10; count >= 2; --count) {
      ticks = x_.ticks(count);
      if (static_cast<double>(ticks.size()) * (widest(ticks) + 24) <= right_ - left_) break;
    }
    return ticks;
  }

  void draw_axes(const Ticks& y_ticks, const Ticks& x_ticks) {
    // Lines are boxes on whole pixels: one pixel wide and not blurred over two.
    for (const auto& t : y_ticks) {
      const double y = bottom_ - t.position * (bottom_ - top_);
      add(Box{{left_, std::round(y)}, right_ - left_, 1, grid_color});
      add(Text{{left_ - 8, std::round(y) + 5}, t.label, label_size, text_color, Anchor::end});
    }
    for (const auto& t : x_ticks) {
      const double x = left_ + t.position * (right_ - left_);
      add(Box{{std::round(x), top_}, 1, bottom_ - top_, grid_color});
      add(Text{{std::round(x), bottom_ + 22}, t.label, label_size, text_color, Anchor::middle});
    }
    add(Box{{left_, bottom_}, right_ - left_ + 1, 1, axis_color});
    add(Box{{left_, top_}, 1, bottom_ - top_, axis_color});
  }

  std::size_t rows() const { return static_cast<std::size_t>((bottom_ - top_) / row_height); }

  /// Of one of its columns, of which there are as many as the height asks for.
  static double column_width(const std::vector<LegendEntry>& legend) {
    double most = 0;
    for (const auto& e : legend) most = (std::max)(most, text_width(e.name, label_size));
    return most + swatch + 14;
  }
  double legend_width(const std::vector<LegendEntry>& legend) const {
    const std::size_t per_column = std::max<std::size_t>(1, rows());
    return static_cast<double>((legend.size() + per_column - 1) / per_column) * column_width(legend);
  }

  void draw_legend(const std::vector<LegendEntry>& legend, bool discs) {
    const double column = column_width(legend);
    for (std::size_t i = 0; i < legend.size(); ++i) {
      const double x = right_ + 16 + static_cast<double>(i / rows()) * column;
      const double y = top_ + row_height * (static_cast<double>(i % rows()) + 0.5);
      const Color color = legend[i].color;
      if (discs)
        add(Disc{{x + swatch / 2 - 4, y}, 5, color});
      else
        add(Path{{{x, y}, {x + swatch - 10, y}}, color, 3});
      add(Text{{x + swatch - 2, y + 5}, legend[i].name, label_size, text_color});
    }
  }

  Axis x_, y_;
  double left_ = 0, right_ = 0, top_ = 0, bottom_ = 0;
};

}  // namespace detail

}  // namespace figment::io
