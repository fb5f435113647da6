#!/usr/bin/env python3
"""Writes the golden values the C++ tests compare with: tests/golden/<group>.txt, one array a line.

    apt-get install python3-torch && /usr/bin/python3 tests/golden/make_golden.py [group ...]

Inputs come from Python's own generator, seeded by the name of the case and rounded to four decimals, so they do not
depend on the version of PyTorch and a new case leaves the others as they are. Everything runs in float64.
Names: <case>.x is an input, <case>.y an output, <case>.dy the given gradient of y, <case>.dx the gradient of
sum(y * dy) with respect to x, <case>.v a given direction, <case>.ddx and <case>.ddy the gradients of sum(dx * v).
"""

import math
import random
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

GROUPS = {}


def group(make):
    GROUPS[make.__name__] = make
    return make


# ---------------------------------------------------------------------------------------------------------- arrays


class Draw:
    """The inputs of one case. Four decimals: short lines, and the text is the exact value."""

    def __init__(self, name):
        self.random = random.Random(name)

    def fill(self, shape, value):
        flat = [round(value(), 4) for _ in range(math.prod(shape))]
        return torch.tensor(flat).reshape(shape)

    def normal(self, *shape, scale=1.0):
        return self.fill(shape, lambda: self.random.gauss(0.0, scale))

    def uniform(self, low, high, *shape):
        return self.fill(shape, lambda: self.random.uniform(low, high))


class Writer:
    def __init__(self, name):
        self.name = name
        self.lines = {}

    def put(self, case, **arrays):
        for key, value in arrays.items():
            name = f"{case}.{key}"
            value = torch.as_tensor(value).detach()
            assert name not in self.lines, name
            assert torch.isfinite(value).all() or self.name == "special", name
            shape = ",".join(str(d) for d in value.shape)
            numbers = " ".join(text(v) for v in value.reshape(-1).tolist())
            self.lines[name] = f"{name} ({shape}) {numbers}".rstrip()

    def save(self):
        path = Path(__file__).with_name(f"{self.name}.txt")
        head = f"# made by {Path(sys.argv[0]).name} with PyTorch {torch.__version__}"
        path.write_text("\n".join([head, *self.lines.values()]) + "\n")
        print(f"{path.name}: {len(self.lines)} arrays, {path.stat().st_size} bytes", file=sys.stderr)


def text(v):
    """The shortest decimal that reads back as v; inf, -inf and nan."""
    if not math.isfinite(v) or (v == 0 and math.copysign(1, v) < 0):
        return repr(v)
    return str(int(v)) if v == int(v) and abs(v) < 1e15 else repr(v)


def leaf(t):
    return t.clone().requires_grad_()


def gradients(y, inputs, **options):
    """As torch.autograd.grad, with zeros where y does not depend on an input."""
    if not y.requires_grad:
        return [torch.zeros_like(x) for x in inputs]
    found = torch.autograd.grad(y, inputs, allow_unused=True, **options)
    return [torch.zeros_like(x) if g is None else g for g, x in zip(found, inputs)]


# ---------------------------------------------------------------------------------------------------------- losses

# sum and mean run over all elements; batch sums over the last axis and takes the mean over the first.
REDUCTIONS = {"sum": torch.sum, "mean": torch.mean, "batch": lambda y: y.sum(-1).mean()}


def put_loss(
    out, case, elementwise, inputs, constants=None, reductions=("sum", "mean"), differentiate=None, theirs=None
):
    """y_none and its gradients d<input>_none under a random dy; then y_<r>, d<input>_<r> for every reduction r.

    `theirs` is PyTorch's own loss, (*inputs, reduction) -> value, checked to agree with reducing y_none.
    """
    constants = constants or {}
    targets = list(inputs) if differentiate is None else differentiate
    out.put(case, **inputs, **constants)

    def run(key, reduce):
        tracked = {k: leaf(v) for k, v in inputs.items()}
        y = reduce(elementwise(**tracked, **constants))
        value = y
        if key == "none":
            dy = Draw(f"losses/{case}/dy").normal(*y.shape)
            out.put(case, dy=dy)
            value = (y * dy).sum()
        grads = torch.autograd.grad(value, [tracked[k] for k in targets])
        out.put(case, **{f"y_{key}": y}, **{f"d{k}_{key}": g for k, g in zip(targets, grads)})
        if theirs:
            expected = theirs(*inputs.values(), *constants.values(), reduction=key)
            torch.testing.assert_close(y.detach(), expected, rtol=1e-14, atol=1e-14)

    run("none", lambda y: y)
    for r in reductions:
        run(r, REDUCTIONS[r])


