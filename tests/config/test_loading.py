"""One file, the environment and a secrets folder become a configuration, or a full list of mistakes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from opshub.config import Config, check_rules, load
from opshub.errors import ConfigError

ACME = '''
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from opshub.sdk import Connector, Settings


class Inner(Settings):
    """Where things stand."""

    title: str = ""
    """A heading."""


class AcmeSettings(Settings):
    """Settings of Acme."""

    url: str
    """Where it is."""
    token: SecretStr = Field(min_length=6)
    """What opens it."""
    level: Literal["low", "high"] = "low"
    """How much."""
    projects: tuple[str, ...] = ()
    """Which ones."""
    limit: int = 5
    """How many."""
    columns: Inner = Inner()
    """Where."""
    folder: Path = Path()
    """Begin here."""

    @field_validator("token")
    @classmethod
    def _token(cls, value):
        if value.get_secret_value().startswith("bad"):
            raise ValueError(f"this is no token: {value.get_secret_value()}")
        return value


class Acme(Connector[AcmeSettings]):
    kind = "acme"
    Settings = AcmeSettings

    def pull(self, cursor):
        yield from ()

    def normalize(self, record):
        raise KeyError("id")
'''

GOOD = """\
[hub]
timezone = "Asia/Shanghai"

[connections.support]
kind = "acme"
url = "https://acme.test"
token = "canary-7f3a"
every = "1h30m"
"""


class Place:
    """A folder with a configuration and the connector above."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "opshub.toml"
        (folder / "plugins").mkdir()
        (folder / "plugins" / "acme.py").write_text(ACME, encoding="utf-8")

    def load(self, text: str, **environ: str) -> Config:
        self.file.write_text(text, encoding="utf-8")
        return load(self.file, environ)

    def refusal(self, text: str, **environ: str) -> ConfigError:
        with pytest.raises(ConfigError) as caught:
            config = self.load(text, **environ)
            for name in config.connections:
                problems = config.settings(name)[1]
                if problems:
                    from opshub.config.problems import refuse

                    refuse("opshub.toml", problems)
        return caught.value


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_good_file_gives_typed_settings(place: Place) -> None:
    config = place.load(GOOD)

    settings, problems = config.settings("support")
    assert config.hub.timezone == "Asia/Shanghai"
    assert config.database == place.folder / "opshub.db"
    assert config.connections["support"].common.every == timedelta(minutes=90)
    assert problems == []
    assert settings is not None and settings.model_dump()["url"] == "https://acme.test"


def test_paths_of_a_connector_start_at_the_file(place: Place) -> None:
    config = place.load(GOOD)

    settings, _ = config.settings("support")

    assert settings is not None and settings.model_dump()["folder"] == place.folder


def test_all_mistakes_of_a_file_come_at_once_in_its_order(place: Place) -> None:
    error = place.refusal(
        """\
[hub]
databse = "x.db"
timezone = "Asia/Shangai"
max_changes = "many"

[connections.support]
kind = "acme"
tokn = "canary-7f3a"
level = "hihg"
apply = "always"

[connections.jira]
kind = "jirra"

[conections]
"""
    )

    lines = str(error).splitlines()
    assert lines[0] == "opshub.toml has 10 mistakes"
    assert [line.strip().split(": ")[0] for line in lines[1:]] == [
        f"opshub.toml:{n}" for n in (2, 3, 4, 6, 6, 8, 9, 10, 13, 15)
    ]
    assert 'unknown setting "databse"; did you mean "database"?' in str(error)
    assert 'did you mean "Asia/Shanghai"?' in str(error)
    assert '"max_changes" must be a whole number' in str(error)
    assert 'unknown setting "tokn"; did you mean "token"?' in str(error)
    assert '"level" must be "low" or "high"; did you mean "high"?' in str(error)
    assert '"apply" must be "approve", "auto" or "never"' in str(error)
    assert 'there is no connector "jirra"; did you mean "jira"?' in str(error)
    assert 'unknown table "conections"; did you mean "connections"?' in str(error)
    assert error.exit_code == 2


def test_a_missing_secret_names_the_variable_that_supplies_it(place: Place) -> None:
    error = place.refusal('[connections.my-desk]\nkind = "acme"\nurl = "https://acme.test"\n')

    assert 'opshub.toml:1: [connections.my-desk] "token" is missing' in str(error)
    assert "OPSHUB_CONNECTIONS__MY_DESK__TOKEN" in str(error)
    assert "OPSHUB_CONNECTIONS__MY_DESK__TOKEN" in error.hint


@pytest.mark.parametrize("token", ["ab12", "bad-canary-99"])
def test_no_error_shows_a_secret(place: Place, token: str) -> None:
    error = place.refusal(GOOD.replace("canary-7f3a", token))

    assert "opshub.toml:7" in str(error)
    assert token not in str(error) + error.hint + repr(error)


