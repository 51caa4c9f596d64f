"""What every connector that writes promises: once, recognizably, and never blindly again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

from opshub.errors import AuthenticationError, ConflictError, UnknownOutcomeError
from opshub.model import RankedIdea, Ranking, TrackedItem, Value, Visibility
from opshub.sdk import Creates, Publishes, Reads, Receives, Wake, WebhookRequest, Writes
from opshub.testing.trial import Trial, canonical, meanings, raised

__all__ = ["WritePromises"]

WRITING = ("PUT", "POST", "PATCH")
MARKER = "IDEA-4711"


class WritePromises(Trial):
    """Promises about ``read``, ``write``, ``create``, ``publish`` and ``event``."""

    def test_reading_leaves_out_what_is_missing(self) -> None:
        connector = self.connect()
        assert isinstance(connector, Reads)
        ids = [connector.identify(record) for record in self.records(connector)][:3]

        read = {connector.identify(record) for record in connector.read([*ids, self.missing_id])}

        assert read == set(ids)
        assert list(connector.read([self.missing_id])) == []
        assert list(connector.read([])) == []

    def test_a_write_is_there_and_is_done_once(self) -> None:
        item, before = self._write()

        assert self._fields_of(item.ref.id) == self._expected()
        assert self._writes_since(before) == 1

    def test_writing_twice_equals_writing_once(self) -> None:
        item, _ = self._write()
        state = canonical(self.vendor.dump())

        connector = self._writer()
        connector.write(self.change(self._read(item.ref.id)))

        assert self._fields_of(item.ref.id) == self._expected()
        assert canonical(self.vendor.dump()) == state

    def test_an_own_write_comes_back_as_it_was_written(self) -> None:
        connector = self.connect()
        cursor = None
        for page in self.pages(connector):
            cursor = page.cursor
        self.clock.advance(timedelta(minutes=10))
        item, _ = self._write()
        self.wait()

        back = [r for r in self.records(self.connect(), cursor) if connector.identify(r) == item.ref.id]

        assert back, "the written item did not come back with the next pull"
        writer = self._writer()
        seen = writer.item(back[-1])
        assert isinstance(seen, TrackedItem)
        assert {name: seen.fields.get(name) for name in self.writes} == self._expected()

    def test_a_stale_write_is_refused_where_items_carry_a_version(self) -> None:
        writer = self._writer()
        item = self.first_item(self.connect())
        self.clock.advance(timedelta(minutes=1))
        writer.write(self.change(item))

        if item.version:
            assert self.other_writes, f"{type(self).__name__} needs other_writes"
            error = raised(lambda: writer.write(self.change(item, self.other_writes)))
            assert isinstance(error, ConflictError), f"a write over a newer version ended in {error!r}"
            assert self._fields_of(item.ref.id) == self._expected()

    def test_a_lost_answer_to_a_write_is_an_unknown_outcome(self) -> None:
        writer, item = self._writer(), self.first_item(self.connect())
        before = self.vendor.writes.total()
        self._lose("lost_answer")

        error = raised(lambda: writer.write(self.change(item)))

        self.vendor.faults.clear()
        assert isinstance(error, UnknownOutcomeError), f"a lost answer ended in {error!r}"
        assert self._writes_since(before) == 1
        assert self._fields_of(item.ref.id) == self._expected()

    def test_a_lost_write_is_an_unknown_outcome_and_not_repeated(self) -> None:
        writer, item = self._writer(), self.first_item(self.connect())
        before = self.vendor.writes.total()
        self._lose("lost_request")

        error = raised(lambda: writer.write(self.change(item)))

        assert isinstance(error, UnknownOutcomeError), f"a lost request ended in {error!r}"
        assert self.vendor.faults.count("lost_request") == 1
        assert self._writes_since(before) == 0

    def test_a_created_item_is_found_by_its_marker(self) -> None:
        creator = self._creator()
        draft = self.draft(MARKER)

        assert creator.find(MARKER) is None
        receipt = creator.create(draft)
        self.wait()

        assert creator.find(MARKER) == receipt.target
        assert creator.find("IDEA-4712") is None
        item = self._read(receipt.target)
        assert item.marker == MARKER
        assert item.title == draft.title
        assert {name: item.fields.get(name) for name in draft.fields} == _plain(draft.fields)

    def test_a_marker_that_two_items_carry_is_found(self) -> None:
        creator = self._creator()

        targets = {creator.create(self.draft(MARKER)).target for _ in range(2)}
        self.wait()

        assert creator.find(MARKER) in targets

    def test_a_lost_answer_to_a_creation_leaves_one_item_to_find(self) -> None:
        creator = self._creator()
        before = self.vendor.writes.total()
        self._lose("lost_answer")

        error = raised(lambda: creator.create(self.draft(MARKER)))

        self.vendor.faults.clear()
        self.wait()
        assert isinstance(error, UnknownOutcomeError), f"a lost answer ended in {error!r}"
        assert self._writes_since(before) == 1
        assert creator.find(MARKER) is not None

    def test_what_was_published_has_its_fingerprint(self) -> None:
        publisher = self._publisher()
        ranking = self.ranking()
        assert publisher.published() != publisher.fingerprint(ranking)

        publisher.publish(ranking)

        assert publisher.published() == publisher.fingerprint(ranking)
        assert self._publisher().published() == publisher.fingerprint(ranking)

    def test_the_same_list_twice_is_the_same_document(self) -> None:
        publisher = self._publisher()
        publisher.publish(self.ranking())
        state = canonical(self.vendor.dump())

        publisher.publish(self.ranking())

        assert canonical(self.vendor.dump()) == state

    def test_another_list_has_another_fingerprint(self) -> None:
        publisher = self._publisher()
        ranking = self.ranking()
        fewer = Ranking(ranking.rows[:-1])
        retitled = Ranking((replace(ranking.rows[0], title="Another"), *ranking.rows[1:]))
        single = Ranking((RankedIdea(rank=1, idea="IDEA-1", title="x", band="P1", score=1, voices=1),))

        prints = {publisher.fingerprint(one) for one in (ranking, fewer, retitled, single, Ranking(()))}

        assert len(prints) == 5

    def test_a_webhook_wakes_only_with_the_right_signature(self) -> None:
        connector = self.connect()
        assert isinstance(connector, Receives)
        request = self.webhook(self.vendor)

        wakes = list(connector.event(request))

        assert wakes
        assert all(isinstance(wake, Wake) for wake in wakes)
        for forged in _forgeries(request):
            error = raised(partial(_woken, connector, forged))
            assert isinstance(error, AuthenticationError), (
                f"a forged webhook ended in {error!r}: {forged.headers}"
            )

    def test_what_is_internal_stays_inside(self) -> None:
        """The twin's internal text is marked as such, and no request carries it out again."""
        connector = self.connect()
        shown = [
            text
            for record in self.records(connector)
            for meaning in meanings(connector, record)
            for text in _open_texts(meaning)
        ]
        if isinstance(connector, Writes) and self.writes:
            self._write()
        if isinstance(connector, Creates) and self.project:
            connector.create(self.draft(MARKER))
        if isinstance(connector, Publishes):
            connector.publish(self.ranking())

        assert not [text for text in shown if self.internal in text], "an internal text is marked as open"
        assert [one for one in self.sent() if self.internal.encode() in one.raw] == []

    def test_the_internal_text_is_among_the_records(self) -> None:
        records = self.records(self.connect())

        assert [record for record in records if self.internal.encode() in canonical(record)]

    def _writer(self) -> Writes:
        connector = self.connect()
        assert isinstance(connector, Writes)
        return connector

    def _creator(self) -> Creates:
        connector = self.connect()
        assert isinstance(connector, Creates)
        return connector

    def _publisher(self) -> Publishes:
        connector = self.connect()
        assert isinstance(connector, Publishes)
        return connector

    def _write(self) -> tuple[TrackedItem, int]:
        item = self.first_item(self.connect())
        before = self.vendor.writes.total()
        receipt = self._writer().write(self.change(item))
        assert receipt.target == item.ref.id
        assert not receipt.refused
        return item, before

    def _writes_since(self, before: int) -> int:
        return self.vendor.writes.total() - before

    def _read(self, record_id: str) -> TrackedItem:
        writer = self._writer()
        items = [writer.item(record) for record in writer.read([record_id])]
        assert len(items) == 1
        assert isinstance(items[0], TrackedItem)
        return items[0]

    def _fields_of(self, record_id: str) -> dict[str, Value]:
        item = self._read(record_id)
        return {name: item.fields.get(name) for name in self.writes}

    def _expected(self) -> dict[str, Value]:
        return _plain(self.writes)

    def _lose(self, kind: str) -> None:
        for method in WRITING:
            self.vendor.faults.always(kind, method=method)


