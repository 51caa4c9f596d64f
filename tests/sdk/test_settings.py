"""Settings document themselves where they are declared."""

from __future__ import annotations

from pydantic import Field

from opshub.sdk import Settings
from opshub.sdk.settings import meanings


class Common(Settings):
    """What two vendors share."""

    url: str
    """The address,
    with its scheme."""

    plain: int = 1


class Own(Common):
    url: str = "https://acme.test"
    named: str = Field(default="", description="Said at the field.")

    token: str = ""
    """A docstring."""

    def note(self) -> str:
        """No setting."""
        return ""


def test_a_setting_means_what_its_docstring_or_its_description_says() -> None:
    found = meanings(Own)

    assert found == {
        "url": "The address,\nwith its scheme.",
        "plain": "",
        "named": "Said at the field.",
        "token": "A docstring.",
    }


def test_settings_without_a_source_have_their_descriptions() -> None:
    made = type(
        "Made", (Settings,), {"__annotations__": {"url": str}, "url": Field(description="Where it is.")}
    )

    assert meanings(made) == {"url": "Where it is."}
