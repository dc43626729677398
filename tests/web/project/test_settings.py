"""The settings of real use: what they refuse, and that Django's own check finds nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tocsin.web.project.starting import chosen_settings

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client

_SCRIPT = """
import json, django
django.setup()
from django.conf import settings
from django.test import Client
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("createcachetable", verbosity=0)
call_command("collectstatic", interactive=False, verbosity=0)
https = {"secure": True, "headers": {"host": "desk.example.org"}}
page = Client().get("/accounts/login/", **https)
print(json.dumps({
    "plain": Client().get("/", headers={"host": "desk.example.org"})["Location"],
    "wrong_host": Client().get("/accounts/login/", secure=True,
                               headers={"host": "evil.example"}).status_code,
    "forwarded_host": Client().get("/", secure=True, headers={
        "host": "desk.example.org", "x-forwarded-host": "evil.example"})["Location"],
    "status": page.status_code,
    "headers": dict(page.headers),
    "cookies": {name: {"secure": bool(one["secure"]), "httponly": bool(one["httponly"]),
                       "samesite": one["samesite"]} for name, one in page.cookies.items()},
    "session": [settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY],
    "debug": settings.DEBUG,
    "factor": settings.TOCSIN_REQUIRE_MFA,
}))
"""


def run(home: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TOCSIN_", "DJANGO_"))
    }
    settings = {
        "TOCSIN_DESK_HOME": str(home),
        "TOCSIN_DESK_HOSTS": "desk.example.org",
        "TOCSIN_SECRET_KEY": "k" * 20 + "0123456789abcdefghijklmnopqrstuvwxyz!",
        "DJANGO_SETTINGS_MODULE": "tocsin.web.project.settings.production",
    }
    return subprocess.run(
        [sys.executable, *command],
        env={**kept, **settings, **more},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.mark.slow
def test_djangos_own_check_of_a_deployment_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "incoming").mkdir()  # as init makes it
    done = run(tmp_path, "-m", "tocsin.web.manage", "check", "--deploy", "--fail-level", "WARNING")
    assert (0, "") == (done.returncode, done.stderr)
    assert "no issues (0 silenced)" in done.stdout


@pytest.mark.slow
def test_production_answers_to_its_name_over_tls_and_to_nothing_else(tmp_path: Path) -> None:
    done = run(tmp_path, "-c", _SCRIPT)
    assert 0 == done.returncode, done.stderr
    said = json.loads(done.stdout)

    assert "https://desk.example.org/" == said["plain"]
    assert 400 == said["wrong_host"]
    assert "/accounts/login/?next=/" == said["forwarded_host"]
    assert 200 == said["status"]
    assert said["headers"]["Strict-Transport-Security"].startswith("max-age=31536000")
    assert {"secure": True, "httponly": True, "samesite": "Strict"} == said["cookies"]["csrftoken"]
    assert [True, True] == said["session"]
    assert said["factor"]
    assert not said["debug"]


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["TOCSIN_SECRET_KEY", "TOCSIN_DESK_HOSTS"])
def test_production_does_not_start_without_its_key_and_names(tmp_path: Path, missing: str) -> None:
    done = run(tmp_path, "-m", "tocsin.web.manage", "check", **{missing: ""})
    assert 0 != done.returncode
    assert f"set {missing}" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hosts", "told"),
    [
        ("*", "* stands for more than one name"),
        ("desk.example.org, .example.org", ".example.org stands for more than one name"),
        ("https://desk.example.org", "'https://desk.example.org' is no name of a host"),
        ("desk.example.org:8000", "'desk.example.org:8000' is no name of a host"),
        ("*.example.org", "'*.example.org' is no name of a host"),
        (",", "',' is no name of a host"),
    ],
)
def test_the_desk_does_not_start_with_names_that_take_in_others(
    tmp_path: Path, hosts: str, told: str
) -> None:
    more = {"TOCSIN_DESK_HOSTS": hosts, "DJANGO_SETTINGS_MODULE": ""}
    for command in ("check", "serve"):
        done = run(tmp_path, "-m", "tocsin", "desk", command, **more)
        assert 2 == done.returncode
        assert told in done.stderr


@pytest.mark.slow
def test_any_name_is_answered_to_where_a_setting_says_so_and_check_tells(tmp_path: Path) -> None:
    more = {"TOCSIN_DESK_HOSTS": "*", "TOCSIN_DESK_ANY_HOST": "yes", "DJANGO_SETTINGS_MODULE": ""}
    done = run(tmp_path, "-m", "tocsin", "desk", "check", **more)
    assert "TOCSIN_DESK_ANY_HOST is set to yes" in done.stdout


@pytest.mark.slow
def test_no_process_of_the_same_user_looks_into_the_desks(tmp_path: Path) -> None:
    script = (
        "import ctypes; from tocsin.web.project import starting; starting.start();"
        "print('dumpable:', ctypes.CDLL(None).prctl(3))"
    )
    assert "dumpable: 0\n" == run(tmp_path, "-c", script).stdout


def test_names_choose_production_and_nothing_chooses_ones_own_machine() -> None:
    assert chosen_settings({}).endswith(".local")
    assert chosen_settings({"TOCSIN_DESK_HOSTS": " "}).endswith(".local")
    assert chosen_settings({"TOCSIN_DESK_HOSTS": "desk.example.org"}).endswith(".production")
    assert "a.b" == chosen_settings({"DJANGO_SETTINGS_MODULE": "a.b"})


def test_a_form_that_is_too_large_is_refused(client: Client) -> None:
    response = client.post("/accounts/login/", {"login": "a" * (3 * 2**20)})
    assert 413 == response.status_code


def test_another_host_is_refused(client: Client) -> None:
    response = client.get("/accounts/login/", headers={"host": "evil.example"})
    assert 400 == response.status_code
