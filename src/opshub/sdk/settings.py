"""The base of every connector's settings: they document themselves and refuse what they do not know."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Settings"]


class Settings(BaseModel):
    """Settings of one connection.

    Each field carries a docstring: the manual is made from it. Secrets are ``SecretStr``. Input never shows in
    validation errors, because pydantic would print a secret that is too short.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )
