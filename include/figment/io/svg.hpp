// Figures as SVG text.
#pragma once

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

#include "figment/io/figure.hpp"

namespace figment::io {

namespace detail {

/// Text for XML: markup escaped, control characters (which XML forbids) left out.
inline std::string escape_xml(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (static_cast<unsigned char>(c) >= 0x20)
      out += c;
  }
  return out;
}

struct SvgWriter {
  std::string out;

  SvgWriter& operator<<(std::string_view text) {
    out += text;
    return *this;
  }
  SvgWriter& operator<<(double v) {  // hundredths of a pixel are enough
    char digits[32];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, std::round(v * 100) / 100).ptr);
    return *this;
  }
  SvgWriter& operator<<(Color c) {
    const char* hex = "0123456789abcdef";
    out += '#';
    for (int v : {c.r, c.g, c.b}) out += {hex[v / 16], hex[v % 16]};
    return *this;
  }

  void operator()(const Path& p) {
    *this << "<polyline fill=\"none\" stroke-linecap=\"round\" stroke-linejoin=\"round\" stroke=\"" << p.color
          << "\" stroke-width=\"" << p.width << "\" points=\"";
    for (const Point& q : p.points) *this << (&q == p.points.data() ? "" : " ") << q.x << "," << q.y;
    *this << "\"/>\n";
  }
  void operator()(const Disc& d) {
    *this << "<circle cx=\"" << d.center.x << "\" cy=\"" << d.center.y << "\" r=\"" << d.radius
          << "\" fill=\"" << d.color << "\"";
    if (d.opacity < 1) *this << " fill-opacity=\"" << d.opacity << "\"";
    *this << "/>\n";
  }
  void operator()(const Box& b) {
    *this << "<rect x=\"" << b.corner.x << "\" y=\"" << b.corner.y << "\" width=\"" << b.width
          << "\" height=\"" << b.height << "\" fill=\"" << b.color << "\"/>\n";
  }
  void operator()(const Text& t) {
    const char* anchors[] = {"start", "middle", "end"};
    *this << "<text x=\"" << t.at.x << "\" y=\"" << t.at.y << "\" font-size=\"" << t.size << "\" fill=\""
          << t.color << "\" text-anchor=\"" << anchors[static_cast<int>(t.anchor)] << "\"";
    if (t.upwards) *this << " transform=\"rotate(-90 " << t.at.x << " " << t.at.y << ")\"";
    *this << ">" << escape_xml(t.text) << "</text>\n";
  }
};

}  // namespace detail

/// The figure as an SVG document. Throws unless its page has pixels.
inline std::string to_svg(const Figure& figure) {
  detail::check_page("to_svg", figure);
  const auto width = static_cast<double>(figure.width), height = static_cast<double>(figure.height);
  detail::SvgWriter svg;
  svg << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << width << "\" height=\"" << height
      << "\" viewBox=\"0 0 " << width << " " << height
      << "\" font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\">\n";
  svg(Box{{0, 0}, width, height, {255, 255, 255}});
  for (const Mark& mark : figure.marks)
    if (detail::drawable(mark)) std::visit(svg, mark);
  svg << "</svg>\n";
  return svg.out;
}

}  // namespace figment::io
