"""A script as statements: by the parser, or piece by piece where the parser gives up (procedures, control flow)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from guard.errors import ParseError
from guard.lineage import unread
from guard.lineage.commands import understood
from guard.lineage.declared import Declared
from guard.lineage.routines import BATCHES, BLOCKS, CONTROL, ROUTINES, batches, body, flat, in_sql
from guard.model import Gap
from guard.sql.limits import SCRIPT_LIMITS
from guard.sql.parse import parse_tokens, tokenise

_OPEN = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET})
_CLOSE = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET})
_OPERATORS = frozenset(
    {
        TokenType.PLUS,
        TokenType.DASH,
        TokenType.STAR,
        TokenType.SLASH,
        TokenType.MOD,
        TokenType.AMP,
        TokenType.PIPE,
        TokenType.CARET,
    }
)
_STARTS = frozenset(
    {
        TokenType.INSERT,
        TokenType.MERGE,
        TokenType.UPDATE,
        TokenType.DELETE,
        TokenType.CREATE,
        TokenType.WITH,
        TokenType.SELECT,
        TokenType.ALTER,
        TokenType.FROM,
    }
)
_WRITES = frozenset({TokenType.INSERT, TokenType.MERGE, TokenType.UPDATE, TokenType.DELETE, TokenType.CREATE})
_TOUCHES_DATA = frozenset(
    {
        TokenType.INSERT,
        TokenType.MERGE,
        TokenType.UPDATE,
        TokenType.DELETE,
        TokenType.FROM,
        TokenType.EXECUTE,
        TokenType.INTO,
    }
)


_MAX_BODIES = 3  # routines inside each other


class Statement(NamedTuple):
    """One statement of a script; `tree` is None where it could not be read, and then `gap` says why."""

    tree: exp.Expression | None
    line: int  # where it stands
    declared: frozenset[str] = frozenset()  # names of variables and parameters that hold here, in lower case
    into: tuple[str, ...] = ()  # variables that the answer of the query fills
    gap: Gap | None = None


def statements(sql: str, dialect: str) -> list[Statement]:
    """The statements of a script in order; a piece that may touch data and cannot be read comes without a tree.

    Raises:
        ParseError: too large, or not even words.
    """
    return _statements(sql, dialect, Declared(dialect), depth=0)


def _statements(sql: str, dialect: str, declared: Declared, *, depth: int) -> list[Statement]:
    text = batches(sql) if dialect in BATCHES else sql
    reader, tokens = tokenise(text, dialect)
    pieces = _pieces(tokens)
    if len(pieces) > SCRIPT_LIMITS.statements:
        msg = f"the script has more than {SCRIPT_LIMITS.statements} statements"
        raise ParseError(msg, help="split the script", gap="too_large")
    result: list[Statement] = []
    for piece in pieces:
        declared.read(piece)
        inside = body(piece)
        if inside is not None:
            result += _bodied(inside, piece, dialect, declared, depth=depth)
        else:
            found = [_holds(one, declared) for one in _piece(text, reader, piece, dialect, declared)]
            result += [_reasoned(one, text, reader, piece) for one in found]
            if found and declared.murky(piece):
                result.append(Statement(None, piece[0].line, gap=unread.variable(piece[0].line)))
            declared.fills(piece)
    return result


def _reasoned(one: Statement, text: str, reader: Any, piece: Sequence[Any]) -> Statement:
    unknown = one.tree is None and one.gap is None
    return one._replace(gap=unread.why(text, reader, piece)) if unknown else one


def _holds(one: Statement, declared: Declared) -> Statement:
    return one._replace(declared=declared.names) if declared.names else one


def _piece(sql: str, reader: Any, piece: Sequence[Any], dialect: str, declared: Declared) -> list[Statement]:
    line = piece[0].line
    given = declared.assignment(piece)
    if given is not None:
        value = _read(sql, reader, given[1])
        plain = isinstance(value, (exp.Condition, exp.Subquery)) and not isinstance(value, exp.Command)
        return [Statement(exp.Select(expressions=[value]) if plain else None, line, into=(given[0],))]
    whole = declared.into(piece)
    if not whole.sure:
        return [Statement(None, line, gap=unread.variable(line))]
    tree: Any = _read(sql, reader, whole.tokens)
    if whole.names:
        return [Statement(tree if isinstance(tree, exp.Query) else None, line, into=whole.names)]  # type: ignore[arg-type]  # Query is a trait there
    if tree is None and piece[0].text.upper() == "REPLACE":
        tree = exp.Command(this="REPLACE", expression=sql[piece[0].end + 1 : piece[-1].end + 1])
    if isinstance(tree, exp.Command) and (equal := understood(tree, dialect)):
        return [Statement(one, line) for one in equal]
    if isinstance(tree, BLOCKS):
        return [Statement(one, line) for one in flat(tree)]
    touches = any(token.token_type in _TOUCHES_DATA for token in piece)
    if isinstance(tree, (exp.Condition, exp.Alias)) and not touches and not unread.runs_code(piece):
        return []  # `END`, `RETURN x`, `v INT`: words of a procedure that move no data
    if tree is not None and not isinstance(tree, exp.Command) and not _holds_statements(tree):
        return [Statement(tree, line)]
    inner = _inner(piece)
    filled = declared.into(inner)
    if not filled.sure:
        return [Statement(None, line, gap=unread.variable(line))]
    tree = _read(sql, reader, filled.tokens) if inner else None
    if filled.names and not isinstance(tree, exp.Query):
        return [Statement(None, line)]
    if tree is not None and not isinstance(tree, exp.Command):
        # Before it stood control flow, or a statement of which only the query was understood.
        stranger = piece[0].text.upper() not in CONTROL and not _routine(piece, 0)
        return [Statement(tree, line, into=filled.names), *([Statement(None, line)] if stranger else [])]
    several = _unseparated(sql, reader, inner or piece) if tree is None else []
    return several or ([] if not touches and unread.moves_nothing(piece) else [Statement(None, line)])


def _bodied(inside: Any, piece: Sequence[Any], dialect: str, outer: Declared, *, depth: int) -> list[Statement]:
    """The statements in the text of a routine; one in another language may touch what it likes."""
    line = piece[0].line
    unknown = [Statement(None, line, gap=unread.routine(line))]
    if depth >= _MAX_BODIES or not in_sql(piece, inside):
        return unknown
    try:
        found = _statements(inside.text, dialect, Declared(dialect, outer.names, routine=True), depth=depth + 1)
    except ParseError:
        return unknown
    reads = any(one.tree is None or isinstance(one.tree, exp.DML) or one.tree.find(exp.Table) for one in found)
    # Without tables it is an expression, and nobody knows what its callers give to it.
    return [one._replace(line=one.line + inside.line - 1) for one in found] if reads else unknown


def _holds_statements(tree: exp.Expression) -> bool:
    """CREATE PROCEDURE and its like, of which the parser reads no more than the head."""
    return isinstance(tree, exp.Create) and (tree.kind or "").upper() in ROUTINES


def _pieces(tokens: Sequence[Any]) -> list[Sequence[Any]]:
    """The tokens between semicolons outside of parentheses."""
    pieces: list[Sequence[Any]] = []
    depth = start = 0
    for index, token in enumerate(tokens):
        kind = token.token_type
        if kind in _OPEN:
            depth += 1
        elif kind in _CLOSE:
            depth = max(0, depth - 1)
        elif kind is TokenType.SEMICOLON and depth == 0:
            if index > start:
                pieces.append(tokens[start:index])
            start = index + 1
    if start < len(tokens):
        pieces.append(tokens[start:])
    return pieces


def _read(sql: str, reader: Any, tokens: Sequence[Any]) -> exp.Expression | None:
    try:
        trees = parse_tokens(sql, reader, _spelled_out(tokens), limits=SCRIPT_LIMITS)
    except ParseError:
        return None
    if len(trees) != 1 or not isinstance(trees[0], exp.Expression) or _misread(trees[0]):
        return None
    return trees[0]


def _misread(tree: exp.Expression) -> bool:
    """A SELECT of nothing, where the text was cut; and `DELETE FROM TABLE t`, whose words the parser confuses."""
    if any(not select.expressions for select in tree.find_all(exp.Select)):
        return True
    table = tree.this if isinstance(tree, exp.Delete) else None
    name = table.this if isinstance(table, exp.Table) else None
    return isinstance(name, exp.Identifier) and not name.args.get("quoted") and name.name.upper() == "TABLE"


def _spelled_out(tokens: Sequence[Any]) -> Sequence[Any]:
    """`SET a += b` (SQL Server) as `SET a = a + b`, which the parser knows; elsewhere the tokens as they are."""
    if not tokens or not any(token.token_type is TokenType.UPDATE for token in tokens[:2]):
        return tokens
    result: list[Any] = []
    start = 0  # where the assigned column begins
    for index, token in enumerate(tokens):
        kind = token.token_type
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        together = following is not None and following.start == token.end + 1
        if kind in _OPERATORS and together and following is not None and following.token_type is TokenType.EQ:
            continue
        result.append(token)
        if kind in (TokenType.SET, TokenType.COMMA):
            start = len(result)
        elif kind is TokenType.EQ and index:
            before = tokens[index - 1]
            if before.token_type in _OPERATORS and before.end + 1 == token.start:
                result += [*result[start:-1], before]
    return result


def _inner(piece: Sequence[Any]) -> Sequence[Any]:
    """The statement inside control flow: `BEGIN INSERT ...`, `IF a THEN UPDATE ...`, `LOOP SELECT ...`."""
    depth = 0
    for index, token in enumerate(piece):
        kind = token.token_type
        if kind in _OPEN:
            depth += 1
        elif kind in _CLOSE:
            depth -= 1
        elif depth == 0 and kind in _STARTS and not (kind is TokenType.CREATE and _routine(piece, index)):
            return piece[index:] if index else ()
    return ()


def _unseparated(sql: str, reader: Any, piece: Sequence[Any]) -> list[Statement]:
    """Statements without semicolons between them (SQL Server): split where one starts a line, if each part parses."""
    starts = [0]
    depth = 0
    for index, token in enumerate(piece):
        depth += (token.token_type in _OPEN) - (token.token_type in _CLOSE)
        fresh = index and token.line > piece[index - 1].line
        if fresh and depth == 0 and token.token_type in _WRITES:
            starts.append(index)
    parts = [piece[start:end] for start, end in zip(starts, [*starts[1:], len(piece)], strict=True)]
    trees = [_read(sql, reader, part) for part in parts] if len(parts) > 1 else []
    if any(tree is None or isinstance(tree, exp.Command) for tree in trees):
        return []
    return [Statement(tree, part[0].line) for tree, part in zip(trees, parts, strict=False)]


def _routine(piece: Sequence[Any], at: int) -> bool:
    return any(token.text.upper() in ROUTINES for token in piece[at + 1 : at + 4])
