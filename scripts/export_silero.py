#!/usr/bin/env python3
"""Make models/silero_vad.npz from the official wheel (needs numpy and onnx).

::

    pip download --no-deps silero-vad==6.2.3
    scripts/export_silero.py silero_vad-6.2.3-py3-none-any.whl models/silero_vad.npz

The main file holds two networks, one for 16 kHz and one for 8 kHz; the latter is taken (other
files of the wheel hold other training runs of it). The first layer is left out, because it is a
Hann-windowed DFT that the network takes by FFT (checked here); so are the outer taps of the last
convolution, which only ever see padding. Prints the sha256 that models/silero_weights.py expects.
"""

import argparse
import hashlib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx.numpy_helper

MEMBER = "silero_vad/data/silero_vad.onnx"
# The file asks whether the rate is 16 kHz; what is there for 8 kHz stands in the other branch.
BRANCH = "else_branch"
PREFIX = "If_0_else_branch__Inline_0__"
DFT = "stft.forward_basis_buffer"
NAMES = {
    **{f"encoder.{i}.reparam_conv.{part}": f"conv{i + 1}_{part}"
       for i in range(4) for part in ("weight", "bias")},
    **{f"decoder.rnn.{part}_{way}": f"lstm_{part}_{way}"
       for part in ("weight", "bias") for way in ("ih", "hh")},
    "decoder.decoder.2.weight": "out_weight",
    "decoder.decoder.2.bias": "out_bias",
}  # fmt: skip
Tensor = npt.NDArray[np.float32]


def read_tensors(wheel: Path) -> dict[str, Tensor]:
    """Read the weights of the network for 8 kHz in the wheel, by their ONNX names."""
    with zipfile.ZipFile(wheel) as archive:
        graph = onnx.load_from_string(archive.read(MEMBER)).graph
    (branch,) = [
        attribute.g for node in graph.node for attribute in node.attribute
        if attribute.name == BRANCH
    ]  # fmt: skip
    return {
        node.output[0].removeprefix(PREFIX): onnx.numpy_helper.to_array(node.attribute[0].t)
        for node in branch.node
        if node.op_type == "Constant"
    }


def check_is_hann_dft(kernels: Tensor) -> None:
    """Stop unless the first layer is a 128-point DFT under a periodic Hann window."""
    sample = np.arange(128)
    angle = 2 * np.pi * np.arange(65)[:, None] * sample / 128
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * sample / 128)
    expected = np.concatenate([np.cos(angle), -np.sin(angle)]) * hann
    if not np.allclose(kernels[:, 0], expected, atol=1e-6):
        raise SystemExit("the first layer is no Hann-windowed DFT: another release?")


def main() -> None:
    """Convert the wheel named on the command line."""
    parser = argparse.ArgumentParser(description="Make models/silero_vad.npz from the wheel.")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("npz", type=Path)
    args = parser.parse_args()
    tensors = read_tensors(args.wheel)
    check_is_hann_dft(tensors[DFT])
    arrays: dict[str, Any] = {short: tensors[name] for name, short in NAMES.items()}
    arrays["conv4_weight"] = arrays["conv4_weight"][:, :, 1]
    with args.npz.open("wb") as out:
        np.savez_compressed(out, **arrays)
    print(hashlib.sha256(args.npz.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
