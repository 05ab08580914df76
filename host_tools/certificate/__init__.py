"""The certificate: what was shown of one board, signed, as a JSON document and a page to read."""
