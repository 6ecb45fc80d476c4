"""The administrator's pages: adding people, roles, the import of a list, and the trail of it all."""

import io
import re

import openpyxl
import pytest


def sheet(*rows, heading=("用户名", "姓名", "电话", "单位", "岗位")):
    book = openpyxl.Workbook()
    for row in (heading, *rows):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file, "people.xlsx"


@pytest.fixture
def boss(house):
    return house.client("boss")


def test_a_person_is_added_with_roles_in_offices(house, boss):
    given = {"username": "wang.fang", "name": "王芳", "phone": "", "office": "yuxi_town", "role": "mediator"}
    answer = house.post(boss, "/people", at="/people/new", **given)
    page = boss.get(answer.location).text
    assert "一次性密码" in page and "渔溪镇人民政府" in page
    listed = boss.get("/people?office=yuxi_town&role=mediator&q=王").text
    assert "wang.fang" in listed and "共 1 人" in listed
    changes = boss.get("/people/changes").text
    assert "新增人员" in changes and "王芳" in changes
    assert "公布登记簿" in changes and re.search("行政调解事项清单；[^<]*新增 [1-9]", changes)


def test_wrong_particulars_come_back_beside_the_fields(house, boss):
    answer = house.post(boss, "/people", at="/people/new", username="王", name="", phone="x")
    assert answer.status_code == 422 and answer.text.count("invalid-feedback") == 3
    answer = house.post(boss, "/people", at="/people/new", username="desk", name="重名")
    assert answer.status_code == 422 and "该用户名已被使用" in answer.text


def test_roles_change_and_a_role_nobody_declared_is_ignored(house, boss):
    address = f"/people/{house.ids['desk']}"
    house.post(boss, address, name="新名字", phone="13800000000", office="yuxi_town", role="king")
    page = boss.get(address).text
    assert "新名字" in page and "king" not in page
    more = house.post(boss, address, name="新名字", _more="1")
    assert more.status_code == 200
    assert house.client("desk").get("/tasks?view=claimable").status_code == 200


def test_a_disabled_person_is_out_at_once(house, boss):
    desk, address = house.client("desk"), f"/people/{house.ids['desk']}"
    house.post(boss, address + "/disable", at=address)
    assert desk.get("/tasks").status_code == 303
    assert "已停用" in boss.get("/people?state=disabled").text
    house.post(boss, address + "/enable", at=address)
    assert house.client("desk")


def test_the_last_administrator_cannot_go(house, boss):
    address = f"/people/{house.ids['boss']}"
    house.post(boss, address + "/disable", at=address)
    assert "至少须保留一名" in boss.get(address).text
    answer = house.post(boss, address, name="boss", phone="")
    assert answer.status_code == 422 and "至少须保留一名" in answer.text


def test_a_list_is_imported_or_every_wrong_cell_is_named(house, boss):
    good = sheet(("zhao.yun", "赵云", "13800000000", "渔溪镇人民政府", "行政调解员、接待登记员"))
    answer = house.post(boss, "/people/import", list=good)
    assert answer.status_code == 200 and "已导入 1 人" in answer.text and "zhao.yun" in answer.text
    bad = sheet(("desk", "甲", "", "渔溪镇人民政府", "行政调解员"), ("new", "", "?", "月亮镇", "国王"))
    answer = house.post(boss, "/people/import", list=bad)
    assert answer.status_code == 422
    for words in ("该用户名已被使用", "请填写姓名", "电话号码格式不正确", "没有这个单位：月亮镇", "没有这个岗位：国王"):
        assert words in answer.text
    assert "没有符合条件的人员" in boss.get("/people?q=new").text


@pytest.mark.parametrize("file", [(io.BytesIO(b"no sheet"), "people.xlsx"), sheet(heading=("a", "b", "c", "d", "e"))])
def test_something_else_than_a_list_is_refused(house, boss, file):
    answer = house.post(boss, "/people/import", list=file)
    assert answer.status_code == 422 and "这不是带有下列表头的 Excel 文件" in answer.text


def test_everybody_sees_their_own_account(house):
    page = house.client("desk").get("/account").text
    assert "接待登记员" in page and "渔溪镇人民政府" in page


def test_an_administrator_who_handles_no_cases_starts_with_the_people(house, boss):
    assert boss.get("/").location == "/people"
    assert house.client("desk").get("/").location == "/tasks"
