"""A scripted OpenAI-compatible server: it stands in for a language model where a real one would make a test slow or
random, and it fails in every way that servers fail.

As a context manager in tests, or by hand: ``python -m tests.llm_server --port 8100 --dialect vllm --latency 0.05``.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import math
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG_SECONDS = 30.0
PROMPT_TOKENS, CACHED_TOKENS = 100, 80

# What a server can do instead of answering: by the name that tests use.
STATUS_FAULTS = {code: int(code) for code in ("400", "401", "403", "404", "408", "413", "422", "429", "500", "503")}
BROKEN_FAULTS = ("hang", "drop", "html", "not_a_completion")
LIST_FAULTS = ("hang", "drip", "html", "deep")  # of the list of models
ANSWER_FAULTS = ("empty", "outside", "cut", "prose", "half_json", "refusal", "refusal_field", "filtered")

# Of the item, in the languages that prompts are written in.
HEADING = re.compile(r"^# (?:Item|Élément|Eintrag|Elemento)\n\n", re.MULTILINE)

Choose = Callable[[str, Sequence[str]], Sequence[str]]


def by_content(text: str, names: Sequence[str]) -> list[str]:
    """The same option for the same text, spread over the options."""
    return [names[hashlib.sha256(text.encode()).digest()[0] % len(names)]]


class ScriptedServer:
    """``choose(item text, option names)`` gives the names that the model picks, whatever order they are shown in.

    ``share`` is the probability of what is picked. ``faults`` are used up one per request; ``fault_for`` (item text →
    fault name or None) holds for every request. ``requests`` keeps the bodies, ``peak`` the most requests at a time.
    Asked about an item of ``deadly`` it dies, and is started anew ``away`` seconds later; ``deaths``: the requests that
    were inside it each time; ``says_so``: it answers 500 to all of them first, as vLLM does.
    """

    def __init__(
        self,
        *,
        dialect: str = "vllm",
        model: str = "scripted-1",
        latency: float = 0.0,
        choose: Choose = by_content,
        share: float = 0.8,
        port: int = 0,
    ) -> None:
        self.dialect, self.model, self.latency, self.choose, self.share = dialect, model, latency, choose, share
        self.faults: deque[str] = deque()
        self.fault_for: Callable[[str], str | None] = lambda text: None
        self.prompt_tokens: Callable[[str], int] = lambda text: PROMPT_TOKENS  # of the item's text
        self.retry_after = 0
        self.api_key = ""
        self.logprobs = True
        self.elsewhere: tuple[int, int] | None = None  # running and waiting requests of others; None: no /metrics
        self.asked_for_models = 0
        self.list_fault = ""  # one of LIST_FAULTS, for every request for the list of models
        self.requests: list[dict[str, Any]] = []
        self.answered: list[str] = []  # the items of requests that were answered
        self.peak = self.now = 0
        self.lock = threading.RLock()
        self.closing = threading.Event()
        self.deadly: Callable[[str], bool] = lambda text: False
        self.away = 1.0
        self.deaths: list[int] = []
        self.dead = self.says_so = self.broken = False
        self._handler = type("Handler", (_Handler,), {"script": self})
        self.connections: set[socket.socket] = set()
        self._listen(port)

    def _listen(self, port: int) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", port), self._handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop as a killed server does: open connections break, new ones are refused."""
        self.closing.set()
        while self.dead:
            time.sleep(0.01)
        self._http.shutdown()
        self._http.server_close()
        self._break_connections()

    def die(self) -> None:
        """Be killed, and started anew after a while."""
        with self.lock:
            if self.dead or self.closing.is_set():
                return
            self.dead = True
            self.deaths.append(self.now)
        self._break_connections()
        threading.Thread(target=self._come_back, daemon=True).start()

    def _come_back(self) -> None:
        port = self.port
        self._http.shutdown()
        self._http.server_close()
        self._break_connections()
        self.closing.wait(self.away)
        self._listen(port)
        self._thread.start()
        self.dead = self.broken = False

    def replace_by(self, model: str) -> None:
        """Be another server under the same address, with another model: every connection to the old one breaks."""
        self.model = model
        self._break_connections()

    def _break_connections(self) -> None:
        with self.lock:
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    def metrics(self) -> str:
        """As vLLM words them."""
        running, waiting = self.elsewhere or (0, 0)
        lines = [
            f'vllm:num_requests_running{{model_name="{self.model}"}} {running + self.now}.0',
            f'vllm:num_requests_waiting{{model_name="{self.model}"}} {waiting}.0',
            f'vllm:prompt_tokens_total{{model_name="{self.model}"}} {len(self.requests) * PROMPT_TOKENS}.0',
            f'vllm:generation_tokens_total{{model_name="{self.model}"}} {len(self.requests) * 2}.0',
        ]
        return "\n".join(["# HELP vllm:num_requests_running Requests in execution.", *lines, ""])

    def next_fault(self, text: str) -> str | None:
        with self.lock:
            return self.faults.popleft() if self.faults else self.fault_for(text)

    # --- what a model would say -----------------------------------------------------------------------------------

    def answer(self, body: dict[str, Any]) -> list[tuple[str, dict[str, float]]]:
        """The answer as tokens, each with the probabilities of the tokens that could have stood there."""
        user = next(message["content"] for message in body["messages"] if message["role"] == "user")
        options = dict(re.findall(r"^([A-Za-z])\. ([^:\n]+)", HEADING.split(user)[0], re.MULTILINE))
        if not options:  # no question at all: somebody sees whether anything is answered
            return [("A", {"A": 1.0}), ("", {"": 1.0})]
        names = sorted(options.values())
        chosen = self.choose(item_text(body), names)
        codes = [code for code, name in options.items() if name in chosen]
        if self._is_bare(body):
            return [(codes[0], self._spread(codes[0], list(options))), ("", {"": 1.0})]
        return self._object(body, options, codes)

    def _is_bare(self, body: dict[str, Any]) -> bool:
        return "grammar" in body or "choice" in body.get("structured_outputs", {})

    def _object(
        self, body: dict[str, Any], options: dict[str, str], codes: list[str]
    ) -> list[tuple[str, dict[str, float]]]:
        properties = _schema(body)["properties"]
        tokens: list[tuple[str, dict[str, float]]] = []
        for number, name in enumerate(properties):
            tokens.append((("{" if not number else ", ") + json.dumps(name) + ":", {}))
            if name == "label":
                tokens += [(' "', {}), (codes[0], self._spread(codes[0], list(options))), ('"', {})]
            elif name == "reason":
                tokens.append((' "The rules say so."', {}))
            elif name == "certainty":
                tokens.append((" 60", {}))
            else:
                said = " true" if name in codes else " false"
                other = " false" if name in codes else " true"
                tokens.append((said, {said: self.share, other: 1 - self.share}))
        return [*tokens, ("}", {})]

    def _spread(self, code: str, codes: list[str]) -> dict[str, float]:
        """``share`` for the picked code, the rest evenly for the others; a tenth of all goes to other words."""
        rest = (1 - self.share) / max(len(codes) - 1, 1)
        return {one: 0.9 * (self.share if one == code else rest) for one in codes} | {"The": 0.1}


