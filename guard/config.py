"""What guard is told: `guard.toml`, `[tool.guard]` in `pyproject.toml`, or `GUARD_*` in the environment.

An unknown key is an error with the nearest known key. Secrets stand here by reference only
(`env:NAME`, `file:/path`); a literal secret is refused. Every value knows where it came from, for `guard doctor`.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from guard.errors import ConfigError, KeyUnavailableError
from guard.model import Sensitive, Value

FILE_NAME = "guard.toml"
MAX_CONFIG_BYTES = 1 << 20
MAX_SECRET_BYTES = 1 << 16

SecretRef = Annotated[str, StringConstraints(pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$")]

KekRef = Annotated[
    str, StringConstraints(pattern=r"^(|env:[A-Za-z_][A-Za-z0-9_]*|file:.+|transit:[A-Za-z0-9._-]{1,48})$")
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PolicySection(_Section):
    """Which engine decides, and how long it may take."""

    engine: Literal["embedded", "opa"] = "embedded"
    opa_url: str = "http://127.0.0.1:8181"
    opa_token: SecretRef | None = None
    opa_ca_file: str = ""  # authorities to trust instead of the system's
    opa_client_cert: str = ""  # for mutual TLS, with its key
    opa_client_key: str = ""
    deadline_ms: int = Field(default=200, ge=1, le=60_000)  # milliseconds
    bundle: str = ""  # an OPA bundle that decides instead of the folder `policy` of the rules
    bundle_key: str = ""  # checks its signature: the path of a PEM public key, or a secret by reference
    bundle_alg: Literal["HS256", "RS256", "ES256", "EdDSA"] = "RS256"
    bundle_scope: str = ""
    record: str = ""  # a file in the state folder for `guard rules replay`: what was asked, without values; empty: none
    reload_s: float = Field(default=0.0, ge=0, le=3600)  # seconds between looks at the pack; 0: never (embedded only)


class KeysSection(_Section):
    """The keyring of pseudonyms: by default a file made on first use; with `kek` it is wrapped under another key."""

    root: SecretRef | None = None  # a keyring that is kept elsewhere
    kek: KekRef = ""  # key-encryption key: `env:NAME`, `file:/path`, or `transit:NAME` of OpenBao or Vault
    kek_cipher: Literal["aes", "sm4"] = "aes"  # of `env:` and `file:`
    transit_url: str = ""  # https://host:port
    transit_mount: str = "transit"
    transit_namespace: str = ""
    transit_token: SecretRef | None = None
    transit_ca_file: str = ""  # authorities to trust instead of the system's
    transit_deadline_ms: int = Field(default=2000, ge=1, le=60_000)  # milliseconds of one exchange


class ReidentifySection(_Section):
    """How many values one subject may turn back for one purpose, whatever the rules allow."""

    max_values: int = Field(default=1000, ge=0, le=1_000_000_000)  # in one window
    window_s: int = Field(default=86_400, ge=1, le=31_622_400)  # seconds
    over_http: bool = False  # the sidecar's route /v1/reidentify


class ScanSection(_Section):
    """Bounds of a scan."""

    sample: int = Field(default=1000, ge=0, le=1_000_000)  # rows a table
    seed: int = Field(default=0, ge=0)
    timeout_s: float = Field(default=30.0, gt=0, le=3600)  # seconds a table
    threads: int = Field(default=2, ge=1, le=64)  # tables read at once
    suppressions: str = "suppressions.yaml"  # accepted findings; none where the file is not there


class QuerySection(_Section):
    """Bounds of a query."""

    max_rows: int = Field(default=1_000_000, ge=1)
    timeout_s: float = Field(default=30.0, gt=0, le=3600)


class WritesSection(_Section):
    """Which sources guard may write to, beside what rules grant; none by default."""

    sources: tuple[str, ...] = ()  # names of `sources`, or URIs as they are asked for
    timeout_s: float = Field(default=30.0, gt=0, le=3600)  # seconds of one statement


class LineageDataset(_Section):
    """What is known of datasets by their OpenLineage names; `*` stands for anything. What is empty stays unknown."""

    namespace: str = "*"
    name: str = "*"
    country: str = ""
    department: str = ""
    organisation: str = ""
    owner: str = ""


class LineageSection(_Section):
    """Where OpenLineage events go beside guard's own store; an empty value switches a sink off."""

    file: str = "openlineage.ndjson"  # in the state folder unless absolute
    url: str = ""
    token: SecretRef | None = None
    subjects: bool = True  # index by keyed marks whose data an answer holds
    datasets: tuple[LineageDataset, ...] = ()  # where data is and who owns it; the first that fits holds


