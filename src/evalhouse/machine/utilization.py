"""What part of a GPU's peak a model made use of."""

from __future__ import annotations

import math

_TERA = 1e12
_PERCENT = 100.0


def tflops_utilization(
    tokens_per_second: float | None, flops_per_token: float | None, peak_tflops: float | None
) -> float | None:
    """Return operations of a model by what the GPU could at its peak, in percent.

        tokens_per_second * flops_per_token / (peak_tflops * 10^12) * 100

    Args:
        tokens_per_second: generated tokens by time, 0 or more.
        flops_per_token: operations of one token, usually 2 x active parameters.
        peak_tflops: dense peak in the format that the model ran in, in TFLOP/s, of all GPUs.

    0 is idle; above 100 a figure is wrong, and it is returned as it is. None where one is not
    known, not finite, or no peak: a rate of 0 tokens is a measurement, a peak of 0 is none.

    Example:
        >>> round(tflops_utilization(50.0, 16.06e9, 312.0), 4)
        0.2574
        >>> tflops_utilization(50.0, None, 312.0) is None
        True
    """
    if tokens_per_second is None or flops_per_token is None or peak_tflops is None:
        return None
    known = (tokens_per_second, flops_per_token, peak_tflops)
    if not all(math.isfinite(each) for each in known):
        return None
    if tokens_per_second < 0 or flops_per_token <= 0 or peak_tflops <= 0:
        return None
    return tokens_per_second * flops_per_token / (peak_tflops * _TERA) * _PERCENT