def item_text(body: dict[str, Any]) -> str:
    """The item of a request: what stands between its heading and the instruction."""
    user = next(message["content"] for message in body["messages"] if message["role"] == "user")
    return HEADING.split(user)[-1].rpartition("\n\n")[0]


def _schema(body: dict[str, Any]) -> dict[str, Any]:
    if "structured_outputs" in body:
        return body["structured_outputs"]["json"]
    return body["response_format"]["json_schema"]["schema"]


class _Handler(BaseHTTPRequestHandler):
    script: ScriptedServer
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        with self.script.lock:
            self.script.connections.add(self.connection)

    def finish(self) -> None:
        with self.script.lock:
            self.script.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""

    def do_GET(self) -> None:
        script = self.script
        if script.dead:
            self.close_connection = True
            return
        if not self._authorised():
            return
        if self.path == "/metrics" and script.elsewhere is not None:
            self._send_bytes(200, script.metrics().encode(), "text/plain; version=0.0.4")
        elif self.path == "/v1/models" and script.list_fault:
            self._list_badly(script.list_fault)
        elif self.path == "/v1/models":
            script.asked_for_models += 1
            entry: dict[str, Any] = {"id": script.model, "object": "model", "owned_by": script.dialect}
            if script.dialect == "vllm":
                entry |= {"root": f"org/{script.model}", "parent": None, "max_model_len": 4096}
            if script.dialect == "llamacpp":
                entry |= {"meta": {"n_ctx": 8192, "n_params": 134_515_008, "ftype": "Q4_1"}}
            self._send(200, {"object": "list", "data": [entry]})
        else:
            self._send(404, {"error": {"message": "not found"}})

    def _list_badly(self, fault: str) -> None:
        if fault == "html":
            self._send_bytes(200, b"<html>It works!</html>", "text/html")
        elif fault == "deep":
            self._send_bytes(200, b"[" * 100_000, "application/json")
        elif fault == "hang":
            self.script.closing.wait(HANG_SECONDS)
            self.close_connection = True
        else:  # a byte now and then: no single wait is long, and it never ends
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            with contextlib.suppress(OSError):
                while not self.script.closing.wait(0.05):
                    self.wfile.write(b" ")
            self.close_connection = True

    def do_POST(self) -> None:
        script = self.script
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._authorised():
            return
        with script.lock:
            script.requests.append(body)
            script.now += 1
            script.peak = max(script.peak, script.now)
        try:
            if script.latency:
                time.sleep(script.latency)
            self._answer(body)
        finally:
            with script.lock:
                script.now -= 1

    def _answer(self, body: dict[str, Any]) -> None:
        script, fault = self.script, self.script.next_fault(item_text(body))
        if script.deadly(item_text(body)):
            script.broken = script.says_so
            threading.Timer(0.05, script.die).start() if script.says_so else script.die()
        if script.dead:
            self.close_connection = True
            return
        fault = "500" if script.broken else fault
        if body["model"] != script.model and script.dialect != "llamacpp":
            fault = "404"
        if fault in STATUS_FAULTS:
            headers = {"Retry-After": str(script.retry_after)} if script.retry_after else {}
            self._send(STATUS_FAULTS[fault], {"error": {"message": f"scripted fault {fault}"}}, headers)
        elif fault == "hang":
            script.closing.wait(HANG_SECONDS)
            self.close_connection = True
        elif fault == "drop":
            self.close_connection = True
        elif fault == "html":
            self._send_bytes(200, b"<html>It works!</html>", "text/html")
        elif fault == "not_a_completion":
            self._send(200, {"object": "list", "data": []})
        else:
            with script.lock:
                script.answered.append(item_text(body))
            self._send(200, self._completion(body, fault))

    def _completion(self, body: dict[str, Any], fault: str | None) -> dict[str, Any]:
        tokens = self.script.answer(body)
        text = "".join(token for token, _ in tokens)
        if fault in ANSWER_FAULTS:
            text = {
                "empty": "",
                "outside": "Z",
                "cut": text[: len(text) // 2],
                "prose": "I think it is fine.",
                "half_json": '{"label": "A"',
                "refusal": "I cannot help with that.",
                "refusal_field": "",
                "filtered": text[:1],
            }[fault]
            tokens = [(text, {})]
        choice: dict[str, Any] = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": {"cut": "length", "filtered": "content_filter"}.get(fault or "", "stop"),
        }
        if fault == "refusal_field":
            choice["message"] |= {"content": None, "refusal": "I cannot help with that."}
        if self.script.logprobs:
            choice["logprobs"] = {"content": [_logprobs(token, shares) for token, shares in tokens]}
        read = self.script.prompt_tokens(item_text(body))
        usage = {
            "prompt_tokens": read,
            "completion_tokens": len(tokens),
            "total_tokens": read + len(tokens),
            "prompt_tokens_details": {"cached_tokens": CACHED_TOKENS},
        }
        return {"object": "chat.completion", "model": body["model"], "choices": [choice], "usage": usage}

    def _authorised(self) -> bool:
        key = self.script.api_key
        if key and self.headers.get("Authorization") != f"Bearer {key}":
            sent = self.headers.get("Authorization", "").removeprefix("Bearer ")
            self._send(401, {"error": {"message": f"The key {sent} is wrong, as is sk-123abc or Bearer xyz."}})
            return False
        return True

    def _send(self, status: int, data: Any, headers: dict[str, str] | None = None) -> None:
        self._send_bytes(status, json.dumps(data).encode(), "application/json", headers)

    def _send_bytes(self, status: int, data: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client has gone


def _logprobs(token: str, shares: dict[str, float]) -> dict[str, Any]:
    shares = shares or {token: 1.0}
    top = [{"token": text, "logprob": math.log(share)} for text, share in shares.items() if share > 0]
    own = next(entry["logprob"] for entry in top if entry["token"] == token)
    return {"token": token, "logprob": own, "top_logprobs": sorted(top, key=lambda entry: -entry["logprob"])}


def main() -> None:
    parser = argparse.ArgumentParser(description="A scripted OpenAI-compatible server.")
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--dialect", choices=["vllm", "llamacpp", "other"], default="vllm")
    parser.add_argument("--model", default="scripted-1")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds per answer")
    options = parser.parse_args()
    server = ScriptedServer(dialect=options.dialect, model=options.model, latency=options.latency, port=options.port)
    with server:
        print(f"serving {options.model} on {server.url}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
