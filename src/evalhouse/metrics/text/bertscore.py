"""BERTScore: each token's best match in meaning on the other side."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UsageError
from evalhouse.metrics.text.models import (
    NO_BERTSCORE_MODEL,
    NO_EXTRA,
    BertModel,
    checked_folder,
)
from evalhouse.metrics.text.pairs import OUTSIDE, GoldTexts, Pairs, Texts, pair_texts
from evalhouse.metrics.text.score import TextScore, empty_score, mean_score

if TYPE_CHECKING:
    from torch import Tensor

Floats = NDArray[np.float64]
_CHUNK = 16  # batches whose vectors are held at once


@dataclass(frozen=True, eq=False)
class BertScore:
    """The three scores, each a mean over units of its own."""

    precision: TextScore
    recall: TextScore
    f1: TextScore


def bertscore(
    gold: GoldTexts | Pairs,
    model: Texts | None = None,
    *,
    encoder: BertModel | str | Path | None = None,
) -> BertScore:
    """Mean BERTScore, equal to the package bert-score's.

    R = Σ_x w(x) max_y x · y / Σ_x w(x) over the tokens x of the gold text, with the unit vectors of
    one hidden layer, y the tokens of the model's text, w = 1 or the inverse document frequency
    log((N + 1) / (n_x + 1)) over the N gold texts; P the same with sides changed;
    F1 = 2 P R / (P + R); with a baseline b, (score - b) / (1 - b)

    Args:
        gold: (m,) texts, each one or several, of which the best counts, for each score by itself.
        model: (m,) texts. A unit without one scores 0, also with a baseline.
        encoder: a transformers model in a folder of this machine, and how it is used.

    Range: -1 to 1, in practice 0 (nothing alike) to 1 (equal); with a baseline 0 is what unrelated
    texts score. The marks of beginning and end can be matched and weigh nothing. Where all tokens
    of a side weigh nothing (there are none) the unit scores 0 before rescaling. Longer texts than
    the model takes are cut.
    Undefined, with a note of what is needed: without a gold text, without the extra `text`, and
    without a model.

    Source: Zhang et al. 2020, https://openreview.net/forum?id=SkeHuCVFDr. The package lets the
    padding of a batch stand for a match of similarity 0; here only tokens match.

    Example:
        >>> bertscore(["a cat"], ["the cat"]).f1.value.note
        'needs the folder of a transformers model; nothing is downloaded'
    """
    pairs = pair_texts(gold, model)
    if encoder is None:
        return BertScore(*(empty_score(pairs, NO_BERTSCORE_MODEL) for _ in range(3)))
    settings = encoder if isinstance(encoder, BertModel) else BertModel(encoder)
    checked_folder(settings.path)
    try:
        values = _scores(pairs, settings)
    except ModuleNotFoundError:
        return BertScore(*(empty_score(pairs, NO_EXTRA) for _ in range(3)))
    if settings.baseline:
        floor = np.array(settings.baseline)
        values = (values - floor) / (1 - floor)
    note = _note(settings)
    return BertScore(*(mean_score(pairs, column[pairs.best(column)], note) for column in values.T))


def _note(settings: BertModel) -> str:
    parts = [f"model: {Path(settings.path).name}"]
    parts += [f"layer {settings.layer}" if settings.layer is not None else "last layer"]
    parts += ["idf"] if settings.idf else []
    return ", ".join(parts + (["rescaled"] if settings.baseline else []))


def _scores(pairs: Pairs, settings: BertModel) -> Floats:
    """Return precision, recall and F1 for each reference (f, 3)."""
    encoder = _Encoder(settings)
    tokens = {text: encoder.tokens(text) for text in {*pairs.gold, *pairs.model}}
    weights = encoder.weights(pairs, tokens)
    found = np.zeros((len(pairs.gold), 3))
    # Texts of like length together, so that little is padded.
    order = sorted(range(len(found)), key=lambda row: len(tokens[pairs.gold[row]]))
    size = settings.batch_size * _CHUNK
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        held = {text for row in rows for text in (pairs.gold[row], pairs.model[row])}
        vectors = dict(encoder.vectors({text: tokens[text] for text in held}))
        for first in range(0, len(rows), settings.batch_size):
            batch = rows[first : first + settings.batch_size]
            sides = [[side[row] for row in batch] for side in (pairs.model, pairs.gold)]
            found[batch] = _matched(
                [[vectors[text] for text in side] for side in sides],
                [[weights(tokens[text]) for text in side] for side in sides],
            )
    return found


def _matched(vectors: list[list[Tensor]], weights: list[list[Floats]]) -> Floats:
    """Return precision, recall and F1 of a batch (b, 3) from those of answers and references."""
    from torch.nn.utils.rnn import pad_sequence  # noqa: PLC0415 - an extra, and heavy

    answers, references = (pad_sequence(side, batch_first=True) for side in vectors)
    alike = (answers @ references.transpose(1, 2)).float().cpu().numpy().clip(-1, 1)
    padded = [_padded(side) for side in weights]
    totals = [np.nansum(side, axis=1) for side in padded]
    means = np.zeros((3, len(alike)))
    for side in (0, 1):
        # What only fills a batch up has no weight, which is NaN, and is no match for anything.
        is_token = np.expand_dims(~np.isnan(padded[1 - side]), 1 + side)
        best = np.where(is_token, alike, -np.inf).max(axis=2 - side)
        means[side] = np.nansum(padded[side] * best, axis=1)
        means[side] /= np.where(totals[side] > 0, totals[side], 1)
    means[:, (totals[0] <= 0) | (totals[1] <= 0)] = 0
    both = means[0] + means[1]
    means[2] = 2 * means[0] * means[1] / np.where(both != 0, both, 1)
    return means.T


def _padded(rows: list[Floats]) -> Floats:
    filled = np.full((len(rows), max(map(len, rows))), np.nan)
    for place, row in enumerate(rows):
        filled[place, : len(row)] = row
    return filled


class _Encoder:
    """A model and its tokenizer."""

    def __init__(self, settings: BertModel) -> None:
        import torch  # noqa: PLC0415 - an extra, and heavy
        from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415 - same

        path = str(settings.path)
        self.settings = settings
        self.device = settings.device or ("cuda" if torch.cuda.is_available() else "cpu")
        self.tokenizer: Any = AutoTokenizer.from_pretrained(path, local_files_only=True)
        network: Any = AutoModel.from_pretrained(path, local_files_only=True)
        if network.config.is_encoder_decoder:
            network = network.get_encoder()
        self.layer = _checked_layer(settings.layer, int(network.config.num_hidden_layers))
        self.network = _cut(network, self.layer).to(self.device).eval()
        self.limit = _limit(self.tokenizer, network.config)
        # Such tokenizers see a word at the start of a text as another than within it.
        self.lead = " " if _is_byte_level(self.tokenizer) else ""

    def tokens(self, text: str) -> tuple[int, ...]:
        """Return the codes of a text between the marks of its beginning and end."""
        bare = text.strip()
        return tuple(
            self.tokenizer.encode(bare and self.lead + bare, truncation=True, max_length=self.limit)
        )

    def weights(self, pairs: Pairs, tokens: dict[str, tuple[int, ...]]) -> _Weights:
        """Return how much each token weighs."""
        if not self.settings.idf:
            return _Weights({self.tokenizer.cls_token_id: 0.0, self.tokenizer.sep_token_id: 0.0})
        times = np.bincount(pairs.place[pairs.place != OUTSIDE], minlength=len(pairs.references))
        counts, documents = Counter[int](), 0
        for text, unit in zip(pairs.gold, pairs.owner.tolist(), strict=True):
            documents += int(times[unit])
            for token in set(tokens[text]):
                counts[token] += int(times[unit])
        return _Weights(
            {token: math.log((documents + 1) / (count + 1)) for token, count in counts.items()},
            math.log(documents + 1),
        )

    def vectors(self, texts: dict[str, tuple[int, ...]]) -> Iterator[tuple[str, Tensor]]:
        """Return the unit vectors of every text's tokens (tokens, dimensions)."""
        import torch  # noqa: PLC0415 - an extra, and heavy

        names = sorted(texts, key=lambda text: len(texts[text]))
        for start in range(0, len(names), self.settings.batch_size):
            batch = names[start : start + self.settings.batch_size]
            longest = len(texts[batch[-1]])
            codes = np.full((len(batch), longest), self.tokenizer.pad_token_id or 0)
            mask = np.zeros((len(batch), longest), np.int64)
            for row, name in enumerate(batch):
                codes[row, : len(texts[name])] = texts[name]
                mask[row, : len(texts[name])] = 1
            with torch.inference_mode():
                hidden = self.network(
                    input_ids=torch.from_numpy(codes).to(self.device),
                    attention_mask=torch.from_numpy(mask).to(self.device),
                    output_hidden_states=True,
                ).hidden_states[self.layer]
                units = hidden / hidden.norm(dim=-1, keepdim=True)
            for row, name in enumerate(batch):
                yield name, units[row, : len(texts[name])]


