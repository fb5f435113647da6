// NumPy's .npz files: zip archives of .npy files (numpy.org/doc/stable/reference/generated/numpy.savez.html).
#pragma once

#include <memory>
#include <utility>

#include "figment/io/npy.hpp"
#include "figment/io/zip.hpp"

namespace figment::io {

/// Collects tensors by name, of float, double, int32 or uint8, and writes them as one file for numpy.load,
/// not compressed, whole or not at all.
class NpzWriter {
 public:
  /// Throws when the name is taken. The tensor must not change until it is written.
  template <class T>
  void add(const std::string& name, const Tensor<T>& t) {
    static_assert(detail::is_npy_type<T>,
                  "figment: .npz files hold float, double, std::int32_t or std::uint8_t");
    for (const Entry& e : entries_) ensure(e.name != name, "save_npz: a second tensor '{}'", name);
    entries_.push_back(
        {name,
         detail::npy_header(detail::npy_type<T>(), t.shape()),
         {reinterpret_cast<const char*>(t.data()), static_cast<std::size_t>(t.size()) * sizeof(T)},
         t.storage()});
  }
  /// Throws, and leaves an old file as it was, when the disk is full.
  void write(const std::filesystem::path& path) const {
    detail::ZipWriter zip("save_npz", path);
    for (const Entry& e : entries_) {
      const std::string_view parts[] = {e.header, e.values};
      zip.add(e.name + ".npy", parts);
    }
    zip.commit();
  }

 private:
  struct Entry {
    std::string name, header;
    std::string_view values;
    figment::detail::Ref<figment::detail::Storage> memory;  // keeps the values
  };
  std::vector<Entry> entries_;
};

/// A file being read, trusted in nothing: a tensor's length, checksum and header are checked before memory is
/// taken for it.
class NpzReader {
 public:
  /// Reads the directory. Throws when the file is missing, no zip archive or damaged.
  explicit NpzReader(const std::filesystem::path& path) : zip_("load_npz", path) {}

  /// The arrays' names in the file's order. (Members that are not .npy files are left out.)
  std::vector<std::string> names() const {
    std::vector<std::string> list;
    for (const auto& e : zip_.entries())
      if (e.name.ends_with(".npy")) list.push_back(e.name.substr(0, e.name.size() - 4));
    return list;
  }
  /// There is an array of that name.
  bool has(const std::string& name) const { return find(name) != nullptr; }
  /// The array of that name, converted to T. Throws as load_npy does, and when there is none.
  template <class T = float>
  Tensor<T> read(const std::string& name) const {
    static_assert(detail::is_npy_type<T>,
                  "figment: .npz files hold float, double, std::int32_t or std::uint8_t");
    const detail::ZipEntry* entry = find(name);
    ensure(entry != nullptr, "{}: no array '{}'", zip_.name(), name);
    detail::ZipStream::confirm(zip_, *entry);
    return Member(zip_, *entry).tensor<T>();
  }

 private:
  class Member final : public detail::NpyReader {
   public:
    Member(const detail::ZipReader& zip, const detail::ZipEntry& entry)
        : NpyReader(zip.name() + ": '" + entry.name + "'", entry.size), stream_(zip, entry) {}

   private:
    bool fill(void* to, std::size_t n) override { return stream_.read(to, n) == n; }

    detail::ZipStream stream_;
  };

  const detail::ZipEntry* find(const std::string& name) const {
    for (const auto& e : zip_.entries())
      if (e.name.size() == name.size() + 4 && e.name.starts_with(name) && e.name.ends_with(".npy")) return &e;
    return nullptr;
  }

  detail::ZipReader zip_;
};

/// Writes tensors by name: save_npz("codes.npz", {{"mean", mean}, {"log_var", log_var}}). See NpzWriter,
/// which takes several types.
template <class T = float>
void save_npz(const std::filesystem::path& path,
              const std::vector<std::pair<std::string, Tensor<T>>>& tensors) {
  NpzWriter writer;
  for (const auto& [name, t] : tensors) writer.add(name, t);
  writer.write(path);
}

/// All arrays of a file as tensors of T, by name in its order. See NpzReader.
template <class T = float>
std::vector<std::pair<std::string, Tensor<T>>> load_npz(const std::filesystem::path& path) {
  const NpzReader reader(path);
  std::vector<std::pair<std::string, Tensor<T>>> list;
  for (const auto& name : reader.names()) list.emplace_back(name, reader.read<T>(name));
  return list;
}

}  // namespace figment::io
