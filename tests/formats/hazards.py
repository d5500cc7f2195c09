"""Damaged and drifting row files, each with what a correct reader gives. Data, no reader.

A reader is right when, for every hazard, it gives `count` rows; gives for each listed row the
listed column values and `text`; and reports exactly `problems` (more only where `may_report_more`).
"""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Family = Literal["predictions", "requests", "recorded-inputs", "record"]
Kind = Literal[
    "truncated_line",
    "not_json",
    "not_an_object",
    "not_utf8",
    "too_long_line",
    "cut_compression",
    "duplicate_key",
    "not_line_delimited",
    "repeated_doc",
]
_NOTICES = frozenset({"duplicate_key", "not_line_delimited", "repeated_doc"})


@dataclass(frozen=True)
class Row:
    """An expected row, by the line it starts on."""

    line: int
    values: Mapping[str, Any] = field(default_factory=dict)
    """Columns of the lake table and their values; JSON columns as their text."""
    text: str | None = None
    """The column of that name: the whole original line, or None where columns rebuild the row."""
    may_keep_text: bool = False
    """Whether a reader may keep the line although the columns hold everything."""


@dataclass(frozen=True)
class Problem:
    """An expected problem; a place that is None is for the reader to choose."""

    kind: Kind
    line: int | None = None
    byte_offset: int | None = None
    """In the unpacked file."""
    data: bytes | None = None
    """Column `bytes`: what could not be read, without its line end."""

    @property
    def severity(self) -> Literal["damage", "notice"]:
        """Damage where bytes could not be read."""
        return "notice" if self.kind in _NOTICES else "damage"


@dataclass(frozen=True, kw_only=True)
class Hazard:
    """A file as it may be found, and what is in it."""

    name: str
    data: bytes
    count: int
    rows: tuple[Row, ...] = ()
    problems: tuple[Problem, ...] = ()
    family: Family | None = "predictions"
    """None: no row file and no record, and not to be taken for one."""
    suffix: str = "predictions.jsonl"
    may_report_more: bool = False
    line_limit: int | None = None
    """Longest line in bytes that the reader is told to read; its default if None."""

    @property
    def file(self) -> str:
        """Name of the file: `task-100-<name>-<suffix>`."""
        return f"task-100-{self.name}-{self.suffix}"


_HASHES = {"task_hash": "0" * 32, "model_hash": "1" * 32}
_TAIL = '"label": 0, "task_hash": "' + "0" * 32 + '", "model_hash": "' + "1" * 32 + '"}'
_OUTPUT = '[{"sum_logits": -1.5}]'


def _row(**changes: Any) -> str:
    """A healthy prediction with these changes, as Python's json spells it."""
    healthy = {
        "doc_id": 0,
        "native_id": "n0",
        "metrics": {"acc_raw": 1},
        "model_output": [{"sum_logits": -1.5}],
        "label": 0,
        **_HASHES,
    }
    return json.dumps({**healthy, **changes})


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _native(text: str | None, kind: str) -> dict[str, Any]:
    return {"native_id": text, "native_id_kind": kind}


def _label(text: str | None, kind: str) -> dict[str, Any]:
    return {"label": text, "label_kind": kind}


def _native_file(
    name: str, cases: Iterable[tuple[str, str | None, str]], *, is_rebuilt: bool = True
) -> Hazard:
    """One row for each native id: its JSON, and the two columns."""
    lines, rows = [], []
    for place, (spelled, text, kind) in enumerate(cases):
        line = _row(doc_id=place, native_id="@").replace('"@"', spelled)
        lines.append(line)
        values = {"doc_id": place, **_native(text, kind)}
        # A lone surrogate makes strict decoders refuse the line, so a reader may keep it whole.
        is_lone = spelled.count(r"\ud83d") == 1 and r"\ude00" not in spelled
        rows.append(Row(place + 1, values, None if is_rebuilt and not is_lone else line, is_lone))
    return Hazard(name=name, data=_lines(*lines), count=len(lines), rows=tuple(rows))


