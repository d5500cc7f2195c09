from __future__ import annotations

from pathlib import Path

import pytest

from scripts import readme

PAGE = "before\n<!-- session -->\n```console\n{}```\n<!-- /session -->\nafter\n"


def test_a_command_gets_its_output() -> None:
    page = readme.rewrite(PAGE.format("$ echo one\n"))
    assert page == PAGE.format("$ echo one\none\n")


def test_an_output_that_changed_is_replaced() -> None:
    page = readme.rewrite(PAGE.format("$ echo one\ntwo\n\n$ echo three\nthree\n"))
    assert page == PAGE.format("$ echo one\none\n\n$ echo three\nthree\n")


def test_an_output_that_differs_in_durations_and_sizes_stays() -> None:
    text = PAGE.format("$ echo 3 files, 12.5 MB in 1.31 s\n3 files, 9.1 MB in 870 ms\n")
    assert readme.rewrite(text) == text


def test_a_count_that_changed_is_not_taken_for_a_duration() -> None:
    assert readme.normal("3 files in 2 s") != readme.normal("4 files in 2 s")


def test_a_command_can_have_several_lines() -> None:
    page = readme.rewrite(PAGE.format("$ echo one \\\n>   two\n"))
    assert page == PAGE.format("$ echo one \\\n>   two\none two\n")


def test_the_commands_of_a_session_share_one_house() -> None:
    session = '$ echo told > "$EVALHOUSE_HOUSE"\n\n$ cat "$EVALHOUSE_HOUSE"\n'
    assert readme.rewrite(PAGE.format(session)) == PAGE.format(session + "told\n")


def test_places_are_told_from_the_root() -> None:
    assert readme.run('echo "$EVALHOUSE_HOUSE $PWD/examples"', Path("/a/b")) == "house examples"


def test_text_outside_of_sessions_is_left_alone() -> None:
    text = "```console\n$ exit 3\nnothing\n```\n"
    assert readme.rewrite(text) == text


@pytest.mark.parametrize("command", ["evalhouse-that-is-not-there", "python -c 'raise OSError'"])
def test_a_command_that_fails_as_none_should_is_refused(command: str) -> None:
    with pytest.raises(ValueError, match="failed in a way"):
        readme.rewrite(PAGE.format(f"$ {command}\n"))


def test_a_session_begins_with_a_command() -> None:
    with pytest.raises(ValueError, match="begins with a command"):
        readme.steps("one\n$ echo one\n")
