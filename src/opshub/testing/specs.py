"""Judges a request and its answer by the vendor's own API description (OpenAPI 3.x or Swagger 2)."""

from __future__ import annotations

import copy
import importlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from opshub.testing.faults import INSTEAD_FAULTS
from opshub.testing.twin import Received

__all__ = ["SpecJudge"]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
JSON_TYPE = re.compile(r"application/([\w.+-]*\+)?json\b")
MOST_VIOLATIONS = 20


class _Operation(NamedTuple):
    """One documented method of one path, with the values that its template took from the request."""

    template: str
    method: str
    arguments: Mapping[str, str]


class SpecJudge:
    """Says what of a request or of its answer the vendor's description does not allow.

    ``base`` is the beginning of real paths that the description leaves out (``/wiki/api/v2``), ``suffix``
    an ending (``.json``); both are tried with and without. ``extra_query`` names parameters that the vendor
    takes without describing them. ``nulls`` accepts null for every described type, for descriptions that
    forget to say so.
    """

    def __init__(
        self,
        spec: Path | str,
        *,
        base: str = "",
        suffix: str = "",
        extra_query: Collection[str] = (),
        nulls: bool = False,
    ) -> None:
        self._jsonschema = _import("jsonschema")
        self._spec = _upgraded(_load(Path(spec)))
        self._extra_query = frozenset(extra_query)
        self._nulls = nulls
        self._prefixes = {"", base.rstrip("/"), *_server_paths(self._spec)}
        self._suffixes = {"", suffix}
        self._templates = sorted(self._spec["paths"], key=lambda template: template.count("{"))
        self._patterns = {template: _pattern(template) for template in self._templates}
        self._validators: dict[tuple[str, ...], Any] = {}

    def check(self, received: Received) -> list[str]:
        """The violations, each a line that begins with method and path; empty where all is as described."""
        operation = self._find(received.method.lower(), received.path)
        if operation is None:
            return [f"{received.method} {received.path}: the description has no such operation"]
        found = [*self._parameters(operation, received), *self._body(operation, received)]
        if received.fault not in INSTEAD_FAULTS and received.status:
            found += self._answer(operation, received)
        return [f"{received.method} {received.path}: {line}" for line in found[:MOST_VIOLATIONS]]

    def check_all(self, received: Iterable[Received]) -> list[str]:
        """The violations of many exchanges, each once."""
        return list(dict.fromkeys(line for one in received for line in self.check(one)))

    def _find(self, method: str, path: str) -> _Operation | None:
        candidates = {
            path.removeprefix(prefix).removesuffix(suffix)
            for prefix in self._prefixes
            for suffix in self._suffixes
            if path.startswith(prefix)
        }
        for template in self._templates:
            for candidate in sorted(candidates, key=len):
                match = self._patterns[template].fullmatch(candidate)
                if match and method in self._spec["paths"][template]:
                    return _Operation(template, method, match.groupdict())
        return None

    def _parameters(self, operation: _Operation, received: Received) -> Iterator[str]:
        described = self._described(operation)
        given: dict[str, list[str]] = {}
        for name, value in received.query:
            given.setdefault(name, []).append(value)
        names = {parameter["name"] for parameter, _ in described if parameter["in"] == "query"}
        for name in given:
            plain = name.removesuffix("[]")
            deep = name.partition("[")[0]
            if not {name, plain, deep} & (names | self._extra_query):
                yield f"query parameter {name!r} is not described"
        for parameter, pointer in described:
            name, place = parameter["name"], parameter["in"]
            values = given.get(name) or given.get(f"{name}[]") or []
            if place == "path":
                values = [operation.arguments[_group(name)]] if _group(name) in operation.arguments else []
            elif place == "header":
                values = [received.headers[name.lower()]] if name.lower() in received.headers else []
            elif place != "query":
                continue
            if not values and parameter.get("required"):
                yield f"{place} parameter {name!r} is missing"
            elif values and "schema" in parameter:
                yield from self._value(parameter, pointer, values)

    def _value(
        self, parameter: Mapping[str, Any], pointer: tuple[str, ...], values: list[str]
    ) -> Iterator[str]:
        schema = self._resolve(parameter["schema"])
        value = _typed(schema, self._resolve(schema.get("items", {})), values)
        for error in self._errors((*pointer, "schema"), value, "request"):
            yield f"{parameter['in']} parameter {parameter['name']!r}: {error}"

    def _described(self, operation: _Operation) -> list[tuple[dict[str, Any], tuple[str, ...]]]:
        item = self._spec["paths"][operation.template]
        found: dict[tuple[str, str], tuple[dict[str, Any], tuple[str, ...]]] = {}
        for place in ((), (operation.method,)):
            node = item[operation.method] if place else item
            for number, parameter in enumerate(node.get("parameters", ())):
                pointer = ("paths", operation.template, *place, "parameters", str(number))
                while "$ref" in parameter:
                    pointer = _pointer(parameter["$ref"])
                    parameter = self._at(pointer)
                found[parameter["in"], parameter["name"]] = (parameter, pointer)
        return list(found.values())

    def _body(self, operation: _Operation, received: Received) -> Iterator[str]:
        node = self._spec["paths"][operation.template][operation.method]
        pointer: tuple[str, ...] = ("paths", operation.template, operation.method, "requestBody")
        described = node.get("requestBody")
        if described is None:
            if received.raw not in (b"", b"{}"):
                yield "a body was sent, and none is described"
            return
        while "$ref" in described:
            pointer = _pointer(described["$ref"])
            described = self._at(pointer)
        if not received.raw:
            if described.get("required"):
                yield "the body is missing"
            return
        kind = received.headers.get("content-type", "")
        yield from self._content(described, pointer, kind, received.raw, "request")

    def _answer(self, operation: _Operation, received: Received) -> Iterator[str]:
        responses = self._spec["paths"][operation.template][operation.method].get("responses", {})
        status = str(received.status)
        keys = (status, f"{status[0]}XX", f"{status[0]}xx", "default")
        key = next((key for key in keys if key in responses), None)
        if key is None:
            if received.status < 400:
                yield f"status {status} is not described"
            return
        pointer: tuple[str, ...] = ("paths", operation.template, operation.method, "responses", key)
        described = responses[key]
        while "$ref" in described:
            pointer = _pointer(described["$ref"])
            described = self._at(pointer)
        if received.answer_raw:
            kind = received.answer_headers.get("content-type", "")
            for line in self._content(described, pointer, kind, received.answer_raw, "answer"):
                yield f"answer {status}: {line}"

    def _content(
        self, described: Mapping[str, Any], pointer: tuple[str, ...], kind: str, raw: bytes, side: str
    ) -> Iterator[str]:
        content = described.get("content", {})
        plain = kind.partition(";")[0].strip().lower()
        key = next((k for k in content if k.partition(";")[0] in (plain, "*/*")), None)
        if key is None and JSON_TYPE.match(plain):
            key = next((k for k in content if JSON_TYPE.match(k)), None)
        if key is None:
            if content:
                yield f"content type {plain!r} is not described, only {', '.join(content)}"
            return
        if "schema" not in content[key] or not JSON_TYPE.match(plain):
            return
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError:
            yield "the body is not JSON"
            return
        yield from self._errors((*pointer, "content", key, "schema"), value, side)

    def _errors(self, pointer: tuple[str, ...], value: object, side: str) -> Iterator[str]:
        key = (side, *pointer)
        if key not in self._validators:
            self._validators[key] = self._validator(pointer, side)
        for error in self._validators[key].iter_errors(value):
            for cause in _causes(error):
                place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in cause.absolute_path)
                yield f"{place.lstrip('.') or 'value'}: {cause.message[:300]}"

    def _validator(self, pointer: tuple[str, ...], side: str) -> Any:
        referencing = _import("referencing")
        document = self._request_side if side == "request" else self._answer_side
        registry = referencing.Registry().with_resource("urn:spec", referencing.Resource.opaque(document))
        escaped = "/".join(part.replace("~", "~0").replace("/", "~1") for part in pointer)
        modern = str(self._spec.get("openapi", "")).startswith("3.1")
        kind = self._jsonschema.Draft202012Validator if modern else self._jsonschema.Draft4Validator
        schema = {"$ref": f"urn:spec#/{escaped}".replace("{", "%7B").replace("}", "%7D")}
        return kind(schema, registry=registry, format_checker=self._formats)

    @cached_property
    def _formats(self) -> Any:
        checker = self._jsonschema.FormatChecker(formats=())
        checker.checks("date-time", raises=ValueError)(
            lambda value: not isinstance(value, str) or bool(datetime.fromisoformat(value))
        )
        return checker

    @cached_property
    def _request_side(self) -> Any:
        return _plain_schemas(self._spec, "readOnly", self._nulls)

    @cached_property
    def _answer_side(self) -> Any:
        return _plain_schemas(self._spec, "writeOnly", self._nulls)

    def _at(self, pointer: tuple[str, ...]) -> Any:
        node: Any = self._spec
        for part in pointer:
            node = node[int(part)] if isinstance(node, list) else node[part]
        return node

    def _resolve(self, node: Any) -> Any:
        while isinstance(node, dict) and "$ref" in node:
            node = self._at(_pointer(node["$ref"]))
        return node


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = {"yaml": "pyyaml", "referencing": "jsonschema"}.get(name, name)
        raise ImportError(f"judging by an API description needs {package}: pip install {package}") from error


