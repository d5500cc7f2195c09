from __future__ import annotations

import pytest

from evalhouse.store import Store
from evalhouse.views.scores import RECOMPUTED, Score, Scores, Where, from_members
from evalhouse.views.tree import Tree
from tests.views.houses import Draft


def _score(value: float | None, stderr: float | None = None, n: int | None = 10) -> Score:
    return Score(value, stderr, n, "acc", "proportion", higher_is_better=True)


def test_a_macro_average_weighs_members_alike() -> None:
    made = from_members("macro", [_score(0.2, 0.3, 10), _score(0.4, 0.4, 30)])
    assert made is not None
    assert made.value == pytest.approx(0.3)
    assert made.n_items == 40
    assert made.stderr == pytest.approx(0.25)  # sqrt(0.3² + 0.4²) / 2


def test_a_micro_average_weighs_members_by_their_items() -> None:
    made = from_members("micro", [_score(0.2, 0.3, 10), _score(0.4, 0.4, 30)])
    assert made is not None
    assert made.value == pytest.approx(0.35)
    assert made.stderr == pytest.approx(((0.25 * 0.3) ** 2 + (0.75 * 0.4) ** 2) ** 0.5)


def test_the_better_of_two_keeps_its_own_standard_error() -> None:
    made = from_members("mc_or_rc", [_score(0.2, 0.3), _score(0.4, 0.1)])
    assert made is not None
    assert (made.value, made.stderr) == (0.4, 0.1)


def test_a_suite_without_the_standard_error_of_a_member_has_none() -> None:
    made = from_members("macro", [_score(0.2, 0.3), _score(0.4)])
    assert made is not None
    assert made.stderr is None


@pytest.mark.parametrize(
    ("rule", "members"),
    [
        ("macro", []),
        ("macro", [_score(0.2), _score(None)]),
        ("micro", [_score(0.2), _score(0.4, n=None)]),
        ("micro", [_score(0.2, n=0), _score(0.4, n=0)]),
        ("weird", [_score(0.2)]),
        (None, [_score(0.2)]),
    ],
)
def test_what_cannot_be_averaged_is_not(rule: str | None, members: list[Score]) -> None:
    assert from_members(rule, members) is None


def test_members_of_different_units_make_a_value_without_one() -> None:
    other = Score(12.0, None, 10, "ppl", "perplexity", higher_is_better=False)
    made = from_members("macro", [_score(0.5), other])
    assert made is not None
    assert (made.unit, made.higher_is_better) == (None, None)


def _suite_of_suites(draft: Draft) -> tuple[str, str, list[str]]:
    """Return a suite of two suites of two tasks each, one task alike."""
    tasks = [draft.task(f"{name}/{name}:rc") for name in ("a", "b", "c")]
    inner = [draft.suite("ab", "macro", *tasks[:2]), draft.suite("bc", "micro", *tasks[1:])]
    return draft.suite("all", "macro", *inner), inner[0], tasks


def test_a_suite_that_nobody_reported_is_made_from_its_members_at_any_depth(store: Store) -> None:
    draft = Draft()
    run, model = draft.run("r"), draft.model("m")
    suite, _, tasks = _suite_of_suites(draft)
    for task, value in zip(tasks, (0.1, 0.3, 0.6), strict=True):
        draft.score(run, model, task, value)
    with draft.commit(store).reader() as reader:
        found = Scores.of(reader, Tree.of(reader), [suite], None).at(suite, Where(run, model))
    assert [score.value for score in found] == pytest.approx([0.325])
    assert found[0].origin == RECOMPUTED


def test_a_suite_without_one_of_its_members_is_not_made(store: Store) -> None:
    draft = Draft()
    run, model = draft.run("r"), draft.model("m")
    suite, inner, tasks = _suite_of_suites(draft)
    for task in tasks[:2]:
        draft.score(run, model, task, 0.5)
    with draft.commit(store).reader() as reader:
        scores = Scores.of(reader, Tree.of(reader), [suite], None)
        assert scores.at(suite, Where(run, model)) == []
        assert len(scores.at(inner, Where(run, model))) == 1


def test_a_stated_score_gets_the_error_of_its_members_only_where_they_agree(store: Store) -> None:
    draft = Draft()
    good, bad, model = draft.run("good"), draft.run("bad"), draft.model("m")
    tasks = [draft.task("a"), draft.task("b")]
    suite = draft.suite("ab", "macro", *tasks)
    for run, stated in ((good, 0.4), (bad, 0.9)):
        draft.score(run, model, suite, stated)
        for task in tasks:
            draft.score(run, model, task, 0.4, stderr=0.2)
    with draft.commit(store).reader() as reader:
        scores = Scores.of(reader, Tree.of(reader), [suite], None)
    assert scores.at(suite, Where(good, model))[0].stderr == pytest.approx(0.2 / 2**0.5)
    assert scores.at(suite, Where(bad, model))[0].stderr is None


def test_suites_that_contain_each_other_have_no_score(store: Store) -> None:
    draft = Draft()
    run, model = draft.run("r"), draft.model("m")
    first = draft.suite("first", "macro", draft.task("suite/second", is_suite=True))
    second = draft.suite("second", "macro", first)
    draft.score(run, model, draft.task("a"), 0.5)
    with draft.commit(store).reader() as reader:
        scores = Scores.of(reader, Tree.of(reader), [second], None)
    assert scores.at(second, Where(run, model)) == []


def test_a_suite_on_whose_rule_dumps_disagree_is_not_made(store: Store) -> None:
    draft = Draft()
    run, model = draft.run("r"), draft.model("m")
    tasks = [draft.task("a"), draft.task("b")]
    suite = draft.suite("ab", "macro", tasks[0])
    draft.suite("ab", "micro", *tasks[1:])
    for task in tasks:
        draft.score(run, model, task, 0.5)
    with draft.commit(store).reader() as reader:
        scores = Scores.of(reader, Tree.of(reader), [suite], None)
    assert scores.at(suite, Where(run, model)) == []
