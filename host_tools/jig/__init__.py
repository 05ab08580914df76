"""The host's end of the jig: its protocol's client and the installation of its script."""