class AuditSection(_Section):
    """How long entries of the audit log are kept; they are removed by `guard audit prune` only."""

    retention_days: int = Field(default=0, ge=0, le=36_500)  # 0: for ever; otherwise 180 at least
    hold: str = ""  # why nothing may be removed, while that lasts
    timestamp_url: str = ""  # of an RFC 3161 time-stamp authority
    timestamp_every_s: float = Field(default=0.0, ge=0, le=604_800)  # seconds between stamps while guard runs; 0: never
    witnesses: tuple[str, ...] = ()  # URL=KEY of each witness
    witnesses_needed: int = Field(default=0, ge=0, le=16)  # how many must cosign a checkpoint; 0: all
    witness_every_s: float = Field(default=0.0, ge=0, le=604_800)  # seconds between asking while guard runs; 0: never
    store: SecretRef | None = None  # postgresql:// URL of a log that several machines share, by reference
    wait_s: float = Field(default=0.0, ge=0, le=3600)  # seconds to wait for another writer of the shared log


class DpSection(_Section):
    """The privacy budget where `guard budget set` wrote none, and what one answer may cost."""

    epsilon: Decimal = Field(default=Decimal(10), gt=0, le=200)  # of a budget, for one window
    delta: Decimal = Field(default=Decimal("1e-6"), ge=0, lt=1)  # of a budget; 0 only with the notion `pure`
    key_share: Decimal = Field(default=Decimal("0.5"), ge=0, lt=1)  # of delta, for thresholds on private group keys
    notion: Literal["gdp", "zcdp", "pure"] = "gdp"  # in which costs are added up and admitted
    window: Literal["day", "week", "month", "quarter", "year", "forever"] = "forever"  # when a budget begins anew
    query_epsilon: Decimal = Field(default=Decimal(1), gt=0, le=200)  # of one answer
    grid_ms: int = Field(default=100, ge=0, le=60_000)  # answers leave at multiples of it, milliseconds; 0: at once


class ServeSection(_Section):
    """The sidecar's address. Any address but loopback needs a token or client certificates."""

    host: str = "127.0.0.1"
    port: int = Field(default=8787, ge=0, le=65535)
    token: SecretRef | None = None
    tls_cert: str = ""
    tls_key: str = ""
    tls_client_ca: str = ""
    grace_s: float = Field(default=10.0, ge=0, le=600)


class TrinoSection(_Section):
    """How guard answers a Trino cluster: a catalog is the source of the same name, groups are roles."""

    purpose: str = ""  # what every query of the cluster is for; empty: Trino is not answered
    ignore_max_rows: bool = False  # Trino cannot limit rows; true lets a decision pass that would limit them


class Config(BaseSettings):
    """The effective configuration."""

    model_config = SettingsConfigDict(env_prefix="GUARD_", env_nested_delimiter="__", extra="forbid", frozen=True)

    state: str = ".guard"  # folder of guard's own state
    store: str = ""  # postgresql:// URL of a shared store; empty: SQLite in the state folder
    rules: str = ""  # folder of the rule pack; empty: the default pack
    sources: dict[str, str] = Field(default_factory=dict)  # name -> URI without a password, or `env:NAME`
    policy: PolicySection = PolicySection()
    keys: KeysSection = KeysSection()
    reidentify: ReidentifySection = ReidentifySection()
    scan: ScanSection = ScanSection()
    query: QuerySection = QuerySection()
    writes: WritesSection = WritesSection()
    lineage: LineageSection = LineageSection()
    audit: AuditSection = AuditSection()
    dp: DpSection = DpSection()
    serve: ServeSection = ServeSection()
    trino: TrinoSection = TrinoSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment; the file is merged in by `load`. No `.env` is read behind the user's back."""
        del settings_cls, dotenv_settings, file_secret_settings
        return init_settings, env_settings


