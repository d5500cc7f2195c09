from __future__ import annotations

import pytest

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.views.tree import Membership, Node, Tree


def _node(path: str, *, is_suite: bool = False) -> Node:
    above, _, name = path.rpartition("/")
    return Node(path, name, path, is_suite, None if is_suite else above or None)


NODES = [
    *("a", "a/a:mc", "a/a:mc/a:mc::olmes", "a/a:mc::olmes", "a/a:rc::olmes", "b", "b/both", "c"),
]
TREE = Tree(
    [*map(_node, NODES), _node("c/both"), _node("suite/a", is_suite=True)],
    {"suite/a": Membership("macro", ("a/a:rc::olmes", "b"))},
)


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("b", ["b"]),
        ("a:rc::olmes", ["a/a:rc::olmes"]),
        ("b/both", ["b/both"]),
        ("suite/a", ["suite/a"]),
        ("a:mc::olmes", ["a/a:mc/a:mc::olmes", "a/a:mc::olmes"]),
    ],
)
def test_a_node_is_found_by_name_or_path(name: str, paths: list[str]) -> None:
    assert [node.path for node in TREE.find(name)] == paths


def test_a_whole_path_comes_before_a_name() -> None:
    assert [node.path for node in TREE.find("a")] == ["a"]


def test_a_suite_comes_before_a_task_of_its_name() -> None:
    tree = Tree([_node("x/a"), _node("suite/a", is_suite=True)], {})
    assert [node.path for node in tree.find("a")] == ["suite/a"]


def test_a_name_of_different_tasks_is_refused_with_their_paths() -> None:
    with pytest.raises(UsageError, match="several places: `b/both`, `c/both`"):
        TREE.find("both")


def test_an_unknown_name_gets_close_ones() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `a:rc::olmes`"):
        TREE.find("a:rc:olmes")


def test_what_stands_below_a_node_comes_in_order() -> None:
    names = [node.name for node in TREE.below(TREE.find("a")[0])]
    assert names == ["a:mc", "a:mc::olmes", "a:mc::olmes", "a:rc::olmes"]


def test_a_suite_comes_with_everything_that_it_is_made_from() -> None:
    assert TREE.with_members(["suite/a"]) == {"suite/a", "a/a:rc::olmes", "b"}
