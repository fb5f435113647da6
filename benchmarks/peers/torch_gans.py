#!/usr/bin/env python3
"""Trains a dense recipe of mnist_gan in PyTorch: the peer of what its samples look like.

    benchmarks/peers/torch_gans.py gan-in-action --data DIR --seed 0 --out runs/torch
    ./examples/run.sh mnist_classifier --score runs/torch

The same networks, initial distributions, losses, batches and iterations; its own random numbers. Leaves samples.npy
and samples.txt with the seconds in --out. Needs PyTorch and NumPy.
"""
import argparse
import gzip
import math
import sys
import time
from pathlib import Path

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError as e:
    sys.exit(f"torch_gans.py: {sys.executable} has no {e.name} (Debian: python3-torch, python3-numpy)")

EPS = 1e-7  # of Adam, as in Keras


def dense(inputs, outputs, weight=nn.init.xavier_uniform_):
    layer = nn.Linear(inputs, outputs)
    weight(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def narrow(weight):
    return nn.init.normal_(weight, 0, 0.02)


def stack(units, slope, first=nn.init.xavier_uniform_, between=lambda n: [], end=()):
    """Leaky layers of these units, and a plain last one."""
    layers = []
    for i, (inputs, outputs) in enumerate(zip(units, units[1:])):
        layers.append(dense(inputs, outputs, first if i == 0 else nn.init.xavier_uniform_))
        if i + 2 < len(units):
            layers += [nn.LeakyReLU(slope), *between(outputs)]
    return nn.Sequential(*layers, *end)


def by_first_dimension(inputs, outputs):
    """N(0, 2 / n), n the first dimension of a variable of shape (in, out) or (out,)."""
    layer = nn.Linear(inputs, outputs)
    nn.init.normal_(layer.weight, 0, math.sqrt(2 / inputs))
    nn.init.normal_(layer.bias, 0, math.sqrt(2 / outputs))
    return layer


def keras_mnist():
    return (stack([100, 256, 512, 1024, 784], 0.2, narrow, end=[nn.Tanh()]),
            stack([784, 1024, 512, 256, 1], 0.2, narrow, lambda n: [nn.Dropout(0.3)]))  # fmt: skip


def linder_noren():
    def norm(n):
        return [nn.BatchNorm1d(n, eps=1e-3, momentum=0.2)]

    return stack([100, 256, 512, 1024, 784], 0.2, between=norm, end=[nn.Tanh()]), stack([784, 512, 256, 1], 0.2)


def in_action():
    return stack([100, 128, 784], 0.01, end=[nn.Tanh()]), stack([784, 128, 1], 0.01)


def tf1_fashion():
    return (nn.Sequential(by_first_dimension(100, 256), nn.ReLU(), by_first_dimension(256, 784), nn.Sigmoid()),
            nn.Sequential(by_first_dimension(784, 256), nn.ReLU(), by_first_dimension(256, 1)))  # fmt: skip


def bce(logits, label):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def log_loss(logits, sign):
    return -torch.log(torch.sigmoid(sign * logits) + 1e-4).mean()


def update(optimizer, loss):
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def step_joined(g, d, g_adam, d_adam, real):
    n = len(real)
    with torch.no_grad():
        fake = g(torch.randn(n, 100))
    logits = d(torch.cat([real, fake]))
    labels = torch.cat([torch.full((n, 1), 0.9), torch.zeros(n, 1)])
    update(d_adam, F.binary_cross_entropy_with_logits(logits, labels))
    update(g_adam, bce(d(g(torch.randn(n, 100))), 1.0))


def step_apart(g, d, g_adam, d_adam, real):
    n = len(real)
    g.eval()
    with torch.no_grad():
        fake = g(torch.randn(n, 100))
    g.train()
    update(d_adam, bce(d(real), 1.0))
    update(d_adam, bce(d(fake), 0.0))
    update(g_adam, bce(d(g(torch.randn(n, 100))), 1.0))


def step_simultaneous(g, d, g_adam, d_adam, real):
    fake = d(g(torch.rand(len(real), 100) * 2 - 1))
    d_loss = log_loss(d(real), 1) + log_loss(fake, -1)
    d_gradients = torch.autograd.grad(d_loss, list(d.parameters()), retain_graph=True)
    g_gradients = torch.autograd.grad(log_loss(fake, 1), list(g.parameters()))
    for adam, module, gradients in ((d_adam, d, d_gradients), (g_adam, g, g_gradients)):
        for parameter, gradient in zip(module.parameters(), gradients):
            parameter.grad = gradient
        adam.step()


RECIPES = {
    "gan-keras-mnist": dict(make=keras_mnist, step=step_joined, rate=2e-4, beta1=0.5, batch=128, steps=20 * 468),
    "gan-linder-noren": dict(make=linder_noren, step=step_apart, rate=2e-4, beta1=0.5, batch=32, steps=30000),
    "gan-in-action": dict(make=in_action, step=step_apart, rate=1e-3, beta1=0.9, batch=128, steps=20000),
    "gan-tf1-fashion": dict(make=tf1_fashion, step=step_simultaneous, rate=2e-4, beta1=0.9, batch=128, steps=100000,
                            uniform=True),
}  # fmt: skip


def training_images(directory):
    path = Path(directory) / "train-images-idx3-ubyte.gz"
    if not path.is_file():
        sys.exit(f"torch_gans.py: expected {path}, which is not there")
    with gzip.open(path) as file:
        raw = np.frombuffer(file.read(), np.uint8, offset=16)
    return torch.from_numpy(raw.reshape(-1, 784).astype(np.float32) / 255)


def batches(x, size, replacement):
    """Without replacement: through a new order of all again and again, whole batches only."""
    while True:
        if replacement:
            yield x[torch.randint(len(x), (size,))]
        else:
            yield from (x[part] for part in torch.randperm(len(x)).split(size) if len(part) == size)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("--data", required=True, help="directory of train-images-idx3-ubyte.gz")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=0, help="other than the recipe's")
    parser.add_argument("--samples", type=int, default=10000)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)

    recipe = RECIPES[args.recipe]
    uniform = recipe.get("uniform", False)  # of the noise; pixels are then from 0, else from -1
    x = training_images(args.data)
    stream = batches(x if uniform else x * 2 - 1, recipe["batch"], not uniform)
    g, d = recipe["make"]()
    adams = [torch.optim.Adam(m.parameters(), lr=recipe["rate"], betas=(recipe["beta1"], 0.999), eps=EPS, fused=True)
             for m in (g, d)]  # fmt: skip
    start = time.perf_counter()
    for _ in range(args.steps or recipe["steps"]):
        recipe["step"](g, d, *adams, next(stream))
    seconds = time.perf_counter() - start

    g.eval()
    with torch.no_grad():
        z = torch.rand(args.samples, 100) * 2 - 1 if uniform else torch.randn(args.samples, 100)
        samples = g(z) if uniform else g(z) / 2 + 0.5
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "samples.npy", samples.reshape(-1, 28, 28).numpy())
    (out / "samples.txt").write_text(f"{args.recipe} seed {args.seed}: {seconds:.0f} s\n")


if __name__ == "__main__":
    main()
