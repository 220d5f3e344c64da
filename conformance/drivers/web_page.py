"""Foreign web pages in Chromium that attack a server on loopback.

    web_page.py (PORT|lax)

The server listens on 127.0.0.1:PORT. `lax` starts a server without checks, to prove that the attacks work.
Prints JSON, by page and base URL and attack: the `statuses` of the server's answers, and what the page `read`.

A recorder stands between Chromium and the server. It changes no byte.
"""

import json
import re
import socket
import sys
import tempfile
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from browser import browser, last_answer

PAGE = Path(__file__).with_name("attack.html").read_bytes()
# A loopback address on which the server does not listen, so that another program can use the same port there.
ELSEWHERE = "127.0.0.2"
# Pages on loopback may reach loopback, whatever Chromium's default is. The test must see our refusal, not Chromium's.
WITHOUT = "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests"


class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body, headers):
        self.send_response(200)
        for name, value in [*headers, ("content-length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Theirs(Server):
    """The server of the page."""

    def do_GET(self):
        self.answer(PAGE, [("content-type", "text/html; charset=utf-8")])


class Lax(Server):
    """A server that checks neither the host nor the origin."""

    def do_GET(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        origin = self.headers.get("origin", "*")
        allowed = self.headers.get("access-control-request-headers", "x-none")
        self.answer(
            b'{"AccessKeyId":"ASIALAX"}',
            [
                ("content-type", "application/json"),
                ("access-control-allow-origin", origin),
                ("access-control-allow-credentials", "true"),
                ("access-control-allow-methods", "PUT, DELETE"),
                ("access-control-allow-headers", allowed),
            ],
        )

    do_POST = do_PUT = do_DELETE = do_OPTIONS = do_GET


def serve(handler, address):
    server = ThreadingHTTPServer(address, handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


class Recorder:
    """Forwards each request to the server on a new connection, and records the statuses of the answers by attack."""

    def __init__(self, port):
        self.port = port
        self.statuses = defaultdict(list)
        listener = socket.create_server((ELSEWHERE, port))
        threading.Thread(target=self.accept, args=[listener], daemon=True).start()

    def accept(self, listener):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=self.carry, args=[connection], daemon=True).start()

    def carry(self, connection):
        with connection, connection.makefile("rb") as requests:
            while request := whole(requests):
                method, target, _ = request.split(b" ", 2)
                url = urlsplit(target.decode())
                if url.path == "/page":  # As if the name still led to the page's server.
                    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\n"
                                       b"content-length: %d\r\n\r\n%b" % (len(PAGE), PAGE))
                    continue
                with socket.create_connection(("127.0.0.1", self.port)) as server:
                    server.sendall(request)
                    with server.makefile("rb") as answers:
                        answer = whole(answers)
                for attack in parse_qs(url.query).get("attack", []):
                    self.statuses[attack].append(f"{method.decode()} {answer.split()[1].decode()}")
                connection.sendall(answer)

    def take(self, attacks):
        """The statuses, when each attack has one. A page does not know when a beacon arrives."""
        patience = time.monotonic() + 20
        while not set(attacks) <= self.statuses.keys() and time.monotonic() < patience:
            time.sleep(0.02)
        taken, self.statuses = self.statuses, defaultdict(list)
        return taken


def whole(messages):
    """Reads an HTTP message with its body. Empty at the end of the connection."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = messages.readline()
        if not line:
            return b""
        head += line
    length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    return head + (messages.read(int(length.group(1))) if length else b"")


def attacks(driver, recorder, port):
    theirs = serve(Theirs, ("127.0.0.1", 0))
    ours = [f"http://127.0.0.1:{port}", f"http://localhost:{port}"]
    rebound = f"http://rebind.test:{port}"
    for page, bases in [
        (f"{rebound}/page", [rebound, *ours]),
        (f"http://evil.test:{theirs}/", ours),
        (f"http://localhost:{theirs}/", ours),
    ]:
        for base in bases:
            driver.get(page)
            read = driver.execute_async_script("attack(arguments[0]).then(arguments[1])", base)
            statuses = recorder.take(read)
            where = f"{urlsplit(page).hostname} → {urlsplit(base).hostname}"
            yield where, {name: {"read": read[name], "statuses": statuses.get(name, [])} for name in read}


def typed(driver, url):
    """What a person sees who types the address."""
    driver.get(url)
    return {"text": driver.find_element("tag name", "body").text, "status": last_answer(driver)["status"]}


def main(server):
    port = serve(Lax, ("127.0.0.1", 0)) if server == "lax" else int(server)
    recorder = Recorder(port)
    hosts = [f"MAP {ours}:{port} {ELSEWHERE}:{port}" for ours in ["127.0.0.1", "localhost", "rebind.test"]]
    rules = "--host-resolver-rules=" + ",".join([*hosts, "MAP *.test 127.0.0.1"])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, browser(profile, rules, WITHOUT) as driver:
        driver.set_script_timeout(60)
        seen = {"pages": dict(attacks(driver, recorder, port)), "typed": typed(driver, f"http://127.0.0.1:{port}/")}
    print(json.dumps(seen))


main(*sys.argv[1:])
