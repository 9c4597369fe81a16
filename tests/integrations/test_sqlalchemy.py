"""The SQLAlchemy hook, on real SQLite and real PostgreSQL."""

from __future__ import annotations

import logging
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from sqlalchemy import (
    Column,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_mock_engine,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from guard.errors import AccessDeniedError, UsageError
from guard.integrations.context import acting
from guard.integrations.sqlalchemy import protect
from tests.integrations.conftest import CLERK, DOCTOR, World

MASKED = [("王小明", "138****1234"), ("李芳", "139****2345")]
WHOLE = [("王小明", "13800001234"), ("李芳", "13911112345")]

residents = Table(
    "residents",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("xm", String),
    Column("phone", String),
    Column("sfzh", String),
    Column("note", String),
)


class Base(DeclarativeBase):
    """Base of the mapped classes."""


class Resident(Base):
    """A resident, as an application would map it."""

    __tablename__ = "residents"
    id: Mapped[int] = mapped_column(primary_key=True)
    xm: Mapped[str]
    phone: Mapped[str]


def rows(engine: Engine, statement: object, values: object = None) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(statement, values)]  # type: ignore[call-overload] # any form


def raw(engine: Engine, statement: str, values: object = None) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(statement, values)]  # type: ignore[arg-type] # any form


def test_each_subject_gets_its_own_form_of_the_same_statement(world: World) -> None:
    """Text, Core and the ORM give the doctor the numbers and the clerk their masks, and both only their district."""
    plain = text("SELECT xm, phone FROM residents ORDER BY id")
    core = select(residents.c.xm, residents.c.phone).order_by(residents.c.id)
    for subject, purpose, expected in ((DOCTOR, "treatment", WHOLE), (CLERK, "service", MASKED)):
        with acting(subject, purpose):
            assert rows(world.engine, plain) == expected
            assert rows(world.engine, core) == expected
            with Session(world.engine) as session:
                found = session.scalars(select(Resident).order_by(Resident.id)).all()
                assert [(person.xm, person.phone) for person in found] == expected
                assert session.get(Resident, 3) is None


def test_pandas_reads_through_the_hook(world: World) -> None:
    """`pandas.read_sql` on the engine goes around the ORM but not around guard."""
    with acting(CLERK, "service"):
        frame = pd.read_sql("SELECT xm, phone FROM residents ORDER BY id", world.engine)
        bound = pd.read_sql(text("SELECT xm, phone FROM residents WHERE id = :i"), world.engine, params={"i": 1})
    assert [tuple(row) for row in frame.itertuples(index=False)] == MASKED
    assert [tuple(row) for row in bound.itertuples(index=False)] == MASKED[:1]


def test_values_are_bound_and_literals_stay_literals(world: World) -> None:
    """`%`, `?` and `:name` inside a literal are text; bound values reach their placeholders, also when repeated."""
    with acting(DOCTOR, "treatment"):
        likes = text("SELECT id FROM residents WHERE note LIKE '%% ok?' AND id = :i AND (xm = :n OR :n IS NULL)")
        assert rows(world.engine, likes, {"i": 1, "n": "王小明"}) == [(1,)]
        assert rows(world.engine, text(r"SELECT id FROM residents WHERE note = '50% \:x'")) == [(2,)]
        assert rows(world.engine, select(residents.c.id).where(residents.c.note == literal("100% ok?"))) == [(1,)]
        assert rows(world.engine, select(residents.c.id).where(residents.c.note.contains("%", autoescape=True))) == [
            (1,),
            (2,),
        ]
        assert rows(world.engine, select(residents.c.id).where(residents.c.id.in_([1, 2, 3])).order_by("id")) == [
            (1,),
            (2,),
        ]
        page = select(residents.c.id).order_by(residents.c.id.desc()).limit(1).offset(1)
        assert rows(world.engine, page) == [(1,)]
        assert rows(world.engine, select(func.count()).select_from(residents)) == [(2,)]


def test_the_drivers_own_placeholders_pass(world: World) -> None:
    """`exec_driver_sql` takes what the driver takes: positions, names, and its way to write a `%`."""
    with acting(DOCTOR, "treatment"):
        if world.kind == "sqlite":
            assert raw(world.engine, "SELECT id FROM residents WHERE id = ? AND note LIKE '100%?'", (1,)) == [(1,)]
            assert raw(world.engine, "SELECT id FROM residents WHERE id = :i", {"i": 2}) == [(2,)]
        else:
            assert raw(world.engine, "SELECT id FROM residents WHERE id = %s AND note = '100%% ok?'", (1,)) == [(1,)]
            assert raw(world.engine, "SELECT id FROM residents WHERE id = %(i)s OR id = %(i)s", {"i": 2}) == [(2,)]
            with world.engine.connect().execution_options(no_parameters=True) as connection:
                found = connection.exec_driver_sql("SELECT id FROM residents WHERE note = '50% :x'")
                assert [tuple(row) for row in found] == [(2,)]


@pytest.mark.parametrize("values", [(), (1, 2)])
def test_values_that_do_not_fit_are_denied(world: World, values: tuple[int, ...]) -> None:
    """A placeholder without a value is refused before anything runs."""
    mark = "?" if world.kind == "sqlite" else "%s"
    statement = f"SELECT id FROM residents WHERE id = {mark}" + (f" OR id = {mark} OR id = {mark}" if values else "")
    with acting(DOCTOR, "treatment"), pytest.raises(AccessDeniedError, match="do not match"):
        raw(world.engine, statement, values)


