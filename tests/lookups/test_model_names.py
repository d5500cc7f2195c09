from __future__ import annotations

from typing import Any

import pytest

from evalhouse.errors import HouseError, UsageError
from evalhouse.lookups import providers
from evalhouse.lookups.models import ModelName, parse_name, quantization

DIGEST = "sha256:" + "0123456789abcdef" * 4


def _name(
    name: str, provider: str | None, creator: str | None = None, **more: str | None
) -> dict[str, str | None]:
    return {"name": name, "provider": provider, "creator": creator, **more}


SERVICES = {
    "openai/gpt-4o-2024-11-20": _name("gpt-4o", "openai", "openai", version="2024-11-20"),
    "openai/gpt-4o": _name("gpt-4o", "openai", "openai"),
    "openai/o1-2024-12-17": _name("o1", "openai", "openai", version="2024-12-17"),
    "openai/gpt-4-1106-preview": _name("gpt-4", "openai", "openai", version="1106-preview"),
    "openai/gpt-3.5-turbo-16k-0613": _name("gpt-3.5-turbo-16k", "openai", "openai", version="0613"),
    "openai/gpt-4-32k": _name("gpt-4-32k", "openai", "openai"),
    "openai/gpt-4o-2024-13-20": _name("gpt-4o-2024-13-20", "openai", "openai"),
    "anthropic/claude-sonnet-4-20250514": _name(
        "claude-sonnet-4", "anthropic", "anthropic", version="20250514"
    ),
    "anthropic/claude-3-5-sonnet-latest": _name(
        "claude-3-5-sonnet", "anthropic", "anthropic", version="latest"
    ),
    "vertex_ai/claude-3-opus@20240229": _name("claude-3-opus", "vertex", version="20240229"),
    "bedrock/anthropic.claude-3-5-sonnet-20240620-v1:0": _name(
        "anthropic.claude-3-5-sonnet", "bedrock", version="20240620-v1:0"
    ),
    "google/gemini-1.5-pro-001": _name("gemini-1.5-pro", "google", "google", version="001"),
    "gemini/gemini-2.5-flash-preview-09-2025": _name(
        "gemini-2.5-flash", "google", "google", version="preview-09-2025"
    ),
    "google/gemini-2.5-pro-preview-05-06": _name(
        "gemini-2.5-pro", "google", "google", version="preview-05-06"
    ),
    "mistral/mistral-large-2407": _name("mistral-large", "mistral", "mistralai", version="2407"),
    "cohere/command-r-08-2024": _name("command-r", "cohere", "cohere", version="08-2024"),
    "xai/grok-2-1212": _name("grok-2", "xai", "xai-org", version="1212"),
    "openai/azure/gpt-4o-mini": _name("gpt-4o-mini", "azure"),
    "openrouter/google/gemini-3-flash": _name("google/gemini-3-flash", "openrouter", "google"),
    "together/meta-llama/Llama-3-8b-chat-hf": _name(
        "meta-llama/Llama-3-8b-chat-hf", "together", "meta-llama"
    ),
    "fireworks/accounts/fireworks/models/llama": _name(
        "accounts/fireworks/models/llama", "fireworks"
    ),
}
HUB = {
    "meta-llama/Llama-3.1-8B-Instruct": _name(
        "meta-llama/Llama-3.1-8B-Instruct", "huggingface", "meta-llama"
    ),
    # Words that are services too, with models that these do not serve.
    "openai/gpt-oss-20b": _name("openai/gpt-oss-20b", "huggingface", "openai"),
    "google/gemma-2b": _name("google/gemma-2b", "huggingface", "google"),
    "allenai/OLMo-2-1124-7B@step1000": _name(
        "allenai/OLMo-2-1124-7B", "huggingface", "allenai", revision="step1000"
    ),
    "hf.co/bartowski/Llama-3.2-1B-GGUF:Q4_K_M": _name(
        "bartowski/Llama-3.2-1B-GGUF", "huggingface", "bartowski", quantization_text="Q4_K_M"
    ),
    "hf.co/bartowski/Llama-3.2-1B-GGUF:latest": _name(
        "bartowski/Llama-3.2-1B-GGUF", "huggingface", "bartowski"
    ),
    "ollama/hf.co/unsloth/x-GGUF:UD-Q4_K_XL": _name(
        "unsloth/x-GGUF", "huggingface", "unsloth", quantization_text="UD-Q4_K_XL"
    ),
    "bartowski/x-GGUF/x-Q8_0.gguf": _name(
        "bartowski/x-GGUF", "huggingface", "bartowski", quantization_text="Q8_0"
    ),
    "https://huggingface.co/a/b/resolve/v1/c-Q8_0.gguf?download=true": _name(
        "a/b", "huggingface", "a", revision="v1", quantization_text="Q8_0"
    ),
    "https://huggingface.co/a/b/tree/main": _name("a/b", "huggingface", "a", revision="main"),
    "hf://a/b@main": _name("a/b", "huggingface", "a", revision="main"),
    "hf/gpt2": _name("gpt2", "huggingface"),
    "vllm/meta-llama/Llama-3.1-8B": _name("meta-llama/Llama-3.1-8B", "huggingface", "meta-llama"),
    "Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4": _name(
        *("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4", "huggingface", "Qwen"),
        quantization_text="GPTQ-Int4",
    ),
    "mlx-community/Llama-3.2-3B-4bit": _name(
        *("mlx-community/Llama-3.2-3B-4bit", "huggingface", "mlx-community"),
        quantization_text="mlx 4bit",
    ),
    "RedHatAI/Llama-3.1-8B-quantized.w4a16": _name(
        *("RedHatAI/Llama-3.1-8B-quantized.w4a16", "huggingface", "RedHatAI"),
        quantization_text="w4a16",
    ),
    "deepseek-ai/DeepSeek-R1:novita": _name(
        "deepseek-ai/DeepSeek-R1:novita", "huggingface", "deepseek-ai"
    ),
    "huggingface/~/what is this": _name("~/what is this", "huggingface"),
}
OLLAMA = {
    "ollama/llama3.1:8b-instruct-q8_0": _name(
        "llama3.1", "ollama", version="8b-instruct-q8_0", quantization_text="q8_0"
    ),
    "ollama/llama3.1": _name("llama3.1", "ollama"),
    "ollama/me/mine:latest": _name("me/mine", "ollama", "me", version="latest"),
    "https://ollama.com/library/qwen2.5:0.5b": _name("qwen2.5", "ollama", version="0.5b"),
    f"ollama/llama3.1:8b@{DIGEST}": _name("llama3.1", "ollama", version="8b", revision=DIGEST),
}
FILES = {
    "Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf": ("Meta-Llama-3.1-8B-Instruct", "Q4_K_M"),
    "llama-2-7b.Q4_K_M.gguf": ("llama-2-7b", "Q4_K_M"),
    "models/llama_q8_0.gguf": ("llama", "q8_0"),
    "/m/DeepSeek-R1-UD-IQ1_S-00001-of-00003.gguf": ("DeepSeek-R1", "UD-IQ1_S"),
    "C:\\m\\x-Q6_K.gguf": ("x", "Q6_K"),
    "~/m/gpt-oss-20b-mxfp4.gguf": ("gpt-oss-20b", "mxfp4"),
    "gpt-oss-20b-MXFP4_MOE.gguf": ("gpt-oss-20b", "MXFP4_MOE"),
    "x-fp16.gguf": ("x", "fp16"),
    "x.f16.gguf": ("x", "f16"),
    "bitnet-x-TQ1_0.gguf": ("bitnet-x", "TQ1_0"),
    "x-UD-Q4_K_XL.gguf": ("x", "UD-Q4_K_XL"),
    "x-UD-Q3_K_M.gguf": ("x", "UD-Q3_K_M"),
    "x.i1-IQ3_M.gguf": ("x", "i1-IQ3_M"),
    "x-bf16-Q4_0.gguf": ("x-bf16", "Q4_0"),
    "x-Q4_K_M-v2.gguf": ("x-Q4_K_M-v2", "Q4_K_M"),
    "x_q4_k_m_v2.gguf": ("x_q4_k_m_v2", None),
    "x-q4.gguf": ("x-q4", None),
    "Q4_0.gguf": ("Q4_0", "Q4_0"),
    "./x-4.0bpw-h6-exl2/": ("x", "4.0bpw-h6-exl2"),
    "half-life-8B.safetensors": ("half-life-8B", None),
    "file:x.bin": ("file:x", None),
    "/": ("/", None),
}
BARE = {
    "gpt-4o": _name("gpt-4o", None),
    "qwen2.5:0.5b": _name("qwen2.5:0.5b", None),
    "gpt-4o-2024-11-20": _name("gpt-4o-2024-11-20", None),
    "Llama-3.1-8B-Q4_K_M": _name("Llama-3.1-8B-Q4_K_M", None, quantization_text="Q4_K_M"),
    "what/is /this": _name("what/is /this", None),
}


