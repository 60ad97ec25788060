"""A verifier as somebody else would write it from docs/history.md: the standard library, an Ed25519 library, nothing of the project."""

from __future__ import annotations

import json
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def canonical(value) -> str:
    """JSON with sorted keys and nothing superfluous."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(text: str) -> str:
    """SHA-256 in hexadecimal."""
    return sha256(text.encode()).hexdigest()


def chain(case_id: str, lines) -> list[str]:
    """The hashes of a history of (record text, payload digest)."""
    found, last = [], digest("milepost:case:" + case_id)
    for record, payload_hash in lines:
        last = sha256(bytes.fromhex(last) + record.encode() + bytes.fromhex(payload_hash)).hexdigest()
        found.append(last)
    return found


def root(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + root(leaves[:split]) + root(leaves[split:])).digest()


def holds(checkpoint: dict) -> bool:
    """Whether the key that a checkpoint names has signed it."""
    signed = canonical({name: value for name, value in checkpoint.items() if name != "signature"})
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(checkpoint["key"]))
    try:
        key.verify(bytes.fromhex(checkpoint["signature"]), signed.encode())
    except InvalidSignature:
        return False
    return True


def proved(lines: list[str], keys: set[str]) -> dict[tuple[str, int], str]:
    """The hash of each step by (case, seq), of an export that holds; raises AssertionError where it does not."""
    head, previous, leaves, found = json.loads(lines[0]), "0" * 64, [], {}
    assert (head["kind"], head["format"]) == ("export", 1)
    pos = 0
    for line in lines[1:]:
        said = json.loads(line)
        assert line == canonical(said)
        if said["kind"] == "step":
            pos += 1
            assert said["pos"] == pos
            leaves.append(line.encode())
            found[said["case"], said["seq"]] = said["hash"]
            continue
        assert (said["last_pos"], said["count"]) == (pos, len(leaves))
        assert said["first_pos"] == pos - len(leaves) + 1
        assert said["root"] == root(leaves).hex()
        assert said["previous"] == previous
        assert said["key"] in keys
        assert holds(said)
        previous = digest(canonical({name: value for name, value in said.items() if name != "signature"}))
        leaves = []
    assert (pos, leaves) == (head["last_pos"], [])
    return found
