"""Which files of a place hold the weights."""

from __future__ import annotations

GGUF, SAFETENSORS, PYTORCH, ONNX, MLX = "GGUF", "SafeTensors", "PyTorch", "ONNX", "MLX"