@group
def losses(out):
    def pair(case):
        draw = Draw(f"losses/{case}")
        return {"x": draw.normal(5, 4, scale=1.5), "target": draw.normal(5, 4, scale=1.5)}

    put_loss(out, "mse", lambda x, target: F.mse_loss(x, target, reduction="none"), pair("mse"), theirs=F.mse_loss)
    put_loss(out, "mae", lambda x, target: F.l1_loss(x, target, reduction="none"), pair("mae"), theirs=F.l1_loss)
    for delta in (1, 0.5):
        put_loss(
            out,
            f"huber_{delta}",
            lambda x, target: F.huber_loss(x, target, reduction="none", delta=delta),
            pair("huber"),
            theirs=lambda x, target, reduction: F.huber_loss(x, target, reduction=reduction, delta=delta),
        )

    # Probabilities stay within [1e-3, 1 - 1e-3], where neither Keras' clip (1e-7) nor PyTorch's (log >= -100) acts.
    # The formula is written out because PyTorch does not differentiate its own with respect to the target.
    draw = Draw("losses/bce")
    p = draw.uniform(0.001, 0.999, 5, 4)
    p.view(-1)[:4] = torch.tensor([0.001, 0.999, 0.001, 0.999])
    target = draw.uniform(0, 1, 5, 4)
    target.view(-1)[:8] = torch.tensor([0.0, 1, 1, 0, 0, 1, 0.5, 0.25])
    put_loss(
        out,
        "bce",
        lambda x, target: -(target * x.log() + (1 - target) * (1 - x).log()),
        {"x": p, "target": target},
        theirs=F.binary_cross_entropy,
    )

    draw = Draw("losses/bce_with_logits")
    logits = draw.normal(5, 4, scale=3)
    logits.view(-1)[:6] = torch.tensor([30.0, 30, -30, -30, 0, 15])
    target = draw.uniform(0, 1, 5, 4)
    target.view(-1)[:8] = torch.tensor([0.0, 1, 0, 1, 1, 0.25, 0, 1])
    put_loss(
        out,
        "bce_with_logits",
        lambda x, target: F.binary_cross_entropy_with_logits(x, target, reduction="none"),
        {"x": logits, "target": target},
        theirs=F.binary_cross_entropy_with_logits,
    )
    logits_of_bce, target_of_bce = logits, target

    draw = Draw("losses/cross_entropy")
    logits = draw.normal(5, 4, scale=2)
    logits[4] = torch.tensor([30.0, -30, 0, 10])
    put_loss(
        out,
        "cross_entropy",
        lambda x, labels: F.cross_entropy(x, labels, reduction="none"),
        {"x": logits},
        {"labels": torch.tensor([2, 0, 3, 3, 1])},
        theirs=lambda x, labels, reduction: F.cross_entropy(x, labels, reduction=reduction),
    )

    put_loss(
        out,
        "bce_pos_weight",
        lambda x, target, w: F.binary_cross_entropy_with_logits(x, target, reduction="none", pos_weight=w),
        {"x": logits_of_bce, "target": target_of_bce},
        {"w": torch.tensor([0.5, 3.0, 1.0, 8.0])},
        theirs=lambda x, target, w, reduction: F.binary_cross_entropy_with_logits(
            x, target, reduction=reduction, pos_weight=w
        ),
    )

    # Labels, the fourth left out, and probabilities; of each with classes weighted, smoothed, and both. PyTorch's mean
    # divides by the weights of the labels, or by the number of rows of probabilities.
    draw = Draw("losses/cross_entropy_options")
    logits, weight = draw.normal(5, 4, scale=2), torch.tensor([0.5, 2.0, 1.25, 0.75])
    logits[4] = torch.tensor([30.0, -30, 0, 10])
    probabilities = draw.uniform(0, 1, 5, 4)
    labels = torch.tensor([2, 0, 3, -100, 1])
    for case, options in {
        "ignored": {},
        "weighted": {"weight": weight},
        "smoothed": {"label_smoothing": 0.1},
        "smoothed_weighted": {"label_smoothing": 0.1, "weight": weight},
    }.items():
        by_labels = lambda x, labels, reduction="none": F.cross_entropy(x, labels, reduction=reduction, **options)
        tracked = leaf(logits)
        out.put(f"cross_entropy_{case}", x=logits, labels=labels, weight=weight)
        dy = Draw(f"losses/cross_entropy_{case}/dy").normal(5)
        out.put(f"cross_entropy_{case}", dy=dy)
        for key in ("none", "sum", "mean"):
            y = by_labels(tracked, labels, key)
            (dx,) = torch.autograd.grad((y * dy).sum() if key == "none" else y, [tracked])
            out.put(f"cross_entropy_{case}", **{f"y_{key}": y, f"dx_{key}": dx})
        if case == "ignored":
            continue
        inputs = [leaf(logits), leaf(probabilities)]
        soft = f"cross_entropy_soft_{case}"
        out.put(soft, x=logits, p=probabilities, dy=dy)
        for key in ("none", "sum", "mean"):
            y = by_labels(*inputs, key)
            dx, dp = torch.autograd.grad((y * dy).sum() if key == "none" else y, inputs)
            out.put(soft, **{f"y_{key}": y, f"dx_{key}": dx, f"dp_{key}": dp})

    # KL(N(m, exp(lv)) || N(0, 1)): the VAE's. Its usual reduction is batch.
    every = ("sum", "mean", "batch")
    draw = Draw("losses/gaussian_kl")
    put_loss(
        out,
        "gaussian_kl",
        lambda m, lv: -0.5 * (1 + lv - m**2 - lv.exp()),
        {"m": draw.normal(5, 3), "lv": draw.normal(5, 3)},
        reductions=every,
    )

    # KL(N(m1, exp(lv1)) || N(m2, exp(lv2))).
    def between(m1, lv1, m2, lv2):
        normal = torch.distributions.Normal
        return torch.distributions.kl_divergence(normal(m1, (lv1 / 2).exp()), normal(m2, (lv2 / 2).exp()))

    draw = Draw("losses/gaussian_kl_between")
    moments = {k: draw.normal(5, 3) for k in ("m1", "lv1", "m2", "lv2")}
    put_loss(out, "gaussian_kl_between", between, moments, reductions=every)

    # sum p log(p / q) over rows of probabilities. Where p is 0 the term is 0 and has no gradient to p.
    def distribution(draw, zeros=()):
        rows = draw.uniform(0.05, 1, 5, 4)
        for at in zeros:
            rows[at] = 0
        return rows / rows.sum(-1, keepdim=True)

    def divergence(p, q):
        return F.kl_div(q.log(), p, reduction="none")

    draw = Draw("losses/kl_divergence")
    put_loss(
        out, "kl_divergence", divergence, {"p": distribution(draw), "q": distribution(draw)}, reductions=every
    )
    draw = Draw("losses/kl_divergence_zeros")
    zeros = [(0, 1), (2, 0), (2, 3), (4, 0), (4, 1), (4, 2)]
    put_loss(
        out,
        "kl_divergence_zeros",
        divergence,
        {"p": distribution(draw, zeros), "q": distribution(draw)},
        reductions=every,
        differentiate=["q"],
    )


# ---------------------------------------------------------------------------------------------------------- layers


@group
def layers(out):
    # Weights are stored as figment has them, (in, out); PyTorch's are (out, in).
    draw = Draw("layers/linear")
    x, weight, bias, dy = draw.normal(5, 7), draw.normal(7, 4, scale=0.6), draw.normal(4), draw.normal(5, 4)
    applied = {
        "none": lambda y: y,
        "relu": F.relu,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "leaky_relu_0.2": lambda y: F.leaky_relu(y, 0.2),
    }
    for name, activation in applied.items():
        inputs = [leaf(x), leaf(weight), leaf(bias)]
        y = activation(F.linear(inputs[0], inputs[1].T, inputs[2]))
        dx, dweight, dbias = torch.autograd.grad(y, inputs, dy)
        out.put(
            f"linear_{name}", x=x, weight=weight, bias=bias, dy=dy, y=y, dx=dx, dweight=dweight, dbias=dbias
        )

    # No input is 0, where the derivatives of relu and its kin are a convention.
    draw = Draw("layers/activations")
    x = draw.normal(4, 6, scale=2)
    x.view(-1)[:4] = torch.tensor([15.0, -15, 5, -5])
    assert (x != 0).all()
    v = draw.normal(4, 6)
    activations = {
        "relu": F.relu,
        "leaky_relu_0.01": lambda x: F.leaky_relu(x, 0.01),
        "leaky_relu_0.2": lambda x: F.leaky_relu(x, 0.2),
        "leaky_relu_0.3": lambda x: F.leaky_relu(x, 0.3),
        "elu_1": lambda x: F.elu(x, 1.0),
        "elu_0.5": lambda x: F.elu(x, 0.5),
        "gelu": lambda x: F.gelu(x),
        "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
        "silu": F.silu,
        # PyTorch's default returns x itself above 20, which is not softplus to the last digits.
        "softplus": lambda x: F.softplus(x, threshold=500),
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "softmax_last": lambda x: F.softmax(x, -1),
        "softmax_0": lambda x: F.softmax(x, 0),
        "log_softmax_last": lambda x: F.log_softmax(x, -1),
        "log_softmax_0": lambda x: F.log_softmax(x, 0),
        "logsumexp_last": lambda x: torch.logsumexp(x, -1),
    }
    for name, activation in activations.items():
        input = leaf(x)
        y = activation(input)
        dy = leaf(Draw(f"layers/{name}/dy").normal(*y.shape))
        (dx,) = torch.autograd.grad(y, [input], dy, create_graph=True)
        ddx, ddy = gradients((dx * v).sum(), [input, dy])
        out.put(name, x=x, y=y, dy=dy, dx=dx, v=v, ddx=ddx, ddy=ddy)


# ---------------------------------------------------------------------------------------------------------- images


