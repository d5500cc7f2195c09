from __future__ import annotations

import string
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small BERT of chance weights and a tokenizer that knows letters and a few words."""
    torch = pytest.importorskip("torch", reason="the extra `text` is not installed")
    transformers = pytest.importorskip("transformers", reason="the extra `text` is not installed")
    folder = tmp_path_factory.mktemp("bert")
    letters = string.ascii_lowercase
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, "the", "cat", "sat", "on", "."]
    words += [f"##{letter}" for letter in letters]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=40,
    )
    transformers.BertModel(config).save_pretrained(folder)
    vocabulary = str(folder / "vocab.txt")
    transformers.BertTokenizer(vocabulary, model_max_length=40).save_pretrained(folder)
    return folder
