"""The benchmark beside Label Studio: what it says where there is none, its arithmetic, and what it asks of the peer."""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from evenhand.cli import bench, main
from evenhand.local.errors import LocalError


@pytest.fixture
def peer(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(bench.ROOT), *sys.path])
    from benchmarks import peer

    return peer


def test_where_label_studio_is_missing_it_says_how_to_get_it_and_ends_well(peer, tmp_path):
    result = CliRunner().invoke(main, ["bench", "peer", "--json", "--programs", str(tmp_path)])
    assert result.exit_code == 0
    answer = json.loads(result.output)
    assert (answer["bench"], answer["figures"]) == ("peer", {})
    assert "label-studio/bin/pip install label-studio" in answer["missing"]
    in_words = CliRunner().invoke(main, ["bench", "peer", "--programs", str(tmp_path)])
    assert "--programs label-studio/bin" in in_words.output


def test_the_program_is_found_in_the_folder_that_was_named(peer, tmp_path):
    program = tmp_path / "label-studio"
    program.write_text("#!/bin/sh\n")
    with pytest.raises(bench.Missing):
        peer.find(tmp_path)  # it cannot be run
    program.chmod(0o755)
    assert peer.find(tmp_path) == program


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    result = CliRunner().invoke(main, ["bench", "peer", "--programs", str(tmp_path / "nowhere")])
    assert result.exit_code == 2
    assert "does not exist" in result.output


@pytest.mark.parametrize(
    ("counts", "share"), [([], 0.0), ([0, 0], 0.0), ([1, 1, 0], 0.0), ([2, 1, 0], 1 / 3), ([3, 1], 0.5)]
)
def test_doubled_submissions_are_those_after_the_first_of_an_item(peer, counts, share):
    assert peer.doubled(counts) == pytest.approx(share)


def test_figures_hold_both_and_ours_divided_by_theirs(peer):
    own = peer.Measured(taken_in=9000, labels=200, per_label=5, given_out=50_000, doubled=0.0)
    other = peer.Measured(taken_in=3000, labels=8, per_label=125, given_out=500, doubled=0.234)
    found = peer.figures(own, other, "Label Studio 1.2")
    assert {title: figure.value for title, figure in found.items() if title.endswith("ratio")} == {
        "import, ratio": 3,
        "labels, ratio": 25,
        "processor per label, ratio": 0.04,
        "export, ratio": 100,
    }
    assert found["processor per label, ratio"].better == "lower"
    assert found["labels, Label Studio 1.2"].value == 8
    assert found["submissions to items that were labelled, Evenhand"].goal == 0
    assert found["submissions to items that were labelled, Label Studio 1.2"].value == 23.4


class Person:
    """Labels ``share`` items, then stops."""

    def __init__(self, share: list[int]) -> None:
        self.share, self.waits = share, []

    def work(self, start: threading.Barrier, seconds: float) -> None:
        start.wait(timeout=10)
        self.waits += [0.1 for _item in self.share]


class Pretended:
    """A platform whose numbers are known: five items, of which one is labelled twice."""

    def __init__(self, lost: int = 0) -> None:
        self.lost, self.texts, self.read = lost, [], 0

    def take_in(self, texts):
        self.texts = texts

    def annotators(self, count):
        return [Person([0, 1]), Person([1, 2])]

    def export(self):
        return [1, 2, 1, 0, 0][self.lost :]

    def processor_seconds(self):
        self.read += 1
        return 2.0 * self.read


def test_measuring_reads_the_processor_around_the_labels_and_counts_what_came_out(peer):
    measured = peer.measure(Pretended(), ["a", "b", "c", "d", "e"])
    assert measured.per_label == 1000 * 2.0 / 4
    assert measured.doubled == 0.25
    assert measured.labels > 0


def test_labels_that_do_not_come_out_again_stop_the_benchmark(peer):
    with pytest.raises(LocalError, match="5 items and 4 labels went in; 4 and 3 came out"):
        peer.measure(Pretended(lost=1), ["a", "b", "c", "d", "e"])


class Peer(BaseHTTPRequestHandler):
    """As much of Label Studio's API as one person needs: a sign-up, two tasks, and then none."""

    tasks = [{"id": 7}, {"id": 8}]

    def do_GET(self):
        if self.path == "/user/signup/":
            return self._answer(200, {}, cookie="csrftoken=secret")
        task = self.server.left.pop(0) if self.server.left else None
        return self._answer(200, task) if task else self._answer(404, {"detail": "no task"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.sent.append((self.path, self.headers["X-CSRFToken"], body))
        self._answer(201, {})

    def _answer(self, status, body, cookie=""):
        self.send_response(status)
        if cookie:
            self.send_header("Set-Cookie", f"{cookie}; Path=/")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    server.left, server.sent = list(Peer.tasks), []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_person_signs_up_labels_what_is_there_and_stops(peer, address):
    from benchmarks import _label_studio as label_studio

    server, url = address
    person = label_studio.Annotator(label_studio.Session(url, "p@example.org"), 3, 0)
    person.work(threading.Barrier(1), 5)
    assert len(person.waits) == 2
    signed_up, *annotations = server.sent
    assert signed_up[0] == "/user/signup/"
    assert b"email=p%40example.org" in signed_up[2]
    assert [path for path, _token, _body in annotations] == [
        "/api/tasks/7/annotations/?project=3",
        "/api/tasks/8/annotations/?project=3",
    ]
    assert {token for _path, token, _body in annotations} == {"secret"}
    assert json.loads(annotations[0][2])["result"] == [label_studio.annotation_of("review")]


def test_a_refusal_of_the_peer_is_a_sentence(peer, address):
    from benchmarks import _label_studio as label_studio

    server, url = address
    session = label_studio.Session(url, "p@example.org")
    server.left.clear()
    with pytest.raises(LocalError, match="Label Studio answered 404 to /api/version"):
        session.ask("/api/version")
