"""The settings of the hub and those that every connection has; each documents itself for the manual."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from opshub.config.currencies import Code
from opshub.config.fields import Fields
from opshub.config.problems import meant
from opshub.engine.connection import HUB_FIELDS
from opshub.model import Visibility
from opshub.sdk.settings import Settings

__all__ = ["ConnectionSettings", "Duration", "HubSettings", "duration"]

_UNITS = (86400, 3600, 60, 1)
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def duration(text: object) -> timedelta:
    """``"90s"``, ``"5m"``, ``"1h30m"``, ``"2d"`` as a time span; ValueError for all else."""
    if isinstance(text, timedelta):
        return text
    found = _DURATION.fullmatch(text.replace(" ", "").lower()) if isinstance(text, str) else None
    if found is None or not any(found.groups()):
        raise ValueError('must be a duration such as "30s", "5m", "1h30m" or "2d"')
    seconds = sum(
        int(amount or 0) * unit for amount, unit in zip(found.groups(), (86400, 3600, 60, 1), strict=True)
    )
    if not 0 < seconds <= 3660 * 86400:
        raise ValueError("must be longer than nothing and shorter than ten years")
    return timedelta(seconds=seconds)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError) as error:
        # ZoneInfoNotFoundError is a KeyError, and hostile names raise ValueError or OSError.
        raise ValueError(_no_zone(name)) from error
    except KeyError as error:
        raise ValueError(_no_zone(name)) from error
    return name


def _no_zone(name: str) -> str:
    from difflib import get_close_matches
    from zoneinfo import available_timezones

    zones = {zone.casefold(): zone for zone in available_timezones()}
    near = get_close_matches(name.casefold(), zones, n=1)
    known = f'; did you mean "{zones[near[0]]}"?' if near else ', such as "Asia/Shanghai"'
    return f"is no time zone of the IANA list{known}"


def _hub_field(name: str) -> str:
    if name in HUB_FIELDS or re.fullmatch(r"(score|tags)\.\w+", name):
        return name
    raise ValueError(f"is no field of the hub{meant(name, [*HUB_FIELDS, 'score.NAME', 'tags.PREFIX'])}")


def _once(write: dict[str, str]) -> dict[str, str]:
    twice = sorted({remote for remote in write.values() if list(write.values()).count(remote) > 1})
    if twice:
        raise ValueError(f'sends two fields of the hub to "{twice[0]}"')
    return write


Filled = Annotated[str, Field(min_length=1)]
HubField = Annotated[str, AfterValidator(_hub_field)]
Duration = Annotated[timedelta, BeforeValidator(duration, json_schema_input_type=str)]
"""A time span, written as a text: ``"90s"``, ``"5m"``, ``"1h30m"``, ``"2d"``."""


class HubSettings(Settings):
    """Settings of the hub itself, under ``[hub]``. Paths are relative to the folder of ``opshub.toml``."""

    database: str = Field(default="opshub.db", min_length=1)
    """The SQLite file that holds everything. Kept readable by its owner alone."""

    rules: tuple[str, ...] = ("rules",)
    """Rule files, folders of `*.rules` files, or patterns such as `"teams/*.rules"`."""

    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """The zone in which times are shown, and of dates that come without one (`--since 2024-05-31`)."""

    plugins: str = "plugins"
    """A folder of connectors of one's own, one Python file each; need not exist."""

    secrets: str = "secrets"
    """A folder with one file for each secret, named like the environment variable that could hold it
    (`OPSHUB_CONNECTIONS__SUPPORT__TOKEN`). Readable by its owner alone; need not exist. Where systemd hands
    credentials over (`LoadCredential=`), its folder is read as well."""

    log: Literal["text", "json"] = "text"
    """How the daemon logs: lines for people, or one JSON object a line."""

    listen: str = Field(default="127.0.0.1:8484", pattern=r"^.+:\d{1,5}$")
    """Where the daemon answers `/healthz` and `/readyz`, as `host:port`; port 0 takes a free one."""

    similar: Literal["suggest", "learn", "attach"] = "learn"
    """Whether feedback with a similar text joins an idea by itself: `suggest`: never, it is asked about; `learn`: for
    each kind of feedback once the answers show that it is right often enough; `attach`: from the start."""

    attach: float = Field(default=0.95, ge=0.5, lt=1)
    """How often what joins by a likeness must be right, as it is expected from the answers (`opshub matching tune`)."""

    ask: float = Field(default=0.1, gt=0, lt=1)
    """From which expectation on a person is asked (`opshub review`); below it nothing is likely enough."""

    encoder: str = Field(default="auto", min_length=1)
    """The sentence encoder by which texts are alike that say the same in other words, or in another language: `"auto"`
    takes the one of the extra `opshub[semantic]` where that is installed, `"off"` none. Else `"universal"`,
    `"minilm"` (English, the extra `opshub[english]`), or a folder with a model of your own (see
    [matching](matching.md))."""

    max_changes: int = Field(default=200, ge=1)
    """A plan with more changes than this is refused until it is confirmed with `--max-changes`."""

    lease: Duration = timedelta(seconds=60)
    """How long a process that fell silent keeps the right to write."""

    wait: Duration = timedelta(seconds=30)
    """How long a command waits for another one that holds the database."""

    sweep_guard: float = Field(default=0.2, gt=0, le=1)
    """A count of what still exists is refused if it would take away more than this share of a connection."""

    keep_runs: int = Field(default=10_000, ge=1)
    """How many runs are remembered with their counts and errors. What older ones wrote stays known: `opshub revert`
    needs nothing else."""

    audience: Visibility = Visibility.INTERNAL
    """Who reads what the hub writes, if a connection does not say: texts more private than that never go."""

    @model_validator(mode="after")
    def _asks_below(self) -> HubSettings:
        if self.ask >= self.attach:
            raise ValueError("ask must be smaller than attach: what attaches is not asked about")
        return self


