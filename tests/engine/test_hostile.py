"""Files somebody means ill with, on the command line; and a case that fails again and again, under the clock."""

import json
import shutil
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

import engine
from engine.forms import patterns
from engine.model import Incident, Timer
from engine.xml import parse_xml
from scheduler.tick import tick
from tests.engine.checks.test_misreadings import REFUSED
from tests.engine.house import CHIEF, House, folder, form, question
from tests.engine.runtime.bpmn import boundary, catch, end, flow, path, properties, script, start, timer, user, xor
from webforms.cli import main

PROCESSES = Path(__file__).parents[2] / "processes"
SOON = 20.0  # seconds; these take a fraction of one on a quiet machine
HEAD = '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">'
TAIL = "</bpmn:definitions>"
LAUGHS = '<!ENTITY a0 "lol">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
WRONG_XML = {
    "billion laughs": f"<!DOCTYPE l [{LAUGHS}]>{HEAD}&a11;{TAIL}",
    "quadratic": f'<!DOCTYPE l [<!ENTITY a "{"x" * 100_000}">]>{HEAD}{"&a;" * 100_000}{TAIL}',
    "external entity": f'<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]>{HEAD}&a;{TAIL}',
    "parameter entity": f'<!DOCTYPE l [<!ENTITY % a SYSTEM "http://127.0.0.1:9/x">%a;]>{HEAD}{TAIL}',
    "external DTD": f'<!DOCTYPE l SYSTEM "http://127.0.0.1:9/x.dtd">{HEAD}{TAIL}',
    "harmless entity": f'<!DOCTYPE l [<!ENTITY a "x">]>{HEAD}&a;{TAIL}',
    "three megabytes": f"{HEAD}<!--{'x' * 3_000_000}-->{TAIL}",
    "deep": f"{HEAD}{'<bpmn:subProcess>' * 5000}{'</bpmn:subProcess>' * 5000}{TAIL}",
    "NUL": f"{HEAD}\0{TAIL}",
    "unknown encoding": f'<?xml version="1.0" encoding="UTF-16"?>{HEAD}<bpmn:process id="\ufffe"/>{TAIL}',
    "half of it": HEAD,
    "nothing": "",
    "no XML": "hello",
    "JSON": "{}",
    "a web page": "<html><body>x",
    "another language": "<a/>",
    "included": f'{HEAD}<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>{TAIL}',
}


@pytest.fixture
def tell(capsys, tmp_path, monkeypatch):
    """Run a command in time: exit code, the findings or standard output, standard error."""
    for name in ("DATABASE", "SECRET_KEY", "DEMO", "CLOCK_OFFSET"):
        monkeypatch.delenv(f"TIAOJIE_{name}", raising=False)
    monkeypatch.setenv("TIAOJIE_DATA", str(tmp_path / "data"))

    def run(*arguments):
        capsys.readouterr()
        began = time.monotonic()
        code = main([str(argument) for argument in arguments])
        assert time.monotonic() - began < SOON, "it took too long"
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err and "root:" not in out + err
        return code, json.loads(out) if out and "--json" in arguments else out, err

    return run


@pytest.mark.parametrize("written", WRONG_XML.values(), ids=WRONG_XML)
def test_wrong_xml_is_refused_at_once(tell, tmp_path, written):
    (tmp_path / "model.bpmn").write_text(written, "utf-8", newline="")
    code, found, _ = tell("check", tmp_path / "model.bpmn", "--json")
    assert code == 1 and not found["publishable"] and found["findings"]


@pytest.mark.parametrize("raw", [HEAD.encode("utf-16"), "调解".encode("gbk"), b"\x89PNG\r\n\x1a\n\0\xff", b"\xff\xfe"])
def test_what_is_no_text_is_refused_in_words(tell, tmp_path, raw):
    (tmp_path / "model.bpmn").write_bytes(raw)
    code, _, err = tell("check", tmp_path / "model.bpmn", "--json")
    assert code == 2 and "UTF-8" in err


def test_text_is_read_as_text_whatever_it_declares():
    """Saved as UTF-8 by an editor that left the old declaration: names stay names."""
    for declared in ("GBK", "UTF-7", "ISO-8859-1"):
        root = parse_xml(f'<?xml version="1.0" encoding="{declared}"?>{HEAD}<bpmn:process id="p" name="调解"/>{TAIL}')
        assert root[0].get("name") == "调解", declared


def test_every_misread_construct_is_refused_by_the_command(tell, tmp_path):
    for row, (model, rule) in REFUSED.items():
        (tmp_path / "model.bpmn").write_text(model, "utf-8")
        code, found, _ = tell("check", tmp_path / "model.bpmn", "--json")
        assert code == 1 and rule in {each["rule"] for each in found["findings"]}, row


DEEP = "(" * 10_000 + "1" + ")" * 10_000
SLOW = [
    "count(for i in 1..10**9 return i) > 0",
    "9**9**9 > 0",
    'matches("' + "a" * 200 + '!", "(a+)+$")',
    "some a in 1..40000, b in 1..40000 satisfies a < 0",
    "{f: function(n) f(n + 1), r: f(1)}.r = 1",
]
TEXT = '"components": [{{"type": "text", "id": "evil", "text": "x", "conditional": {{"hide": {feel}}}}},'
PLACES = {
    "a form": ("forms/report_dispute.form", '"components": [', TEXT),
    "the headline": ("manifest.toml", "headline = '=", "headline = {feel}\nold = '="),
    "a condition": ("process.bpmn", "<bpmn:conditionExpression", None),
}


