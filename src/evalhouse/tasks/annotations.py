"""Reading one question of a codebook, in the form that JSON and YAML share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evalhouse.scoring.field import KINDS, Field, Kind
from evalhouse.tasks.codebook import Annotation
from evalhouse.tasks.document import Node
from evalhouse.tasks.examples import Example, as_cell, parse_examples, write_examples
from evalhouse.tasks.faults import listed, nearest, shortened
from evalhouse.tasks.verdicts import Judge

WIDEST_SCALE = 1_000
_KEYS = ("name", "type", "tooltip", "example", "examples", "condition")
_KEYS_OF_KIND: dict[str, tuple[Kind, ...]] = {
    "options": ("dropdown", "multiselect"),
    "min_value": ("likert",),
    "max_value": ("likert",),
    "label_options": ("span",),
}


@dataclass(frozen=True)
class Draft:
    """A question as far as it could be read: without its condition, maybe without its type."""

    section_key: str
    key: str
    section: str
    name: str
    node: Node
    annotation: Annotation | None

    @property
    def column(self) -> str:
        """Return the column of its answers."""
        return f"{self.section}_{self.name}"


def read_annotation(node: Node, keys: tuple[str, str], section: str) -> Draft | None:
    """Read a question; `keys` are those of its section and its own. None where it has no name."""
    if not node.is_a(dict, "an object"):
        return None
    name = read_name(node, "name")
    if not name:
        return None
    field = _field(node, f"{section}_{name}")
    if field is None:
        return Draft(*keys, section, name, node, None)
    example, examples = _examples(node, field)
    tooltip = node.get("tooltip")
    annotation = Annotation(
        key=keys[1],
        section=section,
        name=name,
        field=field,
        tooltip=tooltip.text() if tooltip else "",
        example=example,
        examples=examples,
        extra=node.unknown((*_KEYS, *_KEYS_OF_KIND)),
    )
    return Draft(*keys, section, name, node, annotation)


def read_name(node: Node, key: str) -> str:
    """Return the name of a section or question; where there is none, that is a fault."""
    named = node.get(key)
    name = named.text() if named else ""
    if not name.strip() and (named is None or named.value == name):
        (named or node).fault(
            "name_missing",
            f"there is no `{key}`, or it is empty",
            expected="a name, as columns are named after it",
            advice=f"add a `{key}`",
        )
    return name if name.strip() else ""


def _field(node: Node, column: str) -> Field | None:
    kind = _kind(node)
    if kind is None:
        for key in ("options", "label_options"):
            _names(node, key)  # for its faults: they are told at once, not one after the other
        return None
    for key, kinds in _KEYS_OF_KIND.items():
        given = node.get(key)
        if given and given.value != [] and kind not in kinds:
            given.fault(
                "unknown_key",
                f"`{key}` has no meaning for the type `{kind}`",
                expected=f"it with the type {listed(kinds)} alone",
                advice="remove it, or correct the type",
            )
    options = _names(node, "options") if kind in ("dropdown", "multiselect") else ()
    if kind in ("dropdown", "multiselect") and not options:
        (node.get("options") or node).fault(
            "options_empty",
            f"a {kind} without options",
            expected="the allowed answers",
            advice="list them under `options`; without them every answer is taken as it is",
        )
    return Field(
        column,
        kind,
        options,
        _scale(node) if kind == "likert" else None,
        _names(node, "label_options") if kind == "span" else (),
    )


def _kind(node: Node) -> Kind | None:
    given = node.get("type")
    word = given.text() if given else ""
    kind = next((kind for kind in KINDS if kind == word), None)
    if kind is None and (given is None or given.value == word):
        near = nearest(word, KINDS, 0.6)
        (given or node).fault(
            "unknown_type",
            f"the type is `{shortened(word)}`" if given else "there is no `type`",
            expected=f"one of {listed(KINDS)}",
            advice=f"did you mean `{near}`?" if near else "choose one of these",
        )
    return kind


def _names(node: Node, key: str) -> tuple[str, ...]:
    """Return options or labels, each once."""
    given = node.get(key)
    names: list[str] = []
    spelled: dict[str, str] = {}
    for each in given.elements() if given else []:
        name = each.text()
        near = spelled.setdefault(name.strip().lower(), name)
        if not name.strip():
            if name == each.value:
                each.fault("option_blank", "an empty name", expected="text", advice="remove it")
        elif name in names:
            _name_twice(each, "option_twice", name, name)
        else:
            if near != name:
                _name_twice(each, "options_alike", name, near)
            names.append(name)
    return tuple(names)


def _name_twice(node: Node, kind: str, name: str, other: str) -> None:
    is_same = kind == "option_twice"
    node.fault(
        kind,
        f"`{shortened(name)}` stands twice" if is_same else f"`{name}` is nearly `{other}`",
        expected="names that differ, also when case does not count",
        advice="remove or rename one of them",
    )


def _scale(node: Node) -> tuple[int, int] | None:
    low, high = node.get("min_value"), node.get("max_value")
    if low is None or high is None:
        missing = "`max_value`" if low else "`min_value`" if high else "`min_value`, `max_value`"
        node.fault(
            "scale_missing",
            f"a likert field without {missing}",
            expected="the lowest and the highest point of the scale",
            advice="add both; without them every whole number is taken",
        )
        return None
    lowest, highest = low.whole(), high.whole()
    if lowest is None or highest is None:
        return None
    if lowest < highest <= lowest + WIDEST_SCALE:
        return lowest, highest
    is_wide = lowest < highest
    node.fault(
        "scale_too_wide" if is_wide else "scale_reversed",
        f"the scale runs from {lowest} to {highest}",
        expected=f"at most {WIDEST_SCALE:,} steps" if is_wide else "`min_value` below `max_value`",
        advice="correct the scale" if is_wide else "exchange them, or correct one",
    )
    return None


def _examples(node: Node, field: Field) -> tuple[str, tuple[Example, ...]]:
    written, parts = node.get("example"), node.get("examples")
    if written and parts:
        written.fault(
            "example_unreadable",
            "there is an `example` beside `examples`",
            expected="one of the two",
            advice="move everything into `examples`, which alone are used",
        )
    if parts:
        listed_examples = tuple(_listed(parts, field))
        return write_examples(field, listed_examples), listed_examples
    return (written.text(), tuple(_parsed(written, field))) if written else ("", ())


def _parsed(node: Node, field: Field) -> Iterator[Example]:
    """Yield what can be read of a text with examples."""
    for place, example in enumerate(parse_examples(node.text()), 1):
        if example is not None:
            _check(node, field, example)
            yield example
            continue
        node.fault(
            "example_unreadable",
            f"block {place} cannot be read",
            expected='`Text:`, a text in quotes, `Response:` and `{"response": …}`',
            advice="write it so; blocks are separated by a line `---`",
        )


def _listed(node: Node, field: Field) -> Iterator[Example]:
    for each in node.elements():
        text = each.get("text") if each.is_a(dict, "an object with `text` and `answer`") else None
        if text is None:
            each.fault(
                "example_unreadable",
                "an example without a `text`",
                expected="`text` and `answer`",
                advice="add what is missing",
            )
            continue
        each.unknown(("text", "answer"))
        answer = each.get("answer")
        value = answer.value if answer else ""
        cell = as_cell(_with_offsets(value, text.text()) if field.kind == "span" else value)
        example = Example(text.text(), cell)
        _check(each, field, example)
        yield example


def _with_offsets(spans: object, text: str) -> object:
    """Return spans with whole numbers as offsets; those of words that stand once are found."""
    if not isinstance(spans, list) or not all(isinstance(span, dict) for span in spans):
        return spans
    return [_with_offset(span, text) for span in spans]


# Nobody counts characters gladly: in YAML the words are enough where they stand once.
def _with_offset(span: dict[str, object], text: str) -> dict[str, object]:
    words = str(span.get("text") or "")
    rest = {key: value for key, value in span.items() if key not in ("start", "end")}
    if len(rest) == len(span) and text.count(words) == 1:
        start = text.index(words)
        return {"start": start, "end": start + len(words), **rest}
    return {**{key: _offset(span.get(key)) for key in ("start", "end")}, **rest}


def _offset(value: object) -> object:
    """Return the number that a text of YAML says."""
    is_number = isinstance(value, str) and len(value) < 10 and value.isdecimal()
    return int(value) if isinstance(value, str) and is_number else value


def _check(node: Node, field: Field, example: Example) -> None:
    verdict = Judge(field)(example.answer, example.text)
    finding = next(iter(verdict.findings), None)
    if finding is None and (verdict.is_valid or field.kind == "span"):
        return
    node.fault(
        "example_answer",
        f"in the example `{shortened(example.text, 40)}` "
        + (finding.found if finding else "there is no answer"),
        expected=finding.expected if finding else "an answer",
        advice=finding.advice if finding else "add one",
    )