def same(x, kernel, stride, dilation=(1, 1), value=0.0):
    """x (N, C, H, W) padded as TensorFlow's SAME: the odd one goes right and bottom."""
    pads = []
    for size, k, s, d in list(zip(x.shape[2:], kernel, stride, dilation))[::-1]:
        total = max((-(-size // s) - 1) * s + (k - 1) * d + 1 - size, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value)


def image(f):
    """f of (N, C, H, W) as a function of (N, H, W, C)."""
    return lambda x, *rest: f(x.permute(0, 3, 1, 2), *rest).permute(0, 2, 3, 1)


@group
def images(out):
    # Weights are stored as figment has them: (kh, kw, in / groups, out), transposed (kh, kw, out / groups, in).
    # PyTorch's are (out, in / groups, kh, kw) and (in, out / groups, kh, kw): the same permutation.
    def put(case, f, x, *parameters):
        """y, the gradients by x and the parameters, and ddy."""
        names = ["x", "weight", "bias"][: 1 + len(parameters)]
        inputs = [leaf(t) for t in (x, *parameters)]
        y = f(*inputs)
        draw = Draw(f"images/{case}/dy")
        dy, v = leaf(draw.normal(*y.shape)), draw.normal(*x.shape)
        found = torch.autograd.grad(y, inputs, dy, create_graph=True)
        (ddy,) = torch.autograd.grad((found[0] * v).sum(), [dy])
        grads = {f"d{name}": g for name, g in zip(names, found)}
        out.put(case, **dict(zip(names, inputs)), dy=dy, y=y, v=v, ddy=ddy, **grads)

    def conv(case, x, weight, bias, pad=lambda x: x, **options):
        draw = Draw(f"images/{case}")
        f = image(lambda x, w, b: F.conv2d(pad(x), w.permute(3, 2, 0, 1), b, **options))
        put(case, f, draw.normal(*x), draw.normal(*weight, scale=0.5), draw.normal(bias))

    conv("conv_valid", (2, 5, 4, 3), (3, 2, 3, 4), 4)
    conv("conv_padded", (2, 5, 6, 2), (3, 3, 2, 3), 3, padding=(1, 2), stride=(2, 1))
    conv("conv_same_stride_2", (2, 6, 6, 1), (5, 5, 1, 3), 3, pad=lambda x: same(x, (5, 5), (2, 2)), stride=2)
    conv("conv_same_even", (1, 4, 5, 2), (2, 4, 2, 2), 2, pad=lambda x: same(x, (2, 4), (1, 1)))
    conv("conv_dilated_groups", (2, 6, 7, 4), (2, 3, 2, 6), 6, groups=2, dilation=2)

    def transposed(case, x, weight, bias, cut=lambda y: y, **options):
        draw = Draw(f"images/{case}")
        f = image(lambda x, w, b: cut(F.conv_transpose2d(x, w.permute(3, 2, 0, 1), b, **options)))
        put(case, f, draw.normal(*x), draw.normal(*weight, scale=0.5), draw.normal(bias))

    transposed("transposed_valid", (2, 3, 4, 2), (3, 2, 3, 2), 3)
    transposed(
        "transposed_padded", (2, 3, 3, 2), (3, 4, 3, 2), 3, padding=1, stride=2, output_padding=(1, 0), dilation=(1, 2)
    )
    transposed("transposed_groups", (1, 3, 4, 4), (3, 3, 3, 4), 6, groups=2, stride=(1, 2))
    # The adjoint of SAME: of the whole result, what lies over the unpadded image. 5x5 by 2 pads 1 and 2.
    transposed("transposed_same", (2, 3, 4, 3), (5, 5, 1, 3), 1, cut=lambda y: y[:, :, 1:7, 1:9], stride=2)

    def pool(case, x, f):
        put(case, image(f), Draw(f"images/{case}").normal(*x))

    pool("max_2", (2, 5, 6, 3), lambda x: F.max_pool2d(x, 2))
    pool("max_3_stride_2", (2, 6, 7, 2), lambda x: F.max_pool2d(x, 3, stride=2, padding=1))
    pool("max_dilated", (1, 7, 6, 2), lambda x: F.max_pool2d(x, (3, 2), stride=(1, 2), dilation=(2, 3)))
    pool("max_same", (2, 7, 6, 2), lambda x: F.max_pool2d(same(x, (2, 3), (2, 2), value=-math.inf), (2, 3), stride=2))
    # Few values, so that windows have equal ones.
    ties = Draw("images/max_ties").fill((2, 7, 7, 2), lambda r=random.Random("ties"): float(r.randrange(3)))
    put("max_ties", image(lambda x: F.max_pool2d(x, 3, stride=2, padding=1)), ties)

    def average_same(x, kernel, stride):
        def sums(x):
            return F.avg_pool2d(same(x, kernel, stride), kernel, stride=stride, divisor_override=1)

        return sums(x) / sums(torch.ones_like(x))

    pool("avg_2", (2, 5, 6, 3), lambda x: F.avg_pool2d(x, 2))
    pool("avg_3_stride_2", (2, 6, 7, 2), lambda x: F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False))
    pool("avg_same", (2, 7, 6, 2), lambda x: average_same(x, (2, 3), (2, 2)))

    def resize(case, x, **options):
        pool(case, x, lambda x: F.interpolate(x, **options))

    resize("up_nearest", (2, 3, 2, 3), scale_factor=(2, 3), mode="nearest")
    resize("up_bilinear", (2, 3, 2, 3), scale_factor=(2, 3), mode="bilinear", align_corners=False)
    resize("resize_nearest", (1, 5, 4, 2), size=(3, 7), mode="nearest")
    resize("resize_bilinear", (1, 5, 4, 2), size=(3, 7), mode="bilinear", align_corners=False)


# ------------------------------------------------------------------------------------------------------------ norm


@group
def norm(out):
    # Channels are last in figment, second in PyTorch.
    def first(x):
        return x.movedim(-1, 1)

    closings = {"none": lambda z: z, "relu": F.relu, "leaky_relu_0.2": lambda z: F.leaky_relu(z, 0.2)}
    for size, shape in {"2d": (5, 4), "4d": (3, 2, 2, 3)}.items():
        for closing, activation in closings.items():
            case = f"batch_norm_{size}_{closing}"
            draw = Draw(f"norm/{case}")
            # Keras' momentum 0.9 is PyTorch's 0.1.
            layer = (torch.nn.BatchNorm1d if size == "2d" else torch.nn.BatchNorm2d)(shape[-1], eps=1e-3, momentum=0.1)
            gamma, beta = draw.uniform(0.5, 1.5, shape[-1]), draw.normal(shape[-1], scale=0.5)
            with torch.no_grad():
                layer.weight.copy_(gamma)
                layer.bias.copy_(beta)
            out.put(case, gamma=gamma, beta=beta)
            for step in range(3):
                x, dy, v = leaf(draw.normal(*shape, scale=2) + 1), leaf(draw.normal(*shape)), draw.normal(*shape)
                y = activation(layer(first(x))).movedim(1, -1)
                dx, dgamma, dbeta = torch.autograd.grad(y, [x, layer.weight, layer.bias], dy, create_graph=True)
                ddx, ddy = gradients((dx * v).sum(), [x, dy])
                arrays = dict(x=x, y=y, dy=dy, dx=dx, dgamma=dgamma, dbeta=dbeta, v=v, ddx=ddx, ddy=ddy)
                arrays |= dict(running_mean=layer.running_mean, running_var=layer.running_var)
                out.put(case, **{f"{k}_{step}": a.detach().clone() for k, a in arrays.items()})
            layer.eval()
            x = leaf(draw.normal(*shape, scale=2))
            y = activation(layer(first(x))).movedim(1, -1)
            dy = draw.normal(*shape)
            dx, dgamma, dbeta = torch.autograd.grad(y, [x, layer.weight, layer.bias], dy)
            out.put(f"{case}.eval", x=x, y=y, dy=dy, dx=dx, dgamma=dgamma, dbeta=dbeta)


@group
def layer_norm(out):
    for case, shape in {"2d": (5, 11), "4d": (2, 3, 1, 7), "plain": (3, 5)}.items():
        affine, draw = case != "plain", Draw(f"layer_norm/{case}")
        layer = torch.nn.LayerNorm(shape[-1], eps=1e-3, elementwise_affine=affine)
        x, dy, v = leaf(draw.normal(*shape, scale=2) + 1), leaf(draw.normal(*shape)), draw.normal(*shape)
        arrays = dict(x=x, dy=dy, v=v)
        if affine:
            gamma, beta = draw.uniform(0.5, 1.5, shape[-1]), draw.normal(shape[-1], scale=0.5)
            with torch.no_grad():
                layer.weight.copy_(gamma)
                layer.bias.copy_(beta)
            arrays |= dict(gamma=gamma, beta=beta)
        y = layer(x)
        found = torch.autograd.grad(y, [x, *layer.parameters()], dy, create_graph=True)
        arrays |= dict(zip(("dx", "dgamma", "dbeta"), found))
        ddx, ddy = gradients((found[0] * v).sum(), [x, dy])
        out.put(case, **arrays, y=y, ddx=ddx, ddy=ddy)


# ----------------------------------------------------------------------------------------------------- more layers


@group
def more_layers(out):
    """Layers of images and rows, by PyTorch's modules. Channels are last in figment, second in PyTorch."""

    def put(case, layer, shape, last=False, names=("gamma", "beta"), scale=2, ours=lambda p: p):
        draw = Draw(f"more_layers/{case}")
        x, dy_shape, v = leaf(draw.normal(*shape, scale=scale) + 0.5), None, draw.normal(*shape)
        parameters = list(layer.parameters())
        with torch.no_grad():
            for p in parameters:
                p.copy_(draw.uniform(0.1, 1.5, *p.shape))
        y = layer(x) if last else layer(x.movedim(-1, 1)).movedim(1, -1)
        dy = leaf(Draw(f"more_layers/{case}/dy").normal(*y.shape))
        found = torch.autograd.grad(y, [x, *parameters], dy, create_graph=True)
        ddx, ddy = gradients((found[0] * v).sum(), [x, dy])
        arrays = {k: ours(p) for k, p in zip(names, parameters)}
        arrays |= {f"d{k}": ours(g) for k, g in zip(names, found[1:])}
        out.put(case, x=x, y=y, dy=dy, v=v, dx=found[0], ddx=ddx, ddy=ddy, **arrays)

    nn = torch.nn
    put("group_norm_odd", nn.GroupNorm(3, 9, eps=1e-3), (2, 5, 3, 9))
    put("group_norm_one", nn.GroupNorm(1, 5, eps=1e-3), (3, 7, 5))
    put("group_norm_plain", nn.GroupNorm(2, 4, eps=1e-3, affine=False), (2, 3, 1, 4))
    put("instance_norm", nn.InstanceNorm2d(5, eps=1e-3), (2, 3, 5, 5))
    put("instance_norm_affine", nn.InstanceNorm1d(3, eps=1e-3, affine=True), (2, 7, 3))
    put("rms_norm", nn.RMSNorm(7, eps=1e-6), (3, 5, 7), last=True)
    put("prelu_one", nn.PReLU(), (3, 4, 5), names=("slope",))
    put("prelu_channels", nn.PReLU(5), (2, 3, 2, 5), names=("slope",))

    # (out, in, …) to (…, in, out); weight norm's g to a row.
    def ours(p):
        return p if p.dim() < 2 else p.reshape(-1) if p[0].numel() == 1 else p.movedim((1, 0), (-2, -1))

    conv = dict(names=("weight", "bias"), scale=1, ours=ours)
    put("conv1d", nn.Conv1d(3, 4, 3, stride=2, padding=1, dilation=2), (2, 9, 3), **conv)
    put("conv1d_groups", nn.Conv1d(4, 6, 2, groups=2), (1, 5, 4), **conv)
    put("depthwise", nn.Conv2d(5, 5, 3, stride=(2, 1), padding=1, groups=5), (2, 5, 4, 5), **conv)
    norm = torch.nn.utils.parametrizations.weight_norm
    put("weight_norm", norm(nn.Linear(4, 3)), (5, 4), last=True, **conv | dict(names=("bias", "g", "weight")))
    put("weight_norm_conv", norm(nn.Conv2d(2, 3, 2)), (2, 3, 3, 2), **conv | dict(names=("bias", "g", "weight")))
    plain = dict(names=(), scale=1)
    put("avg_ceil", nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True), (2, 6, 5, 2), **plain)
    put("avg_ceil_inside", nn.AvgPool2d(2, ceil_mode=True, count_include_pad=False), (2, 5, 3, 2), **plain)
    put("max_ceil", nn.MaxPool2d(3, stride=2, ceil_mode=True), (1, 6, 8, 2), **plain)
    put("adaptive_avg", nn.AdaptiveAvgPool2d((3, 2)), (2, 7, 5, 2), **plain)
    put("adaptive_max", nn.AdaptiveMaxPool2d((2, 3)), (2, 5, 4, 2), **plain)
    put("up_corners", nn.Upsample(scale_factor=(2, 3), mode="bilinear", align_corners=True), (1, 3, 4, 2), **plain)
    put("pixel_shuffle", nn.PixelShuffle(2), (1, 2, 3, 8), **plain)
    put("pixel_unshuffle", nn.PixelUnshuffle(2), (1, 4, 2, 3), **plain)


# ------------------------------------------------------------------------------------------------------ optimizers

EPS = 1e-7  # Keras' default; PyTorch's are 1e-8 and, for Adadelta and Adagrad, 1e-6 and 1e-10.
STEPS = 10


@group
def optimizers(out):
    optim = torch.optim

    # loss = mean((X W + b - Y)^2) + 0.1 sum(W^4)
    draw = Draw("optimizers/problem")
    X, Y = draw.normal(6, 4), draw.normal(6, 3)
    W0, b0 = draw.normal(4, 3, scale=0.8), draw.normal(3)
    out.put("problem", X=X, Y=Y, W0=W0, b0=b0)

    def trajectory(case, make, clip=None):
        W, b = leaf(W0), leaf(b0)
        optimizer = make([W, b])
        losses, norms, Ws, bs = [], [], [], []
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = ((X @ W + b - Y) ** 2).mean() + 0.1 * (W**4).sum()
            loss.backward()
            if clip:
                norms.append(clip([W, b]))
            optimizer.step()
            losses.append(loss.detach())
            Ws.append(W.detach().clone())
            bs.append(b.detach().clone())
        # loss[i] is before step i, W[i] and b[i] are after it.
        out.put(case, loss=torch.stack(losses), W=torch.stack(Ws), b=torch.stack(bs))
        if clip and norms[0] is not None:
            out.put(case, norm=torch.stack(norms))

    class Lion(optim.Optimizer):
        """The paper's formula (Chen et al., 2023) in NumPy: PyTorch has none."""

        def __init__(self, params, lr, betas=(0.9, 0.99), weight_decay=0.0):
            super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

        @torch.no_grad()
        def step(self):
            for group in self.param_groups:
                rate, (beta1, beta2), decay = group["lr"], group["betas"], group["weight_decay"]
                for p in group["params"]:
                    w, g = p.numpy().copy(), p.grad.numpy()
                    m = self.state[p].get("m", np.zeros_like(w))
                    w -= rate * (np.sign(beta1 * m + (1 - beta1) * g) + decay * w)
                    self.state[p]["m"] = beta2 * m + (1 - beta2) * g
                    p.copy_(torch.from_numpy(w))

    class MuonAndAdamW(optim.Optimizer):
        """PyTorch's two, one for the matrix, in its own layout (out, in), and one for the bias. Its products are
        rounded to bfloat16, which here they are not."""

        def __init__(self, params, lr=1e-2, **options):
            super().__init__(params, {})
            self.W, self.b = params
            self.turned = self.W.detach().T.contiguous()
            self.both = [optim.Muon([self.turned], lr=lr, **options), optim.AdamW([self.b], lr=lr / 2, eps=EPS)]

        def step(self):
            self.turned.grad = self.W.grad.T.contiguous()
            to = torch.Tensor.to
            torch.Tensor.to = lambda t, *a, **k: t.clone() if k.get("dtype") is torch.bfloat16 else to(t, *a, **k)
            try:
                for o in self.both:
                    o.step()
            finally:
                torch.Tensor.to = to
            with torch.no_grad():
                self.W.copy_(self.turned.T)

    configurations = {
        "sgd": lambda p: optim.SGD(p, lr=0.1),
        "sgd_momentum": lambda p: optim.SGD(p, lr=0.05, momentum=0.9),
        "sgd_nesterov": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
        "sgd_weight_decay": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01),
        "rmsprop": lambda p: optim.RMSprop(p, lr=1e-2, alpha=0.9, eps=EPS),
        "rmsprop_momentum": lambda p: optim.RMSprop(p, lr=1e-2, alpha=0.9, eps=EPS, momentum=0.9),
        "rmsprop_centered": lambda p: optim.RMSprop(p, lr=1e-2, alpha=0.9, eps=EPS, centered=True),
        "adam": lambda p: optim.Adam(p, lr=1e-2, eps=EPS),
        "adam_amsgrad": lambda p: optim.Adam(p, lr=1e-2, eps=EPS, amsgrad=True),
        # Here the second moment falls, so that its maximum matters; with the default betas it hardly does.
        "adam_amsgrad_betas": lambda p: optim.Adam(p, lr=0.1, betas=(0.8, 0.5), eps=EPS, amsgrad=True),
        "adam_weight_decay": lambda p: optim.Adam(p, lr=1e-2, eps=EPS, weight_decay=0.01),
        "adamw": lambda p: optim.AdamW(p, lr=1e-2, eps=EPS, weight_decay=0.01),
        "adadelta": lambda p: optim.Adadelta(p, lr=1.0, rho=0.95, eps=EPS),
        "adagrad": lambda p: optim.Adagrad(p, lr=0.1, eps=EPS),
        "adagrad_initial": lambda p: optim.Adagrad(p, lr=0.1, eps=EPS, initial_accumulator_value=0.1),
        "adadelta_weight_decay": lambda p: optim.Adadelta(p, lr=1.0, rho=0.95, eps=EPS, weight_decay=0.1),
        "adagrad_weight_decay": lambda p: optim.Adagrad(p, lr=0.1, eps=EPS, weight_decay=0.1),
        "nadam": lambda p: optim.NAdam(p, lr=1e-2, eps=EPS),
        "nadam_weight_decay": lambda p: optim.NAdam(p, lr=1e-2, eps=EPS, weight_decay=0.1, momentum_decay=0.1),
        "nadam_decoupled": lambda p: optim.NAdam(
            p, lr=1e-2, eps=EPS, weight_decay=0.1, decoupled_weight_decay=True
        ),
        "radam": lambda p: optim.RAdam(p, lr=1e-2, eps=EPS),
        # Of a v that forgets sooner.
        "radam_betas": lambda p: optim.RAdam(p, lr=1e-2, betas=(0.8, 0.9), eps=EPS, weight_decay=0.1),
        "radam_decoupled": lambda p: optim.RAdam(
            p, lr=1e-2, eps=EPS, weight_decay=0.1, decoupled_weight_decay=True
        ),
        "lion": lambda p: Lion(p, lr=1e-2),
        "lion_weight_decay": lambda p: Lion(p, lr=1e-2, betas=(0.8, 0.95), weight_decay=0.1),
        "muon": lambda p: MuonAndAdamW(p),
        "muon_match_rms_adamw": lambda p: MuonAndAdamW(
            p, lr=2e-2, nesterov=False, momentum=0.8, ns_steps=3, adjust_lr_fn="match_rms_adamw"
        ),
        "muon_spectral": lambda p: MuonAndAdamW(p, lr=2e-2, weight_decay=0, adjust_lr_fn="spectral_unclamped"),
        # A rate and a decay of each group's own.
        "groups_adamw": lambda p: optim.AdamW(
            [{"params": p[:1], "lr": 5e-3}, {"params": p[1:], "weight_decay": 0}], lr=1e-2, eps=EPS, weight_decay=0.1
        ),
        "groups_sgd": lambda p: optim.SGD(
            [{"params": p[:1], "weight_decay": 0.1}, {"params": p[1:], "lr": 0.1}], lr=0.05, momentum=0.9
        ),
    }
    for case, make in configurations.items():
        trajectory(case, make)

    # PyTorch scales by max / (norm + 1e-6) where that is below 1; norm is the one before clipping.
    sgd = configurations["sgd"]
    trajectory("clip_norm", sgd, lambda p: torch.nn.utils.clip_grad_norm_(p, 0.5).detach())
    trajectory("clip_norm_2.5", sgd, lambda p: torch.nn.utils.clip_grad_norm_(p, 2.5).detach())  # not every step
    trajectory("clip_value", sgd, lambda p: torch.nn.utils.clip_grad_value_(p, 0.05))

    # The rate at steps 0 to 20.
    def rates(case, make):
        optimizer = optim.SGD([leaf(b0)], lr=0.1)
        scheduler = make(optimizer)
        values = []
        for _ in range(21):
            values.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        out.put(f"schedule_{case}", lr=torch.tensor(values))

    schedules = optim.lr_scheduler
    rates("step", lambda o: schedules.StepLR(o, 5, gamma=0.5))
    rates("exponential", lambda o: schedules.ExponentialLR(o, 0.9))
    rates("cosine", lambda o: schedules.CosineAnnealingLR(o, T_max=20, eta_min=0.001))
    rates("warmup", lambda o: schedules.LambdaLR(o, lambda t: min(1.0, (t + 1) / 5)))

    def one_cycle(**options):
        return lambda o: schedules.OneCycleLR(o, max_lr=0.1, total_steps=21, cycle_momentum=False, **options)

    rates("one_cycle", one_cycle())
    rates("one_cycle_linear", one_cycle(pct_start=0.4, anneal_strategy="linear", div_factor=10, final_div_factor=100))
    rates("one_cycle_three_phases", one_cycle(three_phase=True))

    # The rates after each epoch's figure.
    figures = [3, 2, 2.5, 2, 1.9999, 1.5, 1.6, 1.4999, 1.6, 1.7, 1e30, 1.2, 1.3, 1.3, 1.3, 1.3, 1.3, 1.3, 1, 1]
    for case, options in {
        "plain": dict(factor=0.5, patience=1),
        "cooldown": dict(factor=0.5, patience=1, cooldown=2, threshold=0.3, min_lr=0.03),
        "absolute": dict(factor=0.5, patience=2, threshold=0.1, threshold_mode="abs"),
        "highest": dict(factor=0.5, patience=2, mode="max"),
        "highest_absolute": dict(factor=0.5, patience=3, mode="max", threshold=0.4, threshold_mode="abs"),
    }.items():
        optimizer = optim.SGD([leaf(b0)], lr=0.1)
        plateau = schedules.ReduceLROnPlateau(optimizer, **options)
        values = []
        for f in figures:
            plateau.step(f)
            values.append(optimizer.param_groups[0]["lr"])
        out.put(f"plateau_{case}", figures=torch.tensor(figures), lr=torch.tensor(values))


