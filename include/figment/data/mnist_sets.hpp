// What the sets of MNIST's kind are, by the names of their files and folders: their classes, and what is odd
// about them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace figment::data {

/// The sets of such files that have names for their classes.
enum class MnistKind { digits, fashion };

/// What the classes 0 to 9 are, for legends.
inline std::vector<std::string> mnist_class_names(MnistKind kind) {
  if (kind == MnistKind::fashion)
    return {"T-shirt", "trouser", "pullover", "dress", "coat",
            "sandal",  "shirt",   "sneaker",  "bag",   "ankle boot"};
  return {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
}

namespace detail {

/// A set of images.
struct MnistSet {
  std::vector<std::string> classes;
  std::int32_t first = 0;   ///< the label of class 0
  bool transposed = false;  ///< the images' columns are the file's rows
};

inline std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> list{""};
  for (const char c : text)
    if (c == ' ')
      list.emplace_back();
    else
      list.back() += c;
  return list;
}

/// EMNIST's split of that name (Cohen et al., 2017, arXiv:1702.05373); one without classes if there is none.
inline MnistSet emnist_split(std::string_view name) {
  const std::string digits = "0 1 2 3 4 5 6 7 8 9",
                    upper = "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z";
  if (name == "digits" || name == "mnist") return {words(digits), 0, true};
  if (name == "letters") return {words(upper), 1, true};  // of both cases
  if (name == "byclass")
    return {words(digits + " " + upper + " a b c d e f g h i j k l m n o p q r s t u v w x y z"), 0, true};
  // Small letters are apart where they look other than the capitals.
  if (name == "balanced" || name == "bymerge")
    return {words(digits + " " + upper + " a b d e f g h n q r t"), 0, true};
  return {};
}

/// The set that a file of training images is of, by its own name or the two folders' that it is in: digits
/// unless they say otherwise.
inline MnistSet mnist_set(const std::filesystem::path& train) {
  std::error_code error;
  auto path = std::filesystem::absolute(train, error).lexically_normal();
  std::string name = path.filename().string(), place;
  for (int up = 0; up < 3; ++up, path = path.parent_path()) place += path.filename().string() + "/";
  for (std::string* text : {&name, &place})
    for (char& c : *text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (name.starts_with("emnist-"))
    if (const auto split = emnist_split(name.substr(7, name.find('-', 7) - 7)); !split.classes.empty())
      return split;
  const auto has = [&](std::string_view text) { return place.find(text) != place.npos; };
  // Kuzushiji (Clanuwat et al., 2018, arXiv:1812.01718).
  if (has("k49"))
    return {words(
        "a i u e o ka ki ku ke ko sa shi su se so ta chi tsu te to na ni nu ne no ha hi fu he ho ma mi mu me "
        "mo ya yu yo ra ri ru re ro wa wi we wo n repeat")};
  if (has("kmnist") || has("kuzushiji")) return {words("o ki su tsu na ha ma ya re wo")};
  return {mnist_class_names(has("fashion") ? MnistKind::fashion : MnistKind::digits)};
}

}  // namespace detail
}  // namespace figment::data