class Origin(Value, frozen=True):
    """One effective value and where it came from; a secret shows its reference, never itself."""

    key: str
    value: str
    origin: str


class Loaded(Value, frozen=True):
    """A configuration, the folder that relative paths start from, and the origin of each value."""

    config: Any  # Config; msgspec does not know pydantic models
    root: Path
    origins: tuple[Origin, ...]

    def source(self, name: str) -> str:
        """The URI of a source named in the configuration; any other text is taken as a URI itself.

        Raises:
            KeyUnavailableError: the URI stands in an environment variable that is not set.
        """
        uri: str = self.config.sources.get(name, name)
        return resolve_secret(uri, root=self.root).reveal().decode() if uri.startswith("env:") else uri


def default_rules() -> Path:
    """The rule pack that ships with guard: in the wheel, or at the top of a checkout."""
    packed = Path(__file__).with_name("_rules")
    return packed if packed.is_dir() else Path(__file__).resolve().parent.parent / "rules"


def load(file: Path | None = None, *, folder: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Loaded:
    """Reads the configuration: arguments win over the environment, that over the file, that over defaults.

    Args:
        file: a `guard.toml`; without it, `guard.toml` or `pyproject.toml` in `folder` is used when present.
        folder: where to look and what relative paths start from; the working folder by default.
        overrides: values from the command line, nested by section.

    Raises:
        ConfigError: unreadable file, unknown key, wrong value; names the key and where it stands.
    """
    root = (file.parent if file else folder or Path.cwd()).resolve()
    path, table = _read_file(file, root)
    _refuse_unknown(table, Config, str(path or ""), "")
    environment = EnvSettingsSource(Config)()
    _refuse_unknown_environment()
    arguments = dict(overrides or {})
    merged = _merge(_merge(table, environment), arguments)
    try:
        config = Config(**merged)
    except ValidationError as error:
        raise _explain(error, table, environment, path) from None
    for name, uri in config.sources.items():
        if _without_password(uri) != uri and ":" in uri.partition("://")[2].rpartition("@")[0]:
            raise ConfigError(
                f"source `{name}` has a password in the configuration",
                help="put the whole URI into an environment variable and write `env:NAME`",
            )
    named = str(path.name) if path else "file"
    origins = tuple(_origins(config, {"argument": arguments, "environment": environment, named: table}))
    return Loaded(config=config, root=root, origins=origins)


def resolve_secret(reference: str, *, root: Path) -> Sensitive[bytes]:
    """The secret behind `env:NAME` or `file:/path`; a file must not be readable by others.

    Raises:
        KeyUnavailableError: the variable or file is missing, empty, too large or readable by others.
    """
    kind, _, name = reference.partition(":")
    if kind == "env":
        text = Sensitive(os.environ.get(name, "").encode())
        if not text.reveal():
            raise KeyUnavailableError(
                f"environment variable `{name}` is not set", help="set it, or name a file with `file:`"
            )
        return text
    path = root / Path(name).expanduser()
    try:
        with path.open("rb") as handle:
            mode = os.fstat(handle.fileno()).st_mode & 0o077
            content = Sensitive(handle.read(MAX_SECRET_BYTES + 1).strip())
    except OSError as error:
        raise KeyUnavailableError(
            f"secret file `{path}` cannot be read: {error.strerror}", help="create it with mode 0600"
        ) from None
    if mode:
        raise KeyUnavailableError(f"secret file `{path}` is open to other users", help=f"run `chmod 600 {path}`")
    if not 0 < len(content.reveal()) <= MAX_SECRET_BYTES:
        raise KeyUnavailableError(
            f"secret file `{path}` is empty or over {MAX_SECRET_BYTES} bytes", help="put one secret in it"
        )
    return content


def _read_file(file: Path | None, root: Path) -> tuple[Path | None, dict[str, Any]]:
    candidates = [file] if file else [root / FILE_NAME, root / "pyproject.toml"]
    for path in candidates:
        if file is None and not path.is_file():
            continue
        try:
            with path.open("rb") as handle:
                content = handle.read(MAX_CONFIG_BYTES + 1)
            if len(content) > MAX_CONFIG_BYTES:
                raise ConfigError(f"`{path}` is larger than {MAX_CONFIG_BYTES} bytes", help="keep data out of it")
            table = tomllib.loads(content.decode())
        except OSError as error:
            raise ConfigError(
                f"`{path}` cannot be read: {error.strerror}", help="check the path given by --config"
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"`{path}` is not TOML: {error}", help="correct the line named above") from None
        if path.name == "pyproject.toml":
            table = table.get("tool", {}).get("guard", {})
            if not table:
                continue
        return path, table
    return None, {}


def _refuse_unknown(table: Mapping[str, Any], model: type[BaseModel], where: str, prefix: str) -> None:
    for key, value in table.items():
        field = model.model_fields.get(key)
        if field is None:
            near = difflib.get_close_matches(key, model.model_fields, n=1)
            raise ConfigError(
                f"unknown key `{prefix}{key}` in `{where}`",
                help=f"did you mean `{prefix}{near[0]}`?"
                if near
                else f"known: {', '.join(sorted(model.model_fields))}",
            )
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel) and isinstance(value, dict):
            _refuse_unknown(value, field.annotation, where, f"{prefix}{key}.")


