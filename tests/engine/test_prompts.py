from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.engine.asking import CHAT_MODES, PROMPT_TYPES, REQUEST_UNITS, Asking
from evalhouse.errors import UsageError
from evalhouse.providers import Request
from evalhouse.providers.request import encoded
from evalhouse.tasks.rows import Row
from evalhouse.tasks.task import Task, open_task
from tests.engine.desks import asked, interviewed
from tests.engine.runs import YAML, made_task, prompts_of
from tests.tasks.made import edited, make

FIELDS = {
    "Tick": "type: checkbox",
    "Side": "type: dropdown",
    "Topics": "type: multiselect",
    "Force": "type: likert",
    "Why": "type: textbox\n        condition: {field: Tick, value: yes}",
    "Parts": "type: span",
}
CODEBOOK = """\
text_column: text
id_column: id
header_column: heading
metadata_columns: [channel]
coders: {ann: "{column} (ann)", ben: coders/ben.csv}
%s
sections:
  - name: S
    annotations:
"""
EXAMPLE = "\n        examples: [{text: An example., answer: %s}]"
SHOTS = {"none": "", "codebook": "", "file": "few_shot: {source: shots.csv, count: 2}"}
LABELS = tuple(f"S_{name}" for name in FIELDS)


def _cells(number: int) -> Iterator[dict[str, str]]:
    """Yield cells that stand nowhere else."""
    for at in itertools.count(1):
        canary = f"canary-{number}-{at}"
        yield {
            "S_Tick": "1",
            "S_Side": f"side-{canary}",
            "S_Topics": json.dumps([f"topic-{canary}"]),
            "S_Force": f"77{number}000{at}",
            "S_Why": f"why-{canary}",
            "S_Parts": json.dumps([{"start": 0, "end": 3, "note": f"part-{canary}"}]),
        }


