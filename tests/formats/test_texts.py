from __future__ import annotations

from evalhouse.formats.texts import Texts
from evalhouse.redact import Redactor

KEY = "sk" + "-proj-" + "A1b2" * 8  # made up


def test_secrets_are_replaced_and_counted() -> None:
    texts = Texts(Redactor(b"key"))
    column = texts.column([f"a {KEY}", None, "", "plain"]).to_pylist()
    assert column[1:] == [None, "", "plain"]
    assert KEY not in column[0]
    assert texts.count == 1


def test_text_without_secrets_stays_as_it_is() -> None:
    texts = Texts(Redactor(b"key"))
    assert texts.column(["é", '{"token": "none of ours"}', None]).to_pylist() == [
        "é",
        '{"token": "none of ours"}',
        None,
    ]
    assert texts.count == 0


def test_what_no_column_holds_is_spelled_out() -> None:
    texts = Texts(Redactor(b"key"))
    assert texts.column(["\ud800 a", "é"]).to_pylist() == ["\\ud800 a", "é"]
