import gzip
import hashlib
import io
import json
import logging
import struct
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import emnist
import numpy as np
import pytest

from app.training import downloads, emnist_byclass, fetching
from app.training.fetching import DownloadError, fetch

RECORD = "/api/records/1195803"
UNIPEN = "/api/records/1195803/files/unipen.tgz/content"
EMNIST = "/gzip.zip"


class Server(ThreadingHTTPServer):
    """Serves `files`; what `faults` says of a path, in turn, happens to its first requests."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.faults, self.asked = {}, {}, []

    def url(self, path):
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers["Range"]))
        faults = self.server.faults.get(self.path, [])
        fault = faults.pop(0) if faults else None
        if isinstance(fault, int):
            self.send_error(fault)
            return
        content = fault if isinstance(fault, bytes) else self.server.files[self.path]
        start = 0
        if self.headers["Range"] and fault != "no ranges":
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        if start and start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start : len(content) // 2] if fault == "cut" else content[start:])

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(fetching, "PAUSES", (0, 0))
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def md5(content):
    return hashlib.md5(content).hexdigest()


class TestFetch:
    CONTENT = bytes(range(256)) * 1000

    @pytest.fixture
    def get(self, server, tmp_path):
        server.files["/file"] = self.CONTENT
        return lambda: fetch(server.url("/file"), tmp_path / "folder/file", md5=md5(self.CONTENT))

    @pytest.fixture
    def partial(self, tmp_path):
        return tmp_path / "folder/file.part"

    def test_a_file_arrives_whole_and_leaves_nothing_beside_it(self, get, partial):
        path = get()
        assert path.read_bytes() == self.CONTENT
        assert list(path.parent.iterdir()) == [path]

    def test_a_cut_download_goes_on_where_it_broke_off(self, get, server, monkeypatch):
        monkeypatch.setattr(fetching, "CHUNK", 1000)
        server.faults["/file"] = ["cut"]
        assert get().read_bytes() == self.CONTENT
        assert server.asked == [("/file", None), ("/file", "bytes=128000-")]

    def test_what_an_earlier_call_left_is_gone_on_with(self, get, server, partial):
        partial.parent.mkdir()
        partial.write_bytes(self.CONTENT[:1000])
        assert get().read_bytes() == self.CONTENT
        assert server.asked == [("/file", "bytes=1000-")]

    def test_a_download_that_lacks_only_its_name_is_not_made_again(self, get, server, partial):
        partial.parent.mkdir()
        partial.write_bytes(self.CONTENT)
        assert get().read_bytes() == self.CONTENT
        assert len(server.asked) == 1

    def test_a_server_without_ranges_is_asked_for_the_whole(self, get, server):
        server.faults["/file"] = ["cut", "no ranges"]
        assert get().read_bytes() == self.CONTENT

    def test_a_continuation_of_something_else_is_thrown_away_and_begun_anew(self, get, server, partial):
        partial.parent.mkdir()
        partial.write_bytes(b"something else")
        assert get().read_bytes() == self.CONTENT
        assert [asked_for for _, asked_for in server.asked] == ["bytes=14-", None]

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_busy_server_is_asked_again(self, get, server, status):
        server.faults["/file"] = [status]
        assert get().read_bytes() == self.CONTENT

    def test_the_tries_are_bounded(self, get, server, partial):
        server.faults["/file"] = ["cut"] * 10
        with pytest.raises(DownloadError, match="could not be downloaded"):
            get()
        assert len(server.asked) == 3
        assert partial.exists()

    @pytest.mark.parametrize("status", [403, 404])
    def test_a_refusal_is_not_asked_again_and_says_what_to_do(self, get, server, partial, status):
        server.faults["/file"] = [status]
        with pytest.raises(DownloadError, match=rf"{status}.*save it as .*file\.$"):
            get()
        assert len(server.asked) == 1
        assert not partial.with_suffix("").exists()

    def test_another_file_in_its_place_is_refused_and_not_kept(self, get, server, partial):
        server.faults["/file"] = [b"<html>We have moved</html>"]
        with pytest.raises(DownloadError, match=r"not the file that was expected.*Received: 26 bytes"):
            get()
        assert list(partial.parent.iterdir()) == []

    def test_a_server_that_does_not_answer_is_an_error_that_says_what_to_do(self, server, tmp_path):
        with Server() as gone:
            url = gone.url("/file")
        with pytest.raises(DownloadError, match=r"save it as .*file\."):
            fetch(url, tmp_path / "file", md5="")


def picture(seed):
    """Strokes that no two seeds share, as a (28, 28) uint8 picture in the middle of its frame."""
    coarse = np.random.default_rng(seed).choice([0, 255], (5, 5)).astype(np.uint8)
    coarse[0], coarse[:, 0] = 255, 255
    return np.pad(np.kron(coarse, np.ones((4, 4), np.uint8)), 4)


def emnist_zip(splits):
    """EMNIST's file, where pictures are transposed. splits: usage -> (images, labels)."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for usage, (images, labels) in splits.items():
            images = np.array(images, np.uint8).transpose(0, 2, 1)
            for name, array in (("images-idx3", images), ("labels-idx1", np.array(labels, np.uint8))):
                header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
                file.writestr(f"gzip/emnist-byclass-{usage}-{name}-ubyte.gz", gzip.compress(header + array.tobytes()))
    return content.getvalue()


