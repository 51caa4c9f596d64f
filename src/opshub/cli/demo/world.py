"""The demo's world: a planning tool's customers, served by loopback twins of a desk, a survey, a tracker and a wiki."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from opshub.plugins import Registry

__all__ = ["PAGE", "World", "world"]

PAGE = "What customers ask for"
"""Title of the wiki page on which the ranked list appears."""

FORM = "pulse"
PLANS = {"Helix Insurance": 96_000, "Cobalt Bank": 140_000, "Northwind Logistics": 61_000, "海川物流": 38_000}
ISSUES = (
    ("Single sign-on fails after the token expires", "Reported by two customers so far."),
    ("Large boards are slow to open", "Closed last year, came back."),
    ("Excel export breaks names that are not ASCII", "Names become question marks."),
)


NOTES = (
    (
        "Visit at Cobalt Bank",
        "They need custom reports with hours per customer and per month, and an audit log.",
    ),
    ("拜访海川物流", "看板打开太慢，要等四十秒；报表功能太弱，老板说明年可能不续费。"),
)


@dataclass(slots=True)
class World:
    """The twins by connection name, and the folder with the configuration that speaks to them."""

    folder: Path
    twins: dict[str, Any]
    page: str

    @property
    def config(self) -> Path:
        """The demo's ``opshub.toml``."""
        return self.folder / "opshub.toml"


@contextmanager
def world(
    folder: Path, now: datetime, share: float = 1.0, ports: Mapping[str, int] | None = None
) -> Iterator[World]:
    """Twins that are being served and filled, and a configuration in ``folder``.

    ``share`` takes only that part of the sample feedback; ``ports`` fixes ports by connection.
    """
    registry = Registry()
    kinds = {"support": "zendesk", "survey": "typeform", "tracker": "jira", "wiki": "confluence"}
    with ExitStack() as stack:
        twins = {name: registry.twin(kind)() for name, kind in kinds.items()}
        fixed = ports or {}
        addresses = {
            name: stack.enter_context(twin.serve(fixed.get(name, 0))) for name, twin in twins.items()
        }
        page = _fill(twins, now, share)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "rules").mkdir(exist_ok=True)
        (folder / "rules" / "demo.rules").write_text(_sample("demo.rules"), "utf-8")
        (folder / "reviews.csv").write_text(_reviews(now, share), "gb18030")
        tables = {name: twins[name].settings(addresses[name]) for name in twins}
        (folder / "opshub.toml").write_text(_configuration(tables, page), "utf-8")
        yield World(folder, twins, page)


def _sample(name: str) -> str:
    return files("opshub.cli.demo").joinpath(name).read_text("utf-8")


def _rows(name: str, share: float) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in _sample(name).splitlines() if line]
    return rows[: max(1, round(len(rows) * share))] if share < 1 else rows


def _fill(twins: Mapping[str, Any], now: datetime, share: float) -> str:
    """Put the sample data where customers would; the id of the wiki page."""
    _fill_desk(twins["support"], now, share)
    survey = twins["survey"]
    survey.add_form(
        "Pulse",
        [
            survey.question("nps", "How likely are you to recommend us?", ref="score"),
            survey.question("long_text", "Why?", ref="why"),
        ],
        id=FORM,
        hidden=["company"],
    )
    for row in reversed(_rows("responses.jsonl", share)):
        answers = {"score": row["nps"], **({"why": row["why"]} if row["why"] else {})}
        at = now - timedelta(days=row["days"], hours=2)
        survey.add_response(FORM, answers, hidden={"company": row["company"]}, submitted_at=at)
    tracker = twins["tracker"]
    tracker.add_project("LAN", "Lantern")
    for summary, text in ISSUES:
        tracker.add(summary, project="LAN", description=text, at=now - timedelta(days=60), reporter="ann")
    return _fill_wiki(twins["wiki"], now)


