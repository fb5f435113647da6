// generator.safetensors: a trained generator, and in the metadata what it was built by.
#pragma once

#include <figment/io/safetensors.hpp>

#include "recipes/find.hpp"
#include "recipes/gans.hpp"

namespace examples {

namespace detail {

/// What the file's metadata hold by that name.
inline const std::string& metadata_text(const figment::io::SafetensorsReader& file, const std::string& key,
                                        const std::filesystem::path& path) {
  const auto found = file.metadata().find(key);
  figment::ensure(found != file.metadata().end(),
                  "{}: not a generator of mnist_gan or mnist_dcgan: no '{}' in "
                  "its metadata",
                  path.string(), key);
  return found->second;
}
inline double metadata_number(const figment::io::SafetensorsReader& file, const std::string& key,
                              const std::filesystem::path& path) {
  const std::string& text = metadata_text(file, key, path);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  figment::ensure(!text.empty() && *end == '\0' && value >= 0,
                  "{}: the metadata's {} is '{}', expected a number", path.string(), key, text);
  return value;
}

}  // namespace detail

/// Writes a generator that was built by the settings and trained on settings.dataset.
inline void save_generator(const std::filesystem::path& path, figment::Sequential<float>& generator,
                           const recipes::GanSettings& settings) {
  using figment::Noise;
  figment::io::save_weights(path, generator,
                            {{"recipe", settings.name},
                             {"latent", std::to_string(settings.latent)},
                             {"width", figment::format("{}", settings.width)},
                             {"labels", std::to_string(static_cast<int>(settings.labels))},
                             {"noise", settings.options.noise == Noise::uniform ? "uniform" : "normal"},
                             {"dataset", settings.dataset}});
}

/// The settings that a file's generator was built by, and a Gan that has it.
struct TrainedGan {
  recipes::GanSettings settings;
  recipes::GanModel gan;
};
/// Throws on a file that save_generator did not write, and on a conditional generator.
inline TrainedGan load_generator(const std::filesystem::path& path) {
  using namespace figment;
  const io::SafetensorsReader file(path);
  auto all = recipes::gans();
  all.insert(all.end(), recipes::dcgans().begin(), recipes::dcgans().end());
  auto settings = recipes::find(all, detail::metadata_text(file, "recipe", path));
  settings.latent = static_cast<Index>(detail::metadata_number(file, "latent", path));
  settings.width = detail::metadata_number(file, "width", path);
  ensure(settings.latent >= 2 && settings.latent <= 100'000 && settings.width > 0 && settings.width <= 16,
         "{}: a latent size of {} and a width of {}", path.string(), settings.latent, settings.width);
  ensure(detail::metadata_number(file, "labels", path) == 0,
         "{}: a conditional generator; this program asks without labels", path.string());
  const std::string noise = detail::metadata_text(file, "noise", path);
  ensure(noise == "normal" || noise == "uniform", "{}: noise '{}', expected normal or uniform", path.string(),
         noise);
  settings.options.noise = noise == "uniform" ? Noise::uniform : Noise::normal;
  settings.dataset = detail::metadata_text(file, "dataset", path);
  ensure(settings.dataset == "mnist" || settings.dataset == "fashion",
         "{}: data set '{}', expected mnist or fashion", path.string(), settings.dataset);
  Rng rng;
  auto gan = recipes::make_gan(settings, rng);
  io::load_weights(path, gan.generator);
  return {settings, std::move(gan)};
}

}  // namespace examples
