"""Labels drawn for tests, and references that warn while they import or fit."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Drawn:
    human: Floats
    model: Floats
    rest: Floats
    rows: Floats
    others: Floats

    @property
    def labels(self) -> tuple[Floats, Floats, Floats]:
        return self.human, self.model, self.rest

    @property
    def covariates(self) -> tuple[Floats, Floats]:
        return self.rows, self.others


def drawn(seed: int, n: int = 80, others: int = 400, *, is_binary: bool = False) -> Drawn:
    chance = np.random.default_rng(seed)
    size = n + others
    rows = np.column_stack([np.ones(size), chance.normal(size=size), chance.random(size) < 0.4])
    mean = rows @ [0.3, 0.9, -0.6]
    if is_binary:
        human = (chance.random(size) < 1 / (1 + np.exp(-mean))).astype(float)
        model = np.where(chance.random(size) < 0.85, human, 1 - human)
    else:
        human = mean + chance.normal(size=size)
        model = 0.8 * human + 0.3 * rows[:, 1] + chance.normal(size=size) * 0.5 + 0.4
    return Drawn(human[:n], model[:n], model[n:], rows[:n], rows[n:])


def quiet(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)


def peer() -> Any:
    def load() -> Any:
        import numba

        # Its loops are short here, and compiling them takes longer than all tests.
        vars(numba.config)["DISABLE_JIT"] = True
        import ppi_py

        return ppi_py

    return quiet(load)
