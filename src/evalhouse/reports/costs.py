"""What runs took, as blocks of a report."""

from __future__ import annotations

from collections.abc import Iterator

from evalhouse.reports.document import Block, Column, Paragraph, Table, Words, plain, words
from evalhouse.reports.wording import NOTHING, amount, counted, duration
from evalhouse.views.annotation.costs import Bill, Costs, Energy


def cost_blocks(costs: Costs) -> Iterator[Block]:
    """Yield what a run took, and where its energy and its price come from."""
    rows = tuple((plain(title), plain(value)) for title, value in _lines(costs) if value != NOTHING)
    if rows:
        columns = (Column("what"), Column("how much", is_number=True))
        yield Table("What the run took", columns, rows)
    yield Paragraph(energy_told(costs.energy))
    yield Paragraph(bill_told(costs.bill))


def _lines(costs: Costs) -> Iterator[tuple[str, str]]:
    yield "texts", f"{costs.rows:,}"
    for title, count in (
        ("requests answered", costs.requests),
        ("of them reprompts", costs.reprompts),
        ("failures of the connection", costs.failures),
        ("replies from the cache", costs.cached_replies),
    ):
        yield title, NOTHING if count is None else f"{count:,}"
    yield "time by the clock", duration(costs.wall_seconds)
    yield "time of all requests together", duration(costs.inference_seconds)
    yield "time of a request", duration(costs.mean_seconds)
    yield "time to the first token", duration(costs.first_token_seconds)
    for title, count in (
        ("tokens sent", costs.input_tokens),
        ("of them known to the server", costs.cached_tokens),
        ("tokens answered", costs.output_tokens),
        ("of them reasoning", costs.reasoning_tokens),
        ("characters sent", costs.input_characters),
        ("characters answered", costs.output_characters),
    ):
        yield title, NOTHING if count is None else f"{count:,}"
    if costs.energy:
        whose = " (client only)" if costs.energy.scope == "client_only" else ""
        yield f"energy{whose}", amount(costs.energy.kwh, "kWh")
        yield f"emissions{whose}", amount(costs.energy.kg, "kg CO₂e")
        yield "energy for 1,000 texts", amount(costs.watt_hours, "Wh")
    yield "price by list", dollars(costs.bill.dollars)
    yield "price for 1,000 texts", dollars(costs.dollars)


def energy_told(energy: Energy | None) -> Words:
    """Return whose energy was measured."""
    if energy is None:
        return plain("Energy was not measured.")
    where = (
        "of the machine that ran client and model"
        if energy.scope == "local"
        else "of the client alone; the model ran on another machine, whose energy nobody measured"
    )
    hardware = "".join(f", `{part.replace('`', chr(39))}`" for part in energy.hardware)
    return words(
        f"Energy is CodeCarbon's measure or estimate {where} "
        f"({counted(energy.sessions, 'session')}{hardware})."
    )


def bill_told(bill: Bill) -> Words:
    """Return where a price comes from."""
    price = bill.price
    if price is None:
        return words(f"No price is shown: {bill.note}.")
    source = (
        f"list prices of `{price.source}` as of {price.checked.isoformat()}: "
        f"${price.input:g} for a million tokens sent, ${price.cached:g} for those known to the "
        f"server, ${price.output:g} for a million answered"
    )
    if bill.dollars is None:
        return words(f"No price is shown: {bill.note} ({source}).")
    return words(f"The price is computed from the tokens when this report is made, by {source}.")


def dollars(value: float | None) -> str:
    """Return US dollars.

    Example:
        >>> dollars(12.5), dollars(0.00123)
        ('$12.50', '$0.00123')
    """
    if value is None:
        return NOTHING
    return f"${value:,.2f}" if value >= 1 else f"${amount(value)}"
