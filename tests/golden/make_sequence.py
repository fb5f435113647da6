#!/usr/bin/env python3
"""Writes the golden values of layers over sequences, recurrent.txt, attention.txt and quantizer.txt, as make_golden.py does.

    python3 tests/golden/make_sequence.py [group ...]

Sequences are (N, L, features) on both sides; weights are in figment's layout, (in, out). Gradients are those of the
sum of each output times its given dy.
"""

import math
import sys

import torch
import torch.nn.functional as F
from make_golden import Draw, Writer, leaf
from torch.nn.attention import SDPBackend, sdpa_kernel

GROUPS = {}


def group(make):
    GROUPS[make.__name__] = make
    return make


def ours(name, t):
    """A weight (out, in) as figment has it."""
    return t.T if "weight" in name else t


@group
def recurrent(out):
    def put(case, kind, n, steps, features, units, layers=1, bias=True, state=True):
        draw = Draw(f"recurrent/{case}")
        module = kind(features, units, layers, bias=bias, batch_first=True)
        with torch.no_grad():
            for p in module.parameters():
                p.copy_(draw.normal(*p.shape, scale=0.5))
        x = leaf(draw.normal(n, steps, features))
        names = ["h", "c"] if kind is torch.nn.LSTM else ["h"]
        states = {name: leaf(draw.normal(layers, n, units)) for name in names} if state else {}
        given = tuple(states.values())
        y, last = module(x, (given if len(given) > 1 else given[0]) if state else None)
        last = last if isinstance(last, tuple) else (last,)
        outputs = {"y": y, **{f"last_{name}": t for name, t in zip(names, last)}}
        dy = {name: draw.normal(*t.shape) for name, t in outputs.items()}
        inputs = {"x": x, **{f"first_{name}": t for name, t in states.items()}, **dict(module.named_parameters())}
        found = torch.autograd.grad(list(outputs.values()), list(inputs.values()), list(dy.values()))
        out.put(
            case,
            **{name: ours(name, t) for name, t in inputs.items()},
            **outputs,
            **{f"d{name}": t for name, t in dy.items()},
            **{f"d{name}": ours(name, t) for name, t in zip(inputs, found)},
        )

    for name, kind in (("lstm", torch.nn.LSTM), ("gru", torch.nn.GRU)):
        put(f"{name}_two_layers", kind, 3, 4, 3, 5, layers=2)
        put(f"{name}_plain", kind, 2, 3, 4, 9, bias=False, state=False)
        put(f"{name}_one_step", kind, 1, 1, 2, 1)


@group
def attention(out):
    # Masks are set where a query attends, as F.scaled_dot_product_attention has them.
    def product(case, q, k, v, mask=None, added=None, **options):
        draw = Draw(f"attention/{case}")
        inputs = {"q": leaf(draw.normal(*q)), "k": leaf(draw.normal(*k)), "v": leaf(draw.normal(*v))}
        if mask is not None:
            mask = draw.uniform(0, 1, *mask) < 0.6
            mask.view(-1, mask.shape[-1])[1] = False  # a query without a key
        if added is not None:
            inputs["added"] = leaf(draw.normal(*added))
        where = mask if mask is not None else inputs.get("added")
        with sdpa_kernel(SDPBackend.MATH):  # the others have no second gradient
            y = F.scaled_dot_product_attention(inputs["q"], inputs["k"], inputs["v"], attn_mask=where, **options)
        dy = leaf(draw.normal(*y.shape))
        found = torch.autograd.grad(y, list(inputs.values()), dy, create_graph=True)
        to = draw.normal(*q)
        (ddy,) = torch.autograd.grad((found[0] * to).sum(), [dy])
        out.put(case, **inputs, dy=dy, y=y, to=to, ddy=ddy, **{f"d{n}": g for n, g in zip(inputs, found)})
        if mask is not None:
            out.put(case, mask=mask.double())

    product("plain", (2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 2))
    product("matrices", (4, 3), (5, 3), (5, 2), scale=0.7)
    product("causal", (2, 5, 4), (2, 5, 4), (2, 5, 4), is_causal=True)
    product("mask", (2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 2), mask=(2, 1, 4, 6))
    product("added", (2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 2), added=(4, 6))

    def heads(case, cross=False, bias=True, causal=False, masked=False):
        draw = Draw(f"attention/{case}")
        module = torch.nn.MultiheadAttention(6, 3, bias=bias, batch_first=True)
        with torch.no_grad():
            for p in module.parameters():
                p.copy_(draw.normal(*p.shape, scale=0.5))
        x = leaf(draw.normal(2, 4, 6))
        inputs = {"x": x}
        if cross:
            inputs["source"] = leaf(draw.normal(2, 5, 6))
        source = inputs.get("source", x)
        steps = source.shape[1]
        allowed = torch.ones(4, steps, dtype=torch.bool).tril() if causal else None
        if masked:
            allowed = draw.uniform(0, 1, 4, steps) < 0.6
            allowed[:, 0] = True
            out.put(case, mask=allowed.double())
        # Its own masks say where not to attend.
        y, _ = module(x, source, source, need_weights=False, attn_mask=None if allowed is None else ~allowed)
        dy = draw.normal(*y.shape)
        inputs.update(module.named_parameters())
        found = torch.autograd.grad(y, list(inputs.values()), dy)
        out.put(
            case,
            **{name: ours(name, t) for name, t in inputs.items()},
            dy=dy,
            y=y,
            **{f"d{name}": ours(name, t) for name, t in zip(inputs, found)},
        )

    heads("self")
    heads("self_causal", causal=True)
    heads("cross", cross=True, masked=True, bias=False)


@group
def quantizer(out):
    # The two losses and the moving average of van den Oord et al., 2017, and its appendix.
    draw = Draw("quantizer")
    x, codes, dy = leaf(draw.normal(3, 2, 4)), leaf(draw.normal(5, 4)), draw.normal(3, 2, 4)
    rows = x.reshape(-1, 4)
    chosen = torch.cdist(rows, codes).argmin(1)
    e = codes[chosen].reshape(x.shape)
    codebook, commitment = F.mse_loss(e, x.detach()), 0.25 * F.mse_loss(x, e.detach())
    y = x + (e - x).detach()
    dx, dcodes = torch.autograd.grad(((y * dy).sum() + 3 * codebook + 5 * commitment), [x, codes])
    hot = F.one_hot(chosen, 5).double()
    counts, sums = 0.9 + 0.1 * hot.sum(0), 0.9 * codes + 0.1 * hot.T @ rows
    n = counts.sum()
    moved = sums / ((counts + 1e-5) / (n + 5 * 1e-5) * n)[:, None]
    out.put("vq", x=x, codes=codes, dy=dy, y=e, chosen=chosen, codebook=codebook, commitment=commitment, dx=dx,
            dcodes=dcodes, counts=counts, sums=sums, moved=moved)


if __name__ == "__main__":
    for name in sys.argv[1:] or GROUPS:
        if name not in GROUPS:
            sys.exit(f"make_sequence.py: no group '{name}', there are {', '.join(GROUPS)}")
        writer = Writer(name)
        GROUPS[name](writer)
        writer.save()
