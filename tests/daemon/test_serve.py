"""``opshub serve`` as an operator knows it: schedule, health, signals, reload, logs, and one daemon a database."""

from __future__ import annotations

import json
import signal
import socket
import threading
from typing import Any

import httpx
import pytest

from opshub.store.rows import OutboxState

RULES = "score priority = {weight} * count feedback\nbands priority {{ P1 >= 50, P2 otherwise }}\n"


def bands(place: Any) -> dict[str, str]:
    return {idea.title: decision.band for idea, decision, _ in place.store.ranked(100)}


@pytest.fixture
def desk(place: Any) -> Any:
    """A desk with five tickets, two a page."""
    twin = place.twin("zendesk", "support", comments=False)
    twin.page_limit = 2
    for number in range(1, 6):
        twin.add_ticket(f"Ticket {number}", f"Words of ticket {number}")
    return twin


def test_it_syncs_again_and_again(place: Any, desk: Any) -> None:
    serving = place.serve()
    serving.wait_for("connection.synced")

    desk.add_ticket("Later", "Something new")
    serving.wait_for("connection.synced", got=1)

    assert serving.stop() == 0
    assert place.store.count_ideas() == 6


def test_in_the_quiet_between_two_turns_it_prepares_what_people_are_asked(place: Any, desk: Any) -> None:
    desk.add_ticket("Export", "The weekly export to Excel loses its last column")
    desk.add_ticket("Excel", "Weekly export loses the last column when opened in Excel")
    serving = place.serve()
    place.until(lambda: place.store.count_questions().get(("ticket", "open")))
    place.until(lambda: place.store.mark("subjects"))  # ideas were looked through for parts

    listed = place.opshub("review", "--list")

    assert "Export" in listed.stdout
    assert serving.stop() == 0


def test_health_and_readiness_answer(place: Any, desk: Any) -> None:
    serving = place.serve()
    serving.wait_for("connection.synced")

    health, ready = serving.get("/healthz"), serving.get("/readyz")

    assert (health.status_code, ready.status_code) == (200, 200)
    assert health.json()["ok"] is True
    assert list(health.json()["last_turn"]) == ["support"]
    assert str(serving.process.pid) in ready.json()["holder"]
    assert health.headers["cache-control"] == "no-store"
    assert serving.get("/").status_code == 404


def test_a_stop_in_the_middle_of_a_page_keeps_it_and_the_next_run_goes_on_behind_it(
    place: Any, desk: Any
) -> None:
    desk.faults.once("slow", path="*incremental*", after=1, step=0.05, size=100)
    serving = place.serve()
    place.until(lambda: len(desk.requests("GET", "/api/v2/incremental")) >= 2)

    code = serving.stop()

    store = place.store
    kept = store.count_records("support")
    asked = len(desk.requests("GET", "/api/v2/incremental"))
    assert (code, serving.events("daemon.failed")) == (0, [])
    assert serving.wait_for("daemon.stopped")
    assert kept in (2, 4)
    assert [run.outcome for run in store.runs(5)].count("killed") == 0
    assert place.opshub("sync").returncode == 0
    assert store.count_records("support") == 5
    again = desk.requests("GET", "/api/v2/incremental")[asked:]
    assert all(request.param("cursor") for request in again)


def test_a_stop_does_not_wait_for_a_vendor_that_keeps_its_answer_back(place: Any, desk: Any) -> None:
    desk.faults.always("stall", path="*incremental*")
    serving = place.serve()
    place.until(lambda: desk.faults.count("stall"))
    code = serving.stop()

    assert code == 0
    assert serving.events("daemon.failed") == []
    assert place.store.holder("hub") == ""


def test_a_second_signal_ends_at_once(place: Any, desk: Any) -> None:
    desk.faults.always("stall", path="*incremental*")
    serving = place.serve()
    place.until(lambda: desk.faults.count("stall"))
    serving.signal()
    place.until(lambda: serving.get("/readyz").status_code == 503)
    serving.signal(signal.SIGINT)
    code = serving.end()
    desk.faults.clear()

    assert code == 1
    assert serving.events("daemon.stopped") == []
    assert place.opshub("sync").returncode == 0


def test_changed_rules_take_effect_without_a_new_turn(place: Any, desk: Any) -> None:
    place.tables["support"]["every"] = "1h"
    place.put_rules(RULES.format(weight=1))
    serving = place.serve()
    serving.wait_for("connection.synced")

    place.put_rules(RULES.format(weight=100))
    serving.wait_for("rules.loaded", changed=True)

    place.until(lambda: set(bands(place).values()) == {"P1"})
    assert len(serving.events("connection.synced")) == 1


