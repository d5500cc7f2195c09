from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhouse.errors import DamagedHouseError, UnknownNameError, UsageError
from evalhouse.formats.files import read_whole
from evalhouse.store import Store
from evalhouse.workflows import row_files
from evalhouse.workflows.export import ExportReport, export_olmes
from evalhouse.workflows.ingest import IngestOptions, ingest
from examples.make_dumps import bundled
from examples.olmes_dumps import FILES, Task, write_run
from examples.olmes_dumps.catalogue import tasks
from tests.formats.hazards import HAZARDS, Hazard
from tests.workflows.conftest import EXAMPLES, open_store

LLAMA = "2025-11-03_posttrain/_eval_results/meta-llama_Llama-3.1-8B__main"
VESTIGE = "metrics.jsonl"


def take_in(store: Store, *places: Path) -> list[str]:
    """Ingest, and return the runs."""
    return [line.run_id for line in ingest(store, places, IngestOptions(processes=1)).runs]


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def through_the_house(store: Store, dump: Path) -> tuple[ExportReport, dict[str, bytes]]:
    """Ingest a dump of one run, delete it, and export the run."""
    (run_id,) = take_in(store, dump)
    shutil.rmtree(dump)
    target = dump.with_name("exported")
    return export_olmes(store, run_id, target), content(target)


def llama(folder: Path) -> Path:
    """Copy the most complete of the bundled dumps."""
    return Path(shutil.copytree(EXAMPLES / LLAMA, folder / "dump" / LLAMA))


def edit_records(dump: Path, edit: Any) -> None:
    """Change the records of `metrics-all.jsonl`, given as parsed objects."""
    path = dump / "metrics-all.jsonl"
    records = edit([json.loads(line) for line in path.read_text().splitlines()])
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


# -- bundled dumps -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A house of the bundled dumps, whose folder is gone."""
    folder = tmp_path_factory.mktemp("bundle")
    dumps = Path(shutil.copytree(EXAMPLES, folder / "dumps"))
    with open_store(folder / "house") as opened:
        take_in(opened, dumps)
        shutil.rmtree(dumps)
        yield opened


def run_of(store: Store, place: Path) -> str:
    """Return the run of a bundled dump."""
    snapshot, _, folder = place.relative_to(EXAMPLES).parts
    model, _, _ = folder.partition("__")
    with store.reader() as reader:
        found = reader.sql("SELECT run_id, label FROM runs").to_pylist()
    (run_id,) = (
        run["run_id"]
        for run in found
        if snapshot in run["label"] and run["label"].split()[0].replace("/", "_") == model
    )
    return str(run_id)


@pytest.mark.parametrize("dump", sorted(EXAMPLES.glob("*/*/*")), ids=lambda path: path.name)
def test_bundled_dumps_come_back_byte_for_byte(bundle: Store, dump: Path, tmp_path: Path) -> None:
    report = export_olmes(bundle, run_of(bundle, dump), tmp_path)
    exported, source = content(tmp_path), content(dump)
    source.pop(VESTIGE, None)
    assert {name: exported.get(name) for name in source} == source
    assert {file.path for file in report.shipped} == set(source)
    assert report.different == ()
    assert [file.bytes for file in report.files] == [len(exported[f.path]) for f in report.files]


def test_files_that_were_never_shipped_are_made_from_the_records(
    bundle: Store, tmp_path: Path
) -> None:
    old = EXAMPLES / "2025-10-08_posttrain/_eval_results/allenai_OLMo-2-0425-1B__main"
    report = export_olmes(bundle, run_of(bundle, old), tmp_path)
    suite, *lines = (old / "metrics-all.jsonl").read_text().splitlines()
    for index, name in enumerate(("arc_easy", "boolq", "piqa")):
        stem = tmp_path / f"task-{index:03d}-{name}:rc::olmes"
        assert Path(f"{stem}-metrics.json").read_text() == lines[index]
        settings_text = json.dumps(json.loads(lines[index])["task_config"])
        assert Path(f"{stem}-config.json").read_text() == settings_text
    assert report.aggregates == (json.loads(suite)["task_name"],)
    assert len(report.regenerated) == 6
    assert {file.is_identical for file in report.regenerated} == {None}