def unipen_tgz():
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, text in {
            "data/1a/abc/abc0/one.dat": '.INCLUDE abc/one.dat\n.SEGMENT CHARACTER 0 ? "1"\n',
            "data/1b/abc/abc0/bad.dat": ".INCLUDE abc/missing.dat\n",
            "data/1c/abc/abc0/one.dat": '.INCLUDE abc/one.dat\n.SEGMENT CHARACTER 0-1 ? "i"\n',
            "include/abc/one.dat": ".COORD X Y\n.PEN_DOWN\n0 0\n0 9\n.PEN_UP\n.PEN_DOWN\n0 18\n",
        }.items():
            member = tarfile.TarInfo(f"unipen/CDROM/train_r01_v07/{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return content.getvalue()


@pytest.fixture
def sources(server, monkeypatch, tmp_path):
    """The three sources in small, on the loopback server, and a cache for `emnist` that is nobody's."""
    mnist = {
        "x_train": np.stack([picture(seed) for seed in range(100, 106)]),
        "y_train": np.arange(6, dtype=np.uint8),
        "x_test": np.stack([picture(seed) for seed in range(200, 203)]),
        "y_test": np.arange(3, dtype=np.uint8),
    }
    calls = []

    def load_data():
        calls.append("mnist")
        return (mnist["x_train"], mnist["y_train"]), (mnist["x_test"], mnist["y_test"])

    monkeypatch.setattr("keras.datasets.mnist.load_data", load_data)
    train = [picture(1), mnist["x_test"][1], picture(2)], [3, 1, 10]
    test = [picture(3), mnist["x_test"][2]], [61, 36]
    sources = SimpleNamespace(
        mnist=mnist, mnist_calls=calls, emnist=train[0] + test[0], emnist_zip=emnist_zip({"train": train, "test": test})
    )
    archive = unipen_tgz()
    file = {"key": "unipen.tgz", "checksum": f"md5:{md5(archive)}", "links": {"self": server.url(UNIPEN)}}
    server.files |= {
        EMNIST: sources.emnist_zip,
        UNIPEN: archive,
        RECORD: json.dumps({"files": [{"key": "README"}, file]}).encode(),
    }
    monkeypatch.setattr(emnist, "CACHE_FILE_PATH", str(tmp_path / "cache/emnist/emnist.zip"))
    monkeypatch.setattr(emnist_byclass, "URL", server.url(EMNIST))
    monkeypatch.setattr(emnist_byclass, "MD5", md5(sources.emnist_zip))
    monkeypatch.setattr(downloads, "UNIPEN_RECORD", server.url(RECORD))
    return sources


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


def content(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_mnist_is_kept_as_keras_has_it(sources, folder):
    with np.load(downloads.prepare(folder) / "mnist.npz") as mnist:
        assert set(mnist) == set(sources.mnist)
        assert all(np.array_equal(mnist[name], sources.mnist[name]) for name in mnist)


def test_emnist_is_upright_and_whole(sources, folder):
    with np.load(downloads.prepare(folder) / "emnist-byclass.npz") as byclass:
        images, labels = byclass["images"], byclass["labels"]
    assert images.dtype == labels.dtype == np.uint8
    assert labels.tolist() == [3, 1, 10, 61, 36]
    assert np.array_equal(images, sources.emnist)


def test_unipen_becomes_strokes_and_what_cannot_be_read_is_told(sources, folder, caplog):
    with caplog.at_level(logging.INFO), np.load(downloads.prepare(folder) / "unipen-strokes.npz") as unipen:
        assert unipen["labels"].tolist() == [1, 44]
        assert unipen["points"].tolist() == [[0, 4000], [0, 0], [0, 4000], [0, 2000], [0, 0]]
        assert unipen["writer_names"].tolist() == ["abc/one.dat"]
    assert "2 characters of 1 writers" in caplog.text
    assert "left out 1 that could not be read, such as abc/bad.dat" in caplog.text


def test_what_is_there_is_not_made_again(sources, server, folder):
    downloads.prepare(folder)
    before, asked = content(folder), len(server.asked)
    downloads.prepare(folder)
    assert content(folder) == before
    assert (len(server.asked), sources.mnist_calls) == (asked, ["mnist"])


def test_a_missing_file_is_made_again_without_another_download(sources, server, folder):
    downloads.prepare(folder)
    asked = len(server.asked)
    for name in ("emnist-byclass.npz", "unipen-strokes.npz"):
        (folder / name).unlink()
    downloads.prepare(folder)
    assert {"mnist.npz", "emnist-byclass.npz", "unipen-strokes.npz"} <= set(content(folder))
    assert len(server.asked) == asked


def test_a_source_that_fails_leaves_no_half_made_file_and_what_was_made(sources, server, folder):
    server.faults[EMNIST] = [404]
    with pytest.raises(DownloadError, match=r"emnist\.zip"):
        downloads.prepare(folder)
    assert set(content(folder)) == {"mnist.npz"}
    downloads.prepare(folder)
    assert "emnist-byclass.npz" in content(folder)


def test_a_break_while_writing_leaves_nothing(sources, folder, monkeypatch):
    def breaks_off(path, **arrays):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez_compressed", breaks_off)
    with pytest.raises(KeyboardInterrupt):
        downloads.prepare(folder)
    assert content(folder) == {}


def test_mnist_that_cannot_be_had_is_an_error_that_says_what_to_do(sources, folder, monkeypatch):
    def fails():
        raise Exception("URL fetch failure on https://storage.googleapis.com/: None -- timed out")

    monkeypatch.setattr("keras.datasets.mnist.load_data", fails)
    with pytest.raises(DownloadError, match=r"timed out.*save its mnist\.npz in"):
        downloads.prepare(folder)


def test_a_file_put_into_emnists_cache_by_hand_is_used(sources, server, folder, tmp_path):
    cache = tmp_path / "cache/emnist/emnist.zip"
    cache.parent.mkdir(parents=True)
    cache.write_bytes(sources.emnist_zip)
    downloads.prepare(folder)
    assert EMNIST not in [path for path, _ in server.asked]


def test_another_file_in_emnists_cache_is_replaced(sources, folder, tmp_path):
    cache = tmp_path / "cache/emnist/emnist.zip"
    cache.parent.mkdir(parents=True)
    cache.write_bytes(b"<html>")
    downloads.prepare(folder)
    assert cache.read_bytes() == sources.emnist_zip


def test_an_archive_put_into_the_folder_by_hand_is_used(sources, server, folder):
    folder.mkdir()
    (folder / downloads.UNIPEN_ARCHIVE).write_bytes(unipen_tgz())
    downloads.prepare(folder)
    assert not [path for path, _ in server.asked if path in (RECORD, UNIPEN)]


@pytest.mark.parametrize(
    "archive", [unipen_tgz()[:200], b"<html>", gzip.compress(b"no tar")], ids=["cut short", "a page", "no tar"]
)
def test_a_damaged_archive_is_an_error_that_says_what_to_do(sources, folder, archive):
    folder.mkdir()
    (folder / downloads.UNIPEN_ARCHIVE).write_bytes(archive)
    with pytest.raises(DownloadError, match=r"cannot be read: .*Delete it and run this again"):
        downloads.prepare(folder)
    assert "unipen-strokes.npz" not in content(folder)


@pytest.mark.parametrize("record", [b"{}", b'{"files": []}', b'{"files": [{"key": "a.tgz"}]}', b"[]", b"<html>"])
def test_a_record_without_the_archive_is_an_error_that_says_what_to_do(sources, server, folder, record):
    server.faults[RECORD] = [record] * 3
    with pytest.raises(DownloadError, match=rf"save it as .*{downloads.UNIPEN_ARCHIVE}"):
        downloads.prepare(folder)


def test_the_command_says_where_the_folder_is(sources, folder, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["downloads", "--folder", str(folder)])
    downloads.main()
    assert capsys.readouterr().out.splitlines()[-1] == str(folder)


def test_the_command_ends_with_the_error_and_no_traceback(sources, server, folder, monkeypatch, capsys):
    server.faults[EMNIST] = [404]
    monkeypatch.setattr("sys.argv", ["downloads", "--folder", str(folder)])
    with pytest.raises(SystemExit, match="1"):
        downloads.main()
    assert "404" in capsys.readouterr().err


@pytest.mark.parametrize("data", [b"", b"\1\0\x08\1", b"\0\0\x07\1\0\0\0\0", b"<html></html>"])
def test_what_is_not_idx_is_refused(data):
    with pytest.raises(ValueError, match="IDX"):
        emnist_byclass.parse_idx(data)


@pytest.mark.parametrize("element_type", ["u1", "i1", ">i2", ">i4", ">f4", ">f8"])
def test_idx_keeps_type_and_shape(element_type):
    code = {"u1": 8, "i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}[element_type]
    array = np.arange(24).reshape(2, 3, 4).astype(element_type)
    parsed = emnist_byclass.parse_idx(bytes([0, 0, code, 3]) + struct.pack(">3I", 2, 3, 4) + array.tobytes())
    assert parsed.dtype == array.dtype
    assert np.array_equal(parsed, array)
