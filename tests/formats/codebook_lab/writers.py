"""A process that writes shared tables, as each run does when it is scored."""

from __future__ import annotations

from evalhouse.formats.codebook_lab.tidy import update_long, update_runs

TIMES = 6
COLUMNS = 20


def write(folder: str, name: str) -> None:
    """Score a run again and again."""
    for value in range(TIMES):
        rows = [
            {
                "run_id": name,
                "column": f"A, {number}",
                "annotation_type": "span",
                "metric": "m",
                "value": value,
            }
            for number in range(COLUMNS)
        ]
        update_long(f"{folder}/long.csv", rows, name)
        update_runs(f"{folder}/runs.csv", {"run_id": name, "rows": value}, name)
