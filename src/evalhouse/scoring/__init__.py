"""Scores of annotated fields: which metrics a type of answer has, each with its interval."""

from __future__ import annotations
