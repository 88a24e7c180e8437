"""Who gets in, who may write, and what stands in the audit."""

import socket as sockets
import ssl
import subprocess

import pytest
from support.clients import LIMIT
from support.clients.carrier import wait_until
from support.clients.web_adapter import TOKEN
from support.engine.audit import lines

from roguebridge.backends.web.access import Access, Refused
from roguebridge.backends.web.plugin import Web
from roguebridge.backends.web.settings import Settings
from roguebridge.backends.web.tokens import Tokens
from roguebridge.core.errors import BackendError

CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; frame-ancestors "
)


def port(site):
    return site.url.rpartition(":")[2]


# The name by which a server is addressed, and the origin of a page --------------------------------


def test_a_request_must_name_the_server_as_it_is_called(served):
    site = served(web={"hosts": ["daq.lab.org", "https://screens.lab.org"]})
    client, wrong = site.client(), []
    for host, status in {
        f"127.0.0.1:{port(site)}": 200, "127.0.0.1": 200, "localhost:80": 200, "LOCALHOST": 200,
        "daq.lab.org": 200, "DAQ.lab.org:8080": 200, "screens.lab.org": 200, "evil.org": 421,
        "daq.lab.org.evil.org": 421, "127.0.0.1.evil.org": 421, "10.0.0.1": 421, "": 421,
        "[::1]": 200, "[": 421, "localhost@evil.org": 421, "169.254.169.254": 421,
    }.items():  # fmt: skip
        for path in ("/pvs", "/", "/openapi.json", "/pvws/info"):
            answer = client.get(path, headers={"Host": host})
            if answer.status != status:
                wrong.append((host, path, answer.status))
    assert not wrong
    assert "add it to web.hosts" in client.get("/", headers={"Host": "evil.org"}).error


def origins(site):
    own = f"127.0.0.1:{port(site)}"
    return {
        f"http://{own}": True, f"https://{own}": True, "https://screens.lab.org": True,
        f"http://localhost:{port(site)}": False, "http://127.0.0.1:1": False, "null": False,
        "http://evil.org": False, f"http://{own}.evil.org": False, "http://screens.lab.org": False,
        "https://screens.lab.org:1": False, "file://": False,
    }  # fmt: skip


def test_a_page_of_another_origin_may_not_write_nor_open_a_socket(served):
    site = served(web={"hosts": ["https://screens.lab.org"]})
    client, wrong = site.client(), []
    for origin, may in origins(site).items():
        headers = {"Origin": origin}
        put = client.put(site.pv("Int"), 1, headers=headers)
        call = client.ask("POST", f"/pv/{site.pv('Double')}", json={"arg": 1}, headers=headers)
        try:
            client.socket(headers=headers)
            opened = True
        except Exception as exc:
            opened = getattr(exc, "status", None) != 403
        found = [put.status == 200, call.status == 200, opened]
        if found != [may] * 3:
            wrong.append((origin, found))
    assert not wrong
    assert client.get("/pvs", headers={"Origin": "http://evil.org"}).status == 200


def test_no_answer_has_a_cookie_or_lets_another_origin_read(served):
    site = served()
    client = site.client()
    for path in ("/", "/pvs", f"/pv/{site.pv('Int')}", "/nothing", "/app.js", "/plotly-x.js"):
        headers = client.get(path, headers={"Origin": "http://evil.org"}).headers
        assert headers["Content-Security-Policy"] == f"{CSP}'none'"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert not {"Set-Cookie", "Access-Control-Allow-Origin"} & set(headers)


def test_frames_are_shown_in_the_pages_that_are_named(served):
    site = served(web={"frames": ["https://Grafana.lab.org/d/1", "http://a:1"]})
    policy = site.client().get("/").headers["Content-Security-Policy"]
    assert policy == f"{CSP}https://grafana.lab.org http://a:1"


# Users --------------------------------------------------------------------------------------------


def test_only_users_read_where_that_is_asked_for(served):
    site = served(web={"read": "users"})
    anybody = site.client(token="")
    paths = ("/pvs", "/tree", f"/pv/{site.pv('Int')}", "/problems", "/pvws/summary", "/pvws/pool")
    for path in paths:
        answer = anybody.get(path)
        assert (answer.status, answer.error) == (401, "only users may read: give a token"), path
        assert site.client().get(path).status == 200
    assert anybody.get("/").status == 200  # the page asks for a token
    socket = anybody.socket()
    socket.send(type="subscribe", pvs=[site.pv("Int")])
    assert socket.next()["message"] == "only users may read: give a token"
    assert socket.next() is None
    socket = site.client().socket()
    socket.send(type="subscribe", pvs=[site.pv("Int")])
    assert socket.next()["value"] == 7


def test_a_token_in_an_address_is_no_token(served):
    site = served(web={"read": "users"})
    anybody = site.client(token="")
    for path in (f"/pvs?token={TOKEN}", f"/pvs?access_token={TOKEN}"):
        assert anybody.get(path).status == 401
    assert anybody.get("/pvs", headers={"Cookie": f"token={TOKEN}"}).status == 401


