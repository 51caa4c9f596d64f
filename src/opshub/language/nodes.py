"""Nodes of Python's syntax tree that know their place from the start.

``compile`` asks each for a line and a column. Ours come from no text, so all say the same; a value of the class costs
nothing, where setting it on every node took as long as compiling them.
"""

from __future__ import annotations

import ast

__all__ = [
    "LOAD",
    "STORE",
    "Assign",
    "Attribute",
    "BinOp",
    "BoolOp",
    "Break",
    "Call",
    "Compare",
    "Constant",
    "Expr",
    "For",
    "FunctionDef",
    "If",
    "IfExp",
    "List",
    "Name",
    "NamedExpr",
    "Return",
    "Subscript",
    "Tuple",
    "UnaryOp",
    "While",
    "arg",
    "keyword",
]

LOAD = ast.Load()
STORE = ast.Store()


class arg(ast.arg):  # noqa: N801  as Python calls it
    lineno = 1
    col_offset = 0


class Assign(ast.Assign):
    lineno = 1
    col_offset = 0


class Attribute(ast.Attribute):
    lineno = 1
    col_offset = 0


class BinOp(ast.BinOp):
    lineno = 1
    col_offset = 0


class BoolOp(ast.BoolOp):
    lineno = 1
    col_offset = 0


class Break(ast.Break):
    lineno = 1
    col_offset = 0


class Call(ast.Call):
    lineno = 1
    col_offset = 0


class Compare(ast.Compare):
    lineno = 1
    col_offset = 0


class Constant(ast.Constant):
    lineno = 1
    col_offset = 0


class Expr(ast.Expr):
    lineno = 1
    col_offset = 0


class For(ast.For):
    lineno = 1
    col_offset = 0


class FunctionDef(ast.FunctionDef):
    lineno = 1
    col_offset = 0


class If(ast.If):
    lineno = 1
    col_offset = 0


class IfExp(ast.IfExp):
    lineno = 1
    col_offset = 0


class keyword(ast.keyword):  # noqa: N801  as Python calls it
    lineno = 1
    col_offset = 0


class List(ast.List):
    lineno = 1
    col_offset = 0


class Name(ast.Name):
    lineno = 1
    col_offset = 0


class NamedExpr(ast.NamedExpr):
    lineno = 1
    col_offset = 0


class Return(ast.Return):
    lineno = 1
    col_offset = 0


class Subscript(ast.Subscript):
    lineno = 1
    col_offset = 0


class Tuple(ast.Tuple):
    lineno = 1
    col_offset = 0


class UnaryOp(ast.UnaryOp):
    lineno = 1
    col_offset = 0


class While(ast.While):
    lineno = 1
    col_offset = 0