# ------------------------------------------------------------------------------------------------------------- vae


@group
def vae(out):
    # hidden = relu(x encoder); z = mean + exp(log_var / 2) eps; logits = relu(z decoder) logits
    sizes = {"encoder": (12, 8), "mean": (8, 2), "log_var": (8, 2), "decoder": (2, 8), "logits": (8, 12)}
    draw = Draw("vae")
    x, eps = draw.uniform(0, 1, 16, 12), draw.normal(STEPS, 16, 2)
    initial = {}
    for name, (fan_in, fan_out) in sizes.items():
        initial[f"{name}.weight"] = draw.normal(fan_in, fan_out, scale=fan_in**-0.5)
        initial[f"{name}.bias"] = draw.normal(fan_out, scale=0.1)
    out.put("data", x=x, eps=eps)
    out.put("initial", **initial)

    def train(case, make):
        p = {k: leaf(v) for k, v in initial.items()}
        optimizer = make(list(p.values()))

        def linear(name, x):
            return x @ p[f"{name}.weight"] + p[f"{name}.bias"]

        reconstructions, kls = [], []
        for step in range(STEPS):
            hidden = F.relu(linear("encoder", x))
            mean, log_var = linear("mean", hidden), linear("log_var", hidden)
            z = mean + (log_var / 2).exp() * eps[step]
            logits = linear("logits", F.relu(linear("decoder", z)))
            reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1).mean()
            kl = (-0.5 * (1 + log_var - mean**2 - log_var.exp())).sum(-1).mean()
            optimizer.zero_grad()
            (reconstruction + kl).backward()
            optimizer.step()
            reconstructions.append(reconstruction.detach())
            kls.append(kl.detach())
        # Losses are before their step, weights after the last.
        out.put(case, reconstruction=torch.stack(reconstructions), kl=torch.stack(kls), **p)

    train("rmsprop", lambda p: torch.optim.RMSprop(p, lr=1e-3, alpha=0.9, eps=EPS))
    train("adam", lambda p: torch.optim.Adam(p, lr=1e-3, eps=EPS))


