"""Quantised tensors of safetensors files: how many parameters hide in packed words.

Scales, zero points and the like hold no parameters. Where a layout is not known, none are counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from evalhouse.weights.counting import Counted, NotKnownError, is_buffer
from evalhouse.weights.tensors import Tensor

_WORD = 32  # bits of the integers that weights are packed into
_FLOATS = re.compile(r"(?:B?F|C)\d+(?:_.*)?")
# What stands beside packed weights: scales, zero points, permutations and shapes.
_BESIDE = re.compile(
    r"(?:^|[._])(?:scales|qzeros|g_idx|weight_scale(?:_inv|_2)?|(?:input|output|[kqv])_scale|"
    r"(?:weight|input)_global_scale|(?:weight|input)_zero_point|weight_shape|weight_g_idx|"
    r"absmax|nested_absmax|quant_map|nested_quant_map|SCB|weight_format|q_scale(?:_max)?|q_groups|"
    r"q_invperm|q_perm|q_group_map|suh?|svh?|mcg|mul1)$|\.quant_state\."
)
# Weights in a byte of a tensor `weight`, by method; of GPT-OSS and NVFP4 their own names tell.
_IN_A_BYTE = {"bitsandbytes": 2, "modelopt": 2, "compressed-tensors": 2, "bitnet": 4}
_PACKED = re.compile(r"(?:^|[._])(?:qweight|weight_packed|q_weight|trellis|blocks)$")


@dataclass(frozen=True)
class Scheme:
    """How a configuration says that weights are packed.

    Attributes:
        text: name of the quantization.
        method: name of the program or layout: gptq, awq, mlx, …
        bits: of a weight; None where there is no one width.
        group_size: weights that share a scale; None where not told.
        layers: bits and group size of the layers that differ, of MLX.
    """

    text: str
    method: str
    bits: int | None = None
    group_size: int | None = None
    layers: Mapping[str, int] = field(default_factory=dict)


def counted(tensors: Iterable[Tensor], scheme: Scheme | None) -> tuple[Counted, ...]:
    """Return what each tensor holds.

    Raises:
        NotKnownError: where weights are packed in a way that is not known.
    """
    found = {tensor.name: tensor for tensor in tensors}
    return tuple(
        Counted(
            tensor.name,
            tensor.type,
            0 if is_buffer(tensor.name) else _parameters(tensor, found, scheme),
            tensor.shape[0] if tensor.shape else 1,
        )
        for tensor in found.values()
    )


def _parameters(tensor: Tensor, tensors: Mapping[str, Tensor], scheme: Scheme | None) -> int:
    name, prefix = tensor.name, tensor.name.rpartition(".")[0]
    if scheme is None:
        if _PACKED.search(name) or (tensor.type == "U32" and f"{prefix}.scales" in tensors):
            raise NotKnownError(f"`{name}` is packed and no configuration says how")
        return tensor.elements if _is_number(tensor) else 0
    if scheme.method == "mlx" and f"{prefix}.scales" in tensors:
        return _of_mlx(tensor, tensors[f"{prefix}.scales"], scheme)
    if _PACKED.search(name):
        return _of_packed(tensor, prefix, tensors, scheme)
    if _BESIDE.search(name):
        return 0
    if tensor.type == "U8" and name.endswith("weight") and scheme.method in _IN_A_BYTE:
        return tensor.elements * _IN_A_BYTE[scheme.method]
    if not _is_number(tensor):
        raise NotKnownError(f"`{name}` is of {tensor.type}, and nothing says what that means")
    return tensor.elements


def _of_packed(tensor: Tensor, prefix: str, tensors: Mapping[str, Tensor], scheme: Scheme) -> int:
    """Return what a tensor holds whose name says that it is packed."""
    ending = re.split(r"[._]", tensor.name)[-1]
    if ending == "trellis":
        return _product(prefix, tensors, ("suh", "svh"))
    if tensor.name.endswith("q_weight"):
        return _of_exllama(tensor, prefix, tensors)
    if tensor.type == "U8":
        return tensor.elements * 2  # two weights of 4 bits in a byte
    if not scheme.bits or tensor.elements * _WORD % scheme.bits:
        raise NotKnownError(f"the width of the weights in `{tensor.name}` is not told")
    return tensor.elements * _WORD // scheme.bits


def _of_exllama(tensor: Tensor, prefix: str, tensors: Mapping[str, Tensor]) -> int:
    """Return rows times columns; the permutation has all rows, whatever their widths."""
    order = tensors.get(f"{prefix}.q_invperm") or tensors.get(f"{prefix}.q_perm")
    if order is None or len(tensor.shape) != 2:
        raise NotKnownError(f"`{tensor.name}` has no permutation that tells its rows")
    return order.elements * tensor.shape[1]


def _product(prefix: str, tensors: Mapping[str, Tensor], names: tuple[str, ...]) -> int:
    found = 1
    for name in names:
        if f"{prefix}.{name}" not in tensors:
            raise NotKnownError(f"`{prefix}` has no `{name}` that tells its size")
        found *= tensors[f"{prefix}.{name}"].elements
    return found


def _of_mlx(tensor: Tensor, scales: Tensor, scheme: Scheme) -> int:
    """Return what a tensor of a quantised layer holds: each scale stands for one group."""
    ending = tensor.name.rpartition(".")[2]
    if ending in {"scales", "biases"}:
        return 0
    if ending != "weight":
        return tensor.elements
    layer = tensor.name.rpartition(".")[0]
    group_size = scheme.layers.get(layer, scheme.group_size)
    if not group_size:
        raise NotKnownError("the configuration does not tell the size of a group")
    return scales.elements * group_size


def _is_number(tensor: Tensor) -> bool:
    """Tell whether a tensor holds numbers that were learnt; of integers only 8-bit weights do."""
    is_weight = tensor.type == "I8" and tensor.name.endswith("weight")
    return is_weight or _FLOATS.fullmatch(tensor.type) is not None
