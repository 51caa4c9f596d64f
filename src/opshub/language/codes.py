"""Every diagnostic: its code, how grave it is, why it exists, and an example that has it beside one that has not."""

from __future__ import annotations

from dataclasses import dataclass

from opshub.language.across_codes import PLACES
from opshub.language.goal_codes import GOALS
from opshub.language.home_codes import HOMES
from opshub.language.money_codes import AMOUNTS
from opshub.language.proof_codes import PROOFS
from opshub.language.signal_codes import SIGNALS
from opshub.language.syntax_codes import SYNTAX

__all__ = ["CODES", "Code"]


@dataclass(frozen=True, slots=True)
class Code:
    """One page of the manual; ``before`` is a whole rule file that gets this code, ``after`` one that does not."""

    severity: str
    title: str
    reason: str
    before: str
    after: str


def _error(title: str, reason: str, before: str, after: str) -> Code:
    return Code("error", title, reason, before, after)


def _warning(title: str, reason: str, before: str, after: str) -> Code:
    return Code("warning", title, reason, before, after)


NAMES = {
    "R101": _error(
        "Unknown name",
        "A misspelt field that silently means 'missing' is a rule that silently does nothing.",
        'rule "Many voices" {\n    when idea.voises > 5\n    priority +5\n}\n',
        'rule "Many voices" {\n    when idea.voices > 5\n    priority +5\n}\n',
    ),
    "R102": _error(
        "Never a value of this field",
        "The field holds one of a closed set of texts; a comparison with any other can never be true.",
        'rule "Open" {\n    when any feedback (visibility == "pubic")\n    priority +5\n}\n',
        'rule "Open" {\n    when any feedback (visibility == "public")\n    priority +5\n}\n',
    ),
    "R103": _error(
        "Unknown function",
        "The functions are a closed list; rules cannot define their own.",
        "score priority = clam(idea.voices, 0, 100)\n",
        "score priority = clamp(idea.voices, 0, 100)\n",
    ),
    "R104": _error(
        "Unknown destination",
        "A route names a connection of the configuration and one of its projects; anything else would be a lost idea.",
        'rule "Security" {\n    when idea.tags contains "security"\n    route to jira.SECC\n}\n',
        'rule "Security" {\n    when idea.tags contains "security"\n    route to jira.SEC\n}\n',
    ),
    "R105": _error(
        "Unknown score",
        "A rule adds to a score that a score line defines, or to priority, which is always there.",
        'rule "Many voices" {\n    when idea.voices > 5\n    priorty +5\n}\n',
        'rule "Many voices" {\n    when idea.voices > 5\n    priority +5\n}\n',
    ),
    "R106": _error(
        "No rule gives this tag",
        "A test that expects a tag which no rule gives can only fail, or, with 'not', prove nothing.",
        'rule "Refunds" {\n    when any feedback (text mentions ["refund"])\n    tag "churn-risk"\n}\n\n'
        'test "a refund" {\n    given  feedback.text = "I want a refund."\n    expect tags contains "churn-rsk"\n}\n',
        'rule "Refunds" {\n    when any feedback (text mentions ["refund"])\n    tag "churn-risk"\n}\n\n'
        'test "a refund" {\n    given  feedback.text = "I want a refund."\n    expect tags contains "churn-risk"\n}\n',
    ),
    "R107": _error(
        "A short name for more than one field",
        "A short name is fine where one field of feedback, account or author ends in it; otherwise say which.",
        'rule "Acme" {\n    when any feedback (name == "Acme")\n    priority +5\n}\n',
        'rule "Acme" {\n    when any feedback (account.name == "Acme")\n    priority +5\n}\n',
    ),
    "R108": _error(
        "Defined twice",
        "The second would silently replace the first, perhaps in another file. Rules and tests have names of their own "
        "too, so that an explanation points at one place.",
        "score reach = idea.voices\nscore reach = idea.accounts\n",
        "score reach = idea.voices\nscore breadth = idea.accounts\n",
    ),
    "R109": _error(
        "Used before it is defined",
        "Files are read from top to bottom; a name comes before its use, so nothing can depend on itself.",
        "score priority = reach * 2\nscore reach = idea.voices\n",
        "score reach = idea.voices\nscore priority = reach * 2\n",
    ),
    "R110": _error(
        "This name is taken",
        "A name that is also the short name of a field would change the meaning of other lines.",
        "let rating = feedback.rating < 0.4\nscore priority = count feedback where rating\n",
        "let unhappy = feedback.rating < 0.4\nscore priority = count feedback where unhappy\n",
    ),
    "R111": _error(
        "Not a band",
        "A test can expect only bands that the rules define.",
        'bands priority { P1 >= 80, P2 otherwise }\n\ntest "quiet" {\n    expect band == "P3"\n}\n',
        'bands priority { P1 >= 80, P2 otherwise }\n\ntest "quiet" {\n    expect band == "P2"\n}\n',
    ),
    "R117": _error(
        "Unknown pack",
        "A pack is a rule file that is installed, or one of your own by its name without the ending. What would come "
        "from an unknown one would be missing policy.",
        'use "startr"\n',
        'use "starter"\n',
    ),
    "R118": _error(
        "A pack does not take this",
        "A pack says which parameters it has and of which kind each is; its default shows the kind.",
        'use "rice" { effort_flor = 1 }\n\nscore priority = rice\n',
        'use "rice" { effort_floor = 1 }\n\nscore priority = rice\n',
    ),
    "R119": _error(
        "A pack that uses itself",
        "Names come before their use, so packs cannot need each other.",
        'use "round"\n',
        'use "starter"\n',
    ),
    "R112": _error(
        "Not an urgency",
        "Urgency is low, normal, high or urgent, so that every tracker can be told the same.",
        'rule "Security" {\n    when idea.tags contains "security"\n    route to jira.SEC as asap\n}\n',
        'rule "Security" {\n    when idea.tags contains "security"\n    route to jira.SEC as urgent\n}\n',
    ),
}

