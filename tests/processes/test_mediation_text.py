"""What can be read off the process folders without running them."""

import json
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from lxml import etree

from engine import documents

PROCESSES = Path(__file__).parents[2] / "processes"
FOLDERS = ["mediation", "registry_filing", "escalation"]
BPMN, DI = "{http://www.omg.org/spec/BPMN/20100524/MODEL}", "{http://www.omg.org/spec/BPMN/20100524/DI}"
NS = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "dmn": "https://www.omg.org/spec/DMN/20191111/MODEL/",
}
CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"
FLOW_NODE = re.compile(r"(task|Task|Event|Gateway|subProcess)$")
CHINESE = re.compile(r"[一-鿿]")
STATUSES = {"confirmed", "unconfirmed"}


def local(node):
    return etree.QName(node).localname


def diagram(folder):
    return etree.parse(PROCESSES / folder / "process.bpmn").getroot()


def manifest(folder):
    return tomllib.loads((PROCESSES / folder / "manifest.toml").read_text("utf-8"))


def nodes(root):
    process = root.find("bpmn:process", NS)
    return {n.get("id"): n for n in process.iter(f"{BPMN}*") if FLOW_NODE.search(local(n)) and n.get("id")}


def properties(node):
    return {p.get("name"): p.get("value") for p in node.findall("bpmn:extensionElements/*/*", NS)}


def forms(folder):
    return {p.stem: json.loads(p.read_text("utf-8")) for p in (PROCESSES / folder / "forms").glob("*.form")}


def questions(components):
    for component in components:
        if component["type"] == "group":
            yield from questions(component["components"])
        key = component.get("path") if component["type"] == "dynamiclist" else component.get("key")
        if key:
            yield key, component


def scenarios(folder):
    return [tomllib.loads(p.read_text("utf-8")) for p in sorted((PROCESSES / folder / "scenarios").glob("*.toml"))]


def bounds(root):
    sides = ("x", "y", "width", "height")
    shapes = [(shape.get("bpmnElement"), shape.find("dc:Bounds", NS)) for shape in root.iter(f"{DI}BPMNShape")]
    return {element: [float(box.get(side)) for side in sides] for element, box in shapes}


@pytest.mark.parametrize("folder", FOLDERS)
class TestDiagram:
    def test_ids_are_unique_and_english(self, folder):
        ids = [n.get("id") for n in diagram(folder).iter("*") if n.get("id")]
        assert [i for i, count in Counter(ids).items() if count > 1] == []
        assert [i for i in ids if not re.fullmatch(r"[a-z][a-z0-9_]*", i)] == []

    def test_every_flow_joins_two_nodes_of_its_scope(self, folder):
        root = diagram(folder)
        known = nodes(root)
        for flow in root.iter(f"{BPMN}sequenceFlow"):
            source, target = known[flow.get("sourceRef")], known[flow.get("targetRef")]
            assert source.getparent() is target.getparent() is flow.getparent(), flow.get("id")

    def test_everything_is_drawn(self, folder):
        root = diagram(folder)
        drawn = bounds(root)
        edges = {e.get("bpmnElement") for e in root.iter(f"{DI}BPMNEdge")}
        assert set(nodes(root)) <= set(drawn)
        assert {f.get("id") for f in root.iter(f"{BPMN}sequenceFlow")} == edges

    def test_shapes_lie_inside_their_frame_and_boundary_events_on_its_lower_edge(self, folder):
        root = diagram(folder)
        drawn = bounds(root)
        for name, node in nodes(root).items():
            x, y, width, height = drawn[name]
            host = node.get("attachedToRef")
            if host:
                left, top, host_width, host_height = drawn[host]
                assert (left < x + width / 2 < left + host_width, y + height / 2) == (True, top + host_height), name
            elif local(node.getparent()) == "subProcess":
                left, top, frame_width, frame_height = drawn[node.getparent().get("id")]
                assert left <= x, name
                assert top <= y, name
                assert x + width <= left + frame_width, name
                assert y + height <= top + frame_height, name

    def test_exclusive_choices_have_a_default_or_one_way_out(self, folder):
        root = diagram(folder)
        for name, node in nodes(root).items():
            leaving = node.findall("bpmn:outgoing", NS)
            if local(node) == "exclusiveGateway" and len(leaving) > 1:
                assert node.get("default"), name

    def test_people_read_chinese_and_see_the_law(self, folder):
        for name, node in nodes(diagram(folder)).items():
            if local(node) in {"userTask", "businessRuleTask", "scriptTask", "serviceTask", "boundaryEvent"}:
                assert CHINESE.search(node.get("name", "")), name
                assert "依据" in (node.findtext("bpmn:documentation", "", NS)), name

    def test_tasks_have_a_role_a_form_and_the_lane_of_that_role(self, folder):
        root = diagram(folder)
        roles = {r["id"] for r in tomllib.loads((PROCESSES / "roles.toml").read_text("utf-8"))["roles"]}
        lanes = {ref.text: ref.getparent().get("id") for ref in root.iter(f"{BPMN}flowNodeRef")}
        by_role = {}
        for name, node in nodes(root).items():
            if local(node) == "userTask":
                assert node.get(CAMUNDA + "candidateGroups") in roles, name
                assert node.get(CAMUNDA + "formRef") in forms(folder), name
                by_role.setdefault(node.get(CAMUNDA + "candidateGroups"), set()).add(lanes[name])
        assert {role: len(found) for role, found in by_role.items() if len(found) > 1} == {}


