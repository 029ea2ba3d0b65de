"""A scripted OpenAI-compatible server that costs next to nothing: ``python benchmarks/_llm_server.py PORT LATENCY``.

It answers every chat completion after ``LATENCY`` seconds with one of the first three option codes, with
log-probabilities as vLLM gives them. Standard library alone, so that it starts at once.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
import zlib

MODEL = "bench-1"
PROMPT_TOKENS, COMPLETION_TOKENS = 300, 2
CODES = "ABC"
TOP = 20


def completion(code: str) -> bytes:
    """A whole HTTP answer that picks ``code``: its token with the likeliest others, and the end of the text."""
    shares = {one: 0.7 if one == code else 0.12 for one in CODES} | {f"w{n}": 0.06 / TOP for n in range(TOP - 3)}
    top = [
        {"token": token, "logprob": math.log(share), "bytes": list(token.encode())} for token, share in shares.items()
    ]
    tokens = [
        {"token": code, "logprob": math.log(0.7), "bytes": list(code.encode()), "top_logprobs": top},
        {"token": "", "logprob": 0.0, "bytes": [], "top_logprobs": top},
    ]
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": code},
        "logprobs": {"content": tokens},
        "finish_reason": "stop",
    }
    usage = {
        "prompt_tokens": PROMPT_TOKENS,
        "completion_tokens": COMPLETION_TOKENS,
        "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS,
        "prompt_tokens_details": {"cached_tokens": PROMPT_TOKENS - 60},
    }
    return http({"object": "chat.completion", "model": MODEL, "choices": [choice], "usage": usage})


def http(data: object) -> bytes:
    body = json.dumps(data).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


ANSWERS = [completion(code) for code in CODES]
MODELS = http(
    {
        "object": "list",
        "data": [{"id": MODEL, "owned_by": "vllm", "root": "bench/one", "parent": None, "max_model_len": 4096}],
    }
)


class Connection(asyncio.Protocol):
    """Reads one request after another; knows just enough of HTTP for its one client."""

    latency = 0.02

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.held = b""

    def data_received(self, data: bytes) -> None:
        self.held += data
        while b"\r\n\r\n" in self.held:
            head, _, rest = self.held.partition(b"\r\n\r\n")
            length = 0
            for line in head.split(b"\r\n")[1:]:
                if line[:15].lower() == b"content-length:":
                    length = int(line[15:])
            if len(rest) < length:
                return
            body, self.held = rest[:length], rest[length:]
            if head.startswith(b"GET"):
                self.transport.write(MODELS)
                continue
            answer = ANSWERS[zlib.crc32(body) % len(ANSWERS)]
            asyncio.get_running_loop().call_later(self.latency, self.transport.write, answer)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    Connection.latency = float(sys.argv[2])
    asyncio.run(serve(int(sys.argv[1])))