TYPES = {
    "R201": _error(
        "A condition is needed here",
        "Nothing is turned into yes or no by itself: is 0 a no, is an empty text? Say what is meant.",
        'rule "Voices" {\n    when idea.voices\n    priority +5\n}\n',
        'rule "Voices" {\n    when idea.voices > 0\n    priority +5\n}\n',
    ),
    "R202": _error(
        "Values of different kinds are compared",
        'The text "10" is not the number 10, and a time is not a duration.',
        'rule "Voices" {\n    when idea.voices > "10"\n    priority +5\n}\n',
        'rule "Voices" {\n    when idea.voices > 10\n    priority +5\n}\n',
    ),
    "R203": _error(
        "Arithmetic with something that is no number",
        "Numbers are added, subtracted, multiplied and divided. Besides them there are a time more or less a duration, "
        "the duration between two times, and durations that are added, subtracted and divided by one another.",
        "score priority = idea.title * 2\n",
        "score priority = idea.voices * 2\n",
    ),
    "R204": _error(
        "A function does not take these arguments",
        "Each function says how many values it takes and of which kind.",
        "score priority = count feedback where created > ago(90)\n",
        "score priority = count feedback where created > ago(90d)\n",
    ),
    "R205": _error(
        "These values have no order",
        "Numbers, amounts, times and durations can be less or more; for texts that would be the alphabet, which nobody "
        "means.",
        'rule "Plans" {\n    when any feedback (account.plan > "free")\n    priority +5\n}\n',
        'rule "Plans" {\n    when any feedback (account.plan in ["business", "enterprise"])\n    priority +5\n}\n',
    ),
    "R206": _error(
        "'contains' is for sets, 'mentions' for texts",
        "A set of tags contains a tag, whole and exact; a text mentions words, whatever their case.",
        'rule "Refunds" {\n    when any feedback (text contains "refund")\n    tag "churn-risk"\n}\n',
        'rule "Refunds" {\n    when any feedback (text mentions ["refund"])\n    tag "churn-risk"\n}\n',
    ),
    "R207": _error(
        "This cannot be gathered",
        "A sum, mean or median is taken of a number or an amount of each piece of feedback; min and max of a time or a "
        "duration as well.",
        "score priority = sum account.plan over distinct accounts\n",
        "score priority = sum account.arr over distinct accounts\n",
    ),
    "R208": _error(
        "A value of one piece of feedback, outside of feedback",
        "An idea has many pieces of feedback; say whether any, all or no piece must hold, or which number is meant.",
        'rule "Unhappy" {\n    when rating < 0.4\n    priority +5\n}\n',
        'rule "Unhappy" {\n    when any feedback (rating < 0.4)\n    priority +5\n}\n',
    ),
    "R209": _error(
        "Gathering inside of gathering",
        "Inside a condition on one piece of feedback there are its own fields and those of the idea; what is gathered "
        "over all feedback, and scores, are known only afterwards.",
        "score priority = count feedback where rating < mean rating\n",
        "score priority = count feedback where rating < 0.5\n",
    ),
    "R210": _error(
        "Bands out of order",
        "Bands are read from best to worst: each threshold is lower than the one before, 'otherwise' is the last, and "
        "a rule set has one bands block.",
        "bands priority { P1 >= 50, P2 >= 80, P3 otherwise }\n",
        "bands priority { P1 >= 80, P2 >= 50, P3 otherwise }\n",
    ),
    "R211": _error(
        "Not a value for this field",
        "A test gives values as they would arrive: of the field's kind, and written out.",
        'test "many" {\n    given  idea.voices = "10"\n    expect priority == 0\n}\n',
        'test "many" {\n    given  idea.voices = 10\n    expect priority == 0\n}\n',
    ),
    "R212": _error(
        "A score is a number",
        "Conditions become points in a rule, where the reason stands beside them.",
        "score priority = idea.voices > 5\n",
        "score priority = idea.voices * 5\n",
    ),
    "R213": _error(
        "A value that moves with every moment",
        "The hub computes when a comparison will flip and looks at the idea again then. A number that is another one "
        "at every moment would never be right; days_since and decay move once a day.",
        "score priority = max (age(created) / 1d)\n",
        "score priority = max (days_since(created))\n",
    ),
    "R214": _error(
        "A pattern that cannot be read",
        "A pattern is checked before it runs, with the place of the mistake. What would make a search go back over the "
        "text again and again does not exist: look-ahead, look-behind, references.",
        'let order = text matches "order #[0-9+"\nscore priority = count feedback where order\n',
        'let order = text matches "order #[0-9]+"\nscore priority = count feedback where order\n',
    ),
    "R215": _error(
        "A pattern that is too large",
        "A pattern has at most 1,000 signs, and with its repetitions written out it must fit into a megabyte, so that "
        "each text is searched in little time and memory.",
        'let code = text matches "(\\pL{40} ){20}"\nscore priority = count feedback where code\n',
        'let code = text matches "\\pL{40} "\nscore priority = count feedback where code\n',
    ),
}

