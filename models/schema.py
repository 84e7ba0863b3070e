"""The published JSON Schema of case and device files, and its complaints as `InputError`s.

The schema decides shape: keys, types, choices. What the values mean is checked where they are read.
"""

import difflib
import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from ischedule.models.errors import MISSING, InputError
from ischedule.models.strict_json import key_path

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

_URGENT: Final = {"const": 0, "additionalProperties": 1}
_TYPE_WORDS: Final = {
    "string": "a text",
    "object": "an object",
    "array": "a list",
    "integer": "an integer",
    "boolean": "true or false",
}


@cache
def schema_text() -> str:
    """The published JSON Schema (Draft 2020-12) of a case file."""
    return (resources.files("ischedule.models") / "case.schema.json").read_text("utf-8")


@cache
def _validator(definition: str) -> "Validator":
    import jsonschema

    def is_integer(_: object, value: object) -> bool:
        return type(value) is int

    schema = json.loads(schema_text())
    if definition:
        schema = {"$schema": schema["$schema"], "$ref": f"#/$defs/{definition}", "$defs": schema["$defs"]}
    draft = jsonschema.Draft202012Validator
    strict = jsonschema.validators.extend(
        draft, type_checker=draft.TYPE_CHECKER.redefine("integer", is_integer), validators={"const": _const}
    )
    validator: Validator = strict(schema)
    return validator


def _const(_: object, expected: object, instance: object, schema: object) -> Any:
    """Equality of JSON values, in which 1, 1.0 and true are three values."""
    from jsonschema import ValidationError

    if type(instance) is not type(expected) or instance != expected:
        yield ValidationError(f"{instance!r} is not {expected!r}")


def check_shape(document: object, source: str, path: str = "$", definition: str = "") -> None:
    """Refuse a document that the schema (or one of its definitions) does not allow.

    Of several faults a wrong version is named first, then an unknown key: a misspelt key is also a missing one.
    """
    errors = list(_validator(definition).iter_errors(document))
    if errors:
        first = min(errors, key=lambda error: (_URGENT.get(str(error.validator), 2), _rank(error.absolute_path)))
        raise _translated(first, source, path)


def _rank(path: Sequence[str | int]) -> tuple[tuple[bool, int, str], ...]:
    return tuple((isinstance(part, str), part if isinstance(part, int) else 0, str(part)) for part in path)


def _translated(error: "ValidationError", source: str, root: str) -> InputError:
    path = root + "".join(key_path(part) if isinstance(part, str) else f"[{part}]" for part in error.absolute_path)
    schema: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    rule: Any = error.validator_value
    value: Any = error.instance
    if error.validator == "additionalProperties":
        return _unknown_key(value, schema, source, path)
    if error.validator == "required":
        key = next(key for key in rule if key not in value)
        example = _example(_resolved(schema.get("properties", {}).get(key, {})))
        return InputError(source, path + key_path(key), MISSING, "is required", f'add "{key}"{example}')
    if error.validator == "type":
        return InputError(source, path, value, _wrong_type(value, schema), f"write {_expected(rule, schema)}")
    if error.validator in ("enum", "const"):
        choices = " or ".join(json.dumps(choice) for choice in (rule if error.validator == "enum" else [rule]))
        return InputError(source, path, value, "is not a possible value", f"write {choices}")
    problem, remedy = {
        "minimum": ("is too small", f"write at least {rule}"),
        "maximum": ("is too large", f"write at most {rule}"),
        "minLength": ("is empty", "write a text"),
        "maxLength": ("is too long", f"write at most {rule} characters"),
        "minItems": ("has too few entries", f"write at least {rule}"),
        "maxItems": ("has too many entries", f"write at most {rule}"),
    }[str(error.validator)]
    return InputError(source, path, value, problem, remedy)


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with the definition that it refers to, one step deep."""
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    definitions: dict[str, Any] = json.loads(schema_text())["$defs"]
    return {**definitions.get(name, {}), **schema}


def _unknown_key(value: dict[str, object], schema: dict[str, Any], source: str, path: str) -> InputError:
    known = list(schema["properties"])
    key = next(key for key in value if key not in schema["properties"])
    near = difflib.get_close_matches(key, known, n=1)
    remedy = f'write "{near[0]}"' if near else f"remove it; possible are {', '.join(known)}"
    return InputError(source, path + key_path(key), value[key], "is an unknown key", remedy)


def _wrong_type(value: object, schema: dict[str, Any]) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and "with its unit" in schema.get("title", ""):
        return "is a number without a unit"
    return f"is not {schema['title']}" if "title" in schema else "has the wrong type"


def _expected(rule: str | list[str], schema: dict[str, Any]) -> str:
    words = " or ".join(_TYPE_WORDS[name] for name in ([rule] if isinstance(rule, str) else rule))
    return str(schema.get("title", words)) + _example(schema)


def _example(schema: dict[str, Any]) -> str:
    examples = schema.get("examples", ())
    return ", for example " + " or ".join(json.dumps(e, ensure_ascii=False) for e in examples) if examples else ""
