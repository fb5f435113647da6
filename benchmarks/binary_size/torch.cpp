// figment.cpp's program in libtorch, which writes no pictures: stb does.
#include <torch/torch.h>

#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("expected WEIGHTS PICTURE\n", stderr), 2;
  torch::manual_seed(1);
  torch::nn::Sequential decoder(torch::nn::Linear(20, 512), torch::nn::ReLU(), torch::nn::Linear(512, 784));
#ifdef SAVE_WEIGHTS
  torch::save(decoder, argv[1]);
#else
  torch::load(decoder, argv[1]);
  torch::NoGradGuard guard;
  const auto images = torch::sigmoid(decoder->forward(torch::randn({64, 20})));
  const auto grid =
      images.view({8, 8, 28, 28}).permute({0, 2, 1, 3}).mul(255).round().to(torch::kU8).contiguous();
  return !stbi_write_png(argv[2], 224, 224, 1, grid.data_ptr(), 224);
#endif
}
