"""Commands as they arrive: signed messages, through the shipped session and permission table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from host_tools.prove import claims, edges, stand_ins

if TYPE_CHECKING:
    from host_tools.prove.world import World

FORGED, REPEATED = "forged", "repeated"
# The further fields of a command that has any.
_ARGUMENTS: dict[str, tuple[tuple[str, object], ...]] = {
    "clock": (("day", 2000), ("second", 0)),
    "fetch": (("id", stand_ins.IMAGE_ID),),
    "delete": (("id", stand_ins.IMAGE_ID),),
    "received": (("id", stand_ins.IMAGE_ID),),
}
# A forged one is tried with the command that would do most harm.
_WORST = {"hub": "disarm", "uplink": "handled"}
_ENDS = {"hub": ("disarm", "cancel"), "uplink": ("handled",)}


class Commands:
    """Says every command of the permission table on either link."""

    def __init__(self, world: World) -> None:
        self._world = world
        firmware = world.firmware
        table = firmware.permissions
        self.names = {
            "hub": [name for link, name, _ in table.TABLE if link == table.HUB],
            "uplink": [name for link, name, _ in table.TABLE if link == table.UPLINK],
        }
        labels = {"hub": "CUSTOMER", "uplink": "ARC"}
        self._messages: dict[tuple[str, str], memoryview] = {}
        for link, label in labels.items():
            key = firmware.crypto.derive(
                edges.ROOT_KEY, getattr(firmware.crypto, f"{label}_COMMAND")
            )
            for name in (*self.names["hub"], *self.names["uplink"]):
                self._messages[link, name] = self._sign(key, name)
            self._messages[link, FORGED] = self._sign(bytes(32), _WORST[link])
            self._messages[link, REPEATED] = self._messages[link, _WORST[link]]

    def _sign(self, key: bytes, name: str) -> memoryview:
        firmware = self._world.firmware
        session = firmware.session.Session(key, key, True, lambda count: bytes(count))
        session.set_peer(edges.NONCE)
        pairs = (("cmd", name), *_ARGUMENTS.get(name, ()))
        return memoryview(session.sign(firmware.json_pairs.dumps(pairs)))

    def say(self, link: str, name: str) -> None:
        """Let a command arrive; it is the first of its session."""
        world = self._world
        channel = self._channel(link)
        world.witness.on_command(name, self._ends(link, name))
        self._receive(channel, self._messages[link, name])
        world.witness.on_answer(link, name, bool(world.reply.get("ok")))

    def _ends(self, link: str, name: str) -> bool:
        """Say whether the table lets this command end the alarm that is on."""
        world = self._world
        hears = link == "hub" or world.app.uplink.is_open
        return name in _ENDS[link] and hears and world.in_alarm()

    def say_badly(self, link: str, how: str) -> None:
        """Let a message arrive that is forged or was accepted before: nothing may change."""
        world = self._world
        channel = self._channel(link)
        message = self._messages[link, how]
        if how == REPEATED:
            channel.session.accept(message, world.firmware.session.FRESH)
        before = world.pack()
        self._receive(channel, message)
        channel.auth_failures = 0
        if world.pack() != before:
            world.witness.violate(claims.AUTHENTICATED, f"a {how} message changed something")

    def _channel(self, link: str) -> Any:
        """Return a link in a session in which nothing was said; the uplink has one while open."""
        world = self._world
        channel = getattr(world.app, link)
        if link == "hub" or channel.is_open:
            channel.session.restart()
        channel._now_ms = world.ticks_ms()  # its poll notes the time before it hands anything on
        world.reply = {}
        return channel

    def _receive(self, channel: Any, message: memoryview) -> None:
        channel.on_message(message, self._world.firmware.link.IN_ORDER)
