// Telling what a file is that is not the one expected.
#pragma once

#include <string>
#include <string_view>

namespace figment::io::detail {

/// What these first bytes of a file (64 are enough) show it to be, as a line for an error, or "" if they show
/// nothing: the usual mistakes of downloading and naming.
[[gnu::cold]] inline std::string wrong_file(std::string_view bytes) {
  struct Kind {
    std::string_view lead;
    const char* text;
  };
  static constexpr Kind kinds[] = {
      {"version https://git-lfs", "a Git LFS pointer, not the file itself, which `git lfs pull` fetches"},
      {"\x1f\x8b", "compressed by gzip"},
      {"PK\x03\x04", "a zip archive, as torch.save and numpy.savez write"},
      {"\x80\x02", "a Python pickle, as torch.save wrote"},
      {"\x89HDF\r\n", "an HDF5 file, as Keras writes"},
      {std::string_view("\x93NUMPY", 6), "a NumPy array (.npy)"},
      {"GGUF", "a GGUF file"},
  };
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);  // a byte order mark
  for (const Kind& kind : kinds)
    if (bytes.starts_with(kind.lead)) return kind.text;
  const auto at = bytes.find_first_not_of(" \t\r\n");
  if (at != bytes.npos && at < 16 && bytes[at] == '<')
    return "a page of HTML or XML, not the file itself: was its link a page about it?";
  return "";
}

/// The same behind "not a file of that kind": ", but …", or nothing.
[[gnu::cold]] inline std::string but_found(std::string_view bytes) {
  const std::string found = wrong_file(bytes);
  return found.empty() ? found : ", but " + found;
}

}  // namespace figment::io::detail
