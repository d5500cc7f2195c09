from __future__ import annotations

import re
from pathlib import Path

import pytest

from evalhouse.engine.wording import PLACES, load_template, parse_template, read_template, wording
from evalhouse.errors import UsageError


@pytest.mark.parametrize("name", ["standard", "persona", "CoT"])
def test_the_templates_that_ship_have_every_place_once(name: str) -> None:
    places = [place for _, place in load_template(name).pieces if place]
    assert sorted(places) == sorted(PLACES)


def test_every_sentence_that_ships_can_be_said() -> None:
    for group in wording().values():
        for text in group.values():
            text.format(**dict.fromkeys(NAMES, "x"))


NAMES = (
    *("options", "low", "high", "labels", "name", "column", "condition", "note", "value", "text"),
    *("number", "keys", "numbers", "reply", "faults", "format", "where", "fault"),
)


@pytest.mark.parametrize(
    ("template", "values", "prompt"),
    [
        ("{{text}}", {"text": "a"}, "a"),
        ("{{ text }}!", {"text": "a"}, "a!"),
        ("A\n\n{{examples}}\n\n{{text}}", {"text": "a"}, "A\n\na"),
        ("{{examples}}\n\n{{text}}", {"text": "a"}, "a"),
        ("A\n\n{{examples}}\n\n{{metadata}}\n\n{{text}}", {"text": "a"}, "A\n\na"),
        ("A {{examples}} B\n{{text}}", {"text": "a"}, "A  B\na"),
        ("A {{examples}}\n\nB\n{{text}}", {"text": "a"}, "A \n\nB\na"),
        ("{{text}}\n\n{{examples}}", {"text": "a", "examples": ""}, "a\n\n"),
        ("{{text}}{{text}}", {"text": "a"}, "aa"),
        ("{{text}}", {"text": "\n\n\n{{text}} {x} {{questions}}\n"},
         "\n\n\n{{text}} {x} {{questions}}\n"),
        ("{{metadata}}\n{{text}}", {"text": "\n\na", "metadata": ""}, "\n\na"),
        ('{"json": {{text}}}', {"text": "a"}, '{"json": a}'),
        ("{text} {{text}}", {"text": "a"}, "{text} a"),
    ],
)  # fmt: skip
def test_what_is_filled_in_stays_as_it_is(
    template: str, values: dict[str, str], prompt: str
) -> None:
    assert parse_template("own", template).fill(values) == prompt


def test_a_template_keeps_its_own_text_for_hashes() -> None:
    assert parse_template("own", "  A {{text}}\n").source == "A {{text}}"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (
            b"Judge: {{questions}}",
            "has no `{{text}}`, so that the model would not see the text; add",
        ),
        (b"", "has no `{{text}}`"),
        (
            b"{{text}} {{Text}}",
            "has the place `{{Text}}`, which is not known; known: `{{questions}}`",
        ),
        (b"{{text}} {{label}}", "has the place `{{label}}`, which is not known"),
        (b"{{text}} \xff", "is not UTF-8; save it as UTF-8"),
    ],
)
def test_a_template_that_cannot_be_used_says_why(
    content: bytes, fault: str, tmp_path: Path
) -> None:
    path = tmp_path / "own.txt"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=re.escape(f"the template `{path}` {fault}")):
        read_template(path)


def test_a_template_that_is_not_there_says_so(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(UsageError, match=f"the template `{path}` cannot be read: "):
            read_template(path)


def test_a_template_may_begin_as_editors_of_windows_let_it(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_bytes(b"\xef\xbb\xbfA {{text}}")
    template = read_template(path)
    assert (template.name, template.source) == ("own", "A {{text}}")
