"""What a likeness is worth in this hub: the matcher, and what was learned of it for each kind of feedback."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from opshub.engine.connection import Limits
from opshub.engine.encoding import full_text
from opshub.engine.learning import may_attach
from opshub.engine.work import Work
from opshub.matching import AGAIN, HEARD, SHIPPED, Candidate, Features, Matcher, Weights, chance, features
from opshub.model import Feedback, Link, LinkMaker, Ref
from opshub.store.asked import Calibration, Offer, Question, QuestionState
from opshub.store.base import Store

__all__ = ["Judge", "Weighed", "by_likeness", "offer", "placed"]

SURER = (LinkMaker.PERSON, LinkMaker.KEY, LinkMaker.RULE)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the first of some candidates is expected to come to, and by which version."""

    logit: float
    margin: float
    chance: float
    version: int


@dataclass(slots=True)
class Judge:
    """Finds candidates and weighs them."""

    store: Store
    limits: Limits
    learned: dict[str, Calibration | None] = field(default_factory=dict)

    @property
    def matcher(self) -> Matcher:
        """Who finds candidates."""
        return full_text(self.store, self.limits.encoder)

    @classmethod
    def of(cls, work: Work) -> Judge:
        """The judge of a run."""
        return cls(work.store, work.limits)

    @property
    def model(self) -> str:
        """What values likenesses: those of two models are not compared."""
        return self.matcher.model

    def looking(self) -> bool:
        """Whether a likeness may attach feedback of any kind."""
        if self.limits.similar != "learn":
            return self.limits.similar == "attach"
        kinds = {it.kind for it in self.store.calibrations() if it.model == self.model}
        return any(self.attaches(kind) for kind in kinds)

    def attaches(self, kind: str) -> bool:
        """Whether a likeness may attach feedback of this kind."""
        return may_attach(self.calibration(kind), kind, self.limits)

    def calibration(self, kind: str) -> Calibration | None:
        """The newest version for this kind; looked up once."""
        if kind not in self.learned:
            self.learned[kind] = self.store.calibration(kind, self.model)
        return self.learned[kind]

    def candidates(self, feedback: Feedback, limit: int = 5) -> list[Candidate]:
        """The ideas most alike, best first."""
        return self.matcher.candidates(feedback, self.store, limit)

    def weigh(self, kind: str, likenesses: Sequence[float]) -> Weighed:
        """What the first of these likenesses is expected to come to."""
        found, known = features(likenesses), self.calibration(kind)
        weights = Weights(*known.weights) if known else SHIPPED
        likely = chance(found, weights) if likenesses else 0.0
        return Weighed(found.logit, found.margin, likely, known.version if known else 0)

    def expected(self, question: Question) -> Weighed:
        """What the first idea of a question is expected to come to, as things are known now."""
        known = self.calibration(question.kind)
        weights = Weights(*known.weights) if known else SHIPPED
        likely = chance(Features(question.logit, question.margin), weights)
        return Weighed(question.logit, question.margin, likely, known.version if known else 0)

    def link(self, feedback: Feedback, found: Sequence[Candidate], own: int = 0) -> Link | None:
        """The link that likeness makes; None where that is not sure enough. ``own``: the idea that it belongs to."""
        if not found:
            return None
        if self.limits.similar == "attach":
            return self._voted(feedback, found, own)
        first = found[0]
        weighed = self.weigh(feedback.kind, [it.likeness for it in found])
        if not self.sure(weighed.chance, first.guards) or not self.draws(first.nearest):
            return None
        return by_likeness(feedback.ref, offer(first), weighed.chance)

    def _voted(self, feedback: Feedback, found: Sequence[Candidate], own: int) -> Link | None:
        """The link to the idea for which the nearest pieces speak most, where nobody is waited for."""
        near = [it.feedback for one in found for it in one.votes.heard if it.near]
        said = placed(self.store, near, SURER)
        best = max(found, key=lambda it: (it.votes.weight(said), it.likeness, -it.idea))
        others = self.store.size_of(best.idea, HEARD + 1) - (best.idea == own)
        vote = best.votes.mean(others)
        more = AGAIN if own and not best.votes.led(said) else 0
        if vote < round(self.matcher.joins_from(feedback) + more, 4):
            return None
        return by_likeness(feedback.ref, offer(best), vote)

    def draws(self, nearest: Ref) -> bool:
        """Whether a piece may draw others after it: what a likeness attached does not, because it may be wrong."""
        link = self.store.links_of([nearest]).get(nearest)
        return link is not None and link.maker is not LinkMaker.SIMILARITY

    def sure(self, likely: float, guards: Sequence[str]) -> bool:
        """Whether it is enough to attach, for a kind that attaches."""
        return not guards and likely >= self.limits.attach


def placed(store: Store, refs: Sequence[Ref], by: Collection[LinkMaker]) -> set[Ref]:
    """Those that one of these makers placed, and those about which a person was asked and answered."""
    links, questions = store.links_of(refs), store.questions(refs)
    answered = {ref for ref, it in questions.items() if it.state is QuestionState.ANSWERED}
    return answered | {ref for ref, link in links.items() if link.maker in by}


def offer(candidate: Candidate) -> Offer:
    """The candidate as it is kept."""
    return Offer(candidate.idea, candidate.likeness, candidate.nearest, candidate.shared)


def by_likeness(feedback: Ref, found: Offer, likely: float) -> Link:
    """A link that a likeness makes, with what it is expected to come to."""
    shared = ", ".join(f"'{term}'" for term in found.shared)
    says = f"it shares {shared} with" if shared else "it lies near in meaning to"
    return Link(
        feedback=feedback,
        idea=found.idea,
        maker=LinkMaker.SIMILARITY,
        reason=f"{says} {found.nearest}",
        confidence=likely,
    )
