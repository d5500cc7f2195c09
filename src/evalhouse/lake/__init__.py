"""The lake: Delta tables of Parquet, in a folder or a bucket.

Workers write Parquet (`TableWriter`, which needs pyarrow alone); one process adds the files to a
table's log in one Delta commit (`Lake.append`). Nothing here knows which rows are visible.
"""

from __future__ import annotations

from evalhouse.lake.delta import Lake, LakeFile
from evalhouse.lake.place import Place
from evalhouse.lake.writer import DataFile, TableWriter

__all__ = ["DataFile", "Lake", "LakeFile", "Place", "TableWriter"]
