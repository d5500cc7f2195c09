"""Commands that run annotation: annotate, sweep."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalhouse.cli.annotation_pages import as_data, swept_as_data, tell_run, tell_sweep
from evalhouse.cli.errors import INTERRUPTED, complain
from evalhouse.cli.output import say_aside, stderr, write_json
from evalhouse.cli.session import Session

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from evalhouse.engine.progress import Progress
    from evalhouse.store import Store
    from evalhouse.workflows.annotation.annotate import Annotated as Run
    from evalhouse.workflows.annotation.grid import Planned

_PROVIDER, _ASKING, _SAMPLING, _PACE, _RUN = (
    "Model",
    "Questions",
    "Sampling",
    "Pace and spending",
    "Run",
)


class Unit(StrEnum):
    """What one request asks."""

    text = "text"
    field = "field"
    batch = "batch"


class Retry(StrEnum):
    """How an answer that is not allowed is asked for again."""

    reprompt = "reprompt"
    identical = "identical"
    temperature = "temperature"


def _option(panel: str, text: str, *names: str, **others: Any) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=panel, **others)


Text = str | None
Number = float | None
Whole = int | None


def annotate(  # noqa: PLR0913 - each parameter is an option of the command
    context: typer.Context,
    task: Annotated[str, typer.Argument(metavar="TASK", help="The task's folder.")],
    *,
    model: Annotated[
        Text, _option(_PROVIDER, "The model, as its server calls it.", "--model", "-m")
    ] = None,
    provider: Annotated[
        Text,
        _option(
            _PROVIDER,
            "ollama (default), openai, anthropic, replay, or baseline.",
            "--provider",
            "-p",
        ),
    ] = None,
    base_url: Annotated[Text, _option(_PROVIDER, "Where the server is.", metavar="URL")] = None,
    revision: Annotated[
        Text, _option(_PROVIDER, "Of the weights, where the server does not tell.")
    ] = None,
    key_variable: Annotated[
        Text, _option(_PROVIDER, "The environment variable with the key.")
    ] = None,
    dialect: Annotated[
        Text, _option(_PROVIDER, "Variety of the API, such as vllm or llama.cpp.")
    ] = None,
    omit: Annotated[
        list[str] | None, _option(_PROVIDER, "Leave a parameter out; may be repeated.")
    ] = None,
    timeout: Annotated[Number, _option(_PROVIDER, "Seconds for a whole reply.")] = None,
    stream: Annotated[
        bool | None, _option(_PROVIDER, "Stream replies, to time the first token.")
    ] = None,
    context_length: Annotated[Whole, _option(_PROVIDER, "Tokens to ask Ollama for.")] = None,
    keep_alive: Annotated[Text, _option(_PROVIDER, "How long Ollama keeps the model.")] = None,
    use_proxy: Annotated[bool | None, _option(_PROVIDER, "Use the environment's proxies.")] = None,
    request_unit: Annotated[
        Unit | None,
        _option(
            _ASKING,
            "What one request asks: all fields of a text (default), a field, a batch of texts.",
            "--unit",
        ),
    ] = None,
    chat_mode: Annotated[
        Text,
        _option(_ASKING, "What a request brings along: per_text (default), per_query, continuous."),
    ] = None,
    history_window: Annotated[
        Whole, _option(_ASKING, "At most so many earlier exchanges.", "--window")
    ] = None,
    batch_size: Annotated[Whole, _option(_ASKING, "Texts in a request of a batch.")] = None,
    prompt_type: Annotated[
        Text, _option(_ASKING, "standard (default), persona or CoT.", "--prompt")
    ] = None,
    template: Annotated[
        Text, _option(_ASKING, "A file with a prompt of your own.", metavar="FILE")
    ] = None,
    use_examples: Annotated[
        bool | None, _option(_ASKING, "Show the codebook's examples.", "--examples/--no-examples")
    ] = None,
    process_textbox: Annotated[
        bool | None, _option(_ASKING, "Ask fields of free text.", "--textbox/--no-textbox")
    ] = None,
    process_span: Annotated[
        bool | None, _option(_ASKING, "Ask for spans.", "--span/--no-span")
    ] = None,
    structured: Annotated[
        bool | None, _option(_ASKING, "Give the server a JSON schema.", "--schema/--no-schema")
    ] = None,
    repeats: Annotated[
        Whole, _option(_ASKING, "Ask everything so often, and take the majority.")
    ] = None,
    logprobs: Annotated[
        Whole, _option(_ASKING, "Alternatives per token whose probabilities are kept.")
    ] = None,
    retries: Annotated[
        Whole, _option(_ASKING, "Further requests for an answer that is not allowed.")
    ] = None,
    retry_strategy: Annotated[Retry | None, _option(_ASKING, "How these are asked.")] = None,
    retry_temperature: Annotated[Number, _option(_ASKING, "For the strategy temperature.")] = None,
    temperature: Annotated[Text, _option(_SAMPLING, "0.0 by default; none sends none.")] = None,
    top_p: Annotated[
        Number, _option(_SAMPLING, "Share of the distribution that is drawn from.")
    ] = None,
    seed: Annotated[Whole, _option(_SAMPLING, "Raised by one with each repeat.")] = None,
    max_tokens: Annotated[Whole, _option(_SAMPLING, "Longest reply.")] = None,
    stop: Annotated[
        list[str] | None, _option(_SAMPLING, "Text that ends a reply; may be repeated.")
    ] = None,
    reasoning: Annotated[
        Text, _option(_SAMPLING, "Thinking: yes, no, or a level such as low.")
    ] = None,
    thinking_tokens: Annotated[Whole, _option(_SAMPLING, "Budget of tokens for thinking.")] = None,
    concurrency: Annotated[Whole, _option(_PACE, "Requests at once, at most (default 32).")] = None,
    requests_per_minute: Annotated[Number, _option(_PACE, "Requests in any minute.")] = None,
    tokens_per_minute: Annotated[Number, _option(_PACE, "Tokens in any minute.")] = None,
    transport_retries: Annotated[
        Whole, _option(_PACE, "Further tries after a failure (default 6).")
    ] = None,
    max_requests: Annotated[Whole, _option(_PACE, "Stop after so many requests.")] = None,
    max_total_tokens: Annotated[Whole, _option(_PACE, "Stop after so many tokens.")] = None,
    max_cost: Annotated[
        Number, _option(_PACE, "Stop after so many US dollars.", metavar="USD")
    ] = None,
    limit: Annotated[
        Whole, _option(_RUN, "Ask about the first rows alone.", metavar="ROWS")
    ] = None,
    outputs: Annotated[
        Text, _option(_RUN, "Where run folders go (default ./outputs).", metavar="FOLDER")
    ] = None,
    cache: Annotated[
        Text, _option(_RUN, "Keep replies there, and ask for none twice.", metavar="FOLDER")
    ] = None,
    record: Annotated[
        Text, _option(_RUN, "Add exchanges to a file, to be replayed.", metavar="FILE")
    ] = None,
    country: Annotated[
        Text, _option(_RUN, "Where this machine stands, as USA, for emissions.")
    ] = None,
    energy: Annotated[bool | None, _option(_RUN, "Measure energy.", "--energy/--no-energy")] = None,
    quantization: Annotated[Text, _option(_RUN, "Of the model, for the table of runs.")] = None,
    label: Annotated[Text, _option(_RUN, "A name of the run for people.")] = None,
    level: Annotated[Number, _option(_RUN, "Confidence of the intervals (default 0.95).")] = None,
    new: Annotated[
        bool | None, _option(_RUN, "Begin anew although there is such a run.", "--new")
    ] = None,
    no_house: Annotated[bool, _option(_RUN, "Take nothing into the house.", "--no-house")] = False,
    json: Annotated[bool, _option(_RUN, "Print the outcome as JSON.", "--json")] = False,
    quiet: Annotated[bool, _option(_RUN, "Show no progress.", "--quiet", "-q")] = False,
) -> None:
    """Let a model annotate a task, and score it; the same command again goes on with it."""
    values = dict(locals())
    for name in ("context", "task", "no_house", "json", "quiet"):
        values.pop(name)
    from evalhouse.workflows.annotation.annotate import annotate as run  # noqa: PLC0415 - heavy
    from evalhouse.workflows.annotation.options import settings_of  # noqa: PLC0415 - heavy

    settings = settings_of(_given(values))
    session = Session.of(context)
    with _store(session, wanted=not no_house) as store, watching(quiet=quiet or json) as watch:
        found = run(task, settings, store, watch)
    _end(found, session, json=json)


def sweep(  # noqa: PLR0913 - each parameter is an option of the command
    context: typer.Context,
    grid: Annotated[
        str, typer.Argument(metavar="GRID", help="A YAML file with settings; lists are swept.")
    ],
    *,
    outputs: Annotated[Text, typer.Option(metavar="FOLDER", help="Where run folders go.")] = None,
    new: Annotated[bool | None, typer.Option("--new", help="Run also what is done.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run, and run nothing.")
    ] = False,
    no_house: Annotated[
        bool, typer.Option("--no-house", help="Take nothing into the house.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Run every combination of a grid; what is done is skipped, what fails holds up nothing."""
    from evalhouse.workflows.annotation.sweep import plan_sweep, run_sweep  # noqa: PLC0415 - heavy

    planned = plan_sweep(grid, _given({"outputs": outputs, "new": new}))
    session = Session.of(context)
    if dry_run:
        tell_sweep(planned, [], session)
        return
    with _store(session, wanted=not no_house) as store, watching(quiet=quiet or json) as watch:
        done = run_sweep(planned, store, watch, None if quiet or json else _telling(planned))
    if json:
        write_json([swept_as_data(each) for each in done])
    else:
        tell_sweep(planned, done, session)
    if any(each.is_stopped for each in done):
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(1 if any(each.failure for each in done) else 0)


