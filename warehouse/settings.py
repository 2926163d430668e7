"""Every setting of Footfall, with its type, default and meaning.

A setting is an environment variable ``FOOTFALL_<NAME>``; where it is not in the environment, it
is read from ``<home>/footfall.env``, which ``make up`` writes. The reference page
``docs/reference/settings.md`` is generated from the descriptions here.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.setting_checks import (
    check_days_by_source,
    check_key_set,
    check_networks,
    check_origins,
    check_secret,
)

PROJECT_ROOT = Path(__file__).resolve().parent.parent
ENV_PREFIX = "FOOTFALL_"
ENV_FILE = "footfall.env"


def home_directory() -> Path:
    """Return the directory that holds all state: ``FOOTFALL_HOME``, else ``.footfall`` here."""
    return Path(os.environ.get("FOOTFALL_HOME") or PROJECT_ROOT / ".footfall").resolve()


class Settings(BaseSettings):
    """What an operator can set. Immutable; obtain it by :func:`load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    # where it runs
    home: Path = Field(
        default_factory=home_directory,
        description="Directory of all state: database files, logs, secrets, generated sites.",
    )
    bind_host: str = Field(
        default="127.0.0.1",
        description="Address that ingestion, serving and Airflow listen on. Anything but a "
        "loopback address opens them to the network.",
    )
    postgres_port: int = Field(default=5433, description="Port of the embedded Postgres.")
    ingestion_port: int = Field(default=8000, description="Port of the ingestion API.")
    serving_port: int = Field(default=8001, description="Port of the serving API and sites.")
    airflow_port: int = Field(default=8080, description="Port of the Airflow web UI and API.")

    # the database
    database_url: SecretStr | None = Field(
        default=None,
        description="Postgres (15 or later) to use instead of the embedded one, as "
        "`postgresql://user:password@host:port/database`; the user must be allowed to create "
        "roles and databases. Only `make up` and migrations connect with it.",
    )
    owner_dsn: SecretStr | None = Field(
        default=None, description="DSN of the owner of the raw and ops schemas; runs migrations."
    )
    ingest_dsn: SecretStr | None = Field(
        default=None, description="DSN of ingestion: may add raw events, reads no mart."
    )
    transform_dsn: SecretStr | None = Field(
        default=None, description="DSN of the pipeline: reads raw, writes everything built from it."
    )
    serving_dsn: SecretStr | None = Field(
        default=None, description="DSN of serving: reads marts, raw (live figures) and ops."
    )
    read_dsn: SecretStr | None = Field(
        default=None, description="DSN for analysts and BI tools: selects from marts, nothing else."
    )
    airflow_dsn: SecretStr | None = Field(
        default=None, description="DSN of Airflow's metadata, in a database of its own."
    )

    # how clients reach it
    ingestion_url: str = Field(
        default="http://127.0.0.1:8000", description="Base URL of the ingestion API."
    )
    serving_url: str = Field(
        default="http://127.0.0.1:8001", description="Base URL of the serving API."
    )
    airflow_url: str = Field(
        default="http://127.0.0.1:8080", description="Base URL of the Airflow web UI."
    )
    airflow_user: str = Field(default="admin", description="Log-in name for the Airflow web UI.")
    airflow_password: SecretStr | None = Field(
        default=None, description="Password for the Airflow web UI."
    )
    write_key: SecretStr | None = Field(
        default=None, description="Write key with which events are sent to ingestion."
    )
    read_token: SecretStr | None = Field(
        default=None, description="Bearer token that reads from serving."
    )
    admin_token: SecretStr | None = Field(
        default=None, description="Bearer token that administers serving and ingestion."
    )

    # what ingestion accepts
    max_body_bytes: int = Field(
        default=5_000_000, gt=0, description="Largest request body, after decompression, in bytes."
    )
    max_batch_events: int = Field(default=5_000, gt=0, description="Most events in one request.")
    max_event_bytes: int = Field(
        default=64_000, gt=0, description="Largest single event, as JSON, in bytes."
    )
    max_depth: int = Field(
        default=8, gt=0, description="Deepest nesting of objects and arrays inside an event."
    )
    max_string_length: int = Field(
        default=8_192, gt=0, description="Longest string inside an event, in characters."
    )
    max_future_skew_seconds: int = Field(
        default=300,
        ge=0,
        description="How far ahead of ours a sender's clock may be, in seconds. An event further "
        "in the future is set to its time of receipt, and marked.",
    )
    unknown_events: Literal["quarantine", "custom"] = Field(
        default="quarantine",
        description="What becomes of an event type that is not in the catalogue: `quarantine`, or "
        "`custom` to store it as given.",
    )

    # who may send, and how much
    anonymous_source: str | None = Field(
        default=None,
        description="Source of events that come without a key to the endpoints of those older "
        "systems that ask for none; without one, such requests get 401. `make up` sets it.",
    )
    anonymous_origins: Annotated[str, AfterValidator(check_origins)] = Field(
        default="",
        description="Origins of web pages, separated by commas, that may send without a key, such "
        "as `https://shop.example` or `https://*.shop.example`; empty: no page may.",
    )
    jwt_secret: Annotated[SecretStr | None, AfterValidator(check_secret)] = Field(
        default=None,
        description="Shared secret of tokens (JWT) signed with HS256, at least 32 bytes. Without "
        "it such tokens are refused.",
    )
    jwt_jwks: Annotated[str | None, AfterValidator(check_key_set)] = Field(
        default=None,
        description="Where the public keys (JWKS) of tokens signed with RS256 are: an https URL "
        "(http on this machine alone), or a file. Without it such tokens are refused.",
    )
    jwt_issuer: str | None = Field(
        default=None, description="Issuer (`iss`) that a token must name; empty: any."
    )
    jwt_audience: str | None = Field(
        default=None, description="Audience (`aud`) that a token must name; empty: none is asked."
    )
    jwt_roles_claim: str = Field(
        default="roles",
        description="Claim of a token that lists roles: `ingest`, `reader`, `admin`.",
    )
    jwt_source: str = Field(
        default="jwt", description="Source of events that are sent with a token."
    )
    trusted_proxies: Annotated[str, AfterValidator(check_networks)] = Field(
        default="",
        description="Addresses or networks, separated by commas, of proxies whose "
        "`X-Forwarded-For` is believed.",
    )
    rate_limit_key_events: int = Field(
        default=6_000_000,
        ge=0,
        description="Most events a minute with one write key or token; beyond, 429. 0: no limit.",
    )
    rate_limit_client_requests: int = Field(
        default=600,
        ge=0,
        description="Most requests a minute from one address without a key, with a key for "
        "browsers, or with one that is refused; beyond, 429. 0: no limit.",
    )
    body_timeout_seconds: float = Field(
        default=30, gt=0, description="How long a request's body may take to arrive; then 408."
    )

    # what is kept of people
    privacy_secret: SecretStr | None = Field(
        default=None,
        description="Secret with which erased persons are hashed. Keep it for ever: without it "
        "nobody stays erased.",
    )
    ip_addresses: Literal["off", "truncated", "hashed", "full"] = Field(
        default="off",
        description="What is kept of IP addresses: nothing, the network (IPv4 /24, IPv6 /48), a "
        "hash whose salt changes daily, or all. Country, region and city are derived before.",
    )
    user_agents: Literal["off", "reduced", "full"] = Field(
        default="reduced",
        description="What is kept of user agents: nothing; device, browser and operating system; "
        "or the text as well.",
    )
    track_anonymous: bool = Field(
        default=True,
        description="Whether personal events without a user id are stored; else suppressed.",
    )
    consent: Literal["off", "opt_out", "opt_in"] = Field(
        default="off",
        description="What personal events need: `off`, nothing; `opt_out`, that their `consent` "
        "is not `denied`; `opt_in`, that it is `granted`. Others are suppressed.",
    )
    privacy_signals: Literal["honour", "ignore"] = Field(
        default="honour",
        description="Whether Do Not Track and Global Privacy Control suppress personal events "
        "whose `consent` is not `granted`.",
    )
    bots: Literal["keep", "suppress"] = Field(
        default="keep",
        description="What becomes of events whose user agent is a bot's: kept, with the device "
        "`bot`, or suppressed.",
    )
    geoip_database: Path | None = Field(
        default=None,
        description="MaxMind DB file (`.mmdb`), or directory of such files, from which country, "
        "region and city of an IP address are read; without one, what `footfall geo install` "
        "fetched; without that, the countries that come along.",
    )

    # what happens while Postgres is away
    spool_dir: Path | None = Field(
        default=None,
        description="Directory in which events wait while Postgres is away; `spool` in the state "
        "directory where none is named. Each ingestion needs its own.",
    )
    spool_max_bytes: int = Field(
        default=1_000_000_000,
        ge=0,
        description="Most bytes in the spool; beyond, senders get 503 and Retry-After. 0: nothing "
        "is spooled.",
    )

    max_queued_events: int = Field(
        default=20_000,
        gt=0,
        description="Most events that may wait to be landed; beyond, senders get 503 and "
        "Retry-After.",
    )
    max_queued_bytes: int = Field(
        default=30_000_000,
        gt=0,
        description="Most bytes of request bodies that may wait to be landed; beyond, senders get "
        "503 and Retry-After.",
    )
    catalog_dir: Path = Field(
        default=PROJECT_ROOT / "ingestion" / "catalog",
        description="Directory of the catalogue: one YAML file for each category of events.",
    )

    # who is told when something is wrong
    alert_channels: SecretStr | None = Field(
        default=None,
        description="Where alerts are sent: URLs of Apprise (https://appriseit.com/services/), "
        "separated by spaces, such as `mailtos://user:password@mail.example?to=ops@example.org "
        "slack://…`. Without any, alerts are in `ops.alerts` alone.",
    )
    alert_response_ms: float = Field(
        default=1000,
        gt=0,
        description="Mean response time of an endpoint over 5 minutes, in milliseconds, above "
        "which there is an alert.",
    )
    alert_drop_percent: float = Field(
        default=50,
        gt=0,
        lt=100,
        description="By how many percent events may be down against the same time the day before.",
    )
    alert_error_percent: float = Field(
        default=5,
        gt=0,
        lt=100,
        description="How many percent of the events of 15 minutes may go into quarantine.",
    )
    alert_database_ms: float = Field(
        default=250,
        gt=0,
        description="How long a commit in Postgres may take, in milliseconds.",
    )
    alert_late_minutes: int = Field(
        default=120,
        gt=0,
        description="How many minutes events may wait to be built, and marts to follow.",
    )

    # how long things are kept
    retention_days: int | None = Field(
        default=None,
        gt=0,
        description="Days that raw events are kept; empty: as `keep_days` in the catalogue says.",
    )
    retention_days_by_source: Annotated[str, AfterValidator(check_days_by_source)] = Field(
        default="",
        description="Days that raw events of single sources are kept, such as `shop=365, crm=30`. "
        "Goes before FOOTFALL_RETENTION_DAYS and the catalogue.",
    )
    retention_days_quarantine: int = Field(
        default=180, gt=0, description="Days that quarantined events are kept, replayed or not."
    )
    retention_days_ops: int = Field(
        default=400,
        gt=0,
        description="Days that reports and the records of loads, runs, checks and resolved alerts "
        "are kept.",
    )
    retention_days_resolved_errors: int = Field(
        default=90, gt=0, description="Days after its resolution for which an error is listed."
    )
    retention_archive_dir: Path | None = Field(
        default=None,
        description="Directory for raw events as Parquet before they go; empty: no archive.",
    )

    # how it is run
    reporting_timezone: str = Field(
        default="UTC",
        description="IANA time zone in which days, weeks and months begin. After a change, run "
        "`footfall run all --full-refresh`.",
    )
    session_timeout_minutes: int = Field(
        default=30,
        gt=0,
        description="Minutes without an event after which a visitor's next event opens a new "
        "session, where the sender gives no session id. After a change, run "
        "`footfall run all --full-refresh`.",
    )
    stitch_backwards: bool = Field(
        default=True,
        description="Whether what was done anonymously on a device counts for its first user also "
        "from before the user was known there; else from that moment on. After a change, run "
        "`footfall run all --full-refresh`.",
    )
    attribution_lookback_days: int = Field(
        default=30,
        gt=0,
        description="How many days before a conversion a visit may be to have a part in it. After "
        "a change, run `footfall run all --full-refresh`.",
    )
    experiment_confidence: float = Field(
        default=0.95,
        gt=0.85,
        lt=1,
        description="Confidence of the intervals of experiments, and with which a winner is named. "
        "After a change, run `footfall run content --full-refresh`.",
    )
    partitions_ahead_days: int = Field(
        default=14, ge=2, description="How many daily partitions of raw.events exist in advance."
    )
    demo: bool = Field(
        default=True,
        description="Whether the first `make up` lands a day of simulated events.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe message that the processes log."
    )

    def require(self, name: str) -> str:
        """Return the text of a setting that must be present.

        Args:
            name: Field name, such as ``"transform_dsn"``.

        Returns:
            The value, a secret unwrapped.

        Raises:
            MissingSettingError: The setting is empty.
        """
        value = getattr(self, name)
        if value is None:
            raise MissingSettingError(name)
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


class MissingSettingError(RuntimeError):
    """A setting that this process needs is neither in the environment nor in footfall.env."""

    def __init__(self, name: str) -> None:
        variable = f"{ENV_PREFIX}{name.upper()}"
        super().__init__(
            f"{variable} is not set: run `make up`, which writes it to "
            f"{home_directory() / 'footfall.env'}, or set it in the environment"
        )


@cache
def load_settings() -> Settings:
    """Return the settings of this process, read once.

    Raises:
        pydantic.ValidationError: A value has the wrong type; the message names the field.
    """
    return Settings(_env_file=home_directory() / ENV_FILE)


def explain_invalid(error: ValidationError) -> str:
    """Return which settings are wrong and why, without their values."""
    return "; ".join(
        f"{setting_variable(problem['loc'])}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in error.errors(include_input=False, include_url=False)
    )


def setting_variable(location: tuple[int | str, ...]) -> str:
    """Return the variable of which an error of pydantic's speaks.

    >>> setting_variable(("jwt_secret",)), setting_variable(("FOOTFALL_HOME",))
    ('FOOTFALL_JWT_SECRET', 'FOOTFALL_HOME')
    """
    return ENV_PREFIX + "_".join(map(str, location)).upper().removeprefix(ENV_PREFIX)
