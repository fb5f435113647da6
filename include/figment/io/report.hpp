// A run on one page of HTML, which needs nothing beside it: no network, no other file.
#pragma once

#include <algorithm>
#include <cctype>
#include <cmath>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "figment/io/plot.hpp"
#include "figment/io/png.hpp"

namespace figment::io {

/// A picture of a report: pixels, or a PNG file. Throws when the file cannot be read or is no PNG.
struct ReportPicture {
  std::vector<std::uint8_t> png;  ///< the file's bytes
  std::string caption;            ///< the line below it

  /// Of pixels.
  ReportPicture(const Image& image, std::string text) : png(encode_png(image)), caption(std::move(text)) {}
  /// Of a file.
  ReportPicture(const std::filesystem::path& file, std::string text) : caption(std::move(text)) {
    std::ifstream in(file, std::ios::binary);
    std::error_code error;
    // A directory opens, and throws when it is read.
    ensure(in.good() && std::filesystem::is_regular_file(file, error), "report: {}: cannot be opened",
           file.string());
    png.assign(std::istreambuf_iterator<char>(in), {});
    const std::uint8_t magic[] = {0x89, 'P', 'N', 'G'};
    ensure(png.size() > sizeof magic && std::equal(magic, magic + sizeof magic, png.begin()),
           "report: {}: not a PNG file", file.string());
  }
};

/// A chart or diagram of a report.
struct ReportDrawing {
  Figure figure;             ///< goes into the page as SVG
  std::string caption = {};  ///< the line below it
};

/// What a report tells of a run. What is empty is left out.
struct Report {
  std::string title = {};                                    ///< the page's headline
  std::string note = {};                                     ///< a line below the title
  std::vector<std::pair<std::string, double>> figures = {};  ///< what came out
  double seconds = 0;                                        ///< what it took
  std::vector<ReportDrawing> charts = {};                    ///< of the history, say
  std::vector<ReportPicture> frames = {};    ///< samples over time, seen one at a time by a slider
  std::vector<ReportPicture> pictures = {};  ///< of what came out
  std::vector<ReportDrawing> diagrams = {};  ///< of the networks
  std::string summary = {};                  ///< of the model, as summary() has it
  std::vector<std::pair<std::string, std::string>> settings = {};  ///< name and value
};

namespace detail {

inline std::string base64(const std::vector<std::uint8_t>& bytes) {
  const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (i + k < bytes.size() ? bytes[i + k] : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k <= bytes.size() ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

/// 3723 as "1 h 2 min 3 s", 1.25 as "1.2 s".
inline std::string duration_text(double seconds) {
  if (seconds < 10) return figment::format("{} s", std::round(seconds * 10) / 10);
  const auto s = static_cast<Index>(std::lround((std::min)(seconds, 1e15)));
  if (s < 60) return figment::format("{} s", s);
  if (s < 3600) return figment::format("{} min {} s", s / 60, s % 60);
  return figment::format("{} h {} min {} s", s / 3600, s / 60 % 60, s % 60);
}

inline constexpr const char* report_style = R"css(
:root { color-scheme: light dark; --ink: #1f2429; --soft: #5d6670; --line: #d9dee3; --page: #fff;
  --card: #f6f7f9; --mark: #1f6fb2; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8ea; --soft: #9ba4ad; --line: #3a4047; --page: #191919; --card: #232427;
  --mark: #6cb2ee; }
  .drawing svg { filter: invert(.9) hue-rotate(180deg); }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 72rem; color: var(--ink);
  background: var(--page); font: 16px/1.5 system-ui, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.7rem; line-height: 1.2; }
h2 { margin: 2.2rem 0 .8rem; padding-bottom: .25rem; font-size: 1.15rem;
  border-bottom: 1px solid var(--line); }
.note, figcaption { margin: .3rem 0 0; color: var(--soft); font-size: .95rem; }
.figures { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1.2rem 0 0; }
.figures div { padding: .5rem .9rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; }
.figures dt { color: var(--soft); font-size: .8rem; }
.figures dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums; }
.row { display: flex; flex-wrap: wrap; gap: 1.2rem; align-items: flex-start; }
figure { margin: 0; max-width: 100%; }
figure svg, figure img { display: block; max-width: 100%; height: auto; border-radius: 4px; }
.charts figure { overflow-x: auto; }
.charts svg { width: 100%; min-width: 22rem; max-width: 50rem; }
@media (min-width: 60rem) { .charts figure { flex: 1 1 30rem; } }
.frame { margin-bottom: 1rem; }
.js .frame { display: none; margin: 0; }
.js .frame.shown { display: block; }
.controls { display: none; gap: .8rem; align-items: center; max-width: 40rem; margin-bottom: .8rem; }
.js .controls { display: flex; }
.controls input { flex: 1; min-width: 0; accent-color: var(--mark); }
button { min-width: 5rem; padding: .4rem .8rem; font: inherit; color: var(--ink); background: var(--card);
  border: 1px solid var(--line); border-radius: 6px; cursor: pointer; }
pre { margin: 0; padding: .8rem 1rem; overflow-x: auto; overflow-wrap: normal; font: 13px/1.45 ui-monospace,
  "DejaVu Sans Mono", Menlo, Consolas, monospace; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; }
table { border-collapse: collapse; font-size: .95rem; }
th, td { padding: .25rem 1.5rem .25rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: normal; }
)css";

// Without it every frame is shown, one below the other.
inline constexpr const char* report_script = R"js(
(() => {
  const player = document.querySelector('.player');
  if (!player) return;
  document.documentElement.classList.add('js');
  const frames = [...player.querySelectorAll('.frame')];
  const slider = player.querySelector('input'), button = player.querySelector('button');
  let at = frames.length - 1, timer = 0;
  const show = i => {
    frames[at].classList.remove('shown');
    at = Math.min(Math.max(i, 0), frames.length - 1);
    frames[at].classList.add('shown');
    slider.value = at;
    slider.setAttribute('aria-valuetext', frames[at].innerText);
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    button.textContent = 'Play';
  };
  const play = () => {
    if (at === frames.length - 1) show(0);
    button.textContent = 'Pause';
    timer = setInterval(() => at < frames.length - 1 ? show(at + 1) : stop(),
                        Math.min(500, Math.max(60, 10000 / frames.length)));
  };
  slider.max = frames.length - 1;
  show(at);
  slider.addEventListener('input', () => { stop(); show(+slider.value); });
  button.addEventListener('click', () => timer ? stop() : play());
  document.addEventListener('keydown', e => {
    const step = {ArrowLeft: -1, ArrowRight: 1}[e.key];
    if (!step || e.target === slider || e.altKey || e.ctrlKey || e.metaKey) return;
    stop();
    show(at + step);
    e.preventDefault();
  });
})();
)js";

class ReportWriter {
 public:
  std::string html(const Report& r) {
    out_ =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        // The browser itself sees to it that the page asks for nothing.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
        "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n";
    element("title", r.title);
    out_ += "<style>" + std::string(report_style) + "</style>\n</head>\n<body>\n";
    element("h1", r.title);
    if (!r.note.empty()) out_ += "<p class=\"note\">" + escape_xml(r.note) + "</p>\n";
    figures(r);
    drawings("Training", "row charts", r.charts);
    frames(r.frames);
    if (section("Pictures", !r.pictures.empty())) {
      out_ += "<div class=\"row\">\n";
      for (const auto& p : r.pictures) picture(p, "");
      out_ += "</div>\n";
    }
    drawings("Model", "row", r.diagrams);
    if (section(r.diagrams.empty() ? "Model" : "Layers", !r.summary.empty())) {
      out_ += "<pre>";
      for (std::size_t at = 0; at < r.summary.size();) {
        const std::size_t end = (std::min)(r.summary.find('\n', at), r.summary.size());
        out_ += escape_xml(r.summary.substr(at, end - at)) + "\n";
        at = end + 1;
      }
      out_ += "</pre>\n";
    }
    if (section("Settings", !r.settings.empty())) {
      out_ += "<table>\n";
      for (const auto& [name, value] : r.settings)
        out_ +=
            "<tr><th scope=\"row\">" + escape_xml(name) + "</th><td>" + escape_xml(value) + "</td></tr>\n";
      out_ += "</table>\n";
    }
    if (!r.frames.empty()) out_ += "<script>" + std::string(report_script) + "</script>\n";
    out_ += "</body>\n</html>\n";
    return std::move(out_);
  }

