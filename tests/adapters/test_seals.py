"""Keys of checkpoints: made once, whole and for their owner only, whoever starts at the same time."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.seals import Ed25519Seal
from engine.errors import MilepostError

START = """
import sys
from pathlib import Path
from adapters.seals import Ed25519Seal
seal = Ed25519Seal(Path(sys.argv[1]))
sys.stdin.read(1)
print(seal.make_key())
"""


def test_a_key_signs(tmp_path):
    """What a key has signed holds for this text and this key only."""
    one, other = (Ed25519Seal(tmp_path / f"{n}.key") for n in "ab")
    signature = one.sign(b"text")
    assert one.holds(one.make_key(), b"text", signature)
    assert other.holds(one.make_key(), b"text", signature)
    assert not other.holds(one.make_key(), b"texx", signature)
    assert not one.holds(other.make_key(), b"text", signature)
    for key, said in (("", signature), ("zz", signature), (one.make_key(), ""), (one.make_key(), "zz")):
        assert not one.holds(key, b"text", said)


def test_a_key_is_made_when_it_is_needed(tmp_path):
    """Looking makes none; the first signature does, for the owner's eyes only, and the next process has the same."""
    path = tmp_path / "new.key"
    seal = Ed25519Seal(path)
    assert (seal.public_key, path.exists()) == (None, False)
    signature = seal.sign(b"x")
    assert path.stat().st_mode & 0o777 == 0o600
    again = Ed25519Seal(path)
    assert again.public_key == seal.public_key
    assert again.sign(b"x") == signature
    assert [one.name for one in tmp_path.iterdir()] == ["new.key"]


def test_processes_that_start_at_once_have_one_key(tmp_path):
    """However many come at the same moment, one makes the key and all sign with it."""
    path = tmp_path / "shared.key"
    nodes = [
        subprocess.Popen(
            [sys.executable, "-c", START, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    with ThreadPoolExecutor(4) as threads:
        keys = {out for out, _ in threads.map(lambda node: node.communicate("x", timeout=60), nodes)}
    assert keys == {f"{Ed25519Seal(path).public_key}\n"}
    assert [one.name for one in tmp_path.iterdir()] == ["shared.key"]


def test_threads_that_start_at_once_have_one_key(tmp_path):
    """So do threads, many times over."""
    with ThreadPoolExecutor(8) as threads:
        for n in range(20):
            path = tmp_path / f"{n}.key"
            assert len(set(threads.map(lambda _, p=path: Ed25519Seal(p).make_key(), range(8)))) == 1


@pytest.mark.parametrize("content", [b"", b"no key", None], ids=["empty", "text", "other kind"])
def test_files_that_hold_no_such_key(tmp_path, content):
    """They are refused in a line and left as they are."""
    path = tmp_path / "some.key"
    if content is None:
        key = generate_private_key(SECP256R1())
        content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(content)
    with pytest.raises(MilepostError, match="give an Ed25519 key as PEM"):
        Ed25519Seal(path).sign(b"x")
    assert path.read_bytes() == content


def test_a_folder_that_is_not_there(tmp_path):
    """The refusal names the file."""
    with pytest.raises(MilepostError, match=r"nowhere/a\.key cannot be written"):
        Ed25519Seal(tmp_path / "nowhere" / "a.key").make_key()