@dataclass(frozen=True)
class _Weights:
    """What each token weighs, and what all others do."""

    known: dict[int, float]
    other: float = 1.0

    def __call__(self, tokens: tuple[int, ...]) -> Floats:
        return np.array([self.known.get(token, self.other) for token in tokens])


def _checked_layer(layer: int | None, layers: int) -> int:
    if layer is None:
        return layers
    if not 0 <= layer <= layers:
        raise UsageError(
            f"the model has the layers 0 to {layers}; found `{layer}`; give one of them"
        )
    return layer


def _cut(network: Any, layer: int) -> Any:
    # Layers above the one that is read would be computed for nothing.
    stack = getattr(getattr(network, "encoder", None), "layer", None)
    if stack is not None and layer:
        network.encoder.layer = stack[:layer]
    return network


def _limit(tokenizer: Any, config: Any) -> int:
    # Tokenizers without a limit of their own say 10 ** 30. Those of RoBERTa's kind lose the first
    # places to their padding.
    places = int(getattr(config, "max_position_embeddings", 0) or 512)
    lost = (tokenizer.pad_token_id or 0) + 1 if _is_byte_level(tokenizer) else 0
    return min(int(tokenizer.model_max_length), places - lost)


def _is_byte_level(tokenizer: Any) -> bool:
    return type(tokenizer).__name__.startswith(("Roberta", "GPT2"))
