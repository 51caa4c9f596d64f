"""The diagnostics of places among all ideas: how grave, title, reason, an example that has it, one that has not."""

from __future__ import annotations

__all__ = ["PLACES"]

PLACES = {
    "R222": (
        "error",
        "Not a score",
        "What is compared across ideas has a name and a line of its own, so that the explanation can show it.",
        "score priority = normalize(idea.voices)\n",
        "score loud     = idea.voices\nscore priority = normalize(loud)\n",
    ),
    "R223": (
        "error",
        "A place among places",
        "A score that is compared across ideas reads its own idea alone; otherwise one idea's change would run "
        "through all the others again and again.",
        "score loud     = idea.voices\nscore first    = rank(loud)\nscore priority = normalize(first)\n",
        "score loud     = idea.voices\nscore first    = rank(loud)\nscore priority = normalize(loud) - first\n",
    ),
    "R224": (
        "error",
        "Nothing compares this with other ideas",
        "A test gives the other ideas by the values of a score that some line compares: normalize, rank, percentile.",
        "score loud     = idea.voices\nscore priority = normalize(loud)\n\n"
        'test "half as loud" {\n    given  idea.voices = 5, others.lout = [10]\n    expect priority == 100\n}\n',
        "score loud     = idea.voices\nscore priority = normalize(loud)\n\n"
        'test "half as loud" {\n    given  idea.voices = 5, others.loud = [10]\n    expect priority == 50\n}\n',
    ),
}
