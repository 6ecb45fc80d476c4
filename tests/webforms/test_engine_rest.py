"""Exactly what Camunda Modeler's Deploy button sends, and what it must not be able to do."""

import base64
import io

import pytest

import engine
from tests.webforms.test_models_pages import house, modelled, post  # noqa: F401 fixtures

PROCESS = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:modeler="http://camunda.org/schema/modeler/1.0" id="Definitions_1" targetNamespace="http://bpmn.io/schema/bpmn" exporter="Camunda Modeler" exporterVersion="5.50.1" modeler:executionPlatform="Camunda Platform" modeler:executionPlatformVersion="7.24.0">
  <bpmn:process id="{id}" name="测绘" isExecutable="true" camunda:historyTimeToLive="180">
    <bpmn:startEvent id="StartEvent_1"><bpmn:outgoing>Flow_1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="Flow_1" sourceRef="StartEvent_1" targetRef="Event_1" />
    <bpmn:endEvent id="Event_1"><bpmn:incoming>Flow_1</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>
"""  # noqa: E501 as the Modeler writes it


@pytest.fixture
def token(house):  # noqa: F811 the fixture
    return made(house, "ann")


def made(house, username):  # noqa: F811 the fixture
    client = house.client(username)
    page = post(house, client, "/account/tokens", token_name="建模").text
    token = page.split('class="token-text">')[1].split("<")[0]
    assert token not in client.get("/account").text, "shown once"
    return token


def basic(token, user="ann"):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def deploy(house, headers, **files):  # noqa: F811 the fixture
    """The multipart of the Modeler: one part for each file, under its own name."""
    form = {"deployment-name": "测绘", "deployment-source": "Camunda Modeler", "enable-duplicate-filtering": "true"}
    parts = {name: (io.BytesIO(text.encode()), name, "text/xml") for name, text in files.items()}
    return house.app.test_client().post(
        "/engine-rest/deployment/create", data={**form, **parts}, content_type="multipart/form-data", headers=headers
    )


def draft_of(house, number):  # noqa: F811 the fixture
    actor = engine.Actor(1, "x", frozenset({("analyst", "justice_bureau")}))
    with house.database.reads() as session:
        return engine.draft(session, number, actor)


def number(answer):
    return int(answer.json["id"].removeprefix("draft:"))


def test_the_two_questions_before_deploying(house, token):  # noqa: F811 the fixture
    client = house.app.test_client()
    for headers in (basic(token), bearer(token)):
        assert client.get("/engine-rest/deployment?maxResults=0", headers=headers).json == []
        assert client.get("/engine-rest/version", headers=headers).json["version"].startswith("7.")
    assert "从未" not in house.client("ann").get("/account").text.split("h-tokens")[1], "its use is noted"


def test_deploying_makes_a_draft_and_again_updates_it(house, token):  # noqa: F811 the fixture
    diagram = PROCESS.format(id="land_survey")
    form = '{"schemaVersion": 19, "type": "default", "id": "x", "components": []}'
    answer = deploy(house, basic(token), **{"land survey.bpmn": diagram, "visit.form": form})
    assert answer.status_code == 200 and number(answer) > 0
    (definition,) = answer.json["deployedProcessDefinitions"].values()
    assert (definition["key"], definition["name"]) == ("land_survey", "测绘")
    found = draft_of(house, number(answer))
    assert found.files["forms/visit.form"] == form and "land_survey" in found.files["manifest.toml"]
    changed = diagram.replace("测绘", "测绘二")
    again = deploy(house, basic(token), **{"land survey.bpmn": changed})
    assert number(again) == number(answer)
    assert draft_of(house, number(again)).files["process.bpmn"] == changed
    same = deploy(house, basic(token), **{"land survey.bpmn": changed})
    assert next(iter(same.json["deployedProcessDefinitions"])) == next(iter(again.json["deployedProcessDefinitions"]))
    assert "process.bpmn" in house.client("ann").get(f"/models/{number(answer)}").text


def test_a_published_process_keeps_its_other_files_and_stays_in_force(house, token):  # noqa: F811 the fixture
    answer = deploy(house, bearer(token), **{"diagram_1.bpmn": PROCESS.format(id="escalation")})
    found = draft_of(house, number(answer))
    assert "land" not in found.files["manifest.toml"] and found.files.keys() == found.base.keys()
    assert found.files["process.bpmn"] == PROCESS.format(id="escalation")
    with house.database.reads() as session:
        actor = engine.Actor(1, "x", frozenset({("analyst", "justice_bureau")}))
        assert len(engine.versions(session, "escalation", actor)) == 1, "nothing goes live"


def test_what_a_colleague_saved_meanwhile_is_not_overwritten(house, token):  # noqa: F811 the fixture
    first = number(deploy(house, basic(token), **{"a.bpmn": PROCESS.format(id="land_survey")}))
    ben = house.client("ben")
    address = f"/models/{first}/text/a.bpmn"
    revision = house.hidden(ben.get(address).text, "revision")
    assert post(house, ben, address, text="<ben/>", revision=revision).status_code == 303
    second = number(deploy(house, basic(token), **{"a.bpmn": PROCESS.format(id="land_survey") + "\n"}))
    assert second != first and draft_of(house, first).files["a.bpmn"] == "<ben/>"


STRANGERS = [{}, {"Authorization": "Basic x"}, {"Authorization": "Bearer x"}, basic("a long password 1")]


@pytest.mark.parametrize("headers", STRANGERS)
def test_without_a_token_nothing(house, headers):  # noqa: F811 the fixture
    for method, address in (("GET", "version"), ("GET", "deployment"), ("POST", "deployment/create")):
        answer = house.app.test_client().open(f"/engine-rest/{address}", method=method, headers=headers)
        assert answer.status_code == 401 and {"type", "message"} == set(answer.json)
    signed_in = house.client("ann").get("/engine-rest/version")
    assert signed_in.status_code == 401, "a sign-in session is no token: no other site can use it"


def test_revoked_or_without_the_role(house, token):  # noqa: F811 the fixture
    ann = house.client("ann")
    other = house.client("ben")
    assert post(house, other, "/account/tokens/1/revoke").status_code == 404, "only one's own"
    assert post(house, ann, "/account/tokens/1/revoke").status_code == 303
    assert house.app.test_client().get("/engine-rest/version", headers=basic(token)).status_code == 401
    answer = house.app.test_client().get("/engine-rest/version", headers=bearer(made_for_desk(house)))
    assert answer.status_code == 403 and answer.json["type"] == "AuthorizationException"


def made_for_desk(house):  # noqa: F811 the fixture
    with house.database.sessions.begin() as session:
        return engine.make_token(session, "x", actor=house.actor("desk"), now=house.clock())


@pytest.mark.parametrize(("files", "kind"), [
    ({"x.bpmn": "<broken"}, "ParseException"),
    ({"x.form": "{}"}, "ParseException"),
    ({"x.exe": "MZ"}, "BundleType"),
    ({"../x.bpmn": PROCESS.format(id="x")}, "BundleName"),
    ({"x.bpmn": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}, "ParseException"),
    ({}, "BundleEmpty"),
])  # fmt: skip
def test_what_cannot_be_taken_is_said_in_the_modelers_way(house, token, files, kind):  # noqa: F811 the fixture
    answer = deploy(house, basic(token), **files)
    assert answer.status_code == 400 and answer.json["type"] == kind and answer.json["message"]


def test_starting_from_the_modeler_is_refused_with_the_way_to_go(house, token):  # noqa: F811 the fixture
    answer = house.app.test_client().post("/engine-rest/process-definition/x:1:draft:1/start", headers=basic(token))
    assert answer.status_code == 400 and "流程库" in answer.json["message"]