WARNINGS = {
    "R301": _warning(
        "'not' over something that may be missing",
        "A missing value makes its comparison false, so 'not' makes it true. Say what shall happen where it is "
        "missing.",
        'rule "Not free" {\n    when any feedback (not (account.plan == "free"))\n    priority +5\n}\n',
        'rule "Not free" {\n    when any feedback (account.plan is not missing and not (account.plan == "free"))\n'
        "    priority +5\n}\n",
    ),
    "R302": _warning(
        "'!=' over something that may be missing",
        "A missing value makes every comparison false, '!=' too; many expect true. Say what shall happen where it is "
        "missing.",
        'rule "Not free" {\n    when any feedback (account.plan != "free")\n    priority +5\n}\n',
        'rule "Not free" {\n    when any feedback (account.plan is not missing and account.plan != "free")\n'
        "    priority +5\n}\n",
    ),
    "R303": _warning(
        "A route that never wins",
        "The first route wins. Whenever this rule holds, an earlier rule has already routed the idea.",
        'rule "A" {\n    when idea.tags contains "security"\n    route to jira.SEC\n}\n\n'
        'rule "B" {\n    when idea.tags contains "security" and idea.voices > 5\n    route to jira.EXP\n}\n',
        'rule "B" {\n    when idea.tags contains "security" and idea.voices > 5\n    route to jira.EXP\n}\n\n'
        'rule "A" {\n    when idea.tags contains "security"\n    route to jira.SEC\n}\n',
    ),
    "R304": _warning(
        "A rule that is never reached",
        "Whenever this rule would hold, an earlier rule has already said stop.",
        'rule "A" {\n    when idea.voices > 5\n    stop\n}\n\n'
        'rule "B" {\n    when idea.voices > 5 and idea.accounts > 2\n    priority +5\n}\n',
        'rule "B" {\n    when idea.voices > 5 and idea.accounts > 2\n    priority +5\n}\n\n'
        'rule "A" {\n    when idea.voices > 5\n    tag "many"\n    stop\n}\n',
    ),
    "R305": _warning(
        "A let that nothing uses",
        "Perhaps the rule that was to use it is missing, or uses another name.",
        "let recent = created > ago(90d)\nscore priority = count feedback\n",
        "let recent = created > ago(90d)\nscore priority = count feedback where recent\n",
    ),
    "R306": _warning(
        "A condition that can never hold",
        "Its parts contradict each other, so the rule is dead.",
        'rule "Plans" {\n    when any feedback (account.plan == "free" and account.plan == "business")\n'
        "    priority +5\n}\n",
        'rule "Plans" {\n    when any feedback (account.plan in ["free", "business"])\n    priority +5\n}\n',
    ),
    "R307": _warning(
        "A rule that does nothing",
        "It has a condition and no effect. Give it points, a tag, a route or stop.",
        'rule "Many voices" {\n    when idea.voices > 5\n}\n',
        'rule "Many voices" {\n    when idea.voices > 5\n    tag "many-voices"\n}\n',
    ),
    "R308": _warning(
        "A pattern that stands in every text",
        "All of its parts may be absent, so it matches nothing anywhere.",
        'let asks = text matches "(refund)?"\nscore priority = count feedback where asks\n',
        'let asks = text matches "refund"\nscore priority = count feedback where asks\n',
    ),
}

_TOLD = {**SYNTAX, **SIGNALS, **PLACES, **GOALS, **PROOFS, **AMOUNTS, **HOMES}
_APART = {name: Code(*told) for name, told in _TOLD.items()}
_BY_NAME = {**NAMES, **TYPES, **WARNINGS, **_APART}

CODES = dict(sorted(_BY_NAME.items()))
