#!/usr/bin/env python3
"""One whole training step of each published system in PyTorch: the peer of benchmarks/training_step.

The same networks, losses, optimisers and batches, data in memory. Works with PyTorch 1.13 and later; needs nothing
else. The layout of the images and the kind of optimiser are whichever are faster, found by measuring before (in a
process of its own, so that it has no part in the peak of memory); the variant is named with the result. Strided
convolutions pad by 2 on both sides, where figment and TensorFlow pad by 1 and 2: the mirror image of the same
arithmetic, and in PyTorch without a padded copy. The peak is the most resident memory, less what was resident before
the case began, as benchmarks/training_step has it.
"""
import argparse
import itertools
import json
import math
import os
import statistics
import sys
import time
import warnings

# Debian's PyTorch multiplies by OpenBLAS, which takes its number of threads from here when it is loaded and not from
# torch.set_num_threads: one thread would be two.
for at, word in enumerate(sys.argv):
    if word.startswith("--threads"):
        os.environ["OPENBLAS_NUM_THREADS"] = word.partition("=")[2] or "".join(sys.argv[at + 1 : at + 2])

try:
    warnings.filterwarnings("ignore")  # of a missing numpy, which is not needed
    import torch
    from torch import nn
    import torch.nn.functional as F
except ImportError:
    sys.exit(f"torch_steps.py: {sys.executable} has no PyTorch (Debian: python3-torch, PyPI: torch)")

OPTIMIZERS = {"plain": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}


def make_optimizer(optimizer, module, variant, **options):
    return optimizer(module.parameters(), eps=1e-7, **OPTIMIZERS[variant["optimizer"]], **options)


def discs(n, low=0.0):
    """n images (n, 1, 28, 28) of one bright disc each, from `low` to 1."""
    row, column, radius = (low_ + span * torch.rand(n, 1, 1) for low_, span in ((8, 12), (8, 12), (3, 4)))
    at = torch.arange(28.0)
    inside = radius - torch.hypot(at.view(1, 28, 1) - row, at.view(1, 1, 28) - column)
    return (low + (1 - low) * (inside + 0.5).clamp(0, 1)).unsqueeze(1)


def update(optimizer, gradients):
    for parameter, gradient in zip(optimizer.param_groups[0]["params"], gradients):
        parameter.grad = gradient
    optimizer.step()


def gradients(loss, module, keep=False):
    """Of this module's parameters alone: what lies in other modules gets no weight gradients."""
    return torch.autograd.grad(loss, list(module.parameters()), retain_graph=keep)


class Vae256:
    layouts = ("dense",)

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(784, 256), nn.ReLU())
            self.mean, self.log_var = nn.Linear(256, 2), nn.Linear(256, 2)
            self.decoder = nn.Sequential(nn.Linear(2, 256), nn.ReLU(), nn.Linear(256, 784))

        def forward(self, x):
            h = self.body(x)
            mean, log_var = self.mean(h), self.log_var(h)
            logits = self.decoder(mean + torch.exp(0.5 * log_var) * torch.randn_like(mean))
            kl = 0.5 * (torch.exp(log_var) + mean**2 - 1 - log_var).sum()
            return (F.binary_cross_entropy_with_logits(logits, x, reduction="sum") + kl) / x.shape[0]

    def __init__(self, variant, wrap):
        self.network = self.Network()
        self.loss = wrap(self.network)
        self.x = discs(100).flatten(1)
        self.optimizer = make_optimizer(torch.optim.RMSprop, self.network, variant, lr=1e-3, alpha=0.9)

    def step(self):
        loss = self.loss(self.x)
        update(self.optimizer, gradients(loss, self.network))
        return loss.item()


class GanKerasMnist:
    layouts = ("dense",)

    def __init__(self, variant, wrap):
        def leaky(*layers):
            return itertools.chain.from_iterable((layer, nn.LeakyReLU(0.2)) for layer in layers)

        self.generator = nn.Sequential(
            *leaky(nn.Linear(100, 256), nn.Linear(256, 512), nn.Linear(512, 1024)), nn.Linear(1024, 784), nn.Tanh())
        hidden = [nn.Linear(784, 1024), nn.Linear(1024, 512), nn.Linear(512, 256)]
        self.discriminator = nn.Sequential(
            *itertools.chain.from_iterable((layer, nn.LeakyReLU(0.2), nn.Dropout(0.3)) for layer in hidden),
            nn.Linear(256, 1))
        nn.init.normal_(self.generator[0].weight, 0, 0.02)
        nn.init.normal_(self.discriminator[0].weight, 0, 0.02)
        self.generate, self.discriminate = wrap(self.generator), wrap(self.discriminator)
        self.real = discs(128, -1.0).flatten(1)
        self.ones = torch.ones(128, 1)
        self.labels = torch.cat([torch.full((128, 1), 0.9), torch.zeros(128, 1)])
        adam = {"lr": 2e-4, "betas": (0.5, 0.999)}
        self.generator_optimizer = make_optimizer(torch.optim.Adam, self.generator, variant, **adam)
        self.discriminator_optimizer = make_optimizer(torch.optim.Adam, self.discriminator, variant, **adam)

    def step(self):
        with torch.no_grad():
            fakes = self.generate(torch.randn(128, 100))
        logits = self.discriminate(torch.cat([self.real, fakes]))
        loss = F.binary_cross_entropy_with_logits(logits, self.labels)
        update(self.discriminator_optimizer, gradients(loss, self.discriminator))
        self.discriminator.requires_grad_(False)  # what is compiled computes all gradients that it may
        logits = self.discriminate(self.generate(torch.randn(128, 100)))
        update(self.generator_optimizer,
               gradients(F.binary_cross_entropy_with_logits(logits, self.ones), self.generator))
        self.discriminator.requires_grad_(True)
        return loss.item()


