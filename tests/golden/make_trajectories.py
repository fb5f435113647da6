#!/usr/bin/env python3
"""Writes tests/golden/trajectories.txt: ten training steps of every recipe, at its real size, on eight digits.

    apt-get install python3-torch && /usr/bin/python3 tests/golden/make_trajectories.py

Weights and noise are too many to store, so both sides compute them from their positions (`unit` below). The networks
are written from their descriptions, not from figment's recipes, in figment's layouts: images (N, H, W, C), weights
(in, out), (kh, kw, in, out) and, transposed, (kh, kw, out, in), parameters in figment's visiting order.
Names: <recipe>.<term> are that term's ten values, each before its step; <recipe>.weights holds the sum of |w| of each
parameter after the last. Everything runs in float64.
"""

import gzip
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from make_golden import EPS, STEPS, Writer, image, leaf, same

BATCH = 8


# ---------------------------------------------------------------------------------------------------- fixed numbers


def unit(key, *shape):
    """Numbers in [-1, 1) from a 32-bit hash of key and position."""
    x = (np.arange(math.prod(shape), dtype=np.uint64) * 2654435761 + key * 40503 + 12345) & 0xFFFFFFFF
    for _ in range(2):
        x ^= x >> np.uint64(16)
        x = (x * 0x45D9F3B) & 0xFFFFFFFF
    x ^= x >> np.uint64(16)
    return torch.from_numpy(x.astype(np.float64) / 2**31 - 1).reshape(shape)


def noise(step, *shape):
    """Of mean 0 and variance 1."""
    return unit(1000 + step, *shape) * math.sqrt(3)


def digits(kind, header, *shape):
    path = Path(__file__).parents[2] / f"examples/data/mnist10k/train-{kind}-ubyte.gz"
    with gzip.open(path) as file:
        file.seek(header)
        raw = np.frombuffer(file.read(math.prod(shape)), np.uint8)
    return torch.from_numpy(raw.astype(np.float64)).reshape(shape)


PIXELS = digits("images-idx3", 16, BATCH, 28, 28, 1)
LABELS = digits("labels-idx1", 8, BATCH).long()


# --------------------------------------------------------------------------------------------------------- networks


class Network:
    """Makes layers, functions of x, and keeps their parameters in order."""

    def __init__(self):
        self.parameters = []

    def parameter(self, limit, *shape):
        p = leaf(unit(len(self.parameters), *shape) * limit)
        self.parameters.append(p)
        return p

    def weight(self, *shape):
        fans = math.prod(shape[:-2]) * (shape[-2] + shape[-1])
        return self.parameter(math.sqrt(6 / fans), *shape)

    def dense(self, inputs, outputs, closing=lambda z: z):
        w, b = self.weight(inputs, outputs), self.parameter(0.1, outputs)
        return lambda x: closing(x.reshape(len(x), -1) @ w + b)

    def conv(self, inputs, outputs, closing=lambda z: z, stride=1, padding="same"):
        w, b = self.weight(3, 3, inputs, outputs), self.parameter(0.1, outputs)
        strides = (stride, stride)

        def f(x):
            padded = same(x, (3, 3), strides) if padding == "same" else x
            return closing(F.conv2d(padded, w.permute(3, 2, 0, 1).contiguous(), b, stride=strides))

        return image(f)

    def transposed(self, inputs, outputs, closing=lambda z: z, stride=2):
        """The adjoint of a 3x3 convolution with "same" padding from an image `stride` times as large."""
        w, b = self.weight(3, 3, outputs, inputs), self.parameter(0.1, outputs)

        def f(x):
            n = x.shape[-1] * stride
            before = max((x.shape[-1] - 1) * stride + 3 - n, 0) // 2
            y = F.conv_transpose2d(x, w.permute(3, 2, 0, 1).contiguous(), b, stride=stride)
            return closing(y[:, :, before : before + n, before : before + n])

        return image(f)


pool = image(lambda x: F.max_pool2d(same(x, (2, 2), (2, 2), value=-math.inf), 2))
up = image(lambda x: F.interpolate(x, scale_factor=2, mode="nearest"))


def chain(*layers):
    def f(x):
        for layer in layers:
            x = layer(x)
        return x

    return f


def bce(logits, x):
    return F.binary_cross_entropy_with_logits(logits, x.reshape(logits.shape), reduction="none")


def nats(elements):
    """Summed over each image, averaged over the batch."""
    return elements.reshape(BATCH, -1).sum(-1).mean()


# --------------------------------------------------------------------------------------------------------- training


def adam(p):
    return torch.optim.Adam(p, lr=1e-3, eps=EPS)


def rmsprop(p):
    return torch.optim.RMSprop(p, lr=1e-3, alpha=0.9, eps=EPS)


def adadelta(p):
    return torch.optim.Adadelta(p, lr=1.0, rho=0.95, eps=EPS)