def test_a_variant_without_a_record_gets_no_files_and_is_listed(
    bundle: Store, tmp_path: Path
) -> None:
    place = EXAMPLES / "2025-11-03_posttrain/_eval_results/allenai_OLMo-2-0425-1B__main"
    report = export_olmes(bundle, run_of(bundle, place), tmp_path)
    assert report.unrecorded == ("arc_easy:mc::olmes",)
    assert [path.name for path in tmp_path.glob("*arc_easy:mc*.json")] == []
    assert len(list(tmp_path.glob("*arc_easy:mc*.jsonl"))) == 2


def test_files_that_are_not_written_are_listed(bundle: Store, tmp_path: Path) -> None:
    report = export_olmes(bundle, run_of(bundle, EXAMPLES / LLAMA), tmp_path)
    assert [(file.path, file.family) for file in report.omitted] == [(VESTIGE, "vestige")]
    assert not (tmp_path / VESTIGE).exists()


def test_row_files_can_be_left_out(bundle: Store, tmp_path: Path) -> None:
    report = export_olmes(bundle, run_of(bundle, EXAMPLES / LLAMA), tmp_path, rows=False)
    assert {file.family for file in report.files} == {"metrics-all", "summary", "metrics", "config"}


def test_files_are_put_together_in_windows(
    bundle: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_files, "WINDOW_BYTES", 1)
    monkeypatch.setattr(row_files, "_FEWEST_LINES", 5)
    assert export_olmes(bundle, run_of(bundle, EXAMPLES / LLAMA), tmp_path).different == ()


# -- the folder ----------------------------------------------------------------------------------


def test_the_same_export_can_be_repeated(bundle: Store, tmp_path: Path) -> None:
    run_id = run_of(bundle, EXAMPLES / LLAMA)
    first = export_olmes(bundle, run_id, tmp_path)
    (tmp_path / "metrics-all.jsonl").unlink()
    assert export_olmes(bundle, run_id, tmp_path) == first
    assert len(content(tmp_path)) == len(first.files)


def test_a_folder_that_holds_something_else_is_refused(bundle: Store, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"notes\.txt"):
        export_olmes(bundle, run_of(bundle, EXAMPLES / LLAMA), tmp_path)
    assert content(tmp_path) == {"notes.txt": b"mine"}


def test_a_file_of_another_export_is_never_overwritten(bundle: Store, tmp_path: Path) -> None:
    (tmp_path / "metrics-all.jsonl").write_text("{}")
    with pytest.raises(UsageError, match=r"metrics-all\.jsonl.*other content"):
        export_olmes(bundle, run_of(bundle, EXAMPLES / LLAMA), tmp_path)
    assert (tmp_path / "metrics-all.jsonl").read_text() == "{}"


