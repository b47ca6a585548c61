"""All settings: the file, then the environment, then flags; frozen, checked at start.

Each key stands in one group with its unit last in its name. An unknown or wrong one stops the program with its name,
where it came from and what was expected. `config/snowtrack.toml` shows them all.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from snowtrack.addresses import BrokerAddress, parse_broker, parse_stream, with_certificates
from snowtrack.model.errors import ConfigError

EMBEDDED = "embedded"
DEFAULT_FILE = Path("config/snowtrack.toml")
POLICY_FILE = Path("config/policy.toml")
PREFIX = "SNOWTRACK_"
# Variables that are not settings.
FOREIGN = ("SNOWTRACK_CONFIG", "SNOWTRACK_SUPERVISED", "SNOWTRACK_TEST_")

Port = Annotated[int, Field(ge=1, le=65_535)]
Seconds = Annotated[float, Field(gt=0)]
Days = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Group(BaseModel):
    """A frozen group of settings that knows all its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_value(cls, value: object) -> object:
        """`true` would be read as the number 1."""
        if isinstance(value, bool):
            raise ValueError("no key takes true or false")
        return value


class Place(Group):
    """Where this instance keeps what it has to keep."""

    folder: Path = Path("snowtrack-data")
    free_mb_min: Count = 500


class Broker(Group):
    """The MQTT broker: our own for trying things, or any other by URL."""

    url: str = EMBEDDED
    port: Port = 18_830
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    client_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")] = "snowtrack.ingest"


class Stream(Group):
    """A NATS cluster: where workers that share the devices read what it keeps of what came over MQTT."""

    url: str = ""
    replicas: int = 3
    mb: Count = 10_240
    hours: Annotated[float, Field(gt=0)] = 72

    @field_validator("replicas")
    @classmethod
    def _one_or_three(cls, value: int) -> int:
        if value not in (1, 3):
            raise ValueError("expected 1 or 3")
        return value


class DatabaseSettings(Group):
    """PostgreSQL: our own, or any other (TimescaleDB too) by URL."""

    url: str = EMBEDDED
    run_as: str = "nobody"


class NetworkSettings(Group):
    """The roads: a network folder, or the sample town in the data folder."""

    folder: Path | None = None
    sample_seed: int = 1


class Ingest(Group):
    """Bounds of the way from the broker to the commit."""

    batch_s: Seconds = 0.1
    batch_fixes: Count = 20_000
    live_messages_max: Count = 60_000
    backlog_messages_max: Count = 200
    in_hand_mb: Count = 64
    durable_s: Seconds = 1
    commit_s: Seconds = 5
    spool_mb: Count = 1_024
    save_s: Seconds = 5
    dirty_quiet_s: Seconds = 5
    dirty_patience_s: Seconds = 60
    dialects: Path | None = None
    quarantine_mb: Count = 64
    quarantine_days: Days = 30


class EngineSettings(Group):
    """How fixes become passes."""

    lag_s: Annotated[float, Field(ge=0)] = 20
    late_s: Annotated[float, Field(ge=0)] = 10
    cut_s: Seconds = 300
    bridge_s: Seconds = 60
    lift_s: Seconds = 12
    idle_s: Seconds = 180
    parked_min: Seconds = 30
    silence_s: Seconds = 60


class Clearance(Group):
    """How facts are folded, and by which policies they become labels."""

    policy: Path = POLICY_FILE
    fold_segments: Count = 5_000


class Public(Group):
    """What residents see, and how exactly."""

    cut_s: Annotated[int, Field(ge=1)] = 600
    round_s: Annotated[int, Field(ge=300)] = 300


class Listener(Group):
    """Where HTTP is answered."""

    host: str
    port: Port

    @property
    def url(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


class Api(Listener):
    """The HTTP interface."""

    host: str = "127.0.0.1"
    port: Port = 8_080
    connections: Count = 4
    live_subscribers_max: Count = 1_000
    live_of_one_max: Count = 100
    public_subscribers_max: Count = 10_000
    live_events_kept: Count = 256
    page_segments_max: Count = 20_000
    tiles_kept_mb: Count = 64
    requests_per_s: Count = 100
    requests_burst: Count = 1_000


class Access(Group):
    """How long who signed in stays in, and when an account is locked."""

    session_h: Seconds = 336
    idle_h: Seconds = 12
    failures_max: Count = 10
    locked_min: Seconds = 5
    tries_per_min: Count = 30


class OpenId(Group):
    """The provider by which people of an organisation sign in. The secret belongs into the environment."""

    issuer: str | None = None
    client_id: str = "snowtrack"
    client_secret: str | None = None
    account_claim: str = "email"
    url: str | None = None

    @field_validator("issuer", "url")
    @classmethod
    def _encrypted(cls, value: str | None) -> str | None:
        if value is None or value.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            return value
        raise ValueError("expected https://…; http:// only on this machine")


class Portal(Listener):
    """The residents' page."""

    host: str = "127.0.0.1"
    port: Port = 8_081


class Notices(Group):
    """How alerts are sent. Secrets belong into the environment or a file that others cannot read."""

    smtp_url: str | None = None
    smtp_ca: Path | None = None
    mail_from: str | None = None
    webhook_secret: str | None = None


class Log(Group):
    """What the services write to standard error: readable on a terminal, JSON elsewhere."""

    level: Annotated[str, Field(pattern="^(debug|info|warning|error)$")] = "info"


class Settings(Group):
    """Everything that can be set."""

    data: Place = Place()
    broker: Broker = Broker()
    stream: Stream = Stream()
    database: DatabaseSettings = DatabaseSettings()
    network: NetworkSettings = NetworkSettings()
    ingest: Ingest = Ingest()
    engine: EngineSettings = EngineSettings()
    clearance: Clearance = Clearance()
    public: Public = Public()
    api: Api = Api()
    access: Access = Access()
    openid: OpenId = OpenId()
    portal: Portal = Portal()
    notices: Notices = Notices()
    log: Log = Log()

    @property
    def network_folder(self) -> Path:
        return self.network.folder or self.data.folder / "network"

    @property
    def broker_url(self) -> str:
        return f"mqtt://127.0.0.1:{self.broker.port}" if self.broker.url == EMBEDDED else self.broker.url

    @property
    def broker_address(self) -> BrokerAddress:
        """The broker, and the certificates with which it is called."""
        return self.broker_addresses[0]

    @property
    def broker_addresses(self) -> tuple[BrokerAddress, ...]:
        """All nodes of a cluster, any of which will do."""
        return tuple(self._certified(parse_broker(url)) for url in self.broker_url.split(","))

    @property
    def stream_addresses(self) -> tuple[BrokerAddress, ...]:
        """Where its nodes speak NATS's own protocol; none without a cluster."""
        return tuple(self._certified(parse_stream(url)) for url in self.stream.url.split(",") if url)

    def _certified(self, address: BrokerAddress) -> BrokerAddress:
        broker = self.broker
        return with_certificates(address, broker.ca, broker.certificate, broker.key)


def load_settings(
    file: Path | None = None, environment: Mapping[str, str] = os.environ, flags: Iterable[str] = ()
) -> Settings:
    """Put the sources over one another; `flags` are `group.key=value`."""
    values: dict[str, dict[str, Any]] = {}
    origins: dict[tuple[str, str], str] = {}
    for origin, group, key, value in [
        *_from_file(file, environment),
        *_from_environment(environment),
        *_from_flags(flags),
    ]:
        values.setdefault(group, {})[key] = value
        origins[group, key] = origin
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_explain(error, origins)) from None


