"""The page at /console, deployed: its files, its sign-in, and what its calls may see."""

import gzip
import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from urllib.parse import parse_qsl, urlencode, urlsplit

import cloud as emulator
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from issuer import CLIENT, encoded

READS = ("/async_task/list", "/async_task/overview", "/async_task/callback/list")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def test_the_pages_files_come_from_the_deployed_function_with_their_headers(cloud):
    status, headers, page = cloud.file("/console")
    assert (status, headers["cache-control"], headers["x-content-type-options"]) == (200, "no-cache", "nosniff")
    policy = headers["content-security-policy"]
    assert f"connect-src 'self' {cloud.issuer.url};" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    names = re.findall(r'(?:src|href)="/console/(assets/[^"]+)"', page.decode())
    assert len(names) >= 3, page
    for name in names:
        status, headers, body = cloud.file(f"/console/{name}", {"accept-encoding": "gzip"})
        assert status == 200 and "immutable" in headers["cache-control"], (name, status, body[:300])
        body = gzip.decompress(body) if headers["content-encoding"] == "gzip" else body
        assert body == (emulator.ROOT / "console/dist" / name).read_bytes(), name
    assert cloud.file("/console/assets/none.js")[0] == 404


def test_the_page_learns_from_the_parameters_where_people_sign_in(cloud):
    _, _, config = cloud.file("/console/config.json")
    config = json.loads(config)
    assert config["sign_in"] == {"issuer": cloud.issuer.url, "client_id": CLIENT, "scopes": "openid profile"}
    assert (config["local"], config["operator"], config["max_orders"]) == (False, False, 10_000)


def signed_in(cloud):
    """Signs in as the page does, authorization code with PKCE; answers the token."""
    sign_in = json.loads(cloud.file("/console/config.json")[2])["sign_in"]
    server = json.load(urllib.request.urlopen(f"{sign_in['issuer']}/.well-known/openid-configuration"))
    verifier, state, redirect = secrets.token_urlsafe(32), secrets.token_urlsafe(16), cloud.url("/console")
    asked = {"client_id": sign_in["client_id"], "redirect_uri": redirect, "response_type": "code", "scope": sign_in["scopes"],
             "code_challenge": encoded(hashlib.sha256(verifier.encode()).digest()), "code_challenge_method": "S256", "state": state}
    with pytest.raises(urllib.error.HTTPError) as sent:
        urllib.request.build_opener(NoRedirect).open(f"{server['authorization_endpoint']}?{urlencode(asked)}")
    back = dict(parse_qsl(urlsplit(sent.value.headers["location"]).query))
    assert back["state"] == state
    form = {"grant_type": "authorization_code", "client_id": CLIENT, "code": back["code"], "redirect_uri": redirect, "code_verifier": verifier}
    answer = urllib.request.urlopen(server["token_endpoint"], urlencode(form).encode())
    return json.load(answer)["access_token"]


def test_a_person_who_has_signed_in_sees_the_own_station_and_nobody_elses(cloud, partner):
    name = f"sign-in-{secrets.token_hex(4)}"
    for station in ("T1", "T2"):
        task = {"station_id": station, "task_name": name, "input": "1"}
        assert cloud.call("POST", "/task/add", task, signer=partner)[1]["code"] == 0
    token = signed_in(cloud)
    _, answer = cloud.call("POST", "/async_task/list", {"name": name, "station_id": "T2"}, token)
    assert [task["station_id"] for task in answer["data"]["tasks"]] == ["T1"], answer
    for path in READS:
        status, answer = cloud.call("POST", path, {}, token)
        assert (status, answer["code"]) == (200, 0), (path, answer)
        _, answer = cloud.call("POST", path, {"all_stations": True}, token)
        assert answer["error"] == "FORBIDDEN", (path, answer)


def test_an_operator_sees_all_stations_and_does_what_staff_may_not(cloud):
    operator, staff = cloud.issuer.token(station=None, operator="true"), cloud.issuer.token()
    for path in READS:
        _, answer = cloud.call("POST", path, {"all_stations": True}, operator)
        assert answer["code"] == 0, (path, answer)
    resend = {"delivery_ids": [1], "all_stations": True}
    assert cloud.call("POST", "/async_task/callback/resend", resend, operator)[1]["data"] == {"resent": 0}
    assert cloud.call("POST", "/async_task/callback/resend", resend, staff)[1]["error"] == "FORBIDDEN"


def test_the_pages_calls_want_a_token_of_the_issuer_that_is_not_over(cloud):
    stranger = rsa.generate_private_key(65537, 2048)
    wrong = [None, cloud.issuer.token(key=stranger), cloud.issuer.token(exp=int(time.time()) - 600),
             cloud.issuer.token(iss="https://elsewhere.example.com"), cloud.issuer.token(aud="another-app")]
    for token in wrong:
        for path in READS:
            status, answer = cloud.call("POST", path, {}, token)
            assert status in (401, 403) and "code" not in answer, (path, status, answer)


def test_the_deployed_page_signs_a_person_in_in_a_real_browser(cloud, partner):
    node = shutil.which("node")
    if node is None or not (emulator.ROOT / "console/node_modules/.installed").exists():
        print("\n*** SKIPPED: no Node 20 or later: the deployed page was not opened in a browser ***")
        pytest.skip("no Node 20 or later")
    name = f"browser-{secrets.token_hex(4)}"
    task = {"station_id": "T1", "task_name": name, "input": "1"}
    assert cloud.call("POST", "/task/add", task, signer=partner)[1]["code"] == 0
    command = [node, emulator.ROOT / "console/tests/deployed.mjs", cloud.url(""), cloud.issuer.person["name"], name]
    subprocess.run(command, check=True, timeout=120, env=os.environ)
