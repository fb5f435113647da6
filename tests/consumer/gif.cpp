// Needs what figment::gif brings: giflib, and the headers of figment::io.
#include <figment/io.hpp>
#include <figment/io/gif.hpp>

int main() {
  const figment::io::Image frame{1, 1, 1, {7}};
  return figment::io::encode_gif({&frame, 1}).empty();
}
