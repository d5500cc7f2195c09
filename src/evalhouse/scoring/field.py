"""What a question of a codebook asks for: the type of its answers and what they may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evalhouse.errors import UnknownNameError, UsageError

Kind = Literal["checkbox", "dropdown", "multiselect", "likert", "textbox", "span"]
KINDS: tuple[Kind, ...] = ("checkbox", "dropdown", "multiselect", "likert", "textbox", "span")


@dataclass(frozen=True)
class Field:
    """One question, asked of every unit.

    `options` are the allowed answers of a dropdown or multiselect, `labels` those of spans; empty
    allows any. `scale` is the lowest and highest point of a Likert scale, in steps of one.

    Raises:
        UnknownNameError: for a kind that is none.
        UsageError: for a scale that has no two points, or names given twice.
    """

    name: str
    kind: Kind
    options: tuple[str, ...] = ()
    scale: tuple[int, int] | None = None
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no answer could fit."""
        if self.kind not in KINDS:
            raise UnknownNameError("type of field", self.kind, KINDS)
        if self.scale and not all(isinstance(point, int) for point in self.scale):
            raise UsageError(f"the scale of `{self.name}` has whole points; found {self.scale}")
        if self.scale and self.scale[0] >= self.scale[1]:
            raise UsageError(
                f"the scale of `{self.name}` runs from {self.scale[0]} to {self.scale[1]}; "
                "its first point is the lowest"
            )
        for what, names in (("option", self.options), ("label", self.labels)):
            if isinstance(names, str) or not all(isinstance(name, str) for name in names):
                raise UsageError(f"`{self.name}` has {what}s {names!r}; give a tuple of strings")
            if not all(name.strip() for name in names):
                raise UsageError(f"`{self.name}` has an empty {what}; an empty cell is no answer")
            if len(set(names)) < len(names):
                raise UsageError(f"`{self.name}` names an {what} twice; every {what} stands once")

    @property
    def points(self) -> tuple[int, ...]:
        """The points of the declared scale; none without one."""
        return tuple(range(self.scale[0], self.scale[1] + 1)) if self.scale else ()
