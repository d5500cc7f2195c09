from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from evalhouse.errors import HouseError, UsageError
from evalhouse.tasks.check import check_task
from evalhouse.workflows.reliability import ReliabilityOptions, compare_coders, examined

BUNDLED = Path(__file__).parents[2] / "examples" / "tasks" / "policy-sentiment"
SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "codebook_lab"
CODEBOOK = """\
text_column: text
sections:
  - name: S
    annotations:
      - {name: A, type: checkbox}
"""

Write = Callable[[str, str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Give a function that writes a file and returns its path."""

    def written(name: str, text: str) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)

    return written


def pair(write: Write, key: str = "sample_id") -> tuple[str, ...]:
    write("codebook.yaml", CODEBOOK)
    header = f"{key},text,S_A\n"
    return write("ann.csv", header + "1,t,1\n2,u,0\n"), write("ben.csv", header + "1,t,1\n2,u,1\n")


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_task_is_compared_by_its_own_coders(tmp_path: Path) -> None:
    found = compare_coders(ReliabilityOptions(task=str(BUNDLED), to=str(tmp_path / "out")))
    assert found.findings.panel.coders == ("coder_a", "coder_b")
    assert set(found.files) == {path.name for path in (tmp_path / "out").iterdir()}
    queued = rows(tmp_path / "out", "adjudication_queue.csv")
    assert len(queued) == len(found.findings.consensus.queue) > 0


@pytest.mark.parametrize("source", ["bundled", "samples"])
def test_the_consensus_passes_as_the_ground_truth_of_its_task(tmp_path: Path, source: str) -> None:
    options = ReliabilityOptions(task=str(BUNDLED), to=str(tmp_path / "out"))
    codebook = BUNDLED / "codebook.json"
    if source == "samples":
        files = sorted(map(str, (SAMPLES / "human_coders").glob("*.csv")))
        if not files:
            pytest.skip("the samples are not beside the repository")
        codebook = SAMPLES / "tasks" / "transit-hearing" / "codebook.json"
        options = replace(
            options, task=None, coders=tuple(files), codebook=str(codebook), id_column="comment_id"
        )
    compare_coders(options)
    task = tmp_path / "task"
    task.mkdir()
    shutil.copy(tmp_path / "out" / "ground-truth.csv", task)
    shutil.copy(codebook, task)
    report = check_task(task)
    assert report.errors == 0, report.faults
    assert report.rows > 20
    assert all(field.labels for field in report.fields)


def test_decisions_empty_the_queue(tmp_path: Path) -> None:
    first = ReliabilityOptions(task=str(BUNDLED), to=str(tmp_path / "out"))
    compare_coders(first)
    truth = {row["comment_id"]: row for row in rows(BUNDLED, "ground-truth.csv")}
    queue = rows(tmp_path / "out", "adjudication_queue.csv")
    columns = list(next(iter(truth.values())))
    with (tmp_path / "decided.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(
            {
                name: cell or ("[]" if name == "Details_Mentions" else "")
                for name, cell in row.items()
            }
            for row in (truth[each["comment_id"]] for each in queue)
        )
    found = examined(replace(first, adjudications=str(tmp_path / "decided.csv")))
    assert found.consensus.queue == []


def test_the_codebook_beside_the_files_or_above_them_is_taken(write: Write) -> None:
    coders = pair(write)
    assert len(examined(ReliabilityOptions(coders)).panel.items) == 2
    above = [write(f"coders/{Path(each).name}", Path(each).read_text()) for each in coders]
    assert len(examined(ReliabilityOptions(tuple(above))).panel.items) == 2


def test_ids_are_sample_ids_unless_named(write: Write) -> None:
    assert examined(ReliabilityOptions(pair(write))).panel.items[0].id == "1"
    with pytest.raises(UsageError, match="has no column `sample_id` and is left out"):
        examined(ReliabilityOptions(pair(write, "nr")))
    assert examined(ReliabilityOptions(pair(write, "nr"), id_column="nr")).panel.items[0].id == "1"


def test_coders_of_a_task_without_ids_go_by_position(write: Write, tmp_path: Path) -> None:
    write("codebook.yaml", CODEBOOK)
    write("ground-truth.csv", "text,S_A\nt,1\nu,0\n")
    for name in ("ann", "ben"):
        write(f"coders/{name}.csv", "text,S_A\nt,1\nu,0\n")
    found = compare_coders(ReliabilityOptions(task=str(tmp_path), to=str(tmp_path / "out")))
    assert [item.id for item in found.findings.panel.items] == ["1", "2"]
    assert rows(tmp_path / "out", "disagreements.csv") == []


def test_an_assignment_says_who_was_to_read_what(write: Write) -> None:
    plan = write("plan.csv", "sample_id,coder_id\n1,ann\n1,ben\n2,ann\n")
    found = examined(ReliabilityOptions(pair(write), assignment=plan))
    assert [each.issue_type for each in found.issues] == ["unexpected_coder_assignment"]
    assert found.fields[0].assigned == (1, 2)


def test_other_content_is_replaced_only_if_asked(write: Write, tmp_path: Path) -> None:
    coders = pair(write)
    options = ReliabilityOptions(coders, to=str(tmp_path / "out"))
    compare_coders(options)
    before = contents(tmp_path / "out")
    compare_coders(options)  # the same again changes nothing
    Path(coders[1]).write_text("sample_id,text,S_A\n1,t,0\n2,u,0\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"with other content.*--force"):
        compare_coders(options)
    assert contents(tmp_path / "out") == before
    compare_coders(replace(options, is_forced=True))
    assert contents(tmp_path / "out") != before
    assert not [name for name in contents(tmp_path / "out") if name.startswith(".")]


def test_a_queue_that_was_filled_in_is_never_replaced_by_what_it_decides(
    write: Write, tmp_path: Path
) -> None:
    options = ReliabilityOptions(pair(write), to=str(tmp_path / "out"), is_forced=True)
    compare_coders(options)
    queue = tmp_path / "out" / "adjudication_queue.csv"
    with pytest.raises(UsageError, match="would be replaced"):
        compare_coders(replace(options, adjudications=str(queue)))


def test_the_ground_truth_of_a_task_is_never_replaced_in_its_folder(tmp_path: Path) -> None:
    task = shutil.copytree(BUNDLED, tmp_path / "task")
    options = ReliabilityOptions(task=str(task), to=str(task), is_forced=True)
    with pytest.raises(UsageError, match=r"ground-truth.csv` was read and would be replaced"):
        compare_coders(options)


def test_wrong_labels_of_a_tasks_coders_are_issues(tmp_path: Path) -> None:
    task = shutil.copytree(BUNDLED, tmp_path / "task")
    path = task / "coders" / "coder_a.csv"
    path.write_text(path.read_text().replace(",support,5,", ",supports,9,", 1), encoding="utf-8")
    found = examined(ReliabilityOptions(task=str(task)))
    assert [each.issue_type for each in found.issues] == ["invalid_label", "invalid_label"]


def test_coders_may_stand_in_columns_of_the_ground_truth(write: Write, tmp_path: Path) -> None:
    write("codebook.yaml", 'coders: {ann: "{column} (1)", ben: "{column} (2)"}\n' + CODEBOOK)
    write("ground-truth.csv", "text,S_A,S_A (1),S_A (2)\nt,,1,0\nu,,1,1\nv,,1,\n")
    found = examined(ReliabilityOptions(task=str(tmp_path)))
    assert found.panel.coders == ("ann", "ben")
    assert found.fields[0].agreement.estimate == 0.5
    assert found.fields[0].assigned == (1, 2)


def test_nothing_is_left_of_a_write_that_fails(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    options = ReliabilityOptions(pair(write), to=str(tmp_path / "out"))
    monkeypatch.setattr("evalhouse.workflows.reliability.os.fsync", full)
    with pytest.raises(HouseError, match=r"cannot write to .*No space left"):
        compare_coders(options)
    assert list((tmp_path / "out").iterdir()) == []


def _given(write: Write, *, codebook: str = CODEBOOK) -> tuple[str, ...]:
    coders = pair(write)
    write("codebook.yaml", codebook)
    return coders


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "there is nothing to compare"),
        ({"task": "t", "codebook": "c"}, "give `--task` or `--codebook`"),
        ({"task": "nowhere"}, "no task's folder"),
        ({"coders": ("none/x.csv", "none/y.csv")}, "no codebook beside"),
        ({"coders": ("x.csv", "y.csv"), "codebook": "none.json"}, "No such file"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    options: dict[str, str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=told):
        examined(ReliabilityOptions(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"id_column": "S_A"}, "holds the answers to a field"),
        ({"level": 95.0}, "a confidence level lies between 0 and 1"),
        ({"assignment": "none.csv"}, "No such file"),
    ],
)
def test_wrong_settings_are_refused(change: dict[str, str], told: str, write: Write) -> None:
    options = ReliabilityOptions(pair(write))
    with pytest.raises(UsageError, match=told):
        examined(replace(options, **change))  # type: ignore[arg-type]


def test_two_files_of_one_name_are_refused(write: Write) -> None:
    first, _ = pair(write)
    other = write("more/ann.csv", Path(first).read_text())
    with pytest.raises(UsageError, match="would both be the coder `ann`"):
        examined(ReliabilityOptions((first, other)))


def test_a_codebook_with_errors_is_refused(write: Write, tmp_path: Path) -> None:
    coders = _given(write, codebook=CODEBOOK.replace("checkbox", "box"))
    with pytest.raises(UsageError, match="the type is `box`"):
        examined(ReliabilityOptions(coders))
    with pytest.raises(UsageError, match=r"cannot be used: .*the type is `box`"):
        examined(ReliabilityOptions(coders, task=str(tmp_path)))


def test_a_file_in_the_place_of_the_folder_is_refused(write: Write) -> None:
    with pytest.raises(UsageError, match="is a file; name a folder"):
        compare_coders(ReliabilityOptions(pair(write), to=write("out", "")))