def _load(path: Path) -> dict[str, Any]:
    if path.suffix in (".yaml", ".yml"):
        loaded: dict[str, Any] = _import("yaml").safe_load(path.read_text(encoding="utf-8"))
        return loaded
    document: dict[str, Any] = orjson.loads(path.read_bytes())
    return document


def _server_paths(spec: Mapping[str, Any]) -> set[str]:
    urls = [str(server.get("url", "")) for server in spec.get("servers", ())]
    return {urlsplit(re.sub(r"\{[^}]*\}", "x", url)).path.rstrip("/") for url in urls}


def _group(name: str) -> str:
    """A template's parameter as the name of a group: hyphens may not stand there."""
    return "p_" + re.sub(r"\W", "_", name)


def _pattern(template: str) -> re.Pattern[str]:
    pieces = re.split(r"\{([^}]*)\}", template)
    pattern = ""
    for number, piece in enumerate(pieces):
        group = _group(piece)
        taken = f"(?P<{group}>" in pattern
        pattern += re.escape(piece) if number % 2 == 0 else "([^/]+)" if taken else f"(?P<{group}>[^/]+)"
    return re.compile(pattern)


def _pointer(ref: str) -> tuple[str, ...]:
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in ref.removeprefix("#/").split("/"))


def _typed(schema: Mapping[str, Any], items: Mapping[str, Any], values: list[str]) -> object:
    """The text of a parameter as the type that its schema asks for; text where it cannot be that."""
    if schema.get("type") == "array":
        parts = [part for value in values for part in value.split(",")]
        return [_scalar(items.get("type"), part) for part in parts]
    return _scalar(schema.get("type"), values[-1])