def _woken(connector: Receives, request: WebhookRequest) -> list[Wake]:
    return list(connector.event(request))


def _plain(fields: object) -> dict[str, Value]:
    assert isinstance(fields, dict)
    return {
        name: tuple(sorted(value)) if isinstance(value, tuple) else value for name, value in fields.items()
    }


def _open_texts(meaning: object) -> list[str]:
    """The texts that a customer or everybody may read."""
    texts = [(getattr(meaning, "visibility", None), text) for text in _own_texts(meaning)]
    texts += [(comment.visibility, comment.text) for comment in getattr(meaning, "comments", ())]
    return [text for visibility, text in texts if visibility in (Visibility.PUBLIC, Visibility.CUSTOMER)]


def _own_texts(meaning: object) -> list[str]:
    fields = getattr(meaning, "fields", {})
    return [
        getattr(meaning, "title", ""),
        getattr(meaning, "text", ""),
        *(str(value) for value in fields.values()),
    ]


def _forgeries(request: WebhookRequest) -> list[WebhookRequest]:
    """The request with another body, without its headers, and with its signature bent."""
    forged = [
        replace(request, body=request.body + b" "),
        replace(request, body=request.body.replace(b"1", b"2", 1) + b"\n"),
        replace(request, headers={}),
        replace(request, headers={}, body=b""),
    ]
    for name, value in request.headers.items():
        if "signature" in name or "authorization" in name or "token" in name:
            forged.append(replace(request, headers={**request.headers, name: value[:-2] + value[:1] + "~"}))
            forged.append(replace(request, headers={**request.headers, name: ""}))
            forged.append(replace(request, headers={**request.headers, name: "签名"}))
            forged.append(replace(request, headers={k: v for k, v in request.headers.items() if k != name}))
    return forged
