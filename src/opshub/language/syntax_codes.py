"""The diagnostics of what cannot be read: how grave, title, reason, an example that has it, one that has not."""

from __future__ import annotations

__all__ = ["SYNTAX"]

SYNTAX = {
    "R001": (
        "error",
        "'=' where '==' is meant",
        "'=' gives a name to something; '==' compares. Keeping them apart shows at a glance which one a line does.",
        'rule "Many voices" {\n    when idea.voices = 5\n    priority +5\n}\n',
        'rule "Many voices" {\n    when idea.voices == 5\n    priority +5\n}\n',
    ),
    "R002": (
        "error",
        "A bracket is not closed",
        "Each bracket needs its partner inside the same statement; the next statement is checked all the same.",
        'rule "Many voices" {\n    when idea.voices > 5\n    priority +5\n\nscore priority = 10\n',
        'rule "Many voices" {\n    when idea.voices > 5\n    priority +5\n}\n\nscore priority = 10\n',
    ),
    "R003": (
        "error",
        "Not a statement",
        "A rule file holds use, parameter, let, score, rule, match, bands, signal, alert, goal and test. Another word "
        "would be ignored policy.",
        'rul "Many voices" {\n    when idea.voices > 5\n    priority +5\n}\n',
        'rule "Many voices" {\n    when idea.voices > 5\n    priority +5\n}\n',
    ),
    "R004": (
        "error",
        "A text without its closing quote",
        "Texts begin and end with '\"' on the same line, so that one lost quote does not swallow the file.",
        'rule "Refunds" {\n    when any feedback (text mentions ["refund])\n    tag "churn-risk"\n}\n',
        'rule "Refunds" {\n    when any feedback (text mentions ["refund"])\n    tag "churn-risk"\n}\n',
    ),
    "R005": (
        "error",
        "Full-width punctuation",
        "An input method in Chinese mode types signs that look like the right ones. Inside a text they are welcome.",
        "let asks = text mentions [“退款”，“退订”]\nscore priority = count feedback where asks\n",
        'let asks = text mentions ["退款", "退订"]\nscore priority = count feedback where asks\n',
    ),
    "R006": (
        "error",
        "Something else was expected here",
        "The statement does not read on this way; the message lists what can stand at this place.",
        'rule "Many voices" {\n    when idea.voices > and idea.accounts > 2\n    priority +5\n}\n',
        'rule "Many voices" {\n    when idea.voices > 5 and idea.accounts > 2\n    priority +5\n}\n',
    ),
    "R007": (
        "error",
        "Two comparisons in a row",
        "A 'where' reaches as far as it can, so a count that is compared stands in brackets; a range is two "
        "comparisons joined by 'and'.",
        'rule "Low ratings" {\n    when count feedback where rating < 0.4 >= 3\n    priority +5\n}\n',
        'rule "Low ratings" {\n    when (count feedback where rating < 0.4) >= 3\n    priority +5\n}\n',
    ),
    "R008": (
        "error",
        "The file is too large",
        "A rule file has at most 65,536 bytes. Policy that long cannot be reviewed; split it by subject.",
        "# " + "x" * 65_536 + "\nscore priority = 10\n",
        "score priority = 10\n",
    ),
    "R009": (
        "error",
        "Nested too deeply",
        "Expressions are at most 50 levels deep. Name the inner parts with let.",
        "score priority = " + "(" * 51 + "1" + ")" * 51 + "\n",
        "score priority = 1\n",
    ),
    "R010": (
        "error",
        "Too many parts",
        "A rule file has at most 2,000 parts (values, names, operators). Split it by subject.",
        'let asks = text mentions ["a"' + ', "a"' * 2000 + "]\nscore priority = count feedback where asks\n",
        'let asks = text mentions ["a"]\nscore priority = count feedback where asks\n',
    ),
    "R011": (
        "error",
        "Not a unit of time",
        "Durations are written in min, h, d or w. 'm' could be minutes or months, and a month has no fixed length.",
        "score priority = count feedback where created > ago(3m)\n",
        "score priority = count feedback where created > ago(90d)\n",
    ),
    "R012": (
        "error",
        "A sign that means nothing here",
        "One spelling for everything: 'and', 'or' and 'not' are words, texts stand in double quotes, a line needs no "
        "sign at its end.",
        'rule "Many" {\n    when idea.voices > 5 && idea.accounts > 2\n    priority +5\n}\n',
        'rule "Many" {\n    when idea.voices > 5 and idea.accounts > 2\n    priority +5\n}\n',
    ),
    "R013": (
        "error",
        "Not an escape",
        "Inside a text a backslash stands before '\"' or before another backslash, and nowhere else.",
        'rule "Path" {\n    when any feedback (text mentions ["C:\\temp"])\n    tag "windows"\n}\n',
        'rule "Path" {\n    when any feedback (text mentions ["C:\\\\temp"])\n    tag "windows"\n}\n',
    ),
    "R014": (
        "error",
        "A value out of range",
        "Numbers have at most 15 digits before the point, dates are on the calendar and durations at most 36,500 days, "
        "so that nothing overflows while ideas are scored.",
        "score priority = count feedback where created > 2026-02-30\n",
        "score priority = count feedback where created > 2026-02-28\n",
    ),
    "R015": (
        "error",
        "'use' below other statements",
        "What a pack defines counts from its use on; at the top everybody sees at once what a file stands on.",
        'score reached = idea.voices\nuse "starter"\n',
        'use "starter"\nscore reached = idea.voices\n',
    ),
    "R016": (
        "error",
        "A name is missing",
        "A let, a parameter, a score and a signal are used by their names further down; the name stands right behind "
        "the word, without quotes.",
        "let = idea.voices > 5\n",
        "let popular = idea.voices > 5\nscore priority = 10 * count feedback where rating < 0.5 and popular\n",
    ),
}
