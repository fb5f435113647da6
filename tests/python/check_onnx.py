"""ONNX Runtime computes what we do, of every layer and recipe.

Usage: check_onnx.py PROGRAM, the program of the tests. Exits with 77 where onnx or onnxruntime is not installed.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy
    import onnx
    import onnxruntime
except ImportError as missing:
    print(f"skipped: {missing} (pip install onnx onnxruntime)")
    sys.exit(77)


def check(path):
    """The largest difference of a model's outputs."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    read = lambda name: numpy.load(path.with_suffix(f".{name}.npy"))
    x = {i.name: read(i.name) for i in session.get_inputs()}
    batch = len(next(iter(x.values())))
    worst = 0
    names = [o.name for o in session.get_outputs()]
    for rows in (batch, 1):  # the batch's size is open
        for name, found in zip(names, session.run(names, {
  i: values[:rows] for i, values in x.items()})):
            expected = read(name)[:rows]
            if found.shape != expected.shape:
                sys.exit(f"{path.stem}: {name}: expected shape {expected.shape}, found {found.shape}")
            error = numpy.max(numpy.abs(found - expected) / numpy.maximum(1, numpy.abs(expected)))
#Sums in another order, of up to some thousand terms in float.
            if not error <= 1e-5:
                sys.exit(f"{path.stem}: {name}: differs by {error}")
            worst = max(worst, error)
    return worst


def main(program):
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([program, "ONNX models for tests/python/check_onnx.py"], check=True,
                       env=dict(os.environ, FIGMENT_PYTHON_DIR=directory), stdout=subprocess.DEVNULL)
        models = sorted(pathlib.Path(directory, "onnx").glob("*.onnx"))
        if not models:
            sys.exit("no models")
        errors = {path.stem: check(path) for path in models}
        name = max(errors, key=errors.get)
        print(f"onnxruntime {onnxruntime.__version__} agrees on {len(models)} models; "
              f"the largest difference is {errors[name]:.1e}, of {name}")


main(sys.argv[1])
