"""Confluence: the shared contract on both deployments, and what it cannot know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from opshub.clock import FrozenClock
from opshub.sdk import (
    ConflictError,
    Connector,
    Feedback,
    PermissionDeniedError,
    RankedIdea,
    Ranking,
    RefusedWriteError,
    Tombstone,
    UnknownOutcomeError,
    Visibility,
    WebhookRequest,
)
from opshub.testing import ConnectorContract, SpecJudge, Twin
from opshub.testing.trial import START, build
from opshub_connectors.confluence import Confluence
from opshub_connectors.twins.confluence import ConfluenceTwin

TABLE = "<p>Votes</p><table><tbody><tr><th>Who</th></tr><tr><td>Acme</td></tr></tbody></table>"


def filled(**options: Any) -> ConfluenceTwin:
    """Two dozen pages in two spaces, some with comments, and one that receives the ranked list."""
    twin = ConfluenceTwin(**options)
    start = twin.now() - timedelta(days=3)
    twin.add_page("Ranked ideas", "<p>Our list, see below.</p>", space="PM", at=start)
    for number in range(24):
        page = twin.add_page(
            f"Call {number} with Acme",
            f"<p>They miss export {number} &amp; 导出。</p>{TABLE if number % 5 == 0 else ''}",
            labels=["call"] if number % 2 else [],
            at=start + timedelta(hours=number),
        )
        if number % 4 == 0:
            said = twin.add_comment(
                page, "<p>Also heard from Bolt.</p>", at=start + timedelta(hours=number, minutes=5)
            )
            twin.add_comment(
                page, "<p>And from us.</p>", reply_to=said, at=start + timedelta(hours=number, minutes=7)
            )
    return twin


class TestConfluenceCloud(ConnectorContract):
    kind = "confluence"
    settings: ClassVar = {"spaces": ["FEED"], "page": "65537"}
    deployment: ClassVar[Any] = "cloud"
    waived: ClassVar = {
        "test_a_webhook_wakes_only_with_the_right_signature": "Cloud has no signed webhooks for admins"
    }

    def twin(self) -> Twin:
        twin = filled(clock=self.clock, deployment=self.deployment)
        twin.page_limit = 15
        return twin

    def fresh(self, twin: Twin) -> str:
        assert isinstance(twin, ConfluenceTwin)
        return twin.add_page("A late call", "<p>Late</p>")


class TestConfluenceDataCenter(TestConfluenceCloud):
    deployment: ClassVar[Any] = "datacenter"
    waived: ClassVar = {
        "test_an_expired_cursor_is_called_that": "Data Center's lists are counted, there is no token that expires",
    }

    def webhook(self, twin: Twin) -> WebhookRequest:
        assert isinstance(twin, ConfluenceTwin)
        return twin.webhook("65538")


@pytest.fixture(params=["cloud", "datacenter"])
def twin(request: pytest.FixtureRequest) -> Iterator[ConfluenceTwin]:
    """A site that is being served, with one page of people's own text."""
    twin = ConfluenceTwin(deployment=request.param, clock=FrozenClock(START))
    twin.add_page("Ranked ideas", "<h1>Ours</h1><p>Caf&eacute; &mdash; &amp;c.</p>", space="PM")
    with twin.serve():
        yield twin


OPEN: list[Confluence] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """No connection stays open."""
    yield
    while OPEN:
        OPEN.pop().http.close()


def connect(twin: ConfluenceTwin, **more: Any) -> Confluence:
    table = {**twin.settings(twin.url), "spaces": ["FEED"], "page": "65537", **more}
    made = build(Confluence, table, clock=FrozenClock(START))
    assert isinstance(made, Confluence)
    OPEN.append(made)
    return made


def pulled(connector: Connector[Any], cursor: Any = None) -> list[Feedback]:
    found = []
    for page in connector.pull(cursor):
        for record in page.records:
            seen = connector.normalize(record)
            assert isinstance(seen, Feedback)
            found.append(seen)
    return found


def last_cursor(connector: Connector[Any], cursor: Any = None) -> Any:
    for page in connector.pull(cursor):
        cursor = page.cursor
    return cursor


def ranking(*titles: str, url: str = "https://jira.example.org/browse/A-1?x=1&y=2") -> Ranking:
    rows = (
        RankedIdea(
            rank=n, idea=f"IDEA-{n}", title=t, band="P1", score=80.5, voices=3, url=url, tags=("é–ü", "b")
        )
        for n, t in enumerate(titles, 1)
    )
    return Ranking(tuple(rows))


