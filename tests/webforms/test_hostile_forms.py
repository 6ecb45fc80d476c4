"""What a form may be sent that no browser would send: it is refused in Chinese, nothing is saved, the typing stays."""

import re
import time

import pytest
from sqlalchemy import func, select, text

import engine

START = "/cases/new/mediation"
ENGLISH = re.compile(r"\b[A-Za-z]{3,}(?: [A-Za-z]{2,}){2,}|Traceback|Exception|Error\b")
TAG = re.compile(r"<[^>]+>")


def words(page):
    """What a person reads in the middle of a page."""
    return TAG.sub(" ", page.text.split("<main")[1].split("</main>")[0])


def count(house, table):
    with house.database.reads() as session:
        return session.scalar(select(func.count()).select_from(engine.METADATA.tables[table]))


def send(house, client, **changed):
    """The application as it should be, but for these fields; None leaves one out."""
    fields = {**house.marks(client.get(START).text), **house.answers, **changed}
    return client.post(START, data={name: value for name, value in fields.items() if value is not None})


def refused(house, answer):
    assert answer.status_code == 422, answer.status_code
    assert not ENGLISH.search(words(answer)), ENGLISH.search(words(answer))
    assert count(house, "case") == count(house, "event") == count(house, "incident") == 0
    assert house.answers["request"] in answer.text, "what was typed elsewhere is gone"
    return answer.text


@pytest.fixture
def desk(house):
    return house.client("desk")


WRONG = {
    "a list for a text": {"issue": ["一", "二"]},
    "lists for one choice": {"intake_kind": ["written", "oral"], "claimed_amount": ["1", "2"]},
    "texts for rows": {"respondents[0].name": None, "respondents[0].phone": None, "respondents": ["甲", "乙"]},
    "rows for a text": {"issue": None, "issue[0].x": "1"},
    "rows for a choice": {"intake_kind": None, "intake_kind[0].x": "written"},
    "rows for a number": {"people_count": "", "claimed_amount": None, "claimed_amount[0].y": "2", "issue": ""},
    "NUL": {"issue": "院坝\0排水"},
    "control characters": {"applicants[0].name": "王\x01建国"},
    "text that runs the other way": {"issue": "院坝\u202e水排"},
    "isolates": {"applicants[0].name": "王\u2066建国"},
    "an option nobody offers": {"intake_kind": "hacked"},
    "a row of a register that is not there": {"matter_id": "M99"},
    "a number that is none": {"claimed_amount": "1e999", "people_count": "NaN"},
    "a number without end": {"claimed_amount": "9" * 5000},
    "infinity": {"claimed_amount": "Infinity"},
    "a day that is none": {"received_on": "2026-02-30"},
    "a day of another calendar": {"received_on": "0000-00-00"},
    "a long text": {"issue": "x" * 1_000_000},
    "a long name": {"applicants[0].name": "王" * 5_000},
    "a phone of dashes": {"applicants[0].phone": "-" * 60_000 + "x12345678-1"},
    "a number of an identity card": {"applicants[0].id_number": " " * 60_000 + "x"},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG)
def test_wrong_answers_are_refused_in_time_and_kept_on_the_page(house, desk, changed):
    began = time.monotonic()
    refused(house, send(house, desk, **changed))
    assert time.monotonic() - began < 5
    assert desk.get(START).status_code == 200, "the draft made the form unusable"


def test_bytes_that_are_no_text_are_refused(house, desk):
    marks = house.marks(desk.get(START).text)
    fields = {**house.answers, "issue": "", **marks}
    body = "&".join(f"{name}={value}" for name, value in fields.items() if not name.startswith("issue")).encode()
    answer = desk.post(START, data=body + b"&issue=%00%ff%ed%a0%80", content_type="application/x-www-form-urlencoded")
    refused(house, answer)


def test_rows_beyond_the_allowed_are_refused_in_time(house, desk):
    began = time.monotonic()
    rows = {f"applicants[{place}].name": "王" for place in range(1500)}
    assert "最多" in refused(house, send(house, desk, **rows))
    assert time.monotonic() - began < 15