def test_rules_that_change_while_a_page_is_on_its_way_are_not_undone(place: Any, desk: Any) -> None:
    place.tables["support"]["every"] = "1h"
    place.put_rules(RULES.format(weight=1))
    place.opshub("sync")
    desk.add_ticket("Later", "Something new " * 100)
    desk.faults.once("slow", path="*incremental*", step=0.5, size=200)
    serving = place.serve()
    place.until(lambda: desk.faults.count("slow"))
    place.put_rules(RULES.format(weight=100))
    serving.wait_for("rules.loaded", changed=True)
    place.until(lambda: set(bands(place).values()) == {"P1"})
    assert not serving.events("connection.synced")
    serving.wait_for("connection.synced")

    assert serving.stop() == 0
    assert set(bands(place).values()) == {"P1"}


def test_broken_rules_leave_the_last_good_ones_and_health_names_the_line(place: Any, desk: Any) -> None:
    place.put_rules(RULES.format(weight=100))
    serving = place.serve()
    serving.wait_for("connection.synced")

    place.put_rules('score priority = 7\nrule "x" { when nonsense }\n')
    serving.wait_for("rules.refused")
    desk.add_ticket("Later", "Something new")
    serving.wait_for("connection.synced", got=1)
    health = serving.get("/healthz").json()
    place.put_rules(RULES.format(weight=200))
    serving.wait_for("rules.loaded", changed=True)

    assert health["ok"] is True
    assert any("team.rules:2" in line for line in health["rules"])
    assert serving.get("/healthz").json()["rules"] == []
    assert bands(place)["Later"] == "P1"


def test_rules_that_vanish_stay_in_force(place: Any, desk: Any) -> None:
    place.put_rules(RULES.format(weight=100))
    serving = place.serve()
    serving.wait_for("connection.synced")

    (place.rules / "team.rules").unlink()
    serving.wait_for("rules.refused")
    desk.add_ticket("Later", "Something new")
    serving.wait_for("connection.synced", got=1)

    assert bands(place)["Later"] == "P1"
    assert serving.get("/healthz").json()["rules"] == ["there is no rule file at rules any more"]
    assert "there is no rule file at rules any more" in place.opshub("status").stdout


def test_a_rules_folder_that_vanishes_as_a_whole_leaves_the_last_good_rules_until_it_is_back(
    place: Any, desk: Any
) -> None:
    place.hub["rules"] = ["rules"]
    place.put_rules(RULES.format(weight=100))
    serving = place.serve()
    serving.wait_for("connection.synced")

    place.rules.rename(place.folder / "elsewhere")
    serving.wait_for("rules.refused")
    desk.add_ticket("Later", "Something new")
    serving.wait_for("connection.synced", got=1)
    health, status = serving.get("/healthz").json(), place.opshub("status")
    check = place.opshub("rules", "check")
    (place.folder / "elsewhere").rename(place.rules)
    serving.wait_for("rules.loaded", changed=False)

    assert health["ok"] is True
    assert health["rules"] == ["there is no rule file at rules any more"]
    assert status.returncode == 0
    assert 'names no file: "rules"' in status.stdout
    assert "opshub.toml:" in status.stdout
    assert check.returncode == 2
    assert 'names no file: "rules"' in check.stderr
    assert bands(place)["Later"] == "P1"
    assert serving.get("/healthz").json()["rules"] == []


def test_a_rule_file_that_is_no_text_any_more_is_named_with_its_line(place: Any, desk: Any) -> None:
    place.put_rules(RULES.format(weight=100))
    serving = place.serve()
    serving.wait_for("connection.synced")

    (place.rules / "team.rules").write_bytes("score priority = 1\n# 权重\n".encode("gb18030"))
    serving.wait_for("rules.refused")
    health, status = serving.get("/healthz").json(), place.opshub("status")

    assert health["rules"] == ["team.rules:2: this is no UTF-8 text"]
    assert "team.rules:2: this is no UTF-8 text" in status.stdout
    assert set(bands(place).values()) == {"P1"}


def test_status_names_the_file_and_the_line_beside_a_running_daemon(place: Any, desk: Any) -> None:
    place.put_rules(RULES.format(weight=100))
    serving = place.serve()
    serving.wait_for("connection.synced")
    sound = place.opshub("status").stdout

    place.put_rules('score priority = 7\nrule "x" { when nonsense }\n')
    serving.wait_for("rules.refused")
    broken = place.opshub("status").stdout

    assert "rule files" not in sound
    assert "last good ones" in broken
    assert "rules/team.rules:2" in broken


