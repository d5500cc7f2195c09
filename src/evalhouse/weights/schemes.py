"""How the configuration of a model says that its weights are quantised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalhouse.weights.packing import Scheme

_EXLLAMA = {"exl2", "exl3"}


def scheme_of(config: Mapping[str, Any], aside: Mapping[str, Any]) -> Scheme | None:
    """Return the quantization that a configuration states; None where it states none.

    Args:
        config: `config.json`.
        aside: `hf_quant_config.json` of TensorRT Model Optimizer; empty where there is none.
    """
    stated = config.get("quantization_config")
    if not isinstance(stated, dict):
        text_config = config.get("text_config")
        stated = text_config.get("quantization_config") if isinstance(text_config, dict) else None
    if isinstance(stated, dict) and "quant_method" in stated:
        return _of_transformers(stated)
    for found in (config.get("quantization"), stated):
        if isinstance(found, dict) and {"bits", "group_size"} <= set(found):
            return _of_mlx(found)
    found = aside.get("quantization")
    if isinstance(found, dict) and isinstance(found.get("quant_algo"), str):
        return Scheme(found["quant_algo"], "modelopt")
    if isinstance(stated, dict):
        return Scheme("", "")
    return None


def _of_transformers(stated: Mapping[str, Any]) -> Scheme:
    method = str(stated["quant_method"])
    bits = stated.get("bits", stated.get("w_bit"))
    if method in _EXLLAMA:
        width = f" {float(bits):g}bpw" if isinstance(bits, (int, float)) else ""
        return Scheme(f"{method}{width}", method)
    if method == "bitsandbytes":
        return Scheme(_of_bitsandbytes(stated), method)
    if method == "compressed-tensors":
        return _of_compressed_tensors(stated)
    if method == "modelopt":
        return Scheme(str(stated.get("quant_algo") or method), method)
    if method in {"gptq", "awq"} and _is_width(bits):
        return Scheme(f"{method}-int{bits}", method, bits, _whole(stated.get("group_size")))
    return Scheme(method, method, bits if _is_width(bits) else None)


def _of_bitsandbytes(stated: Mapping[str, Any]) -> str:
    if stated.get("load_in_8bit"):
        return "bitsandbytes int8"
    kind = stated.get("bnb_4bit_quant_type")
    if not stated.get("load_in_4bit") or kind not in {"nf4", "fp4"}:
        return "bitsandbytes"
    is_double = kind == "nf4" and stated.get("bnb_4bit_use_double_quant")
    return "nf4 double quant" if is_double else kind


def _of_compressed_tensors(stated: Mapping[str, Any]) -> Scheme:
    """Read the groups of layers; where they differ, no width is that of all."""
    groups = stated.get("config_groups")
    found = (
        [group for group in groups.values() if isinstance(group, dict)]
        if isinstance(groups, dict)
        else []
    )
    weights = [part for part in (group.get("weights") for group in found) if isinstance(part, dict)]
    kinds = {(part.get("type"), part.get("num_bits")) for part in weights}
    if len(kinds) != 1:
        return Scheme("compressed-tensors", "compressed-tensors")
    ((kind, bits),) = kinds
    layout = str(stated.get("format") or "")
    activations = {_activation_bits(group) for group in found}
    if layout.startswith(("nvfp4", "mxfp4")):
        text = layout.partition("-")[0]
    elif kind == "float" and bits == 8:
        text = "fp8"
    elif kind == "int" and _is_width(bits) and len(activations) == 1:
        text = f"w{bits}a{activations.pop()}"
    else:
        text = "compressed-tensors"
    return Scheme(text, "compressed-tensors", bits if _is_width(bits) else None)


def _activation_bits(group: Mapping[str, Any]) -> int:
    part = group.get("input_activations")
    return (_whole(part.get("num_bits")) if isinstance(part, dict) else None) or 16


def _of_mlx(stated: Mapping[str, Any]) -> Scheme:
    """Read the width of most layers, and the groups of those that differ."""
    mode, bits = stated.get("mode", "affine"), stated["bits"]
    layers = {
        name: int(layer["group_size"])
        for name, layer in stated.items()
        if isinstance(layer, dict) and _is_width(layer.get("group_size"))
    }
    text = f"mlx {bits}bit" if mode == "affine" and _is_width(bits) else str(mode)
    return Scheme(text, "mlx", None, _whole(stated["group_size"]), layers)


def _is_width(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _whole(value: Any) -> int | None:
    return value if _is_width(value) else None
