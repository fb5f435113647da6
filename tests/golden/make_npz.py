"""Makes numpy_stored.npz and numpy_deflated.npz, which tests/io/npz_test.cpp reads. Needs numpy; made by 2.4.6."""
import pathlib

import numpy

here = pathlib.Path(__file__).parent
arrays = {
    "weight": numpy.arange(6, dtype=numpy.float32).reshape(2, 3) - 2.5,
    "labels": numpy.array([3, -1, 4], dtype=numpy.int32),
    "layer.0/mean": numpy.array(0.1),
}
numpy.savez(here / "numpy_stored.npz", **arrays)
numpy.savez_compressed(here / "numpy_deflated.npz", **arrays)
