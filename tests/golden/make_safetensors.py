"""Makes safetensors_types.safetensors: a tensor of every type of the format, by PyTorch's and safetensors' own writers.

Usage: make_safetensors.py, with torch and safetensors installed. What the tests expect is said beside each.
"""
import json
import pathlib
import struct

import torch
from safetensors.torch import save

values = {
    # Zeros, the largest and the least numbers, those below normal, infinities, a NaN, and 1/3 as each type rounds it.
    "f16": torch.tensor([0.0, -0.0, 1.5, -65504.0, 2.0**-24, -(2.0**-14), float("inf"), float("nan"), 1 / 3]).half(),
    "bf16": torch.tensor([0.0, -0.0, 1.5, -3.3895313892515355e38, 9.183549615799121e-41, -(2.0**-126), float("-inf"),
                          float("nan"), 1 / 3]).bfloat16(),
    "f32": torch.tensor([1 / 3, -2.5]),
    "f64": torch.tensor([1 / 3, -2.5], dtype=torch.float64),
    "f8_e4m3": torch.tensor([1.0, 448.0]).to(torch.float8_e4m3fn),
    "f8_e5m2": torch.tensor([1.0, 57344.0]).to(torch.float8_e5m2),
    "c64": torch.tensor([1 + 2j], dtype=torch.complex64),
    "bool": torch.tensor([True, False, True]),
    "i8": torch.tensor([-128, 127], dtype=torch.int8),
    "u8": torch.tensor([0, 255], dtype=torch.uint8),
    "i16": torch.tensor([-32768, 32767], dtype=torch.int16),
    "u16": torch.tensor([0, 65535], dtype=torch.uint16),
    "i32": torch.tensor([-(2**31), 2**31 - 1], dtype=torch.int32),
    "u32": torch.tensor([1, 2**32 - 1], dtype=torch.uint32),
    "i64": torch.tensor([3, -4, 2**31 - 1]),
    "i64_large": torch.tensor([0, 2**31]),
    "u64": torch.tensor([7], dtype=torch.uint64),
    "rank_7": torch.arange(2.0).reshape(1, 1, 1, 2, 1, 1, 1),
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(0, 3),
}
values["bf16"].view(torch.int16)[7] = 0x7FC0  # which bits NaN has after a conversion depends on the machine
values["f16"].view(torch.int16)[7] = 0x7E00
here = pathlib.Path(__file__).parent
data = save(values)
length = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8 : 8 + length])
header = {"__metadata__": None} | header  # as some writers have it
# Two more, which PyTorch has no type of: four numbers of 4 bits, and a type that may come some day.
end = len(data) - 8 - length
header["f4"] = {"dtype": "F4", "shape": [4], "data_offsets": [end, end + 2]}
header["future"] = {"dtype": "F128_X", "shape": [2], "data_offsets": [end + 2, end + 7]}
text = json.dumps(header, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
whole = struct.pack("<Q", len(text)) + text + data[8 + length :] + bytes(7)
(here / "safetensors_types.safetensors").write_bytes(whole)
