"""A task for every kind of fault: what differs from the good one, and what is said of it where."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.tasks.made import CSV, YAML, Edits, edited

Files = dict[str, str | bytes | None]


@dataclass(frozen=True)
class Case:
    """One fault: `at` begins its place, `says` is part of its message."""

    kind: str
    at: str
    says: str
    yaml: Edits = ()
    table: Edits = ()
    files: Files = field(default_factory=dict)

    def all_files(self) -> Files:
        return {
            "codebook.yaml": edited(YAML, self.yaml),
            "ground-truth.csv": edited(CSV, self.table),
            **self.files,
        }


def in_book(kind: str, line: int, says: str, *edits: tuple[str, str]) -> Case:
    return Case(kind, f"codebook.yaml:{line}: ", says, yaml=edits)


def in_json(kind: str, at: str, says: str, text: str) -> Case:
    files: Files = {"codebook.json": text, "codebook.yaml": None}
    return Case(kind, f"codebook.json{at}", says, files=files)


def in_table(kind: str, at: str, says: str, *edits: tuple[str, str]) -> Case:
    return Case(kind, f"ground-truth.csv{at}", says, table=edits)


def with_file(kind: str, name: str, content: str | bytes | None, at: str, says: str) -> Case:
    return Case(kind, at, says, files={name: content})


_FIELDS = '{"section_name": "S", "annotations": {"a_1": {"name": "About", "type": "checkbox"}}}'
_SPAN = "type: span"
_TEXTBOX = "        type: textbox\n"
_PARTS = '"[{""start"": 0, ""end"": 6, ""text"": ""Second"", ""label"": ""what""}]"'
_ROW_B = "b,Second text,0,,4," + _PARTS + ","
_CODERS = ("id_column: id", "id_column: id\ncoders: {x: x.csv, y: 'Y {column}'}")
_SHOTS = ("id_column: id", "id_column: id\nfew_shot: {source: shots.csv}")
_OTHER = CSV.replace("First", "Another").replace("Second", "Other ")

DOCUMENTS = (
    Case(
        *("no_codebook", ".: ", "but `Codebook.yml`"),
        files={"Codebook.yml": "", "codebook.yaml": None},
    ),
    with_file("two_codebooks", "codebook.json", "{}", "codebook.json: ", "`codebook.yaml`"),
    Case(
        *("unreadable_file", "codebook.yaml: ", "cannot be read"),
        files={"codebook.yaml": None, "codebook.yaml/file": ""},
    ),
    with_file("encoding", "codebook.yaml", b"name: caf\xe9", "codebook.yaml:1: ", "0xe9"),
    in_book("unreadable_codebook", 5, "this is no YAML", ("- name: S", "- name: [S")),
    in_json("unreadable_codebook", ":2: ", "column 3", "{\n  text: 1}"),
    in_json("unreadable_codebook", ": ", "nested too deeply", "[" * 100_000),
    in_json("unreadable_codebook", ": ", "surrogates", '{"a": "\\ud800"}'),
    in_book("key_twice", 2, "on line 1", ("id_column", "text_column")),
    in_json("key_twice", ":3: text_column", "on line 2", '{\n"text_column": 1,\n"text_column": 2}'),
    in_book("wrong_type", 10, "expected a list", ("[for, against]", "for")),
    in_book("wrong_type", 14, "expected a whole number", ("min_value: 1", "min_value: low")),
    in_json("wrong_type", ":1", "expected an object", "[]"),
    in_book("wrong_type", 4, "expected a list", ("s:\n", "s:\n  - {name: T, annotations: {}}\n")),
    in_book("wrong_type", 21, "expected an object", (_TEXTBOX, _TEXTBOX + "      - text\n")),
    in_json("wrong_type", ":1: section_1", "expected an object", '{"section_1": []}'),
    in_json("wrong_type", ":1: text_column", "expected text", '{"text_column": {}}'),
    in_book("unknown_key", 10, "expected `options`", ("options:", "option:")),
    in_book("unknown_key", 8, "one of `condition`", ("checkbox\n", "checkbox\n        hue: red\n")),
    in_book("unknown_key", 8, "no meaning", ("checkbox\n", "checkbox\n        options: [a]\n")),
)

CODEBOOKS = (
    in_book("unknown_setting", 1, "`random`", ("text_", "few_shot: {selection: randon}\ntext_")),
    in_book("unknown_setting", 1, "1 or more", ("text_", "few_shot: {count: 0}\ntext_")),
    in_book("no_text_column", 1, "add `text_column`", ("text_column: text", 'text_column: ""')),
    in_json("no_text_column", ":1: ", "no `text_column`", f'{{"section_1": {_FIELDS}}}'),
    in_json("no_sections", ":1: ", "asks nothing", '{"text_column": "text"}'),
    in_json("section_ignored", ":1: Section 1", "nothing of it", f'{{"Section 1": {_FIELDS}}}'),
    in_book("empty_section", 4, "no annotations", ("sections:\n", "sections:\n  - name: T\n")),
    in_book("name_missing", 6, "no `name`", ("- name: About", "- tooltip: About")),
    in_book("name_missing", 4, "no `name`", ("- name: S", '- name: ""')),
    in_book("unknown_type", 9, "did you mean `dropdown`", ("dropdown", "dropdwon")),
    in_book("unknown_type", 19, "there is no `type`", (_TEXTBOX, "")),
    in_book("column_twice", 19, "codebook.yaml:12", ("name: Why", "name: Force")),
    in_book("option_twice", 10, "`for` stands twice", ("[for, against]", "[for, against, for]")),
    in_book("option_twice", 18, "`who` stands twice", ("[who, what]", "[who, who]")),
    in_book("option_blank", 10, "an empty name", ("[for, against]", '[for, against, ""]')),
    in_book("options_alike", 10, "`For` is nearly `for`", ("against]", "against, For]")),
    in_book("options_empty", 10, "without options", ("[for, against]", "[]")),
    in_book("scale_missing", 12, "without `max_value`", ("        max_value: 5\n", "")),
    in_book("scale_reversed", 12, "runs from 9 to 5", ("min_value: 1", "min_value: 9")),
    in_book("scale_too_wide", 12, "at most 1,000", ("max_value: 5", "max_value: 100000000")),
    in_book("unknown_column", 1, "mean `S_Side`", ("text_", "output_order: [S_side]\ntext_")),
    in_book("label_in_prompt", 2, "the answers to a field", ("id_column: id", "id_column: S_Why")),
    in_book("label_in_prompt", 1, "`S_Why`", ("text_", "metadata_columns: [S_Why]\ntext_")),
)


def conditional(kind: str, says: str, condition: str) -> Case:
    """Give a fault of the condition on line 11."""
    return in_book(kind, 11, says, ("{field: About, value: yes}", condition))


_SECTION_T = """\
  - name: T
    annotations:
      - {name: Why, type: textbox}
  - name: U
    annotations:
      - {name: Q, type: textbox, condition: {field: Why, value: a}}
