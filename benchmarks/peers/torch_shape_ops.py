#!/usr/bin/env python3
"""The cases of benchmarks/shape_ops in PyTorch, eagerly, under the same names.

Results and gradients are copied where PyTorch would give a view: figment's tensors are contiguous memory of their
own, and who uses a strided view next pays for it. Indices are int64, as PyTorch wants them.
"""
import argparse
import json
import os
import statistics
import sys
import time
import warnings

for at, word in enumerate(sys.argv):  # as torch_steps.py
    if word.startswith("--threads"):
        os.environ["OPENBLAS_NUM_THREADS"] = word.partition("=")[2] or "".join(sys.argv[at + 1 : at + 2])

try:
    warnings.filterwarnings("ignore")  # of a missing numpy, which is not needed
    import torch
    import torch.nn.functional as F
except ImportError:
    sys.exit(f"torch_shape_ops.py: {sys.executable} has no PyTorch (Debian: python3-torch, PyPI: torch)")

IMAGES = (32, 28, 28, 32)


def name_of(shape):
    return f"({', '.join(map(str, shape))})"


def owned(t):
    """In memory of its own, row by row: a view is copied."""
    return t if t.is_contiguous() and t.untyped_storage().nbytes() == t.nbytes else t.clone(memory_format=torch.contiguous_format)


