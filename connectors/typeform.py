"""Typeform: responses of a form, joined with its questions, become feedback. Nothing goes back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, cast

from pydantic import AwareDatetime, Field, SecretStr

from opshub.sdk import (
    Account,
    BadAnswerError,
    Connector,
    Cursor,
    Feedback,
    Finding,
    Page,
    Person,
    Rating,
    Record,
    Settings,
    Tombstone,
    TombstoneReason,
    Value,
    Visibility,
    Wake,
    Watermark,
    WebhookRequest,
    by_token,
    check_hmac_base64,
    list_of,
    number_of,
    parse_time,
    segment,
    table_of,
    text_of,
    value_of,
)

__all__ = ["Typeform", "TypeformSettings"]

RATINGS = ("nps", "rating", "opinion_scale")
TEXTS = ("long_text", "short_text")
CHOICES = ("choice", "choices")
CONTACT = ("email", "phone_number")

Answers = Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
"""Answers, each with its question."""


class TypeformSettings(Settings):
    """Settings of one form."""

    url: str = "https://api.typeform.com"
    """Address of the API; for accounts in the EU data center `https://api.eu.typeform.com`."""

    token: SecretStr
    """Personal access token with the scopes `forms:read` and `responses:read`."""

    form: str
    """The form's id: `u6nXL7` in `https://acme.typeform.com/to/u6nXL7`."""

    since: AwareDatetime | None = None
    """Responses that were submitted before this moment stay out; with offset, such as `2025-01-01T00:00:00Z`."""

    texts: tuple[str, ...] = ()
    """Refs or ids of the questions whose answers are the feedback's text; by default every text question."""

    rating: str = ""
    """Ref or id of the question that rates; by default the first NPS question, or the first other scale."""

    names: Mapping[str, str] = Field(default_factory=dict)
    """Names under which answers are kept: `names = {area = "its ref"}`. Others go by the question's title."""

    emails: bool = False
    """Whether to keep e-mail addresses and telephone numbers that people leave."""

    author: str = ""
    """Hidden field that holds the person's id in your own systems."""

    account: str = ""
    """Hidden field that holds the customer's id; without it responses belong to no account."""

    plan: str = ""
    """Hidden field that holds the customer's plan."""

    arr: str = ""
    """Hidden field that holds the customer's revenue a year."""

    webhook_secrets: tuple[SecretStr, ...] = ()
    """Secrets of the form's webhook; two while the old one is being replaced."""


