// Trains the dense adversarial networks of the tutorials, with any of their options changed.

#include "recipes/gan_losses.hpp"
#include "support/gan_run.hpp"
#include "support/recipe.hpp"
#include "support/resume.hpp"

using namespace figment;

int main(int argc, char** argv) {
  examples::take_up("mnist_gan", argc, argv);
  auto settings = examples::find_recipe(recipes::gans(), argc, argv);
  examples::RunOptions options;
  examples::GanRun how;
  std::string loss(name(settings.options.loss.kind)), labels = "none";
  const auto of_logits = [](const std::string& kind) { return kind == "hinge" || kind == "wasserstein"; };
  // Which have no labels to smooth.
  if (of_logits(examples::peek(argc, argv, "--loss", loss))) settings.options.loss.real_label = 1;
  std::string noise = settings.options.noise == Noise::uniform ? "uniform" : "normal";
  examples::CommandLine line(
      "mnist_gan",
      "Trains a generator and a discriminator of 28x28 images by one of the recipes that --list names, and "
      "draws what the generator makes. --help shows the settings of the --recipe beside it.");
  examples::add_names(line, settings, recipes::gans());
  examples::add_gan(line, options, settings, how);
  line.choice("--loss", loss, "of both networks", recipes::gan_loss_names);
  line.choice("--noise", noise, "what the generator is given", {"normal", "uniform"});
  line.choice("--labels", labels, "conditional generation: labels as columns or as learned vectors",
              {"none", "joined", "embedded"});
  line.flag("--spectral-norm", settings.spectral_norm, "of the discriminator's layers");
  if (const int code = line.parse(argc, argv); code >= 0) return code;
  settings.options.loss.kind = recipes::gan_loss(loss);
  if (of_logits(loss) || loss == "least_squares") settings.options.loss.log_offset = 0;
  settings.options.noise = noise == "uniform" ? Noise::uniform : Noise::normal;
  settings.labels = labels == "joined"     ? recipes::Labels::joined
                    : labels == "embedded" ? recipes::Labels::embedded
                                           : recipes::Labels::none;
  return examples::run("mnist_gan", [&] { return examples::train_gan(settings, how, options); });
}