class DcganTf:
    layouts = ("channels_first", "channels_last")

    class Start(nn.Module):
        """(N, 100) -> (N, 256, 7, 7), its channels last in memory or not."""

        def __init__(self, last):
            super().__init__()
            self.last = last
            self.dense = nn.Linear(100, 7 * 7 * 256, bias=False)
            self.norm = nn.BatchNorm1d(7 * 7 * 256, eps=1e-3, momentum=0.01)
            self.act = nn.LeakyReLU(0.3)

        def forward(self, z):
            x = self.act(self.norm(self.dense(z)))
            return x.view(-1, 7, 7, 256).permute(0, 3, 1, 2) if self.last else x.view(-1, 256, 7, 7)

    def __init__(self, variant, wrap):
        last = variant["layout"] == "channels_last"
        memory = {"memory_format": torch.channels_last if last else torch.contiguous_format}

        def up(inputs, outputs, stride):
            return nn.ConvTranspose2d(inputs, outputs, 5, stride, padding=2, output_padding=stride - 1, bias=False)

        def norm(channels):
            return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)

        self.generator = nn.Sequential(
            self.Start(last), up(256, 128, 1), norm(128), nn.LeakyReLU(0.3), up(128, 64, 2), norm(64),
            nn.LeakyReLU(0.3), up(64, 1, 2), nn.Tanh()).to(**memory)
        self.discriminator = nn.Sequential(
            nn.Conv2d(1, 64, 5, 2, padding=2), nn.LeakyReLU(0.3), nn.Dropout(0.3),
            nn.Conv2d(64, 128, 5, 2, padding=2), nn.LeakyReLU(0.3), nn.Dropout(0.3),
            nn.Flatten(), nn.Linear(7 * 7 * 128, 1)).to(**memory)
        self.generate, self.discriminate = wrap(self.generator), wrap(self.discriminator)
        self.real = discs(256, -1.0).contiguous(**memory)
        self.ones, self.zeros = torch.ones(256, 1), torch.zeros(256, 1)
        self.generator_optimizer = make_optimizer(torch.optim.Adam, self.generator, variant, lr=1e-4)
        self.discriminator_optimizer = make_optimizer(torch.optim.Adam, self.discriminator, variant, lr=1e-4)

    def step(self):
        bce = F.binary_cross_entropy_with_logits
        fake = self.discriminate(self.generate(torch.randn(256, 100)))
        loss = bce(self.discriminate(self.real), self.ones) + bce(fake, self.zeros)
        for_generator = gradients(bce(fake, self.ones), self.generator, keep=True)
        for_discriminator = gradients(loss, self.discriminator)
        update(self.generator_optimizer, for_generator)
        update(self.discriminator_optimizer, for_discriminator)
        return loss.item()


class AeConv:
    layouts = ("channels_first", "channels_last")

    def __init__(self, variant, wrap):
        memory = {"memory_format": torch.channels_last if variant["layout"] == "channels_last"
                  else torch.contiguous_format}

        def conv(inputs, outputs, padding=1):
            return nn.Conv2d(inputs, outputs, 3, padding=padding), nn.ReLU()

        def pool():
            return nn.MaxPool2d(2, ceil_mode=True)

        def up():
            return nn.Upsample(scale_factor=2)

        self.network = nn.Sequential(
            *conv(1, 16), pool(), *conv(16, 8), pool(), *conv(8, 8), pool(), *conv(8, 8), up(), *conv(8, 8), up(),
            *conv(8, 16, 0), up(), nn.Conv2d(16, 1, 3, padding=1)).to(**memory)
        self.reconstruct = wrap(self.network)
        self.x = discs(128).contiguous(**memory)
        self.optimizer = make_optimizer(torch.optim.Adam, self.network, variant, lr=1e-3)

    def step(self):
        loss = F.binary_cross_entropy_with_logits(self.reconstruct(self.x), self.x)
        update(self.optimizer, gradients(loss, self.network))
        return loss.item()


