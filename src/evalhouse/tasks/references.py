"""Reading the conditions of a codebook: what they refer to, in order and without rings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from evalhouse.scoring.field import Field
from evalhouse.tasks.annotations import Draft
from evalhouse.tasks.answers import normal
from evalhouse.tasks.codebook import Annotation
from evalhouse.tasks.conditions import Condition, Is, joined
from evalhouse.tasks.document import Node
from evalhouse.tasks.examples import as_cell
from evalhouse.tasks.faults import listed, nearest, shortened

_DEEPEST = 60
_FORMS = "`field` (or `section_key` and `annotation_key`) and `value`, or `all`, or `any`"


def resolve(drafts: Sequence[Draft]) -> dict[int, Annotation]:
    """Return the questions by their place among the drafts, each with its condition."""
    references = _References(drafts)
    found = {}
    for place, draft in enumerate(drafts):
        condition = references.condition(place)
        if draft.annotation:
            found[place] = replace(draft.annotation, condition=condition)
    references.check_order()
    return found


class _References:
    """Who depends on whom."""

    def __init__(self, drafts: Sequence[Draft]) -> None:
        self._drafts = drafts
        self._by_keys = {(each.section_key, each.key): at for at, each in enumerate(drafts)}
        self._by_name: dict[str, list[int]] = {}
        for at, each in enumerate(drafts):
            for name in {each.column, each.name}:
                self._by_name.setdefault(name, []).append(at)
        self._parents: dict[int, set[int]] = {at: set() for at in range(len(drafts))}

    def condition(self, child: int) -> Condition | None:
        """Return the condition of a draft, as far as it can be read."""
        node = self._drafts[child].node.get("condition")
        return self._read(node, child) if node and node.value != {} else None

    def _read(self, node: Node, child: int) -> Condition | None:
        if not node.is_a(dict, f"an object with {_FORMS}"):
            return None
        for word in ("all", "any"):
            parts = node.get(word)
            if parts and len(node.path) < _DEEPEST:
                read = [self._read(part, child) for part in parts.elements()]
                return joined((part for part in read if part), is_every=word == "all")
        parent = self._parent(node, child)
        return None if parent is None else self._leaf(node, child, parent)

    def _leaf(self, node: Node, child: int, parent: int) -> Condition | None:
        given = next((node.get(key) for key in ("value", "values", "not") if node.get(key)), None)
        if given is None:
            self._incomplete(node, "no `value`")
            return None
        self._parents[child].add(parent)
        annotation = self._drafts[parent].annotation
        if annotation is None:
            return None
        nodes = given.elements() if isinstance(given.value, list) else [given]
        values = [_trigger(each, annotation.field) for each in nodes]
        kept = tuple(dict.fromkeys(value for value in values if value is not None))
        return Is(annotation.column, kept, given.path[-1] == "not") if kept else None

    def _parent(self, node: Node, child: int) -> int | None:
        """Return the place of the question that a condition refers to, unless it is no other."""
        named = node.get("field")
        keys = [node.get(key) for key in ("section_key", "annotation_key")]
        if named is None and None in keys:
            self._incomplete(node, "no field that it depends on")
            return None
        words = [each.text() for each in ([named] if named else keys) if each]
        places = self._named(words[0], child) if named else self._keyed(words[0], words[1])
        if len(places) != 1:
            self._not_found(node, words, places)
            return None
        if places[0] == child:
            node.fault(
                "self_reference",
                f"`{shortened(self._drafts[child].column)}` depends on itself",
                expected="another field",
                advice="name the field it depends on, or remove the condition",
            )
            return None
        return places[0]

    def _keyed(self, section: str, key: str) -> list[int]:
        place = self._by_keys.get((section, key))
        return [] if place is None else [place]

    def _named(self, name: str, child: int) -> list[int]:
        """Return the questions of a name: whole columns first, then those of the same section."""
        places = self._by_name.get(name, [])
        columns = [at for at in places if self._drafts[at].column == name]
        section = self._drafts[child].section_key
        return columns or [at for at in places if self._drafts[at].section_key == section] or places

    def _not_found(self, node: Node, words: list[str], places: list[int]) -> None:
        name = " / ".join(words)
        if places:
            node.fault(
                "parent_ambiguous",
                f"{len(places)} fields are called `{shortened(name)}`",
                expected="the name of one",
                advice=f"name its column: {listed(self._drafts[at].column for at in places)}",
            )
            return
        known = self._by_name if len(words) == 1 else [" / ".join(keys) for keys in self._by_keys]
        near = nearest(name, known, 0.6)
        node.fault(
            "parent_missing",
            f"there is no field `{shortened(name)}`",
            expected="a field of this codebook",
            advice=f"did you mean `{near}`?" if near else "correct it, or remove the condition",
        )

    def _incomplete(self, node: Node, found: str) -> None:
        node.fault(
            "condition_incomplete",
            f"the condition has {found}",
            expected=_FORMS,
            advice="complete it, or remove it",
        )

    def check_order(self) -> None:
        """Take down rings, and questions that come before what they depend on."""
        in_rings: set[tuple[int, int]] = set()
        for ring in _rings(self._parents):
            in_rings.update(ring)
            child = min(child for child, _ in ring)
            names = [self._drafts[parent].column for _, parent in ring]
            self._condition_node(child).fault(
                "condition_cycle",
                f"the conditions of {listed(names)} form a ring",
                expected="fields that depend on earlier ones alone",
                advice="remove one of these conditions: none of the fields would ever be asked",
            )
        for child, parents in self._parents.items():
            for parent in sorted(parents):
                if parent > child and (child, parent) not in in_rings:
                    self._late(child, parent)

    def _late(self, child: int, parent: int) -> None:
        first, later = self._drafts[child], self._drafts[parent]
        self._condition_node(child).fault(
            "parent_after_child",
            f"`{shortened(first.column)}` is asked before `{shortened(later.column)}`, "
            "which it depends on",
            expected="the other order",
            advice="move it behind, or renumber the annotation's key (they are asked by number)",
        )

    def _condition_node(self, place: int) -> Node:
        node = self._drafts[place].node
        return node.get("condition") or node


def _rings(parents: dict[int, set[int]]) -> Iterator[list[tuple[int, int]]]:
    """Yield rings as (child, parent) pairs, until none is left."""
    graph = {child: set(found) for child, found in parents.items()}
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as failure:
            places: list[int] = failure.args[1]
            ring = [(places[at + 1], places[at]) for at in range(len(places) - 1)]
            yield ring
            graph[ring[0][0]].discard(ring[0][1])
        else:
            return


def _trigger(node: Node, field: Field) -> str | None:
    """Return a value of a condition as the normal answer it is compared with."""
    if isinstance(node.value, list | dict):
        node.text()  # which says that it is none
        return None
    written = as_cell(node.value)
    kind = "dropdown" if field.kind == "multiselect" else field.kind
    choice = Field(field.name, kind, field.options, field.scale)
    cell = written.strip().strip("`") if kind == "dropdown" else written
    answer = normal(choice, cell)
    if isinstance(answer, str) and kind != "span":
        return answer
    node.fault(
        "trigger_impossible",
        f"`{field.name}` is never `{shortened(written)}`",
        expected=_possible(field),
        advice="correct the value: the field would never be asked",
    )
    return None


def _possible(field: Field) -> str:
    if field.kind == "checkbox":
        return "1 or 0 (also yes, no, true, false)"
    if field.kind == "likert" and field.scale:
        return f"a whole number from {field.scale[0]} to {field.scale[1]}"
    if field.kind == "span":
        return "a field with comparable answers: spans have none"
    return f"one of {listed(field.options)}" if field.options else "a value that an answer can have"
