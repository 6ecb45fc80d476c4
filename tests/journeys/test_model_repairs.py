"""A folder with somebody's drawing is dropped on the upload page; its repairs are seen on the diagram and accepted."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

import engine
from tests.journeys.test_model_files import TOPMOST, accessible
from tests.journeys.test_model_files import window as _window

EXPORTS = Path(__file__).parents[1] / "engine/model_repairs/exports"
pytestmark = pytest.mark.browser
window = _window


@pytest.fixture
def folder(tmp_path):
    """A folder as somebody has it on the desktop."""
    place = tmp_path / "信访办理"
    (place / "forms").mkdir(parents=True)
    (place / ".git").mkdir()
    (place / ".git" / "HEAD").write_text("x")
    shutil.copy(EXPORTS / "bizagi.bpmn", place / "信访.bpmn")
    (place / "forms" / "intake.form").write_text(
        '{"schemaVersion": 19, "type": "default", "id": "intake", "components": []}'
    )
    return place


def drop(window, place):
    """Let the browser drop what is on the disk, as a person would."""
    box = window.locator("#drop").bounding_box()
    cdp = window.context.new_cdp_session(window)
    data = {"items": [], "files": [str(place)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        cdp.send("Input.dispatchDragEvent", {"type": kind, "x": box["x"] + 40, "y": box["y"] + 20, "data": data})


def test_a_dropped_folder_is_repaired_on_the_diagram(house, address, window, folder):
    window.context.clear_cookies()
    window.goto(address + "/sign-in")
    window.get_by_label("用户名").fill("boss")
    window.get_by_label("密码", exact=True).fill(house.password)
    window.get_by_role("button", name="登录").click()
    window.goto(address + "/models/new")
    window.get_by_role("button", name="上传").click()
    expect(window.locator("#dropped-wrong")).to_have_text("请先选择文件。")
    (folder / "照片.png").write_bytes(b"x")
    drop(window, folder)
    expect(window.locator("#dropped-wrong")).to_contain_text("信访办理/照片.png")
    (folder / "照片.png").unlink()
    drop(window, folder)
    expect(window.locator("#dropped-list")).to_contain_text("信访办理/forms/intake.form")
    assert accessible(window) == []
    window.get_by_role("button", name="上传").click()

    numbered, repaired = window.locator("[data-numbered]"), window.locator("[data-repaired]")
    expect(numbered).to_have_attribute("data-ready", "yes")
    expect(repaired).to_have_attribute("data-ready", "yes")
    assert numbered.locator(".bjs-powered-by").evaluate(TOPMOST)
    expect(numbered.locator(".fix-number")).to_have_count(22)
    expect(repaired.locator("[data-element-id=Id_a8_over].cmp-added")).to_have_count(1)
    choice = window.get_by_role("row").filter(has_text="改画为排他网关")
    expect(choice.get_by_role("checkbox")).not_to_be_checked()
    expect(repaired.locator("[data-element-id=Id_a6_split]")).to_have_count(0)
    choice.get_by_role("checkbox").check()
    expect(repaired.locator("[data-element-id=Id_a6_split].cmp-added")).to_have_count(1)
    mark = choice.locator("button.repair-number")
    mark.click()
    expect(numbered.locator(f".fix-here[data-number='{mark.inner_text()}']")).to_be_visible()
    assert accessible(window) == []
    window.set_viewport_size({"width": 390, "height": 844})
    assert window.evaluate("document.documentElement.scrollWidth") <= 390
    window.set_viewport_size({"width": 1280, "height": 800})

    window.get_by_role("button", name="执行所选修复").click()
    expect(window.get_by_text("已完成 13 条修复。")).to_be_visible()
    expect(numbered).to_have_attribute("data-ready", "yes")
    window.get_by_role("button", name="全部修复").click()
    expect(window.get_by_text("没有需要修复的地方")).to_be_visible()
    left = window.get_by_role("listitem").filter(has_text="不支持复杂网关")
    left.get_by_role("link").click()
    expect(window.locator("#modeler[data-ready=yes]")).to_be_visible(timeout=20_000)
    expect(window.locator("[data-element-id=Id_a11].selected")).to_have_count(1)

    with house.database.reads() as session:
        [row] = engine.drafts(session, house.actor("boss"))
        found = engine.draft(session, row.id, house.actor("boss")).files
    assert set(found) == {"manifest.toml", "process.bpmn", "forms/intake.form"}
    rules = {one.rule for one in engine.refusals(engine.check_files(found), house=False)}
    assert rules == {"unsupported-element"}
    assert window.refused == []
