"""The store: the commit protocol over catalog and lake, and reads as one snapshot.

Rows of the lake are written first, then one catalog transaction makes them visible. Whatever
happens in between, readers see the house as before or with the whole batch.
"""

from __future__ import annotations

from evalhouse.store.blobs import Blobs
from evalhouse.store.reader import Reader
from evalhouse.store.store import Batch, Store
from evalhouse.store.views import VIEWS, View

__all__ = ["VIEWS", "Batch", "Blobs", "Reader", "Store", "View"]