def test_a_page_becomes_feedback_with_its_comments(twin: ConfluenceTwin) -> None:
    page = twin.add_page(
        "Call with Acme",
        '<p>They miss <strong>exports</strong>.</p><ac:structured-macro ac:name="jira"><ac:parameter ac:name="key">'
        'FEED-7</ac:parameter></ac:structured-macro><p><a href="https://x.example.org/browse/FEED-8">see</a></p>',
        labels=["vip", "call"],
        at=START - timedelta(days=2),
    )
    said = twin.add_comment(page, "<p>Bolt too.</p>", author="Bo", at=START - timedelta(days=1))
    twin.add_comment(page, "<p>And us.</p>", author="Cy", reply_to=said)

    got = pulled(connect(twin))[0]

    assert (got.ref.id, got.title, got.kind, got.tags) == (page, "Call with Acme", "page", ("call", "vip"))
    assert "They miss exports." in got.text
    assert got.url == f"{twin.base}/spaces/FEED/pages/{page}"
    assert got.created_at == START - timedelta(days=2)
    assert got.author is not None and got.author.name == "Ann"
    assert [(c.text.strip(), c.author and c.author.name) for c in got.comments] == [
        ("Bolt too.", "Bo"),
        ("And us.", "Cy"),
    ]
    assert got.mentions == ("FEED-7", "https://x.example.org/browse/FEED-8")
    assert (got.fields, got.visibility) == ({"space": "FEED"}, Visibility.INTERNAL)


def test_a_new_comment_brings_its_old_page_again_and_no_other(twin: ConfluenceTwin) -> None:
    old = twin.add_page("Old", "<p>x</p>", at=START - timedelta(days=300))
    twin.add_page("Other", "<p>y</p>", at=START - timedelta(days=200))
    twin.add_comment(old, "<p>first</p>", at=START - timedelta(days=100))
    cursor = last_cursor(connect(twin))
    twin.add_comment(old, "<p>news</p>", at=START)

    got = pulled(connect(twin), cursor)

    assert [(each.ref.id, len(each.comments)) for each in got] == [(old, 2)]


def test_a_comment_made_during_the_first_pull_is_not_lost(twin: ConfluenceTwin) -> None:
    twin.page_limit = 2
    pages = [twin.add_page(f"P{n}", "<p>x</p>", at=START - timedelta(days=90 - n)) for n in range(5)]
    connector = connect(twin)
    pull = connector.pull(None)
    next(pull)
    twin.add_comment(pages[0], "<p>meanwhile</p>", at=START)
    *_, last = pull

    got = pulled(connect(twin), last.cursor)

    assert [each.ref.id for each in got] == [pages[0]]


@pytest.mark.parametrize("zone", ["Pacific/Midway", "Asia/Shanghai", "Pacific/Kiritimati"])
def test_no_change_is_lost_whatever_zone_the_query_is_read_in(zone: str) -> None:
    clock = FrozenClock(START)
    twin = ConfluenceTwin(zone=zone, clock=clock)
    twin.add_page("Before", "<p>x</p>")
    with twin.serve():
        cursor = last_cursor(connect(twin, page=""))
        clock.advance(timedelta(minutes=1))
        late = twin.add_page("After", "<p>y</p>")

        got = pulled(connect(twin, page=""), cursor)

    assert [each.ref.id for each in got] == [late]


def test_restricted_pages_and_what_is_below_them_are_restricted(twin: ConfluenceTwin) -> None:
    top = twin.add_page("Top", "<p>x</p>")
    below = twin.add_page("Below", "<p>y</p>", parent=top)
    twin.add_page("Beside", "<p>z</p>")
    twin.add_comment(below, "<p>hush</p>")
    twin.restrict(top, groups=["sales"])

    got = {each.title: each for each in pulled(connect(twin, visibility="customer"))}

    assert got["Top"].visibility is Visibility.RESTRICTED
    assert got["Below"].visibility is got["Below"].comments[0].visibility is Visibility.RESTRICTED
    assert got["Beside"].visibility is Visibility.CUSTOMER


def test_restrictions_that_are_not_told_count_as_restricted(twin: ConfluenceTwin) -> None:
    twin.add_page("P", "<p>x</p>")
    connector = connect(twin)
    record: dict[str, Any] = dict(next(connector.pull(None)).records[0])
    content = dict(record["content"])
    del content["restrictions"]

    got = connector.normalize({**record, "content": content})

    assert isinstance(got, Feedback) and got.visibility is Visibility.RESTRICTED


