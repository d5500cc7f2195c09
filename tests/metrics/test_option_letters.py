from __future__ import annotations

from typing import Any

import pytest

from evalhouse.errors import UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.option_letters import option_letter, option_letters

REPLIES = [
    # the letter itself
    ("B", "B"),
    (" b\n", "B"),
    ("(B)", "B"),
    ("[B]", "B"),
    ("B.", "B"),
    ("B)", "B"),
    ("**B**", "B"),
    ("**(B)**", "B"),
    ("`B`", "B"),
    ("$B$", "B"),
    ("Option B.", "B"),
    ("Answer: **B**", "B"),
    ('"B"', "B"),
    ("A", "A"),
    ("a", "A"),
    # boxes
    (r"So \boxed{B}, not (C).", "B"),
    (r"\boxed{\text{C}}", "C"),
    (r"$\boxed{\mathrm{(D)}}$", "D"),
    (r"\boxed{A} or rather \boxed{B}", None),
    # statements
    ("The answer is (B).", "B"),
    ("The answer is B", "B"),
    ("The answer is B because of Paris.", "B"),
    ("The correct answer is: **C**", "C"),
    ("The answer is therefore option D.", "D"),
    ("Final answer: (A)", "A"),
    ("ANSWER: C) Paris", "C"),
    ("The answer is a.", "A"),
    ("The answer is A, since A fits.", "A"),
    ("The best option is B", "B"),
    ("I choose B.", "B"),
    ("I would go with option (C) here.", "C"),
    ("It must be D.", "D"),
    ("(A) is wrong. Option B is correct.", "B"),
    ("A is the best.", "A"),
    ("The answer is B, not C.", "B"),
    ("Thinking of (A) and (C).\nThe answer is (C).", "C"),
    ("The answer is B. The answer is B.", "B"),
    ("The answer is B. Wait, the answer is C.", None),
    ("The answer is B or C.", None),
    ("The answer is A or B.", None),
    ("The answer is (A), (B) and (D).", None),
    ("The wrong answer is (A).\nB. Paris", "B"),
    # words that look like letters
    ("The answer is a matter of taste.", None),
    ("Answer: A dog is an animal.", None),
    ("I think so.", None),
    ("The answer is C++.", None),
    ("The answer is B-trees.", None),
    ("The answer is Denmark.", None),
    # lines
    ("Paris is the capital.\n\nB", "B"),
    ("B\n\nParis is the capital.", "B"),
    ("B\nNo, it is Rome.\nC", None),
    ("B. Paris", "B"),
    ("B) Paris", "B"),
    ("(B) Paris", "B"),
    ("b) Paris", "B"),
    ("B: Paris", "B"),
    ("B - Paris", "B"),
    ("**B. Paris**", "B"),
    ("A. Rome\nB. Paris\nC. Bonn", None),
    # marked letters
    ("That makes (B) likely.", "B"),
    ("So **C** it will be.", "C"),
    ("Here **C. Bonn** fits.", "C"),
    ("Either (B) or (C) fits.", None),
    ("It is surely not (B).", None),
    ("We rule out (B) and take (C).", "C"),
    ("(C) rather than (B).", "C"),
    # nothing
    ("", None),
    ("Paris", None),
    ("It could be B or C.", None),
    ("E", None),
    ("I'm not sure B is correct.", None),
]


@pytest.mark.parametrize(("reply", "letter"), REPLIES)
def test_a_reply_chooses_an_option_or_none(reply: str, letter: str | None) -> None:
    assert option_letter(reply) == (letter or Absent.INVALID)


@pytest.mark.parametrize(
    ("reply", "options", "letter"),
    [("The answer is 2.", "123", "2"), ("(J)", "ABCDEFGHIJ", "J"), ("I", "GHI", "I")],
)
def test_options_may_be_other_letters_or_digits(reply: str, options: str, letter: str) -> None:
    assert option_letter(reply, options) == letter


def test_a_pronoun_is_no_option() -> None:
    assert option_letter("The answer is I think (B)", "ABCDEFGHI") == "B"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [(None, Absent.MISSING), (float("nan"), Absent.MISSING), (Absent.FAILED, Absent.FAILED)],
)
def test_absence_stays_what_it_is(reply: Any, kind: Absent) -> None:
    assert option_letter(reply) is kind


def test_many_replies_become_labels_over_all_options() -> None:
    found = option_letters(["B", "?", None, "The answer is A."])
    assert found.codes.tolist() == [1, -3, -1, 0]
    assert found.names == ("A", "B", "C", "D")


def test_long_hostile_replies_are_read_in_time() -> None:
    for text in (
        "(",
        "answer is ",
        "\\boxed{",
        "**",
        "A ",
        "A or ",
        " ",
        "not ",
        "\n(A)\n(B)",
        "is ",
    ):
        assert option_letter(text * 20_000) in {Absent.INVALID, "A"}


@pytest.mark.parametrize("options", ["", "AA", "ab", "A-", "É"])
def test_options_are_different_capitals_or_digits(options: str) -> None:
    with pytest.raises(UsageError, match="options are different capitals or digits"):
        option_letter("A", options)


def test_a_reply_is_text() -> None:
    with pytest.raises(UsageError, match="found `int`"):
        option_letter(2)
