"""Received images: waited for, opened with the independent reader, compared with the camera's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from host_tools import sealed_image
from host_tools.bench.target import Target
from host_tools.client import ArcClient, HubClient, Image
from host_tools.deadline import Deadline

Keys = Mapping[str, bytes]
# An image of 32 KiB takes 3 s on the hub link's 115200 baud.
IMAGE_S = 6.0


def next_whole(link: HubClient | ArcClient, within_s: float = IMAGE_S) -> Image:
    """Return the next image that arrives whole on a link and was not returned before."""
    return link.next_image(Deadline(within_s))


def whole(link: HubClient | ArcClient, image_id: int, within_s: float = IMAGE_S) -> Image:
    """Return this image when it arrives whole; others, asked for earlier, may come before it."""
    deadline = Deadline(within_s)
    while True:
        image = link.next_image(deadline)
        if image.id == image_id:
            return image


def listed(hub: HubClient) -> list[dict[str, Any]]:
    """Return the detector's list of images, oldest first."""
    entries: list[dict[str, Any]] = []
    more = True
    while more:
        page = hub.command("list", **{"from": entries[-1]["id"] + 1 if entries else 0})
        entries += page["images"]
        more = page["more"]
    return entries


def newest(hub: HubClient) -> int:
    """Return the id of the newest image on the detector, 0 where it has none."""
    entries = listed(hub)
    return int(entries[-1]["id"]) if entries else 0


def open_with(image: Image, key: bytes) -> bytes:
    """Open an image with one key; raises SealError."""
    return sealed_image.unseal(image.header, image.wrapped, bytes(image.body), image.mac, key)


def unsealed(image: Image, keys: Keys) -> bytes:
    """Open an image with the image key of a key file."""
    return open_with(image, keys["image"])


def all_keys(keys: Keys) -> list[bytes]:
    """Return every key of a key file."""
    return list(keys.values())


def image_key(image: Image, keys: Keys) -> bytes:
    """Return the image's own key."""
    return sealed_image.unwrap(image.header, image.wrapped, keys["image"])


def before(target: Target) -> int:
    """Return how many pictures the camera has delivered so far."""
    return len(target.served())