def test_a_query_chooses_pages_and_comments_elsewhere_bring_nothing(twin: ConfluenceTwin) -> None:
    chosen = twin.add_page("Chosen", "<p>x</p>", labels=["feedback"])
    other = twin.add_page("Other", "<p>y</p>")
    table = {"spaces": [], "cql": "label = feedback"}
    connector = connect(twin, **table)
    first = pulled(connector)
    cursor = last_cursor(connect(twin, **table))
    twin.add_comment(other, "<p>not here</p>", at=START + timedelta(minutes=1))

    after = pulled(connect(twin, **table), cursor)

    assert [each.ref.id for each in first] == [chosen]
    assert after == []


def test_blog_posts_come_on_request(twin: ConfluenceTwin) -> None:
    twin.add_page("Post", "<p>x</p>", type="blogpost")

    assert pulled(connect(twin)) == []
    assert [each.kind for each in pulled(connect(twin, blogposts=True))] == ["blogpost"]


def test_the_page_that_receives_the_list_is_never_feedback(twin: ConfluenceTwin) -> None:
    connector = connect(twin, spaces=["PM"])
    connector.publish(ranking("Export"))

    assert pulled(connect(twin, spaces=["PM"])) == []
    assert [record for page in connector.census() for record in page.records] == []


def test_a_section_on_another_page_of_the_hub_is_not_taken_for_feedback(twin: ConfluenceTwin) -> None:
    connect(twin).publish(ranking("Export to CSV"))

    got = pulled(connect(twin, spaces=["PM"], page=""))[0]

    assert "Ours" in got.text
    assert "Export to CSV" not in got.text


def test_a_page_that_moves_up_the_list_while_it_is_read_is_not_lost() -> None:
    twin = ConfluenceTwin(deployment="datacenter", clock=FrozenClock(START))
    twin.page_limit = 20
    pages = [twin.add_page(f"P{n}", "<p>x</p>", at=START - timedelta(days=90 - n)) for n in range(45)]
    with twin.serve():
        pull = connect(twin, page="").pull(None)
        got = {record["id"] for record in next(pull).records}
        for page in pages[:8]:
            twin.edit(page, "<p>changed</p>", at=START)
        got |= {record["id"] for page in pull for record in page.records}

    assert got == set(pages)


def test_what_changes_by_itself_and_what_is_personal_is_not_kept(twin: ConfluenceTwin) -> None:
    page = twin.add_page("P", "<p>x</p>")
    twin.add_comment(page, "<p>y</p>")

    record = next(connect(twin).pull(None)).records[0]

    assert not {"friendlyWhen", "email", "_expandable", "profilePicture"} & set(_keys(record))


def _keys(value: object) -> Iterator[str]:
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield key
        yield from _keys(inner)
    for inner in value if isinstance(value, list) else ():
        yield from _keys(inner)


def test_a_page_that_is_gone_is_a_tombstone(twin: ConfluenceTwin) -> None:
    twin.add_page("P", "<p>x</p>")
    connector = connect(twin)
    record: dict[str, Any] = dict(next(connector.pull(None)).records[0])

    gone = connector.normalize({**record, "content": {**record["content"], "status": "trashed"}})

    assert isinstance(gone, Tombstone)


def test_the_list_is_added_to_the_page_and_people_s_text_stays_as_it_was(twin: ConfluenceTwin) -> None:
    before = twin.body("65537")
    connector = connect(twin)
    nothing = connector.published()

    receipt = connector.publish(ranking("Export – <b>now</b>", "导出"))

    assert nothing is None
    sent = twin.requests("PUT")[-1].body
    assert isinstance(sent, dict)
    body = sent["body"]["value"] if twin.cloud else sent["body"]["storage"]["value"]
    assert body.startswith(before + '<ac:structured-macro ac:name="details"')
    assert "<b>now" not in body
    assert 'href="https://jira.example.org/browse/A-1?x=1&amp;y=2"' in body
    assert receipt.url == f"{twin.base}/spaces/PM/pages/65537"
    assert receipt.version == "2"
    assert sent["version"]["number"] == 2


def test_what_confluence_makes_of_the_list_is_no_change(twin: ConfluenceTwin) -> None:
    connector = connect(twin)
    listed = ranking(
        "Café – “now”", "a & b < c > 'd' \"e\"", "]]> {macro} [~ann]", "导出 Excel", " spaces  inside "
    )
    connector.publish(listed)
    stored = twin.body("65537")

    same = connector.published() == connector.fingerprint(listed)
    connector.publish(listed)

    assert "&eacute;" in stored and "ac:macro-id" in stored and "<td><p>" in stored
    assert same
    assert twin.writes == {("update", "65537"): 1}


