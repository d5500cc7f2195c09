"""The record of work that is done: each answer once, on the disk before anyone is told.

`Journal` records finished work and knows after any crash what is left; `ResponseCache` keeps
complete replies of models, so that the same request need not be sent again.
"""

from __future__ import annotations

from evalhouse.journal.cache import ReplyKey, ResponseCache
from evalhouse.journal.entry import Entry
from evalhouse.journal.groups import Pace
from evalhouse.journal.header import Header
from evalhouse.journal.journal import Journal
from evalhouse.journal.lock import Holder
from evalhouse.journal.scan import Torn, read
from evalhouse.journal.shelf import CacheLimits, Damage, Pruned
from evalhouse.journal.verify import Fault, Report, verify

__all__ = [
    "CacheLimits",
    "Damage",
    "Entry",
    "Fault",
    "Header",
    "Holder",
    "Journal",
    "Pace",
    "Pruned",
    "ReplyKey",
    "Report",
    "ResponseCache",
    "Torn",
    "read",
    "verify",
]
