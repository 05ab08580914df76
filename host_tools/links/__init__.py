"""The host's side of the links: serial ports, and the firmware's own link and session on them."""