 private:
  void element(const std::string& name, const std::string& text) {
    out_ += "<" + name + ">" + escape_xml(text) + "</" + name + ">\n";
  }
  bool section(const char* heading, bool wanted) {
    if (wanted) element("h2", heading);
    return wanted;
  }

  void figures(const Report& r) {
    if (r.figures.empty() && !(r.seconds > 0)) return;
    out_ += "<dl class=\"figures\">\n";
    const auto figure = [&](const std::string& name, const std::string& value) {
      out_ += "<div><dt>" + escape_xml(name) + "</dt><dd>" + escape_xml(value) + "</dd></div>\n";
    };
    for (const auto& [name, value] : r.figures) figure(name, figment::format("{}", value));
    if (r.seconds > 0) figure("time", duration_text(r.seconds));
    out_ += "</dl>\n";
  }
  void drawings(const char* heading, const std::string& classes, const std::vector<ReportDrawing>& all) {
    if (!section(heading, !all.empty())) return;
    out_ += "<div class=\"" + classes + "\">\n";
    for (const auto& d : all) {
      out_ += "<figure class=\"drawing\">\n" + to_svg(d.figure);
      caption(d.caption);
    }
    out_ += "</div>\n";
  }
  void frames(const std::vector<ReportPicture>& all) {
    if (!section("Samples", !all.empty())) return;
    out_ +=
        "<div class=\"player\">\n<div class=\"controls\"><button type=\"button\">Play</button>"
        "<input type=\"range\" min=\"0\" value=\"0\" aria-label=\"which samples\"></div>\n";
    for (const auto& p : all) picture(p, " class=\"frame\"");
    out_ += "</div>\n";
  }
  void picture(const ReportPicture& p, const char* attributes) {
    out_ += std::string("<figure") + attributes + ">\n<img alt=\"" + escape_xml(p.caption) +
            "\" src=\"data:image/png;base64," + base64(p.png) + "\">\n";
    caption(p.caption);
  }
  void caption(const std::string& text) {
    if (!text.empty()) element("figcaption", text);
    out_ += "</figure>\n";
  }