def _fill_desk(desk: Any, now: datetime, share: float) -> None:
    companies: dict[str, int] = {}
    people: dict[str, int] = {}
    for row in reversed(_rows("tickets.jsonl", share)):
        org, who = row["org"], row["who"]
        if org and org not in companies:
            plan = "enterprise" if org in PLANS else "team"
            companies[org] = desk.add_organization(org, fields={"plan": plan, "arr": PLANS.get(org, 4_800)})
        if who and who not in people:
            people[who] = desk.add_user(who, organization=companies[org])
        number = desk.add_ticket(
            row["subject"],
            row["text"],
            requester=people.get(who),
            tags=row["tags"],
            public=not row.get("restricted"),
            created_at=now - timedelta(days=row["days"]),
        )
        for comment in row.get("comments", ()):
            desk.add_comment(number, comment["text"], public=not comment.get("internal"))
        if row.get("deleted"):
            desk.delete_ticket(number)
        if row.get("broken"):
            desk.update_ticket(number, created_at="the 45th of Brumaire")


def _fill_wiki(wiki: Any, now: datetime) -> str:
    """Two notes from visits, and the page that is to carry the ranked list; its id."""
    wiki.add_space("VOICE", "What customers told us")
    wiki.add_space("PLAN", "Planning")
    for number, (title, text) in enumerate(NOTES, start=4):
        wiki.add_page(title, f"<p>{text}</p>", space="VOICE", at=now - timedelta(days=number))
    text = "<p>This page is kept by the product team. Ask Ada before you change the text above the list.</p>"
    return str(wiki.add_page(PAGE, text, space="PLAN", at=now - timedelta(days=90)))


def _reviews(now: datetime, share: float) -> str:
    """The store's export, its ages turned into dates."""
    table = list(csv.reader(io.StringIO(_sample("reviews.csv"))))
    head, body = table[0], table[1:]
    if share < 1:
        body = body[: max(1, round(len(body) * share))]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    for row in body:
        age = row[1].removesuffix(" days")
        if age.isdigit():
            row[1] = (now - timedelta(days=int(age))).strftime("%Y-%m-%d")
        writer.writerow(row)
    return out.getvalue()


_EXTRA = {
    "support": 'every = "5m"\n',
    "survey": f'form = "{FORM}"\nevery = "15m"\n',
    "tracker": 'query = "project = LAN"\nproject = "LAN"\nas = "ideas"\napply = "approve"\n',
    "wiki": 'spaces = ["VOICE"]\napply = "approve"\npublish = 10\n',
}

_WRITE = """
[connections.tracker.write]          # the only fields that the hub owns there
band = "priority"
score = "customfield_10042"
tags = "labels"
evidence = "remotelinks"

[connections.tracker.bands]
P1 = "Highest"
P2 = "High"
P3 = "Medium"
"""

_REVIEWS = """
[connections.reviews]
kind = "files"
paths = ["reviews.csv"]              # GB18030, as a spreadsheet in China writes it: detected
visibility = "public"
permalink = "https://store.example/lantern/reviews/{id}"

[connections.reviews.columns]
id = "id"
title = "title"
text = "review"
created = "date"
author = "author"
language = "language"
rating = "stars"
"""


def _configuration(tables: Mapping[str, Mapping[str, object]], page: str) -> str:
    """The demo's opshub.toml: the twins' own settings, and what an admin would add."""
    lines = [
        "# Written by `opshub demo`. The addresses are loopback twins that live as long as the demo.",
        "[hub]",
        'database = "demo.db"',
        'rules = ["rules"]',
        'similar = "attach"                   # the sample is small; a real hub begins with "learn"',
        'encoder = "off"                      # the same outcome, whatever extras are installed',
    ]
    for name, table in tables.items():
        extra = _EXTRA[name] + (f'page = "{page}"\n' if name == "wiki" else "")
        mine = {line.split(" = ")[0] for line in extra.splitlines()}
        lines += ["", f"[connections.{name}]"]
        lines += [f"{key} = {_toml(value)}" for key, value in table.items() if key not in mine]
        lines += extra.rstrip().splitlines()
    return "\n".join(lines) + "\n" + _WRITE + _REVIEWS


def _toml(value: object) -> str:
    # JSON's spelling of texts, numbers, booleans and lists is TOML's too.
    return json.dumps(value, ensure_ascii=False)
