// Files for TensorBoard: curves, histograms, pictures, text and the graphs of networks.
#pragma once

#include "figment/io/event_file.hpp"
#include "figment/io/histogram.hpp"
#include "figment/io/module_graph.hpp"
#include "figment/io/png.hpp"

namespace figment::io {

/// Writes one event file in a folder, a run, which `tensorboard --logdir` shows while it grows:
///
///   TensorBoardWriter board("runs/mine");
///   board.graph("generator", gan.generator, {100});
///   board.scalar("loss/generator", step, loss.item());
///
/// What is written waits in memory for 64 KB, for ten seconds, for flush() or for the end. A disk that is
/// full is reported once: the call throws, and those that follow do nothing.
class TensorBoardWriter {
 public:
  /// Makes the folder. A run that goes on does so in the folder it was in, `first_step` being the one it is
  /// at: what earlier files say of that step and later gives way.
  explicit TensorBoardWriter(const std::filesystem::path& dir, Index first_step = 0) : file_(dir) {
    event(0, [&] { message_.text(3, "brain.Event:2"); });
    event(first_step, [&] { message_.message(7, [&] { message_.integer(1, 1); }); });  // a session's start
    flush();
  }
  TensorBoardWriter(const TensorBoardWriter&) = delete;
  TensorBoardWriter& operator=(const TensorBoardWriter&) = delete;
  ~TensorBoardWriter() {
    try {
      flush();
    } catch (const Error& e) {
      std::fprintf(stderr, "%s\n", e.what());
    }
  }

  /// A point of the curve `tag`; tags with the same beginning up to a "/" stand together.
  void scalar(std::string_view tag, Index step, double value) {
    summary(tag, step, [&] { message_.real(2, static_cast<float>(value)); });
  }
  /// The distribution of a tensor's finite values, in `buckets` of equal width; the Distributions page shows
  /// it too. Throws when there are to be no buckets.
  template <class T>
  void histogram(std::string_view tag, Index step, const Tensor<T>& values, Index buckets = 30) {
    ensure(buckets >= 1, "histogram: expected 1 or more buckets, found {}", buckets);
    const detail::Histogram h = detail::histogram_of(values, static_cast<std::size_t>(buckets));
    summary(tag, step, [&] {
      message_.message(5, [&] {
        const double figures[] = {h.low, h.high, h.count, h.sum, h.squares};
        for (unsigned i = 0; i < 5; ++i) message_.real(i + 1, figures[i]);
        message_.reals(6, h.limits);
        message_.reals(7, h.counts);
      });
    });
  }
  /// Histograms of a module's tensors, NAME/PATH each.
  template <class M>
  void histograms(std::string_view name, M& module, Index step) {
    for_each_tensor(module, [&](const std::string& path, auto& t, bool) {
      histogram(std::string(name) + "/" + path, step, t);
    });
  }
  /// A picture; TensorBoard has a slider over the steps.
  void image(std::string_view tag, Index step, const Image& image) {
    const auto png = encode_png(image);
    summary(tag, step, [&] {
      message_.message(4, [&] {
        message_.integer(1, image.height);
        message_.integer(2, image.width);
        message_.integer(3, image.channels);
        message_.text(4, {reinterpret_cast<const char*>(png.data()), png.size()});
      });
    });
  }
  /// Text in Markdown.
  void text(std::string_view tag, Index step, std::string_view markdown) {
    summary(tag, step, [&] {
      message_.message(9, [&] { message_.message(1, [&] { message_.text(1, "text"); }); });
      message_.message(8, [&] {
        message_.integer(1, 7);  // strings
        message_.message(2, [&] { message_.message(2, [&] { message_.integer(1, 1); }); });
        message_.text(8, markdown);
      });
    });
  }
  /// The layers that a module's forward pass goes through, for the Graphs page. `sample` is its input's shape
  /// without the batch. A run's page has one graph: the modules stand in it side by side, by name.
  template <class M>
  void graph(std::string_view name, M& module, const Shape& sample) {
    graph(name, module, SampleInputs{{{"input", sample}}});
  }
  /// The same of a module of several inputs.
  template <class M>
  void graph(std::string_view name, M& module, const SampleInputs& inputs) {
    std::vector<std::pair<std::string, Shape>> tensors;
    for_each_tensor(module,
                    [&](const std::string& path, auto& t, bool) { tensors.emplace_back(path, t.shape()); });
    graph(std::string(name), detail::module_graph(module, inputs), tensors);
  }