def as_environment(settings: Settings) -> dict[str, str]:
    """The settings as variables that a child process reads back, whatever file lies where it runs."""
    values = settings.model_dump(mode="json", exclude_none=True)
    named = {
        f"{PREFIX}{group}_{key}".upper(): str(value) for group, keys in values.items() for key, value in keys.items()
    }
    return {"SNOWTRACK_CONFIG": "", **named}


# Who shows them; no other service has them.
SECRETS = {
    f"{PREFIX}OPENID_CLIENT_SECRET": "api",
    f"{PREFIX}NOTICES_WEBHOOK_SECRET": "fold",
    f"{PREFIX}NOTICES_SMTP_URL": "fold",
}

Entry = tuple[str, str, str, Any]
"""Where it came from, group, key, value."""


def _from_file(file: Path | None, environment: Mapping[str, str]) -> list[Entry]:
    named = environment.get("SNOWTRACK_CONFIG")
    path = file or (Path(named) if named else DEFAULT_FILE)
    if file is None and not named and (named == "" or not path.exists()):
        return []
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: this is not TOML: {error}") from error
    for group, keys in content.items():
        if not isinstance(keys, dict):
            raise ConfigError(f"{path}: {group}: expected a group, one of [{'], ['.join(Settings.model_fields)}]")
    return [(str(path), group, key, value) for group, keys in content.items() for key, value in keys.items()]


def _from_environment(environment: Mapping[str, str]) -> list[Entry]:
    found = []
    for name, value in environment.items():
        if not name.startswith(PREFIX) or name.startswith(FOREIGN):
            continue
        group, _, key = name.removeprefix(PREFIX).lower().partition("_")
        found.append((f"environment {name}", group, key, value))
    return found


def _from_flags(flags: Iterable[str]) -> list[Entry]:
    found = []
    for flag in flags:
        name, equals, value = flag.partition("=")
        group, dot, key = name.partition(".")
        if not (equals and dot):
            raise ConfigError(f"--set {flag}: expected group.key=value, for example api.port=8090")
        found.append((f"--set {name}", group, key, value))
    return found


def _explain(error: ValidationError, origins: Mapping[tuple[str, str], str]) -> str:
    """The first fault, in one line."""
    fault = error.errors(include_url=False)[0]
    group, key = str(fault["loc"][0]), str(fault["loc"][1]) if len(fault["loc"]) > 1 else ""
    if fault["type"] == "extra_forbidden":
        known = (
            Settings.model_fields
            if group not in Settings.model_fields
            else type(getattr(Settings(), group)).model_fields
        )
        what = f"unknown {'group' if group not in Settings.model_fields else 'key'}; expected one of {', '.join(known)}"
    else:
        what = f"{fault['input']!r} does not fit: {_expected(fault)}"
    origin = next((o for (g, k), o in origins.items() if g == group and key in ("", k)), "settings")
    name = f"{group}{'.' if key else ''}{key}"
    return f"{origin}: {what}" if origin.endswith(f" {name}") else f"{origin}: {name}: {what}"


def _expected(fault: ErrorDetails) -> str:
    """What would fit, in our words."""
    kind, bounds = fault["type"], fault.get("ctx", {})
    if kind.startswith("int_"):
        return "expected a whole number"
    if kind.startswith("float_"):
        return "expected a number"
    if kind == "value_error":
        return str(bounds["error"])
    said = {
        "greater_than": "expected more than {gt}",
        "greater_than_equal": "expected at least {ge}",
        "less_than_equal": "expected at most {le}",
        "finite_number": "expected a finite number",
        "string_type": "expected a text",
        "string_pattern_mismatch": "expected what matches {pattern}",
        "path_type": "expected a path",
    }
    return said[kind].format(**bounds) if kind in said else f"{fault['msg'][0].lower()}{fault['msg'][1:]}"