@pytest.mark.parametrize("folder", FOLDERS)
class TestManifest:
    def test_every_outcome_is_reached_by_a_scenario(self, folder):
        declared = set(manifest(folder)["outcomes"])
        assert {o for scenario in scenarios(folder) for o in scenario["covers"]} == declared
        ends = {properties(n).get("outcome") for n in nodes(diagram(folder)).values() if local(n) == "endEvent"}
        assert ends - {None} == declared

    def test_every_timer_names_a_declared_deadline(self, folder):
        declared = manifest(folder)["deadlines"]
        for name, node in nodes(diagram(folder)).items():
            if node.find("bpmn:timerEventDefinition", NS) is not None:
                assert properties(node)["deadline"] in declared, name
        assert all(row["basis"] and row["status"] and row["from"] for row in declared.values())

    def test_forms_ask_declared_facts_with_a_chinese_label(self, folder):
        facts = manifest(folder)["facts"]
        for name, form in forms(folder).items():
            for key, component in questions(form["components"]):
                assert key in facts, (name, key)
                assert CHINESE.search(component["label"]), (name, key)
                for column, _ in questions(component.get("components", [])):
                    assert column in facts[key]["fields"], (name, key, column)

    def test_every_form_is_used(self, folder):
        root = diagram(folder)
        used = {n.get(CAMUNDA + "formRef") or properties(n).get("formRef") for n in nodes(root).values()}
        assert set(forms(folder)) == (used | {manifest(folder)["start"]["form"]}) - {None}

    def test_papers_have_a_template_without_styles(self, folder):
        files = {f"documents/{path.name}": path.read_text("utf-8") for path in (PROCESSES / folder).glob("documents/*")}
        for paper in manifest(folder).get("papers", {}).values():
            printed = documents.render(files[paper["template"]], {}, documents.parts_of(files))
            assert "style=" not in printed and "paper-title" in printed


class TestLimits:
    def rows(self, decision):
        root = etree.parse(PROCESSES / "mediation/decisions/clock_profile.dmn").getroot()
        table = root.find(f"dmn:decision[@id='{decision}']/dmn:decisionTable", NS)
        names = [o.get("name") for o in table.findall("dmn:output", NS)]
        found = []
        for rule in table.findall("dmn:rule", NS):
            values = [e.findtext("dmn:text", "", NS).strip('"') for e in rule.findall("dmn:outputEntry", NS)]
            found.append(dict(zip(names, values, strict=True)))
        return found

    @pytest.mark.parametrize("decision", ["clock_profile", "common_limits"])
    def test_every_value_has_its_source_and_status(self, decision):
        for row in self.rows(decision):
            for key in [k for k in row if f"{k}_basis" in row]:
                assert row[f"{key}_basis"] and row[f"{key}_status"] in STATUSES, (row, key)
                assert re.fullmatch(r"\d+(wd|d|m)|null|true|false", row[key]), (row, key)

    def test_numbers_of_the_general_rules_are_not_sold_as_certain(self):
        general = [row for row in self.rows("clock_profile") if row["label"].startswith("默认")]
        assert general and {row[k] for row in general for k in row if k.endswith("_status")} == {"unconfirmed"}

    def test_what_the_law_fixes_is_confirmed(self):
        limits = self.rows("common_limits")[0]
        assert (limits["confirmation"], limits["confirmation_status"]) == ("30d", "confirmed")
        consumer = [row for row in self.rows("clock_profile") if row["label"].startswith("消费争议")]
        assert [row["complete"] for row in consumer] == ["45wd", "60d"]
        assert {row["complete_status"] for row in consumer} == {"confirmed"}

    def test_every_profile_of_the_matter_list_has_a_row(self):
        matters = tomllib.loads((PROCESSES / "registers/matters.toml").read_text("utf-8"))["matters"]
        text = (PROCESSES / "mediation/decisions/clock_profile.dmn").read_text("utf-8")
        assert {m["profile"] for m in matters if f'"{m["profile"]}"' not in text} <= {"default"}


def test_on_the_spot_asks_ten_things():
    """事项、双方姓名和电话、争议事项、结果、履行、金额、签名扫描件: ten answers for a ten-minute dispute.

    How many people it concerns and the folded signs of high impact can be left out.
    """
    asked = []
    may_be_left_out = {"people_count", "impact_signs"}

    def is_asked(component):
        hide = component.get("conditional", {}).get("hide", "")
        return (
            not hide.startswith('=intake_kind = "on_spot"') and "referral" not in hide and not component.get("readonly")
        )

    for name in ("register", "settle_on_spot"):
        for key, component in questions(forms("mediation")[name]["components"]):
            if is_asked(component) and key not in {"intake_kind", *may_be_left_out}:
                columns = [c for c, inner in questions(component.get("components", [])) if is_asked(inner)]
                asked += [f"{key}.{column}" for column in columns] or [key]
    assert len(asked) == 10, asked


def test_id_numbers_are_sensitive_and_checked():
    facts = manifest("mediation")["facts"]
    for side in ("applicants", "respondents"):
        assert facts[side]["fields"]["id_number"]["sensitive"] is True
    for key, component in questions(forms("mediation")["register"]["components"]):
        if key in {"applicants", "respondents"}:
            column = dict(questions(component["components"]))["id_number"]
            assert (column["properties"]["check"], column["properties"]["sensitive"]) == ("id_number", "true")
