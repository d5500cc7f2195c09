"""Models that compare meanings: folders on this machine, never downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evalhouse.errors import UsageError

NO_EXTRA = "needs the extra `text`: pip install 'evalhouse[text]'"
NO_EMBEDDING_MODEL = "needs the folder of a sentence-transformers model; nothing is downloaded"
NO_BERTSCORE_MODEL = "needs the folder of a transformers model; nothing is downloaded"


@dataclass(frozen=True)
class EmbeddingModel:
    """A sentence-transformers model.

    `path` is its folder, `batch_size` how many texts are encoded at once, `device` where (such as
    "cpu" or "cuda:0"; by default where PyTorch finds most power).
    """

    path: str | Path
    batch_size: int = 64
    device: str | None = None


@dataclass(frozen=True)
class BertModel:
    """A transformers model and how BERTScore uses it.

    `path` is its folder. `layer` is the hidden layer whose vectors are compared (0 are the
    embeddings), by default the last; Zhang et al. chose 17 for roberta-large. `idf` weights tokens
    by how few gold texts have them. `baseline` holds the precision, recall and F1 of unrelated
    texts that scores are rescaled by. `batch_size` and `device` as in `EmbeddingModel`.
    """

    path: str | Path
    layer: int | None = None
    idf: bool = False
    baseline: tuple[float, float, float] | None = None
    batch_size: int = 64
    device: str | None = None


def checked_folder(path: str | Path) -> str:
    """Return the folder of a model.

    Raises:
        UsageError: where there is none: a name would make a library look for it elsewhere.
    """
    if not Path(path).is_dir():
        raise UsageError(
            f"there is no folder with a model at `{path}`; download one first and give its folder, "
            "for nothing is downloaded here"
        )
    return str(path)