# ------------------------------------------------------------------------------------------------------------- gan


@group
def gan(out):
    put_gan_losses(out)
    put_gradient_penalties(out)
    put_spectral_norms(out)


def put_gan_losses(out):
    draw = Draw("gan/logits")
    real, fake = draw.normal(6, 1, scale=2), draw.normal(5, 1, scale=2)
    real[:2, 0], fake[:2, 0] = torch.tensor([30.0, -30]), torch.tensor([-30.0, 30])  # D quite sure, right and wrong
    out.put("logits", real=real, fake=fake)

    def bce(label):
        return lambda l: F.binary_cross_entropy_with_logits(l, torch.full_like(l, label))

    def half_square(label):
        return lambda l: 0.5 * F.mse_loss(l, torch.full_like(l, label))

    def offset_real(l):
        return -torch.log(torch.sigmoid(l) + 1e-4).mean()

    # 1 - sigmoid(l), which at a logit of 30 would keep three digits.
    def offset_fake(l):
        return -torch.log(torch.sigmoid(-l) + 1e-4).mean()

    # D's loss of real samples, of fakes, and G's.
    cases = {
        "non_saturating": (bce(1), bce(0), bce(1)),
        "non_saturating_smoothed": (bce(0.9), bce(0.1), bce(1)),
        "non_saturating_offset": (offset_real, offset_fake, offset_real),
        "minimax": (bce(1), bce(0), lambda l: F.logsigmoid(-l).mean()),
        "minimax_offset": (offset_real, offset_fake, lambda l: torch.log(torch.sigmoid(-l) + 1e-4).mean()),
        "least_squares": (half_square(1), half_square(0), half_square(1)),
        "least_squares_smoothed": (half_square(0.9), half_square(-1), half_square(1)),
        "hinge": (lambda l: F.relu(1 - l).mean(), lambda l: F.relu(1 + l).mean(), lambda l: -l.mean()),
        "wasserstein": (lambda l: -l.mean(), lambda l: l.mean(), lambda l: -l.mean()),
    }
    for case, losses in cases.items():
        for key, logits, loss in zip(("real", "fake", "generator"), (real, fake, fake), losses):
            logits = leaf(logits)
            y = loss(logits)
            out.put(case, **{key: y, f"d{key}": gradients(y, [logits])[0]})
    logits = leaf(real), leaf(fake)
    y = F.logsigmoid(logits[0]).mean() + F.logsigmoid(-logits[1]).mean()
    out.put("value", y=y, **dict(zip(("dreal", "dfake"), gradients(y, logits))))


