// The settings of a run and what it ran on, as config.json.
#pragma once

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "figment/core/parallel.hpp"
#include "figment/core/version.hpp"
#include "figment/io/file.hpp"
#include "figment/kernels/isa.hpp"

namespace figment::io {

/// Settings by name in the order given: numbers, texts, booleans, lists and objects of these.
///
///   Settings{{"recipe", "vae-256"}, {"epochs", 20}, {"rate", 1e-3}, {"hidden", {256, 128}}}
using Settings = nlohmann::ordered_json;

namespace detail {

inline std::string compiler_text() {
#if defined(__clang__)
  return figment::format("Clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#elif defined(__GNUC__)
  return figment::format("GCC {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#else
  return "unknown";
#endif
}

/// Now, in universal time: "2025-01-31T12:00:00Z".
inline std::string time_text() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  return text;
}

}  // namespace detail

/// What a run's results may depend on beside its settings: figment's version, the instruction set in use,
/// threads and compiler, and the time.
inline Settings environment() {
  return {{"figment", version},
          {"instruction_set", kernels::name(kernels::isa())},
          {"threads", num_threads()},
          {"compiler", detail::compiler_text()},
          {"time", detail::time_text()}};
}

/// Settings given as text, as by a command line: what reads as a number, true or false is one, and several
/// numbers with commas between them are a list; the rest stay texts.
inline Settings parse_settings(const std::vector<std::pair<std::string, std::string>>& texts) {
  Settings all = Settings::object();
  const auto reads = [](const std::string& text) {
    const Settings value = Settings::parse(text, nullptr, false);
    return value.is_number() || value.is_boolean() ? value : Settings(text);
  };
  for (const auto& [name, text] : texts) {
    const Settings list = Settings::parse("[" + text + "]", nullptr, false);
    const bool numbers =
        list.is_array() && list.size() > 1 &&
        std::all_of(list.begin(), list.end(), [](const Settings& v) { return v.is_number(); });
    all[name] = numbers ? list : reads(text);
  }
  return all;
}

/// Writes the settings of a run, and environment(), as JSON: {"settings": …, "environment": …}. Numbers are
/// read back as the same numbers; those that are not finite, which JSON cannot hold, as null. Throws when the
/// settings are not named.
inline void write_config(const std::filesystem::path& path, const Settings& settings) {
  ensure(settings.is_object(), "write_config: {}: expected settings by name, found {}", path.string(),
         settings.type_name());
  const Settings all{{"settings", settings}, {"environment", environment()}};
  // A name of a file need not be UTF-8.
  write_file(path, all.dump(2, ' ', false, Settings::error_handler_t::replace) + "\n");
}

/// Reads such a file: the object with "settings" and "environment". Throws when it is missing, is not JSON,
/// or has no settings.
inline Settings read_config(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  ensure(file.good(), "read_config: {}: cannot be opened", path.string());
  constexpr std::uintmax_t most = 1 << 24;
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  ensure(!error && size <= most, "read_config: {}: expected a file of at most {} bytes", path.string(), most);
  try {
    Settings all = Settings::parse(file);
    ensure(all.is_object() && all.contains("settings") && all["settings"].is_object(),
           "read_config: {}: expected an object with 'settings'", path.string());
    return all;
  } catch (const Settings::exception& e) {
    fail("read_config: {}: {}", path.string(), e.what());
  }
}

/// Settings as lines of a table, as a Report has them; what is in objects is named "object.name".
inline std::vector<std::pair<std::string, std::string>> settings_table(const Settings& settings,
                                                                       const std::string& prefix = {}) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& [name, value] : settings.items()) {
    if (value.is_object())
      for (auto& row : settings_table(value, prefix + name + ".")) rows.push_back(std::move(row));
    else
      rows.emplace_back(prefix + name, value.is_string()
                                           ? value.get<std::string>()
                                           : value.dump(-1, ' ', false, Settings::error_handler_t::replace));
  }
  return rows;
}

}  // namespace figment::io
