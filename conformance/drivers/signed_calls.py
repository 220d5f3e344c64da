"""A fake AWS on loopback that records the signer of each call, for clients that do not print their credentials."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

IDENTITY = b"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/me</Arn><UserId>me</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""


def listen(on_call):
    """Starts the fake and returns its URL. `on_call` gets the line that a driver prints. The answer waits for its return."""

    class Aws(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers.get("content-length", 0)))
            key = re.search(r"Credential=([^/]+)/", self.headers.get("authorization", ""))
            token = self.headers.get("x-amz-security-token", "")
            on_call(f"{key.group(1)} - {len(token)}" if key else "error: a call that was not signed")
            body = IDENTITY if self.command == "POST" else b""
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_GET = do_HEAD = do_DELETE = do_POST

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Aws)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"
