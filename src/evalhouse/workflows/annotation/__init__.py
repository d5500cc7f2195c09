"""Annotating a task with a model: from a folder with a codebook to a scored run in the house."""

from __future__ import annotations
