"""Makes the .npz files that tests/io and tests/data read: NumPy's, scipy's, and what other programs write.

Usage: make_npz.py [DIRECTORY]. Needs numpy and scipy; made by 2.4.6 and 1.17.1.
"""
import io
import pathlib
import struct
import sys
import zipfile

import numpy
import scipy.sparse

here = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
here = here if here.is_dir() else here.parent
arrays = {
    "weight": numpy.arange(6, dtype=numpy.float32).reshape(2, 3) - 2.5,
    "labels": numpy.array([3, -1, 4], dtype=numpy.int32),
    "layer.0/mean": numpy.array(0.1),
}
numpy.savez(here / "numpy_stored.npz", **arrays)
numpy.savez_compressed(here / "numpy_deflated.npz", **arrays)
# A few bytes of input make so much output that all of the input is read long before the last of the output.
numpy.savez_compressed(here / "numpy_zeros.npz", x=numpy.zeros(4112, numpy.float32))


def numbers(dtype):
    """The least and the most of a type, and what is odd about it, as (2, 3)."""
    dtype = numpy.dtype(dtype)
    if dtype.kind == "b":
        return numpy.array([[True, False, False], [True, True, False]])
    if dtype.kind == "f":
        info = numpy.finfo(dtype)
        return numpy.array([[info.min, -0.0, info.smallest_subnormal], [1 / 3, numpy.inf, numpy.nan]], dtype)
    info = numpy.iinfo(dtype)
    return numpy.array([[info.min, info.max, 0], [1, 2, 100]], dtype)


# Every type in either byte order and either order of elements: NumPy wrote them, and says here what they are.
kinds = ["b1"] + [order + kind + str(size) for kind in "iu" for size in (1, 2, 4, 8)
                  for order in ("<" if size == 1 else "<>")]
kinds += [order + "f" + str(size) for size in (2, 4, 8) for order in "<>"]
every = {}
for kind in kinds:
    every[kind] = numbers(kind)
    every["fortran " + kind] = numpy.asfortranarray(numbers(kind))
cube = numpy.arange(24, dtype=numpy.int16).reshape(2, 3, 4)
every["cube"], every["fortran cube"] = cube, numpy.asfortranarray(cube)
every["large"] = numpy.array([2**31, -2**31 - 1, 2**53 + 1, 2**63 - 1])
every["very large"] = numpy.array([2**64 - 1], numpy.uint64)
every["overflow"] = numpy.array([1e300, 1])
every["fractions"] = numpy.array([1.0, 2.5])
every["complex"] = numpy.zeros(2, numpy.complex64)
every["text"] = numpy.array(["one", "two"])
every["bytes"] = numpy.array([b"one"])
every["dates"] = numpy.array(["2000-01-01"], "datetime64[D]")
every["record"] = numpy.zeros(2, [("a", "f4"), ("b", "i4", (2,))])
every["long double"] = numpy.zeros(2, numpy.longdouble)
every["object"] = numpy.array([{}, None], object)
numpy.savez_compressed(here / "numpy_types.npz", **every)

scipy.sparse.save_npz(here / "scipy_sparse.npz", scipy.sparse.csr_matrix(numpy.array([[0, 0, 1.5], [2.5, 0, 0]])))


def npy(header, values, align=16, version=(1, 0), newline="\n"):
    """A .npy file with a header of the writer's own."""
    wide = 2 if version == (1, 0) else 4
    header += " " * (-(8 + wide + len(header) + len(newline)) % align) + newline
    length = struct.pack("<H" if wide == 2 else "<I", len(header))
    return b"\x93NUMPY" + bytes(version) + length + header.encode() + values


