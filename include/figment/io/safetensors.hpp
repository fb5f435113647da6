// Tensors by name in one file, in Hugging Face's format safetensors, which Python reads too.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "figment/io/safetensors_file.hpp"
#include "figment/nn/module.hpp"

namespace figment::io {

/// Which part of a file is for which part of a module.
struct LoadOptions {
  /// What stands before the module's names in the file, as in "encoder." of "encoder.0.weight"; tensors whose
  /// names begin otherwise are nobody's concern.
  std::string prefix = {};
  /// Throw when the module has tensors that the file lacks, or the file others. Otherwise the first stay as
  /// they were, and the second are left out. Shapes and types must fit all the same.
  bool strict = true;
};

/// What did not find its counterpart, by the file's names.
struct LoadReport {
  std::vector<std::string> missing;     ///< of the module, not in the file
  std::vector<std::string> unexpected;  ///< in the file, not of the module
};

namespace detail {

/// A tensor of either type, by its name in a file.
using NamedTensor = std::pair<std::string, std::variant<Tensor<float>, Tensor<double>>>;

/// Gathers why a file cannot be loaded, to say it all at once.
struct LoadProblems {
  LoadReport names;
  std::vector<std::string> others;  ///< shapes and types, each a line

  /// Throws if there are any. `who` leads the error, `owner` has the tensors.
  void raise(const std::string& who, const std::string& file, const std::string& owner, bool strict) const {
    std::vector<std::string> parts;
    if (strict && !names.missing.empty()) parts.push_back("no tensor " + quoted(names.missing));
    parts.insert(parts.end(), others.begin(), others.end());
    if (strict && !names.unexpected.empty())
      parts.push_back(figment::format("{} has no {}", owner, quoted(names.unexpected)));
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
    ensure(text.empty(), "{}: {}: {}", who, file, text);
  }

 private:
  static std::string quoted(const std::vector<std::string>& list) {
    std::string text;
    for (const std::string& name : list) text += (text.empty() ? "'" : ", '") + name + "'";
    return text;
  }
};

template <class T>
bool same_bytes(const Tensor<T>& a, const Tensor<T>& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(T)) == 0;
}

/// Why the file's tensor of this name can't be read into a T of this shape, or "".
template <class T>
std::string misfit(const SafetensorsReader& reader, const std::string& name, const Shape& expected) {
  const std::string& type = reader.dtype(name);
  if (!reads<T>(type)) return figment::format("'{}' is {}, expected {}", name, type, readable<T>);
  const std::vector<std::uint64_t>& found = reader.extents(name);
  if (std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                 [](std::uint64_t a, Index b) { return a == static_cast<std::uint64_t>(b); }))
    return "";
  std::string text;
  for (const std::uint64_t d : found) text += (text.empty() ? "" : ", ") + std::to_string(d);
  return figment::format("'{}' is ({}{}), expected {}", name, text, found.size() == 1 ? "," : "", expected);
}

/// The file's values of these tensors; undefined ones of tensors that it lacks, which another name of the
/// same memory or the options excuse. Throws when others do not fit, naming all of them. `who` leads the
/// errors, `owner` has the tensors.
inline std::vector<NamedTensor> read_values(const std::string& who, const std::string& owner,
                                            const SafetensorsReader& reader,
                                            const std::vector<NamedTensor>& tensors,
                                            const LoadOptions& options = {}, LoadReport* report = nullptr) {
  LoadProblems problems;
  std::set<std::string> known;
  std::set<const void*> found;  // tensors' memory
  const auto memory = [](const NamedTensor& t) {
    return std::visit([](const auto& x) -> const void* { return x.data(); }, t.second);
  };
  for (const NamedTensor& t : tensors) {
    const std::string name = options.prefix + t.first;
    known.insert(name);
    if (!reader.has(name)) continue;
    found.insert(memory(t));
    std::string problem =
        std::visit([&]<class T>(const Tensor<T>& x) { return misfit<T>(reader, name, x.shape()); }, t.second);
    if (!problem.empty()) problems.others.push_back(std::move(problem));
  }
  for (const NamedTensor& t : tensors)
    if (const std::string name = options.prefix + t.first; !reader.has(name) && !found.contains(memory(t)))
      problems.names.missing.push_back(name);
  for (const auto& name : reader.names())
    if (name.starts_with(options.prefix) && !known.contains(name)) problems.names.unexpected.push_back(name);
  problems.raise(who, reader.path(), owner, options.strict);

  std::vector<NamedTensor> values;
  std::map<const void*, std::size_t> first;  // the value that a memory takes
  for (const NamedTensor& t : tensors) {
    const std::string name = options.prefix + t.first;
    std::visit(
        [&]<class T>(const Tensor<T>& x) {
          Tensor<T> value = reader.has(name) ? reader.read<T>(name) : Tensor<T>();
          values.emplace_back(name, value);
          if (!value.defined() || value.size() == 0) return;
          const auto [at, fresh] = first.emplace(x.data(), values.size() - 1);
          const auto& other = values[at->second];
          ensure(fresh || same_bytes(std::get<Tensor<T>>(other.second), value),
                 "{}: {}: '{}' and '{}' differ, and are one memory in {}", who, reader.path(), other.first,
                 name, owner);
        },
        t.second);
  }
  if (report) *report = std::move(problems.names);
  return values;
}

/// Puts values that were read into the tensors' own memory.
inline void take_values(const std::vector<NamedTensor>& values, const std::vector<NamedTensor>& tensors) {
  for (std::size_t i = 0; i < values.size(); ++i)
    std::visit(
        [&]<class T>(const Tensor<T>& value) {
          Tensor<T> handle = std::get<Tensor<T>>(tensors[i].second);
          if (value.defined()) handle.copy_from(value);
        },
        values[i].second);
}

}  // namespace detail

/// Writes a module's tensors, buffers too, by their paths ("encoder.0.weight").
template <class M>
void save_weights(const std::filesystem::path& path, M& module, const Metadata& metadata = {}) {
  SafetensorsWriter writer(metadata);
  for (const auto& [name, t] : named_tensors(module)) writer.add(name, t);
  writer.write(path);
}

/// Reads them back into a module of the same structure, or, as the options say, into one that is a part of it
/// or has more. Of tied tensors one name is enough. Throws, and leaves the module as it was, when tensors are
/// missing, have another shape or type, or when the file has more than the module: one error names them all.
template <class M>
LoadReport load_weights(const std::filesystem::path& path, M& module, const LoadOptions& options = {}) {
  std::vector<detail::NamedTensor> tensors;
  for (const auto& [name, t] : named_tensors(module)) tensors.emplace_back(name, t);
  LoadReport report;
  const SafetensorsReader reader(path);
  detail::take_values(detail::read_values("load_weights", "the model", reader, tensors, options, &report),
                      tensors);
  return report;
}

}  // namespace figment::io
