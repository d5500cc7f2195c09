"""Secrets are put together when a test runs, so that none stands in this file."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.formats.items import Cleaner
from evalhouse.redact import Redactor, holds_login, load_rules

ALNUM = string.ascii_letters + string.digits
BODY = "aB3" + "xY7" * 20  # letters and digits, as keys are
REDACTOR = Redactor(b"key of a house")
MARKER = re.compile("⟦redacted:([a-z-]+):[0-9a-f]{10}⟧")
RULES = load_rules()

SECRETS = {
    "openai": ["sk-" + infix + BODY[:30] for infix in ("", "proj-", "ant-api03-", "or-v1-")],
    "huggingface": ["hf_" + BODY[:20], "hf_" + BODY[:34]],
    "github": [*(f"gh{letter}_" + BODY[:36] for letter in "pousr"), "github_pat_" + BODY[:40]],
    "gitlab": ["glpat-" + BODY[:20]],
    "aws": [start + "Q7" * 8 for start in ("AKIA", "ASIA")],
    "google": ["AIza" + BODY[:35]],
    "slack": [f"xox{letter}-" + "12345678-" + BODY[:20] for letter in "bpas"],
    "jwt": [f"eyJ{BODY[:20]}.eyJ{BODY[:30]}.{BODY[:10]}"],
    "bearer": ["Bearer " + BODY[:20] + "==", "bearer " + BODY[:30]],
    "private-key": [
        f"-----BEGIN {kind}PRIVATE KEY-----\\n{BODY}\\n-----END {kind}PRIVATE KEY-----"
        for kind in ("", "RSA ", "OPENSSH ")
    ],
    "url-password": ["://user:" + BODY[:8] + "@", "://:" + BODY[:8] + "@"],
}
NEAR_MISSES = {
    "openai": ["sk-" + BODY[:19], "sk-toggleable__label-arrow", "task-" + BODY[:30]],
    "huggingface": ["hf_" + BODY[:19], "hf_" + "a_" * 20, "xhf_" + BODY[:30]],
    "github": ["ghp_" + BODY[:29], "ghx_" + BODY[:40], "github_pat_" + BODY[:29]],
    "gitlab": ["glpat-" + BODY[:19]],
    "aws": ["AKIA" + "Q7" * 7, "AKIA" + "Q7" * 9, "AKIA" + "q7" * 8],
    "google": ["AIza" + BODY[:34]],
    "slack": ["xoxb-" + BODY[:19], "xoxz-" + BODY[:30]],
    "jwt": [f"eyJ{BODY[:20]}.{BODY[:20]}.{BODY[:10]}", f"eyJ{BODY[:20]}.eyJ{BODY[:20]}"],
    "bearer": ["the bearer of this letter", "Bearer " + BODY[:19]],
    "private-key": ["-----BEGIN PUBLIC KEY-----" + BODY, "-----BEGIN CERTIFICATE-----" + BODY],
    "url-password": ["://host:8000/a@b", "://user@host", "://host/path:a@b"],
}
SHAPES = [(kind, secret) for kind, secrets in SECRETS.items() for secret in secrets]
HARMLESS = [text for texts in NEAR_MISSES.values() for text in texts]

# Every secret name in every spelling; the `*` of a rule stands for some prefix.
SECRET_NAMES = sorted(RULES.exact_keys | {"MY_" + suffix for suffix in RULES.suffix_keys})
SPELLINGS: dict[str, Callable[[str], str]] = {
    "snake": str.lower,
    "shouted": str.upper,
    "header": lambda name: "-".join(map(str.capitalize, name.split("_"))),
    "pascal": lambda name: "".join(map(str.capitalize, name.split("_"))),
    "dotted": lambda name: name.lower().replace("_", "."),
    "spaced": lambda name: name.lower().replace("_", " "),
}
PLAIN_NAMES = [
    *("num_tokens", "eos_token", "acc_per_token", "logits_per_token", "max_new_tokens", "tokens"),
    *("tokenizer", "answerKey", "key", "primary_key_metric", "author", "secretary", "passwords"),
    *("pad_token_id", "stop_token", "is_secret_santa", "apikeys"),
]
secret_names = st.builds(
    lambda name, spell: spell(name),
    st.sampled_from(SECRET_NAMES),
    st.sampled_from(list(SPELLINGS.values())),
)
values = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
pieces = st.one_of(st.sampled_from([secret for _, secret in SHAPES] + HARMLESS), values)
texts = st.lists(pieces, max_size=4).map(" \n".join)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(secret_names, st.sampled_from(PLAIN_NAMES)), inner, max_size=4),
    ),
    max_leaves=12,
)
indents = st.sampled_from([None, 2, "\t"])


def _settings(value: Any) -> Any:
    return json.loads(REDACTOR.settings(json.dumps(value).encode())[0])


def _kinds(data: bytes) -> list[str]:
    return MARKER.findall(data.decode())


def test_every_shape_is_tested() -> None:
    assert {shape.kind for shape in RULES.shapes} == set(SECRETS) == set(NEAR_MISSES)
    assert all(
        any(literal.decode() in secret for secret in SECRETS[shape.kind])
        for shape in RULES.shapes
        for literal in shape.literals
    )


@pytest.mark.parametrize(("kind", "secret"), SHAPES)
@pytest.mark.parametrize(
    ("before", "after"),
    [("", ""), ("a ", " z"), ('{"a": "', '"}'), ("=", ","), ("line\\n", "\\n"), ("\\u2019", "")],
)
def test_a_secret_is_replaced_wherever_it_stands(
    kind: str, secret: str, before: str, after: str
) -> None:
    cleaned, count = REDACTOR.text((before + secret + after).encode())
    assert count == 1
    text = cleaned.decode()
    assert _kinds(cleaned) == [kind]
    assert MARKER.sub("", text) == before + after


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_resembles_a_secret_stays(text: str) -> None:
    data = f'{{"a": "{text}"}}'.encode()
    assert REDACTOR.text(data) == (data, 0)
    assert REDACTOR.settings(data) == (data, 0)
    assert REDACTOR.hits(data) == []


def test_a_private_key_that_breaks_off_is_replaced_up_to_the_end_of_its_text() -> None:
    begin = "-----BEGIN " + "PRIVATE KEY-----"
    data = f'{{"a": "{begin}\\n{BODY}", "b": 1}}'.encode()
    cleaned = REDACTOR.text(data)[0]
    assert MARKER.sub("x", cleaned.decode()) == '{"a": "x", "b": 1}'


def test_secrets_side_by_side_are_all_replaced() -> None:
    secrets = [secret for kind, secret in SHAPES if kind != "url-password"]
    cleaned, count = REDACTOR.text(" ".join(secrets).encode())
    assert count == len(secrets)
    assert MARKER.sub("", cleaned.decode()).split() == []


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_secret_is_known_by_the_name_of_its_setting(name: str, spelling: str) -> None:
    spelled = SPELLINGS[spelling](name)
    cleaned = _settings({spelled: "some value", "other": "some value"})
    assert MARKER.fullmatch(cleaned[spelled])
    assert cleaned["other"] == "some value"


@pytest.mark.parametrize(
    "name", ["apiKey", "openAIApiKey", "APIKey", "accessKeyID", "clientSecret"]
)
def test_names_in_camel_case_are_read_word_by_word(name: str) -> None:
    assert RULES.is_secret_key(name)


@pytest.mark.parametrize("name", PLAIN_NAMES)
def test_names_that_only_contain_a_secret_name_hold_none(name: str) -> None:
    assert _settings({name: "some value"}) == {name: "some value"}


@pytest.mark.parametrize("value", [*sorted(RULES.placeholders), "none", "Dummy", "test"])
def test_placeholders_stay(value: str) -> None:
    assert _settings({"api_key": value}) == {"api_key": value}


@pytest.mark.parametrize("value", [None, True, False, [], {}])
def test_values_that_hold_no_text_stay(value: Any) -> None:
    assert _settings({"use_auth_token": value, "password": value}) == {
        "use_auth_token": value,
        "password": value,
    }


@pytest.mark.parametrize("value", [0, -12, 12345678901234567890, 1.5e-9, 7])
@pytest.mark.parametrize("after", ["}", " }", "\t}", "\r\n}", ', "b": 1}'])
def test_a_number_becomes_text_and_the_json_stays_valid(value: float, after: str) -> None:
    cleaned, count = REDACTOR.settings(f'{{"password": {value}{after}'.encode())
    assert count == 1
    assert MARKER.fullmatch(json.loads(cleaned)["password"])


def test_a_value_with_escapes_is_replaced_as_a_whole() -> None:
    value = 'a"b\\c\n\u2019 d'
    assert MARKER.fullmatch(_settings({"password": value, "x": value})["password"])
    assert _settings({"password": value, "x": value})["x"] == value


def test_settings_inside_a_text_are_judged_by_name() -> None:
    inner = json.dumps({"api_key": "some value", "eos_token": "</s>", "n": 1})
    cleaned = json.loads(_settings({"model_args": inner})["model_args"])
    assert MARKER.fullmatch(cleaned.pop("api_key"))
    assert cleaned == {"eos_token": "</s>", "n": 1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("run --api-key abc --limit 5", "run --api-key X --limit 5"),
        ("run --api-key=abc", "run --api-key=X"),
        ("pretrained=m,api_key=abc,dtype=auto", "pretrained=m,api_key=X,dtype=auto"),
        ("pretrained=m,token=12345,dtype=auto", "pretrained=m,token=X,dtype=auto"),
        ('run --api-key "abc" --limit 5', 'run --api-key "X" --limit 5'),
        ("api_key='abc' limit=5", "api_key='X' limit=5"),
        ("HF_TOKEN=abc python -m run", "HF_TOKEN=X python -m run"),
        ("http://host/a?api_key=abc&b=1", "http://host/a?api_key=X&b=1"),
        ("first\napi_key=abc\tnext\t--token abc", "first\napi_key=X\tnext\t--token X"),
        ("\u2019api_key=abc", "\u2019api_key=X"),
        ("n_tokens=5 eos_token=x --max-tokens 7", "n_tokens=5 eos_token=x --max-tokens 7"),
        ("api_key=EMPTY --api-key none", "api_key=EMPTY --api-key none"),
    ],
)
def test_arguments_are_judged_by_name(text: str, expected: str) -> None:
    assert MARKER.sub("X", _settings({"command": text})["command"]) == expected


def test_arguments_in_a_list_are_judged_by_name() -> None:
    given = ["run", "--api-key", "abc", "--eos-token", "x", "--token", "--token", "d e", "f"]
    expected = ["run", "--api-key", "X", "--eos-token", "x", "--token", "--token", "X", "f"]
    found = _settings({"argv": given})["argv"]
    assert [MARKER.sub("X", text) for text in found] == expected


def test_only_settings_look_for_arguments_and_settings_inside_texts() -> None:
    data = json.dumps({"context": '{"api_key": "abc"} --token abc', "api_key": "abc"}).encode()
    cleaned = json.loads(REDACTOR.request(data)[0])
    assert cleaned["context"] == '{"api_key": "abc"} --token abc'
    assert MARKER.fullmatch(cleaned["api_key"])
    assert REDACTOR.text(data) == (data, 0)


def test_a_shape_that_reaches_beyond_a_value_goes_with_it() -> None:
    data = f'{{"a": "token=x:Bearer {BODY[:30]}"}}'.encode()
    assert BODY[:30] not in REDACTOR.settings(data)[0].decode()


def test_equal_secrets_look_equal_within_a_house_and_different_in_another() -> None:
    secret = SECRETS["huggingface"][0].encode()
    marker = REDACTOR.text(secret)[0]
    assert REDACTOR.text(secret + b" " + secret)[0] == marker + b" " + marker
    assert REDACTOR.text(SECRETS["huggingface"][1].encode())[0] != marker
    assert Redactor(b"key of another house").text(secret)[0] != marker
    assert Redactor(b"key of a house").text(secret)[0] == marker


def test_a_long_value_is_read_in_the_memory_that_it_takes() -> None:
    data = b'{"api_key": "' + b"a\\n" * 1_000_000 + b'", "b": "' + b"x" * 5_000_000 + b'"}'
    cleaned, count = REDACTOR.settings(data)
    assert count == 1
    assert len(cleaned) < 5_000_200


def test_a_secret_that_all_requests_begin_with_is_replaced_in_every_batch() -> None:
    cleaner = Cleaner(REDACTOR)
    prompt = f"example: {SECRETS['huggingface'][0]} and so on" + " lorem ipsum" * 30
    rows = [f'{{"context": "{prompt} {number}"}}'.encode() for number in range(5)]
    for _ in range(3):
        assert all(MARKER.search(text) for text in cleaner.requests(rows, range(5)).to_pylist())
    assert cleaner.count == 15


@given(value=json_values, indent=indents, ascii_only=st.booleans())
def test_replacing_keeps_the_structure_and_every_other_byte(
    value: Any, indent: Any, *, ascii_only: bool
) -> None:
    data = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    for clean in (REDACTOR.settings, REDACTOR.request, REDACTOR.text):
        cleaned, count = clean(data)
        assert len(_kinds(cleaned)) == count
        _same_but_for_secrets(value, json.loads(cleaned))
        parts = [re.escape(part) for part in MARKER.split(cleaned.decode())[::2]]
        assert re.fullmatch(".*".join(_unquoted(parts)), data.decode(), re.DOTALL)


def _unquoted(parts: list[str]) -> list[str]:
    """Let the quotes that a number gets around its marker be absent."""
    left = [part[:-1] + '"?' if part.endswith('"') else part for part in parts[:-1]] + parts[-1:]
    return left[:1] + ['"?' + part[1:] if part.startswith('"') else part for part in left[1:]]


def _same_but_for_secrets(before: Any, after: Any) -> None:
    if isinstance(before, dict):
        assert list(before) == list(after)
        for name in before:
            _same_but_for_secrets(before[name], after[name])
    elif isinstance(before, list):
        assert len(before) == len(after)
        for one, other in zip(before, after, strict=True):
            _same_but_for_secrets(one, other)
    else:
        assert before == after or MARKER.search(after)


@given(json_values, indents)
def test_what_is_clean_stays_as_it_is(value: Any, indent: Any) -> None:
    data = json.dumps(value, indent=indent).encode()
    for clean in (REDACTOR.settings, REDACTOR.request, REDACTOR.text):
        cleaned = clean(data)[0]
        assert clean(cleaned) == (cleaned, 0)


@given(json_values, indents)
def test_without_a_hit_there_is_nothing_to_replace(value: Any, indent: Any) -> None:
    data = json.dumps(value, indent=indent).encode()
    hits = REDACTOR.hits(data)
    assert hits == sorted(hits)
    if not hits:
        assert REDACTOR.text(data) == (data, 0)
        assert REDACTOR.request(data) == (data, 0)


@given(secret_names, values)
def test_the_name_of_a_secret_is_a_hit_however_it_is_spelled(name: str, value: str) -> None:
    assert REDACTOR.hits(json.dumps({name: value}).encode())


@given(st.binary(max_size=200))
def test_any_bytes_can_be_searched(data: bytes) -> None:
    assert REDACTOR.text(data)[1] == len(REDACTOR.secrets(data))
    REDACTOR.settings(data)


@pytest.mark.parametrize(
    "name",
    [
        *("token", "api_key", "api%5Fkey", "password", "sig", "signature", "access_token"),
        *("X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "X-Goog-Signature"),
    ],
)
def test_an_address_loses_parameters_with_secret_names(name: str) -> None:
    value = "9f8a7b%2F6c;5d"
    cleaned = REDACTOR.address(f"https://h:8080/x@v1?a=1&{name}={value}&b=2#{name}={value}")
    marker = REDACTOR.marker("setting", value.encode()).decode()
    assert cleaned == f"https://h:8080/x@v1?a=1&{name}={marker}&b=2#{name}={marker}"
    assert REDACTOR.address(cleaned) == cleaned


@pytest.mark.parametrize("login", ["user:pw1234567", "justatoken", "a@b.example:pw", ":pw"])
def test_an_address_loses_what_logs_in(login: str) -> None:
    cleaned = REDACTOR.address(f"see git+https://{login}@hf.co/a/b@main for it")
    marker = REDACTOR.marker("url-login", login.encode()).decode()
    assert cleaned == f"see git+https://{marker}@hf.co/a/b@main for it"
    assert REDACTOR.address(cleaned) == cleaned
    assert REDACTOR.text(cleaned.encode()) == (cleaned.encode(), 0)
    assert holds_login(cleaned)


@pytest.mark.parametrize(
    "address",
    [
        "https://h/x?num_tokens=5&page_token=6&design=7&token=&api_key=EMPTY",
        "ollama://llama3:8b@sha256:" + "ab" * 32,
        "hf://gpt2@main",
        "/models//tiny@2/w.gguf",
        "git@github.com:org/repo",
        "org/model@main",
    ],
)
def test_an_address_without_secrets_stays(address: str) -> None:
    assert REDACTOR.address(address) == address
    assert not holds_login(address)


def test_a_signature_is_a_secret_in_addresses_alone() -> None:
    text = '{"signature": "abcdef", "sig": "abcdef"}'
    assert REDACTOR.settings(text.encode()) == (text.encode(), 0)


def test_secrets_of_a_parameter_that_hold_each_other_are_one() -> None:
    cleaned = REDACTOR.address("?a=1;token=x;password=y&k=" + SECRETS["openai"][0])
    marks = [match[1] for match in MARKER.finditer(cleaned)]
    assert marks == ["setting", "openai"]


def test_addresses_are_found_throughout_a_value() -> None:
    told = {"a": ["https://h/?sig=abcd", 3, None], "b": {"c": ("//u:p@h/x",)}}
    cleaned = REDACTOR.addresses_in(told)
    assert cleaned["a"][1:] == [3, None]
    assert "abcd" not in cleaned["a"][0]
    assert "u:p" not in cleaned["b"]["c"][0]


@given(st.text(alphabet="ab:/@?&;#= \n⟧⟦" + "\ud800", max_size=60))
def test_cleaning_an_address_again_changes_nothing(rest: str) -> None:
    cleaned = REDACTOR.address("https://u:p@h?token=" + rest)
    assert cleaned.startswith("https://⟦redacted:url-login:")
    assert REDACTOR.address(cleaned) == cleaned