"""

CONDITIONS = (
    conditional("condition_incomplete", "no `value`", "{field: About}"),
    conditional("condition_incomplete", "no field", "{section_key: section_1, value: 1}"),
    conditional("parent_missing", "did you mean `About`", "{field: Abuot, value: 1}"),
    conditional(
        *("parent_missing", "`section_1 / annotation_9`"),
        "{section_key: section_1, annotation_key: annotation_9, value: 1}",
    ),
    in_book("parent_ambiguous", 26, "`S_Why`, `T_Why`", (_TEXTBOX, _TEXTBOX + _SECTION_T)),
    conditional("parent_after_child", "asked before `S_Force`", "{field: Force, value: 3}"),
    conditional("self_reference", "depends on itself", "{field: Side, value: for}"),
    in_book(
        *("condition_cycle", 8, "form a ring"),
        ("checkbox\n", "checkbox\n        condition: {field: Side, value: for}\n"),
    ),
    conditional("trigger_impossible", "never `perhaps`", "{field: About, value: perhaps}"),
    in_book(
        *("trigger_impossible", 17, "from 1 to 5"),
        (_SPAN, "condition: {field: Force, value: 6}\n        type: span"),
    ),
    in_book(
        *("trigger_impossible", 20, "spans have none"),
        (_TEXTBOX, "        condition: {field: Parts, value: who}\n" + _TEXTBOX),
    ),
    conditional("trigger_impossible", "never", "{all: [{any: [{field: About, not: maybe}]}]}"),
)


def exemplified(kind: str, says: str, examples: str) -> Case:
    """Give a fault of the dropdown's examples, which begin on line 10."""
    return in_book(kind, 10, says, ("options:", f"{examples}\n        options:"))


