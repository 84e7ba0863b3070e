"""`ischedule schema` prints the schema that the loader applies."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from ischedule.cli.main import main
from ischedule.models.schema import schema_text


def test_the_schema_is_printed_and_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    printed = capsys.readouterr().out
    assert printed == schema_text()
    schema = json.loads(printed)
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["ischedule"]["const"] == 1
