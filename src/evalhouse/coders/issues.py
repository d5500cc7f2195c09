"""What is wrong with the answers of coders: rows of a table, never an exception."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

IssueType = Literal[
    "missing_id_column",
    "missing_annotation_column",
    "duplicate_coder_item",
    "blank_item_id",
    "unexpected_item",
    "unexpected_coder_assignment",
    "missing_assigned_item",
    "invalid_label",
    "missing_required_field",
    "forbidden_child_value",
    "other_text",
]
ISSUE_TYPES: tuple[IssueType, ...] = get_args(IssueType)


@dataclass(frozen=True, slots=True)
class Issue:
    """Something that is wrong, with what it is about; what is not known is empty."""

    issue_type: IssueType
    message: str
    item_id: str = ""
    coder_id: str = ""
    field: str = ""
    value: str = ""


def counted(issues: Iterable[Issue]) -> dict[IssueType, int]:
    """Count issues by type, in the order of `ISSUE_TYPES`."""
    counts = Counter(issue.issue_type for issue in issues)
    return {kind: counts[kind] for kind in ISSUE_TYPES if counts[kind]}
