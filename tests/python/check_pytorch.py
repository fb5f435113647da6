"""The same input through our models and through PyTorch's with our weights, to 1e-5, read by strict load_state_dict.

Usage: check_pytorch.py PROGRAM, the program of the tests. Exits with 77 where torch or safetensors is not installed.
The other way, PyTorch's weights in our models, needs no Python: tests/io/pytorch_test.cpp reads tests/golden/pytorch,
which `check_pytorch.py --golden tests/golden/pytorch` writes (and --forms alone forms.safetensors: weights under weight and
spectral normalisation in their old and new spelling, and tied ones).
"""
import os
import subprocess
import sys
import tempfile

try:
    import torch
    from safetensors.torch import load_file, save_file, save_model
    from torch import nn
    from torch.nn import functional as F
    from torch.nn.utils.parametrizations import spectral_norm, weight_norm
except ImportError as missing:
    print(f"skipped: {missing} (pip install torch safetensors)")
    sys.exit(77)

torch.set_num_threads(1)
EPSILON, SLOPE = 1e-3, 0.3  # figment's defaults, which are Keras'


class SameConv(nn.Conv2d):
    """Padding `same` of a kernel of 5 and a stride of 2 on an even size: the odd pixel is right and below."""

    def forward(self, x):
        return super().forward(F.pad(x, (1, 2, 1, 2)))


class SameUp(nn.ConvTranspose2d):
    """Its adjoint."""

    def forward(self, x):
        return super().forward(x)[:, :, 1:-2, 1:-2]


class Chain(nn.Module):
    """An autoencoder."""

    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x):
        return self.decoder(self.encoder(x))


class Heads(nn.Module):
    """A VAE's encoder."""

    def __init__(self, body, mean, log_var):
        super().__init__()
        self.body, self.mean, self.log_var = body, mean, log_var

    def forward(self, x):
        h = self.body(x)
        return torch.cat([self.mean(h), self.log_var(h)], 1)


class Rows(nn.Module):
    """Recurrent layers and attention over sequences (N, L, features)."""

    def __init__(self):
        super().__init__()
        self.lstm, self.gru = nn.LSTM(3, 5, 2, batch_first=True), nn.GRU(5, 4, batch_first=True)
        self.attention, self.head = nn.MultiheadAttention(4, 2, batch_first=True), nn.Linear(4, 2)

    def forward(self, x):
        y = self.gru(self.lstm(x)[0])[0]
        return self.head(self.attention(y, y, y)[0])


def models(latent, a, b, c):
    """Those of tests/io/pytorch_test.cpp, the DCGAN's with these sizes."""
    leaky = lambda: nn.LeakyReLU(SLOPE)
    return {
        "mlp": nn.Sequential(nn.Linear(6, 5), leaky(), nn.LayerNorm(5, eps=EPSILON), spectral_norm(nn.Linear(5, 4)),
                             nn.Linear(4, 3), nn.Tanh()),
        "autoencoder": Chain(
            nn.Sequential(nn.Conv2d(1, 3, 3, 2, 1), nn.ReLU(), nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.Flatten(),
                          nn.Linear(16, 5)),
            nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Unflatten(1, (4, 2, 2)), nn.ConvTranspose2d(4, 3, 4, 2, 1),
                          nn.ReLU(), nn.ConvTranspose2d(3, 1, 4, 2, 1))),
        "vae": Heads(nn.Sequential(nn.Conv2d(1, 3, 3, 2, 1), nn.Flatten(), nn.BatchNorm1d(48, eps=EPSILON)),
                     nn.Linear(48, 2), nn.Linear(48, 2)),
        "generator": nn.Sequential(
            nn.Linear(latent, 49 * a, bias=False), nn.BatchNorm1d(49 * a, eps=EPSILON), leaky(),
            nn.Unflatten(1, (a, 7, 7)), nn.ConvTranspose2d(a, b, 5, padding=2, bias=False),
            nn.BatchNorm2d(b, eps=EPSILON), leaky(), SameUp(b, c, 5, 2, bias=False), nn.BatchNorm2d(c, eps=EPSILON),
            leaky(), SameUp(c, 1, 5, 2, bias=False), nn.Tanh()),
        "discriminator": nn.Sequential(
            SameConv(1, c, 5, 2), leaky(), nn.Dropout(0.3), SameConv(c, b, 5, 2), leaky(), nn.Dropout(0.3),
            nn.Flatten(), nn.Linear(49 * b, 1)),
        "sequences": nn.Sequential(
            nn.Conv1d(3, 4, 3, 2, 1, dilation=2), nn.GroupNorm(2, 4, eps=EPSILON), nn.PReLU(4),
            weight_norm(nn.Conv1d(4, 4, 3, groups=4)), nn.Flatten(), weight_norm(nn.Linear(12, 3)),
            nn.RMSNorm(3, eps=1e-6)),
    }


