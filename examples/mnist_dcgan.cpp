// Trains a DCGAN: convolutions that learn to draw digits, and convolutions that learn to tell them from real
// ones.

#include "support/gan_run.hpp"
#include "support/resume.hpp"

int main(int argc, char** argv) {
  examples::take_up("mnist_dcgan", argc, argv);
  auto settings = recipes::dcgans()[0];
  examples::RunOptions options;
  examples::GanRun how;
  examples::CommandLine line(
      "mnist_dcgan",
      "Trains a deep convolutional GAN on 28x28 images and draws what the generator makes. "
      "--width 0.25 is a sixteenth of the work, for a quick look.");
  examples::add_gan(line, options, settings, how);
  line.option("--width", settings.width, "of all layers, as a part of the published");
  if (const int code = line.parse(argc, argv); code >= 0) return code;
  return examples::run("mnist_dcgan", [&] { return examples::train_gan(settings, how, options); });
}
