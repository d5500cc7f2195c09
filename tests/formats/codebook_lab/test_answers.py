from __future__ import annotations

from pathlib import Path
from typing import Any

from evalhouse.formats.codebook_lab.answers import Answers
from evalhouse.journal import Entry, Journal
from evalhouse.redact import Redactor


def written(path: Path, *payloads: Any, keys: str = "") -> Path:
    with Journal(path, {}, redactor=Redactor(b"key")) as journal:
        for number, payload in enumerate(payloads):
            journal.append_now(Entry(f"{keys}{number}", payload))
    return path


def exchange(*rows: int, column: str = "A", repeat: int = 0, **more: Any) -> dict[str, Any]:
    answers = [{"row": row, "column": column, "status": "ok", "cell": f"{row}"} for row in rows]
    return {"rows": rows, "ids": [f"r{row}" for row in rows], "repeat": repeat} | {
        "answers": answers,
        **more,
    }


def test_the_last_exchange_about_a_question_counts(tmp_path: Path) -> None:
    path = written(
        tmp_path / "answers.jsonl",
        exchange(2, text="first"),
        exchange(1, text="other row"),
        exchange(2, text="second"),
        exchange(2, column="B", text="other column"),
        exchange(2, repeat=1, text="other repeat"),
    )
    with Answers(str(path)) as answers:
        assert answers.rows() == [1, 2]
        found = answers.of_row(2)
        assert {
            column: [each.exchange.text for each in listed] for column, listed in found.items()
        } == {
            "A": ["second", "other repeat"],
            "B": ["other column"],
        }
        assert found["A"][0].exchange.id_of(2) == "r2"
        assert answers.of_row(3) == {}
        assert (answers.count, answers.problems) == (5, [])


def test_what_exchanges_share_is_first_once(tmp_path: Path) -> None:
    path = written(tmp_path / "answers.jsonl", exchange(1, 2))
    with Answers(str(path)) as answers:
        firsts = [answers.of_row(row)["A"][0].is_first for row in (1, 2, 1)]
    assert firsts == [True, False, False]


def test_failures_are_found_by_column_or_for_all_of_them(tmp_path: Path) -> None:
    failure = {"kind": "timeout", "message": "m"}
    whole = {"rows": [1, 2], "ids": ["a", "b"], "repeat": 0, "failure": failure}
    path = written(tmp_path / "answers.jsonl", whole, {**whole, "column": "A"}, keys="failed/")
    with Answers(str(path)) as answers:
        assert set(answers.failures(1)) == {"", "A"}
        assert answers.failures(2)["A"].kind == "timeout"
        assert answers.rows() == []


def test_many_exchanges_are_found_again_in_any_order(tmp_path: Path) -> None:
    path = written(tmp_path / "answers.jsonl", *(exchange(row) for row in range(100, 0, -1)))
    with Answers(str(path)) as answers:
        found = [answers.of_row(row)["A"][0].given.cell for row in (1, 100, 50, 1)]
    assert found == ["1", "100", "50", "1"]


def test_lone_surrogates_are_read(tmp_path: Path) -> None:
    path = written(tmp_path / "answers.jsonl", exchange(1, text="a \ud800"))
    with Answers(str(path)) as answers:
        assert answers.of_row(1)["A"][0].exchange.text == "a \ud800"


def test_an_entry_about_something_else_is_damage_and_no_answer(tmp_path: Path) -> None:
    path = written(tmp_path / "answers.jsonl", exchange(1), {"rows": "none"}, b"bytes")
    with Answers(str(path)) as answers:
        assert answers.rows() == [1]
        assert [problem.kind for problem in answers.problems] == ["unexpected_row"] * 2


def test_an_exchange_that_is_odd_beyond_its_question_has_no_answer(tmp_path: Path) -> None:
    path = written(tmp_path / "answers.jsonl", exchange(1, seconds="half"))
    with Answers(str(path)) as answers:
        assert answers.rows() == [1]
        assert answers.of_row(1) == {}