def test_an_outage_is_told_when_it_begins_and_when_it_ends(place: Any, desk: Any) -> None:
    place.twin("zendesk", "other")
    desk.faults.always("status", code=403)
    serving = place.serve()
    failing = serving.wait_for("connection.failing")
    serving.wait_for("connection.synced", 3, connection="other")

    health = serving.get("/healthz").json()
    desk.faults.clear()
    recovered = serving.wait_for("connection.recovered")
    serving.wait_for("connection.synced", connection="support")

    assert (failing["connection"], failing["error"]) == ("support", "PermissionDeniedError")
    assert failing["reason"] and failing["next"]
    assert recovered["connection"] == "support"
    assert health["failing"] == {"support": "PermissionDeniedError"}
    assert (health["ok"], len(serving.events("connection.failing"))) == (True, 1)


def test_every_line_is_json_and_none_holds_a_secret(place: Any, desk: Any) -> None:
    place.tables["support"]["token"] = "canary-7f3a1"
    survey = place.twin("typeform", "survey")
    secret = str(place.tables["survey"]["token"])
    survey.faults.always("malformed")
    serving = place.serve()
    serving.wait_for("connection.failing", 2)

    assert serving.stop() == 0
    assert all(json.loads(line)["event"] for line in serving.lines)
    assert "canary-7f3a1" not in serving.text
    assert secret not in serving.text


def test_text_lines_are_for_people(place: Any, desk: Any) -> None:
    place.hub["log"] = "text"
    serving = place.serve()
    place.until(lambda: "connection.synced" in serving.text)

    assert serving.stop() == 0
    assert "daemon.started connections=1" in serving.text
    assert all(line[:4].isdigit() and "Z " in line for line in serving.lines)


def test_a_second_daemon_says_who_is_at_work(place: Any, desk: Any) -> None:
    first = place.serve()
    first.wait_for("connection.synced")

    second = place.serve()
    code = second.end()

    assert code == 1
    assert f"the database is being written by opshub (process {first.process.pid} on" in second.text
    assert "next: " in second.text
    assert first.get("/readyz").status_code == 200


def test_a_command_beside_the_daemon_reads_but_does_not_write(place: Any, desk: Any) -> None:
    serving = place.serve()
    serving.wait_for("connection.synced")

    listed, synced = place.opshub("ideas", "list"), place.opshub("sync")

    assert (listed.returncode, synced.returncode) == (0, 1)
    assert f"process {serving.process.pid}" in synced.stderr


def test_a_daemon_that_slept_too_long_gives_way(place: Any, desk: Any) -> None:
    place.hub["lease"] = "1s"
    serving = place.serve()
    serving.wait_for("connection.synced")

    serving.signal(signal.SIGSTOP)
    place.until(lambda: place.opshub("sync").returncode == 0)
    serving.signal(signal.SIGCONT)
    code = serving.end()

    assert code == 1
    assert serving.wait_for("daemon.failed")["error"] == "FencedError"
    assert len(serving.events("daemon.failed")) == 1
    assert "took over" in serving.text


@pytest.mark.parametrize("listen", ["nonsense", "127.0.0.1:99999", "256.0.0.1:80"])
def test_an_address_that_cannot_be_used_is_refused(place: Any, desk: Any, listen: str) -> None:
    serving = place.serve("--listen", listen)

    assert serving.end() == 2
    assert listen in serving.text
    assert "next: " in serving.text


def test_a_port_that_is_taken_is_refused(place: Any, desk: Any) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        serving = place.serve("--listen", f"127.0.0.1:{other.getsockname()[1]}")
        code = serving.end()

    assert code == 2
    assert "cannot be used" in serving.text


def test_without_connections_there_is_nothing_to_serve(place: Any) -> None:
    serving = place.serve()

    assert serving.end() == 2
    assert "configures no connection" in serving.text


def test_connections_side_by_side_lose_nothing_and_no_run_is_called_killed(place: Any, desk: Any) -> None:
    surveys = [place.twin("zendesk", f"desk{n}", comments=False) for n in range(3)]
    for twin in surveys:
        twin.page_limit = 3
        for ticket in range(20):
            twin.add_ticket(f"Words {ticket % 7}", f"Words {ticket % 7} of several desks")
    serving = place.serve()
    for number in range(3):
        serving.wait_for("connection.synced", 2, connection=f"desk{number}")

    assert serving.stop() == 0
    store = place.store
    outcomes = {run.outcome for run in store.runs(100)}
    assert outcomes <= {"done", "partly"}
    assert sum(voices for _, _, voices in store.ranked(1000)) == 65
    assert store.count_ideas() == 5 + 7
    assert place.opshub("sync").returncode == 0
    assert store.feedback_after(store.mark("match"), 10) == []