def test_a_configuration_shows_no_secret(place: Place) -> None:
    config = place.load(GOOD, OPSHUB_CONNECTIONS__SUPPORT__TOKEN="canary-env-1")

    assert "canary" not in repr(config) + repr(config.connections) + repr(config.settings("support"))


@pytest.mark.parametrize(
    ("text", "place_and_reason"),
    [
        ("[hub]\ndatabase = opshub.db\n", "opshub.toml:2: this is no TOML"),
        ('[hub]\nlog = "text\n', "opshub.toml:2: this is no TOML"),
        ('[hub]\nlog = "text"\nlog = "json"\n', "opshub.toml:3: this is no TOML"),
        ("hub = 3\n", 'opshub.toml:1: "hub" must be a table'),
        ("[connections]\nsupport = 3\n", "opshub.toml:2: must be a table: [connections.support]"),
        ('[hub]\nlease = "0s"\n', 'opshub.toml:2: [hub] "lease" must be'),
        ("[hub]\nlease = 30\n", 'opshub.toml:2: [hub] "lease" must be a duration such as "30s"'),
        ('[hub]\nrules = ["a", 3]\n', 'opshub.toml:2: [hub] "rules.1" must be a text in quotes'),
        ('[hub]\ntimezone = "../etc"\n', "opshub.toml:2: [hub]"),
        (
            GOOD + '[connections.support.write]\nbnad = "priority"\n',
            'opshub.toml:10: [connections.support] "write.bnad" is no field of the hub; did you mean "band"?',
        ),
        (
            GOOD + '[connections.support.write]\n"tags." = "components"\n',
            'opshub.toml:10: [connections.support] "write.tags." is no field of the hub',
        ),
        (
            GOOD + '[connections.support.columns]\ntitel = "x"\n',
            'unknown setting "columns.titel"; did you mean "title"?',
        ),
        ('[connections.a]\nurl = "x"\n', 'opshub.toml:1: [connections.a] "kind" is missing'),
    ],
)
def test_every_mistake_has_a_place_and_a_reason(place: Place, text: str, place_and_reason: str) -> None:
    (place.folder / "rules").mkdir()

    error = place.refusal(text)

    assert place_and_reason in str(error)
    assert error.hint


def test_tags_of_a_prefix_and_scores_have_fields_of_their_own(place: Place) -> None:
    write = '[connections.support.write]\n"tags.component" = "c"\n"score.reach" = "r"\n'

    config = place.load(GOOD + write)

    assert config.connections["support"].common.write == {"tags.component": "c", "score.reach": "r"}


@pytest.mark.parametrize("again", ['[hub]\nlog = "text"\n[hub]\n', '[hub]\nlog = "text"\nlog = "json"\n'])
def test_what_stands_twice_is_to_be_joined(place: Place, again: str) -> None:
    assert place.refusal(again).hint.startswith("a table or a setting stands once")


MISSING = '[hub]\nrules = [\n  "rules",\n  "missing.rules",\n]\n'


def test_rules_that_are_not_there_are_refused_by_whoever_needs_them(place: Place) -> None:
    (place.folder / "rules").mkdir()
    config = place.load(MISSING)

    with pytest.raises(ConfigError, match=r'opshub\.toml:4: \[hub\] "rules" names no file') as refused:
        check_rules(config)

    assert refused.value.hint


def test_rules_that_are_not_there_are_told_with_all_other_mistakes(place: Place) -> None:
    (place.folder / "rules").mkdir()

    error = place.refusal(MISSING + "[conections.a]\n")

    assert 'opshub.toml:4: [hub] "rules" names no file' in str(error)
    assert 'opshub.toml:6: unknown table "conections"' in str(error)


def test_a_file_that_is_no_utf_8_is_refused_with_its_line(place: Place) -> None:
    place.file.write_bytes("[hub]\n# 设置\n".encode("gb18030"))

    with pytest.raises(ConfigError, match=r"opshub\.toml:2: this is no UTF-8 text"):
        load(place.file, {})


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(place: Place) -> None:
    place.file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())

    assert load(place.file, {}).hub.timezone == "Asia/Shanghai"


