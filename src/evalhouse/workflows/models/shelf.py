"""The models of a house, as commands and pages use them."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from evalhouse.catalog.aliases import Alias, kind_of
from evalhouse.catalog.conflicts import Decision, State
from evalhouse.catalog.meeting import Occasion
from evalhouse.catalog.registry import Registered, Registry
from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.lookups.model_sizes import BOUNDS, contradiction_words
from evalhouse.records import Model
from evalhouse.redact import Redactor, holds_login
from evalhouse.store import Store
from evalhouse.views import models as views
from evalhouse.views.models import ConflictLine, ConflictPage, ModelList, ModelPage
from evalhouse.workflows.models.claims import LOGIN, claim_about, claim_of
from evalhouse.workflows.models.descriptor import is_descriptor, read_descriptor
from evalhouse.workflows.models.naming import known_id, other_id
from evalhouse.workflows.models.said import Said, with_person
from evalhouse.workflows.models.weights_on_disk import weights_said
from evalhouse.workflows.redactor import redactor_of

Progress = Callable[[int, int], None]
_NOTED = ("kept", "rejected")
_NOTHING = Said()
_ID = re.compile(r"[0-9a-f]{8}[0-9a-f-]{0,28}")


class ModelShelf:
    """Models of one house; `by` is who decides, the user of this machine where it is None.

    What a person types loses its secrets before it is used, so that none is stored.
    """

    def __init__(self, store: Store, by: str | None = None) -> None:
        self._store = store
        self._by = by

    def as_person(self, by: str | None) -> ModelShelf:
        """Return the same models for decisions of another person; None leaves it as it is."""
        return self if by is None else ModelShelf(self._store, by)

    # -- registration ----------------------------------------------------------------------------

    def register(
        self,
        what: str | os.PathLike[str],
        person: Said = _NOTHING,
        *,
        hashed: bool = True,
        progress: Progress | None = None,
    ) -> Registered:
        """Register a descriptor, a file or folder of weights, or the name of a model.

        The id of a model that is there, or its beginning, adds what a person says to that one.

        The same twice changes nothing. Raises UsageError where it is none of these.
        """
        text = os.fspath(what)
        there = self._with_id(text)
        if there is not None:
            _require_possible(person)
            claim = claim_about(there, person, self._redactor)
        else:
            said = with_person(_said(text, hashed=hashed, progress=progress), person)
            _require_possible(said)
            claim = claim_of(said, self._redactor)
        return self._registry.register(claim, self._occasion(text))

    def _with_id(self, text: str) -> Model | None:
        """Return the model whose id a text is, or begins."""
        if not _ID.fullmatch(text) or Path(text).exists():
            return None
        with self._store.reader() as reader:
            try:
                return views.stored(reader, text)
            except UnknownNameError:
                return None

    # -- decisions -------------------------------------------------------------------------------

    def decide(
        self, conflict: str, state: State, *, note: str | None = None, value: str | None = None
    ) -> ConflictPage:
        """Close a conflict; `value` names the row of a lookup that an unknown text means.

        Raises UsageError where it is closed already, or a note is needed and not given.
        """
        if state in _NOTED and not note:
            raise UsageError("why it is decided so must stand beside it; give a `--note`")
        with self._store.reader() as reader:
            found = views.conflict(reader, conflict)
        note = None if note is None else self._clean(note)
        decision = Decision(state, self._person, datetime.now(UTC), note, value)
        self._registry.decide(found.conflict_id, decision)
        return self.conflict(found.conflict_id)

    def separate(self, name: str) -> Alias:
        """Undo a merger: both models are seen apart again, and their conflict is open again."""
        alias = self._alias("model", name)
        self._registry.remove_alias(kind_of("model"), alias.alias_id)
        return alias

    # -- aliases ---------------------------------------------------------------------------------

    def aliases(self, kind: str) -> Sequence[Alias]:
        """Return the aliases of models, tasks or creators."""
        return self._registry.aliases(kind_of(kind))

    def add_alias(self, kind: str, other: str, name: str, reason: str) -> Alias:
        """Say that one model, task or creator stands for another; `other` need not be there yet.

        Raises UnknownNameError where `name` is not there.
        """
        of = kind_of(kind)
        other, name, reason = self._clean(other), self._clean(name), self._clean(reason)
        with self._store.reader() as reader:
            alias_id, made_of = other_id(reader, of, other)
            target = known_id(reader, of, name)
        if alias_id == target:
            raise UsageError(f"`{other}` and `{name}` are the same {kind} already")
        alias = Alias(kind, alias_id, target, made_of, reason, self._person, datetime.now(UTC))
        self._registry.add_alias(alias)
        return alias

    def remove_alias(self, kind: str, other: str) -> Alias:
        """Remove an alias by its id or name; UsageError where there is none, or several."""
        alias = self._alias(kind, other)
        self._registry.remove_alias(kind_of(kind), alias.alias_id)
        return alias

    # -- questions -------------------------------------------------------------------------------

    def list(self) -> ModelList:
        """List the models; those that stand for another are shown with it."""
        with self._store.reader() as reader:
            return views.models(reader)

    def show(self, name: str) -> ModelPage:
        """Show everything that is known of a model; UnknownNameError where there is none."""
        with self._store.reader() as reader:
            return views.model(reader, name)

    def conflicts(self, *, decided: bool = False) -> Sequence[ConflictLine]:
        """List what waits for a person, and with `decided` also what was decided."""
        with self._store.reader() as reader:
            return views.conflicts(reader, decided=decided)

    def conflict(self, name: str) -> ConflictPage:
        """Show a conflict field by field, by its id or the beginning of it."""
        with self._store.reader() as reader:
            return views.conflict(reader, name)

    # -- what these share ------------------------------------------------------------------------

    @property
    def _registry(self) -> Registry:
        return self._store.catalog.registry

    @cached_property
    def _redactor(self) -> Redactor:
        return redactor_of(self._store)

    def _clean(self, text: str) -> str:
        return self._redactor.address(text)

    @property
    def _person(self) -> str:
        return self._clean(self._by or _user())

    def _occasion(self, origin: str) -> Occasion:
        return Occasion(self._clean(origin), self._person)

    def _alias(self, kind: str, name: str) -> Alias:
        name = self._clean(name)
        found = [
            alias
            for alias in self.aliases(kind)
            if name in {alias.alias_id, alias.alias_name} or _begins(alias.alias_id, name)
        ]
        if len(found) == 1:
            return found[0]
        if not found:
            raise UsageError(
                f"no {kind} is merged under `{name}`; `evalhouse aliases list {kind}` lists them"
            )
        listed = ", ".join(f"`{alias.alias_id}`" for alias in found)
        raise UsageError(f"`{name}` is {len(found)} aliases: {listed}; give the id of one")


def _said(what: str, *, hashed: bool, progress: Progress | None) -> Said:
    path = Path(what).expanduser()
    if not what.strip():
        raise UsageError("a model needs a name; found an empty text")
    if holds_login(what):  # a message about anything else of it would show the password
        raise UsageError(LOGIN)
    if is_descriptor(path):
        return read_descriptor(path)
    if path.exists():
        return weights_said(path, hashed=hashed, progress=progress)
    if _looks_like_a_path(what):
        raise UsageError(
            f"there is nothing at `{what}`; expected a descriptor, a file or folder of weights, or "
            f"the name of a model as `openai/gpt-4o`"
        )
    return Said(name=what)


def _require_possible(said: Said) -> None:
    wrong = contradiction_words({name: getattr(said, name) for name in BOUNDS})
    if wrong:
        raise UsageError(f"no model can have these sizes: {'; '.join(wrong)}; correct one of them")


def _looks_like_a_path(what: str) -> bool:
    endings = (".json", ".gguf", ".safetensors", ".bin", ".pt", ".pth")
    return what.startswith(("/", "./", "../", "~")) or what.lower().endswith(endings)


def _begins(identity: str, prefix: str) -> bool:
    return len(prefix) >= views.SHORTEST_PREFIX and identity.startswith(prefix.lower())


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container may know no user of that number
        return "unknown"
