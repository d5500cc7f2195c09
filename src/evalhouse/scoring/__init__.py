"""Scores of annotated fields: which metrics a type of answer has, each with its interval."""

from __future__ import annotations

from evalhouse.scoring.field import Field
from evalhouse.scoring.fields import HEADLINES, score_field
from evalhouse.scoring.score import DEFINITIONS, FieldScore, Scoring

__all__ = ["DEFINITIONS", "HEADLINES", "Field", "FieldScore", "Scoring", "score_field"]
