"""Signing in and out through pages: cookies, lockout, timeouts, the forced change of a one-time password."""

import pytest


def test_a_visitor_is_sent_to_the_sign_in_page_and_back(house):
    client = house.client()
    answer = client.get("/cases?status=running")
    assert answer.location == "/sign-in?next=/cases?status%3Drunning"
    page = client.get(answer.location).text
    action = page.split('action="')[1].split('"')[0].replace("&amp;", "&")
    answer = client.post(
        action, data={"csrf_token": house.hidden(page, "csrf_token"), "username": "desk", "password": house.password}
    )
    assert answer.location == "/cases?status=running"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_to_another_site(house, target):
    answer = house.post(house.client(), "/sign-in", username="desk", password=house.password, next=target)
    assert answer.location == "/"


def test_the_session_changes_when_somebody_signs_in_and_ends_on_the_server(house):
    client = house.client()
    client.get("/sign-in")
    before = client.get_cookie("tiaojie").value
    house.post(client, "/sign-in", username="desk", password=house.password)
    cookie = client.get_cookie("tiaojie")
    assert cookie.value != before and cookie.http_only and cookie.same_site == "Lax"
    stolen = house.client()
    stolen.set_cookie("tiaojie", cookie.value)
    assert stolen.get("/tasks").status_code == 200
    house.post(client, "/sign-out", at="/tasks")
    assert stolen.get("/tasks").status_code == 303


def test_the_cookie_needs_tls_away_from_the_machine(house):
    client = house.client()
    answer = client.get("/sign-in", base_url="http://office.example")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "Secure" not in client.get("/sign-in", base_url="http://127.0.0.1:8000").headers.get("Set-Cookie", "")


def test_wrong_passwords_are_counted_and_lock_the_account(house):
    client = house.client()
    answers = [house.post(client, "/sign-in", username="desk", password="wrong") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [422] * 4 + [429]
    assert "用户名或密码不正确" in answers[0].text and "已锁定" in answers[4].text
    assert house.post(client, "/sign-in", username="desk", password=house.password).status_code == 429
    house.clock.forward(minutes=15)
    assert house.post(client, "/sign-in", username="desk", password=house.password).status_code == 303


def test_signing_in_ends_by_itself(house):
    client = house.client("desk")
    for _ in range(3):
        house.clock.forward(hours=7)
        assert client.get("/tasks").status_code == 200
    house.clock.forward(hours=7)
    assert client.get("/tasks").status_code == 303


def test_a_one_time_password_must_be_changed_first(house):
    boss = house.client("boss")
    answer = house.post(boss, f"/people/{house.ids['desk']}/password", at=f"/people/{house.ids['desk']}")
    page = boss.get(answer.location).text
    secret = page.split('class="codes">')[1].split("<")[0]
    assert secret not in boss.get(answer.location).text  # shown once
    client = house.client()
    house.post(client, "/sign-in", username="desk", password=secret)
    assert client.get("/tasks").location == "/account/password"
    short = {"current": secret, "new": "short", "again": "other"}
    refused = house.post(client, "/account/password", **short)
    assert refused.status_code == 422 and "两次输入的新密码不一致" in refused.text
    weak = house.post(client, "/account/password", current=secret, new="onlyletters", again="onlyletters")
    assert weak.status_code == 422 and "至少 10 个字符" in weak.text
    changed = house.post(client, "/account/password", current=secret, new="new password 22", again="new password 22")
    assert changed.location == "/" and client.get("/tasks").status_code == 200


def test_no_page_echoes_a_password(house):
    client = house.client("desk")
    answer = client.post("/account/password", data={"current": "my-secret-1", "new": "my-secret-2", "again": "x"})
    assert answer.status_code == 400 and "my-secret" not in answer.text