def test_an_edit_of_the_list_is_seen_and_undone_and_the_rest_is_kept(twin: ConfluenceTwin) -> None:
    connector = connect(twin)
    connector.publish(ranking("Export"))
    edited = twin.body("65537").replace("Export", "Mine first").replace("Ours", "Ours, edited")
    twin.edit("65537", edited)

    changed = connector.published() != connector.fingerprint(ranking("Export"))
    connector.publish(ranking("Export"))

    assert changed
    assert "Mine first" not in twin.body("65537")
    assert "Ours, edited" in twin.body("65537")


def test_somebody_who_saves_at_the_same_moment_is_not_overwritten(twin: ConfluenceTwin) -> None:
    connector = connect(twin)
    document = connector.site.document("65537")
    twin.edit("65537", "<p>faster</p>")

    with pytest.raises(ConflictError):
        connector.site.save(document, "<p>slower</p>")

    assert twin.body("65537") == "<p>faster</p>"


def test_a_lost_answer_is_an_unknown_outcome_and_the_list_stands_there_once(twin: ConfluenceTwin) -> None:
    connector = connect(twin)
    twin.faults.once("lost_answer", method="PUT")

    with pytest.raises(UnknownOutcomeError):
        connector.publish(ranking("Export"))

    assert connector.published() == connector.fingerprint(ranking("Export"))
    assert twin.writes == {("update", "65537"): 1}


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda body: body + body, "stands there 2 times"),
        (lambda body: body + "<p>open", "not well-formed"),
        (
            lambda body: body.replace("<ac:rich-text-body>", "<x>").replace("</ac:rich-text-body>", "</x>"),
            "lost its body",
        ),
    ],
)
def test_a_page_that_is_broken_is_left_alone(twin: ConfluenceTwin, damage: Any, reason: str) -> None:
    connector = connect(twin)
    connector.publish(ranking("Export"))
    twin.edit("65537", damage(twin.body("65537")))
    broken = twin.body("65537")

    for act in (connector.published, lambda: connector.publish(ranking("Other"))):
        with pytest.raises(RefusedWriteError, match=reason) as caught:
            act()
        assert "repair the page" in caught.value.hint

    assert twin.body("65537") == broken


def test_an_account_that_may_not_edit_is_told_before_and_when_writing(twin: ConfluenceTwin) -> None:
    twin.read_only = True
    connector = connect(twin)

    finding = list(connector.check())[-1]

    assert not finding.ok and "may not edit" in finding.detail
    with pytest.raises(PermissionDeniedError):
        connector.publish(ranking("Export"))


def test_the_check_names_a_space_that_is_not_there(twin: ConfluenceTwin) -> None:
    twin.add_page("P", "<p>x</p>")

    failed = [finding for finding in connect(twin, spaces=["FEED", "FEEED"]).check() if not finding.ok]

    assert [finding.subject for finding in failed] == ["space FEEED"]
    assert failed[0].exit_code == 5


def test_links_lead_to_the_web_only(twin: ConfluenceTwin) -> None:
    connect(twin).publish(ranking("Export", url="javascript:alert(1)"))

    assert "javascript" not in twin.body("65537")


@pytest.mark.parametrize("key", ['A" or type = page or "', "A\\"])
def test_a_space_key_cannot_break_out_of_the_query(twin: ConfluenceTwin, key: str) -> None:
    twin.add_page("Hidden", "<p>x</p>", space="HR")

    assert pulled(connect(twin, spaces=[key])) == []


def test_requests_and_answers_are_as_the_vendor_describes_them(shared: Path) -> None:
    judges = [
        SpecJudge(shared / "specs" / "confluence-cloud-v2.json"),
        SpecJudge(shared / "specs" / "confluence-cloud-v1.json"),
    ]
    twin = filled(clock=FrozenClock(START))
    twin.page_limit = 10
    twin.add_page("Post", "<p>x</p>", type="blogpost")
    with twin.serve():
        connector = connect(twin, blogposts=True)
        cursor = last_cursor(connector)
        twin.add_comment("65540", "<p>new</p>")
        last_cursor(connector, cursor)
        list(connector.census())
        assert all(finding.ok for finding in connector.check())
        connector.publish(ranking("Export"))
        twin.edit("65537", "<p>x</p>")

    seen = {(one.method, one.path) for one in twin.requests()}
    found = [line for one in twin.requests() for line in judges["/api/v2/" not in one.path].check(one)]
    # The description wants exactly one of two forms of a body, and both of them allow anything.
    both_forms = "PUT /wiki/api/v2/pages/65537: body: {'representation': 'storage', 'value': "
    assert [line for line in found if not line.startswith(both_forms)] == []
    assert len(seen) >= 7