  std::string out_;
};

}  // namespace detail

/// The pictures STEM_NUMBER.png in a directory, ordered by number, each captioned "STEM NUMBER"; of more than
/// `most` so many, evenly spread, the last among them. None when there is no such directory.
inline std::vector<ReportPicture> frames_in(const std::filesystem::path& directory, const std::string& stem,
                                            Index most = 60) {
  ensure(most >= 1, "frames_in: expected 1 or more frames, found {}", most);
  std::vector<std::pair<std::uint64_t, std::filesystem::path>> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(stem + "_") || !name.ends_with(".png")) continue;
    const std::string digits = name.substr(stem.size() + 1, name.size() - stem.size() - 5);
    const bool number =
        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (number && !digits.empty() && digits.size() <= 18)
      found.emplace_back(std::stoull(digits), entry.path());
  }
  std::sort(found.begin(), found.end());
  std::vector<ReportPicture> frames;
  const auto n = static_cast<Index>(found.size()), shown = (std::min)(n, most);
  for (Index i = 0; i < shown; ++i) {
    const auto& [number, file] = found[static_cast<std::size_t>((i + 1) * n / shown - 1)];
    frames.emplace_back(file, figment::format("{} {}", stem, number));
  }
  return frames;
}

/// The report as one HTML page, readable without a network, without scripts and on a telephone.
inline std::string to_html(const Report& report) { return detail::ReportWriter().html(report); }

/// Writes it, making the directories above it; on failure an old report stays as it was.
///
///   write_report(out / "report.html", {.title = "vae-256", .charts = {{line_chart(losses)}},
///                                      .frames = frames_in(out, "epoch")});
inline void write_report(const std::filesystem::path& path, const Report& report) {
  write_file(path, to_html(report));
}

}  // namespace figment::io
