from __future__ import annotations

import pytest

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.store import Store
from evalhouse.views.names import find_run
from tests.views.houses import Draft


def _found(store: Store, name: str) -> str:
    with store.reader() as reader:
        return find_run(reader, name).run_id


@pytest.mark.parametrize("cut", [4, 8, 20, 36])
def test_a_run_is_known_by_the_beginning_of_its_id(store: Store, cut: int) -> None:
    draft = Draft()
    run = draft.run("r")
    draft.run("other")
    assert _found(draft.commit(store), run[:cut].upper()) == run


def test_a_run_is_known_by_its_label(store: Store) -> None:
    draft = Draft()
    run = draft.run("r", "model main")
    assert _found(draft.commit(store), "model main") == run


def test_a_label_of_several_runs_is_refused_with_their_ids(store: Store) -> None:
    draft = Draft()
    first, second = draft.run("r1", "same"), draft.run("r2", "same")
    with pytest.raises(UsageError, match="means 2 runs") as caught:
        _found(draft.commit(store), "same")
    assert first[:8] in str(caught.value)
    assert second[:8] in str(caught.value)


def test_an_unknown_run_gets_close_ones(store: Store) -> None:
    draft = Draft()
    draft.run("r", "model main")
    with pytest.raises(UnknownNameError, match="did you mean `model main`"):
        _found(draft.commit(store), "model mian")


def test_one_letter_is_no_name_of_a_run(store: Store) -> None:
    draft = Draft()
    run = draft.run("r")
    with pytest.raises(UnknownNameError):
        _found(draft.commit(store), run[0])