def who(client, site):
    client.put(site.pv("Int"), 5)
    return lines(site.audit)[-1]


@pytest.fixture
def audited(served, tmp_path):
    def make(**options):
        site = served(audit=str(tmp_path / "audit"), **options)
        site.audit = tmp_path / "audit"
        return site

    return make


def last(site):
    """The last record of the audit, when all are written."""
    site.server.stop()
    return lines(site.audit)[-1]


def test_the_audit_names_the_user_of_the_token(audited):
    site = audited()
    assert site.client().put(site.pv("Int"), 5).status == 200
    record = last(site)
    assert (record["user"], record["host"], record["protocol"]) == ("ops", "127.0.0.1", "web")
    assert (record["new"], record["old"], record["result"]) == (5, 7, "done")


def test_what_nobody_may_stands_in_the_audit_too(audited):
    site = audited()
    assert site.client(token="").put(site.pv("Int"), 5).status == 403
    record = last(site)
    assert (record["user"], record["result"], record["new"]) == ("", "failed", 5)
    assert "only users may write" in record["error"]


def test_a_trusted_proxy_says_who_the_user_is_and_where(audited):
    site = audited(web={"proxies": ["127.0.0.0/8"], "tokens": ""})
    headers = {"X-Forwarded-User": "ann", "X-Forwarded-For": "6.6.6.6, 10.0.0.9"}
    assert site.client(token="", **headers).put(site.pv("Int"), 5).status == 200
    record = last(site)
    assert (record["user"], record["host"]) == ("ann", "10.0.0.9")


def test_who_is_no_trusted_proxy_is_ignored_and_logged(audited, caplog):
    site = audited()
    headers = {"X-Forwarded-User": "root", "X-Forwarded-For": "10.0.0.9"}
    assert site.client(token="", **headers).put(site.pv("Int"), 5).status == 403
    record = last(site)
    assert (record["user"], record["host"]) == ("", "127.0.0.1")
    assert "127.0.0.1 says in X-Forwarded-User who its user is" in caplog.text


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ([("X-Forwarded-User", "a"), ("X-Forwarded-User", "b")], "more than one"),
        ([("X-Forwarded-For", "10.0.0.1, evil")], "which is no address"),
        ([("X-Forwarded-For", "")], "which is no address"),
    ],
)
def test_what_a_proxy_says_must_be_clear(served, headers, reason):
    site = served(web={"proxies": ["127.0.0.1"]})
    answer = site.client(token="").get("/pvs", headers=headers)
    assert answer.status == 400
    assert reason in answer.error


ACF = """
UAG(ops) {ops}
HAG(near) {"127.0.0.1"}
ASG(DEFAULT) {RULE(1, WRITE) {UAG(ops) HAG(near)}}
"""


def test_an_access_security_file_judges_user_and_host(served, tmp_path):
    file = tmp_path / "site.acf"
    file.write_text(ACF)
    (tmp_path / "tokens").write_text(f"ops {TOKEN}\nguest {'g' * 20}\n")
    site = served(acf=str(file), web={"tokens": str(tmp_path / "tokens"), "proxies": ["127.0.0.1"]})
    clients = {
        "ops": (site.client(), 200),
        "guest": (site.client("g" * 20), 403),
        "far": (
            site.client(token="", **{"X-Forwarded-User": "ops", "X-Forwarded-For": "9.9.9.9"}),
            403,
        ),
        "near": (site.client(token="", **{"X-Forwarded-User": "ops"}), 200),
    }
    found = {name: client.put(site.pv("Int"), 9).status for name, (client, _) in clients.items()}
    assert found == {name: status for name, (_, status) in clients.items()}


def test_tokens_are_read_again_on_a_reload_and_a_bad_file_changes_nothing(served, tmp_path, caplog):
    file = tmp_path / "tokens"
    file.write_text(f"ops {TOKEN}\n")
    site = served(web={"tokens": str(file)})
    client, late = site.client(), site.client("n" * 20)
    assert (client.get("/pvs").status, late.get("/pvs").status) == (200, 401)
    file.write_text(f"new {'n' * 20}\n")
    site.server.reload()
    assert (client.get("/pvs").status, late.get("/pvs").status) == (401, 200)
    file.write_text("broken\n")
    site.server.reload()
    assert late.get("/pvs").status == 200
    assert f"{file}:1: expected a user and a token" in caplog.text


@pytest.mark.parametrize(
    ("text", "reason"),
    [("one\n", ":1: expected"), ("# x\n\na b c\n", ":3: expected"), ("ann short\n", "is shorter")],
)
def test_a_file_of_tokens_that_cannot_be_used_is_named_without_its_tokens(tmp_path, text, reason):
    file = tmp_path / "tokens"
    file.write_text(text)
    with pytest.raises(BackendError) as refused:
        Tokens.of_file(str(file))
    assert str(file) in str(refused.value) and reason in str(refused.value)
    assert "short\n" not in str(refused.value) and " b " not in str(refused.value)
    with pytest.raises(BackendError, match="cannot read the tokens"):
        Tokens.of_file(str(tmp_path / "nothing"))


