"""The library of processes through its pages: two people change a draft, a third one approves it."""

import io
import re
import time
import zipfile

import pytest

import engine
from tests.house import PASSWORD, prepare
from tests.house import open_house as opened

STAFF = {"ann": "analyst", "ben": "analyst"}


@pytest.fixture(scope="session")
def modelled(tmp_path_factory):
    """The house of the other tests, with two analysts."""
    folder = tmp_path_factory.mktemp("modelled")
    ids = prepare(folder)
    house = opened((folder, ids), folder)
    with house.database.sessions.begin() as session:
        for username, role in STAFF.items():
            engine.create_person(
                session, username=username, name=f"{username} 同志", roles=[(role, "justice_bureau")],
                password=PASSWORD, must_change_password=False, hasher=engine.CHEAP_HASHER, actor=engine.SYSTEM,
                now=house.clock(),
            )  # fmt: skip
    house.database.bind.dispose()
    return folder, ids


@pytest.fixture
def house(modelled, tmp_path):
    house = opened(modelled, tmp_path)
    house.app.config["REHEARSE"] = held
    yield house
    house.database.bind.dispose()


def held(_database, files, progress, _known):
    """All scenarios hold; the playing itself has tests of its own."""
    progress(0, 1)
    row = {"name": "a", "title": "", "problems": [], "seconds": 0}
    return {"digest": engine.behaviour_digest(files), "scenarios": [row], "missed": [], "unreached": []}


def post(house, client, address, **data):
    return client.post(address, data={**house.marks(client.get("/account").text), **data})


@pytest.fixture
def draft(house):
    """The address of a draft of the escalation process."""
    ann = house.client("ann")
    version = re.search(r"/models/versions/(\d+)", ann.get("/models").text)[1]
    answer = post(house, ann, f"/models/versions/{version}/draft")
    assert answer.status_code == 303 and "草稿已建立" in ann.get(answer.location).text
    return answer.location


def test_the_library_is_open_to_those_who_draw_or_approve(house):
    for username, sees in (("ann", True), ("boss", True), ("justice", True), ("desk", False), ("head", False)):
        client = house.client(username)
        assert client.get("/models").status_code == (200 if sees else 404), username
        assert ("流程库" in client.get("/tasks").text) is sees, username
    assert house.client("justice").get("/models/new").status_code == 404, "who only approves begins nothing"


def test_from_draft_to_version_by_two_people(house, draft):
    ann, ben, justice = house.client("ann"), house.client("ben"), house.client("justice")
    page = ann.get(draft).text
    assert "当前文件还没有运行全部场景" in page and "没有新的条目" in page and draft + "/submit" not in page
    answer = post(house, ann, draft + "/changes", heading="期限改为七日", words="")
    assert answer.status_code == 422 and 'value="期限改为七日"' in answer.text
    post(house, ann, draft + "/changes", heading="期限改为七日", words="依据：新办法第五条。")
    post(house, ann, draft + "/trial")
    for _ in range(100):
        if "可以提交审批" in (page := ann.get(draft).text):
            break
        time.sleep(0.05)
    assert "可以提交审批" in page and "全部通过" in page
    listed = ann.get(draft + "/scenarios")
    assert listed.status_code == 200 and "全部通过" in listed.text, "a result that says nothing of flows"
    assert post(house, ann, draft + "/submit", reason="").status_code == 422
    assert post(house, ann, draft + "/submit", reason="x", effective_on="2020-01-01").status_code == 422
    assert post(house, ann, draft + "/submit", reason="新办法施行").status_code == 303
    assert post(house, ann, draft + "/approve").status_code == 403
    assert "流程库（1）" in justice.get("/tasks").text and "流程库（1）" not in ann.get("/tasks").text
    assert "新办法施行" in ben.get(draft).text
    assert post(house, justice, draft + "/refuse", note="").status_code == 422
    assert post(house, justice, draft + "/approve", note="同意").status_code == 303
    page = ann.get(draft).text
    assert "已发布" in page and "同意" in page
    version = re.search(r'/models/versions/(\d+)"><', ann.get("/models").text)
    listed = ann.get("/models").text
    assert "期限改为七日" in listed and version is None
    assert "新办法施行" in ann.get(re.findall(r"/models/versions/\d+(?=\")", listed)[0]).text


def test_two_people_save_the_same_file(house, draft):
    ann, ben = house.client("ann"), house.client("ben")
    address = draft + "/text/CHANGES.md"
    mine, theirs = (house.hidden(client.get(address).text, "revision") for client in (ann, ben))
    assert post(house, ann, address, text="# 安的版本", revision=mine).status_code == 303
    answer = post(house, ben, address, text="# 贝的版本 <b>", revision=theirs)
    assert answer.status_code == 409
    assert "# 安的版本" in answer.text and "# 贝的版本 &lt;b&gt;" in answer.text and "ann 同志" in answer.text
    assert answer.text.count("2026-03-02 09:00") >= 2, "when it was saved, beside the clock of the page"
    assert "# 安的版本" in ann.get(address).text, "nothing was overwritten"
    merged = house.hidden(answer.text, "revision")
    assert post(house, ben, address, text="# 安与贝", revision=merged).status_code == 303
    assert "# 安与贝" in ann.get(address).text
    assert post(house, ann, draft + "/text/../x.py", text="x", revision=9).status_code in (404, 422)
    refused = post(house, ann, draft + "/text/evil.py", text="print()", revision=9)
    assert refused.status_code == 422 and "print()" in refused.text and "evil.py" in refused.text