def _label_file(name: str, cases: Iterable[tuple[str, str | None, str]]) -> Hazard:
    """One row for each label: its JSON, and the two columns."""
    lines, rows = [], []
    for place, (spelled, text, kind) in enumerate(cases):
        lines.append(_row(doc_id=place, label="@").replace('"@"', spelled))
        rows.append(Row(place + 1, {"doc_id": place, **_label(text, kind)}))
    return Hazard(name=name, data=_lines(*lines), count=len(lines), rows=tuple(rows))


def _bad_line(name: str, kind: Kind, bad: bytes, *, ending: bytes = b"\n") -> Hazard:
    """A healthy row, a line that cannot be read, and another healthy row."""
    first, last = _lines(_row()), _lines(_row(doc_id=1))
    data = first + bad + ending + (last if ending else b"")
    rows = (Row(1, {"doc_id": 0}), *((Row(3, {"doc_id": 1}),) if ending else ()))
    problem = Problem(kind, 2, len(first), bad)
    return Hazard(name=name, data=data, count=len(rows), rows=rows, problems=(problem,))


def _packed(name: str, pack: Callable[[bytes], bytes], suffix: str) -> Hazard:
    """Two healthy rows, compressed."""
    data = pack(_lines(_row(), _row(doc_id=1)))
    rows = (Row(1, {"doc_id": 0}), Row(2, {"doc_id": 1}))
    return Hazard(name=name, data=data, count=2, rows=rows, suffix=f"predictions.{suffix}")


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def _zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def _members(pack: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Pack each line by itself, one stream after the other."""
    return lambda data: b"".join(pack(line) for line in data.splitlines(keepends=True))


def _cut(
    name: str, pack: Callable[[bytes], bytes], unpack: Callable[[bytes], bytes], suffix: str
) -> Hazard:
    """A compressed file without its end: what can be unpacked decides how many rows are left."""
    rows = (_row(doc_id=n, label=str(n * 7919 % 9973)) for n in range(20_000))
    packed = pack(_lines(*rows))
    data = packed[: len(packed) * 2 // 3]
    return Hazard(
        name=name,
        data=data,
        count=unpack(data).count(b"\n"),
        rows=(Row(1, {"doc_id": 0}), Row(2, {"doc_id": 1})),
        problems=(Problem("cut_compression"),),
        suffix=f"predictions.{suffix}",
        may_report_more=True,  # the line that the cut went through
    )


def _gunzip_prefix(data: bytes) -> bytes:
    return zlib.decompressobj(wbits=31).decompress(data)


def _unzstd_prefix(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(data)


VALUES = (
    _label_file(
        "label_types",
        (
            ("0", "0", "integer"),
            ('"A"', "A", "text"),
            ('["x", "y"]', '["x", "y"]', "array"),
            ('{"House": "1"}', '{"House": "1"}', "object"),
            ("null", None, "null"),
            ("true", "true", "boolean"),
            ("-1", "-1", "integer"),
            ("1.5", "1.5", "number"),
            ("1E5", "1E5", "number"),
            ("-0.0", "-0.0", "number"),
            ('"0"', "0", "text"),
            ('""', "", "text"),
        ),
    ),
    _native_file(
        "native_id_types",
        (
            ("0", "0", "integer"),
            ('"0"', "0", "text"),
            ("null", None, "null"),
            ("1.5", "1.5", "number"),
            ('"00"', "00", "text"),
            ('"1e3"', "1e3", "text"),
            ('"2024-01-01"', "2024-01-01", "text"),
            ('"null"', "null", "text"),
            ("true", "true", "boolean"),
        ),
    ),
    _native_file(
        "big_int",
        (
            ("9223372036854775808", "9223372036854775808", "integer"),
            ("10000000000000000000", "10000000000000000000", "integer"),
            ("9007199254740993", "9007199254740993", "integer"),
            ("-9223372036854775808", "-9223372036854775808", "integer"),
            ("1" + "0" * 400, "1" + "0" * 400, "integer"),
        ),
    ),
    _native_file(
        "escaped_ids",
        (
            (r'"bad \ud83d end"', r'"bad \ud83d end"', "escaped"),
            (r'"nul \u0000 end"', r'"nul \u0000 end"', "escaped"),
            (r'"\ud83d\ude00 pair"', "😀 pair", "text"),
            (r'"caf\u00e9"', "café", "text"),
            (r'"quote \" and \\ and \n"', 'quote " and \\ and \n', "text"),
        ),
    ),
    _native_file(
        "other_spellings",
        (
            (r'"a\/b"', "a/b", "text"),
            (r'"\u0041"', "A", "text"),
            ('"a\u2028b\u2029c\x85d"', "a\u2028b\u2029c\x85d", "text"),
            ('"café"', "café", "text"),
        ),
        is_rebuilt=False,
    ),
    Hazard(
        name="nan_inf",
        data=_lines(
            '{"doc_id": 0, "native_id": "a", "metrics": {"bpb": NaN, "ppl": Infinity, "z": '
            '-Infinity}, "model_output": [{"sum_logits": -Infinity}], ' + _TAIL,
            _row(doc_id=1),
        ),
        count=2,
        rows=(
            Row(
                1,
                {
                    "metrics": '{"bpb": "NaN", "ppl": "Infinity", "z": "-Infinity"}',
                    "model_output": '[{"sum_logits": "-Infinity"}]',
                },
                '{"doc_id": 0, "native_id": "a", "metrics": {"bpb": NaN, "ppl": Infinity, "z": '
                '-Infinity}, "model_output": [{"sum_logits": -Infinity}], ' + _TAIL,
            ),
            Row(2, {"doc_id": 1}),
        ),
    ),
    Hazard(
        name="nan_in_text",
        data=_lines(_row(native_id="NaN, Infinity -Infinity", label='He said: "NaN"')),
        count=1,
        rows=(
            Row(
                1,
                {**_native("NaN, Infinity -Infinity", "text"), **_label('He said: "NaN"', "text")},
            ),
        ),
    ),
    Hazard(
        name="nan_beside_text",
        data=_lines(_row(metrics={"said": '" NaN, \\', "NaN": [float("nan"), -1.5]})),
        count=1,
        rows=(
            Row(
                1,
                {"metrics": r'{"said": "\" NaN, \\", "NaN": ["NaN", -1.5]}'},
                _row(metrics={"said": '" NaN, \\', "NaN": [float("nan"), -1.5]}),
            ),
        ),
    ),
    Hazard(
        name="big_float",
        data=_lines(
            '{"doc_id": 0, "native_id": 1e400, "metrics": {"p": 1e-400, "q": 0.1e1}, '
            f'"model_output": [], {_TAIL}'
        ),
        count=1,
        rows=(Row(1, {**_native("1e400", "number"), "metrics": '{"p": 1e-400, "q": 0.1e1}'}),),
    ),
    Hazard(
        name="text_that_looks_like_json",
        data=_lines(_row(label="[1, 2]", native_id='{"a": 1}')),
        count=1,
        rows=(Row(1, {**_native('{"a": 1}', "text"), **_label("[1, 2]", "text")}),),
    ),
    Hazard(
        name="hash_like_uuid",
        data=_lines(_row(task_hash="123e4567e89b12d3a456426614174000")),
        count=1,
        rows=(
            Row(
                1,
                {"task_hash": "123e4567e89b12d3a456426614174000", "model_hash": "1" * 32},
            ),
        ),
    ),
    Hazard(
        name="deep",
        data=_lines(_row(label="@").replace('"@"', "[" * 200 + "]" * 200)),
        count=1,
        rows=(Row(1, _label("[" * 200 + "]" * 200, "array")),),
    ),
    Hazard(
        name="sentinel",
        data=_lines(
            _row(model_output=[{"sum_logits": -999, "num_tokens": 1}], metrics={"no_answer": 1})
        ),
        count=1,
        rows=(
            Row(
                1,
                {
                    "model_output": '[{"sum_logits": -999, "num_tokens": 1}]',
                    "metrics": None,  # follows from the choices
                    "metric_keys": "no_answer",
                },
            ),
        ),
    ),
    Hazard(
        name="old_byte_name",
        data=_lines(
            _row(model_output=[{"sum_logits": -2.0, "num_chars": 4, "logits_per_byte": 0.72}])
        ),
        count=1,
        rows=(
            Row(
                1,
                {"model_output": '[{"sum_logits": -2.0, "num_chars": 4, "logits_per_byte": 0.72}]'},
            ),
        ),
    ),
)
"""Values that readers change on the way."""

_DUPLICATE = (
    '{"doc_id": 0, "doc_id": 7, "native_id": "a", "metrics": {"acc": 0, "acc": 1}, '
    f'"model_output": [], {_TAIL}'
)
_CASE = (
    '{"doc_id": 0, "Doc_ID": 9, "native_id": "a", "metrics": {"Acc": 1, "acc": 0}, '
    f'"model_output": [], {_TAIL}'
)
_ESCAPED_KEY = _row(doc_id=4).replace('"doc_id"', r'"doc\u005fid"')
_NO_LABEL = json.dumps(
    {
        "doc_id": 0,
        "native_id": "simple_0",
        "metrics": {"valid": True},
        "model_output": [{"continuation": "[]"}],
        "model_hash": "1" * 32,
        "task_hash": "0" * 32,
    }
)
_ABSENT = _row().replace('"label": 0, ', "")

KEYS = (
    Hazard(
        name="duplicate_keys",
        data=_lines(_DUPLICATE),
        count=1,
        rows=(Row(1, {"doc_id": 7}, _DUPLICATE),),
        problems=(Problem("duplicate_key", 1),),
    ),
    Hazard(
        name="case_keys",
        data=_lines(_CASE),
        count=1,
        rows=(Row(1, {"doc_id": 0, "metrics": '{"Acc": 1, "acc": 0}'}, _CASE),),
    ),
    Hazard(
        name="escaped_key",
        data=_lines(_ESCAPED_KEY),
        count=1,
        rows=(Row(1, {"doc_id": 4}, _ESCAPED_KEY),),
    ),
    Hazard(
        name="metrics_keys_drift",
        data=_lines(
            _row(metrics={"acc_raw": 1}),
            _row(doc_id=1, metrics={"acc_raw": True, "f1": 0.5}),
            _row(doc_id=2, metrics={"acc_raw": "1", "prompt-level:x": 1}),
            _row(doc_id=3, metrics={}),
        ),
        count=4,
        rows=(
            Row(1, {"metrics": '{"acc_raw": 1}'}),
            Row(2, {"metrics": '{"acc_raw": true, "f1": 0.5}'}),
            Row(3, {"metrics": '{"acc_raw": "1", "prompt-level:x": 1}'}),
            Row(4, {"metrics": "{}"}),
        ),
    ),
    Hazard(
        name="late_key",
        data=_lines(*(_row(doc_id=n) for n in range(3000)), _row(doc_id=3000, extra_note="late")),
        count=3001,
        rows=(
            Row(3000, {"doc_id": 2999}),
            Row(3001, {"doc_id": 3000}, _row(doc_id=3000, extra_note="late")),
        ),
    ),
    Hazard(
        name="null_or_absent",
        data=_lines(_row(label=None), _ABSENT.replace('"doc_id": 0', '"doc_id": 1')),
        count=2,
        rows=(
            Row(1, _label(None, "null")),
            Row(
                2,
                _label(None, "absent"),
                _ABSENT.replace('"doc_id": 0', '"doc_id": 1'),
                may_keep_text=True,
            ),
        ),
    ),
    Hazard(
        name="external:bfcl",
        data=_lines(_NO_LABEL),
        count=1,
        rows=(
            Row(
                1,
                {**_label(None, "absent"), "metrics": '{"valid": true}', **_HASHES},
                _NO_LABEL,
            ),
        ),
    ),
    Hazard(
        name="doc_id_types",
        data=_lines(*(_row(doc_id=value) for value in ("7", None, 2**63, 1.5, [0]))),
        count=5,
        rows=tuple(
            Row(line + 1, {"doc_id": None}, _row(doc_id=value))
            for line, value in enumerate(("7", None, 2**63, 1.5, [0]))
        ),
        may_report_more=True,
    ),
    Hazard(
        name="repeated_doc",
        data=_lines(_row(), _row()),
        count=2,
        rows=(Row(1, {"doc_id": 0, "attempt": 0}), Row(2, {"doc_id": 0, "attempt": 1})),
        problems=(Problem("repeated_doc"),),
    ),
)
"""Keys that drift, repeat or are missing."""

_BOM = b"\xef\xbb\xbf"
_PRETTY = json.dumps(json.loads(_row()), indent=1)

LAYOUT = (
    Hazard(
        name="no_final_newline",
        data=_lines(_row(), _row(doc_id=1))[:-1],
        count=2,
        rows=(Row(1, {"doc_id": 0}), Row(2, {"doc_id": 1})),
    ),
    Hazard(
        name="blank_lines_crlf_bom",
        data=_BOM + f"{_row()}\r\n\r\n\n{_row(doc_id=1)}\r\n".encode(),
        count=2,
        rows=(
            Row(1, {"doc_id": 0}, _row(), may_keep_text=True),
            Row(4, {"doc_id": 1}, _row(doc_id=1), may_keep_text=True),
        ),
    ),
    Hazard(
        name="spaces_around",
        data=f"  {_row()}\t\n".encode(),
        count=1,
        rows=(Row(1, {"doc_id": 0}, f"  {_row()}\t", may_keep_text=True),),
    ),
    Hazard(
        name="compact",
        data=_lines(_row().replace(", ", ",").replace(": ", ":")),
        count=1,
        rows=(
            Row(
                1,
                {"doc_id": 0, "metrics": '{"acc_raw":1}'},
                _row().replace(", ", ",").replace(": ", ":"),
            ),
        ),
    ),
    Hazard(
        name="pretty_printed",
        data=_lines(_PRETTY),
        count=1,
        rows=(Row(1, {"doc_id": 0, **_native("n0", "text")}, _PRETTY),),
        problems=(Problem("not_line_delimited"),),
    ),
    Hazard(name="empty", data=b"", count=0),
    Hazard(name="only_blank_lines", data=b"\n\r\n\n", count=0),
    Hazard(
        name="long_line",
        data=_lines(_row(model_output=[{"continuation": "x" * 20_000_000}])),
        count=1,
        rows=(Row(1, {"doc_id": 0}),),
    ),
    Hazard(
        name="too_long_line",
        data=_lines(
            _row(),
            _row(doc_id=1, model_output=[{"continuation": "x" * 3_000_000}]),
            _row(doc_id=2),
        ),
        count=2,
        rows=(Row(1, {"doc_id": 0}), Row(3, {"doc_id": 2})),
        problems=(Problem("too_long_line", 2, len(_lines(_row()))),),
        line_limit=1_000_000,
    ),
)
"""Lines and their ends."""

DAMAGE = (
    _bad_line("truncated_tail", "truncated_line", _row(doc_id=2)[:60].encode(), ending=b""),
    _bad_line("cut_in_escape", "truncated_line", rb'{"doc_id": 2, "native_id": "\ud8', ending=b""),
    _bad_line("zeros_at_the_end", "truncated_line", b"\x00" * 512, ending=b""),
    _bad_line("not_utf8", "not_utf8", _row(native_id="@").encode().replace(b"@", b"caf\xe9")),
    _bad_line(
        "not_utf8_nested", "not_utf8", _row(metrics={"x": "@"}).encode().replace(b"@", b"\xff\xfe")
    ),
    _bad_line(
        "encoded_surrogate", "not_utf8", _row(label="@").encode().replace(b"@", b"\xed\xa0\xbd")
    ),
    _bad_line("cut_in_the_middle", "not_json", _row(doc_id=2)[:60].encode()),
    _bad_line("two_on_a_line", "not_json", (_row(doc_id=2) + _row(doc_id=3)).encode()),
    _bad_line("trailing_comma", "not_json", _row(doc_id=2).replace("}", ",}", 1).encode()),
    _bad_line("single_quotes", "not_json", _row(doc_id=2).replace('"', "'").encode()),
    _bad_line("raw_tab_in_text", "not_json", _row(native_id="@").replace("@", "a\tb").encode()),
    _bad_line("bad_escape", "not_json", _row(native_id="@").replace("@", r"a\xb").encode()),
    _bad_line("leading_zero", "not_json", _row(doc_id=2).replace(": 2,", ": 02,").encode()),
    _bad_line("bad_nested_number", "not_json", _row().replace("-1.5", "-1.5.").encode()),
    _bad_line("array_not_object", "not_an_object", b"[1, 2, 3]"),
    _bad_line("text_not_object", "not_an_object", b'"predictions"'),
    _bad_line("null_not_object", "not_an_object", b"null"),
    Hazard(
        name="only_garbage",
        data=b"not json\n<html>\n",
        count=0,
        problems=(Problem("not_json", 1, 0, b"not json"), Problem("not_json", 2, 9, b"<html>")),
    ),
)
"""Lines that cannot be read, between lines that can."""

PACKED = (
    _packed("gz", _gzip, "jsonl.gz"),
    _packed("zst", _zstd, "jsonl.zst"),
    _packed("gz_members", _members(_gzip), "jsonl.gz"),
    _packed("zst_frames", _members(_zstd), "jsonl.zst"),
    _packed("gz_without_extension", _gzip, "jsonl"),
    _packed("zst_without_extension", _zstd, "jsonl"),
    _packed("plain_with_extension", bytes, "jsonl.gz"),
    _cut("gz_cut", _gzip, _gunzip_prefix, "jsonl.gz"),
    _cut("zst_cut", _zstd, _unzstd_prefix, "jsonl.zst"),
)
"""Compression, by what the bytes say."""

_RECORD = json.dumps(
    {
        "task_name": "arc_easy",
        "task_hash": "0" * 32,
        "model_hash": "1" * 32,
        "model_config": {"model": "m", "trust_remote_code": "true"},
        "task_config": {
            "task_name": "arc_easy",
            "limit": 10**19,
            "version": 0.1,
            "metadata": {"alias": "a:b::c"},
        },
        "compute_config": {"batch_size": "4"},
        "processing_time": 1.0,
        "current_date": "2024-12-01 00:00:00 UTC",
        "num_instances": 0,
        "metrics": {"bits_per_byte": float("nan")},
    }
)
_REQUEST = json.dumps(
    {
        "request_type": "loglikelihood",
        "doc": "A long passage … [truncated]",
        "request": {"context": {"messages": [], "assistant_prefix": None}, "continuation": " A"},
        "idx": 2,
        "task_name": "arc_easy:mc",
        "doc_id": 5,
        "native_id": None,
        "label": ["a"],
    }
)

OTHER_FILES = (
    Hazard(
        name="verbose",
        data=b'{"token_count_avg_logits_by_domain": {"en": {"0": [1, -2.5]}}}',
        count=0,
        family=None,
        suffix="verbose-metrics.json",
    ),
    Hazard(
        name="lengths",
        data=b'{"mean": 512.5, "num_instances": 3}',
        count=0,
        family=None,
        suffix="length_stats.json",
    ),
    Hazard(
        name="limit_beyond_int64",
        data=_RECORD.encode(),
        count=1,
        rows=(
            Row(
                1,
                {
                    "limit": "10000000000000000000",
                    "metrics": '{"bits_per_byte": "NaN"}',
                    "task_idx": None,
                    "beaker_info": None,
                },
                _RECORD,
                may_keep_text=True,
            ),
        ),
        family="record",
        suffix="metrics.json",
    ),
    Hazard(
        name="request_with_text_as_doc",
        data=_lines(_REQUEST),
        count=1,
        rows=(
            Row(
                1,
                {
                    "idx": 2,
                    "doc_id": 5,
                    "source_doc_id": 5,
                    **_native(None, "null"),
                    **_label('["a"]', "array"),
                    "request": '{"context": {"messages": [], "assistant_prefix": null}, '
                    '"continuation": " A"}',
                },
                _REQUEST,
                may_keep_text=True,
            ),
        ),
        family="requests",
        suffix="requests.jsonl",
    ),
)
"""Files beside the predictions."""

HAZARDS: tuple[Hazard, ...] = (*VALUES, *KEYS, *LAYOUT, *DAMAGE, *PACKED, *OTHER_FILES)
