"""SQLite: what people are asked, what they said, and what was learned."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import orjson

from opshub.errors import StoreError
from opshub.model import Ref
from opshub.store import question_statements as sql
from opshub.store.asked import Answer, Calibration, Offer, Question, QuestionState, Valued, Verdict
from opshub.store.database import json_of
from opshub.store.moments import EPOCH, from_micros, micros
from opshub.store.sqlite_texts import Texts

__all__ = ["Questions"]


class Questions(Texts):
    """Questions, answers and calibrations."""

    def put_questions(self, rows: Sequence[Question]) -> None:
        """One question for each piece of feedback; a new one replaces the old."""
        with self._turn:
            keys = self._keys_of(it.feedback for it in rows)
            for it in rows:
                if it.feedback not in keys:
                    raise StoreError(f"nobody can be asked about {it.feedback}: it is not in the store")
            self._write_many(sql.PUT_QUESTION, [_question_row(keys[it.feedback], it) for it in rows])

    def questions(self, refs: Sequence[Ref]) -> dict[Ref, Question]:
        """The questions of these pieces."""
        keys = self._keys_of(refs)
        rows = self._rows(sql.QUESTIONS, (json_of(keys.values()),)) if keys else []
        return {it.feedback: it for it in map(_question, rows)}

    def open_questions(self, limit: int, kind: str = "") -> list[tuple[Question, int]]:
        """Open questions of living feedback, and how many are open about the same idea; what is worth most first."""
        rows = self._rows(sql.OPEN_QUESTIONS, (kind, kind, limit))
        return [(_question(row), row[-1]) for row in rows]

    def drawn_questions(
        self, likely: float, limit: int, kind: str = "", but: Collection[str] = (), among: int = 1
    ) -> list[tuple[Question, int]]:
        """The same of questions that are drawn by lot, of what is likely, moves alone and is not guarded."""
        asked = (likely, kind, kind, json_of(sorted(but)), among, among, limit)
        rows = self._rows(sql.DRAWN_QUESTIONS, asked)
        return [(_question(row), row[-1]) for row in rows]

    def questions_before(self, kind: str, version: int, limit: int) -> list[Question]:
        """Questions of a kind, neither answered nor settled, that an older version valued, oldest first."""
        return [_question(row) for row in self._rows(sql.QUESTIONS_BEFORE, (kind, version, limit))]

    def count_questions(self) -> dict[tuple[str, str], int]:
        """How many questions of living feedback there are: (kind, state) → count."""
        return {(kind, state): count for kind, state, count in self._rows(sql.COUNT_QUESTIONS)}

    def valued(self, kind: str) -> Iterator[Valued]:
        """What decisions read of all questions of living feedback of a kind."""
        for logit, margin, offered, guarded in self._rows(sql.VALUED, (kind,)):
            yield Valued(logit, margin, offered, bool(guarded))

    def next_answer(self) -> int:
        """A number never used before."""
        return self._take("answer")

    def put_answer(self, answer: Answer) -> None:
        """Keep an answer for good."""
        it = answer
        with self._turn:
            key = self._keys_of([it.feedback]).get(it.feedback)
            if key is None:
                raise StoreError(f"nothing can be answered about {it.feedback}: it is not in the store")
            said = (it.kind, it.model, micros(it.at), it.who, str(it.verdict), it.offered, it.idea)
            values = (it.logit, it.margin, it.chance, it.version, int(it.guarded), it.action, it.withdrawn)
            self._write(sql.PUT_ANSWER, (it.number, key, *said, *values))

    def answers(self, kind: str, model: str) -> list[Answer]:
        """The answers of a kind of feedback about a model that were not withdrawn, oldest first."""
        return [_answer(*row) for row in self._rows(sql.ANSWERS, (kind, model))]

    def answers_by(self, action: int) -> list[Answer]:
        """The answers that an action gave and that were not withdrawn, oldest first."""
        return [_answer(*row) for row in self._rows(sql.ANSWERS_BY, (action,))]

    def withdraw_answers(self, action: int, by: int) -> None:
        """The answers that an action gave count no more: another action undid it."""
        self._write(sql.WITHDRAW_ANSWERS, (by, action))

    def put_calibration(self, calibration: Calibration) -> None:
        """Keep a version for good."""
        it = calibration
        counts = (it.fitted, it.answers, it.sure, it.right)
        told = (it.promise, int(it.attaching), it.attached, it.asked, micros(it.at))
        self._write(sql.PUT_CALIBRATION, (it.kind, it.version, it.model, *it.weights, *counts, *told))

    def calibration(self, kind: str, model: str) -> Calibration | None:
        """The newest version of a kind of feedback for a model."""
        row = self._row(sql.CALIBRATION, (kind, model))
        return _calibration(row) if row else None

    def calibrations(self, kind: str = "") -> list[Calibration]:
        """Every version, by kind and version."""
        return [_calibration(row) for row in self._rows(sql.CALIBRATIONS, (kind, kind))]


def _question_row(key: int, it: Question) -> tuple[Any, ...]:
    body = orjson.dumps([[tuple(offer) for offer in it.offers], it.guards], default=list)
    values = (it.logit, it.margin, it.chance, it.version, it.worth, it.pieces, it.linked)
    return (key, it.kind, it.model, str(it.state), *values, it.offered, int(bool(it.guards)), body)


def _question(row: Sequence[Any]) -> Question:
    offers, guards = orjson.loads(row[12])
    return Question(
        feedback=Ref(*row[:2]),
        kind=row[2],
        model=row[3],
        state=QuestionState(row[4]),
        logit=row[5],
        margin=row[6],
        chance=row[7],
        version=row[8],
        worth=row[9],
        pieces=row[10],
        linked=row[11],
        offers=tuple(
            Offer(idea, likeness, Ref(*ref), tuple(shared)) for idea, likeness, ref, shared in offers
        ),
        guards=tuple(guards),
    )


def _answer(number: int, connection: str, ident: str, *row: Any) -> Answer:
    return Answer(
        number=number,
        feedback=Ref(connection, ident),
        kind=row[0],
        model=row[1],
        at=from_micros(row[2]) or EPOCH,
        who=row[3],
        verdict=Verdict(row[4]),
        offered=row[5],
        idea=row[6],
        logit=row[7],
        margin=row[8],
        chance=row[9],
        version=row[10],
        guarded=bool(row[11]),
        action=row[12],
        withdrawn=row[13],
    )


def _calibration(row: Sequence[Any]) -> Calibration:
    return Calibration(
        kind=row[0],
        version=row[1],
        model=row[2],
        weights=(row[3], row[4], row[5]),
        fitted=row[6],
        answers=row[7],
        sure=row[8],
        right=row[9],
        promise=row[10],
        attaching=bool(row[11]),
        attached=row[12],
        asked=row[13],
        at=from_micros(row[14]) or EPOCH,
    )