# Settings -----------------------------------------------------------------------------------------

WRONG = [
    ({"host": "localhost"}, "must be an address"), ({"host": ""}, "host is empty"),
    ({"host": 5}, "must be a str"), ({"port": -1}, "from 0 to 65535"), ({"port": "80"}, "an integer"),
    ({"port": True}, "an integer"), ({"hosts": "a"}, "a list of str"), ({"hosts": [""]}, "a list"),
    ({"read": "none"}, "'all', 'users' or None"), ({"proxies": ["a"]}, "no address and no network"),
    ({"proxies": ["10.0.0.1/8"]}, "host bits set"), ({"key": "k"}, "certificate is not"),
    ({"frames": ["a"]}, "no origin"), ({"frames": ["https://a; script-src *"]}, "no origin"),
    ({"frame_rate": 0}, "greater than 0"), ({"frame_rate": float("nan")}, "greater than 0"),
    ({"max_clients": 0}, "from 1 to"), ({"user_header": ""}, "is empty"), ({"tokens": None}, "a str"),
]  # fmt: skip


def test_a_setting_that_has_no_meaning_is_refused_at_once():
    wrong = []
    for option, reason in WRONG:
        try:
            Web(**option)
        except (TypeError, ValueError) as exc:
            if reason not in str(exc) or not str(exc).startswith("web: "):
                wrong.append((option, str(exc)))
        else:
            wrong.append((option, "taken"))
    assert not wrong


def test_only_loopback_is_open_to_all_unless_told_otherwise():
    for host, read, all_read in [
        ("127.0.0.1", None, True), ("127.3.2.1", None, True), ("::1", None, True),
        ("10.0.0.5", None, False), ("0.0.0.0", None, False), ("10.0.0.5", "all", True),  # noqa: S104
        ("127.0.0.1", "users", False),
    ]:  # fmt: skip
        assert Web(host=host, read=read)._settings.anyone_reads is all_read, (host, read)


def test_a_server_on_all_interfaces_is_called_by_the_address_it_was_reached_at():
    access = Access(Settings(host="0.0.0.0"), Tokens())  # noqa: S104
    for own, host, known in [
        ("10.0.0.5", "10.0.0.5:8080", True), ("10.0.0.5", "localhost", False),
        ("127.0.0.1", "localhost", True), ("10.0.0.5", "10.0.0.6", False),
    ]:  # fmt: skip
        try:
            access._check_host(own, host)
            found = True
        except Refused:
            found = False
        assert found is known, (own, host)


def test_a_port_that_is_taken_stops_the_start(served):
    site = served()
    backend = Web(port=int(port(site)))._make(type(site.backend.options)())
    with pytest.raises(BackendError, match=f"web: cannot listen on 127.0.0.1, port {port(site)}"):
        backend.start()
    with pytest.raises(BackendError, match="cannot listen"):
        backend.try_ports()
    backend.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate that nobody has signed, with its key."""
    folder = tmp_path_factory.mktemp("tls")
    ask = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=t",
    ]
    ask += ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run(ask, check=True, capture_output=True, timeout=LIMIT)
    return folder


def test_a_certificate_switches_tls_on(served, certificate):
    options = {"certificate": str(certificate / "cert.pem"), "key": str(certificate / "key.pem")}
    site = served(web=options)
    assert site.url.startswith("https://")
    client = site.client()
    assert client.put(site.pv("Int"), 5).status == 200
    socket = client.socket()
    socket.send(type="subscribe", pvs=[site.pv("Int")])
    assert socket.next()["value"] == 5
    context = ssl.create_default_context()
    with (
        sockets.create_connection(("127.0.0.1", int(port(site))), LIMIT) as plain,
        context.wrap_socket(plain, server_hostname="t", do_handshake_on_connect=False) as wrapped,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        wrapped.do_handshake()


def test_a_certificate_that_cannot_be_used_stops_the_start(certificate, bench, tmp_path):
    (tmp_path / "bad.pem").write_text("no certificate")
    made = Web(certificate=str(tmp_path / "bad.pem"))._make(
        type(bench.backend.options)(isolate=True)
    )
    with pytest.raises(BackendError, match="the certificate .*bad.pem cannot be used"):
        made.start()


def test_the_page_is_shown_the_problems_that_the_server_reports(served):
    site = served(clamp=["Top.Nothing"])
    client = site.client()

    def problems():
        return client.get("/problems").json["problems"]

    assert any("Nothing" in text for text in problems())
    wait_until(lambda: problems() == list(site.server.report()))  # it may have grown meanwhile