  /// Writes what waits.
  void flush() {
    write_graph();
    file_.flush();
  }
  /// All of it has been written: no full disk kept some of it back.
  bool whole() const { return file_.whole(); }
  /// The event file.
  const std::filesystem::path& path() const { return file_.path(); }

 private:
  template <class F>
  void event(Index step, F what) {
    const double now = detail::wall_time();
    message_.clear();
    message_.real(1, now);
    if (step != 0) message_.integer(2, step);
    what();
    file_.add(message_.bytes());
    if (now - flushed_ > 10 || now < flushed_) {
      flushed_ = now;
      file_.flush();
    }
  }
  template <class F>
  void summary(std::string_view tag, Index step, F value) {
    if (graph_changed_) write_graph();
    event(step, [&] {
      message_.message(5, [&] {
        message_.message(1, [&] {
          message_.text(1, tag);
          value();
        });
      });
    });
  }

  void graph(const std::string& name, const detail::ModuleGraph& g,
             const std::vector<std::pair<std::string, Shape>>& tensors) {
    for (const auto& [input, shape] : g.inputs) node(name + "/" + input, "Placeholder", {}, "", shape, true);
    std::vector<std::string> names;  // of the graph's nodes
    for (const auto& n : g.nodes) {
      const std::string text = n.layer(), type = text.substr(0, text.find_first_of("( "));
      // A layer named by its position says its type; with weights it is a group of them and itself.
      std::string group = name;
      for (std::size_t at = 0; at < n.path.size();) {
        const std::size_t end = (std::min)(n.path.find('.', at), n.path.size());
        std::string part = n.path.substr(at, end - at);
        const bool last = end == n.path.size();
        if (last && part.find_first_not_of("0123456789") == part.npos) part = type + "_" + part;
        group += "/" + part;
        at = end + 1;
      }
      std::vector<std::string> inputs;
      for (const Index from : n.sources)
        inputs.push_back(from < 0 ? name + "/" + g.inputs[static_cast<std::size_t>(-1 - from)].first
                                  : names[static_cast<std::size_t>(from)]);
      bool weights = false;
      if (n.leaf)
        for (const auto& [path, shape] : tensors) {
          const std::string own = n.path.empty() ? path : n.path + ".";
          if (!path.starts_with(own)) continue;
          weights = true;
          inputs.push_back(group + "/" + path.substr(n.path.empty() ? 0 : own.size()));
          node(inputs.back(), "Parameter", {}, "", shape, false);
        }
      names.push_back(weights || !n.leaf || n.path.empty() ? group + "/" + type : group);
      node(names.back(), type, inputs, text, n.output, true);
    }
    graph_changed_ = true;
  }
  /// Adds a node of the graph; `batch`: the first extent is any.
  void node(const std::string& name, std::string_view op, const std::vector<std::string>& inputs,
            std::string_view layer, const Shape& shape, bool batch) {
    const auto attribute = [&](std::string_view key, auto value) {
      graph_.message(5, [&] {
        graph_.text(1, key);
        graph_.message(2, value);
      });
    };
    const auto shape_field = [&](unsigned field) {
      graph_.message(field, [&] {
        for (Index i = 0; i < shape.rank(); ++i)
          graph_.message(2, [&] { graph_.integer(1, batch && i == 0 ? -1 : shape[i]); });
      });
    };
    graph_.message(1, [&] {
      graph_.text(1, name);
      graph_.text(2, op);
      for (const auto& input : inputs) graph_.text(3, input);
      if (!layer.empty()) attribute("layer", [&] { graph_.text(2, layer); });
      attribute("shape", [&] { shape_field(7); });
      attribute("_output_shapes", [&] { graph_.message(1, [&] { shape_field(7); }); });
    });
  }
  /// Of two graphs in a run TensorBoard shows the last, so all are written as one.
  void write_graph() {
    if (!std::exchange(graph_changed_, false)) return;
    detail::WireWriter all = graph_;
    all.message(4, [&] { all.integer(1, 1799); });  // TensorFlow 2.18's version of the format
    event(0, [&] { message_.text(4, all.bytes()); });
  }

  detail::EventFile file_;
  detail::WireWriter message_, graph_;  // graph_: all nodes so far
  bool graph_changed_ = false;
  double flushed_ = 0;
};

}  // namespace figment::io