def _telling(planned: Sequence[Planned]) -> Callable[[int, Planned], None]:
    """Return what says on stderr which run begins."""

    def tell(number: int, plan: Planned) -> None:
        provider = plan.settings.provider
        say_aside(
            f"run {number} of {len(planned)}: {provider.provider} {provider.model} on "
            f"{plan.task.name}"
        )

    return tell


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _end(found: Run, session: Session, *, json: bool) -> None:
    if json:
        write_json(as_data(found))
    else:
        tell_run(found, session)
    if found.is_stopped:
        complain("stopped; what is answered is kept: run the same command again to go on")
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(0 if found.folder.is_complete else 1)


@contextmanager
def _store(session: Session, *, wanted: bool) -> Iterator[Callable[[], Store] | None]:
    """Give what opens the house, once it is needed: what cannot be run leaves none behind."""
    with ExitStack() as stack:

        @cache
        def opened() -> Store:
            return stack.enter_context(session.write()).store

        yield opened if wanted else None


@contextmanager
def watching(*, quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Show rows, rate, tokens, errors and the time that is left; it is gone when the work is."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    with _bar() as bar:
        shown = bar.add_task("asking", total=None, note="")

        def watch(progress: Progress) -> None:
            bar.update(
                shown, completed=progress.rows, total=progress.rows_total, note=_note(progress)
            )

        yield watch


def _note(progress: Progress) -> str:
    parts = []
    if progress.seconds_left is not None:
        parts.append(f"{_clock(progress.seconds_left)} left")
    parts += [f"{progress.rate:.3g}/s"] if progress.rate else []
    parts += [f"{progress.tokens:,} tokens"] if progress.tokens else []
    for count, what in (
        (progress.replayed, "answered before"),
        (progress.cached, "from the cache"),
        (progress.invalid, "not usable"),
        (progress.tries_failed, "tries failed"),
        (progress.failures, "given up"),
    ):
        parts += [f"{count:,} {what}"] if count else []
    return ", ".join(parts)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _bar() -> Bar:
    from rich.progress import (  # noqa: PLC0415 - only where a terminal watches
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    return Progress(
        BarColumn(bar_width=16),
        MofNCompleteColumn(),
        TextColumn("rows", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        console=stderr(),
        transient=True,
    )