EXAMPLES = (
    exemplified("example_unreadable", "block 2", r'example: "no\n---\nText: x\nResponse: 1"'),
    exemplified("example_unreadable", "one of the two", "example: x\n        examples: []"),
    exemplified("example_unreadable", "without a `text`", "examples: [{answer: for}]"),
    exemplified("example_answer", "`both`", "examples: [{text: T, answer: both}]"),
    exemplified("example_answer", "there is no answer", "examples: [{text: T}]"),
    exemplified(
        *("example_answer", "`fro`"), r"""example: 'Text: "T" Response: {"response": "fro"}'"""
    ),
    in_book(
        *("example_answer", 18, "a span from 0 to 9"),
        (_SPAN, "type: span\n        examples: [{text: Tom, answer: [{start: 0, end: 9}]}]"),
    ),
    Case(
        *("example_in_ground_truth", "shots.csv:2: row `a`", "also in `ground-truth.csv`"),
        yaml=(_SHOTS,),
        files={"shots.csv": CSV},
    ),
    Case("missing_file", "codebook.yaml:3: few_shot.source", "`shots.csv`", yaml=(_SHOTS,)),
    Case(
        *("missing_file", "codebook.yaml:3: coders.x", "in the task's folder"),
        yaml=(("id_column: id", "id_column: id\ncoders: {x: ../x.csv}"),),
    ),
)

TABLES = (
    with_file("no_ground_truth", "ground-truth.csv", None, ".: ", "no `ground-truth.csv`"),
    with_file(
        "encoding", "ground-truth.csv", b"id,text\n1,caf\xe9\n", "ground-truth.csv:2", "café"
    ),
    with_file(
        "encoding", "ground-truth.csv", CSV.encode("utf-16"), "ground-truth.csv:1", "is UTF-16"
    ),
    with_file(
        *("encoding", "ground-truth.csv", CSV.encode("utf-16-le")),
        *("ground-truth.csv:1", "UTF-16 without a mark"),
    ),
    with_file("empty_table", "ground-truth.csv", "", "ground-truth.csv: ", "no header"),
    with_file("empty_table", "ground-truth.csv", "id,text\n", "ground-truth.csv: ", "no row"),
    in_table("quotes", ":3", "is never closed, up to line 3", (_ROW_B, 'b,"Second text')),
    in_table("quotes", ":2", "expected after", ("a,First", 'a,"First" one')),
    in_table("quotes", ":1", "expected after", ("id,text", '"id"x,text')),
    in_table("header_twice", ":1: column 3", "also column 2", ("S_About", "text")),
    in_table("column_missing", ":1", "no column `text`", ("text", "comment")),
    in_table("column_missing", ":1", "no column `id`", ("id,", "number,")),
    in_table("column_missing", ":1", "did you mean `S_side`", ("S_Side", "S_side")),
    in_table("column_missing", ":1", "did you mean `S_why`", ("S_Why", "S_why")),
    in_table("column_absent", ":1", "cannot be scored", ("S_Why", "notes")),
    with_file("column_absent", "ground-truth.csv", "id,text\n1,a", "ground-truth.csv:1", "answers"),
    Case(
        *("column_absent", "ground-truth.csv:1", "no column `channel`"),
        yaml=(("id_column: id", "id_column: id\nmetadata_columns: [channel]"),),
    ),
    in_table("ragged_row", ":2", "8 cells: beyond the last column `more`", ("because", "x,more")),
    in_table("ragged_row", ":3", "6 cells: none for `S_Why`", (_ROW_B, _ROW_B[:-1])),
    in_table("id_twice", ":3: row `a`", "the row on line 2", ("b,", "a,")),
    in_table("id_blank", ":3: row ` `", "no id", ("b,", " ,")),
    in_table("text_blank", ":2: row `a`", "no text", ("First text", "  ")),
    with_file(
        "delimiter", "ground-truth.csv", "id;text\n1;a", "ground-truth.csv:1", "by semicolons"
    ),
    with_file("delimiter", "ground-truth.csv", "id\ttext\n1\ta", "ground-truth.csv:1", "by tabs"),
)

