"""The diagnostics of signals and alerts: how grave, title, reason, an example that has it, one that has not."""

from __future__ import annotations

__all__ = ["SIGNALS"]

_RATE = "signal complaint_rate = share of feedback where rating < 0.4, per day\n"

SIGNALS = {
    "R120": (
        "error",
        "An unknown signal",
        "A signal is defined once, in any of the files; one that is combined from others stands below them.",
        _RATE
        + '\nalert "Complaints" {\n    when signal complaint_rates > 0.8% for 3 days\n    notify "Look"\n}\n',
        _RATE
        + '\nalert "Complaints" {\n    when signal complaint_rate > 0.8% for 3 days\n    notify "Look"\n}\n',
    ),
    "R121": (
        "error",
        "Not a period",
        "A signal has one value per hour, day, week or month, each beginning in UTC and a week on Monday.",
        "signal pieces = count feedback, per year\n",
        "signal pieces = count feedback, per month\n",
    ),
    "R122": (
        "error",
        "An alert that is not there",
        "A test can only expect an alert that one of the files defines.",
        _RATE + '\nalert "Complaints" {\n    when signal complaint_rate > 0.8%\n    notify "Look"\n}\n\n'
        'test "Many complain" {\n    given signal complaint_rate = [1%]\n    expect alerts contains "Complain"\n}\n',
        _RATE + '\nalert "Complaints" {\n    when signal complaint_rate > 0.8%\n    notify "Look"\n}\n\n'
        'test "Many complain" {\n    given signal complaint_rate = [1%]\n    expect alerts contains "Complaints"\n}\n',
    ),
    "R225": (
        "error",
        "A signal that reads more than feedback",
        "A signal is counted over all feedback of a period, whatever idea it speaks for, and must come to the same "
        "whenever it is counted; so it reads neither an idea, nor a score, nor the clock.",
        "signal recent = count feedback where created > ago(7d), per day\n",
        "signal pieces = count feedback, per day\n",
    ),
    "R226": (
        "error",
        "A signal whose period is not clear",
        "What is counted or reported needs its period; what is combined has the period that its parts share.",
        "signal pieces = count feedback\n",
        "signal pieces = count feedback, per day\n",
    ),
    "R227": (
        "error",
        "An alert in another unit than its signal",
        "An alert looks at whole periods of its signal, so it counts them in the signal's own unit.",
        _RATE
        + '\nalert "Complaints" {\n    when signal complaint_rate > 0.8% for 3 weeks\n    notify "Look"\n}\n',
        _RATE
        + '\nalert "Complaints" {\n    when signal complaint_rate > 0.8% for 21 days\n    notify "Look"\n}\n',
    ),
    "R228": (
        "error",
        "An alert that opens nothing, or too much",
        "An alert opens one idea, which its tags stand on, or only says something with notify.",
        _RATE + '\nalert "Complaints" {\n    when signal complaint_rate > 0.8%\n    tag "alert"\n}\n',
        _RATE
        + '\nalert "Complaints" {\n    when signal complaint_rate > 0.8%\n    open idea "Complaints grow"\n'
        '    tag "alert"\n}\n',
    ),
    "R311": (
        "warning",
        "More than three key signals",
        "What everybody watches is no longer a few numbers; three are as many as a team can steer by.",
        "".join(
            f"key signal {name} = reported, per week\n" for name in ("adoption", "revenue", "churn", "speed")
        ),
        "".join(f"key signal {name} = reported, per week\n" for name in ("adoption", "revenue", "churn"))
        + "signal speed = reported, per week\n",
    ),
}