def test_a_keyed_pseudonym_is_the_one_of_every_other_door(world: World) -> None:
    """The keys of masks are bound beside the caller's values, and the token is the one that a query gives."""
    with acting(CLERK, "service"):
        got = rows(world.engine, text("SELECT sfzh FROM residents WHERE id = :i"), {"i": 1})
    source = world.around.url.render_as_string(hide_password=False).replace("+psycopg", "")
    asked = world.guard.query(
        "SELECT sfzh FROM residents WHERE id = 1", subject=CLERK, purpose="service", source=source
    )
    assert got == [(asked.table["sfzh"][0].as_py(),)]
    assert re.fullmatch(r"g1_[0-9a-f]{24}", str(got[0][0]))


def test_a_statement_cannot_name_the_keys_of_masks(world: World) -> None:
    """A placeholder that guard binds itself is out of the caller's reach, by any spelling."""
    spellings = [":guard_0", ":GUARD_0", "$guard_0", "@guard_0", "%(guard_0)s", ": guard_0"]
    with acting(CLERK, "service"):
        for spelling in spellings:
            with pytest.raises(AccessDeniedError):
                raw(world.engine, f"SELECT {spelling} AS k, sfzh FROM residents", {"guard_0": b"\0" * 64})


def test_bound_values_reach_no_log_and_no_error(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Echoing SQLAlchemy's own log prints neither the caller's values nor the keys of masks."""
    caplog.set_level(logging.INFO, "sqlalchemy.engine")
    world.engine.echo = True
    with acting(CLERK, "service"):
        rows(world.engine, text("SELECT sfzh FROM residents WHERE id = :i AND xm <> :n"), {"i": 1, "n": "canary-7"})
        with pytest.raises(DBAPIError) as caught:
            rows(world.engine, text("SELECT substr(xm, :n) FROM residents WHERE id = :i"), {"i": 1, "n": object()})
    world.engine.echo = False
    assert "hidden due to hide_parameters" in caplog.text
    assert "canary-7" not in caplog.text + str(caught.value)
    assert "\\x" not in caplog.text


def test_only_reads_pass(world: World) -> None:
    """Writes, several at once, and statements that are none of guard's business are denied; nothing changes."""
    with acting(DOCTOR, "treatment"):
        for statement in (
            insert(residents).values(id=9, xm="x"),
            update(residents).values(phone="0"),
            text("DELETE FROM residents"),
            text("DROP TABLE residents"),
            text("SELECT 1; DELETE FROM residents"),
            text("SAVEPOINT s"),
        ):
            with pytest.raises(AccessDeniedError), world.engine.begin() as connection:
                connection.execute(statement)
        with pytest.raises(AccessDeniedError, match="one read at a time"), world.engine.begin() as connection:
            connection.execute(insert(residents), [{"id": 8, "xm": "a"}, {"id": 9, "xm": "b"}])
        with Session(world.engine) as session:
            session.add(Resident(id=9, xm="x", phone="0"))
            with pytest.raises(AccessDeniedError):
                session.commit()
    assert len(rows(world.around, text("SELECT * FROM residents WHERE phone <> '0'"))) == 3


def test_a_denial_leaves_the_transaction_usable(world: World) -> None:
    """The denied statement never reached the database, so what comes after it in the transaction works."""
    with acting(DOCTOR, "treatment"), world.engine.begin() as connection:
        first = connection.execute(text("SELECT count(*) FROM residents")).scalar()
        with pytest.raises(AccessDeniedError, match="unknown table"):
            connection.execute(text("SELECT * FROM salaries"))
        assert connection.execute(text("SELECT count(*) FROM residents")).scalar() == first == 2


def test_without_a_subject_nothing_is_answered(world: World) -> None:
    """Outside of a request a protected engine fails closed, also in a thread that a request started bare."""
    with pytest.raises(AccessDeniedError, match="without a subject"):
        rows(world.engine, text("SELECT 1"))
    caught: list[type[BaseException]] = []

    def bare() -> None:
        try:
            rows(world.engine, text("SELECT xm FROM residents"))
        except AccessDeniedError as error:
            caught.append(type(error))

    with acting(DOCTOR, "treatment"):
        thread = threading.Thread(target=bare)
        thread.start()
        thread.join()
    assert caught == [AccessDeniedError]


def test_threads_keep_their_own_subject(world: World) -> None:
    """Eight threads ask the same question as two people in turns; each answer is the asker's."""

    def ask(number: int) -> bool:
        doctor = number % 2 == 0
        with acting(DOCTOR if doctor else CLERK, "treatment" if doctor else "service"):
            found = rows(world.engine, text("SELECT xm, phone FROM residents WHERE id < :i ORDER BY id"), {"i": 9})
        return found == (WHOLE if doctor else MASKED)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(64)))


def test_options_do_not_shed_the_hook(world: World) -> None:
    """An engine derived by `execution_options` is protected as its parent is."""
    derived = world.engine.execution_options(isolation_level="SERIALIZABLE")
    with pytest.raises(AccessDeniedError, match="without a subject"):
        rows(derived, text("SELECT xm FROM residents"))
    with acting(CLERK, "service"):
        assert rows(derived, text("SELECT xm, phone FROM residents ORDER BY id")) == MASKED


def test_an_engine_is_protected_once(world: World) -> None:
    """Enforcing the enforced statement again would be wrong, so a second `protect` is refused."""
    with pytest.raises(UsageError, match="protected already"):
        protect(world.engine, world.guard, "sqlite:///crm.db")


@pytest.mark.parametrize("url", ["mysql+pymysql://", "postgresql+asyncpg://", "postgresql+psycopg_async://"])
def test_an_engine_that_guard_does_not_know_is_refused(url: str, world: World) -> None:
    """Only what was tested is taken: the refusal names the dialect and the driver."""
    foreign = create_mock_engine(url, executor=print)
    with pytest.raises(UsageError, match="cannot be protected"):
        protect(foreign, world.guard, "sqlite:///crm.db")  # type: ignore[arg-type] # that is the point
