"""`guard audit verify | prove | show | key | ...`: the record, and the proof that nobody edited it."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from guard.cli.options import ConfigFile, check_choice, read_text
from guard.cli.session import recorded, session
from guard.cli.terminal import answer, check_writable, out, save
from guard.errors import EXIT_CLEAN, AuditError, NothingScannedError, UsageError

if TYPE_CHECKING:
    from guard.audit import PublicKey
    from guard.audit.cosign import Quorum
    from guard.engine import Guard
    from guard.model import Entry

FORMS = ("ocsf", "opa", "entry")

group = typer.Typer(help="The audit log: verify it, prove an entry, show entries.")


@group.command()
def verify(
    folder: Annotated[Path | None, typer.Argument(help="A log's folder; by default guard's own.")] = None,
    key: Annotated[str | None, typer.Option(help="The log's public key; by default guard's own.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="Verify a proof file instead, offline.")] = None,
    witness: Annotated[
        list[str] | None, typer.Option("--witness", metavar="KEY", help="A witness that you believe; may repeat.")
    ] = None,
    needed: Annotated[int | None, typer.Option(min=1, help="How many witnesses must have signed; all of them.")] = None,
    trusted: Annotated[
        Path | None, typer.Option(help="A checkpoint that you kept: the log must extend it.", metavar="FILE")
    ] = None,
    config: ConfigFile = None,
) -> int:
    """Re-read the log, or one proof, and check every hash and signature. Exit code 1 names the first bad index.

    With a key and a folder or a proof nothing of guard's own state is needed, so an auditor can do it elsewhere.
    """
    if folder and bundle:
        raise UsageError("a folder and `--bundle` do not go together", help="verify one after the other")
    if folder and not folder.is_dir():
        raise NothingScannedError(f"`{folder}` is not a folder", help="name the folder of an audit log")
    public = None if key is None else _public(key)
    if public is None or not (folder or bundle):
        with recorded(config) as g:
            folder = folder or g.parts.audit_folder
            public = public or g.parts.verifier_key
    quorum = _quorum(witness, needed)
    if bundle:
        _verify_proof(bundle, public, quorum)
        return EXIT_CLEAN
    from guard.audit import checkpoint
    from guard.audit import verify as verify_log

    assert folder is not None
    kept = checkpoint.parse(read_text(f"@{trusted}")) if trusted else None
    report = verify_log(folder, public, quorum=quorum, trusted=kept).require()
    out(f"verified: {report.size} entries, root {report.root.hex()}, log `{public.name}`\n")
    if report.refused_times:
        from guard.audit.times import BACKWARDS

        out(
            f"note: {BACKWARDS}: the time of {report.refused_times} entries was refused, the first is entry "
            f"{report.first_refused}; they stand under the log's latest time, and `claimed` tells their own\n"
        )
    return EXIT_CLEAN


def _public(text: str) -> PublicKey:
    from guard.audit import PublicKey

    return PublicKey.parse(text)


def _quorum(witness: list[str] | None, needed: int | None) -> Quorum | None:
    from guard.audit import cosign

    if not witness:
        if needed is not None:
            raise UsageError("`--needed` counts witnesses, and none is given", help="add --witness KEY")
        return None
    return cosign.quorum(witness, needed)


def _verify_proof(path: Path, public: PublicKey, quorum: Quorum | None) -> None:
    from guard.audit import proof

    found = proof.parse(read_text(f"@{path}"))
    entry, head = proof.verify(found, public, quorum=quorum)
    out(f"verified: entry {found.index} is in the log `{public.name}` of {head.size} entries\n")
    out(json.dumps(msgspec.to_builtins(entry), ensure_ascii=False, indent=2) + "\n")


@group.command()
def prove(
    index: Annotated[int, typer.Argument(min=0, help="The index of the entry.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the proof to a file.")] = None,
    config: ConfigFile = None,
) -> int:
    """Print a proof that an entry is in the log; it verifies offline with one public key."""
    check_writable(output)
    with recorded(config) as g:
        text = _proof(g, index)
    if output:
        save(output, text)
    else:
        answer(text)
    return EXIT_CLEAN


def _proof(g: Guard, index: int) -> str:
    from guard.audit import proof

    try:
        # What is published needs no lock, so an auditor can ask while a service writes.
        return proof.text(proof.prove(g.parts.audit_folder, index))
    except AuditError:
        return g.audit.prove(index)


@group.command()
def show(
    start: Annotated[int, typer.Option(min=0, help="The first index.")] = 0,
    count: Annotated[int, typer.Option(min=1, max=100_000, help="How many entries.")] = 50,
    config: ConfigFile = None,
) -> int:
    """Print entries as JSON lines, oldest first, with who acted for as long as guard may know it.

    Exit code 3 means that there is none from this index on.
    """
    shown = 0
    with recorded(config) as g:
        for index, entry in g.audit.entries(start, start + count):
            shown_entry = {"index": index, **_named(g, entry), **msgspec.to_builtins(entry)}
            answer(json.dumps(shown_entry, ensure_ascii=False) + "\n")
            shown += 1
    if not shown:
        raise NothingScannedError(f"the audit log has no entry {start}", help="begin at a smaller index")
    return EXIT_CLEAN


def _named(g: Guard, entry: Entry) -> dict[str, str]:
    """Who acted, as `subject`; nothing where that was erased."""
    found = g.parts.people.open(entry)
    return {"subject": found.reveal()} if found else {}


@group.command()
def disclose(
    index: Annotated[int, typer.Argument(min=0, help="The index of the entry.")], config: ConfigFile = None
) -> int:
    """Print who acted in an entry, with the salt that proves it to somebody who holds the entry's proof.

    The proof shows `who.commitment`; it is the base64 of HMAC-SHA-256, under the salt, of `guard/sealed/1`, a zero byte
    and the text. Exit code 3 means that the subject was erased, or that the entry names nobody.
    """
    from guard.audit.people import WHO
    from guard.audit.personal import part_of, unseal

    with recorded(config) as g:
        entries = list(g.audit.entries(index, index + 1))
        part = part_of(entries[0][1].body.get(WHO)) if entries else None
        secrets = g.parts.people.secrets(entries[0][1].actor) if part else None
    if part is None or secrets is None:
        raise NothingScannedError(f"entry {index} tells nobody's name", help="the subject may have been erased")
    opened = unseal(secrets, part)
    salt = base64.b64encode(opened.salt).decode()
    found = {"index": index, "commitment": part.commitment, "salt": salt, "text": opened.text.reveal()}
    answer(json.dumps(found, ensure_ascii=False) + "\n")
    return EXIT_CLEAN


@group.command()
def erase(
    subject: Annotated[str, typer.Argument(help="The id of the subject whose name is to be forgotten.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; nothing brings it back.")] = False,
    config: ConfigFile = None,
) -> int:
    """Destroy what tells who a subject was, everywhere in guard's state; entries and their proofs stay valid."""
    with recorded(config) as g:
        if not yes:
            typer.confirm("Nobody will be able to tell again what this subject did. Go on?", abort=True, err=True)
        done = g.erase(subject)
    out(f"erased: `{done.pseudonym}` belongs to nobody any more; entry {done.entry} says so\n")
    return EXIT_CLEAN


