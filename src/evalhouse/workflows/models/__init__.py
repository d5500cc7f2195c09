"""Models of a house: registered by a person, shown, and what is in conflict decided."""

from __future__ import annotations

from evalhouse.workflows.models.said import Place, Said
from evalhouse.workflows.models.shelf import ModelShelf

__all__ = ["ModelShelf", "Place", "Said"]
