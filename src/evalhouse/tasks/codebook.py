"""A codebook: sections of fields with instructions, examples and conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as part
from functools import cached_property
from typing import Any

from evalhouse.ids import canonical_json, sha256_hex
from evalhouse.metrics.labels import Absent
from evalhouse.scoring.cells import Cell
from evalhouse.scoring.field import Field
from evalhouse.tasks.answers import Answers
from evalhouse.tasks.conditions import Applies, Condition, Is, as_data, leaves, state
from evalhouse.tasks.examples import Example, FewShot

COLUMN = "{column}"


@dataclass(frozen=True)
class Annotation:
    """One question of a section.

    `field` has the name of its column, `<section>_<name>`. `example` is the codebook's own text
    with examples or notes, `examples` what can be read of it. `extra` keeps unknown keys.
    """

    key: str
    section: str
    name: str
    field: Field
    tooltip: str = ""
    example: str = ""
    examples: tuple[Example, ...] = ()
    condition: Condition | None = None
    extra: Mapping[str, Any] = part(default_factory=dict, hash=False)

    @property
    def column(self) -> str:
        """Return the column of its answers, in ground truth and output alike."""
        return self.field.name


@dataclass(frozen=True)
class Section:
    """Questions that share an instruction."""

    key: str
    name: str
    instruction: str
    annotations: tuple[Annotation, ...]
    extra: Mapping[str, Any] = part(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Settings:
    """What a codebook says of the table, the prompt and the output.

    `id_column` is None where rows are known by position alone. `metadata_columns` alone may stand
    in a prompt beside the text. `coders` maps a coder to a CSV file in the task's folder, or to a
    pattern such as `{column} (A)` that names its columns in the ground truth; None takes every
    file of the folder `coders`. `output_order` lists the columns of fields that come first.
    """

    text_column: str
    id_column: str | None = None
    header_column: str | None = None
    metadata_columns: tuple[str, ...] = ()
    coders: Mapping[str, str] | None = part(default=None, hash=False)
    system_message: str = ""
    few_shot: FewShot | None = None
    output_order: tuple[str, ...] = ()
    extra: Mapping[str, Any] = part(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Codebook:
    """Everything that is asked of a text, in the order in which it is asked."""

    settings: Settings
    sections: tuple[Section, ...]

    @cached_property
    def annotations(self) -> tuple[Annotation, ...]:
        """The questions in the order in which they are asked."""
        return tuple(each for section in self.sections for each in section.annotations)

    @cached_property
    def by_column(self) -> dict[str, Annotation]:
        """The questions by the column of their answers."""
        return {annotation.column: annotation for annotation in self.annotations}

    @cached_property
    def output_columns(self) -> tuple[str, ...]:
        """The columns of the answers in the order of an output."""
        first = [name for name in self.settings.output_order if name in self.by_column]
        return tuple(dict.fromkeys([*first, *self.by_column]))

    @property
    def coder_patterns(self) -> dict[str, str]:
        """The coders whose answers stand in the ground truth itself."""
        known = (self.settings.coders or {}).items()
        return {name: source for name, source in known if COLUMN in source}

    @cached_property
    def label_columns(self) -> frozenset[str]:
        """Every column that holds answers, also those of single coders: none may be shown."""
        patterns = [COLUMN, *self.coder_patterns.values()]
        return frozenset(
            pattern.replace(COLUMN, column) for pattern in patterns for column in self.by_column
        )

    @cached_property
    def codebook_hash(self) -> str:
        """The SHA-256 of what is asked.

        It depends on everything that shapes a prompt or an allowed answer, and on nothing else:
        not on JSON or YAML, spacing, keys that only name parts, coders, or the output's order.
        """
        return sha256_hex(canonical_json(_asked(self)))

    @cached_property
    def triggers(self) -> frozenset[str]:
        """The columns of the fields that conditions look at."""
        return frozenset(name for column in self.by_column for name in self.parents(column))

    def parents(self, column: str) -> tuple[str, ...]:
        """Return the columns of the fields that a field's condition looks at."""
        found = leaves(self.by_column[column].condition)
        return tuple(dict.fromkeys(leaf.parent for leaf in found))

    def applicability(self, cells: Mapping[str, Cell]) -> dict[str, Applies]:
        """Return by column which questions arise, given the answers of a row by column.

        A question arises where its condition holds and the field it depends on arises itself. An
        answer that is missing, invalid or failed leaves what depends on it `Applies.UNKNOWN`.
        """
        return self._rules(cells)

    @cached_property
    def _rules(self) -> Rules:
        return Rules(self)


class Rules:
    """The conditions of a codebook, ready to be applied to many rows."""

    def __init__(self, codebook: Codebook) -> None:
        conditions = {each.column: each.condition for each in codebook.annotations}
        self._everywhere = dict.fromkeys(conditions, Applies.YES)
        self._conditions = [(column, each) for column, each in conditions.items() if each]
        self._answers = {
            leaf.parent: Answers(codebook.by_column[leaf.parent].field)
            for _, condition in self._conditions
            for leaf in leaves(condition)
        }

    def __call__(self, cells: Mapping[str, Cell]) -> dict[str, Applies]:
        """Return by column which questions arise for a row."""
        states = dict(self._everywhere)
        for column, _ in self._conditions:
            states[column] = Applies.UNKNOWN  # until it is its turn: rings are no trap

        # Conditions are looked at in the order of asking: a parent always comes first.
        def of_leaf(leaf: Is) -> Applies:
            if states[leaf.parent] is not Applies.YES:
                return states[leaf.parent]
            answer = self._answers[leaf.parent][cells.get(leaf.parent)]
            if isinstance(answer, Absent):
                return Applies.NO if answer is Absent.NOT_APPLICABLE else Applies.UNKNOWN
            given = answer if isinstance(answer, frozenset) else {answer}
            is_met = given.isdisjoint(leaf.values) == leaf.is_negated
            return Applies.YES if is_met else Applies.NO

        for column, condition in self._conditions:
            states[column] = state(condition, of_leaf)
        return states


def _asked(codebook: Codebook) -> dict[str, Any]:
    settings = codebook.settings
    return {
        "text_column": settings.text_column,
        "metadata_columns": settings.metadata_columns,
        "system_message": settings.system_message,
        "few_shot": settings.few_shot and vars(settings.few_shot),
        "sections": [
            {
                "name": section.name,
                "instruction": section.instruction,
                "annotations": [_question(each) for each in section.annotations],
            }
            for section in codebook.sections
        ],
    }


def _question(annotation: Annotation) -> dict[str, Any]:
    return {
        "name": annotation.name,
        "type": annotation.field.kind,
        "options": annotation.field.options,
        "scale": annotation.field.scale,
        "labels": annotation.field.labels,
        "tooltip": annotation.tooltip,
        "example": annotation.example,
        "condition": as_data(annotation.condition),
    }
