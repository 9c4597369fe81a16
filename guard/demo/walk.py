"""The tour: the whole job on the invented city, step by step, for someone who has never heard of guard.

Each step prints the command that does the same, so that the reader can go on from any of them.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from guard.cli.answers import as_table
from guard.cli.decisions import describe
from guard.cli.formats import summary
from guard.cli.tables import render_table
from guard.cli.terminal import heading, out
from guard.demo import data
from guard.engine import Guard, open_guard
from guard.errors import AccessDeniedError, UsageError
from guard.model import Subject

MARKER = ".guard-demo"
DATABASE = "city.duckdb"
DISTRICT = "浦东新区"
WIDTH = 72  # characters of a proof line that are shown
QUESTION = "SELECT xm, sfzh, phone, district FROM residents ORDER BY resident_no LIMIT 3"


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who asks in the tour."""

    who: str
    role: str
    purpose: str
    story: str
    districts: tuple[str, ...] = ()

    @property
    def subject(self) -> Subject:
        """The person as guard sees them."""
        return Subject(id=self.who, roles=(self.role,), attributes={"districts": self.districts})

    @property
    def options(self) -> str:
        """The same on the command line."""
        districts = "".join(f" --attr districts={name}" for name in self.districts)
        return f"--as {self.who} --role {self.role} --purpose {self.purpose}{districts}"


DOCTOR = Person("dr-lin", "doctor", "treatment", "Dr Lin treats patients of Pudong", (DISTRICT,))
CLERK = Person("xiao-zhou", "call_center", "service", "Xiao Zhou answers Pudong's calls", (DISTRICT,))
CURIOUS = Person("xiao-li", "clerk", "service", "Xiao Li at the service desk is curious", (DISTRICT,))
ANALYST = Person("ana", "analyst", "fraud_review", "Ana reviews suspected fraud in the whole city")
STATISTICIAN = Person("ana", "analyst", "statistics", "Ana again, for statistics")


def walk(folder: Path) -> None:
    """Runs the tour in `folder`, which it makes, or makes anew if it is its own.

    Raises:
        UsageError: `folder` holds something else.
    """
    begun = time.perf_counter()
    _make(folder)
    _title("1", "A city keeps its records in one database")
    rows = data.write(folder / DATABASE)
    _say(f"{rows:,} invented records: residents, hospital visits, bank cards, calls to the city's hotline.")
    _say("Each step below shows the command that does the same. They start here:")
    _command(f"cd {folder}")
    source = f"duckdb:///{(folder / DATABASE).resolve()}"
    with open_guard(folder=folder, operator="demo") as guard:
        for step in (_scan, _three_people, _denied, _statistics, _lineage, _proof):
            step(guard, source)
    _next(time.perf_counter() - begun)


def _make(folder: Path) -> None:
    if folder.exists():
        if not (folder / MARKER).is_file():
            raise UsageError(f"`{folder}` exists and is not a demo folder", help="name another folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARKER).write_text("made by `guard demo`; it is removed and made anew at each run\n", encoding="utf-8")


def _scan(guard: Guard, source: str) -> None:
    _title("2", "What is sensitive, and where is it?")
    _command(f"guard scan duckdb:///{DATABASE}")
    report = guard.scan(source)
    found = [
        (
            field.field.dataset.name.rpartition(".")[2],
            field.field.path,
            guard.kind_name(field.label.kind, "en"),
            guard.kind_name(field.label.kind, "zh-Hans"),
            str(field.label.level),
            f"{field.score:.2f}",
        )
        for field in report.sensitive
        if field.label
    ]
    out(render_table(("table", "column", "what it is", "中文", "level", "sure"), found))
    _say(f"{summary(report)}. guard read a sample and kept no value of it.")


def _three_people(guard: Guard, source: str) -> None:
    _title("3", "Three people ask the same question and get three different answers")
    _say(QUESTION)
    for person in (DOCTOR, CLERK, ANALYST):
        result = guard.query(QUESTION, subject=person.subject, purpose=person.purpose, source=source)
        _say(f"\n{person.story} ({person.role}, for {person.purpose}):")
        _command(f'guard query "{QUESTION}" --source duckdb:///{DATABASE} {person.options}')
        out(as_table(result.table))
        for obligation in result.decision.obligations:
            _say(f"  applied: {describe(obligation)}")


def _denied(guard: Guard, source: str) -> None:
    _title("4", "A denied attempt")
    sql = "SELECT xm, diagnosis FROM residents JOIN visits USING (sfzh) LIMIT 5"
    _say(f"{CURIOUS.story}:\n{sql}")
    _command(f'guard query "{sql}" --source duckdb:///{DATABASE} {CURIOUS.options}')
    try:
        guard.query(sql, subject=CURIOUS.subject, purpose=CURIOUS.purpose, source=source)
    except AccessDeniedError as error:
        _say(f"  {error.diagnostics()}\n  decision {error.decision_id} is in the audit log")


def _statistics(guard: Guard, source: str) -> None:
    _title("5", "Statistics without persons")
    _say("Ana plans for the city; she gets groups of ten or more, never a row.")
    sql = (
        "SELECT district, count(*) AS visits, round(avg(cost), 2) AS mean_cost FROM visits GROUP BY district ORDER BY 1"
    )
    _command(f'guard query "{sql}" --source duckdb:///{DATABASE} {STATISTICIAN.options}')
    result = guard.query(sql, subject=STATISTICIAN.subject, purpose=STATISTICIAN.purpose, source=source)
    out(as_table(result.table))
    for obligation in result.decision.obligations:
        _say(f"  applied: {describe(obligation)}")


def _lineage(guard: Guard, source: str) -> None:
    del source
    _title("6", "Who saw the phone numbers, and through which rule?")
    _command("guard lineage residents.phone --direction down")
    guard.flush()
    out(guard.lineage.show("residents.phone", depth=1, direction="down", output_format="tree"))


def _proof(guard: Guard, source: str) -> None:
    del source
    _title("7", "Can you prove that nobody edited the record?")
    _command("guard audit verify && guard audit prove 2")
    report = guard.audit.verify()
    _say(f"verified: {report.size} entries, root {report.root.hex()[:32]}...")
    _say("Anyone can check one entry offline with one public key:")
    lines = guard.audit.prove(2).splitlines()
    out("".join(f"  {line[:WIDTH]}{'...' * (len(line) > WIDTH)}\n" for line in lines[:4]) + "  ...\n")


def _next(seconds: float) -> None:
    _title("→", f"That was the whole job, in {seconds:.0f} seconds. What next?")
    steps = (
        (
            "scan your own files or database",
            "guard scan 'data/*.parquet'    (or postgresql://, sqlite:///, duckdb:///)",
        ),
        (
            "see why a query is answered as it is",
            f'guard explain "SELECT phone FROM residents" --source duckdb:///{DATABASE} {CLERK.options}',
        ),
        (
            "read and change the rules",
            "guard rules list    (they are text: rules/policy, tested by `guard rules test`)",
        ),
        ("use it from a service", "examples/service.py    (one middleware, no change in its handlers)"),
        ("see what guard would use and what is missing", "guard doctor"),
    )
    for what, command in steps:
        _say(f"- {what}:\n    {command}")


def _title(number: str, text: str) -> None:
    out("\n")
    heading(f"{number}  {text}")
    out("\n")


def _say(text: str) -> None:
    out(text + "\n")


def _command(text: str) -> None:
    out(f"  $ {text}\n")