class Typeform(Connector[TypeformSettings]):
    """Walks the responses oldest first, by the time of submission, because tokens cannot be sorted by."""

    kind = "typeform"
    Settings = TypeformSettings
    granularity: ClassVar[timedelta] = timedelta(seconds=1)
    lag: ClassVar[timedelta] = timedelta(minutes=30)

    @classmethod
    def headers(cls, settings: TypeformSettings) -> dict[str, str]:
        return {"Authorization": f"Bearer {settings.token.get_secret_value()}"}

    def scope(self) -> object:
        return [self.settings.form, str(self.settings.since), self.settings.emails]

    def rewind(self, since: datetime) -> Cursor:
        return Watermark(since).encode()

    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        mark = Watermark.decode(cursor)
        start = mark.start(self.lag, self.granularity) or self.settings.since
        form = self._form()
        total = None
        for answer in self._walk(start):
            total = answer["total_items"] if total is None and cursor is None else total
            fresh = [r for r in answer["items"] if not isinstance(r, dict) or _is_fresh(mark, r)]
            yield Page([self._joined(row, form) for row in fresh], mark.encode(), total)

    def _walk(self, start: datetime | None) -> Iterator[Any]:
        """Pages of responses; each begins with the second in which the one before ended."""

        def fetch(since: str | None) -> Any:
            place = {"since": since} if since else {}
            return self._responses(page_size=1000, sort="submitted_at,asc", **place)

        def following(answer: Any) -> str | None:
            return answer["items"][-1]["submitted_at"] if answer["page_count"] > 1 else None

        begin = start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if start else None
        return by_token(fetch, token=following, start=begin, items=lambda answer: answer["items"])

    def _responses(self, **params: object) -> Any:
        return self.http.get(f"/forms/{segment(self.settings.form)}/responses", params=params)

    def _form(self) -> Any:
        return self.http.get(f"/forms/{segment(self.settings.form)}")

    def _joined(self, row: Any, form: Mapping[str, Any]) -> Record:
        """A response with the questions that it answers."""
        try:
            answers = [a for a in list_of(row["answers"]) if self.settings.emails or a["type"] not in CONTACT]
            asked = {answer["field"]["id"] for answer in answers}
        except (KeyError, TypeError):  # a broken response must not stop its page
            return cast(Record, row)
        questions = {id_: question for id_, question in _questions(form["fields"]) if id_ in asked}
        about = {"id": form["id"], "title": form["title"]}
        return {**row, "answers": answers, "_form": about, "_questions": questions}

    def read(self, ids: Sequence[str]) -> Iterator[Record]:
        form = self._form() if ids else {}
        for first in range(0, len(ids), 50):
            answer = self._responses(page_size=1000, included_response_ids=",".join(ids[first : first + 50]))
            yield from (self._joined(row, form) for row in answer["items"])

    def identify(self, record: Record) -> str:
        return str(record["response_id"])

    def census(self) -> Iterator[Page]:
        """Every response; the vendor has no shorter list."""
        seen: set[str] = set()
        promised = 0
        for answer in self._walk(self.settings.since):
            promised = promised or answer["total_items"]
            rows = [row for row in answer["items"] if row["response_id"] not in seen]
            seen.update(row["response_id"] for row in rows)
            yield Page(rows, None, promised)
        if len(seen) < promised:
            raise BadAnswerError(f"Typeform promised {promised} responses and sent {len(seen)}")

    def normalize(self, record: Record) -> Feedback | Tombstone:
        it = table_of(record)
        hidden = table_of(it.get("hidden"))
        answers = [_paired(answer, table_of(it["_questions"])) for answer in list_of(it["answers"])]
        said = "\n\n".join(text_of(a["text"]).strip() for a, q in answers if self._is_text(a, q))
        rating = self._rating(answers)
        chosen = [label for a, _ in answers if a["type"] in CHOICES for label in _labels(a)]
        if not said and rating is None and not chosen:
            return Tombstone(self.ref(it["response_id"]), TombstoneReason.OUT_OF_SCOPE)
        return Feedback(
            ref=self.ref(it["response_id"]),
            url=f"https://admin.typeform.com/form/{segment(table_of(it['_form'])['id'])}/results"
            f"?responseId={segment(it['response_id'])}#responses",
            kind="response",
            text=said,
            created_at=parse_time(it["submitted_at"]),
            visibility=Visibility.CUSTOMER,
            author=self._author(hidden, answers),
            account=self._account(hidden),
            rating=rating,
            tags=tuple(sorted(set(chosen))),
            fields=self._fields(it, answers),
        )

    def _named(self, answer: Mapping[str, Any], wanted: Iterable[str]) -> bool:
        return not {answer["field"].get("ref"), answer["field"]["id"]}.isdisjoint(wanted)

    def _is_text(self, answer: Mapping[str, Any], question: Mapping[str, Any]) -> bool:
        """Whether an answer is what the person says, and not a name or an address."""
        if answer["type"] != "text" or self.settings.texts:
            return answer["type"] == "text" and self._named(answer, self.settings.texts)
        return answer["field"]["type"] in TEXTS and question.get("within") not in ("address", "contact_info")

    def _rating(self, answers: Answers) -> Rating | None:
        rated = [(a, q) for a, q in answers if a["field"]["type"] in RATINGS and a["type"] == "number"]
        if self.settings.rating:
            rated = [(a, q) for a, q in rated if self._named(a, (self.settings.rating,))]
        if not rated:
            return None
        answer, question = min(rated, key=lambda pair: pair[0]["field"]["type"] != "nps")
        value, (worst, best, scale) = number_of(answer["number"]), _scale(answer["field"]["type"], question)
        # A form's scale may be changed under the answers that it already has.
        return Rating(value, worst, best, scale) if value is not None and worst <= value <= best else None

    def _author(self, hidden: Mapping[str, Any], answers: Answers) -> Person | None:
        email = next((text_of(a["email"]) for a, _ in answers if a["type"] == "email"), "")
        id_ = text_of(hidden.get(self.settings.author)) or email
        names = [
            text_of(a["text"])
            for a, q in answers
            if a["type"] == "text" and q.get("within") == "contact_info"
        ]
        return Person(id=id_, name=" ".join(names), email=email) if id_ else None

    def _account(self, hidden: Mapping[str, Any]) -> Account | None:
        it = self.settings
        id_ = text_of(hidden.get(it.account))
        return (
            Account(id=id_, plan=text_of(hidden.get(it.plan)), arr=number_of(hidden.get(it.arr)))
            if id_
            else None
        )

    def _fields(self, it: Mapping[str, Any], answers: Answers) -> dict[str, Value]:
        """What was answered beside the text, hidden fields and variables, by name."""
        given = {which: name for name, which in self.settings.names.items()}
        found: dict[str, Value] = {"form": text_of(it["_form"]["title"])}
        found.update({name: value_of(value) for name, value in table_of(it.get("hidden")).items()})
        for one in map(table_of, list_of(it.get("variables"))):
            found[text_of(one["key"])] = value_of(one.get(one["type"]))
        texts = sum(self._is_text(a, q) for a, q in answers)
        for answer, question in answers:
            ref, id_ = answer["field"].get("ref"), answer["field"]["id"]
            if not (texts == 1 and self._is_text(answer, question)):
                name = given.get(ref) or given.get(id_) or question.get("title") or ref or id_
                found[text_of(name)] = _value(answer)
        return {name: value for name, value in found.items() if value not in (None, "", ())}

    def check(self) -> Iterator[Finding]:
        yield Finding.of("read the form", lambda: f"“{self._form()['title']}”")
        yield Finding.of(
            "read its responses", lambda: f"{self._responses(page_size=1)['total_items']} so far"
        )

    def event(self, request: WebhookRequest) -> Iterable[Wake]:
        secrets = [secret.get_secret_value() for secret in self.settings.webhook_secrets]
        check_hmac_base64(
            request.headers.get("typeform-signature", ""), request.body, secrets, prefix="sha256="
        )
        try:
            body = json.loads(request.body)
            return [Wake(str(body["form_response"]["token"]), str(body.get("event_id", "")))]
        except (KeyError, TypeError, AttributeError, ValueError):  # another event: something changed
            return [Wake()]