def parts(cases):
    x, y = torch.randn(IMAGES), torch.randn(IMAGES)
    for a in range(4):
        n = IMAGES[a]
        cases[f"slice axis {a}"] = ([x], lambda v, a=a, n=n: v.narrow(a, n // 4, n // 2))
        index = tuple(slice(None, None, 2 if d == a else None) for d in range(4))
        cases[f"slice step 2 axis {a}"] = ([x], lambda v, index=index: v[index])
        cases[f"select axis {a}"] = ([x], lambda v, a=a: v.select(a, 3))
        cases[f"concat axis {a}"] = ([x, y], lambda v, w, a=a: torch.cat([v, w], a))
    for a in range(5):
        cases[f"stack axis {a}"] = ([x, y], lambda v, w, a=a: torch.stack([v, w], a))
    for order in ((0, 3, 1, 2), (0, 2, 3, 1), (0, 1, 3, 2), (0, 2, 1, 3), (1, 0, 2, 3), (3, 0, 1, 2), (3, 2, 1, 0),
                  (2, 3, 0, 1)):
        cases[f"permute {name_of(order)}"] = ([x], lambda v, order=order: v.permute(order))
    cases["transpose (896, 896)"] = ([torch.randn(896, 896)], lambda v: v.t())
    taken = torch.arange(48) * 7 % 32
    cases["take 48 images"] = ([x], lambda v: v.index_select(0, taken))
    words = torch.arange(25088) * 7919 % 1000
    cases["take 25088 rows"] = ([torch.randn(1000, 32)], lambda v: v.index_select(0, words))
    picked = torch.arange(25088) * 13 % 32
    cases["pick (25088, 32)"] = ([torch.randn(25088, 32)], lambda v: v.gather(1, picked.unsqueeze(1)).squeeze(1))
    cases["one_hot (25088, 32)"] = ([], lambda: F.one_hot(picked, 32).float())

    def channels_last(f):  # on (N, H, W, C), as figment has it
        return lambda v: f(v.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)

    cases["max_pool2d"] = ([x], channels_last(lambda v: F.max_pool2d(v, 2)))
    cases["avg_pool2d"] = ([x], channels_last(lambda v: F.avg_pool2d(v, 2)))
    for mode in ("nearest", "bilinear"):
        cases[f"upsample2d {mode}"] = ([x], channels_last(lambda v, mode=mode: F.interpolate(v, scale_factor=2, mode=mode)))


def maps(cases):
    x, positive = torch.randn(IMAGES), torch.rand(IMAGES) + 0.5
    for shape in (IMAGES, (1, 28, 28, 32), (32, 1, 28, 32), (32, 28, 1, 32), (32, 28, 28, 1), (32,), (32, 1, 1, 32),
                  (1, 28, 28, 1), (32, 1, 1, 1), (28, 1, 1)):
        y = torch.randn(shape)
        mask = y > 0
        cases[f"add {name_of(shape)}"] = ([x, y], torch.add)
        cases[f"mul {name_of(shape)}"] = ([x, y], torch.mul)
        cases[f"where {name_of(shape)}"] = ([x, positive], lambda v, w, mask=mask: torch.where(mask, v, w))
        if shape != IMAGES:
            cases[f"broadcast_to {name_of(shape)}"] = ([y], lambda v: v.expand(IMAGES))
    cases["mul (32, 28, 28, 1) (32)"] = ([torch.randn(32, 28, 28, 1), torch.randn(32)], torch.mul)
    for shape in (IMAGES, (32,), (32, 28, 28, 1)):
        y, z = torch.randn(shape), torch.rand(shape) + 0.5
        for op, f, v, w in (("sub", torch.sub, x, y), ("div", torch.div, x, z), ("maximum", torch.maximum, x, y),
                            ("minimum", torch.minimum, x, y), ("pow", torch.pow, positive, y),
                            ("greater", torch.gt, x, y), ("equal", torch.eq, x, y)):
            cases[f"{op} {name_of(shape)}"] = ([v, w], f)
    for op, v, f in (
        ("sin", x, torch.sin), ("cos", x, torch.cos), ("abs", x, torch.abs), ("sign", x, torch.sign),
        ("clamp", x, lambda v: v.clamp(-0.5, 0.75)), ("add number", x, lambda v: v + 1.5),
        ("div number", x, lambda v: v / 1.5), ("pow 2", x, lambda v: v**2), ("pow 0.5", positive, lambda v: v**0.5),
        ("pow 1.7", positive, lambda v: v**1.7), ("is_finite", x, torch.isfinite),
    ):
        cases[op] = ([v], f)


def sums(cases):
    x = torch.randn(IMAGES)
    for name, axes in (("axis 0", (0,)), ("axis 1", (1,)), ("axis 2", (2,)), ("axis 3", (3,)),
                       ("all axes", (0, 1, 2, 3)), ("axes 1 2", (1, 2)), ("axes 0 1 2", (0, 1, 2)),
                       ("axes 1 2 3", (1, 2, 3))):
        for op, f in (("sum", torch.sum), ("mean", torch.mean), ("max", torch.amax), ("min", torch.amin),
                      ("logsumexp", torch.logsumexp)):
            cases[f"{op} {name}"] = ([x], lambda v, f=f, axes=axes: f(v, axes))
        cases[f"var {name}"] = ([x], lambda v, axes=axes: v.var(axes, unbiased=False))
    for a in range(4):
        for op, f in (("softmax", torch.softmax), ("log_softmax", torch.log_softmax), ("argmax", torch.argmax),
                      ("argmin", torch.argmin)):
            cases[f"{op} axis {a}"] = ([x], lambda v, f=f, a=a: f(v, a))


def recurrent(cases):
    units, sequences, steps = 256, 128, 28

    def lstm(x, w, u, b):
        h = c = torch.zeros(sequences, units)
        for t in range(steps):
            i, f, g, o = (x[:, t] @ w + h @ u + b).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return h

    def gru(x, w, u, b):
        h = torch.zeros(sequences, units)
        for t in range(steps):
            (xr, xu, xc), (hr, hu, hc) = (x[:, t] @ w + b).chunk(3, 1), (h @ u).chunk(3, 1)
            r, z = torch.sigmoid(xr + hr), torch.sigmoid(xu + hu)
            candidate = torch.tanh(xc + r * hc)
            h = candidate + z * (h - candidate)
        return h

    for name, gates, f in (("lstm 28 steps", 4, lstm), ("gru 28 steps", 3, gru)):
        width = gates * units
        cases[name] = ([torch.rand(sequences, steps, 28), torch.randn(28, width) * 0.1,
                        torch.randn(units, width) * 0.05, torch.randn(width) * 0.1], f)


def measure(name, which, run, options):
    clock = time.thread_time if options.threads == 1 else time.perf_counter  # as benchmarks/shape_ops has it
    run()
    start = clock()
    run()
    calls = max(1, min(10000, int(2e-3 / (clock() - start))))
    samples = []
    for _ in range(3 if options.quick else 9):
        start = clock()
        for _ in range(calls):
            run()
        samples.append((clock() - start) * 1e3 / calls)
    median, least = statistics.median(samples), min(samples)
    if options.json:
        print(json.dumps({"case": name, "pass": which, "threads": options.threads, "median_ms": round(median, 5),
                          "min_ms": round(least, 5), "torch": torch.__version__, "mode": "eager"}), flush=True)
    else:
        print(f"{name:<28} {which:<8} median {median:9.4f} ms, min {least:9.4f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    parser.add_argument("--filter", default="", help="only cases whose name contains this")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    options = parser.parse_args()
    if options.threads < 1:
        parser.error(f"--threads: expected 1 or more, found {options.threads}")
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    cases = {}
    for part in (parts, maps, sums, recurrent):
        part(cases)
    for name, (inputs, f) in cases.items():
        if options.filter not in name:
            continue
        inputs = [x.detach().clone().requires_grad_() for x in inputs]
        y = f(*inputs)
        dense = owned(y)
        measure(name, "forward", lambda: owned(f(*inputs)), options)
        if not y.requires_grad:
            continue
        dy = torch.randn(dense.shape)

        def backward():
            for g in torch.autograd.grad(dense, inputs, dy, retain_graph=True):
                owned(g)

        measure(name, "backward", backward, options)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
