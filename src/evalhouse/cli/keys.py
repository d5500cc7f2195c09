"""Commands about the keys that publishers sign with: register, list, revoke."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from evalhouse.cli.output import Column, print_rows, say, write_json
from evalhouse.cli.session import Session
from evalhouse.cli.text import NOTHING, safe
from evalhouse.errors import UsageError

if TYPE_CHECKING:
    from evalhouse.workflows.keys import KeyLine

_Json = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]
_MINUTE = "%Y-%m-%d %H:%M"


def register(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="PUBLIC_KEY_FILE", help="Public Ed25519 key: PEM, or base64 of 32 bytes."
        ),
    ],
    *,
    publisher: Annotated[str, typer.Option(metavar="NAME", help="Who signs with it.")],
    valid_from: Annotated[
        str | None, typer.Option(metavar="TIME", help="First moment it counts; else now.")
    ] = None,
    valid_until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Last moment it counts, as 2027-12-31.")
    ] = None,
    json: _Json = False,
) -> None:
    """Register the public key of a publisher, by which signed results are known."""
    from evalhouse.workflows.keys import register_key  # noqa: PLC0415 - heavy, not for help

    start, end = _moment(valid_from, "--valid-from"), _moment(valid_until, "--valid-until")
    with Session.of(context).write() as house:
        line = register_key(house.store, file, publisher, valid_from=start, valid_until=end)
    if json:
        write_json(msgspec.to_builtins(line))
        return
    until = f"until {line.valid_until:{_MINUTE}} UTC" if line.valid_until else "until it is revoked"
    say(f"the key {line.key_id} of {safe(line.publisher)} counts {until}")


def list_all(context: typer.Context, *, json: _Json = False) -> None:
    """List the registered keys, those that do not count any more too."""
    from evalhouse.workflows.keys import list_keys  # noqa: PLC0415 - heavy, not for help

    session = Session.of(context)
    with session.read() as house:
        lines = list_keys(house.store)
    if json:
        write_json(msgspec.to_builtins(lines))
    elif lines:
        _print(lines)
    else:
        say(f"no key is registered; {session.command('keys', 'register')} FILE --publisher NAME")


def revoke(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="ID", help="The key: its id or how that begins.")],
    *,
    note: Annotated[str, typer.Option(metavar="TEXT", help="Why it never counts again.")],
    json: _Json = False,
) -> None:
    """Let a key never count again; what it signed before stays as it was judged."""
    from evalhouse.workflows.keys import revoke_key  # noqa: PLC0415 - heavy, not for help

    with Session.of(context).read() as house:
        line = revoke_key(house.store, key, note)
    if json:
        write_json(msgspec.to_builtins(line))
    else:
        say(f"the key {line.key_id} of {safe(line.publisher)} does not count any more")


def _print(lines: tuple[KeyLine, ...]) -> None:
    names = ("key", "publisher", "state", "from", "until", "note")
    print_rows(
        [Column(name) for name in names],
        [
            (
                line.key_id,
                safe(line.publisher),
                line.state,
                f"{line.valid_from:{_MINUTE}}",
                f"{line.valid_until:{_MINUTE}}" if line.valid_until else NOTHING,
                safe(line.note or NOTHING),
            )
            for line in lines
        ],
    )


def _moment(text: str | None, option: str) -> datetime | None:
    """Return a moment in UTC; a day alone is its beginning, or its end where a key expires."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"`{option} {text}` is no time; expected ISO 8601, as 2027-12-31 or 2027-12-31T12:00Z"
        ) from None
    is_day = len(text.strip()) == len("2027-12-31")
    if is_day and option == "--valid-until":
        moment = moment.replace(hour=23, minute=59, second=59)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
