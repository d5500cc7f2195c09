"""Reading what a codebook says of the table, the prompt and the output."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from evalhouse.tasks.codebook import Codebook, Settings
from evalhouse.tasks.document import Node
from evalhouse.tasks.examples import CODEBOOK, SELECTIONS, FewShot
from evalhouse.tasks.faults import listed, nearest, shortened

KEYS = (
    *("text_column", "id_column", "header_column", "metadata_columns", "coders"),
    *("system_message", "few_shot", "output_order"),
)


def read_settings(root: Node, columns: Collection[str], extra: Mapping[str, Any]) -> Settings:
    """Read the settings of a codebook that has fields with these columns."""
    text = _text(root, "text_column")
    if not text:
        (root.get("text_column") or root).fault(
            "no_text_column",
            "there is no `text_column`, or it is empty",
            expected="the name of the column that holds the texts",
            advice="add `text_column`",
        )
    metadata, order, few = (
        root.get(key) for key in ("metadata_columns", "output_order", "few_shot")
    )
    message = root.get("system_message")
    return Settings(
        text_column=text or "",
        id_column=_text(root, "id_column"),
        header_column=_text(root, "header_column"),
        metadata_columns=metadata.texts() if metadata else (),
        coders=_coders(root),
        system_message=message.text() if message else "",
        few_shot=_few_shot(few) if few else None,
        output_order=_order(order, columns) if order else (),
        extra=extra,
    )


def check_prompts(codebook: Codebook, root: Node) -> None:
    """Take down settings that would put answers where a prompt is made."""
    named = [root.get("text_column"), root.get("id_column")]
    metadata = root.get("metadata_columns")
    for node in (*named, *(metadata.elements() if metadata else ())):
        if node and isinstance(node.value, str) and node.value in codebook.label_columns:
            node.fault(
                "label_in_prompt",
                f"`{shortened(node.value)}` holds the answers to a field",
                expected="a column without answers, as it is shown to models",
                advice="name another column",
            )


def _text(root: Node, key: str) -> str | None:
    node = root.get(key)
    return (node.text() or None) if node else None


def _coders(root: Node) -> dict[str, str] | None:
    node = root.get("coders")
    if node is None:
        return None
    return {name: source.text() for name, source in node.items()}


def _order(node: Node, columns: Collection[str]) -> tuple[str, ...]:
    for each in node.elements():
        name = each.text()
        if name not in columns:
            near = nearest(name, columns, 0.6)
            each.fault(
                "unknown_column",
                f"no field has the column `{shortened(name)}`",
                expected=f"one of {listed(columns)}",
                advice=f"did you mean `{near}`?" if near else "correct or remove it",
            )
    return tuple(dict.fromkeys(name for name in node.texts() if name in columns))


def _few_shot(node: Node) -> FewShot | None:
    if not node.is_a(dict, "an object"):
        return None
    node.unknown(("source", "selection", "count", "seed"))
    source, count, seed = (node.get(key) for key in ("source", "count", "seed"))
    number = count.whole() if count else None
    if count and number is not None and number < 1:
        count.fault("unknown_setting", f"found {number}", expected="1 or more", advice="correct it")
        number = None
    named = node.get("selection")
    selection = next((each for each in SELECTIONS if named and each == named.value), None)
    if named and selection is None:
        near = nearest(str(named.value), SELECTIONS, 0.6)
        named.fault(
            "unknown_setting",
            f"found `{shortened(str(named.value))}`",
            expected=f"one of {listed(SELECTIONS)}",
            advice=f"did you mean `{near}`?" if near else "choose one of these",
        )
    return FewShot(
        (source.text() if source else "") or CODEBOOK,
        selection or "all",
        number,
        (seed.whole() if seed else 0) or 0,
    )