def poisoned(tmp_path, place, feel):
    """The escalation folder with an expression in it."""
    target = tmp_path / "escalation"
    shutil.copytree(PROCESSES / "escalation", target)
    name, before, after = PLACES[place]
    file = target / name
    written = file.read_text("utf-8")
    assert before in written
    if after is None:
        head, _, rest = written.partition(before)
        tag, _, rest = rest.partition(">")
        tail = rest.partition("</bpmn:conditionExpression>")[2]
        xml = "=" + feel.replace("&", "&amp;").replace("<", "&lt;")
        written = f"{head}{before}{tag}>{xml}</bpmn:conditionExpression>{tail}"
    else:
        written = written.replace(before, after.format(feel=json.dumps("=" + feel)), 1)
    file.write_text(written, "utf-8")
    return target


@pytest.mark.parametrize("place", PLACES)
def test_deep_expressions_are_refused_when_published(tell, tmp_path, place):
    code, _, err = tell("deploy", poisoned(tmp_path, place, DEEP))
    assert code == 1 and "[semantics: " in err and len(err) < 20_000


@pytest.mark.parametrize("feel", SLOW)
def test_costly_expressions_are_refused_or_stopped(tmp_path, tell, feel):
    """Whether they cost much is seen only when they run: then they end soon, and nothing is half done."""
    for number, place in enumerate(PLACES):
        code, _, err = tell("deploy", poisoned(tmp_path / str(number), place, feel))
        assert code in {0, 1} and (code == 0 or "[semantics: " in err)
    house = House.build(tmp_path / "cases.db")
    house.install(
        folder(
            start(),
            user("a", camunda_candidateGroups="clerk", camunda_formRef="a"),
            script("s", "result", feel),
            xor("x"),
            user("b", camunda_candidateGroups="clerk"),
            end(),
            path("start", "a", "s", "x"),
            flow("x", "b", feel.replace("&", "&amp;").replace("<", "&lt;")),
            flow("x", "end", "true"),
            path("b", "end"),
            forms={"a": form(question("n"), question("m", conditional={"hide": "=" + feel}))},
        )
    )
    began = time.monotonic()
    case_id = house.start()
    try:
        house.do(case_id, "a", n="x", m="y")
    except engine.RunFailed:
        assert set(house.tasks(case_id)) == {"a"}
    assert time.monotonic() - began < SOON
    assert house.verify() == []
    house.database.bind.dispose()


@pytest.mark.parametrize("written", ["-" * 200_000 + "x12345678-1", "12345678" + "-" * 200_000 + "1", "（" * 200_000])
def test_long_phones_are_judged_at_once(written):
    began = time.monotonic()
    assert patterns.phone(written) is None
    assert time.monotonic() - began < 1


# --- the clock


@pytest.fixture
def house(tmp_path):
    built = House.build(tmp_path / "cases.db")
    yield built
    built.database.bind.dispose()


def failing(*, name):
    """A pause of a day, and then a timer that cannot say when."""
    return folder(
        start(),
        catch("wait", timer("P1D")),
        catch("late", timer('=day + duration("P1D")')),
        end(),
        path("start", "wait", "late", "end"),
        name=name,
    )


def test_a_timer_that_fails_for_days_holds_nobody_up_and_is_told_once(house):
    house.install(failing(name="bad"))
    house.install(folder(start(), catch("wait", timer("P1D")), end(), path("start", "wait", "end"), name="good"))
    bad = house.start("bad")
    now = house.now + timedelta(days=1)
    for day in range(4):
        good = [house.start("good") for _ in range(2)]
        house.now += timedelta(days=1)
        for _ in range(30):
            done = tick(house.database, now, anchors=False)
            assert done.failed <= 1
            with house.database.reads() as session:
                row = session.scalars(select(Timer).where(Timer.case_id == bad)).one()
                assert timedelta() < row.due_at - now <= timedelta(hours=1)
            now = max(row.due_at, now + timedelta(minutes=50))
        assert [house.case(case_id).status for case_id in good] == ["completed"] * 2, f"day {day}"
    with house.database.reads() as session:
        assert session.scalars(select(Timer.attempts).where(Timer.case_id == bad)).one() > 60
        [incident] = session.scalars(select(Incident))
        assert (incident.element, incident.verb, incident.state) == ("late", "fire_timers", "open")
    with house.writing() as session:
        engine.set_fact(session, bad, "day", house.now.date(), reason="corrected", actor=CHIEF, now=now)
    with house.writing() as session:
        engine.retry_incident(session, incident.id, actor=CHIEF, now=now)
    tick(house.database, now + timedelta(days=9), anchors=False)
    assert house.case(bad).status == "completed" and house.verify() == []


def test_a_reminder_that_cannot_be_read_holds_nobody_up(house):
    limit = '\n[deadlines.limit]\nlabel = "L"\nbasis = "1"\nstatus = "confirmed"\nremind = ["3wd"]\n'
    house.install(
        folder(
            start(),
            user("a", camunda_candidateGroups="clerk"),
            boundary("late", "a", properties(deadline="limit") + timer("10wd")),
            end(),
            end("end2"),
            path("start", "a", "end"),
            path("late", "end2"),
            manifest=limit,
        )
    )
    cases = [house.start() for _ in range(3)]
    with house.writing() as session:
        broken = {"case": cases[0].hex}
        session.execute(text("update deadline set remind = '[\"soon\"]' where case_id = :case"), broken)
    done = tick(house.database, house.now + timedelta(days=10), anchors=False)
    assert done.reminded == 2