# Variables that other parts of guard read themselves.
_OTHER_VARIABLES = frozenset({"GUARD_REQUIRE_SERVICES", "GUARD_OPA", "GUARD_OPENBAO"})


def _refuse_unknown_environment() -> None:
    for name in os.environ:
        if not name.startswith("GUARD_") or name in _OTHER_VARIABLES:
            continue
        section, _, key = name.removeprefix("GUARD_").lower().partition("__")
        field = Config.model_fields.get(section)
        inner = getattr(field.annotation, "model_fields", {}) if field else {}
        # A secret may well be called GUARD_SOMETHING and be referenced by `env:`; only near misses are errors.
        known = key in inner if key else field is not None
        if not known and (key or difflib.get_close_matches(section, Config.model_fields, n=1, cutoff=0.85)):
            raise ConfigError(
                f"environment variable `{name}` names no setting", help="see `guard doctor` for the known settings"
            )


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _explain(
    error: ValidationError, table: Mapping[str, Any], environment: Mapping[str, Any], path: Path | None
) -> ConfigError:
    first = error.errors(include_input=False, include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    where = "the environment" if _has(environment, key) else f"`{path}`" if _has(table, key) else "the arguments"
    if first["type"] == "string_pattern_mismatch":
        return ConfigError(
            f"`{key}` in {where} must be a reference to a secret", help="write `env:NAME` or `file:/path/to/secret`"
        )
    return ConfigError(f"`{key}` in {where} is not valid: {first['msg'].lower()}", help="see docs/reference/config.md")


def _has(table: Mapping[str, Any], key: str) -> bool:
    node: Any = table
    for part in key.split("."):
        if not isinstance(node, dict) or part not in node:
            return False
        node = node[part]
    return True


def _origins(config: BaseModel, layers: Mapping[str, Mapping[str, Any]], prefix: str = "") -> list[Origin]:
    found = []
    for key in type(config).model_fields:
        value = getattr(config, key)
        name = f"{prefix}{key}"
        if isinstance(value, BaseModel):
            found += _origins(value, layers, f"{name}.")
            continue
        origin = next((layer for layer, table in layers.items() if _has(table, name)), "default")
        found.append(Origin(key=name, value=_without_password(value), origin=origin))
    return found


def _without_password(value: Any) -> str:
    text = "" if value is None else str(value)
    scheme, separator, rest = text.partition("://")
    if separator and "@" in rest:
        return f"{scheme}://***@{rest.rpartition('@')[2]}"
    return text
