"""When the friendly prompt waits for more lines of a statement."""


def is_block(source: bytearray) -> bool:
    """Say whether the source is a compound statement: an empty line ends it."""
    first = bytes(source).split(b"\n")[0].rstrip()
    return first.endswith(b":") or first.startswith(b"@")


def is_open(source: bytearray) -> bool:
    """Say whether a bracket, a triple quote or a backslash waits for another line."""
    depth = 0
    quote = b""
    text = bytes(source)
    at = 0
    while at < len(text):
        c = text[at : at + 1]
        if quote:
            if c == b"\\":
                at += 1
            elif text[at:].startswith(quote):
                at += len(quote) - 1
                quote = b""
            elif c == b"\n" and len(quote) == 1:
                quote = b""
        elif c in (b'"', b"'"):
            quote = c * 3 if text[at:].startswith(c * 3) else c
            at += len(quote) - 1
        elif c == b"#":
            at = text.find(b"\n", at)
            if at < 0:
                break
        elif c in (b"(", b"[", b"{"):
            depth += 1
        elif c in (b")", b"]", b"}"):
            depth -= 1
        at += 1
    return depth > 0 or len(quote) == 3 or text.endswith(b"\\")