def put_gradient_penalties(out):
    """Penalties on the slopes of small discriminators and, by a second backward, their gradients by the weights."""

    def put(case, discriminate, real, fake, **weights):
        u = Draw(f"gan/{case}/u").uniform(0, 1, len(real))
        out.put(case, real=real, fake=fake, u=u, **weights)

        def slopes(x, p):
            x = leaf(x)
            return torch.autograd.grad(discriminate(x, **p).sum(), x, create_graph=True)[0].flatten(1)

        def gradient_penalty(p):
            between = real + u.view(-1, *[1] * (real.dim() - 1)) * (fake - real)
            return ((slopes(between, p).norm(2, dim=1) - 1) ** 2).mean()

        def squared_gradient(p):
            return (slopes(real, p) ** 2).sum(1).mean()

        for penalty in (gradient_penalty, squared_gradient):
            p = {k: leaf(w) for k, w in weights.items()}
            y = penalty(p)
            out.put(f"{case}.{penalty.__name__}", y=y, **{f"d{k}": g for k, g in zip(p, gradients(y, p.values()))})

    def dense(case, activation):
        draw = Draw(f"gan/{case}")
        weights = dict(w0=draw.normal(6, 5, scale=0.6), b0=draw.normal(5), w1=draw.normal(5, 1), b1=draw.normal(1))
        real, fake = draw.normal(4, 6), draw.normal(4, 6)
        if case == "dense_flat":  # no unit of the first sample is on
            real[0] = fake[0] = -(weights["w0"].abs().sum() + 5) * weights["w0"].pinverse().sum(0)
            assert (real[0] @ weights["w0"] + weights["b0"] < 0).all()
        put(case, lambda x, w0, b0, w1, b1: activation(x @ w0 + b0) @ w1 + b1, real, fake, **weights)

    dense("dense_leaky", lambda z: F.leaky_relu(z, 0.2))
    dense("dense_tanh", torch.tanh)
    dense("dense_flat", F.relu)

    # (N, 6, 6, 2) -> 3x3 by 2, SAME -> (N, 3, 3, 3) -> 3x3 by 2, padded by 1 -> (N, 2, 2, 4) -> 1
    def conv(x, w0, b0, w1, b1, w2, b2):
        x = same(x.permute(0, 3, 1, 2), (3, 3), (2, 2))
        x = F.leaky_relu(F.conv2d(x, w0.permute(3, 2, 0, 1), b0, stride=2), 0.2)
        x = torch.tanh(F.conv2d(x, w1.permute(3, 2, 0, 1), b1, stride=2, padding=1))
        return x.permute(0, 2, 3, 1).flatten(1) @ w2 + b2

    draw = Draw("gan/conv")
    put(
        "conv",
        conv,
        draw.normal(3, 6, 6, 2),
        draw.normal(3, 6, 6, 2),
        w0=draw.normal(3, 3, 2, 3, scale=0.4),
        b0=draw.normal(3, scale=0.5),
        w1=draw.normal(3, 3, 3, 4, scale=0.3),
        b1=draw.normal(4, scale=0.5),
        w2=draw.normal(16, 1, scale=0.5),
        b2=draw.normal(1),
    )


