"""Makes the numpy_*.npz that tests/io/npz_test.cpp reads. Needs numpy; made by 2.4.6."""
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
# A few bytes of input make so much output that all of the input is read long before the last of the output.
numpy.savez_compressed(here / "numpy_zeros.npz", x=numpy.zeros(4112, numpy.float32))
