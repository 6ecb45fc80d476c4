"""Published models can be read and tried out by everybody in the house, without scripts too."""

import engine


def version(house, process="mediation"):
    with house.database.reads() as session:
        found = engine.published_model(session, 1)
        return found if found.process == process else engine.published_model(session, 2)


def place(house):
    return f"/models/versions/{version(house).version_id}"


def test_a_diagram_is_also_a_table(house):
    page = house.client("desk").get(place(house) + "/view/process.bpmn")
    assert page.status_code == 200
    assert 'id="element-review_application"' in page.text and "审查申请" in page.text
    assert "=limits.consent_answer" in page.text and "接待登记员" in page.text
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    overview = f'href="{place(house)}"'  # of the library, which is not open to everybody
    assert overview not in page.text
    assert overview in house.client("boss").get(place(house) + "/view/process.bpmn").text


def test_only_what_draws_itself_with_styles_may_have_them_and_nothing_may_evaluate(house):
    page = house.client("desk").get(place(house) + "/view/decisions/termination_ground.dmn")
    policy = page.headers["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in policy and "script-src 'self';" in policy and "eval" not in policy


def test_a_decision_is_tried_out_by_the_address(house):
    client, address = house.client("desk"), place(house) + "/view/decisions/termination_ground.dmn"
    asked = client.get(address).text
    assert "调解会结果" in asked and "适用的规则" not in asked
    page = client.get(address + "?decision=termination_ground&in.withdrawal_reason=和好").text
    assert 'data-rule="termination_ground_r1"' in page and "withdrawn" in page
    wrong = client.get(place(house) + "/view/decisions/clock_profile.dmn?in.received_on=today")
    assert "不是" in wrong.text and wrong.status_code == 200
    assert client.get(address + "?decision=nothing&in.a=1").status_code == 404


def test_a_form_is_previewed_as_handler_and_printed(house):
    client, address = house.client("desk"), place(house) + "/preview/forms/register.form"
    page = client.get(address + "?as=handler").text
    assert 'name="issue"' in page and "不会保存" in page
    first = {"applicants[0].name": "王建国", "_row": "add:applicants"}
    more = house.post(client, address + "?as=handler", at=address + "?as=handler", **first).text
    assert more.count('name="applicants[') > page.count('name="applicants[')
    assert "□" in client.get(address + "?as=printed").text
    assert (
        client.get(place(house) + "/view/forms/register.form")
        .headers["Location"]
        .endswith("/preview/forms/register.form")
    )


def test_sources_are_text_and_other_names_are_not_found(house):
    client = house.client("desk")
    answer = client.get(place(house) + "/source/process.bpmn")
    assert answer.mimetype == "text/plain" and answer.text == version(house).files["process.bpmn"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    for wrong in ("/view/nothing.bpmn", "/preview/process.bpmn", "/source/../engine.py"):
        assert client.get(place(house) + wrong).status_code == 404
    assert client.get("/models/versions/999/view/process.bpmn").status_code == 404


def test_element_templates_offer_what_the_folder_has(house):
    client = house.client("desk")
    found = {one["id"]: one for one in client.get(f"/modeler/templates.json?version={version(house).version_id}").json}
    assert set(found) == {
        f"tiaojie.{key}" for key in ("human_step", "document", "legal_deadline", "notice", "decision", "escalation")
    }
    step = {one["binding"]["name"]: one for one in found["tiaojie.human_step"]["properties"]}
    assert {"name": "接待登记员", "value": "registrar"} in step["camunda:candidateGroups"]["choices"]
    assert "review_application" in [one["value"] for one in step["camunda:formRef"]["choices"]]
    decision = {one["binding"]["name"]: one for one in found["tiaojie.decision"]["properties"]}
    assert "clock_profile" in [one["value"] for one in decision["camunda:decisionRef"]["choices"]]
    without = {one["id"]: one for one in client.get("/modeler/templates.json").json}
    assert "choices" not in without["tiaojie.decision"]["properties"][0]
