"""Typeform: the shared contract, and what it cannot know."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import orjson
import pytest

from opshub.clock import FrozenClock
from opshub.sdk import (
    Account,
    BadAnswerError,
    Feedback,
    Page,
    Person,
    Rating,
    Tombstone,
    TombstoneReason,
    Visibility,
    Wake,
    WebhookRequest,
)
from opshub.testing import ConnectorContract, Twin
from opshub.testing.trial import START, build
from opshub_connectors.twins.typeform import TypeformTwin, _flat
from opshub_connectors.typeform import Typeform, _questions, _scale

SECRET = "hook-secret"

QUESTIONS = [
    TypeformTwin.question("nps", "How likely are you to recommend us?", ref="nps"),
    TypeformTwin.question("long_text", "Why?", ref="why"),
    TypeformTwin.question("multiple_choice", "Which area?", ref="area", choices=["Export", "Login"]),
    TypeformTwin.question(
        "multiple_choice", "What else?", ref="else", choices=["Speed", "Price"], allow_multiple_selection=True
    ),
    TypeformTwin.question("rating", "And the support?", ref="support", steps=7),
    TypeformTwin.question("opinion_scale", "How easy?", ref="easy", steps=5, start_at_one=True),
    TypeformTwin.question(
        "contact_info",
        "Who are you?",
        ref="who",
        fields=[
            TypeformTwin.question("short_text", "First name", ref="first"),
            TypeformTwin.question("email", "E-mail", ref="mail"),
        ],
    ),
    TypeformTwin.question("yes_no", "May we call?", ref="call"),
]
HIDDEN = ["user", "company", "plan", "arr"]


def filled(**options: Any) -> TypeformTwin:
    """Two dozen responses, two in each second of their time."""
    twin = TypeformTwin(**options)
    form = twin.add_form("Product survey", QUESTIONS, id="u6nXL7", hidden=HIDDEN)
    for number in range(22):
        answers: dict[str, object] = {"nps": number % 11, "why": f"I miss format {number}. 请支持导出。"}
        if number % 2:
            answers |= {"area": "Export", "else": ["Speed", "Price"], "first": "Ann", "mail": "ann@acme.test"}
        twin.add_response(
            form,
            answers,
            hidden={"user": f"u{number}", "company": "acme", "plan": "business", "arr": "12000"},
            submitted_at=twin.now() - timedelta(days=9) + timedelta(hours=number // 2),
        )
    return twin


class TestTypeform(ConnectorContract):
    kind = "typeform"
    settings: ClassVar = {"webhook_secrets": [SECRET], "emails": True, "account": "company", "author": "user"}

    def twin(self) -> Twin:
        twin = filled(clock=self.clock)
        twin.page_limit = 9
        return twin

    def fresh(self, twin: Twin) -> str:
        assert isinstance(twin, TypeformTwin)
        return twin.add_response("u6nXL7", {"nps": 3, "why": "It came just now."})

    def webhook(self, twin: Twin) -> WebhookRequest:
        assert isinstance(twin, TypeformTwin)
        first = twin.responses["u6nXL7"][0]["response_id"]
        headers, body = twin.event("u6nXL7", first, SECRET)
        return WebhookRequest(headers=headers, body=body, received_at=self.clock.now())


class Survey:
    """A form on a socket, and connectors that speak to it."""

    def __init__(self, twin: TypeformTwin, closing: ExitStack) -> None:
        self.twin = twin
        self._closing = closing
        self.form = twin.add_form("Product survey", QUESTIONS, id="u6nXL7", hidden=HIDDEN)

    def connect(self, **settings: object) -> Typeform:
        clock = self.twin.clock
        assert isinstance(clock, FrozenClock)
        table = {**self.twin.settings(self.twin.url), **settings}
        made = build(Typeform, table, name="survey", clock=clock)
        assert isinstance(made, Typeform)
        self._closing.callback(made.http.close)
        return made

    def answer(self, at: datetime = START, hidden: dict[str, str] | None = None, **answers: Any) -> str:
        return self.twin.add_response(self.form, answers, submitted_at=at, hidden=hidden)

    def only(self, **settings: object) -> Feedback:
        connector = self.connect(**settings)
        ((record,),) = [page.records for page in connector.pull(None)]
        seen = connector.normalize(record)
        assert isinstance(seen, Feedback)
        return seen


@pytest.fixture
def survey() -> Iterator[Survey]:
    twin = TypeformTwin(clock=FrozenClock(START))
    with twin.serve(), ExitStack() as closing:
        yield Survey(twin, closing)


def ids(pages: Iterable[Page]) -> list[str]:
    return [str(record["response_id"]) for page in pages for record in page.records]


def test_a_response_becomes_feedback_with_the_answers_words_only(survey: Survey) -> None:
    id_ = survey.answer(nps=9, why="I miss an export to CSV.", area="Export")

    seen = survey.only()

    assert seen.text == "I miss an export to CSV."
    assert (seen.kind, seen.title, seen.created_at) == ("response", "", START)
    assert seen.url == f"https://admin.typeform.com/form/u6nXL7/results?responseId={id_}#responses"
    assert seen.visibility is Visibility.CUSTOMER
    assert seen.rating == Rating(9, 0, 10, "nps")
    assert seen.tags == ("Export",)
    assert seen.fields == {
        "form": "Product survey",
        "How likely are you to recommend us?": 9,
        "Which area?": "Export",
    }


@pytest.mark.parametrize(
    ("answers", "rating"),
    [
        ({"nps": 0}, Rating(0, 0, 10, "nps")),
        ({"support": 7}, Rating(7, 1, 7, "stars")),
        ({"easy": 1}, Rating(1, 1, 5, "scale")),
        ({"support": 7, "nps": 3}, Rating(3, 0, 10, "nps")),
        ({"why": "Words only."}, None),
    ],
)
def test_every_scale_is_told_apart(survey: Survey, answers: dict[str, Any], rating: Rating | None) -> None:
    survey.answer(START, None, **answers)

    assert survey.only().rating == rating


def test_the_rating_question_can_be_named(survey: Survey) -> None:
    survey.answer(nps=3, support=6)

    assert survey.only(rating="support").rating == Rating(6, 1, 7, "stars")


def test_a_rating_beyond_a_scale_that_was_changed_is_left_out(survey: Survey) -> None:
    survey.answer(easy=11, why="Still here.")

    seen = survey.only()

    assert (seen.text, seen.rating) == ("Still here.", None)
    assert seen.fields["How easy?"] == 11


def test_an_opinion_scale_begins_at_nought_unless_the_form_says_otherwise() -> None:
    assert _scale("opinion_scale", {}) == (0, 10, "scale")
    assert _scale("opinion_scale", {"steps": 7}) == (0, 6, "scale")
    assert _scale("rating", {}) == (1, 5, "stars")


def test_choices_are_tags_and_fields_under_names_of_the_admins_own(survey: Survey) -> None:
    survey.answer(START, None, **{"else": ["Speed", "Price"], "area": "其他", "call": True})

    seen = survey.only(names={"area": "area", "more": "else"})

    assert seen.tags == ("Price", "Speed", "其他")
    assert seen.fields == {
        "form": "Product survey",
        "area": "其他",
        "more": ("Price", "Speed"),
        "May we call?": True,
    }


def test_names_and_addresses_are_no_text_and_stay_out_unless_asked_for(survey: Survey) -> None:
    survey.answer(first="Ann", mail="ann@acme.test", why="Faster, please.")

    connector = survey.connect()
    ((record,),) = [page.records for page in connector.pull(None)]
    seen = survey.only()
    told = survey.only(emails=True)

    assert b"ann@acme.test" not in orjson.dumps(record)
    assert (seen.text, seen.author) == ("Faster, please.", None)
    assert told.author == Person(id="ann@acme.test", name="Ann", email="ann@acme.test")


def test_hidden_fields_name_the_person_and_the_account(survey: Survey) -> None:
    hidden = {"user": "u7", "company": "c3", "plan": "business", "arr": "12000"}
    survey.answer(hidden=hidden, why="Faster, please.")

    seen = survey.only(author="user", account="company", plan="plan", arr="arr")

    assert seen.author == Person(id="u7")
    assert seen.account == Account(id="c3", plan="business", arr=12000)
    assert seen.fields["company"] == "c3"


def test_questions_can_be_chosen_for_the_text(survey: Survey) -> None:
    survey.answer(first="Ann", why="Faster, please.")

    assert survey.only(texts=["first"]).text == "Ann"


def test_several_texts_stand_apart_and_each_beside_its_question(survey: Survey) -> None:
    more = TypeformTwin.question("short_text", "Anything else?", ref="more")
    form = survey.twin.add_form("Two questions", [QUESTIONS[1], more])
    survey.twin.add_response(form, {"why": "Faster.", "more": "Cheaper."})

    seen = survey.only(form=form)

    assert seen.text == "Faster.\n\nCheaper."
    assert seen.fields == {"form": "Two questions", "Why?": "Faster.", "Anything else?": "Cheaper."}


def test_a_response_that_says_nothing_is_out_of_scope(survey: Survey) -> None:
    survey.answer(hidden={"user": "u1"})
    connector = survey.connect()

    ((record,),) = [page.records for page in connector.pull(None)]
    seen = connector.normalize(record)

    assert isinstance(seen, Tombstone)
    assert seen.reason is TombstoneReason.OUT_OF_SCOPE


def test_a_rating_alone_is_feedback(survey: Survey) -> None:
    survey.answer(nps=2)

    assert (survey.only().text, survey.only().rating) == ("", Rating(2, 0, 10, "nps"))


def test_pages_follow_each_other_by_time_and_bring_each_response_once(survey: Survey) -> None:
    survey.twin.page_limit = 4
    expected = [survey.answer(START + timedelta(seconds=n // 3), why=f"Text {n}") for n in range(20)]

    pages = list(survey.connect().pull(None))

    assert sorted(ids(pages)) == sorted(expected)
    assert pages[0].total == 20


def test_more_responses_in_one_second_than_a_page_holds_are_never_dropped_in_silence(survey: Survey) -> None:
    survey.twin.page_limit = 4
    for number in range(9):
        survey.answer(why=f"Text {number}")

    with pytest.raises(BadAnswerError, match="circle"):
        list(survey.connect().pull(None))


def test_a_response_that_shows_up_late_is_not_missed(survey: Survey) -> None:
    survey.answer(START, why="On time.")
    connector = survey.connect()
    *_, last = connector.pull(None)

    late = survey.answer(START - timedelta(minutes=20), why="Late.")

    assert ids(connector.pull(last.cursor)) == [late]


def test_a_pull_can_begin_at_a_moment(survey: Survey) -> None:
    survey.answer(START - timedelta(days=2), why="Old.")
    new = survey.answer(START, why="New.")

    assert ids(survey.connect(since="2026-03-02T08:00:00+08:00").pull(None)) == [new]
    assert survey.twin.requests(path="/forms/u6nXL7/responses")[0].param("since") == "2026-03-02T00:00:00Z"


def test_a_broken_response_does_not_stop_its_page(survey: Survey) -> None:
    survey.answer(START, why="Sound.")
    broken = survey.answer(START, why="Broken.")
    row = next(r for r in survey.twin.responses[survey.form] if r["response_id"] == broken)
    row["answers"] = ["nonsense"]
    connector = survey.connect()

    records = [record for page in connector.pull(None) for record in page.records]

    assert len(records) == 2
    (bad,) = [record for record in records if record["response_id"] == broken]
    with pytest.raises((KeyError, TypeError)):
        connector.normalize(bad)


def test_what_the_owner_deleted_is_missing_from_the_census(survey: Survey) -> None:
    kept = survey.answer(START, why="Kept.")
    survey.twin.remove_response(survey.form, survey.answer(START, why="Deleted."))

    assert ids(survey.connect().census()) == [kept]


def test_a_census_that_brings_less_than_was_promised_is_refused(
    survey: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey.answer(why="Text.")
    connector = survey.connect()
    answer = {"total_items": 2, "page_count": 1, "items": [{"response_id": "a"}]}
    monkeypatch.setattr(connector, "_responses", lambda **_: answer)

    with pytest.raises(BadAnswerError, match="promised 2 responses and sent 1"):
        list(connector.census())


def test_a_webhook_with_another_body_wakes_the_whole_form(survey: Survey) -> None:
    body = b'{"event_type": "form_response_partial"}'
    digest = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()
    headers = {"typeform-signature": f"sha256={digest}"}
    request = WebhookRequest(headers=headers, body=body, received_at=START)

    assert list(survey.connect(webhook_secrets=["new", SECRET]).event(request)) == [Wake()]


def test_a_check_says_what_the_token_may_read(survey: Survey) -> None:
    survey.answer(why="Text.")

    assert [(f.ok, f.detail) for f in survey.connect().check()] == [
        (True, "“Product survey”"),
        (True, "1 so far"),
    ]
    assert [f.ok for f in survey.connect(form="other").check()] == [False, False]


def recorded_forms(shared: Path) -> dict[str, dict[str, Any]]:
    folder = shared / "recordings" / "typeform-kotlin" / "typeform" / "src" / "androidUnitTest" / "resources"
    if not folder.is_dir():
        pytest.skip("the recordings of Typeform are not in the shared folder")
    loaded = {path.name: orjson.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))}
    return {name: form for name, form in loaded.items() if "id" in form and "fields" in form}


def test_the_questions_of_real_forms_are_all_found(shared: Path) -> None:
    forms = recorded_forms(shared)
    assert len(forms) >= 8

    for name, form in forms.items():
        found = dict(_questions(form["fields"]))

        assert set(found) == set(re.findall(r'"id":"([^"]+)"', _fields_alone(form["fields"]))), name
        assert all(isinstance(question["title"], str) for question in found.values()), name


def _fields_alone(fields: list[dict[str, Any]]) -> str:
    """The ids of all fields as JSON: an independent walk, over the text."""
    bare = orjson.loads(orjson.dumps(fields))
    for field in bare:
        for key in set(field) - {"id", "properties"}:
            del field[key]
        inner = (field.get("properties") or {}).get("fields") or []
        field["properties"] = orjson.loads(_fields_alone(inner))
    return orjson.dumps(bare).decode()


def test_a_response_to_a_real_form_is_understood(survey: Survey, shared: Path) -> None:
    form = recorded_forms(shared)["DemoForm.json"]
    survey.twin.forms[form["id"]] = form
    survey.twin.responses[form["id"]] = []
    flat = {field["type"]: field for field in _flat(form["fields"])}
    answers = {
        flat["long_text"]["ref"]: "It works.",
        flat["opinion_scale"]["ref"]: 3,
        flat["yes_no"]["ref"]: True,
    }
    survey.twin.add_response(form["id"], answers)

    seen = survey.only(form=form["id"])

    assert seen.text == "It works."
    assert seen.rating is not None and seen.rating.scale == "scale"
    assert True in seen.fields.values()