def test_what_was_not_asked_is_left_out(house, desk):
    answer = send(
        house,
        desk,
        **{
            "is_admin": "true",
            "status": "completed",
            "case": "x",
            "actor": "1",
            "__class__": "x",
            "a..b": "x",
            "a[0][0]": "x",
            "applicants[-1].name": "x",
            "applicants[99999999999999999999].name": "x",
            "applicants[0].name[0]": "x",
            "applicants[0]._was": "0",
            "applicants.name": "x",
            "appointed_on": "2020-01-01",
            "outcome": "agreed",
            "": "x",
        },
    )
    assert answer.status_code == 303
    with house.database.reads() as session:
        kept = session.execute(text('select data, status, outcome from "case"')).one()
    assert (kept.status, kept.outcome) == ("running", None)
    for name in ("is_admin", "actor", "appointed_on", "__class__", "_was"):
        assert f'"{name}"' not in kept.data


def test_a_hidden_question_is_not_answered(house, desk):
    case_id = house.register()
    task = house.task(case_id)
    page = desk.get(f"/tasks/{task}").text
    found = set(re.findall(r'name="(\w+)"', page))
    answer = house.post(desk, f"/tasks/{task}", review_finding="accept", competent_organ="别处", missing_items="材料")
    assert answer.status_code == 303 and "review_finding" in found
    with house.database.reads() as session:
        page = engine.case_page(session, case_id, house.actor("desk"), now=house.clock())
    assert page.values["review_finding"] == "accept"
    assert not page.values.get("missing_items") and not page.values.get("competent_organ")


def test_more_fields_than_any_form_has(house, desk):
    many = {**house.answers, **house.marks(desk.get(START).text), **{f"k{n}": "1" for n in range(10_000)}}
    parts = "".join(f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in many.items())
    bodies = [(many, "application/x-www-form-urlencoded"), (f"{parts}--b--", "multipart/form-data; boundary=b")]
    for (body, kind), status in zip(bodies, (422, 413), strict=True):
        answer = desk.post(START, data=body, content_type=kind)
        assert answer.status_code == status and not ENGLISH.search(words(answer).split("k0")[0])
    assert count(house, "case") == 0


STRANGE_BODIES = {
    "json": {"json": {"issue": "x"}},
    "plain text": {"data": b"\xff\xfe\x00", "content_type": "text/plain"},
    "nothing": {},
    "no boundary": {"data": b"--x\r\ngarbage", "content_type": "multipart/form-data"},
    "half a part": {"data": b"--x\r\ngarbage", "content_type": "multipart/form-data; boundary=x"},
}


@pytest.mark.parametrize("sent", STRANGE_BODIES.values(), ids=STRANGE_BODIES)
def test_bodies_that_are_no_form(house, desk, sent):
    token = house.hidden(desk.get(START).text, "csrf_token")
    for headers, statuses in (({}, {400}), ({"X-CSRFToken": token}, {400, 422})):
        answer = desk.post(START, headers=headers, **sent)
        assert answer.status_code in statuses and not ENGLISH.search(words(answer))
    assert count(house, "case") == 0


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_refused(house, desk, method):
    for address in (START, "/tasks", f"/tasks/{house.task(house.register())}"):
        answer = desk.open(address, method=method)
        assert answer.status_code in {400, 405} and not ENGLISH.search(words(answer))


def test_the_error_page_survives_any_names(house, desk):
    strange = {f"applicants[{'1' * 5000}].name": "一", "applicants[²].name": "二", "x" * 5000: "三", "%(x)s{y}": "四"}
    answer = desk.post(START, data=strange)
    assert answer.status_code == 400 and all(typed in answer.text for typed in "一二三四")


def test_a_key_counts_for_one_person_and_one_deed(house, desk):
    """Somebody else's key, or one's own from another form, never swallows a submission nor tells of another case."""
    page = desk.get(START).text
    first = desk.post(START, data={**house.answers, **house.marks(page)})
    key = house.hidden(page, "_key")
    task = first.location
    answer = house.post(desk, task, review_finding="accept", _key=key)
    assert answer.status_code == 303
    with house.database.reads() as session:
        done = session.scalars(text("select kind from event where submission is not null")).all()
        assert list(done) == ["case_opened", "task_completed"]
    stranger = house.client("stranger")
    reused = {"csrf_token": house.hidden(stranger.get("/tasks").text, "csrf_token"), "_key": key}
    answer = stranger.post(task, data={**reused, "review_finding": "accept"})
    assert answer.status_code in {404, 409} and "王建国" not in answer.text
    answer = desk.post(task, data={**house.marks(desk.get("/cases").text), "_key": key, "review_finding": "accept"})
    assert answer.status_code == 303 and count(house, "case") == 1, "twice the same stays the same"


def test_a_long_key_is_as_good_as_any(house, desk):
    assert send(house, desk, _key="k" * 100_000).status_code == 303
    assert send(house, desk, _key="k" * 100_000).status_code == 303
    assert count(house, "case") == 1


