# Copyright (c) 2026, secops.triage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What leaves for where: redirects, cookies, netrc, proxies, TLS; and answers of bytes that no API would send."""

from __future__ import annotations

import gzip
import socket
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.secops.triage.plugins.module_utils._core.errors import (
    AmbiguousError,
    OptionError,
    RefusedError,
    RequestError,
    UnreachableError,
)
from ansible_collections.secops.triage.tests.unit.client import make_client
from ansible_collections.secops.triage.tests.unit.harness import without_environment
from ansible_collections.secops.triage.tests.unit.loopback import (
    Loopback,
    Reply,
    Wire,
    answer_bytes,
    closed_port,
    make_certificate,
    next_request,
)

pytestmark = pytest.mark.versions

PASSWORD = "Tw9vKx4LqZm7"
KEYS = {"DD-API-KEY": "q7Zt3WvK9xLr2MbN8sHd5GcJ4yPf6TnQ"}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    without_environment(monkeypatch)


@pytest.fixture
def server() -> t.Iterator[Loopback]:
    with Loopback() as one:
        yield one


@pytest.fixture
def proxy() -> t.Iterator[Loopback]:
    with Loopback(tunnels=True) as one:
        yield one


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secure(certificate: Path) -> t.Iterator[Loopback]:
    with Loopback(certificate) as one:
        yield one


# Redirects, cookies, netrc


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
@pytest.mark.parametrize("body", [b"", b"<html><title>Moved</title></html>"])
def test_a_redirect_is_refused_and_takes_nothing_along(
    server: Loopback, proxy: Loopback, status: int, method: str, body: bytes
) -> None:
    server.reply = Reply(status, {"Location": f"{proxy.url}/elsewhere?token=x"}, body)
    # What has taken a form may answer with a redirect, too.
    error = RefusedError if method == "GET" else AmbiguousError
    with pytest.raises(error, match=f"{status} .*a redirect to 127.0.0.1:{proxy.port}") as caught:
        make_client(KEYS).request(method, f"{server.url}/here", {} if method == "PATCH" else None)
    assert caught.value.hint is not None
    assert "Redirects are not followed" in caught.value.hint
    assert len(server.seen) == 1
    assert proxy.seen == []


def test_a_redirect_within_the_host_is_not_followed_either(server: Loopback) -> None:
    server.reply = Reply(302, {"Location": "/login"}, b"")
    with pytest.raises(RefusedError, match="a redirect to another path"):
        make_client(KEYS).get(f"{server.url}/here")
    assert [seen.target for seen in server.seen] == ["/here"]


def test_cookies_are_not_kept(server: Loopback) -> None:
    server.reply = Reply(headers={"Set-Cookie": "session=1; Path=/"})
    client = make_client(KEYS)
    client.get(server.url)
    client.get(server.url)
    assert len(server.seen) == 2
    assert not [seen for seen in server.seen if "cookie" in seen.headers]