def test_a_run_that_is_not_there_is_named(bundle: Store, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no run is called `no-such-run`"):
        export_olmes(bundle, "no-such-run", tmp_path / "out")
    assert not (tmp_path / "out").exists()


# -- generations and accidents -------------------------------------------------------------------


def kinds() -> tuple[Task, ...]:
    """Return a task of each kind."""
    return tuple({task.kind: task for task in tasks(60)}.values())


FULL = replace(bundled()[0], docs=8)
WIDE = replace(FULL, tasks=kinds(), suites=())
PLANS = {
    "every_kind": WIDE,
    "summer_2024": replace(WIDE, era="2024-06"),
    "december_2024": replace(WIDE, era="2024-12", stems="bare"),
    "aliases": replace(WIDE, stems="alias"),
    "no_requests": replace(WIDE, files=FILES - {"requests"}),
    "chat": replace(WIDE, chat=True),
    "predictions_and_metrics_alone": replace(WIDE, files=frozenset({"predictions", "metrics"})),
    "no_numbers": replace(WIDE, accidents=frozenset({"nan", "sentinels", "unknown_gold"})),
    "crashed": replace(FULL, accidents=frozenset({"crashed"})),
    "stale": replace(FULL, accidents=frozenset({"stale", "permuted"})),
    "overwritten": replace(
        FULL,
        tasks=tuple(replace(task, launch=number % 2) for number, task in enumerate(FULL.tasks)),
        accidents=frozenset({"overwritten"}),
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_dumps_of_every_time_come_back_byte_for_byte(
    store: Store, tmp_path: Path, name: str
) -> None:
    write_run(tmp_path / "dump", PLANS[name])
    source = content(tmp_path / "dump" / PLANS[name].folder)
    report, exported = through_the_house(store, tmp_path / "dump")
    assert report.different == ()
    source.pop(VESTIGE, None)
    assert {name: exported.get(name) for name in source} == source


def test_a_crashed_run_gets_the_records_that_its_tasks_left(store: Store, tmp_path: Path) -> None:
    plan = PLANS["crashed"]
    write_run(tmp_path / "dump", plan)
    report, exported = through_the_house(store, tmp_path / "dump")
    lines = exported["metrics-all.jsonl"].decode().splitlines()
    assert [json.loads(line)["task_idx"] for line in lines] == list(range(len(plan.tasks) - 1))
    assert report.unrecorded == (plan.tasks[-1].name,)


def test_secrets_stay_replaced_and_everything_else_comes_back(store: Store, tmp_path: Path) -> None:
    plan = replace(FULL, accidents=frozenset({"secrets"}))
    write_run(tmp_path / "dump", plan)
    source = content(tmp_path / "dump" / plan.folder)
    report, exported = through_the_house(store, tmp_path / "dump")
    assert {file.family for file in report.different} >= {"metrics-all", "metrics", "predictions"}
    for file in report.different:
        assert re.search(r"\d+ secrets are replaced", file.difference or "")
        pieces = re.split(rb"\"?\xe2\x9f\xa6redacted:.*?\xe2\x9f\xa7\"?", exported[file.path])
        pattern = rb'"?[^"]*"?'.join(map(re.escape, pieces))
        assert re.fullmatch(pattern, source[file.path], re.DOTALL)


# -- rows ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hazards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ExportReport, Path]]:
    """Every damaged or drifting file, exported."""
    folder = tmp_path_factory.mktemp("hazards")
    dump = folder / "dump"
    dump.mkdir()
    for hazard in HAZARDS:
        (dump / hazard.file).write_bytes(hazard.data)
    with open_store(folder / "house") as opened:
        (run_id,) = take_in(opened, dump)
        yield export_olmes(opened, run_id, folder / "out"), folder


DIFFERENT = {"blank_lines_crlf_bom", "only_blank_lines", "gz_without_extension"} | {
    "zst_without_extension"
}


@pytest.mark.parametrize("hazard", [h for h in HAZARDS if h.family], ids=lambda h: h.name)
def test_damaged_and_drifting_files_come_back(
    hazards: tuple[ExportReport, Path], hazard: Hazard
) -> None:
    report, folder = hazards
    (file,) = (file for file in report.files if (file.source_path or "").endswith(hazard.file))
    exported = (folder / "out" / file.path).read_bytes()
    _, unpacked = read_whole(str(folder / "dump" / hazard.file))
    if file.is_identical:
        assert exported == hazard.data
    else:
        assert exported.split() == unpacked.removeprefix(b"\xef\xbb\xbf").split()
    packed = hazard.file.endswith((".gz", ".zst")) and hazard.data != unpacked
    assert file.is_identical == (hazard.name not in DIFFERENT and not packed)
    assert (file.difference is None) == file.is_identical


def choices(draw: Any) -> dict[str, Any]:
    number = st.floats(-1e100, 1e100)
    keys = {"sum_logits": number, "num_tokens": st.integers(0, 2**40)}
    more = {
        "num_tokens_all": st.integers(0, 9),
        "is_greedy": st.booleans(),
        "sum_logits_uncond": number,
        "num_chars": st.integers(0, 60),
        "bits_per_byte": number,
    }
    return {name: draw(kind) for name, kind in (keys | more).items()}


def derived(choice: dict[str, Any]) -> dict[str, Any]:
    return choice | {
        "logits_per_token": choice["sum_logits"] / max(choice["num_tokens"], 1),
        "logits_per_char": choice["sum_logits"] / max(choice["num_chars"], 1),
    }


def scored_row(number: int, outputs: list[dict[str, Any]], label: int) -> dict[str, Any]:
    """Return a prediction whose metrics follow from its choices."""
    best = max(range(len(outputs)), key=lambda place: outputs[place]["sum_logits"])
    metrics = {
        "predicted_index_raw": best,
        "correct_choice": label,
        "acc_raw": int(best == label),
        "sum_logits_corr": outputs[label]["sum_logits"],
    }
    return {
        "doc_id": number,
        "native_id": number,
        "metrics": metrics,
        "model_output": [derived(choice) for choice in outputs],
        "label": label,
    }


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_choices_of_any_likelihood_come_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    one = st.builds(lambda: choices(data.draw))
    drawn = data.draw(st.lists(st.lists(one, min_size=1, max_size=4), min_size=1, max_size=20))
    rows = [scored_row(n, outputs, n % len(outputs)) for n, outputs in enumerate(drawn)]
    folder = tmp_path_factory.mktemp("choices")
    dump = folder / "dump"
    dump.mkdir()
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (dump / "task-000-t-predictions.jsonl").write_text(lines)
    with open_store(folder / "house") as opened:
        report, exported = through_the_house(opened, dump)
    assert exported == {"task-000-t-predictions.jsonl": lines.encode()}
    assert report.different == ()


def test_a_line_that_was_too_long_stays_empty_and_is_told(store: Store, tmp_path: Path) -> None:
    dump = llama(tmp_path)
    path = dump / "task-006-gsm8k-predictions.jsonl"
    lines = path.read_bytes().split(b"\n")
    lines[2] = lines[2].replace(b'"native_id"', b'"padding": "' + b"x" * 9_000 + b'", "native_id"')
    path.write_bytes(b"\n".join(lines))
    ingest(store, [tmp_path / "dump"], IngestOptions(processes=1, longest_line=6_000))
    report, exported = exported_anew(store, dump)
    assert exported[path.name].split(b"\n") == [*lines[:2], b"", *lines[3:]]
    told = {file.path: file.difference for file in report.different}
    assert told[path.name] == "1 damaged lines were not kept and are empty"


# -- more than one look at a dump ----------------------------------------------------------------


def exported_anew(store: Store, dump: Path) -> tuple[ExportReport, dict[str, bytes]]:
    target = dump.parents[3] / "exported"
    with store.reader() as reader:
        (run_id,) = reader.sql("SELECT run_id FROM runs")["run_id"].to_pylist()
    return export_olmes(store, run_id, target), content(target)


@pytest.mark.parametrize(
    "edit",
    [
        lambda records: records[3:],
        lambda records: records[::-1],
        lambda records: records[-2:],
        lambda records: [*records, records[-1]],
        lambda records: [*records, records[-1] | {"current_date": "2020-01-01 00:00:00 UTC"}],
        lambda records: [record | {"a,b": 1, "é": {"x": [1e5]}} for record in records],
    ],
    ids=["fewer", "reversed", "overwritten", "repeated", "contradicted", "odd_keys"],
)
@pytest.mark.parametrize("restored", [False, True], ids=["changed", "restored"])
def test_records_that_change_later_come_back_as_they_are_now(
    store: Store, tmp_path: Path, edit: Any, *, restored: bool
) -> None:
    records = llama(tmp_path) / "metrics-all.jsonl"
    first = records.read_bytes()
    edit_records(records.parent, edit)
    second = records.read_bytes()
    for state in (second, first) if restored else (first, second):
        records.write_bytes(state)
        take_in(store, tmp_path / "dump")
    report, exported = exported_anew(store, records.parent)
    assert exported["metrics-all.jsonl"] == (first if restored else second)
    assert report.different == ()


def test_a_run_that_was_first_seen_unfinished_comes_back_whole(
    store: Store, tmp_path: Path
) -> None:
    dump = llama(tmp_path)
    records = (dump / "metrics-all.jsonl").read_bytes()
    (dump / "metrics-all.jsonl").unlink()
    take_in(store, tmp_path / "dump")
    (dump / "metrics-all.jsonl").write_bytes(records)
    take_in(store, tmp_path / "dump")
    report, exported = exported_anew(store, dump)
    assert exported["metrics-all.jsonl"] == records
    assert (report.different, report.regenerated) == ((), ())


def test_a_dump_in_two_folders_comes_back_whole(store: Store, tmp_path: Path) -> None:
    dump = llama(tmp_path)
    source = content(dump)
    rest = tmp_path / "rest" / LLAMA
    rest.mkdir(parents=True)
    for path in dump.glob("task-00[0-2]-*"):
        path.rename(rest / path.name)
    (run_id,) = take_in(store, tmp_path / "dump", tmp_path / "rest")
    report = export_olmes(store, run_id, tmp_path / "exported")
    source.pop(VESTIGE)
    assert (content(tmp_path / "exported"), report.different) == (source, ())


def test_a_dump_and_its_copy_are_exported_once(store: Store, tmp_path: Path) -> None:
    dump = llama(tmp_path)
    source = content(dump)
    shutil.copytree(tmp_path / "dump", tmp_path / "copy")
    (run_id,) = take_in(store, tmp_path / "dump", tmp_path / "copy")
    export_olmes(store, run_id, tmp_path / "exported")
    source.pop(VESTIGE)
    assert content(tmp_path / "exported") == source


# -- files as they may be found ------------------------------------------------------------------


def test_folders_below_a_dump_stay(store: Store, tmp_path: Path) -> None:
    dump = llama(tmp_path)
    (dump / "later").mkdir()
    for path in dump.glob("task-003-*"):
        path.rename(dump / "later" / path.name)
    source = content(dump)
    report, exported = through_the_house(store, tmp_path / "dump")
    source.pop(VESTIGE)
    assert (exported, report.different) == (source, ())


def test_packed_rows_are_written_unpacked_and_packed_records_as_they_were(
    store: Store, tmp_path: Path
) -> None:
    dump = llama(tmp_path)
    source = content(dump)
    for name in ("metrics-all.jsonl", "task-000-arc_easy-predictions.jsonl"):
        (dump / f"{name}.gz").write_bytes(gzip.compress(source[name]))
        (dump / name).unlink()
    packed = (dump / "metrics-all.jsonl.gz").read_bytes()
    report, exported = through_the_house(store, tmp_path / "dump")
    name = "task-000-arc_easy-predictions.jsonl"
    assert (exported[name], exported["metrics-all.jsonl.gz"]) == (source[name], packed)
    (different,) = report.different
    assert (different.path, different.difference) == (
        name,
        "it was packed and is written unpacked",
    )


def test_a_packed_copy_beside_a_file_is_told_and_not_written(store: Store, tmp_path: Path) -> None:
    dump = llama(tmp_path)
    name = "task-001-boolq-requests.jsonl"
    (dump / f"{name}.gz").write_bytes(gzip.compress((dump / name).read_bytes()))
    source = content(dump)
    report, exported = through_the_house(store, tmp_path / "dump")
    source.pop(VESTIGE)
    source.pop(f"{name}.gz")
    assert (exported, report.different) == (source, ())
    assert f"{name}.gz" in {omitted.path for omitted in report.omitted}


def test_records_in_a_packed_file_that_is_cut_come_back(store: Store, tmp_path: Path) -> None:
    dump = llama(tmp_path)
    packed = gzip.compress((dump / "metrics-all.jsonl").read_bytes())
    (dump / "metrics-all.jsonl").unlink()
    (dump / "metrics-all.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    _, exported = through_the_house(store, tmp_path / "dump")
    assert exported["metrics-all.jsonl.gz"] == packed[: len(packed) // 2]


def test_own_files_that_say_otherwise_come_back_as_they_were(store: Store, tmp_path: Path) -> None:
    dump = llama(tmp_path)
    pretty = dump / "task-006-gsm8k-metrics.json"
    pretty.write_text(json.dumps(json.loads(pretty.read_text()), indent=1))
    (dump / "task-050-other-config.json").write_text(
        (dump / "task-000-arc_easy-config.json").read_text().replace("arc_easy", "other")
    )
    source = content(dump)
    report, exported = through_the_house(store, tmp_path / "dump")
    source.pop(VESTIGE)
    assert (exported, report.regenerated) == (source, ())


def test_records_of_any_length_come_back(store: Store, tmp_path: Path) -> None:
    dump = llama(tmp_path)
    domains = {f"bits_per_byte_domain_{number}": number / 7 for number in range(3_000)}

    def widen(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for record in records:
            record["metrics"] |= domains
            record["task_config"]["custom_kwargs"] = domains
        return records

    edit_records(dump, widen)
    for path in dump.glob("task-*-metrics.json"):
        record = widen([json.loads(path.read_text())])[0]
        path.write_text(json.dumps(record))
        config = path.with_name(path.name.replace("-metrics", "-config"))
        config.write_text(json.dumps(record["task_config"]))
    (dump / "task-000-arc_easy-verbose-metrics.json").write_text(
        json.dumps({"token_count_avg_logits_by_domain": domains})
    )
    source = content(dump)
    report, exported = through_the_house(store, tmp_path / "dump")
    source.pop(VESTIGE)
    assert (exported, report.different) == (source, ())


def test_names_from_a_record_stay_in_the_folder(store: Store, tmp_path: Path) -> None:
    dump = llama(tmp_path)
    for path in dump.glob("task-*"):
        path.unlink()

    def rename(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        records[-1]["task_config"]["metadata"]["alias"] = "../../../../outside/x"
        records[-2]["task_config"]["metadata"]["alias"] = "/etc/x"
        return records

    edit_records(dump, rename)
    _, exported = through_the_house(store, tmp_path / "dump")
    assert "task-006-.._.._.._.._outside_x-metrics.json" in exported
    assert "task-005-_etc_x-config.json" in exported


def test_tasks_that_share_a_name_get_files_of_their_own(store: Store, tmp_path: Path) -> None:
    dump = llama(tmp_path)
    for path in dump.glob("task-*"):
        path.unlink()
    edit_records(dump, lambda records: [*records, records[-1] | {"task_hash": "f" * 32}])
    _, exported = through_the_house(store, tmp_path / "dump")
    assert sum("gsm8k::olmes" in name and "#" in name for name in exported) == 2
    assert sum("gsm8k::olmes" in name for name in exported) == 4


def change_files(store: Store, change: str, name: str, *values: Any) -> None:
    """Change a row of the table `files`, as no ingest would."""
    with store.catalog._database.write() as session:
        session.execute(f"UPDATE files SET {change} WHERE relative_path = ?", *values, name)
        session.execute("UPDATE house_settings SET value = '999' WHERE name = 'catalog_version'")


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("metrics.json", "blob = NULL", "the house has no copy of it"),
        (
            "task-000-arc_easy-requests.jsonl",
            "unit_id = NULL",
            "the house does not see its rows any more",
        ),
        (
            "task-000-arc_easy-config.json",
            "relative_path = 'task-099-x-config.json', sha256 = NULL",
            "no record in the house says what it said",
        ),
    ],
)
def test_what_the_house_cannot_give_again_is_listed(
    store: Store, tmp_path: Path, name: str, change: str, reason: str
) -> None:
    (run_id,) = take_in(store, llama(tmp_path).parents[2])
    change_files(store, change, name)
    report = export_olmes(store, run_id, tmp_path / "out")
    assert reason in [file.reason for file in report.omitted]
    assert not (tmp_path / "out" / name).exists()


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ("sha256 = NULL", "the house has no hash of the source's file"),
        ("sha256 = 'other'", "its values are spelled otherwise"),
    ],
)
def test_what_is_not_proved_identical_is_told(
    store: Store, tmp_path: Path, change: str, difference: str
) -> None:
    (run_id,) = take_in(store, llama(tmp_path).parents[2])
    change_files(store, change, "task-000-arc_easy-requests.jsonl")
    (file,) = export_olmes(store, run_id, tmp_path / "out").different
    assert (file.difference or "").startswith(difference)


def test_a_run_of_another_format_is_refused(store: Store, tmp_path: Path) -> None:
    (run_id,) = take_in(store, llama(tmp_path).parents[2])
    with store.catalog._database.write() as session:
        session.execute("UPDATE sources SET format = 'other'")
    with pytest.raises(UsageError, match="not read from an OLMES dump"):
        export_olmes(store, run_id, tmp_path / "out")


@pytest.mark.parametrize(
    "name", ["../../outside.json", "/tmp/outside.json", "a/../../outside.json"]
)
def test_paths_from_the_catalog_stay_in_the_folder(store: Store, tmp_path: Path, name: str) -> None:
    (run_id,) = take_in(store, llama(tmp_path).parents[2])
    change_files(store, "relative_path = ?", "metrics-all.jsonl", name)
    export_olmes(store, run_id, tmp_path / "a/b/out")
    assert [path.relative_to(tmp_path / "a/b/out").name for path in tmp_path.rglob("outside*")] == [
        "outside.json"
    ]


def test_a_house_that_lost_its_documents_says_so(store: Store, tmp_path: Path) -> None:
    (run_id,) = take_in(store, llama(tmp_path).parents[2])
    for path in Path(store.settings.lake, "documents").glob("*.parquet"):
        path.unlink()
    shutil.rmtree(Path(store.settings.lake, "documents"))
    with open_store(tmp_path / "house") as opened, pytest.raises(DamagedHouseError):
        export_olmes(opened, run_id, tmp_path / "out")