@group.command()
def export(
    to: Annotated[
        str, typer.Option("--to", metavar="WHERE", help="tcp://host:port, udp://host:port, unix:///path or a file.")
    ],
    form: Annotated[str, typer.Option("--form", "-f", help="ocsf, opa or entry.")] = "ocsf",
    cursor: Annotated[
        Path | None, typer.Option(help="Where it is kept how far this receiver is; by default in the state folder.")
    ] = None,
    config: ConfigFile = None,
) -> int:
    """Deliver entries that this receiver does not have yet: syslog (RFC 5424) or NDJSON, at least once, in order.

    People stay pseudonyms. Run it again to go on; a receiver that was away gets what it missed.
    """
    from guard.audit.export.deliver import Cursor, deliver, encoder
    from guard.audit.export.ndjson import NdjsonSink
    from guard.audit.export.syslog import SyslogSink

    check_choice(form, FORMS)
    with recorded(config) as g:
        sink = SyslogSink(to) if "://" in to else NdjsonSink(Path(to))
        name = hashlib.sha256(f"{form} {to}".encode()).hexdigest()[:16]
        kept = Cursor(cursor or g.parts.state / "export" / f"{name}.cursor")
        encode = encoder(form, origin=g.parts.verifier_key.name, framed="://" in to)  # type: ignore[arg-type] # checked above
        try:
            count = deliver(g.parts.audit_folder, sink, kept, encode)
        finally:
            sink.close()
    out(f"delivered: {count} records, up to entry {kept.read()}\n")
    return EXIT_CLEAN