def test_a_busy_database_is_an_outage_and_not_the_end(place: Any, desk: Any) -> None:
    import sqlite3

    serving = place.serve()
    serving.wait_for("connection.synced")
    other = sqlite3.connect(place.folder / "opshub.db", isolation_level=None)
    other.execute("begin immediate")
    failing = serving.wait_for("connection.failing")
    other.execute("rollback")
    other.close()
    serving.wait_for("connection.recovered")

    assert failing["error"] == "StoreBusyError"
    assert serving.stop() == 0


def test_health_can_be_asked_by_another_machine_only_where_it_listens(place: Any, desk: Any) -> None:
    serving = place.serve()
    row = serving.wait_for("health.listening")

    assert row["host"] == "127.0.0.1"
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.2:{row['port']}/healthz", trust_env=False, timeout=2)


def test_nothing_is_written_to_a_tracker_while_a_page_of_it_is_on_its_way(place: Any, desk: Any) -> None:
    tracker = place.twin("jira", "board", **{"as": "ideas", "apply": "auto", "every": "1h"})
    place.tables["board"]["write"] = {"tags": "labels"}
    place.put_rules('rule "Leavers" { when any feedback (text mentions ["cancel"]) tag "churn" }\n')
    tracker.add("Slow export")
    assert place.opshub("sync").returncode == 0
    looked = threading.Event()
    tracker.faults.once("slow", path="*/search/jql", until=looked)
    tracker.add("Another issue", description="words " * 3000)

    serving = place.serve()
    place.until(lambda: tracker.faults.count("slow"))
    desk.add_ticket("Leaving", "I will cancel because of FEED-1")
    serving.wait_for("connection.synced", connection="support", got=1)
    while_pulled = dict(tracker.writes)
    looked.set()
    serving.wait_for("connection.synced", connection="board")
    place.until(lambda: tracker.writes)

    assert while_pulled == {}
    assert serving.stop() == 0
    assert place.store.outbox(states=[OutboxState.CONFLICT]) == []


def test_the_plan_can_be_looked_at_while_the_daemon_writes(place: Any, desk: Any) -> None:
    tracker = place.twin("jira", "board", **{"as": "ideas", "every": "1h"})
    place.tables["board"]["write"] = {"tags": "labels"}
    place.put_rules('rule "Leavers" { when any feedback (text mentions ["cancel"]) tag "churn" }\n')
    tracker.add("Slow export")
    desk.add_ticket("Leaving", "I will cancel because of FEED-1")
    serving = place.serve()
    serving.wait_for("connection.synced", connection="support")
    serving.wait_for("connection.synced", connection="board")

    planned, applied = place.opshub("plan"), place.opshub("apply")

    assert planned.returncode == 0
    assert "churn" in planned.stdout
    assert "is being written by opshub" in planned.stderr
    assert applied.returncode == 1
    assert serving.stop() == 0


def test_a_changed_table_takes_effect_and_a_broken_one_leaves_the_last_good_one(
    place: Any, desk: Any
) -> None:
    account = desk.add_organization("Acme", domains=["acme.example"])
    user = desk.add_user("Ann", organization=account)
    desk.add_ticket("Joined", "Words", requester=user)
    put_table(place, "acme.example,40\n")
    place.more = (
        '[tables.crm]\nfile = "accounts.csv"\nkey = "domain"\ncolumns = { seats = { type = "number" } }\n'
    )
    place.put_rules("score priority = sum crm.seats")
    serving = place.serve()
    serving.wait_for("connection.synced")
    place.until(lambda: scores(place).get("Joined") == 40)

    put_table(place, 'acme.example,60\n"open,1\n')
    refused = serving.wait_for("rules.refused")
    told = serving.get("/healthz").json()
    kept = scores(place)["Joined"]
    put_table(place, "acme.example,60\n")
    place.until(lambda: scores(place)["Joined"] == 60)

    assert "accounts.csv, line 3: a quote is opened and never closed" in refused["reason"]
    assert "accounts.csv, line 3" in "".join(told["rules"])
    assert kept == 40
    assert serving.get("/healthz").json()["rules"] == []
    assert serving.stop() == 0


def put_table(place: Any, rows: str) -> None:
    (place.folder / "accounts.new").write_text(f"domain,seats\n{rows}", encoding="utf-8")
    (place.folder / "accounts.new").replace(place.folder / "accounts.csv")


def scores(place: Any) -> dict[str, float]:
    return {idea.title: decision.scores["priority"] for idea, decision, _ in place.store.ranked(100)}
