#!/usr/bin/env python3
"""Writes tests/golden/trajectories.txt and gan_trajectories.txt: ten training steps of recipes on eight digits.

    apt-get install python3-torch && /usr/bin/python3 tests/golden/make_trajectories.py [group ...]

Every recipe has its real size, but for the convolutional adversaries, which have an eighth of their channels.
Weights and noise are too many to store, so both sides compute them from their positions (`unit` below). The networks
are written from their descriptions, not from figment's recipes, in figment's layouts: images (N, H, W, C), weights
(in, out), (kh, kw, in, out) and, transposed, (kh, kw, out, in), parameters in figment's visiting order.
Names: <recipe>.<term> are that term's ten values, each before its step; <recipe>.weights holds the sum of |w| of each
parameter after the last, <recipe>.buffers that of batch norm's running moments. Everything runs in float64.
"""

import gzip
import math
import sys
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
        self.parameters, self.buffers = [], []
        self.training = True

    def parameter(self, limit, *shape, middle=0):
        p = leaf(middle + unit(len(self.parameters), *shape) * limit)
        self.parameters.append(p)
        return p

    def weight(self, *shape):
        fans = math.prod(shape[:-2]) * (shape[-2] + shape[-1])
        return self.parameter(math.sqrt(6 / fans), *shape)

    def bias(self, outputs, wanted):
        return self.parameter(0.1, outputs) if wanted else torch.zeros(outputs)

    def dense(self, inputs, outputs, closing=lambda z: z, bias=True):
        w, b = self.weight(inputs, outputs), self.bias(outputs, bias)
        return lambda x: closing(x.reshape(len(x), -1) @ w + b)

    def conv(self, inputs, outputs, closing=lambda z: z, stride=1, padding="same", kernel=3):
        w, b = self.weight(kernel, kernel, inputs, outputs), self.parameter(0.1, outputs)
        strides = (stride, stride)

        def f(x):
            padded = same(x, (kernel, kernel), strides) if padding == "same" else x
            return closing(F.conv2d(padded, w.permute(3, 2, 0, 1).contiguous(), b, stride=strides))

        return image(f)

    def transposed(self, inputs, outputs, closing=lambda z: z, stride=2, kernel=3, bias=True):
        """The adjoint of a convolution with "same" padding from an image `stride` times as large."""
        w, b = self.weight(kernel, kernel, outputs, inputs), self.bias(outputs, bias)

        def f(x):
            n = x.shape[-1] * stride
            before = max((x.shape[-1] - 1) * stride + kernel - n, 0) // 2
            y = F.conv_transpose2d(x, w.permute(3, 2, 0, 1).contiguous(), b, stride=stride)
            return closing(y[:, :, before : before + n, before : before + n])

        return image(f)

    def batch_norm(self, channels, closing=lambda z: z, momentum=0.99):
        """momentum: how much of the running moments stays."""
        gamma, beta = self.parameter(0.1, channels, middle=1), self.parameter(0.1, channels)
        mean, var = torch.zeros(channels), torch.ones(channels)
        self.buffers += [mean, var]

        def f(x):
            rows = x.reshape(-1, channels)
            y = F.batch_norm(rows, mean, var, gamma, beta, self.training, 1 - momentum, eps=1e-3)
            return closing(y.reshape(x.shape))

        return f


