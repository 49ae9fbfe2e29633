# SPDX-License-Identifier: MIT
"""A server of files in memory that resumes downloads, or fails at them as it is told."""
import http.server
import threading


class Server(http.server.ThreadingHTTPServer):
    """`mode` is whole, cut (half of what is left comes), stall (and then nothing more) or from_start (no
    ranges); `asked` lists (file, first byte) of each request."""

    daemon_threads = True

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.mode, self.asked = files, "whole", []
        self.go_on = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def set(self, mode="whole"):
        self.mode, self.asked = mode, []

    def handle_error(self, request, client_address):
        pass  # a client that was killed


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        server, name = self.server, self.path.lstrip("/")
        content = server.files.get(name)
        if content is None:
            self.send_error(404)
            return
        asked = self.headers.get("Range")
        first = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        server.asked.append((name, first))
        if first >= len(content) > 0 and first > 0:
            self.send_error(416)
            return
        if server.mode == "from_start":
            first = 0
        rest = content[first:]
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest if server.mode in ("whole", "from_start") else rest[: (len(rest) + 1) // 2])
        self.wfile.flush()
        if server.mode == "stall":
            server.go_on.wait(60)
        self.close_connection = True
