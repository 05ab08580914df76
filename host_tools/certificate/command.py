"""`sluss certificate`: sign what was shown of a board; check such a certificate anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from host_tools import ROOT, attestation, evidence
from host_tools.attestation import Attestation, AttestationError
from host_tools.certificate import document, keys, page, statement
from host_tools.certificate.document import CertificateError
from host_tools.certificate.keys import SigningKeyError
from host_tools.certificate.statement import NotCertifiableError
from host_tools.console.client import ConsoleClient
from host_tools.links.port import LinkError
from host_tools.utc import utc_now

NAME = "certificate"
_RECORD = ROOT / "build" / "bench" / "virtual" / "record.json"

certificate = typer.Typer(help="Sign what was shown of a board, or check such a certificate.")


@certificate.callback(invoke_without_command=True)
def issue(
    context: typer.Context,
    key: Annotated[
        Path | None, typer.Option("--key", help="Sign with this key (see new-key).")
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option("--record", help="The bench's record.json (of the last virtual run)."),
    ] = None,
    port: Annotated[
        str | None, typer.Option("--port", help="The board's console: let it attest now.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Where to write (beside the record).")
    ] = None,
    found: Annotated[
        Path | None,
        typer.Option("--evidence", help="Results of prove, cut and mutation (build/evidence)."),
    ] = None,
) -> None:
    """Write certificate.json and certificate.html for the board of a bench run."""
    if context.invoked_subcommand is not None:
        return
    if key is None:
        _fail("A certificate is signed: name your key with --key, or make one with new-key.", 2)
    try:
        private = keys.read_private(key)
        record = record or _RECORD
        parts = statement.gather(record, _attested(port), found or evidence.FOLDER)
    except (SigningKeyError, AttestationError, LinkError, TimeoutError) as error:
        _fail(str(error), 2)
    except NotCertifiableError as error:
        _fail(f"not certified. {error}")
    made = utc_now()
    fingerprint = keys.fingerprint(keys.raw(private.public_key()))
    drawn = page.render(parts, made, fingerprint)
    target = (folder or record.parent) / f"{NAME}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    _write(target.with_suffix(".html"), drawn)
    _write(target, document.sign(parts, drawn, made, private))
    typer.echo(f"{target} and {NAME}.html beside it")
    typer.echo(f"signed by {fingerprint}")


@certificate.command("new-key")
def new_key(
    file: Annotated[Path, typer.Argument(help="The private key; FILE.pub is to be given away.")],
) -> None:
    """Make an Ed25519 key for signing. Overwrites nothing."""
    try:
        public, key = keys.new_key(file)
    except SigningKeyError as error:
        _fail(str(error), 2)
    typer.echo(f"{file}: keep it to yourself\n{public}: give it to whoever shall verify")
    typer.echo(f"fingerprint {keys.fingerprint(keys.raw(key))}")


@certificate.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="The certificate: its .json or its .html.")],
    public: Annotated[
        Path | None, typer.Option("--public", help="The key that must have signed it.")
    ] = None,
) -> None:
    """Check that not a byte of a certificate and its page was changed. Needs no network."""
    try:
        pinned = None if public is None else keys.read_public(public)
        found = document.verify(_part(file, ".json"), _part(file, ".html"), pinned)
    except SigningKeyError as error:
        _fail(str(error), 2)
    except CertificateError as error:
        typer.echo(f"BAD {error}", err=True)
        raise typer.Exit(1) from error
    device, bench = found.parts["device"], found.parts["bench"]
    typer.echo(f"OK {device['id']}: {bench['headline']}")
    typer.echo(f"made {found.made}, signed by {found.fingerprint}")
    if not found.is_pinned:
        typer.echo(
            "No key was given with --public: the signer is only as trusted as that fingerprint."
            " Compare it with one that you had from them in another way."
        )


def _attested(port: str | None) -> Attestation | None:
    if port is None:
        return None
    with ConsoleClient(port) as console:
        return attestation.ask(console)


def _part(file: Path, suffix: str) -> bytes:
    path = file.with_suffix(suffix)
    try:
        return path.read_bytes()
    except OSError as error:
        name = "page" if suffix == ".html" else "document"
        raise CertificateError(name, f"{path} is missing: {error.strerror}") from error


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(path.name + ".tmp")
    draft.write_bytes(data)
    draft.replace(path)


def _fail(sentence: str, code: int = 1) -> NoReturn:
    typer.echo(f"sluss certificate: {sentence}", err=True)
    raise typer.Exit(code)