class Philox:
    """figment's Rng(seed): Philox 4x32-10 (Salmon et al., 2011)."""

    def __init__(self, seed):
        self.seed, self.counter = seed, 0

    def uniform(self, *shape):
        """As a fill of floats: four a block, the upper 24 bits of a word each."""
        words = 0xFFFFFFFF
        blocks = -(-math.prod(shape) // 4)
        c = np.zeros((4, blocks), np.uint64)
        c[0] = np.arange(self.counter, self.counter + blocks)
        self.counter += blocks
        k = [self.seed & words, self.seed >> 32]
        for _ in range(10):
            p, q = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
            high = np.uint64(32)
            c = np.stack([(q >> high) ^ c[1] ^ np.uint64(k[0]), q & np.uint64(words),
                          (p >> high) ^ c[3] ^ np.uint64(k[1]), p & np.uint64(words)])  # fmt: skip
            k = [(k[0] + 0x9E3779B9) & words, (k[1] + 0xBB67AE85) & words]
        numbers = (c.T.reshape(-1)[: math.prod(shape)] >> np.uint64(8)).astype(np.float64) / 2**24
        return torch.from_numpy(numbers).reshape(shape)

    def dropout(self, rate):
        keep = float(np.float32(1 - rate))  # figment's comparison is between floats
        return lambda x: x * (self.uniform(*x.shape) < keep) / (1 - rate)


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
            body = [n.conv(1, 32, F.relu, stride=2), n.conv(32, 64, F.relu, stride=2), n.dense(3136, 128, F.relu)]
            heads = n.dense(128, latent), n.dense(128, latent)
            planes = n.dense(latent, 3136, F.relu)
            back = [n.transposed(64, 64, F.relu), n.transposed(64, 32, F.relu), n.transposed(32, 1, stride=1)]
            return chain(*body), *heads, chain(planes, lambda h: h.reshape(BATCH, 7, 7, 64), *back)

        return layers

    vae("vae-conv", adam, convolutional(2), 2)


# ------------------------------------------------------------------------------------------------------ adversaries


class Adversaries:
    """A generator G and a discriminator D, given as lists of layers, with an Adam for each."""

    def __init__(self, generator, discriminator, rate=2e-4, beta1=0.5):
        n = self.network = Network()
        # Of dropout. With seed 1 a unit of gan-keras-mnist is within 8e-8 of leaky_relu's kink: float, PyTorch's too,
        # takes it for the other side and ends 1e-3 away. Here none is nearer than 1e-6.
        self.rng = Philox(2)
        self.G = chain(*generator(n))
        mine = len(n.parameters)
        self.D = chain(*discriminator(n, self.rng))

        def adam(p):
            return torch.optim.Adam(p, lr=rate, betas=(beta1, 0.999), eps=EPS)

        self.g_adam, self.d_adam = adam(n.parameters[:mine]), adam(n.parameters[mine:])
        self.draws = 0
        self.seen = {}

    def z(self, limit=math.sqrt(3)):
        """Noise, at first of mean 0 and variance 1."""
        self.draws += 1
        return unit(999 + self.draws, BATCH, 100) * limit

    def learn(self, *losses):
        """A step for each (optimizer, loss), after all their gradients."""
        found = []
        for adam, loss in losses:
            weights = adam.param_groups[0]["params"]
            found.append((adam, weights, torch.autograd.grad(loss, weights, retain_graph=True)))
        for adam, weights, gradients in found:
            for w, g in zip(weights, gradients):
                w.grad = g
            adam.step()

    def tell(self, d_loss, g_loss, real, fake):
        right = {"d_real": (real > 0).double().mean(), "d_fake": (fake < 0).double().mean()}
        for name, value in {"d_loss": d_loss, "g_loss": g_loss, **right}.items():
            self.seen.setdefault(name, []).append(value.detach())

    def put(self, out, case):
        def sums(tensors):
            return torch.stack([t.detach().abs().sum() for t in tensors])

        figures = {name: torch.stack(values) for name, values in self.seen.items()}
        out.put(case, **figures, weights=sums(self.network.parameters))
        if self.network.buffers:
            out.put(case, buffers=sums(self.network.buffers))


def leaky(slope):
    return lambda x: F.leaky_relu(x, slope)


def against(logits, label):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def adversarial(out):
    unit_range = PIXELS.reshape(BATCH, 784) / 255
    signed = unit_range * 2 - 1

    # Dropout in D, one batch of both for it, smoothed labels; then G, on noise of its own.
    def generator(n):
        sizes = [100, 256, 512, 1024]
        hidden = [n.dense(i, o, leaky(0.2)) for i, o in zip(sizes, sizes[1:])]
        return [*hidden, n.dense(1024, 784, torch.tanh)]

    def discriminator(n, rng):
        layers = []
        for i, o in [(784, 1024), (1024, 512), (512, 256)]:
            layers += [n.dense(i, o, leaky(0.2)), rng.dropout(0.3)]
        return [*layers, n.dense(256, 1)]

    a = Adversaries(generator, discriminator)
    for _ in range(STEPS):
        logits = a.D(torch.cat([signed, a.G(a.z()).detach()]))
        labels = torch.cat([torch.full((BATCH, 1), 0.9), torch.zeros(BATCH, 1)])
        d_loss = F.binary_cross_entropy_with_logits(logits, labels)
        a.learn((a.d_adam, d_loss))
        g_loss = against(a.D(a.G(a.z())), 1)
        a.learn((a.g_adam, g_loss))
        a.tell(d_loss, g_loss, logits[:BATCH], logits[BATCH:])
    a.put(out, "gan-keras-mnist")

    # D learns of fakes by batch norm's running moments, in a step of its own after that on real ones.
    def generator(n):
        layers = []
        for i, o in [(100, 256), (256, 512), (512, 1024)]:
            layers += [n.dense(i, o, leaky(0.2)), n.batch_norm(o, momentum=0.8)]
        return [*layers, n.dense(1024, 784, torch.tanh)]

    def discriminator(n, _):
        return [n.dense(784, 512, leaky(0.2)), n.dense(512, 256, leaky(0.2)), n.dense(256, 1)]

    a = Adversaries(generator, discriminator)
    for _ in range(STEPS):
        a.network.training = False
        fake = a.G(a.z()).detach()
        a.network.training = True
        real_logits = a.D(signed)
        real_loss = against(real_logits, 1)
        a.learn((a.d_adam, real_loss))
        fake_logits = a.D(fake)
        fake_loss = against(fake_logits, 0)
        a.learn((a.d_adam, fake_loss))
        g_loss = against(a.D(a.G(a.z())), 1)
        a.learn((a.g_adam, g_loss))
        a.tell(real_loss + fake_loss, g_loss, real_logits, fake_logits)
    a.put(out, "gan-linder-noren")

    # Uniform noise, one batch of it for both, probabilities with an offset.
    def generator(n):
        return [n.dense(100, 256, F.relu), n.dense(256, 784, torch.sigmoid)]

    def discriminator(n, _):
        return [n.dense(784, 256, F.relu), n.dense(256, 1)]

    a = Adversaries(generator, discriminator, beta1=0.9)
    for _ in range(STEPS):
        real, fake = a.D(unit_range), a.D(a.G(a.z(limit=1)))
        d_loss = -(torch.log(torch.sigmoid(real) + 1e-4) + torch.log(1 - torch.sigmoid(fake) + 1e-4)).mean()
        g_loss = -torch.log(torch.sigmoid(fake) + 1e-4).mean()
        a.learn((a.d_adam, d_loss), (a.g_adam, g_loss))
        a.tell(d_loss, g_loss, real, fake)
    a.put(out, "gan-tf1-fashion")

    # An eighth of 256, 128 and 64 channels; every fifth batch has fewer real images than fakes.
    def generator(n):
        def up(inputs, outputs, stride, closing=lambda z: z):
            return n.transposed(inputs, outputs, closing, stride, kernel=5, bias=False)

        first = n.dense(100, 7 * 7 * 32, bias=False), n.batch_norm(7 * 7 * 32, leaky(0.3))
        layers = [*first, lambda h: h.reshape(BATCH, 7, 7, 32)]
        layers += [up(32, 16, 1), n.batch_norm(16, leaky(0.3)), up(16, 8, 2), n.batch_norm(8, leaky(0.3))]
        return [*layers, up(8, 1, 2, torch.tanh)]

    def discriminator(n, rng):
        layers = []
        for i, o in [(1, 8), (8, 16)]:
            layers += [n.conv(i, o, leaky(0.3), stride=2, kernel=5), rng.dropout(0.3)]
        return [*layers, n.dense(7 * 7 * 16, 1)]

    a = Adversaries(generator, discriminator, rate=1e-4, beta1=0.9)
    for step in range(STEPS):
        fakes = a.G(a.z())
        real, fake = a.D(signed.reshape(BATCH, 28, 28, 1)[: 3 if step % 5 == 4 else BATCH]), a.D(fakes)
        d_loss, g_loss = against(real, 1) + against(fake, 0), against(fake, 1)
        a.learn((a.d_adam, d_loss), (a.g_adam, g_loss))
        a.tell(d_loss, g_loss, real, fake)
    a.put(out, "dcgan-tf")


GROUPS = {"trajectories": (autoencoders, variational), "gan_trajectories": (adversarial,)}


def main():
    for name in sys.argv[1:] or GROUPS:
        if name not in GROUPS:
            sys.exit(f"make_trajectories.py: no group '{name}', there are {', '.join(GROUPS)}")
        out = Writer(name)
        for make in GROUPS[name]:
            make(out)
        out.save()


if __name__ == "__main__":
    main()