class ConnectionSettings(Settings):
    """Settings that every connection has, under ``[connections.NAME]``, beside those of its connector."""

    model_config = ConfigDict(populate_by_name=False)

    kind: str
    """Which connector: see `opshub connections kinds`."""

    role: Literal["feedback", "ideas", "signals"] = Field(default="feedback", alias="as")
    """What its records are: `feedback`, or `ideas`: items of a tracker that the hub ranks and writes to;
    or `signals`: values that it reports of signals."""

    apply: Literal["approve", "auto", "never"] = "approve"
    """Whether changes wait for `opshub apply`, are written at the end of each sync, or are never written."""

    every: Duration = timedelta(minutes=15)
    """How often the daemon pulls."""

    conflict: Literal["hub", "remote", "ask"] = "ask"
    """Who wins where a person changed a field that the hub owns."""

    audience: Visibility | None = None
    """Who reads what the hub writes there: a text more private than that never goes. Default: the hub's."""

    destinations: tuple[Filled, ...] = ()
    """The projects that rules may route ideas to, such as `["SEC", "FEED"]`: any other is an error in a rule and
    for `opshub ideas override`. Without it any name passes. Only with `as = "ideas"`."""

    publish: int = Field(default=0, ge=0, le=1000)
    """How many ideas the ranked list holds that is published there, if the connector can; 0 is none."""

    private: bool = False
    """Whether its address may lie in a private network or on this machine: a tracker of one's own, a twin."""

    rate: float | None = Field(default=None, gt=0)
    """How many requests a second are sent at most; what the vendor's answers allow holds beside it."""

    burst: int = Field(default=10, ge=1)
    """How many requests may go out at once before `rate` counts."""

    write: Annotated[dict[HubField, Filled], AfterValidator(_once)] = Field(default_factory=dict)
    """Hub field = remote field; the only fields that the hub owns there. Hub fields: `band`, `score`,
    `score.NAME`, `tags`, `tags.PREFIX` (those that begin `PREFIX:`), `urgency`, `voices`, `evidence`."""

    currency: Code = ""
    """The currency of amounts that come without one, such as `account.arr`. Default: the hub's, of `[currencies]`."""

    bands: dict[str, str] = Field(default_factory=dict)
    """Band = what it is called there, such as `P1 = "Highest"`."""

    fields: Fields = Field(default_factory=dict)
    """Fields of one's own that rules can read: `impact = { type = "number" }`, or a table
    `[connections.NAME.fields.impact]`."""

    @model_validator(mode="after")
    def _routed_to_trackers(self) -> ConnectionSettings:
        if self.destinations and self.role != "ideas":
            raise ValueError('"destinations" are for trackers: add as = "ideas", or leave them out')
        return self
