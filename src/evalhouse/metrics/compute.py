"""What a model costs to run, from its size: operations per token, memory, use of a GPU."""

from __future__ import annotations

_BITS_PER_BYTE = 8
_GIGA = 1e9
_TERA = 1e12


def flops_per_token(parameters: int | None, active_parameters: int | None = None) -> int | None:
    """Return the floating point operations of a forward pass for one token.

    `2 x N`: each parameter that a token passes through is multiplied and added once. `N` is the
    active parameters where they are known (a mixture of experts), else all of them.

    Args:
        parameters: all parameters, 0 or more.
        active_parameters: those that one token passes through.

    Returns:
        None where neither count is known. Attention over the context is left out: it adds
        `2 x layers x context x width`, little while the context is far below 12 x width.

    Source: Kaplan et al., Scaling laws for neural language models (2020), section 2.1,
    arXiv:2001.08361, without their attention term, and with all parameters instead of those
    that are no embeddings, since few sources state the latter.

    Example:
        >>> flops_per_token(8_030_261_248)
        16060522496
        >>> flops_per_token(46_702_792_704, 12_879_925_248)
        25759850496
        >>> flops_per_token(None) is None
        True
    """
    count = parameters if active_parameters is None else active_parameters
    return None if count is None else 2 * count


def weights_bytes(parameters: int | None, bits_per_weight: float | None) -> int | None:
    """Return the memory that weights take, in bytes: `bits / 8 x all parameters`.

    All experts of a mixture must be at hand, so that active parameters do not matter. The cache
    of keys and values, activations and buffers come on top.

    Returns:
        None where one of both is not known.

    Example: 8.03e9 parameters at 4.89 bits, as llama.cpp's quantiser states them for
    Llama 3.1 8B Q4_K_M, are 4.9 GB (its file has 4.92 GB).
        >>> weights_bytes(8_030_261_248, 4.89)
        4908497187
        >>> weights_bytes(8_030_261_248, None) is None
        True
    """
    if parameters is None or bits_per_weight is None:
        return None
    return int(parameters * bits_per_weight / _BITS_PER_BYTE)


def tflops_utilization(
    tokens_per_second: float | None, flops: int | None, peak_tflops: float | None
) -> float | None:
    """Return which share of its peak a GPU did: `tokens/s x FLOP per token / peak`, 0 and up.

    Args:
        tokens_per_second: tokens processed in a second by the GPU.
        flops: operations per token.
        peak_tflops: peak of the GPU in the format it computes in, 10^12 operations per second.

    Returns:
        None where something is not known or the peak is not above 0. A value above 1 says that
        one of the three is wrong, and is returned as it is.

    Source: model FLOPs utilization, Chowdhery et al., PaLM (2022), section 4.1, arXiv:2204.02311,
    for the forward pass alone.

    Example:
        >>> round(tflops_utilization(100.0, 16_060_522_496, 165.2), 5)
        0.00972
        >>> tflops_utilization(100.0, 16_060_522_496, 0.0) is None
        True
    """
    if tokens_per_second is None or flops is None or peak_tflops is None or peak_tflops <= 0:
        return None
    return tokens_per_second * flops / (peak_tflops * _TERA)


def gflops(flops: int | None) -> float | None:
    """Return operations in units of 10^9.

    Example:
        >>> gflops(16_060_522_496)
        16.060522496
    """
    return None if flops is None else flops / _GIGA