CELLS = (
    in_table("label_unknown", ":2: row `a`, `S_About`", "1 or 0", ("1,for", "maybe,for")),
    in_table("label_unknown", ":2: row `a`, `S_Side`", "mean `for`", ("1,for", "1,fro")),
    in_table("label_unknown", ":2: row `a`, `S_Side`", "is `None`", ("1,for", "1,None")),
    in_table("point_outside", ":2: row `a`, `S_Force`", "from 1 to 5", (",3,", ",6,")),
    in_table("point_outside", ":2: row `a`, `S_Force`", "is `3.5`", (",3,", ",3.5,")),
    in_table("span_unreadable", ":3: row `b`, `S_Parts`", "is no JSON", (_PARTS, "Second")),
    in_table("span_unreadable", ":3: row `b`, `S_Parts`", "is no list", (_PARTS, "{}")),
    in_table("span_unreadable", ":3: row `b`, `S_Parts`", "found `1`", (_PARTS, "[1]")),
    in_table("span_unreadable", ":3: row `b`, `S_Parts`", "`end` is `6.5`", ("6,", "6.5,")),
    in_table("span_offsets", ":3: row `b`, `S_Parts`", "from 0 to 66", (": 6", ": 66")),
    in_table("span_text", ":3: row `b`, `S_Parts`", "stand at 7 to 11", ('""Second', '""text')),
    in_table("span_label", ":3: row `b`, `S_Parts`", "mean `what`", ('""what', '""waht')),
    in_table("span_label", ":3: row `b`, `S_Parts`", "without", (', ""label"": ""what""', "")),
    Case("span_label", "ground-truth.csv:3", "names none", yaml=(("[who, what]", "[]"),)),
    in_table("value_not_applicable", ":3: row `b`, `S_Side`", "About is 1", ("0,,", "0,for,")),
    in_table("value_missing", ":2: row `a`, `S_Side`", "S_About is 1", ("1,for", "1,")),
    Case(
        *("label_unknown", "ground-truth.csv:2: row `a`, `S_Side` of coder `y`", "`both`"),
        yaml=(_CODERS,),
        table=((",S_Why", ",S_Why,Y S_Side"), ("because", "because,both"), (']",', ']",,')),
        files={"x.csv": CSV},
    ),
)

CODERS = (
    with_file("coder_row", "coders/x.csv", CSV.replace("b,", "c,"), "coders/x.csv:3", "no such"),
    with_file("coder_text", "coders/x.csv", _OTHER, "coders/x.csv:2: row `a`", "another one"),
    with_file("id_twice", "coders/x.csv", CSV.replace("b,", "a,"), "coders/x.csv:3", "line 2"),
    with_file("label_unknown", "coders/x.csv", CSV.replace("for", "x"), "coders/x.csv:2", "`x`"),
)

CASES = (
    *(*DOCUMENTS, *CODEBOOKS, *CONDITIONS, *EXAMPLES),
    *(*TABLES, *CELLS, *CODERS),
)
