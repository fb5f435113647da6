"""NumPy reads our .npz files. Usage: check_npz.py PROGRAM, the program of the tests. Exits with 77 without numpy."""
import os
import subprocess
import sys
import tempfile
import zipfile

try:
    import numpy
except ImportError as missing:
    print(f"skipped: {missing} (pip install numpy)")
    sys.exit(77)


def main(program):
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([program, "[npz][python]"], check=True,
                       env=dict(os.environ, FIGMENT_PYTHON_DIR=directory), stdout=subprocess.DEVNULL)
        for limit in (0, 200, 400, 1000):  # of 64 bits for all numbers, for some, for none
            path = os.path.join(directory, f"wide{limit}.npz")
            with zipfile.ZipFile(path) as archive:
                if bad := archive.testzip():
                    sys.exit(f"{path}: a damaged member: {bad}")
            with numpy.load(path) as found:
                if [(n, found[n].shape, found[n].min(), found[n].max()) for n in found.files] != [
                        ("a", (3,), 2, 2), ("b", (60,), 2, 2)]:
                    sys.exit(f"{path}: {dict(found)}")
        path = os.path.join(directory, "ours.npz")
        with zipfile.ZipFile(path) as archive:
            if bad := archive.testzip():
                sys.exit(f"a damaged member: {bad}")
        expected = {
            "float": numpy.arange(6, dtype=numpy.float32).reshape(2, 3) / 2,
            "double": numpy.array(0.1),
            "int32": numpy.array([3, -1, 4], dtype=numpy.int32),
            "part/uint8": numpy.array([[7, 255]], dtype=numpy.uint8),
            "ü": numpy.zeros((0, 4), dtype=numpy.float32),
        }
        with numpy.load(path) as found:
            if found.files != list(expected):
                sys.exit(f"expected {list(expected)}, found {found.files}")
            for name, array in expected.items():
                if found[name].dtype != array.dtype or not numpy.array_equal(found[name], array):
                    sys.exit(f"{name}: expected {array!r}, found {found[name]!r}")
        print(f"numpy {numpy.__version__} reads all {len(expected)} arrays")


main(sys.argv[1])