def test_a_draft_comes_and_goes_as_a_zip(house, draft):
    ann = house.client("ann")
    folder = ann.get(draft + "/folder.zip")
    assert folder.mimetype == "application/zip" and "attachment" in folder.headers["Content-Disposition"]
    marks = house.marks(ann.get("/models/new").text)
    upload = {**marks, "files": (io.BytesIO(folder.data), "escalation.zip")}
    answer = ann.post("/models/upload", data=upload, content_type="multipart/form-data")
    assert answer.status_code == 303 and ann.get(answer.location + "/folder.zip").data == folder.data
    assert ann.get(draft + "/picture.svg").text.startswith("<svg")


@pytest.mark.parametrize(("name", "content", "words"), [
    ("../../etc/x.toml", b"x", "不能使用"),
    ("x.exe", b"MZ", "不是可以接收的类型"),
    ("x.toml", b"\xff\xfe\x00", "无法读取"),
    ("x.bpmn", b"0" * 3_000_000, "太大"),
])  # fmt: skip
def test_hostile_uploads_are_refused_in_words(house, name, content, words):
    ann = house.client("ann")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    marks = house.marks(ann.get("/models/new").text)
    upload = {**marks, "files": (io.BytesIO(packed.getvalue()), "upload.zip")}
    answer = ann.post("/models/upload", data=upload, content_type="multipart/form-data")
    assert answer.status_code == 422 and words in answer.text
    empty = ann.post("/models/upload", data=marks, content_type="multipart/form-data")
    assert empty.status_code == 422 and "没有可以接收的文件" in empty.text


def test_a_process_from_nothing_passes_the_checks(house):
    ann = house.client("ann")
    answer = post(house, ann, "/models/new", process="Land Survey", title="", role="nobody")
    assert answer.status_code == 422 and 'value="Land Survey"' in answer.text
    taken = post(house, ann, "/models/new", process="mediation", title="x", role="registrar")
    assert taken.status_code == 422
    answer = post(house, ann, "/models/new", process="land_survey", title='测绘 "甲" <乙>', role="registrar")
    page = ann.get(answer.location).text
    assert (
        "阻止发布" not in page.split("h-checks")[1].split("h-scenarios")[0] and "测绘 &#34;甲&#34; &lt;乙&gt;" in page
    )


def test_discarding_copying_and_restoring(house, draft):
    ann = house.client("ann")
    copied = post(house, ann, draft + "/copy").location
    assert copied != draft and "副本" in ann.get(copied).text
    post(house, ann, draft + "/discard")
    assert post(house, ann, draft + "/text/CHANGES.md", text="x", revision=9).status_code == 409
    assert draft in ann.get("/models?state=discarded").text
    post(house, ann, draft + "/restore")
    assert "编制中" in ann.get(draft).text


def test_a_draft_beside_the_version_it_began_from(house, draft):
    ann = house.client("ann")
    assert f'href="{draft}/compare"' in ann.get(draft).text
    answer = ann.get(draft + "/compare")
    assert answer.status_code == 302 and "两者相同" in ann.get(answer.location).text
    number = int(draft.rpartition("/")[2])
    with house.database.reads() as session:
        found = engine.draft(session, number, engine.SYSTEM)
    diagram = found.files["process.bpmn"]
    name = re.search(r'<bpmn:userTask id="\w+" name="([^"]+)"', diagram)[1]
    edits = {
        "process.bpmn": diagram.replace(f'name="{name}"', 'name="新的名称"'),
        "documents/x.html": "<script>x</script>",
    }
    for revision, (file, text) in enumerate(edits.items(), found.row.revision):
        assert post(house, ann, f"{draft}/text/{file}", text=text, revision=str(revision)).status_code == 303
    page = ann.get(answer.location).text
    for words in ("修改名称", name, "新的名称", "新增文件", "documents/x.html", "data-compare"):
        assert words in page
    assert "<script>x" not in page
    a, b = re.search(r"a=(v\d+)&b=(d\d+)", answer.location).groups()
    assert "删除文件" in ann.get(f"/models/compare?a={b}&b={a}").text
    assert f'data-source="{draft}/source/process.bpmn"' in page
    assert ann.get(f"{draft}/source/process.bpmn").status_code == 200
    new = ann.get(f"/models/compare?a=&b={b}").text
    assert "新增文件" in new and "data-compare" in new


@pytest.mark.parametrize(
    "sides", ["", "a=v1", "a=v1&b=x1", "a=v1&b=v99999", "a=v1&b=v9999999999", "a=v1&b=v²", "a=v1&b=d"]
)
def test_what_cannot_be_compared_is_not_there(house, sides):
    status = house.client("ann").get(f"/models/compare?{sides}").status_code
    assert status == (200 if sides == "a=v1" else 404)


def test_only_those_who_see_models_compare(house, draft):
    desk = house.client("desk")
    assert {
        desk.get(path).status_code for path in ("/models/compare?a=v1&b=v1", draft + "/compare", "/models/compare")
    } == {404}