def test_netrc_is_not_read(server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text(f"machine 127.0.0.1 login me password {PASSWORD}\ndefault login me password {PASSWORD}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    make_client(KEYS).get(server.url)
    make_client({"Authorization": "Bearer mine"}).get(server.url)
    assert [seen.headers.get("authorization") for seen in server.seen] == [None, "Bearer mine"]


def test_what_a_request_carries(server: Loopback) -> None:
    client = make_client(KEYS)
    client.get(server.url, {"a[b]": "c d"})
    client.request("PATCH", server.url, {"x": 1})
    read, write = server.seen
    assert read.target == "/?a%5Bb%5D=c+d"
    assert read.headers["accept"] == "application/json"
    assert "content-type" not in read.headers
    assert write.headers["content-type"] == "application/json"
    assert read.headers["user-agent"] == "ansible-secops.triage"
    assert read.headers["dd-api-key"] == write.headers["dd-api-key"] == KEYS["DD-API-KEY"]


# Answers of any bytes


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(body=b""), "200 with an empty body"),
        (Reply(body=b"   "), "not JSON"),
        (Reply(body=b'{"a": 1'), "not JSON"),
        (Reply(body=b"\xff\xfe\x00{"), "not JSON"),
        (Reply(body=b"[" * 100_000), "not JSON"),
        (Reply(body=b"OK", headers={"Content-Type": "text/plain"}), r"not JSON \(text/plain\)"),
        (Reply(body=b"<html><title>Log in</title></html>"), "an HTML page: Log in"),
        (Reply(body=b'{"a": 1}', length=500), "broke"),
        (Reply(body=b"not gzip", headers={"Content-Encoding": "gzip"}), "broke"),
        (Reply(500, body=b"\xff\x00"), "500"),
        (Reply(503, body=b""), "503"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_an_answer_that_does_not_tell(server: Loopback, method: str, reply: Reply, said: str) -> None:
    server.reply = reply
    with pytest.raises(AmbiguousError, match=said) as caught:
        make_client(KEYS, retries=0).request(method, f"{server.url}/here", {} if method == "PATCH" else None)
    assert "object at" not in str(caught.value)
    assert caught.value.path == "/here"


def test_no_content_is_an_answer(server: Loopback) -> None:
    server.reply = Reply(204, body=b"")
    assert make_client(KEYS).request("PATCH", server.url, {}).body is None


def test_a_compressed_answer_is_read(server: Loopback) -> None:
    server.reply = Reply(headers={"Content-Encoding": "gzip"}, body=gzip.compress(b'{"a": "b"}'))
    assert make_client(KEYS).get(server.url).body == {"a": "b"}


def test_a_refusal_of_any_bytes_is_a_refusal(server: Loopback) -> None:
    for body in (b"", b"\xff\x00", b"[" * 100_000, b"nope"):
        server.reply = Reply(400, body=body)
        with pytest.raises(RefusedError) as caught:
            make_client(KEYS).get(server.url)
        assert len(str(caught.value)) < 700


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("depth", [300, 900, 5_000, 100_000])
@pytest.mark.parametrize("kind", ["[]", '{"error":1}', '{"message":1}', '{"errors":[1]}'])
def test_an_answer_as_deep_as_that_is_an_answer_or_an_error(
    server: Loopback, status: int, depth: int, kind: str
) -> None:
    opening, _one, closing = kind.partition("1") if "1" in kind else ("[", "", "]")
    server.reply = Reply(status, body=(opening * depth + "1" + closing * depth).encode())
    client = make_client(KEYS, retries=0)
    (answer,) = client.each_alone(client.get, [server.url])
    if isinstance(answer, RequestError):
        assert len(str(answer)) < 700
        assert answer.status == status
    else:
        assert status == 200


def test_a_large_error_takes_no_time(server: Loopback) -> None:
    """To take secrets out of sixty megabytes of small objects takes minutes."""
    server.reply = Reply(400, body=b"[" + b"{}," * (20 * 2**20) + b"{}]")
    start = time.process_time()
    with pytest.raises(RefusedError):
        make_client(KEYS).get(server.url)
    assert time.process_time() - start < 5


# Proxies


def test_without_a_proxy_none_is_used(server: Loopback, proxy: Loopback) -> None:
    make_client(KEYS).get(server.url)
    assert proxy.seen == []


#: A host whose name nobody looks up but the proxy.
THERE = "http://service.example:8080"


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy"])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_proxy_from_the_environment(
    proxy: Loopback, monkeypatch: pytest.MonkeyPatch, variable: str, scheme: str
) -> None:
    monkeypatch.setenv(variable, f"{scheme}me:{PASSWORD}@127.0.0.1:{proxy.port}")
    hidden: list[str] = []
    make_client(KEYS, hide=hidden.append, allow_http=True).get(f"{THERE}/here")
    (seen,) = proxy.seen
    assert seen.target == f"{THERE}/here"
    assert seen.headers["proxy-authorization"].startswith("Basic ")
    assert PASSWORD in hidden


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "127.9.8.7"])
@pytest.mark.parametrize("allow_http", [True, False])
def test_what_is_on_this_machine_goes_past_the_proxy_of_the_environment(
    server: Loopback, proxy: Loopback, monkeypatch: pytest.MonkeyPatch, variable: str, host: str, allow_http: bool
) -> None:
    monkeypatch.setenv(variable, proxy.url)
    monkeypatch.setenv("NO_PROXY", "service.example")
    try:
        make_client(KEYS, allow_http=allow_http, retries=0).get(f"http://{host}:{server.port}/here")
    except UnreachableError:
        assert host == "127.9.8.7", "the server is at one address only"
    assert proxy.seen == []
    assert proxy.connections == 0


