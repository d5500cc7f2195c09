"""What answers to a task are worth: scores against its gold, field by field, with intervals."""

from __future__ import annotations

from evalhouse.assessment.answers import Answered
from evalhouse.assessment.assess import assess
from evalhouse.assessment.codebook_lab import assess_as_codebook_lab
from evalhouse.assessment.majority import majority_cells
from evalhouse.assessment.reading import read_answers
from evalhouse.assessment.reports import classification_reports
from evalhouse.assessment.results import (
    Assessment,
    Confusion,
    FieldResult,
    Human,
    ScoreLine,
)
from evalhouse.assessment.tidy import TidyLine, class_lines, tidy_lines

__all__ = [
    "Answered",
    "Assessment",
    "Confusion",
    "FieldResult",
    "Human",
    "ScoreLine",
    "TidyLine",
    "assess",
    "assess_as_codebook_lab",
    "class_lines",
    "classification_reports",
    "majority_cells",
    "read_answers",
    "tidy_lines",
]