def _expected(text: str, parts: dict[str, Any]) -> ModelName:
    return ModelName(stated=text, **parts)


@pytest.mark.parametrize("text", SERVICES)
def test_names_of_services(text: str) -> None:
    assert parse_name(text) == _expected(text, SERVICES[text])


@pytest.mark.parametrize("text", HUB)
def test_names_of_the_hub(text: str) -> None:
    assert parse_name(text) == _expected(text, HUB[text])


@pytest.mark.parametrize("text", OLLAMA)
def test_names_of_ollama(text: str) -> None:
    assert parse_name(text) == _expected(text, OLLAMA[text])


@pytest.mark.parametrize("text", FILES)
def test_names_of_files(text: str) -> None:
    name, quantized = FILES[text]
    assert parse_name(text) == _expected(text, _name(name, "local", quantization_text=quantized))


@pytest.mark.parametrize("text", BARE)
def test_a_name_alone_says_no_provider(text: str) -> None:
    assert parse_name(text) == _expected(text, BARE[text])


def test_what_stands_around_a_name_is_kept_as_stated() -> None:
    assert parse_name(" openai/gpt-4o\n").stated == " openai/gpt-4o\n"
    assert parse_name(" openai/gpt-4o\n").name == "gpt-4o"


@pytest.mark.parametrize(
    ("text", "provider", "expected"),
    [
        ("gpt-4o-2024-11-20", "openai", _name("gpt-4o", "openai", "openai", version="2024-11-20")),
        ("openai/gpt-4o", "OpenAI", _name("gpt-4o", "openai", "openai")),
        ("qwen2.5:0.5b", "ollama", _name("qwen2.5", "ollama", version="0.5b")),
        ("gpt2", "huggingface", _name("gpt2", "huggingface")),
        ("google/gemma-2b", "openrouter", _name("google/gemma-2b", "openrouter", "google")),
        ("x/y:z", "a place of mine", _name("x/y:z", "a place of mine")),
        ("/m/x-Q4_0", "vllm", _name("x", "local", quantization_text="Q4_0")),
    ],
)
def test_a_provider_that_is_known_says_how_the_name_is_made(
    text: str, provider: str, expected: dict[str, Any]
) -> None:
    assert parse_name(text, provider) == _expected(text, expected)


