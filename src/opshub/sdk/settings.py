"""The base of every connector's settings: they document themselves and refuse what they do not know."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from pydantic import BaseModel, ConfigDict

__all__ = ["Settings", "meanings"]


class Settings(BaseModel):
    """Settings of one connection.

    Each field carries a docstring: the manual is made from it. Secrets are ``SecretStr``. Input never shows in
    validation errors, because pydantic would print a secret that is too short.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """What each field of a model means, by its name: the docstring below it, else its description, else nothing.

    Pydantic can keep the docstrings itself, at the price of reading and parsing the sources at every start.
    """
    found = {name: info.description or "" for name, info in model.model_fields.items()}
    for kind in reversed(model.__mro__):
        if issubclass(kind, BaseModel) and kind is not BaseModel:
            found |= _docstrings(kind)
    return found


def _docstrings(kind: type[BaseModel]) -> Iterator[tuple[str, str]]:
    import ast
    import inspect
    from textwrap import dedent

    try:
        (defined,) = ast.parse(dedent(inspect.getsource(kind))).body
    except (OSError, SyntaxError):
        return
    assert isinstance(defined, ast.ClassDef)
    for field, below in pairwise(defined.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                yield name, inspect.cleandoc(text)
