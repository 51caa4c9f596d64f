"""In memory: what people are asked, what they said, and what was learned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from opshub.errors import StoreError
from opshub.model import Ref
from opshub.store.asked import LOT, Answer, Calibration, Question, QuestionState, Valued
from opshub.store.memory_texts import Texts
from opshub.store.memory_work import storable

__all__ = ["Questions"]

_DONE = (QuestionState.ANSWERED, QuestionState.SETTLED)


class Questions(Texts):
    """Questions, answers and calibrations."""

    def put_questions(self, rows: Sequence[Question]) -> None:
        """One question for each piece of feedback; a new one replaces the old."""
        for it in rows:
            if it.feedback not in self._writing().feedback:
                raise StoreError(f"nobody can be asked about {it.feedback}: it is not in the store")
            storable(it)
            self.kept.questions[it.feedback] = it

    def questions(self, refs: Sequence[Ref]) -> dict[Ref, Question]:
        """The questions of these pieces."""
        return {ref: self.kept.questions[ref] for ref in refs if ref in self.kept.questions}

    def _asked(self) -> list[Question]:
        """The questions of living feedback, by name."""
        kept = self.kept
        return [it for ref, it in sorted(kept.questions.items()) if not kept.feedback[ref].gone]

    def _arrived(self) -> list[Question]:
        """All questions, in the order in which their feedback arrived."""
        return [self.kept.questions[ref] for ref in self.kept.feedback if ref in self.kept.questions]

    def open_questions(self, limit: int, kind: str = "") -> list[tuple[Question, int]]:
        """Open questions of living feedback, and how many are open about the same idea; what is worth most first."""
        there = [it for it in self._arrived() if it.state is QuestionState.OPEN]
        about = Counter(it.offered for it in there)
        living = [it for it in there if not self.kept.feedback[it.feedback].gone and kind in ("", it.kind)]
        worth = sorted(living, key=lambda it: -it.worth * it.pieces)
        return [(it, about[it.offered]) for it in worth][:limit]

    def drawn_questions(
        self, likely: float, limit: int, kind: str = "", but: Collection[str] = (), among: int = 1
    ) -> list[tuple[Question, int]]:
        """The same of questions that are drawn by lot, of what is likely, moves alone and is not guarded."""
        place = {ref: at for at, ref in enumerate(self.kept.feedback, 1)}
        found = [
            (it, about)
            for it, about in self.open_questions(len(place), kind)
            if it.chance >= likely and it.pieces == 1 and not it.guards and it.kind not in but
            if any(self.size_of(link.idea, among) == among for link in self.links_of([it.feedback]).values())
        ]
        return sorted(found, key=lambda row: place[row[0].feedback] * LOT % 2**32)[:limit]

    def questions_before(self, kind: str, version: int, limit: int) -> list[Question]:
        """Questions of a kind, neither answered nor settled, that an older version valued, oldest first."""
        rows = (it for it in self._arrived() if it.state not in _DONE)
        found = [it for it in rows if it.kind == kind and it.version < version]
        return sorted(found, key=lambda it: it.version)[:limit]

    def count_questions(self) -> dict[tuple[str, str], int]:
        """How many questions of living feedback there are: (kind, state) → count."""
        return dict(Counter((it.kind, str(it.state)) for it in self._asked()))

    def valued(self, kind: str) -> Iterator[Valued]:
        """What decisions read of all questions of living feedback of a kind."""
        for it in self._asked():
            if it.kind == kind:
                yield Valued(it.logit, it.margin, it.offered, bool(it.guards))

    def next_answer(self) -> int:
        """A number never used before."""
        return self._take("answer")

    def put_answer(self, answer: Answer) -> None:
        """Keep an answer for good."""
        if answer.feedback not in self._writing().feedback:
            raise StoreError(f"nothing can be answered about {answer.feedback}: it is not in the store")
        storable(answer)
        self.kept.answers[answer.number] = answer

    def answers(self, kind: str, model: str) -> list[Answer]:
        """The answers of a kind of feedback about a model that were not withdrawn, oldest first."""
        rows = (it for _, it in sorted(self.kept.answers.items()) if not it.withdrawn)
        return [it for it in rows if (it.kind, it.model) == (kind, model)]

    def answers_by(self, action: int) -> list[Answer]:
        """The answers that an action gave and that were not withdrawn, oldest first."""
        rows = (it for _, it in sorted(self.kept.answers.items()) if not it.withdrawn)
        return [it for it in rows if it.action == action]

    def withdraw_answers(self, action: int, by: int) -> None:
        """The answers that an action gave count no more: another action undid it."""
        for it in self.answers_by(action):
            self._writing().answers[it.number] = replace(it, withdrawn=by)

    def put_calibration(self, calibration: Calibration) -> None:
        """Keep a version for good."""
        storable(calibration)
        self._writing().calibrations[calibration.kind, calibration.version] = calibration

    def calibration(self, kind: str, model: str) -> Calibration | None:
        """The newest version of a kind of feedback for a model."""
        rows = [it for it in self.calibrations(kind) if (it.kind, it.model) == (kind, model)]
        return rows[-1] if rows else None

    def calibrations(self, kind: str = "") -> list[Calibration]:
        """Every version, by kind and version."""
        return [it for _, it in sorted(self.kept.calibrations.items()) if kind in ("", it.kind)]