@pytest.mark.parametrize("to", ["²", "9" * 30, "-1", "0", "1 or 1=1", "999999999"])
def test_a_task_is_handed_over_to_people_only(house, desk, to):
    task = f"/tasks/{house.task(house.register())}"
    house.post(desk, task + "/claim", at=task)
    answer = house.post(desk, task + "/reassign", at=task, to=to, reason="x")
    assert answer.status_code in {303, 403, 404}
    with house.database.reads() as session:
        assert session.scalar(text("select assignee from task")) == house.ids["desk"]


# --- two people, two windows


def opinions(page, house):
    return {**house.marks(page), "review_finding": "accept", "review_note": "我已经写了很多"}


def kept(answer, status):
    assert answer.status_code == status, answer.status_code
    assert "我已经写了很多" in answer.text and not ENGLISH.search(words(answer))


def test_two_windows_of_one_person(house, desk):
    task = f"/tasks/{house.task(house.register())}"
    pages = [desk.get(task).text for _ in range(2)]
    assert desk.post(task, data=opinions(pages[0], house)).status_code == 303
    kept(desk.post(task, data=opinions(pages[1], house)), 409)
    with house.database.reads() as session:
        assert session.scalar(text("select count(*) from event where kind = 'task_completed'")) == 1


def test_a_task_put_back_while_somebody_types_can_still_be_done(house, desk):
    task = f"/tasks/{house.task(house.register())}"
    house.post(desk, task + "/claim", at=task)
    page = desk.get(task).text
    house.post(desk, task + "/release", at=task, reason="x")
    assert desk.post(task, data=opinions(page, house)).status_code == 303


def test_a_task_given_to_somebody_else_while_one_types(house, desk):
    with house.database.sessions.begin() as session:
        other, _ = engine.create_person(
            session,
            username="desk2",
            name="另一位",
            roles=[("registrar", "yuxi_town")],
            hasher=engine.CHEAP_HASHER,
            actor=engine.SYSTEM,
            now=house.clock(),
        )
    number = house.task(house.register())
    task = f"/tasks/{number}"
    house.post(desk, task + "/claim", at=task)
    page = desk.get(task).text
    with house.database.sessions.begin() as session:
        engine.reassign_task(session, number, person_id=other, reason="x", actor=house.actor("desk"), now=house.clock())
    kept(desk.post(task, data=opinions(page, house)), 403)
    assert count(house, "event") and count(house, "task") == 1


def test_a_case_cancelled_while_somebody_types(house, desk):
    case_id = house.register()
    task = f"/tasks/{house.task(case_id)}"
    page = desk.get(task).text
    with house.database.sessions.begin() as session:
        engine.cancel_case(session, case_id, reason="重复登记", actor=house.actor("boss"), now=house.clock())
    kept(desk.post(task, data=opinions(page, house)), 409)
    kept(desk.post(task + "/draft", data=opinions(page, house)), 409)


def test_a_draft_outlives_a_refusal_and_a_new_session(house, desk):
    task = f"/tasks/{house.task(house.register())}"
    page = desk.get(task).text
    answer = desk.post(task, data={**opinions(page, house), "review_finding": "hacked"})
    kept(answer, 422)
    house.post(desk, "/sign-out", at="/tasks")
    again = house.client("desk")
    assert "我已经写了很多" in again.get(task).text


# --- what is typed stays text


def test_nobody_types_a_reference_to_somebody_elses_secret(house):
    """Sensitive answers are kept apart and referred to; what a person types never becomes such a reference."""
    first = house.register()
    with house.database.reads() as session:
        [stored] = set(re.findall(r"sensitive:[0-9a-f-]{36}", session.scalar(text('select data from "case"'))))
    for typed in (stored, "sensitive:zzz", "sensitive:"):
        house.clock.forward(minutes=1)
        case_id = house.register(issue=typed, **{"applicants[0].address": typed, "applicants[0].id_number": ""})
        desk = house.client("desk")
        number = desk.get(f"/cases/{case_id}")
        assert number.status_code == 200 and "5119**********1234" not in number.text
        assert "511903198001011234" not in desk.get(f"/tasks/{house.task(case_id)}").text
        assert "511903198001011234" not in desk.get(f"/cases/{case_id}/papers/acceptance_notice").text
    assert "sensitive:zzz" in desk.get(f"/cases/{case_id}").text or typed == "sensitive:"
    assert "5119**********1234" in desk.get(f"/cases/{first}").text