def put_spectral_norms(out):
    """Three passes of training, the weight moved between them, and one of evaluation after many more."""

    def put(case, layer, weight, bias, x, to_torch, from_torch, run):
        draw = Draw(f"gan/{case}")
        layer = torch.nn.utils.spectral_norm(layer)
        u = F.normalize(draw.normal(bias), dim=0)
        with torch.no_grad():
            layer.weight_orig.copy_(to_torch(draw.normal(*weight)))
            layer.bias.copy_(draw.normal(bias))
            layer.weight_u.copy_(u)
        out.put(case, weight=from_torch(layer.weight_orig), bias=layer.bias, u=u)
        for step in range(3):
            a, v, move = leaf(draw.normal(*x)), draw.normal(*x), draw.normal(*weight, scale=0.2)
            y = run(layer, a)
            dy = leaf(draw.normal(*y.shape))
            inputs = [a, layer.weight_orig, layer.bias]
            dx, dweight, dbias = torch.autograd.grad(y, inputs, dy, create_graph=True)
            ddy, ddweight = gradients((dx * v).sum(), [dy, layer.weight_orig])
            arrays = dict(x=a, v=v, dy=dy, y=y, dx=dx, dbias=dbias, ddy=ddy, move=move, u_after=layer.weight_u)
            arrays |= dict(dweight=from_torch(dweight), ddweight=from_torch(ddweight))
            out.put(case, **{f"{k}_{step}": t.detach().clone() for k, t in arrays.items()})
            with torch.no_grad():
                layer.weight_orig.add_(to_torch(move))
        for _ in range(2000):
            run(layer, leaf(draw.normal(*x)))
        layer.eval()
        a = draw.normal(*x)
        singular = torch.linalg.svdvals(layer.weight_orig.flatten(1))[0]
        torch.testing.assert_close(layer.weight, layer.weight_orig / singular, rtol=1e-13, atol=1e-13)
        out.put(f"{case}.eval", x=a, y=run(layer, a))

    put(
        "spectral_linear",
        torch.nn.Linear(5, 4),
        (5, 4),
        4,
        (3, 5),
        lambda w: w.T,
        lambda w: w.T,
        lambda layer, x: layer(x),
    )
    put(
        "spectral_conv",
        torch.nn.Conv2d(2, 5, (3, 2), stride=2),
        (3, 2, 2, 5),
        5,
        (2, 5, 4, 2),
        lambda w: w.permute(3, 2, 0, 1),
        lambda w: w.permute(2, 3, 1, 0),
        lambda layer, x: layer(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1),
    )


# ---------------------------------------------------------------------------------------------------------- tensor


@group
def tensor(out):
    x = Draw("tensor/reduce").normal(3, 4, 5, scale=2)
    out.put("reduce", x=x)
    reductions = {
        "sum": lambda axes, keepdim: x.sum(axes, keepdim=keepdim),
        "mean": lambda axes, keepdim: x.mean(axes, keepdim=keepdim),
        "var": lambda axes, keepdim: x.var(axes, unbiased=False, keepdim=keepdim),
        "var_unbiased": lambda axes, keepdim: x.var(axes, unbiased=True, keepdim=keepdim),
        "max": lambda axes, keepdim: x.amax(axes, keepdim=keepdim),
        "min": lambda axes, keepdim: x.amin(axes, keepdim=keepdim),
        "logsumexp": lambda axes, keepdim: x.logsumexp(axes, keepdim=keepdim),
    }
    subsets = {"0": (0,), "1": (1,), "2": (2,), "01": (0, 1), "02": (0, 2), "12": (1, 2), "all": (0, 1, 2)}
    for name, reduce in reductions.items():
        for key, axes in subsets.items():
            out.put(f"{name}_{key}", y=reduce(axes, False))
            out.put(f"{name}_{key}_keep", y=reduce(axes, True))
    for axis in range(3):
        out.put(f"argmax_{axis}", y=x.argmax(axis))
        out.put(f"argmax_{axis}_keep", y=x.argmax(axis, keepdim=True))
    out.put("argmax_all", y=x.argmax())  # the position in row-major order

    binary = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div}
    for name, op in binary.items():
        draw = Draw("tensor/broadcast")
        a, b = draw.normal(3, 1, 5), draw.uniform(0.5, 2, 4, 1)
        out.put(name, a=a, b=b, y=op(a, b))

    # t: the operand is stored transposed; y is (3, 5) each time.
    for name in ("nn", "tn", "nt", "tt"):
        draw = Draw(f"tensor/matmul_{name}")
        a = draw.normal(4, 3) if name[0] == "t" else draw.normal(3, 4)
        b = draw.normal(5, 4) if name[1] == "t" else draw.normal(4, 5)
        y = (a.T if name[0] == "t" else a) @ (b.T if name[1] == "t" else b)
        out.put(f"matmul_{name}", a=a, b=b, y=y)


# --------------------------------------------------------------------------------------------------------- special