@pytest.mark.parametrize(
    "url", ["http://[::1]:1/x", "https://[::1]:1/x", "https://localhost:1/x", "http://localhost:1/"]
)
def test_a_closed_port_of_this_machine_is_not_asked_of_the_proxy(
    proxy: Loopback, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    with pytest.raises(UnreachableError):
        make_client(KEYS, retries=0).get(url)
    assert proxy.connections == 0


@pytest.mark.parametrize("way", ["option", "environment"])
@pytest.mark.parametrize("secure", [False, True])
def test_keys_go_through_a_proxy_in_the_clear_only_if_that_is_allowed(
    server: Loopback, proxy: Loopback, monkeypatch: pytest.MonkeyPatch, certificate: Path, way: str, secure: bool
) -> None:
    """Nor to a server on this machine, nor by TLS as far as the proxy: that one would read them."""
    url = proxy.url.replace("http:", "https:") if secure else proxy.url
    if way == "environment":
        monkeypatch.setenv("HTTP_PROXY", url)
    options: dict[str, t.Any] = {"proxy": url} if way == "option" else {}
    for there in [THERE, server.url] if way == "option" else [THERE]:
        with pytest.raises(OptionError, match="plain HTTP, which would show the credentials to the proxy") as caught:
            make_client(KEYS, **options).request("PATCH", there, {})
        assert "allow_http: true" in str(caught.value)
    assert proxy.connections == 0


def test_a_socks_proxy_of_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(OptionError, match=r"The proxy in the environment is not a URL.*not SOCKS"):
        make_client(KEYS).get("https://service.example/")


@pytest.mark.parametrize("variable", ["no_proxy", "NO_PROXY"])
@pytest.mark.parametrize("value", ["localhost.example", "example.com,127.0.0.0/8,.example", "*"])
def test_no_proxy(proxy: Loopback, monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv(variable, value)
    # No such name exists, so without a proxy nobody is found.
    with pytest.raises(UnreachableError, match=r"no connection to localhost\.example:1"):
        make_client(KEYS, retries=0, allow_http=True).get("http://localhost.example:1")
    assert proxy.connections == 0


def test_the_option_comes_before_the_environment(proxy: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    hidden: list[str] = []
    option = f"http://me:{PASSWORD}@127.0.0.1:{proxy.port}"
    make_client(KEYS, hide=hidden.append, proxy=option, allow_http=True).get(THERE)
    (seen,) = proxy.seen
    assert "proxy-authorization" in seen.headers
    assert PASSWORD in hidden


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there_is_told_without_its_password(server: Loopback, scheme: str) -> None:
    proxy = f"http://me:{PASSWORD}@127.0.0.1:{closed_port()}"
    url = server.url.replace("http:", f"{scheme}:")
    with pytest.raises(UnreachableError, match="through the proxy") as caught:
        make_client(KEYS, proxy=proxy, retries=0, allow_http=True).request("PATCH", url, {})
    assert PASSWORD not in str(caught.value)
    assert caught.value.hint == "Check proxy."


def test_a_proxy_that_refuses_the_tunnel_is_told(secure: Loopback, server: Loopback) -> None:
    with pytest.raises(UnreachableError, match=r"through the proxy.*502"):
        make_client(KEYS, proxy=server.url, retries=0).request("PATCH", secure.url, {})
    assert [seen.method for seen in server.seen] == ["CONNECT"]
    assert secure.seen == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_asks_for_a_password_is_asked_once(scheme: str) -> None:
    """Nothing of it reaches the service. A wrong password that is sent again and again locks an account."""

    def serve(connection: socket.socket) -> None:
        while request := next_request(connection):
            requests.append(request)
            connection.sendall(answer_bytes(b"", "407 Proxy Authentication Required"))

    requests: list[bytes] = []
    with Wire(serve) as proxy:
        client = make_client(KEYS, proxy=proxy.url, allow_http=True, retries=3)
        for _turn in range(3):
            with pytest.raises(RefusedError) as caught:
                client.request("PATCH", f"{scheme}://service.example/", {})
            assert caught.value.status == 407
            assert caught.value.hint is not None
            assert "check proxy" in caught.value.hint
    assert len(requests) == 1


def test_through_a_tunnel_the_proxy_sees_no_credentials(secure: Loopback, proxy: Loopback, certificate: Path) -> None:
    client = make_client(KEYS, proxy=proxy.url, ca_path=str(certificate))
    assert client.get(secure.url).body == {"ok": True}
    (seen,) = proxy.seen
    assert (seen.method, seen.target) == ("CONNECT", f"127.0.0.1:{secure.port}")
    assert "dd-api-key" not in seen.headers
    assert secure.seen[0].headers["dd-api-key"] == KEYS["DD-API-KEY"]
    assert "proxy-authorization" not in secure.seen[0].headers


@pytest.mark.parametrize("broken", ["{}@127.0.0.1:port", "12/{}@127.0.0.1:1", "12#{}@127.0.0.1:1", "{}/x@127.0.0.1:1"])
def test_a_broken_proxy_variable_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://me:{broken.format(PASSWORD)}")
    with pytest.raises(OptionError, match="The proxy in the environment is not a URL") as caught:
        make_client(KEYS, retries=0, allow_http=True).get(THERE)
    assert PASSWORD not in str(caught.value)


# TLS


def test_an_untrusted_certificate_is_refused_before_anything_is_sent(secure: Loopback) -> None:
    with pytest.raises(RefusedError, match="no trusted TLS connection") as caught:
        make_client(KEYS).get(secure.url)
    assert caught.value.hint is not None
    assert "ca_path" in caught.value.hint
    assert "object at" not in str(caught.value)
    assert secure.seen == []
    assert secure.connections <= 1, "it is not tried again"


def test_a_certificate_for_another_host_is_refused(tmp_path: Path) -> None:
    other = make_certificate(tmp_path, "127.0.0.2")
    with Loopback(other) as server, pytest.raises(RefusedError, match="no trusted TLS connection"):
        make_client(KEYS, ca_path=str(other)).get(server.url)


def test_an_authority_from_the_option(secure: Loopback, certificate: Path) -> None:
    assert make_client(KEYS, ca_path=str(certificate)).get(secure.url).status == 200


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_an_authority_from_the_environment(
    secure: Loopback, certificate: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(certificate))
    assert make_client(KEYS).get(secure.url).status == 200


def test_the_authority_of_the_option_comes_before_the_environment(
    secure: Loopback, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(make_certificate(tmp_path)))
    assert make_client(KEYS, ca_path=str(certificate)).get(secure.url).status == 200


def test_a_file_that_is_no_authority_is_an_option_error(secure: Loopback, tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nothing")
    with pytest.raises(OptionError, match="cannot be used"):
        make_client(KEYS, ca_path=str(nonsense)).get(secure.url)


def test_validation_can_be_turned_off(secure: Loopback) -> None:
    assert make_client(KEYS, validate_certs=False).get(secure.url).status == 200


def test_one_tls_context_for_all_connections(secure: Loopback, tmp_path: Path, certificate: Path) -> None:
    """The authorities are read once: later connections do without the file."""
    authority = tmp_path / "authority.pem"
    authority.write_bytes(certificate.read_bytes())
    client = make_client(KEYS, ca_path=str(authority), concurrency=4)
    client.get(secure.url)
    authority.unlink()
    secure.reply.body = b'{"a": "' + b"x" * 300_000 + b'"}'
    client.each(client.get, [secure.url] * 40)
    assert len(secure.seen) == 41
    assert 1 < secure.connections <= 4


def test_plain_text_on_a_tls_port_is_told(server: Loopback) -> None:
    with pytest.raises(UnreachableError) as caught:
        make_client(KEYS, retries=0).request("PATCH", server.url.replace("http:", "https:"), {})
    assert "object at" not in str(caught.value)
    place = server.url.removeprefix("http://")
    assert f"no TLS connection to {place}" in str(caught.value)
    assert caught.value.hint == f"The answer is not TLS. Did you mean http://{place}, which needs allow_http: true?"
    assert server.seen == []


def test_plain_text_on_a_tls_port_behind_a_tunnel_is_told(server: Loopback, proxy: Loopback) -> None:
    with pytest.raises(UnreachableError, match="Did you mean http://"):
        make_client(KEYS, proxy=proxy.url, retries=0).get(server.url.replace("http:", "https:"))


def test_a_proxy_that_speaks_no_tls_is_not_the_server(server: Loopback, proxy: Loopback) -> None:
    with pytest.raises(UnreachableError) as caught:
        make_client(KEYS, proxy=proxy.url.replace("http:", "https:"), allow_http=True, retries=0).get(server.url)
    assert caught.value.hint == "Check proxy."


#: A fatal alert, as OpenSSL sends it when it reads an HTTP request; and the pages of nginx, Apache and Go.
TLS_PORTS = {
    "alert": b"\x15\x03\x01\x00\x02\x02\x50",
    "nginx": b"<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>",
    "apache": b"<p>Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
    "go": b"Client sent an HTTP request to an HTTPS server.\n",
}


@pytest.mark.parametrize("name", TLS_PORTS)
def test_tls_on_a_port_for_plain_text_is_told(name: str) -> None:
    said = TLS_PORTS[name]
    if name != "alert":
        said = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(said), said)

    def serve(connection: socket.socket) -> None:
        next_request(connection)
        connection.sendall(said)

    with Wire(serve) as wire, pytest.raises(RequestError) as caught:
        make_client(KEYS, retries=0).get(wire.url)
    assert caught.value.hint == "The server takes only TLS at this port. Did you mean https:// in the address?"


@pytest.mark.parametrize(
    ("status", "body"), [(400, b'{"message": "HTTP request to an HTTPS server"}'), (404, b"HTTP request to an HTTPS")]
)
def test_other_answers_are_not_about_tls(server: Loopback, status: int, body: bytes) -> None:
    server.reply = Reply(status=status, body=body)
    with pytest.raises(RefusedError) as caught:
        make_client(KEYS, retries=0).get(server.url)
    assert "TLS" not in (caught.value.hint or "")