def _table(columns: list[str], rows: list[dict[str, str]]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def canary_task(folder: Path, shots: str, *, first: int = 1) -> Task:
    """Make a task in which every label is a canary; `first` makes other ones."""
    gold, ann, ben, shot = (_cells(first + number) for number in range(4))
    rows, ben_rows = [], []
    for number in range(1, 4):
        plain = {"id": f"r{number}", "text": f"Row {number} says so.", "channel": f"mail {number}"}
        unnamed = {"heading": f"heading-canary {number}", "notes": f"notes-canary {number}"}
        by_ann = {f"{column} (ann)": cell for column, cell in next(ann).items()}
        rows.append({**plain, **unnamed, **next(gold), **by_ann})
        ben_rows.append({"id": plain["id"], "text": plain["text"], **next(ben)})
    answers = {"Tick": "yes", "Force": "3", "Topics": "[some]", "Parts": "[]"}
    questions = "".join(
        f"      - name: {name}\n        {kind}"
        + (EXAMPLE % answers.get(name, "word") if shots == "codebook" else "")
        + "\n"
        for name, kind in FIELDS.items()
    )
    shown = [{"id": f"s{n}", "text": f"Shot {n}.", **next(shot)} for n in range(1, 5)]
    files: dict[str, str | bytes | None] = {
        "codebook.yaml": CODEBOOK % SHOTS[shots] + questions,
        "ground-truth.csv": _table(list(rows[0]), rows),
        "coders/ben.csv": _table(list(ben_rows[0]), ben_rows),
        "shots.csv": _table(list(shown[0]), shown),
    }
    return open_task(make(folder, files))


def canaries(task: Task) -> set[str]:
    codings = [task.gold(), *task.coders().values()]
    cells = {cell for each in codings for cells in each.cells.values() for cell in cells}
    return {cell for cell in cells if "canary" in cell or cell.startswith("77")}


def everything(request: Request) -> str:
    """Return all that is sent, also as text that JSON has not escaped."""
    words = [message.content for message in request.messages]
    return "\n".join([*words, encoded(request).decode(), str(request.schema)])


WAYS = list(itertools.product(REQUEST_UNITS, CHAT_MODES, PROMPT_TYPES))


@pytest.mark.parametrize("shots", SHOTS)
def test_no_label_is_in_any_request_however_is_asked(shots: str, tmp_path: Path) -> None:
    task = canary_task(tmp_path, shots)
    known = canaries(task)
    assert len(known) == 3 * 3 * 5  # of consensus and coders, rows, and all types but the ticks
    parts = {part for canary in known for part in json_words(canary)}
    for unit, mode, kind in WAYS:
        asking = Asking(unit, mode, prompt_type=kind, batch_size=2, retries=0)
        desk, _ = interviewed(prompts_of(task, asking), list(task.rows()))
        sent = "\n".join(map(everything, desk.requests))
        assert [part for part in parts if part in sent] == []
        assert "heading-canary" not in sent
        assert "notes-canary" not in sent
        assert all(f"channel: mail {number}" in sent for number in (1, 2, 3))
        assert ("Shot" in sent, "An example." in sent) == (shots == "file", shots == "codebook")


def json_words(cell: str) -> list[str]:
    """Return the words of a cell that stand nowhere else."""
    if not cell.startswith("["):
        return [cell]
    return [word for word in cell.split('"') if "canary" in word]


def sent_of(task: Task, asking: Asking) -> list[str]:
    desk, _ = interviewed(prompts_of(task, asking), list(task.rows()))
    return [everything(request) for request in desk.requests]


@pytest.mark.parametrize("shots", SHOTS)
def test_requests_are_the_same_whatever_people_answered(shots: str, tmp_path: Path) -> None:
    one, other = (canary_task(tmp_path / str(n), shots, first=n * 10) for n in (1, 2))
    assert not canaries(one) & canaries(other)
    if shots == "file":  # whose answers are shown, and must be the same
        (tmp_path / "2/shots.csv").write_bytes((tmp_path / "1/shots.csv").read_bytes())
        other = open_task(tmp_path / "2")
    for unit, mode, kind in WAYS:
        asking = Asking(unit, mode, prompt_type=kind, batch_size=2, retries=0)
        sent = [sent_of(each, asking) for each in (one, other)]
        assert sent[0] == sent[1]


TEXTS = st.text(st.characters(codec="utf-8")) | st.lists(
    st.sampled_from(["{{text}}", "{text}", "}}", "\n\n\n\n", "\r\n", '"', "\\", "---", "\x00", " "])
).map("".join)


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return made_task(tmp_path_factory.mktemp("task"), 3)


@given(text=TEXTS, unit=st.sampled_from(REQUEST_UNITS), kind=st.sampled_from(PROMPT_TYPES))
def test_a_text_stands_in_its_prompt_as_it_is(task: Task, text: str, unit: Any, kind: str) -> None:
    prompts = prompts_of(task, Asking(unit, prompt_type=kind))
    named = "Text 1" if unit == "batch" else "Text"
    (message,) = asked(prompts, text).messages
    before, found, after = asked(prompts, "").messages[0].content.partition(f'{named}: ""')
    assert found
    assert message.content == f'{before}{named}: "{text}"{after}'


@given(value=TEXTS, name=st.text(min_size=1))
def test_metadata_stand_above_the_text_as_they_are(task: Task, value: str, name: str) -> None:
    prompts = prompts_of(task)
    row = Row("r", "A text.", {name: value, "blank": ""})
    prompt = prompts.text(prompts.form(prompts.columns), [row])
    if value:
        assert prompt.endswith(f'\n---\n{name}: {value}\n\nText: "A text."\n\nResponse:')
    else:
        assert prompt.endswith('\n---\nText: "A text."\n\nResponse:')


def test_a_prompt_of_one_field_is_what_it_should_be(task: Task) -> None:
    prompts = prompts_of(task, Asking("field"))
    expected = """\
You annotate texts by a codebook. Judge only what the text says.

# S
Read the comment.

Question: About
Whether it is about the plan.
Answer true or false.

Reply with a JSON object of the form {"response": ...}.

Examples:

Text: "A fine plan."
Response: {"response": true}

---
Text: "So what?"

Response:"""
    assert asked(prompts, "So what?").prompt == expected
    without = prompts_of(task, Asking("field", use_examples=False))
    shown = expected.index("Examples:"), expected.index("---")
    assert asked(without, "So what?").prompt == expected[: shown[0]] + expected[shown[1] :]


def test_a_prompt_of_several_texts_numbers_them_and_wants_each(task: Task) -> None:
    prompts = prompts_of(task, Asking("batch", process_span=False, process_textbox=False))
    question = asked(prompts, "One.", "Two.")
    assert 'a key for each text, its number ("1", "2"), and under it an object' in question.prompt
    assert question.prompt.endswith('---\nText 1: "One."\n\nText 2: "Two."\n\nResponse:')
    schema = prompts.schema(question.form, question.labels)
    assert schema is not None
    assert list(schema["properties"]) == schema["required"] == ["1", "2"]
    assert list(schema["$defs"]["answers"]["properties"]) == list(prompts.columns)


def test_what_is_not_processed_is_not_asked(task: Task) -> None:
    prompts = prompts_of(task, Asking(process_span=False, process_textbox=False))
    assert prompts.columns == ("S_About", "S_Side", "S_Force", "T_Topics")
    prompt = asked(prompts, "A text.").prompt
    assert "T_Parts" not in prompt
    assert "T_Why" not in prompt


def test_a_codebook_of_which_nothing_is_asked_is_refused(tmp_path: Path) -> None:
    codebook = "text_column: text\nsections: [{name: S, annotations: [{name: A, type: textbox}]}]\n"
    task = made_task(tmp_path, 1, codebook)
    with pytest.raises(UsageError, match="no field is left to ask: the codebook has none but"):
        prompts_of(task, Asking(process_textbox=False))


@pytest.mark.parametrize(
    ("asking", "is_sent"),
    [
        (Asking(), True),
        (Asking(structured=False), False),
        (Asking(prompt_type="CoT"), False),
        (Asking("field", prompt_type="persona"), True),
    ],
)
def test_a_schema_is_sent_unless_words_may_stand_before_the_answer(
    asking: Asking, task: Task, *, is_sent: bool
) -> None:
    prompts = prompts_of(task, asking)
    question = asked(prompts, "A text.")
    assert (prompts.schema(question.form, question.labels) is not None) == is_sent


def test_examples_from_a_file_answer_all_fields_as_a_reply_does(tmp_path: Path) -> None:
    shots = "id,text,S_About,S_Side,S_Force,T_Topics,T_Parts,T_Why\n"
    shots += 's1,Shot one.,1,both,,"[""money""]",,because\ns2,Shot two.,0,,,[],,\n'
    (tmp_path / "shots.csv").write_text(shots, "utf-8")
    own = "        examples:\n          - {text: A fine plan., answer: yes}\n"
    codebook = "few_shot: {source: shots.csv}\n" + edited(YAML, ((own, ""),))
    prompts = prompts_of(made_task(tmp_path, 2, codebook))
    shown = [
        line for line in asked(prompts, "A text.").prompt.splitlines() if "Response: {" in line
    ]
    replies = [json.loads(line.removeprefix("Response: ")) for line in shown]
    assert replies == [
        {"S_About": True, "S_Side": "both", "S_Force": None, "T_Topics": ["money"],
         "T_Parts": [], "T_Why": "because"},
        {"S_About": False, "S_Side": None, "S_Force": None, "T_Topics": [], "T_Parts": [],
         "T_Why": None},
    ]  # fmt: skip


def test_a_template_of_ones_own_is_filled_in(task: Task, tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("Code this.\n{{questions}}\n{{format}}\n<<{{text}}>>\nGo:", "utf-8")
    prompt = asked(prompts_of(task, Asking(template=path)), "So.").prompt
    assert prompt.startswith("Code this.\n# S\nRead the comment.\n\nQuestion `S_About`: About")
    assert prompt.endswith('\n<<Text: "So.">>\nGo:')


def test_a_template_in_which_all_fields_are_the_same_question_is_refused(
    task: Task, tmp_path: Path
) -> None:
    path = tmp_path / "own.txt"
    path.write_text("Is it so?\n{{text}}", "utf-8")
    with pytest.raises(UsageError, match=r"has no `\{\{questions\}\}`, so that every field"):
        prompts_of(task, Asking("field", template=path))
    assert asked(prompts_of(task, Asking(template=path)), "So.").prompt == 'Is it so?\nText: "So."'


BOOKS = {
    "as it is": YAML,
    "a system message": "system_message: Be brief.\n" + YAML,
    "another tooltip": edited(YAML, (("Whether it is", "If it is"),)),
    "another option": edited(YAML, (("noise", "sound"),)),
    "another scale": edited(YAML, (("max_value: 5", "max_value: 7"),)),
    "another label": edited(YAML, (("[who, what]", "[who, where]"),)),
    "another instruction": edited(YAML, (("Read the", "Look at the"),)),
    "another condition": edited(YAML, (("[for, against]}", "[for, both]}"),)),
    "another example": edited(YAML, (("A fine plan.", "A bad plan."),)),
    "another order of columns": "output_order: [T_Why]\n" + YAML,
    "coders": "coders: {ann: '{column} (A)'}\n" + YAML,
    "a note of its own": YAML + "        tooltip: Be short.\n",
}
ASKINGS = {
    "as it is": Asking(),
    "persona": Asking(prompt_type="persona"),
    "thinking": Asking(prompt_type="CoT"),
    "no examples": Asking(use_examples=False),
    "no schema": Asking(structured=False),
    "by field": Asking("field"),
    "no spans": Asking(process_span=False),
    "other settings": Asking(repeats=3, retries=4, chat_mode="per_query", history_window=2,
                             logprobs=3, retry_strategy="identical"),
}  # fmt: skip


def test_hashes_differ_if_and_only_if_what_is_sent_differs(tmp_path: Path) -> None:
    sent, hashes = {}, {}
    for book, asking in [
        *((book, "as it is") for book in BOOKS),
        *(("as it is", a) for a in ASKINGS),
    ]:
        task = made_task(tmp_path / f"{book} {asking}", 1, BOOKS[book])
        prompts = prompts_of(task, ASKINGS[asking])
        for column in prompts.columns:
            columns = (column,) if prompts.asking.request_unit == "field" else prompts.columns
            question = asked(prompts, "A text.", columns=columns)
            schema = prompts.schema(question.form, question.labels)
            sent[book, asking, column] = question.messages, json.dumps(schema)
            hashes[book, asking, column] = prompts.hashes[column]
    assert len(set(hashes.values())) > 15
    for one, other in itertools.combinations(sent, 2):
        assert (sent[one] == sent[other]) == (hashes[one] == hashes[other]), (one, other)


def test_the_system_message_stands_first_and_counts(tmp_path: Path) -> None:
    task = made_task(tmp_path, 1, "system_message: Be brief.\n" + YAML)
    question = asked(prompts_of(task), "A text.")
    assert [(m.role, m.content) for m in question.messages] == [
        ("system", "Be brief."),
        ("user", question.prompt),
    ]
    assert question.characters == len("Be brief.") + len(question.prompt)
