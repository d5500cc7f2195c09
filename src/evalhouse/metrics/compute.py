"""What a model costs to run, from its size."""

from __future__ import annotations


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