def train(out, case, network, make, terms):
    """terms(step) are the parts of the loss, by name."""
    optimizer = make(network.parameters)
    seen = {}
    for step in range(STEPS):
        parts = terms(step)
        optimizer.zero_grad()
        sum(parts.values()).backward()
        optimizer.step()
        for name, value in parts.items():
            seen.setdefault(name, []).append(value.detach())
    weights = torch.stack([p.detach().abs().sum() for p in network.parameters])
    out.put(case, **{name: torch.stack(values) for name, values in seen.items()}, weights=weights)


def autoencoders(out):
    x = PIXELS / 255

    n = Network()
    f = chain(n.dense(784, 30, F.relu), n.dense(30, 784, F.relu))
    train(out, "ae-30", n, adam, lambda step: {"reconstruction": F.mse_loss(f(PIXELS), PIXELS.reshape(BATCH, 784))})

    def plain(case, make, layers, corrupted=lambda step: x):
        n = Network()
        f = chain(*layers(n))
        train(out, case, n, make, lambda step: {"reconstruction": bce(f(corrupted(step)), x).mean()})

    def simple(n):
        return n.dense(784, 32, F.relu), n.dense(32, 784)

    plain("ae-simple", adam, simple)
    plain("ae-simple_adadelta", adadelta, simple)

    def deep(n):
        sizes = [784, 128, 64, 32, 64, 128]
        hidden = [n.dense(i, o, F.relu) for i, o in zip(sizes, sizes[1:])]
        return [*hidden, n.dense(128, 784)]

    plain("ae-deep", adam, deep)

    def sparse(case, make, layers, code_layers):
        n = Network()
        layers = layers(n)
        encode, decode = chain(*layers[:code_layers]), chain(*layers[code_layers:])

        def terms(step):
            code = encode(x)
            return {"reconstruction": bce(decode(code), x).mean(), "penalty": 1e-4 * code.abs().sum(-1).mean()}

        train(out, case, n, make, terms)

    sparse("ae-sparse", adam, simple, 1)
    sparse("ae-deep_published", adadelta, deep, 3)

    def conv(n):
        down = [n.conv(1, 16, F.relu), pool, n.conv(16, 8, F.relu), pool, n.conv(8, 8, F.relu), pool]
        back = [n.conv(8, 8, F.relu), up, n.conv(8, 8, F.relu), up, n.conv(8, 16, F.relu, padding="valid"), up]
        return [*down, *back, n.conv(16, 1)]

    plain("ae-conv", adam, conv)
    plain("ae-conv_adadelta", adadelta, conv)

    def denoise(n):
        down = [n.conv(1, 32, F.relu), pool, n.conv(32, 32, F.relu), pool]
        return [*down, n.conv(32, 32, F.relu), up, n.conv(32, 32, F.relu), up, n.conv(32, 1)]

    plain("ae-denoise", adam, denoise, lambda step: (x + 0.5 * noise(step, *x.shape)).clamp(0, 1))


def variational(out):
    x = PIXELS / 255

    def vae(case, make, layers, latent, with_code=lambda z: z, with_image=lambda x: x, error=bce):
        n = Network()
        body, mean_head, log_var_head, decode = layers(n)

        def terms(step):
            hidden = body(with_image(x))
            mean, log_var = mean_head(hidden), log_var_head(hidden)
            z = mean + (log_var / 2).exp() * noise(step, BATCH, latent)
            reconstruction = nats(error(decode(with_code(z)), x))
            return {"reconstruction": reconstruction, "kl": nats(-0.5 * (1 + log_var - mean**2 - log_var.exp()))}

        train(out, case, n, make, terms)

    def mirrored(hidden, latent, labels=0):
        def layers(n):
            body = n.dense(784 + labels, hidden, F.relu)
            heads = n.dense(hidden, latent), n.dense(hidden, latent)
            return body, *heads, chain(n.dense(latent + labels, hidden, F.relu), n.dense(hidden, 784))

        return layers

    def squares(logits, x):
        return (torch.sigmoid(logits) - x.reshape(logits.shape)) ** 2

    vae("vae-256", rmsprop, mirrored(256, 2), 2)
    vae("vae-512", adam, mirrored(512, 2), 2)
    vae("vae-512_mse", adam, mirrored(512, 2), 2, error=squares)

    classes = F.one_hot(LABELS, 10).double()
    vae(
        "cvae",
        adam,
        mirrored(512, 2, labels=10),
        2,
        with_code=lambda z: torch.cat([z, classes], 1),
        with_image=lambda x: torch.cat([x.reshape(BATCH, 784), classes], 1),
    )

    def convolutional(latent):
        def layers(n):
            body = [n.conv(1, 32, F.relu, stride=2), n.conv(32, 64, F.relu, stride=2), n.dense(3136, 16, F.relu)]
            heads = n.dense(16, latent), n.dense(16, latent)
            planes = n.dense(latent, 3136, F.relu)
            back = [n.transposed(64, 64, F.relu), n.transposed(64, 32, F.relu), n.transposed(32, 1, stride=1)]
            return chain(*body), *heads, chain(planes, lambda h: h.reshape(BATCH, 7, 7, 64), *back)

        return layers

    vae("vae-conv", adam, convolutional(2), 2)


def main():
    out = Writer("trajectories")
    autoencoders(out)
    variational(out)
    out.save()


if __name__ == "__main__":
    main()