@pytest.mark.parametrize("text", ["", "  ", "https://"])
def test_an_empty_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="a model needs a name; found an empty text"):
        parse_name(text)


def test_quantizations_in_names_find_their_rows() -> None:
    texts = [parts.get("quantization_text") for parts in (*HUB.values(), *OLLAMA.values())]
    texts += [quantized for _, quantized in FILES.values()]
    unknown = {text for text in texts if text and quantization(text) is None}
    assert unknown == {"UD-Q3_K_M"}


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ({"providers": [{"name": "a"}]}, "has the provider `a` without a name or a known `kind`"),
        ({"providers": [{"kind": "api"}]}, "has the provider `None` without a name"),
        ({"providers": [{"name": "a", "kind": "shop"}]}, "without a name or a known `kind`"),
        ({"providers": [{"name": "a", "kind": "api", "x": 1}]}, "has the unknown key `x`"),
        (
            {
                "providers": [
                    {"name": "a", "kind": "api"},
                    {"name": "b", "kind": "api", "spellings": ["A"]},
                ]
            },
            "has `a` for two providers",
        ),
    ],
)
def test_a_damaged_file_of_providers_gives_a_sentence(
    monkeypatch: pytest.MonkeyPatch, damage: dict[str, Any], sentence: str
) -> None:
    monkeypatch.setattr(providers, "read_file", lambda _: damage)
    with pytest.raises(HouseError) as failure:
        providers.providers.__wrapped__()
    assert sentence in str(failure.value)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ("(", "has a form of versions that is no pattern"),
        ("x", "has a form of versions without a group `version`"),
    ],
)
def test_a_damaged_form_of_versions_gives_a_sentence(
    monkeypatch: pytest.MonkeyPatch, form: object, sentence: str
) -> None:
    monkeypatch.setattr(providers, "read_file", lambda _: {"versions": [form]})
    with pytest.raises(HouseError) as failure:
        providers.version_forms.__wrapped__()
    assert sentence in str(failure.value)