row = numpy.array([[1, 2, 3], [4, 5, 6]])
others = {
    # cnpy (github.com/rogersce/cnpy): an order also where there is none to have, and for bool and char too.
    "cnpy uchar": npy("{'descr': '<u1', 'fortran_order': False, 'shape': (2, 3), }", row.astype("u1").tobytes()),
    "cnpy char": npy("{'descr': '<i1', 'fortran_order': False, 'shape': (2, 3), }", row.astype("i1").tobytes()),
    "cnpy float": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", row.astype("f4").tobytes()),
    # npy-matlab (github.com/kwikteam/npy-matlab): MATLAB's arrays have two dimensions at least, in Fortran's order.
    "npy-matlab": npy("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }", row.astype("f8").tobytes("F")),
    "npy-matlab column": npy("{'descr': '<f8', 'fortran_order': True, 'shape': (6, 1), }", row.astype("f8").tobytes()),
    "npy-matlab uint8": npy("{'descr': '<u1', 'fortran_order': True, 'shape': (2, 3), }",
                            row.astype("u1").tobytes("F")),
    # NPZ.jl (github.com/fhs/NPZ.jl): Fortran's order always, of scalars and vectors too.
    "NPZ.jl": npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2,3), }", row.astype("f4").tobytes("F")),
    "NPZ.jl vector": npy("{'descr': '<i8', 'fortran_order': True, 'shape': (6,), }", row.astype("i8").tobytes()),
    "NPZ.jl number": npy("{'descr': '<f8', 'fortran_order': True, 'shape': (), }", numpy.array(0.1).tobytes()),
    # Python 2 on Windows had long integers in shapes.
    "python2": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }", row.astype("f4").tobytes()),
    # Everything a Python dict may look like; Java and JavaScript writers have some of it.
    "quotes": npy('{"descr": "<f4", "fortran_order": False, "shape": (2, 3)}', row.astype("f4").tobytes()),
    "tight": npy("{'shape':(2,3),'fortran_order':False,'descr':'<f4'}", row.astype("f4").tobytes(), 1, newline=""),
    "loose": npy("{ 'descr' :\t'<f4' ,\n 'fortran_order' : False ,\n 'shape' : ( 2 , 3 , ) , }",
                 row.astype("f4").tobytes(), 64, (2, 0)),
    "native": npy("{'descr': '=f4', 'fortran_order': False, 'shape': (2, 3), }", row.astype("f4").tobytes(), 64,
                  (3, 0)),
    "bare": npy("{'descr': 'f4', 'fortran_order': False, 'shape': (2, 3), }", row.astype("f4").tobytes()),
    "bool": npy("{'descr': '?', 'fortran_order': False, 'shape': (2, 3), }", bytes([1, 0, 1, 0, 2, 255])),
}

# As Keras has MNIST (keras.datasets.mnist), of five images.
pixels = (numpy.arange(5 * 28 * 28) * 7 % 256).astype(numpy.uint8).reshape(5, 28, 28)
numpy.savez_compressed(here / "keras_mnist.npz", x_test=pixels[3:], x_train=pixels[:3],
                       y_train=numpy.array([5, 0, 4], numpy.uint8), y_test=numpy.array([7, 2], numpy.uint8))


class Pipe(io.RawIOBase):
    """What cannot go back, so that zip members have their sizes behind them, in data descriptors."""

    def __init__(self, path):
        self.file = open(path, "wb")

    def writable(self):
        return True

    def write(self, data):
        return self.file.write(data)


def member(name):
    info = zipfile.ZipInfo(name + ".npy")  # of 1980, so that the same script makes the same files
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


with zipfile.ZipFile(here / "others.npz", "w") as archive:
    for name, data in others.items():
        archive.writestr(member(name), data)
with zipfile.ZipFile(Pipe(here / "streamed.npz"), "w") as archive:
    for name in ("cnpy float", "python2"):
        with archive.open(member(name), "w", force_zip64=name == "python2") as out:
            out.write(others[name])


def zip64(path, members):
    """An archive of a few bytes with every number in 64 bits, as Java and .NET write streams of unknown length."""
    body, directory = b"", b""
    for name, data in members.items():
        name = (name + ".npy").encode()
        crc, at, size = zipfile.crc32(data), len(body), len(data)
        common = struct.pack("<5HI2I2H", 45, 0x800, 0, 0, 0x21, crc, 2**32 - 1, 2**32 - 1, len(name), 20)
        body += b"PK\3\4" + common + name + struct.pack("<2H2Q", 1, 16, size, size) + data
        common = common[:-2] + struct.pack("<H", 28 + 9)
        directory += (b"PK\1\2" + struct.pack("<H", 45) + common + struct.pack("<3H2I", 0, 0, 0, 0, 2**32 - 1) + name +
                      struct.pack("<2H5s", 0x5455, 5, b"times") + struct.pack("<2H3Q", 1, 24, size, size, at))
    count, begin, end = len(members), len(body), len(body) + len(directory)
    with open(path, "wb") as file:
        file.write(body + directory)
        file.write(b"PK\6\6" + struct.pack("<Q2H2I4Q", 44, 45, 45, 0, 0, count, count, len(directory), begin))
        file.write(b"PK\6\7" + struct.pack("<IQI", 0, end, 1))
        file.write(b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 0xffff, 0xffff, 2**32 - 1, 2**32 - 1, 0))


zip64(here / "zip64.npz", {name: others[name] for name in ("cnpy float", "python2")})