@group
def special(out):
    """Elementwise functions and their gradients where they end, bend or leave the numbers, in both precisions.

    Names are those of the rows of tests/support/op_cases, with _ for each space. Values are PyTorch's, but for those
    that are replaced below by the mathematics'.
    """
    inf, nan = math.inf, math.nan  # in double 1e-40 is a number like others, in float it has few digits
    points = [0.0, -0.0, 1, -1, 0.5, -0.5, 2, -2, inf, -inf, nan, 1e30, -1e30, 1e-30, -1e-30, 1e-40, -1e-40]

    def softplus(x):  # PyTorch's default returns x itself above 20
        return F.softplus(x, threshold=500)

    unary = {
        "exp": torch.exp,
        "log": torch.log,
        "log1p": torch.log1p,
        "expm1": torch.expm1,
        "sqrt": torch.sqrt,
        "square": torch.square,
        "reciprocal": torch.reciprocal,
        "rsqrt": torch.rsqrt,
        "sin": torch.sin,
        "cos": torch.cos,
        "tan": torch.tan,
        "floor": torch.floor,
        "ceil": torch.ceil,
        "round": torch.round,
        "erf": torch.erf,
        "sign": torch.sign,
        "abs": torch.abs,
        "clamp": lambda x: x.clamp(-0.5, 1),
        "relu": F.relu,
        "leaky_relu": lambda x: F.leaky_relu(x, 0.3),
        "leaky_relu_slope_0.01": lambda x: F.leaky_relu(x, 0.01),
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "softplus": softplus,
        "log_sigmoid": F.logsigmoid,
        "elu": F.elu,
        "elu_alpha_0.5": lambda x: F.elu(x, 0.5),
        "silu": F.silu,
        "gelu": F.gelu,
        "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
        "affine": lambda x: -1.5 * x + 0.25,
        "operator-/x": torch.neg,
        "operator+/x_number": lambda x: x + 2,
        "operator+/number_x": lambda x: 2 + x,
        "operator-/x_number": lambda x: x - 2,
        "operator-/number_x": lambda x: 2 - x,
        "operator*/x_number": lambda x: x * 2.5,
        "operator*/number_x": lambda x: 2.5 * x,
        "operator//x_number": lambda x: x / 3,
        "operator//number_x": lambda x: 3 / x,
        "pow/number_p_3,_signed": lambda x: x**3,
    }
    for p in (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.75, 2.0, 3.0, 5.0):
        unary[f"pow/number_p_{p:.6f}"] = lambda x, p=p: torch.pow(x, torch.full_like(x, p))

    pairs = [0.0, -0.0, 1, -1, 0.5, 2, inf, -inf, nan, 1e30, 1e-30]
    binary = {
        "operator+/tensors": torch.add,
        "operator-/tensors": torch.sub,
        "operator*/tensors": torch.mul,
        "operator//tensors": torch.div,
        "pow/tensors": torch.pow,
        "atan2": torch.atan2,
        "xlogy": torch.xlogy,
        "maximum": torch.maximum,
        "minimum": torch.minimum,
    }
    a = [u for u in pairs for _ in pairs]
    b = [v for _ in pairs for v in pairs]
    out.put("points", x=torch.tensor(points), a=torch.tensor(a), b=torch.tensor(b))
    for dtype, bits in ((torch.float32, "f32"), (torch.float64, "f64")):
        for name, f in unary.items():
            x = leaf(torch.tensor(points, dtype=dtype))
            y = f(x)
            (dx,) = gradients(y.sum(), [x])
            if name == "sign":  # of NaN PyTorch's is 0
                y = torch.where(x.isnan(), x, y)
            if name == "clamp":  # on a bound each of [0, 1] is a slope; newer PyTorch takes 0
                dx = ((x >= -0.5) & (x <= 1)).to(dtype)
            if name in ("silu", "gelu", "gelu_tanh"):  # x times what goes to 0 faster
                far = x.abs() > 1e29
                y, dx = torch.where(far, F.relu(x), y), torch.where(far, (x > 0).to(dtype), dx)
            out.put(f"{name}.{bits}", y=y, dx=dx)
        for name, f in binary.items():
            x = [leaf(torch.tensor(v, dtype=dtype)) for v in (a, b)]
            y = f(*x)
            da, db = gradients(y.sum(), x)
            if name == "pow/tensors":  # 0 times infinity, where the limit is 0
                da = torch.where(x[1].isinf() & da.isnan() & ~x[0].isnan(), 0, da)
                db = torch.where((x[0] == inf) & (x[1] < 0), 0, db)
            if name == "atan2":  # the squares of a and b are beyond float
                u, v = (t.detach().double() for t in x)
                flat = (u == 0) & (v == 0) | u.isinf() | v.isinf()
                da, db = (torch.where(flat, 0, t / (u * u + v * v)).to(dtype) for t in (v, -u))
            out.put(f"{name}.{bits}", y=y, da=da, db=db)


# ---------------------------------------------------------------------------------------------------------- linalg


@group
def linalg(out):
    """Matrices and what torch.linalg makes of them; the signs that are free as figment chooses them."""

    def signs(vectors):  # of columns, so that the largest element is positive
        at = vectors.abs().argmax(-2, keepdim=True)
        return torch.sign(vectors.gather(-2, at)).detach()

    def qr(a):
        q, r = torch.linalg.qr(a)
        s = torch.sign(r.diagonal(dim1=-2, dim2=-1)).detach()
        return q * s.unsqueeze(-2), r * s.unsqueeze(-1)

    def svd(a):
        u, s, vt = torch.linalg.svd(a, full_matrices=False)
        flip = signs(u)
        return u * flip, s, vt * flip.transpose(-1, -2)

    def eigh(a):
        w, v = torch.linalg.eigh(a)
        return w, v * signs(v)

    def root(a):
        w, v = torch.linalg.eigh(a)
        return v * w.sqrt().unsqueeze(-2) @ v.transpose(-1, -2)

    def symmetric(f):
        return lambda a: f((a + a.transpose(-1, -2)) / 2)

    def definite(draw, *shape):
        a = draw.normal(*shape)
        return torch.round(a @ a.transpose(-1, -2) + 0.5 * torch.eye(shape[-1]), decimals=4)

    def case(name, f, *inputs):
        draw = Draw(f"linalg {name}")
        inputs = [leaf(i(draw) if callable(i) else draw.normal(*i)) for i in inputs]
        outputs = f(*inputs)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        dy = [draw.normal(*y.shape) for y in outputs]
        total = sum((y * d).sum() for y, d in zip(outputs, dy))
        gradient = gradients(total, inputs)
        for i, (x, dx) in enumerate(zip(inputs, gradient)):
            out.put(name, **{f"x{i}": x, f"dx{i}": dx})
        for i, (y, d) in enumerate(zip(outputs, dy)):
            out.put(name, **{f"y{i}": y, f"dy{i}": d})

    square, sides = (2, 3, 3), (2, 3, 2)
    case("inverse", torch.linalg.inv, square)
    case("solve", torch.linalg.solve, square, sides)
    case("solve_vector", torch.linalg.solve, (3, 3), (3,))
    for upper in (False, True):
        name = "upper" if upper else "lower"
        case(f"triangular_solve_{name}", lambda a, b: torch.linalg.solve_triangular(a, b, upper=upper), square, sides)
    case("cholesky", symmetric(torch.linalg.cholesky), lambda d: definite(d, *square))
    case("det", torch.linalg.det, square)
    case("slogdet", lambda a: torch.linalg.slogdet(a)[1], square)
    case("qr", qr, (2, 4, 3))
    case("qr_wide", qr, (2, 4))
    case("svd", svd, (2, 3, 3))
    case("svd_tall", svd, (4, 3))
    case("svd_wide", svd, (2, 4))
    case("eigh", symmetric(eigh), lambda d: definite(d, *square))
    case("matrix_sqrt", symmetric(root), lambda d: definite(d, *square))
    case("lstsq", lambda a, b: torch.linalg.lstsq(a, b).solution, (4, 3), (4, 2))
    case("lstsq_wide", lambda a, b: torch.linalg.pinv(a) @ b, (2, 4), (2, 2))
    case("pinv", torch.linalg.pinv, (4, 3))
    case("pinv_low_rank", torch.linalg.pinv, lambda d: torch.round(d.normal(4, 2), decimals=2) @ torch.round(d.normal(2, 3), decimals=2))


if __name__ == "__main__":
    for name in sys.argv[1:] or GROUPS:
        if name not in GROUPS:
            sys.exit(f"make_golden.py: no group '{name}', there are {', '.join(GROUPS)}")
        writer = Writer(name)
        GROUPS[name](writer)
        writer.save()