def _is_fresh(mark: Watermark, row: Mapping[str, Any]) -> bool:
    """Whether a response was not yet delivered; one that cannot be read is for the engine to set aside."""
    try:
        return mark.fresh(row["response_id"], parse_time(row["submitted_at"]))
    except (KeyError, ValueError):
        return True


def _questions(fields: Iterable[Mapping[str, Any]], within: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every question by id, those inside groups too, with what tells its answers apart."""
    for field in fields:
        more = field.get("properties") or {}
        kept = {key: more[key] for key in ("steps", "start_at_one") if key in more}
        yield field["id"], {"title": field.get("title"), "within": within, **kept}
        yield from _questions(more.get("fields") or (), field["type"])


def _paired(answer: object, questions: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """An answer and its question; the question may be gone from the form."""
    field = table_of(table_of(answer)["field"])
    text_of(field.get("ref"))
    return table_of(answer), table_of(questions.get(field["id"]))


def _scale(type_: str, question: Mapping[str, Any]) -> tuple[int, int, str]:
    """Worst, best and name of a question's scale; what the form leaves unsaid is the vendor's default."""
    if type_ == "nps":
        return 0, 10, "nps"
    worst = 1 if type_ == "rating" or question.get("start_at_one") else 0
    steps = int(question.get("steps") or (5 if type_ == "rating" else 11))
    return worst, worst + steps - 1, "stars" if type_ == "rating" else "scale"


def _labels(answer: Mapping[str, Any]) -> list[str]:
    """What was chosen, the person's own words among it."""
    chosen = table_of(answer[answer["type"]])
    labels = list_of(chosen.get("labels")) or [chosen.get("label")]
    return [text_of(label) for label in (*labels, chosen.get("other")) if label]


def _value(answer: Mapping[str, Any]) -> Value:
    if answer["type"] in CHOICES:
        labels = _labels(answer)
        return tuple(sorted(set(labels))) if answer["type"] == "choices" else next(iter(labels), None)
    return value_of(answer.get(answer["type"]))
