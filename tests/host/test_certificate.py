"""The certificate's document: it goes round, and no byte of it or its page can change."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from host_tools.certificate import canonical, document
from host_tools.certificate.document import PARTS, CertificateError, sign, verify
from tests.host.certificate_sample import MADE, sample_parts, signed

KEY = Ed25519PrivateKey.generate()
OTHER_KEY = Ed25519PrivateKey.generate()


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return sample_parts(tmp_path_factory.mktemp("record"))


@pytest.fixture(scope="module")
def pair(parts: dict[str, Any]) -> tuple[bytes, bytes]:
    return signed(parts, KEY)


def changed(pair: tuple[bytes, bytes], change: dict[str, Any]) -> bytes:
    """Return the document with some of its fields replaced, in canonical form."""
    return canonical.encode(json.loads(pair[0]) | change)


def part_that_fails(whole: bytes, page: bytes) -> str:
    with pytest.raises(CertificateError) as caught:
        verify(whole, page)
    return caught.value.part


def test_a_certificate_goes_round(pair: tuple[bytes, bytes], parts: dict[str, Any]) -> None:
    found = verify(*pair, KEY.public_key())
    assert found.parts == parts
    assert (found.made, found.is_pinned) == (MADE, True)
    assert found.public_key == KEY.public_key().public_bytes_raw()


def test_without_a_pinned_key_the_signer_is_not_said_to_be_known(
    pair: tuple[bytes, bytes],
) -> None:
    assert not verify(*pair).is_pinned


def test_the_same_parts_and_key_make_the_same_bytes(
    pair: tuple[bytes, bytes], parts: dict[str, Any]
) -> None:
    assert signed(json.loads(json.dumps(parts)), KEY) == pair


def test_every_flipped_bit_of_the_document_is_found(pair: tuple[bytes, bytes]) -> None:
    """One bit of every byte, another one at every place; all eight where letters have cases."""
    whole, page = pair
    for place in range(len(whole)):
        bits = (1 << place % 8, 0x20) if whole[place : place + 1].isalpha() else (1 << place % 8,)
        for bit in bits:
            damaged = bytearray(whole)
            damaged[place] ^= bit
            with pytest.raises(CertificateError):
                verify(bytes(damaged), page)


def test_every_flipped_byte_of_the_page_is_found_and_is_the_pages(
    pair: tuple[bytes, bytes],
) -> None:
    whole, page = pair
    for place in range(0, len(page), 11):
        damaged = bytearray(page)
        damaged[place] ^= 1 << place % 8
        assert part_that_fails(whole, bytes(damaged)) == document.PAGE


@pytest.mark.parametrize("name", PARTS)
def test_a_change_names_the_part(name: str, pair: tuple[bytes, bytes]) -> None:
    whole = json.loads(pair[0])
    inner = whole["parts"][name]
    if isinstance(inner, dict):
        inner["more"] = 1
    else:
        inner.append("more")
    assert part_that_fails(canonical.encode(whole), pair[1]) == name


@pytest.mark.parametrize("field", ["made", "public_key"])
def test_a_changed_head_has_another_signature(field: str, pair: tuple[bytes, bytes]) -> None:
    head = json.loads(pair[0])["head"]
    head[field] = OTHER_KEY.public_key().public_bytes_raw().hex()
    assert part_that_fails(changed(pair, {"head": head}), pair[1]) == "signature"


def test_a_part_and_its_digest_changed_together_have_another_signature(
    pair: tuple[bytes, bytes],
) -> None:
    whole = json.loads(pair[0])
    whole["parts"]["limits"] = ["There are none."]
    digest = document._digest(canonical.encode(whole["parts"]["limits"]))
    whole["head"]["digests"]["limits"] = digest
    assert part_that_fails(canonical.encode(whole), pair[1]) == "signature"


def test_a_certificate_by_another_key_is_not_the_pinned_ones(parts: dict[str, Any]) -> None:
    with pytest.raises(CertificateError, match="another key") as caught:
        verify(*signed(parts, OTHER_KEY), KEY.public_key())
    assert caught.value.part == "public_key"


def test_a_signature_of_another_key_does_not_fit(
    pair: tuple[bytes, bytes], parts: dict[str, Any]
) -> None:
    other = json.loads(signed(parts, OTHER_KEY)[0])["signature"]
    assert part_that_fails(changed(pair, {"signature": other}), pair[1]) == "signature"


@pytest.mark.parametrize("keep", [0, 1, 100, -2, -1])
def test_a_truncated_document_is_found(keep: int, pair: tuple[bytes, bytes]) -> None:
    assert part_that_fails(pair[0][:keep], pair[1]) == "document"


@pytest.mark.parametrize("more", [b"\n", b" ", b"{}", b"\x00", b"\xff"])
def test_extra_bytes_are_found(more: bytes, pair: tuple[bytes, bytes]) -> None:
    assert part_that_fails(pair[0] + more, pair[1]) == "document"
    assert part_that_fails(more + pair[0], pair[1]) == "document"
    assert part_that_fails(pair[0], pair[1] + more) == document.PAGE


@pytest.mark.parametrize("name", ["sluss_certificate", "head", "parts", "signature"])
def test_a_missing_field_is_named(name: str, pair: tuple[bytes, bytes]) -> None:
    whole = json.loads(pair[0])
    del whole[name]
    with pytest.raises(CertificateError, match=f"lacks {name}"):
        verify(canonical.encode(whole), pair[1])


@pytest.mark.parametrize("name", PARTS)
def test_a_missing_part_is_named(name: str, pair: tuple[bytes, bytes]) -> None:
    whole = json.loads(pair[0])
    del whole["parts"][name]
    with pytest.raises(CertificateError, match=f"lacks {name}"):
        verify(canonical.encode(whole), pair[1])
    whole = json.loads(pair[0])
    del whole["head"]["digests"][name]
    with pytest.raises(CertificateError, match=f"lacks {name}"):
        verify(canonical.encode(whole), pair[1])


def test_what_is_not_of_the_form_is_named(pair: tuple[bytes, bytes]) -> None:
    with pytest.raises(CertificateError, match="has more"):
        verify(changed(pair, {"more": 1}), pair[1])


@pytest.mark.parametrize("version", [0, 2, 1.0, True, "1", None])
def test_another_version_is_refused(version: object, pair: tuple[bytes, bytes]) -> None:
    whole = changed(pair, {"sluss_certificate": version})
    assert part_that_fails(whole, pair[1]) == "document"


@pytest.mark.parametrize(
    "text", [b"", b"5\n", b"[]\n", b"null\n", b'{"a":NaN}\n', b"[" * 100_000, b'"\\ud800"\n']
)
def test_what_is_no_document_is_refused(text: bytes) -> None:
    assert part_that_fails(text, b"") == "document"


@pytest.mark.parametrize("text", [b"NaN\n", b"Infinity\n", b"-Infinity\n"])
def test_what_is_no_number_has_no_canonical_form(text: bytes) -> None:
    with pytest.raises(canonical.CanonicalError, match="is no number"):
        canonical.decode(text)
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical.encode(float(text))


def test_the_same_data_in_another_form_is_no_certificate(pair: tuple[bytes, bytes]) -> None:
    spaced = json.dumps(json.loads(pair[0]), sort_keys=True).encode() + b"\n"
    assert part_that_fails(spaced, pair[1]) == "document"
    twice = b'{"sluss_certificate":1,' + pair[0][1:]
    assert part_that_fails(twice, pair[1]) == "document"


@pytest.mark.parametrize("field", ["nonce", "digest"])
def test_a_signer_cannot_state_an_answer_that_is_not_of_the_listed_firmware(
    field: str, parts: dict[str, Any], pair: tuple[bytes, bytes]
) -> None:
    wrong = {**parts, "attestation": {**parts["attestation"], field: "00" * 32}}
    assert part_that_fails(sign(wrong, pair[1], MADE, KEY), pair[1]) == "attestation"


@pytest.mark.parametrize("found", [None, [], {}, {"nonce": 1, "digest": "", "asked": ""}])
def test_an_answer_that_cannot_be_checked_is_refused(
    found: object, parts: dict[str, Any], pair: tuple[bytes, bytes]
) -> None:
    whole = sign({**parts, "attestation": found}, pair[1], MADE, KEY)
    assert part_that_fails(whole, pair[1]) == "attestation"
