// Line charts and scatter plots, as SVG or PNG.
#pragma once

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "figment/core/tensor.hpp"
#include "figment/io/chart.hpp"
#include "figment/io/figure.hpp"
#include "figment/io/file.hpp"
#include "figment/io/png.hpp"
#include "figment/io/raster.hpp"
#include "figment/io/svg.hpp"

namespace figment::io {

/// One line of a chart. Without xs the points stand at 1, 2, …: epochs, say.
struct Series {
  std::string name = {};                 ///< in the legend
  std::vector<double> xs = {}, ys = {};  ///< as many of each, or no xs
};

inline void Figure::save(const std::filesystem::path& path) const {
  const std::string ending = path.extension().string();
  ensure(ending == ".svg" || ending == ".png", "figure: {}: expected a name ending in .svg or .png",
         path.string());
  if (ending == ".svg")
    write_file(path, to_svg(*this));
  else
    write_png(path, to_image(*this));
}

/// A line for each series, with a legend of those that have a name. A point that is not finite (or not
/// positive on a logarithmic axis) leaves a gap. Below xs that are all whole, as those of epochs, the axis
/// has whole numbers alone. Throws when a series' xs and ys differ in number.
inline Figure line_chart(const std::vector<Series>& series, const PlotOptions& options = {}) {
  const auto x_of = [](const Series& s, std::size_t i) {
    return s.xs.empty() ? static_cast<double>(i + 1) : s.xs[i];
  };
  const bool whole = std::all_of(series.begin(), series.end(), [](const Series& s) {
    return std::all_of(s.xs.begin(), s.xs.end(), [](double v) { return v == std::round(v); });
  });
  detail::Axis x(options.log_x, whole), y(options.log_y);
  std::vector<detail::LegendEntry> legend;
  for (std::size_t k = 0; k < series.size(); ++k) {
    const Series& s = series[k];
    ensure(s.xs.empty() || s.xs.size() == s.ys.size(), "line_chart: series {} ({}) has {} xs and {} ys", k,
           s.name, s.xs.size(), s.ys.size());
    if (!s.name.empty()) legend.push_back({s.name, detail::palette[k % detail::palette.size()]});
    for (std::size_t i = 0; i < s.ys.size(); ++i)
      if (x.shows(x_of(s, i)) && y.shows(s.ys[i])) x.include(x_of(s, i)), y.include(s.ys[i]);
  }
  x.pad(0.02), y.pad(0.05);

  detail::Chart chart(options, x, y, legend, false);
  for (std::size_t k = 0; k < series.size(); ++k) {
    const Series& s = series[k];
    Path path{{}, detail::palette[k % detail::palette.size()], 2.5};
    const auto finish = [&] {
      if (path.points.size() == 1)
        chart.add(Disc{path.points[0], 3, path.color});  // else it could not be seen
      if (path.points.size() > 1) chart.add(path);
      path.points.clear();
    };
    for (std::size_t i = 0; i < s.ys.size(); ++i) {
      if (chart.shows(x_of(s, i), s.ys[i]))
        path.points.push_back(chart.place(x_of(s, i), s.ys[i]));
      else
        finish();
    }
    finish();
  }
  return chart.figure;
}

/// A point for each (x, y), colored by its label, with a legend of the labels that occur; colors repeat after
/// ten. Without labels all points are alike. Points that are not finite are left out. Throws when the numbers
/// of xs, ys and labels differ.
inline Figure scatter(std::span<const double> xs, std::span<const double> ys,
                      std::span<const std::int32_t> labels = {}, const PlotOptions& options = {}) {
  ensure(xs.size() == ys.size(), "scatter: {} xs and {} ys", xs.size(), ys.size());
  ensure(labels.empty() || labels.size() == xs.size(), "scatter: {} points, but {} labels", xs.size(),
         labels.size());
  const std::set<std::int32_t> classes(labels.begin(), labels.end());
  // Few classes have the same colors in every picture, whichever of them occur.
  const bool few = classes.empty() || (*classes.begin() >= 0 && *classes.rbegin() < 10);
  const auto color = [&](std::int32_t label) {
    const auto place = few ? label : std::distance(classes.begin(), classes.find(label));
    return detail::palette[static_cast<std::size_t>(place) % detail::palette.size()];
  };
  std::vector<detail::LegendEntry> legend;
  for (std::int32_t c : classes) {
    const bool named = c >= 0 && static_cast<std::size_t>(c) < options.class_names.size();
    legend.push_back(
        {named ? options.class_names[static_cast<std::size_t>(c)] : std::to_string(c), color(c)});
  }
  detail::Axis x(options.log_x), y(options.log_y);
  for (std::size_t i = 0; i < xs.size(); ++i)
    if (x.shows(xs[i]) && y.shows(ys[i])) x.include(xs[i]), y.include(ys[i]);
  x.pad(0.05), y.pad(0.05);

  detail::Chart chart(options, x, y, legend, true);
  const bool many = xs.size() > 500;
  for (std::size_t i = 0; i < xs.size(); ++i)
    if (chart.shows(xs[i], ys[i]))
      chart.add(Disc{chart.place(xs[i], ys[i]), many ? 2.5 : 4, labels.empty() ? color(0) : color(labels[i]),
                     many ? 0.7 : 0.9});
  return chart.figure;
}

/// The same for points (N, 2), such as codes of a two-dimensional latent space, and labels (N,) or none.
template <class T>
Figure scatter(const Tensor<T>& points, const Indices& labels = {}, const PlotOptions& options = {}) {
  ensure(points.rank() == 2 && points.dim(1) == 2, "scatter: expected points (N, 2), found {}",
         points.shape());
  ensure(!labels.defined() || labels.shape() == Shape{points.dim(0)}, "scatter: {} points, but labels {}",
         points.dim(0), labels.shape());
  const auto n = static_cast<std::size_t>(points.dim(0));
  std::vector<double> xs(n), ys(n);
  for (std::size_t i = 0; i < n; ++i) {
    xs[i] = static_cast<double>(points.data()[2 * i]);
    ys[i] = static_cast<double>(points.data()[2 * i + 1]);
  }
  return scatter(xs, ys, labels.values(), options);
}

}  // namespace figment::io
