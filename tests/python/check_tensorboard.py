"""TensorBoard's own reader takes our event files: curves of a resumed run, histograms, pictures, text, two nets' graph.

Usage: check_tensorboard.py PROGRAM, the program of the tests. Exits with 77 where tensorboard is not installed.
"""
import os
import subprocess
import sys
import tempfile

try:
    from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator
    from tensorboard.compat.proto import graph_pb2
    from tensorboard.util import tensor_util
except ImportError as missing:
    print(f"skipped: {missing} (pip install tensorboard)")
    sys.exit(77)


def same(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: expected {expected}, found {found}")


def main(program):
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([program, "event files for tests/python/check_tensorboard.py"], check=True,
                       env=dict(os.environ, FIGMENT_PYTHON_DIR=directory), stdout=subprocess.DEVNULL)
        run = os.path.join(directory, "tensorboard")

        old = event_accumulator.EventAccumulator(run, {event_accumulator.HISTOGRAMS: 0})  # all of them
        old.Reload()
        loss = old.Scalars("loss/generator")
        # The first session's steps 6 to 9 give way to the second's.
        same("steps", [e.step for e in loss], list(range(16)))
        for e in loss:
            expected = 1 / (e.step + 1) + (10 if e.step >= 6 else 0)
            if abs(e.value - expected) > 1e-6:
                sys.exit(f"loss/generator at step {e.step}: expected {expected}, found {e.value}")
        same("loss/discriminator", [e.value for e in old.Scalars("loss/discriminator")],
             [0.5 * step for step in range(16)])
        images = old.Images("samples")
        same("steps of the pictures", [e.step for e in images], [0, 5, 10, 15])
        same("size of the picture", (images[0].height, images[0].width), (20, 30))
        same("the picture is a PNG", images[0].encoded_image_string[:4], b"\x89PNG")
        same("file version", old.file_version, 2.0)
        codes = old.Histograms("codes")
        same("steps of the histograms", [e.step for e in codes], [0, 5, 10, 15])
        last = codes[-1].histogram_value
        same("a histogram", (last.min, last.max, last.num, last.sum, last.sum_squares, list(last.bucket_limit),
                             list(last.bucket)), (0, 15, 4, 17, 227, [7.5, 15], [3, 1]))

        # What the pages of today's TensorBoard read.
        new = plugin_event_accumulator.EventAccumulator(run)
        new.Reload()
        same("tags of scalars", sorted(new.PluginTagToContent("scalars")), ["loss/discriminator", "loss/generator"])
        same("tags of pictures", sorted(new.PluginTagToContent("images")), ["samples"])
        same("tags of texts", sorted(new.PluginTagToContent("text")), ["settings"])
        names = ["codes", "generator/0.bias", "generator/0.weight", "nothing"]
        same("tags of histograms", sorted(new.PluginTagToContent("histograms")), names)
        # Rows of left, right and count.
        rows = lambda tag: tensor_util.make_ndarray(new.Tensors(tag)[-1].tensor_proto).tolist()
        same("rows of a histogram", rows("codes"), [[0, 7.5, 3], [7.5, 15, 1]])
        same("rows of nothing", rows("nothing"), [])
        same("weights counted", sum(count for _, _, count in rows("generator/0.weight")), 5 * 64)
        same("text", new.Tensors("settings")[-1].tensor_proto.string_val[0], b"**rate** 0.1")

        graph = new.Graph()
        assert isinstance(graph, graph_pb2.GraphDef)
        nodes = {n.name: n for n in graph.node}
        same("number of nodes", len(nodes), len(graph.node))
        for node in graph.node:
            for name in node.input:
                if name not in nodes:
                    sys.exit(f"{node.name}: its input {name} is no node")
        conv = nodes["discriminator/Conv2d_0/Conv2d"]
        same("operation", conv.op, "Conv2d")
        same("inputs", list(conv.input),
             ["discriminator/input", "discriminator/Conv2d_0/weight", "discriminator/Conv2d_0/bias"])
        shape = conv.attr["_output_shapes"].list.shape[0]
        same("shape", [d.size for d in shape.dim], [-1, 4, 4, 4])
        weight = nodes["generator/Linear_0/weight"].attr["_output_shapes"].list.shape[0]
        same("shape of a weight", [d.size for d in weight.dim], [5, 64])
        print(f"tensorboard reads {len(loss)} steps, {len(codes)} histograms, {len(images)} pictures, a text and a graph "
              f"of {len(nodes)} nodes")


main(sys.argv[1])
