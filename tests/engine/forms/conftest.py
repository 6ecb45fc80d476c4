import json

import pytest

from engine import forms


def document(*components, **more):
    return json.dumps({"schemaVersion": 19, "type": "default", "id": "f", "components": list(components), **more})


@pytest.fixture
def text_of():
    """The text of a `.form` file with these components."""
    return document


@pytest.fixture
def form_of():
    """A form with these components."""
    return lambda *components: forms.Form.parse(document(*components))


@pytest.fixture
def one():
    """A form with one field, key `x`, of this type."""

    def build(kind, **more):
        return forms.Form.parse(document({"type": kind, "id": "x", "key": "x", "label": "Label", **more}))

    return build


@pytest.fixture
def codes():
    """The problem codes by path that these answers get."""

    def ask(form, raw, **more):
        from engine.errors import InvalidAnswers

        try:
            forms.check(form, raw, **more)
        except InvalidAnswers as error:
            return {path: problem.code for path, problem in error.problems.items()}
        return {}

    return ask