@group.command()
def follow(
    key: Annotated[
        str | None, typer.Option(help="A public key that the log has or ever had; by default guard's own.")
    ] = None,
    config: ConfigFile = None,
) -> int:
    """Bring this machine's copy of a shared log (`audit.store`) up to date, after checking every hash and signature.

    From any key of the log the entries that name its keys lead to the others, so the first one will do for ever.
    """
    from guard.audit.shared import mirror

    with session(config) as g:
        shared = g.parts.shared_log
        if shared is None:
            raise UsageError("the log is not shared", help="set audit.store in guard.toml")
        size = mirror(shared, g.parts.audit_folder, _public(key) if key else g.parts.verifier_key)
    out(f"followed: {size} entries\n")
    return EXIT_CLEAN


@group.command()
def timestamp(
    url: Annotated[str | None, typer.Option(help="An RFC 3161 authority; by default audit.timestamp_url.")] = None,
    config: ConfigFile = None,
) -> int:
    """Have a time-stamp authority (RFC 3161) sign that it saw the log's checkpoint; print where the token is."""
    from guard.audit.timestamp_authority import HttpAuthority, stamp

    with recorded(config) as g:
        where = url or g.loaded.config.audit.timestamp_url
        if not where:
            raise UsageError("no time-stamp authority is named", help="give --url, or set audit.timestamp_url")
        path = stamp(g.parts.audit_folder, g.parts.verifier_key, HttpAuthority(where))
    out(f"stamped: {path}\n")
    return EXIT_CLEAN


@group.command("verify-timestamp")
def verify_timestamp(
    token: Annotated[Path, typer.Argument(help="A token, `<size>.tst`, with its checkpoint beside it.")],
    ca: Annotated[Path, typer.Option("--ca", metavar="PEM", help="Root certificates of the authority.")],
    key: Annotated[str | None, typer.Option(help="The log's public key; by default guard's own.")] = None,
    config: ConfigFile = None,
) -> int:
    """Check a time-stamp offline: the log's signature, the authority's, and the chain to a root that you trust."""
    from cryptography import x509

    from guard.audit.timestamp_authority import verify as verify_token

    try:
        roots = x509.load_pem_x509_certificates(ca.read_bytes())
    except (OSError, ValueError):
        raise UsageError(f"`{ca}` holds no certificates", help="give a PEM file") from None
    if key is None:
        with recorded(config) as g:
            public = g.parts.verifier_key
    else:
        public = _public(key)
    found = verify_token(token, public, roots)
    out(f"verified: {found.checkpoint.size} entries existed at {found.time.isoformat()}, says `{found.authority}`\n")
    return EXIT_CLEAN


@group.command()
def prune(config: ConfigFile = None) -> int:
    """Remove entries that are older than `audit.retention_days`; hashes stay, so proofs and checkpoints stay valid."""
    with recorded(config) as g:
        done = g.prune()
    out(f"pruned: {done.entries} entries, {done.bytes} bytes; the log begins at entry {done.minimum}\n")
    return EXIT_CLEAN


@group.command("rotate-key")
def rotate_key(
    retire: Annotated[bool, typer.Option("--retire", help="End the change: the new key signs alone.")] = False,
    config: ConfigFile = None,
) -> int:
    """Change the log's key: from now on two keys sign; with --retire the new one alone. Print the new public key."""
    with recorded(config) as g:
        public = g.rotate_key(retire=retire)
    out(f"{public}\n")
    return EXIT_CLEAN


@group.command()
def key(config: ConfigFile = None) -> int:
    """Print the log's public key, which an auditor needs to verify it without us."""
    with recorded(config) as g:
        out(f"{g.parts.verifier_key}\n")
    return EXIT_CLEAN
