"""SQL at a prompt, with history and completion."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from evalhouse.cli.errors import complain
from evalhouse.cli.output import print_arrow, say
from evalhouse.errors import EvalhouseError

if TYPE_CHECKING:
    from evalhouse.house import House

_LEAVE = frozenset({"exit", "quit", r"\q"})
_KEYWORDS = "select from where group by order limit join using with having count avg sum distinct"


def ask(house: House, session: PromptSession[str] | None = None) -> None:
    """Answer queries that end in `;` until the input ends; a query that fails is told."""
    typed = session or PromptSession(history=_history(), completer=_completer())
    say("a query ends with `;`, control-D leaves; `show tables;` lists what there is")
    while (query := _next_query(typed)) is not None:
        if query:
            _answer(house, query)


def _answer(house: House, query: str) -> None:
    try:
        print_arrow(house.sql(query))
    except EvalhouseError as failure:
        complain(str(failure))
    except KeyboardInterrupt:
        complain("the query was interrupted")


def _next_query(session: PromptSession[str]) -> str | None:
    """Return the next query; "" where it was given up, None at the end of the input."""
    lines: list[str] = []
    while True:
        try:
            line = session.prompt("sql> " if not lines else "...> ")
        except KeyboardInterrupt:
            return ""
        except EOFError:
            return None
        if not lines and line.strip().rstrip(";").lower() in _LEAVE:
            return None
        lines.append(line)
        query = "\n".join(lines).strip()
        if not query or query.endswith(";"):
            return query.rstrip("; \n")


def _history() -> History:
    """Return the history of this person; where it cannot be kept, one that is forgotten."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    file = Path(state) / "evalhouse" / "sql_history"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(file))


def _completer() -> WordCompleter:
    from evalhouse.views.tables import table, tables  # noqa: PLC0415 - loaded by now

    listed: Any = tables()
    names = {line.name for line in listed.tables}
    columns = {column.name for name in names for column in table(name).columns}
    return WordCompleter(sorted(names | columns | set(_KEYWORDS.split())), ignore_case=True)
