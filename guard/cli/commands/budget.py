"""`guard budget show | set | reserve | release | history | verify | preview`: what may still be spent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guard.cli.options import ConfigFile, check_choice
from guard.cli.session import recorded, session
from guard.cli.terminal import answer, check_writable, out, save
from guard.errors import EXIT_CLEAN, NothingScannedError, UsageError

if TYPE_CHECKING:
    from guard.anonymize.dp.account import Cost, Limit
    from guard.anonymize.dp.budget import StoreLedger
    from guard.anonymize.dp.ledger import LedgerKey, Receipt
    from guard.engine import Guard

group = typer.Typer(help="The privacy budget: what was spent, what is left, and what an answer would cost.")

FORMATS = ("table", "json")
NOISES = ("laplace", "gaussian")
ALL = "*"

Who = Annotated[str, typer.Option("--as", metavar="USER", help="The subject; `*` is all of them together.")]
Purpose = Annotated[str, typer.Option("--purpose", "-p", help="The purpose; `*` is any.")]
Data = Annotated[str, typer.Option("--dataset", "-d", help="The data set as guard names it; `*` is any.")]
Window = Annotated[str, typer.Option("--window", help="Such as 2026-11 or forever; `*` is each window anew.")]
Form = Annotated[str, typer.Option("--format", "-f", help="table or json.")]


@group.command()
def show(
    form: Form = "table",
    pld: Annotated[bool, typer.Option("--pld", help="Also the tightest report, by dp-accounting (guard[dp]).")] = False,
    config: ConfigFile = None,
) -> int:
    """Print every budget: spent, limit and share left, as epsilon at the limit's delta. Exit code 3: none was used."""
    check_choice(form, FORMATS)
    with recorded(config) as g:
        from guard.engine.dp_answer import default_limit

        default = default_limit(g.loaded.config.dp)
        ledger = _ledger(g)
        rows = []
        for held in ledger.balances():
            limit = held.limit or (default if _exact(held.key) else None)
            shown = _shown(g, held.key, held.spent, limit, held.rows)
            rows.append({**shown, "pld epsilon": _reported(ledger.history(held.key), limit)} if pld else shown)
    if not rows:
        raise NothingScannedError("no budget was ever used or set", help="`guard budget set` sets one")
    if form == "json":
        answer(json.dumps({"v": 1, "budgets": rows}, ensure_ascii=False, indent=2) + "\n")
    else:
        from guard.cli.tables import render_fitting

        names = list(rows[0])
        out(render_fitting(names, [[str(row[name]) for name in names] for row in rows]))
    return EXIT_CLEAN


@group.command("set")
def set_(
    epsilon: Annotated[str, typer.Option(help="Of the whole window, such as 10.")],
    delta: Annotated[str, typer.Option(help="Of the whole window, such as 1e-6; 0 only with --notion pure.")] = "1e-6",
    key_share: Annotated[str, typer.Option(help="Share of delta for private group keys.")] = "0.5",
    notion: Annotated[str, typer.Option(help="gdp, zcdp or pure.")] = "gdp",
    who: Who = ALL,
    purpose: Purpose = ALL,
    dataset: Data = ALL,
    window: Window = ALL,
    config: ConfigFile = None,
) -> int:
    """Write down a limit; the most exact one holds. It is a row of the ledger like any charge."""
    from guard.anonymize.dp.account import Limit

    check_choice(notion, ("gdp", "zcdp", "pure"))
    share = Decimal(0) if notion == "pure" else _decimal(key_share)
    limit = Limit.of(_decimal(epsilon), _decimal(delta), key_share=share, notion=notion)  # type: ignore[arg-type] # checked
    with session(config) as g:
        key = _key(g, who, purpose, dataset, window)
        receipt = _ledger(g).set_limit(key, limit, now=_now(g))
    out(f"set: epsilon {epsilon}, delta {delta} ({notion}), row {receipt.index}\n")
    return EXIT_CLEAN


@group.command()
def reserve(
    epsilon: Annotated[str, typer.Option(help="How much to set aside, as the sum of epsilons; for Laplace noise.")],
    purpose: Annotated[str, typer.Option("--purpose", "-p", help="The purpose.")],
    dataset: Annotated[str, typer.Option("--dataset", "-d", help="The data set.")],
    who: Annotated[str, typer.Option("--as", metavar="USER", help="The subject.")],
    delta: Annotated[str, typer.Option(help="And how much delta, for groups that are not declared.")] = "0",
    window: Annotated[str | None, typer.Option("--window", help="By default the current one.")] = None,
    config: ConfigFile = None,
) -> int:
    """Set a part of a budget aside for a batch that must not stop half-way; print the row for `query --reservation`."""
    from guard.anonymize.dp.account import Cost
    from guard.anonymize.dp.ledger import window_of
    from guard.engine.dp_answer import default_limit

    with session(config) as g:
        settings, now = g.loaded.config.dp, _now(g)
        key = _key(g, who, purpose, dataset, window or window_of(settings.window, now))
        ledger = _ledger(g)
        limit = ledger.limit(key) or default_limit(settings)
        cost = Cost.pure(Fraction(_decimal(epsilon))) + Cost.approximate(Fraction(_decimal(delta)))
        receipt = ledger.reserve(key, cost, limit=limit, now=now, query_fingerprint="reserved by command")
    out(f"reserved: row {receipt.index}\n")
    return EXIT_CLEAN


@group.command()
def release(
    reservation: Annotated[int, typer.Argument(min=0, help="The row that `reserve` printed.")],
    config: ConfigFile = None,
) -> int:
    """Give back what was not drawn of a reservation."""
    with recorded(config) as g:
        receipt = _ledger(g).release(reservation, now=_now(g))
    out(f"released: row {receipt.index}\n")
    return EXIT_CLEAN