def run(model, x):
    """figment's images are (N, H, W, C), its sequences (N, L, C): of these PyTorch's recurrent layers have the same."""
    moved = not isinstance(model, Rows)
    with torch.no_grad():
        y = model.eval()(x.movedim(-1, 1) if moved and x.dim() > 2 else x)
    return (y.movedim(1, -1) if moved and y.dim() > 2 else y).contiguous()


def check(program):
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([program, "weights for tests/python/check_pytorch.py"], check=True,
                       env=dict(os.environ, FIGMENT_PYTHON_DIR=directory), stdout=subprocess.DEVNULL)
        cases = load_file(os.path.join(directory, "cases.safetensors"))
        for name, model in {**models(100, 256, 128, 64), "sequence": Rows()}.items():
            model.load_state_dict(load_file(os.path.join(directory, name + ".safetensors")), strict=True)
            expected, found = cases[name + ".y"], run(model, cases[name + ".x"])
            error = ((found - expected).abs() / expected.abs().clamp(min=1)).max().item()
            print(f"{name}: outputs {tuple(expected.shape)} of size {expected.abs().mean():.2g}, apart {error:.1g}")
            if found.shape != expected.shape or not error <= 1e-5:
                sys.exit(f"{name}: expected at most 1e-5")


def write_golden(directory):
    os.makedirs(directory, exist_ok=True)
    torch.manual_seed(1)
    cases = {}
    shapes = {"mlp": (7, 6), "autoencoder": (3, 8, 8, 1), "vae": (3, 8, 8, 1), "generator": (2, 5),
              "discriminator": (2, 28, 28, 1), "sequences": (3, 11, 3)}
    for name, model in models(5, 8, 4, 2).items():
        for key, value in model.state_dict().items():  # what starts at 0 and 1 would hide mistakes
            if key.endswith("running_mean"):
                value.normal_(0, 0.2)
            if key.endswith("running_var"):
                value.uniform_(0.5, 1.5)
        for module in model.modules():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)):
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, 0, 0.2)
        x = torch.rand(shapes[name]) * 2 - 1
        cases[name + ".x"], cases[name + ".y"] = x, run(model, x)
        save_file(model.state_dict(), os.path.join(directory, name + ".safetensors"))
    save_file(cases, os.path.join(directory, "cases.safetensors"))


def write_forms(directory):
    """State under "form.layer.", the inputs "x.layer" and the outputs in evaluation "y.form.layer"."""
    torch.manual_seed(2)
    forms = {"old_weight_norm": nn.utils.weight_norm, "new_weight_norm": nn.utils.parametrizations.weight_norm,
             "old_weight_norm_of_all": lambda m: nn.utils.weight_norm(m, dim=None),
             "old_spectral_norm": nn.utils.spectral_norm, "new_spectral_norm": spectral_norm}
    layers = {"dense": (lambda: nn.Linear(4, 3), (2, 4)), "conv": (lambda: nn.Conv2d(2, 3, 2), (2, 4, 3, 2)),
              "up": (lambda: nn.ConvTranspose2d(2, 3, 2, groups=1), (2, 3, 4, 2))}
    tensors = {}
    for layer, (make, shape) in layers.items():
        x = tensors["x." + layer] = torch.rand(shape) * 2 - 1
        for form, wrap in forms.items():
            module = wrap(make())
            with torch.no_grad():
                for value in module.parameters():
                    value.copy_(torch.randn(value.shape))
                for _ in range(300 if "spectral" in form else 0):  # until u and v are the singular vectors
                    module.train()(x.permute(0, 3, 1, 2) if x.dim() == 4 else x)
            tensors["y." + form + "." + layer] = run(module, x)
            for key, value in module.state_dict().items():
                tensors[form + "." + layer + "." + key] = value.clone()
    save_file(tensors, os.path.join(directory, "forms.safetensors"))
    tied = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    tied[1].weight = tied[0].weight
    save_model(tied, os.path.join(directory, "tied.safetensors"))


if sys.argv[1] == "--forms":
    write_forms(sys.argv[2])
elif sys.argv[1] == "--golden":
    write_golden(sys.argv[2])
    write_forms(sys.argv[2])
else:
    check(sys.argv[1])