def _scalar(kind: object, value: str) -> object:
    if kind in ("integer", "number") and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return float(value) if "." in value else int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


def _causes(error: Any) -> Iterator[Any]:
    """The errors behind an error: inside an ``allOf`` each one, inside a choice the whole."""
    if error.validator == "allOf":
        for inner in error.context:
            yield from _causes(inner)
    else:
        yield error


def _plain_schemas(node: Any, hidden: str, nulls: bool) -> Any:
    """The document in plain JSON Schema: ``nullable`` spelled out, what the side hides not required."""
    if isinstance(node, list):
        return [_plain_schemas(item, hidden, nulls) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: _plain_schemas(value, hidden, nulls) for key, value in node.items()}
    properties, required = made.get("properties"), made.get("required")
    if isinstance(required, list) and isinstance(properties, dict):
        hides = {name for name, one in properties.items() if isinstance(one, dict) and one.get(hidden)}
        made["required"] = [name for name in required if name not in hides]
        if not made["required"]:
            del made["required"]
    if made.get("nullable") is True or (nulls and isinstance(made.get("type"), str)):
        made.pop("nullable", None)
        return _or_null(made)
    return made


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("enum"), list):
        schema["enum"] = [*schema["enum"], None]
    if isinstance(schema.get("type"), str) and not {"allOf", "oneOf", "anyOf"} & schema.keys():
        schema["type"] = [schema["type"], "null"]
        return schema
    return {"anyOf": [schema, {"type": "null"}]}


def _upgraded(spec: dict[str, Any]) -> dict[str, Any]:
    """A Swagger 2 document with its parameters and answers in the places of OpenAPI 3."""
    if spec.get("swagger") != "2.0":
        return spec
    spec = copy.deepcopy(spec)
    spec["servers"] = [{"url": spec.get("basePath", "")}]
    for item in spec["paths"].values():
        for method in METHODS:
            if method in item:
                item[method] = _upgraded_operation(spec, item[method])
    return spec


def _upgraded_operation(spec: Mapping[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    parameters, forms = [], {}
    for parameter in operation.get("parameters", ()):
        place = parameter.get("in")
        if place == "body":
            consumes = operation.get("consumes") or spec.get("consumes") or ["application/json"]
            content = {kind: {"schema": parameter.get("schema", {})} for kind in consumes}
            operation["requestBody"] = {"required": parameter.get("required", False), "content": content}
        elif place == "formData":
            forms[parameter["name"]] = parameter
        elif "$ref" in parameter:
            parameters.append(parameter)
        else:
            schema = {k: v for k, v in parameter.items() if k in ("type", "items", "enum", "format")}
            parameters.append({**parameter, "schema": schema})
    if forms:
        operation["requestBody"] = {"content": {kind: {} for kind in ("*/*",)}}
    operation["parameters"] = parameters
    produces = operation.get("produces") or spec.get("produces") or ["application/json"]
    for response in operation.get("responses", {}).values():
        if "schema" in response:
            response["content"] = {kind: {"schema": response["schema"]} for kind in produces}
    return operation