@group.command()
def history(
    who: Who = ALL,
    purpose: Purpose = ALL,
    dataset: Data = ALL,
    window: Window = ALL,
    config: ConfigFile = None,
) -> int:
    """Print the rows of the budgets that match as JSON lines, oldest first. Exit code 3: there are none."""
    with recorded(config) as g:
        ledger = _ledger(g)
        wanted = _key(g, who, purpose, dataset, window)
        keys = [held.key for held in ledger.balances() if _matches(held.key, wanted)]
        rows = {receipt.index: receipt for key in keys for receipt in ledger.history(key)}
    if not rows:
        raise NothingScannedError("no budget that matches has rows", help="see `guard budget show` for those that have")
    for _, receipt in sorted(rows.items()):
        answer(json.dumps(_row(receipt), ensure_ascii=False) + "\n")
    return EXIT_CLEAN


@group.command()
def verify(config: ConfigFile = None) -> int:
    """Re-read every row and sum, and hold them to the audit log. Exit code 1 names the first that somebody edited."""
    with recorded(config) as g:
        # Several processes write rows: the newest row is not always the newest entry.
        trusted: tuple[int, str] | None = None
        for _, entry in g.audit.entries():
            if entry.kind == "budget" and (trusted is None or int(entry.body["row"]) > trusted[0]):
                trusted = int(entry.body["row"]), str(entry.body["digest"])
        count = _ledger(g).verify(trusted)
    out(f"verified: {count} rows\n")
    return EXIT_CLEAN


@group.command()
def preview(
    groups: Annotated[int, typer.Option(min=1, help="In how many groups one unit may be.")] = 1,
    amount: Annotated[str, typer.Option(help="What one unit adds to a group at most: rows, or the upper bound.")] = "1",
    step: Annotated[str, typer.Option(help="The step of the values; 1 for counts.")] = "1",
    delta: Annotated[str, typer.Option(help="For Gaussian noise.")] = "1e-6",
    noise: Annotated[str, typer.Option(help="laplace or gaussian.")] = "gaussian",
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Write the plot to a file.")] = None,
) -> int:
    """Show how wide answers are at each epsilon. Looks at nothing but these numbers, and spends nothing."""
    from guard.anonymize.dp import preview as plot

    check_choice(noise, NOISES)
    check_writable(svg)
    curve = plot.points(
        groups=groups,
        amount=Fraction(_decimal(amount)),
        step=Fraction(_decimal(step)),
        delta=Fraction(_decimal(delta)),
        noise=noise,  # type: ignore[arg-type] # checked above
    )
    if svg:
        save(svg, plot.svg(curve, title=f"95 % interval of one answer, {noise} noise"))
    out(plot.text(curve))
    return EXIT_CLEAN


def _ledger(g: Guard) -> StoreLedger:
    """The ledger; each row that a command makes is an entry of the audit log."""
    from guard.anonymize.dp.budget import StoreLedger
    from guard.engine.dp_record import record_row

    def record(receipt: Receipt) -> None:
        record_row(g.parts, receipt, g.parts.people.of(g.operator).pseudonym)

    return StoreLedger(g.parts.store.ledger, on_row=record)


def _matches(key: LedgerKey, wanted: LedgerKey) -> bool:
    return all(
        part in (ALL, own)
        for part, own in (
            (wanted.subject, key.subject),
            (wanted.purpose, key.purpose),
            (wanted.dataset, key.dataset),
            (wanted.window, key.window),
        )
    )


def _exact(key: LedgerKey) -> bool:
    return ALL not in (key.subject, key.purpose, key.dataset, key.window)


def _now(g: Guard) -> datetime:
    return g.parts.clock().astimezone(UTC)


def _key(g: Guard, who: str, purpose: str, dataset: str, window: str) -> LedgerKey:
    """The key of a person by the pseudonym that the audit log uses."""
    from guard.anonymize.dp.ledger import LedgerKey

    subject = who if who == ALL else g.parts.people.of(who).pseudonym
    return LedgerKey(subject, purpose, dataset, window)


def _shown(g: Guard, key: LedgerKey, spent: Cost, limit: Limit | None, rows: int) -> dict[str, Any]:
    known = None if key.subject == ALL else g.parts.people.reveal(key.subject)
    epsilon = limit.epsilon_of(spent) if limit else spent.epsilon
    return {
        "subject": known.reveal() if known else key.subject,
        "purpose": key.purpose,
        "dataset": key.dataset,
        "window": key.window,
        "spent epsilon": "" if epsilon is None else f"{float(epsilon):.6g}",
        "limit epsilon": f"{float(limit.epsilon):g}" if limit else "",
        "delta": f"{float(limit.delta):g}" if limit else "",
        "left": f"{max(0.0, 1 - float(limit.share_spent(spent))):.1%}" if limit else "",
        "rows": rows,
    }


def _reported(rows: Sequence[Receipt], limit: Limit | None) -> str:
    """What the rows come to as privacy loss distributions; empty where none knows them. It reports and never admits."""
    from guard.anonymize.dp.pld import epsilon_of_costs

    spent = [row.cost for row in rows if row.event in ("charge", "reserve") and row.cost is not None]
    found = epsilon_of_costs(spent, limit.delta) if limit is not None and limit.delta else None
    return "" if found is None else f"{found:.6g}"


def _row(receipt: Receipt) -> dict[str, Any]:
    from guard.anonymize.dp.budget import body_of

    return {"v": 1, "time": receipt.time, **body_of(receipt)}


def _decimal(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found < 0 or abs(found.adjusted()) > 100:
        raise UsageError("a number of the budget is not readable", help="write it as 0.5 or 1e-6")
    return found