def test_the_environment_wins_over_the_file(place: Place) -> None:
    config = place.load(
        GOOD,
        OPSHUB_HUB__DATABASE="other.db",
        OPSHUB_CONNECTIONS__SUPPORT__LEVEL="high",
        OPSHUB_CONNECTIONS__SUPPORT__PROJECTS='["A", "B"]',
        OPSHUB_CONNECTIONS__SUPPORT__COLUMNS__TITLE="Subject",
        OPSHUB_CONNECTIONS__SUPPORT__AS="ideas",
        OPSHUB_CONNECTIONS__SUPPORT__LIMIT="7",
    )

    settings, problems = config.settings("support")
    assert problems == []
    assert config.hub.database == "other.db"
    assert config.connections["support"].role == "ideas"
    assert settings is not None
    dumped = settings.model_dump()
    assert (dumped["level"], dumped["projects"], dumped["limit"]) == ("high", ("A", "B"), 7)
    assert dumped["columns"] == {"title": "Subject"}


@pytest.mark.parametrize("token", ["12345678", "1e99999", "null-null", "true-true", '["abcdef"]', '"quoted"'])
def test_a_token_from_the_environment_stays_the_text_that_it_is(place: Place, token: str) -> None:
    config = place.load(GOOD, OPSHUB_CONNECTIONS__SUPPORT__TOKEN=token)

    settings, problems = config.settings("support")

    assert problems == []
    assert settings is not None and settings.model_dump()["token"].get_secret_value() == token


def test_a_whole_connection_can_come_from_the_environment(place: Place) -> None:
    config = place.load(
        "",
        OPSHUB_CONNECTIONS__DESK__KIND="acme",
        OPSHUB_CONNECTIONS__DESK__URL="https://acme.test",
        OPSHUB_CONNECTIONS__DESK__TOKEN="canary-7f3a",
    )

    assert list(config.connections) == ["desk"]
    assert config.settings("desk")[1] == []


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("OPSHUB_HUB__DATABSE", "x", 'unknown setting "databse"; did you mean "database"?'),
        ("OPSHUB_CONNECTIONS__SUPORT__TOKEN", "canary-1", 'no connection "suport"; did you mean "support"?'),
        ("OPSHUB_CONNECTIONS__SUPPORT__TOKN", "canary-1", 'unknown setting "tokn"; did you mean "token"?'),
        ("OPSHUB_CONNECTIONS__SUPPORT__PROJECTS", "canary-1", '"projects" must be JSON'),
        ("OPSHUB_CONNECTIONS__SUPPORT__LIMIT", "canary-1", '"limit" must be a whole number'),
    ],
)
def test_a_wrong_variable_is_named(place: Place, name: str, value: str, reason: str) -> None:
    error = place.refusal(GOOD, **{name: value})

    assert f"environment variable {name}: " in str(error)
    assert reason in str(error)
    assert "canary" not in str(error)


def test_a_secret_can_lie_in_the_secrets_folder(place: Place) -> None:
    secret = place.folder / "secrets" / "OPSHUB_CONNECTIONS__SUPPORT__TOKEN"
    secret.parent.mkdir(mode=0o700)
    secret.write_text("from-a-file\n", encoding="utf-8")
    secret.chmod(0o600)

    config = place.load(GOOD)

    settings, _ = config.settings("support")
    assert settings is not None and settings.model_dump()["token"].get_secret_value() == "from-a-file"


def test_a_secret_file_that_others_can_read_is_refused(place: Place) -> None:
    secret = place.folder / "secrets" / "OPSHUB_CONNECTIONS__SUPPORT__TOKEN"
    secret.parent.mkdir()
    secret.write_text("from-a-file\n", encoding="utf-8")
    secret.chmod(0o644)

    error = place.refusal(GOOD)

    assert "can be read by others" in str(error)
    assert "chmod 600" in error.hint


def test_credentials_of_systemd_are_read(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("credentials")
    (folder / "OPSHUB_CONNECTIONS__SUPPORT__TOKEN").write_text("from-systemd", encoding="utf-8")

    config = place.load(GOOD, CREDENTIALS_DIRECTORY=str(folder))

    settings, _ = config.settings("support")
    assert settings is not None and settings.model_dump()["token"].get_secret_value() == "from-systemd"


def test_the_file_is_found_from_a_folder_below(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.file.write_text(GOOD, encoding="utf-8")
    below = place.folder / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)

    assert load(None, {}).folder == place.folder


def test_a_variable_names_the_file(place: Place) -> None:
    place.file.write_text(GOOD, encoding="utf-8")

    assert load(None, {"OPSHUB_CONFIG": str(place.file)}).path == place.file


def test_without_a_file_the_next_step_is_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError, match=r"there is no opshub\.toml here") as caught:
        load(None, {})

    assert "opshub init" in caught.value.hint


def test_a_broken_connection_that_is_not_used_is_found_when_it_is(place: Place) -> None:
    config = place.load(GOOD + '[connections.other]\nkind = "acme"\n')

    assert config.settings("support")[1] == []
    assert [p.line for p in config.settings("other")[1]] == [9, 9]
