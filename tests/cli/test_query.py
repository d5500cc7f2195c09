from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

import evalhouse
from evalhouse.cli import prompt
from tests.cli.conftest import Evalhouse

COUNT = "select count(*) as n from runs"


def test_a_result_is_a_table(ask: Evalhouse) -> None:
    assert ask("sql", "select 1 as a, null as b, 'x' as c").out.split() == [
        *("a", "b", "c"),
        "─" * 10,
        *("1", "NULL", "x"),
    ]


@pytest.mark.parametrize(("form", "out"), [("csv", '"n"\n4\n'), ("json", '[\n{"n":4}\n]\n')])
def test_a_result_is_clean_data(ask: Evalhouse, form: str, out: str) -> None:
    assert ask("sql", COUNT, "--format", form).out == out


def test_a_query_comes_from_stdin_or_a_file(ask: Evalhouse, tmp_path: Path) -> None:
    file = tmp_path / "query.sql"
    file.write_text(COUNT)
    assert ask("sql", "--format", "csv", typed=COUNT).out == '"n"\n4\n'
    assert ask("sql", "-", "--format", "csv", typed=COUNT).out == '"n"\n4\n'
    assert ask("sql", "--file", file, "--format", "csv").out == '"n"\n4\n'


@pytest.mark.parametrize("name", ["out.parquet", "out.arrow", "out.csv", "out.json"])
def test_the_name_of_a_file_says_how_it_is_written(
    ask: Evalhouse, tmp_path: Path, name: str
) -> None:
    done = ask("sql", "select task, doc_id from responses", "--output", tmp_path / name)
    assert done.out == f"wrote 96 rows to {tmp_path / name}\n"
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_parquet_and_arrow_hold_the_rows(ask: Evalhouse, tmp_path: Path) -> None:
    query = "select task, doc_id from responses order by all"
    ask("sql", query, "--output", tmp_path / "a", "--format", "parquet")
    ask("sql", query, "--output", tmp_path / "b", "--format", "arrow")
    arrow = pa.ipc.open_file(io.BytesIO((tmp_path / "b").read_bytes())).read_all()
    assert pq.read_table(tmp_path / "a").equals(arrow)


def test_a_long_result_says_how_much_is_missing(ask: Evalhouse) -> None:
    assert ask("sql", "from range(250)").out.endswith(
        "50 more rows; `--format csv` or `--format json` gives all of them\n"
    )


def test_a_row_of_many_columns_is_shown_from_top_to_bottom(ask: Evalhouse) -> None:
    lines = ask("sql", "select * from items order by all limit 1").out.splitlines()
    assert lines[0] == "row 1"
    assert [line.split()[0] for line in lines[1:4]] == ["run_id", "model_id", "prompt_id"]


def test_text_cannot_control_the_terminal(ask: Evalhouse) -> None:
    done = ask("sql", "select chr(27) || '[2J[bold]x[/bold]' as \"[red]\"")
    assert "\x1b[2J" not in done.out
    assert r"\x1b[2J[bold]x[/bold]" in done.out
    assert "[red]" in done.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["select nothing from runs"], "the query cannot run: Binder Error"),
        (["drop table runs"], "only SELECT is possible"),
        (["select 1", "--file", "x"], "not both"),
        (["--file", "no-such-file.sql"], "cannot be read"),
        (["select 1", "--output", "x.txt"], "does not say how to write"),
        (["select 1", "--output", "x.csv", "--format", "table"], "does not say how to write"),
    ],
)
def test_a_wrong_query_is_one_sentence(ask: Evalhouse, words: list[str], sentence: str) -> None:
    done = ask("sql", *words)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err


def test_a_query_that_fails_leaves_no_file(ask: Evalhouse, tmp_path: Path) -> None:
    ask("sql", "select error('no') from runs", "--output", tmp_path / "out.csv")
    assert not list(tmp_path.iterdir())


def test_a_prompt_answers_until_the_input_ends(
    house: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = FileHistory(str(tmp_path / "history"))
    typed = "select 41 +\n1 as answer;\nselec;\nselect 'after' as more;\nexit\n"
    with create_pipe_input() as keys, evalhouse.open(house, create=False) as opened:
        keys.send_text(typed)
        prompt.ask(opened, PromptSession(history=history, input=keys, output=DummyOutput()))
    printed = capsys.readouterr()
    assert "42" in printed.out
    assert "after" in printed.out
    assert "evalhouse: the query cannot run" in printed.err
    assert "select 41 +" in (tmp_path / "history").read_text()


def test_the_end_of_input_and_an_interrupt_leave_the_prompt(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with create_pipe_input() as keys, evalhouse.open(house, create=False) as opened:
        keys.send_text("select 1 \x03\x04")  # control-C gives the line up, control-D ends
        prompt.ask(opened, PromptSession(input=keys, output=DummyOutput()))
    assert capsys.readouterr().err == ""
