"""What the files of a model, or of an adapter, tell about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from evalhouse.lookups.model_sizes import BOUNDS, bound, contradictions, is_possible
from evalhouse.lookups.models import quantization_in
from evalhouse.weights import gguf_facts, hub_facts
from evalhouse.weights.facts import WeightsFacts, WeightsFile
from evalhouse.weights.files import GGUF, WeightFiles, weight_files
from evalhouse.weights.reading import reading


def describe(path: Path) -> WeightsFacts:
    """Return what a file of weights, or a folder with a model or an adapter, tells.

    Only headers are read, and configurations beside them. A file that is one part of several
    stands for all of them. Pickles of PyTorch are recognised and never opened.

    Raises:
        WeightsError: where there are no weights, or their files contradict themselves.
    """
    files = weight_files(path)
    facts = gguf_facts.facts(files) if files.file_format == GGUF else hub_facts.facts(files)
    listed = tuple(_listed(files))
    named = quantization_in(files.paths[0].name) or quantization_in(path.absolute().name)
    return _possible(
        replace(
            facts,
            files=listed,
            weights_bytes=sum(file.size for file in listed),
            named_quantization=named[0] if named else None,
        )
    )


def _possible(facts: WeightsFacts) -> WeightsFacts:
    """Return facts without figures that no model can have; the reasons stand beside them."""
    sizes = {name: getattr(facts, name) for name in BOUNDS}
    odd = {
        name: f"the files say {size:,}, and a model has less than {bound(name)}"
        for name, size in sizes.items()
        if size is not None and not is_possible(name, size)
    }
    left = {name: size for name, size in sizes.items() if name not in odd}
    for low, high in contradictions(left):
        odd.setdefault(low, f"the files say {left[low]:,}, and `{high}` is {left[high]:,}")
    emptied: dict[str, Any] = dict.fromkeys(odd)
    return replace(facts, unknown={**facts.unknown, **odd}, **emptied)


def _listed(files: WeightFiles) -> list[WeightsFile]:
    found = []
    for path in files.paths:
        with reading(path):
            found.append(WeightsFile(path.name, path.stat().st_size))
    return found