CASES = {"vae-256": Vae256, "gan-keras-mnist": GanKerasMnist, "dcgan-tf": DcganTf, "ae-conv": AeConv}


def fastest(case, variants):
    """The variant whose steps take least, measured interleaved."""
    runs = []
    for variant in variants:
        try:
            run = case(variant, lambda module: module)
            run.step()
        except (TypeError, RuntimeError, ValueError):  # this version has no such optimiser, or not on the CPU
            continue
        runs.append(([], variant, run))
    start = time.perf_counter()
    while time.perf_counter() - start < 0.5 or len(runs[0][0]) < 3:
        for times, _, run in runs:
            before = time.perf_counter()
            run.step()
            times.append(time.perf_counter() - before)
    return min(runs, key=lambda run: statistics.median(run[0]))[1]


def fastest_variant(case, threads):
    """The faster layout, and with it the fastest optimiser; measured in a process of their own."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        torch.set_num_threads(threads)
        variant = fastest(case, [{"layout": layout, "optimizer": "plain"} for layout in case.layouts])
        variant = fastest(case, [{**variant, "optimizer": optimizer} for optimizer in OPTIMIZERS])
        os.write(write, json.dumps(variant).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    if os.waitpid(child, 0)[1]:
        sys.exit("torch_steps.py: no variant of the step could be measured")
    return json.loads(text)


def resident_mb(field):
    """VmRSS or VmHWM of this process; 0 where there is no /proc."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field + ":"))
    except OSError:
        return 0.0


def load_libraries():
    """Makes PyTorch load what it loads at first use: its libraries are not part of a step's memory."""
    x = torch.rand(2, 1, 8, 8)
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 40))
    update(torch.optim.Adam(network.parameters()), gradients(network(x).square().sum(), network))


def verify(name, case, steps):
    losses = [case.step() for _ in range(steps)]
    if not all(map(math.isfinite, losses)) or losses[-1] >= losses[0]:
        sys.exit(f"torch_steps.py: {name}: the losses of the first steps are {losses}")


def measure(name, options):
    if options.variant:
        layout, _, optimizer = options.variant.partition(",")
        variant = {"layout": layout, "optimizer": optimizer}
    else:
        variant = fastest_variant(CASES[name], options.threads)
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    load_libraries()
    resident = resident_mb("VmRSS")
    case = CASES[name](variant, torch.compile if options.compile else lambda module: module)
    verify(name, case, 30 if name in ("vae-256", "ae-conv") else 10)
    samples = []
    processor = time.process_time()
    start = time.perf_counter()
    while len(samples) < 5 or time.perf_counter() - start < options.seconds:
        before = time.perf_counter()
        case.step()
        samples.append((time.perf_counter() - before) * 1e3)
    processor = (time.process_time() - processor) * 1e3 / len(samples)
    peak = resident_mb("VmHWM") - resident
    median = statistics.median(samples)
    mode = "compiled" if options.compile else "eager"
    variant = f"{variant['layout']},{variant['optimizer']}"
    if options.json:
        print(json.dumps({"case": name, "threads": options.threads, "median_ms": round(median, 4),
                          "min_ms": round(min(samples), 4), "max_ms": round(max(samples), 4),
                          "cpu_ms": round(processor, 4), "steps": len(samples), "peak_mb": round(peak, 1),
                          "torch": torch.__version__, "mode": mode, "variant": variant}), flush=True)
    else:
        print(f"{name:<16} {options.threads} thread(s): median {median:9.3f} ms, min {min(samples):9.3f}, max "
              f"{max(samples):9.3f}, processor {processor:9.3f}; {len(samples)} steps; peak {peak:.1f} MB; torch "
              f"{torch.__version__} {mode}, {variant}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)

    def refuse(message):
        print(f"torch_steps.py: {message} (see --help)", file=sys.stderr)
        sys.exit(2)

    parser.error = refuse
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    parser.add_argument("--case", choices=CASES, help="only this one")
    parser.add_argument("--seconds", type=float, default=3, help="how long to take steps, at least five")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--compile", action="store_true", help="networks through torch.compile")
    parser.add_argument("--variant", help="LAYOUT,OPTIMIZER instead of the fastest, as a result names it")
    options = parser.parse_args()
    if options.threads < 1:
        parser.error(f"--threads: expected 1 or more, found {options.threads}")
    if options.compile and not hasattr(torch, "compile"):
        parser.error(f"PyTorch {torch.__version__} has no torch.compile")
    if options.compile:
        import torch._functorch.config as functorch

        functorch.donated_buffer = False  # dcgan-tf takes two gradients through one pass
    if options.case:
        return measure(options.case, options)
    for name in CASES:  # each in a process of its own, so that its peak of memory is its own
        child = os.fork()
        if child == 0:
            measure(name, options)
            sys.stdout.flush()
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            sys.exit(1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
