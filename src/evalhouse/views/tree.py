"""The task tree: nodes by name, what stands below a node, members of suites."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.store import Reader


@dataclass(frozen=True)
class Node:
    """A task, suite or variant."""

    task_id: str
    name: str
    path: str
    is_suite: bool
    parent_id: str | None
    sort_order: int = 0

    @property
    def root(self) -> str:
        """Return the first name of the path."""
        return self.path.partition("/")[0]


@dataclass(frozen=True)
class Membership:
    """How a suite is made: the rule, and the ids of its members in order."""

    rule: str | None  # None where dumps disagree about it
    members: tuple[str, ...]


class Tree:
    """Every node of the house, and every suite's members."""

    def __init__(self, nodes: Iterable[Node], suites: dict[str, Membership]) -> None:
        self.nodes = {node.task_id: node for node in nodes}
        self.suites = suites
        self._children: dict[str, list[Node]] = defaultdict(list)
        for node in sorted(self.nodes.values(), key=lambda node: (node.sort_order, node.name)):
            if node.parent_id is not None:
                self._children[node.parent_id].append(node)

    @classmethod
    def of(cls, reader: Reader) -> Tree:
        """Return the tree of a house, kept until the house changes."""
        return reader.kept("tree", ("tasks", "task_members"), lambda: cls._read(reader))

    @classmethod
    def _read(cls, reader: Reader) -> Tree:
        rows = reader.sql(
            "SELECT task_id, task_name AS name, task_path AS path, is_suite, parent_id, sort_order "
            "FROM catalog.tasks"
        )
        members = reader.sql(
            "SELECT suite_id, member_id, rule FROM task_members ORDER BY suite_id, sort_order"
        )
        return cls((Node(**row) for row in rows.to_pylist()), _suites(members.to_pylist()))

    def find(self, name: str) -> list[Node]:
        """Return the nodes that a name or path means, suites before tasks.

        Several are returned only where one task stands at several places below the same root.
        Raises UnknownNameError, or UsageError where the name means different things.
        """
        nodes = self.nodes.values()
        found = [node for node in nodes if name == node.path]
        found = found or [node for node in nodes if name == node.name]
        found = [node for node in found if node.is_suite] or found
        if not found:
            known = [node.name for node in nodes]
            raise UnknownNameError("task or suite", name, known)
        if len({node.root for node in found}) > 1:
            paths = ", ".join(f"`{node.path}`" for node in _by_path(found))
            raise UsageError(f"`{name}` stands at several places: {paths}; give the whole path")
        return _by_path(found)

    def below(self, node: Node) -> list[Node]:
        """Return the nodes below a node, at any depth, in order."""
        found = []
        for child in self._children[node.task_id]:
            found += [child, *self.below(child)]
        return found

    def members(self, task_id: str) -> list[Node]:
        """Return the members of a suite in order; none for a task."""
        known = self.suites.get(task_id)
        return [self.nodes[member] for member in known.members] if known else []

    def with_members(self, task_ids: Iterable[str]) -> set[str]:
        """Return tasks with everything that they are made from, at any depth."""
        found: set[str] = set()
        waiting = list(task_ids)
        while waiting:
            task_id = waiting.pop()
            if task_id not in found:
                found.add(task_id)
                known = self.suites.get(task_id)
                waiting += known.members if known else ()
        return found


def _suites(rows: list[dict[str, str]]) -> dict[str, Membership]:
    members: dict[str, list[str]] = defaultdict(list)
    rules: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        members[row["suite_id"]].append(row["member_id"])
        rules[row["suite_id"]].add(row["rule"])
    return {
        suite: Membership(rules[suite].pop() if len(rules[suite]) == 1 else None, tuple(listed))
        for suite, listed in members.items()
    }


def _by_path(nodes: list[Node]) -> list[Node]:
    return sorted(nodes, key=lambda node: node.path)
