#!/usr/bin/env python3
"""A device that keeps no connection, against a real server and push services of its own.

    push.py --muster target/debug/muster --data DATA-FOLDER --vendor PUSH-FOLDER

The server has to run with `--push-folder PUSH-FOLDER`. Written from docs/protocol/push.md and
docs/push-service.md alone. No check waits for a second push of the same command: it comes a minute
after the first.
"""

import asyncio
import secrets
import sys
from pathlib import Path

from quic_client import Link, enrol, greet, new_key, serve
from tally import Surroundings, Tally, run_part, same
from vendor import Push, PushServices
from wire import DONE, encode_frame

QUIET = 1.5  # seconds without a push after which none is believed to come
MONTH = 30 * 24 * 60 * 60
APNS, FCM = ("Apns", "com.apple.mgmt.External.interop"), ("Fcm", "interop-1")


class Woken:
    """A device, where it is reached, and its server."""

    def __init__(self, around, device, device_id, identity, service):
        self.around, self.device, self.id, self.identity = around, device, device_id, identity
        name, topic = service
        self.target = dict(service=name, topic=topic, token=secrets.token_hex(16), magic=secrets.token_hex(8))

    @classmethod
    async def enrolled(cls, around, mode="AppleDevice", service=APNS):
        """Enrolled, told where it is reached, and gone."""
        woken = cls(around, *await around.enrolled(mode), service)
        same(await woken.look(), 0)
        return woken

    @property
    def token(self) -> str:
        return self.target["token"]

    async def come(self) -> Link:
        """Connects and says everything up to its first Idle."""
        link = await self.around.manage(self.identity)
        await greet(link, self.device, self.id, push=dict(target=self.target))
        return link

    async def look(self) -> int:
        """Comes, takes what waits and leaves: the number of effects. session.md, "Runs"."""
        before, link = self.device.effects, await self.come()
        await serve(link, self.device, stay=0)
        await link.leave()
        same(link.protocol.ending[:2], ("application", DONE))
        return self.device.effects - before

    async def asked(self, action: str = "sync"):
        """An administrator asks for something while nobody waits for the outcome."""
        same((await self.around.action(action, self.device.facts["serial"]))["exit"], 0)

    async def pushed(self) -> Push:
        """A push that is meant for this device arrives."""
        push = await self.around.services.push(self.token)
        same(push[:3], (self.target["service"], self.target["topic"], self.target["magic"]))
        return push

    async def unpushed(self):
        await asyncio.sleep(QUIET)
        same(self.around.services.waiting(self.token), 0)


# --- the way of a push ------------------------------------------------------------------------


async def woken(around, mode, service):
    """A command is accepted, one push says so, the device comes, answers, and leaves."""
    device = await Woken.enrolled(around, mode, service)
    await device.asked()
    push = await device.pushed()
    lives = MONTH if service == APNS else 28 * 24 * 60 * 60
    assert lives - 60 < push.ends_in <= lives + 1, f"ends in {push.ends_in} s"
    same(await device.look(), 1)
    await device.unpushed()
    same(await device.look(), 0)


async def two_commands(around):
    """Each of two commands is pushed for, and one visit takes both."""
    device = await Woken.enrolled(around)
    await device.asked("sync")
    await device.pushed()
    await device.asked("lock")
    await device.pushed()
    same(await device.look(), 2)
    await device.unpushed()


async def not_while_here(around):
    """REQ-PUSH-008: nothing after Empty, neither on the connection nor by push, until it is over."""
    device = await Woken.enrolled(around)
    link = await device.come()
    await link.expect("Empty")
    await device.asked()
    coming = asyncio.create_task(link.receive())
    await device.unpushed()
    same(coming.done(), False)
    link.write(b"", end=True)
    same(await coming, None)
    await link.close(DONE)
    await device.pushed()
    same(await device.look(), 1)


async def not_now(around):
    """What got NotNow is not pushed for at once; the device comes by itself when it can."""
    device = await Woken.enrolled(around)
    await device.asked()
    await device.pushed()
    link = await device.come()
    first = await link.expect("Command")
    link.send("CommandResult", dict(id=first[0]["id"], attempt=first[0]["attempt"], outcome="NotNow"))
    await link.leave()
    await device.unpushed()
    same(await device.look(), 1)


async def broken_visit(around):
    """The connection breaks while a command is with the device: it is pushed for again at once."""
    device = await Woken.enrolled(around)
    await device.asked()
    await device.pushed()
    link = await device.come()
    await link.expect("Command")
    await link.close(DONE)
    await device.pushed()
    same(await device.look(), 1)


# --- targets ----------------------------------------------------------------------------------


async def gone(around, mode, service):
    """REQ-PUSH-005: a target that is gone is asked once, and the next one is used."""
    device = await Woken.enrolled(around, mode, service)
    around.services.gone.add(device.token)
    await device.asked("sync")
    await device.pushed()
    await device.asked("lock")
    await device.unpushed()
    device.target["token"] = secrets.token_hex(16)
    same(await device.look(), 2)
    await device.asked()
    await device.pushed()
    same(await device.look(), 1)


async def moved(around):
    """REQ-PUSH-002: the newest target counts, also one that is told behind the first Idle."""
    device = await Woken.enrolled(around)
    old, link = device.token, await device.come()
    await link.expect("Empty")
    device.target["token"] = secrets.token_hex(16)
    link.send("PushUpdate", dict(target=device.target))
    link.send("Idle")
    await link.expect("Empty")
    await link.leave()
    await device.asked()
    await device.pushed()
    same(around.services.waiting(old), 0)
    same(await device.look(), 1)


async def nowhere(around, **changes):
    """A device that cannot be woken, or says what no service has given out, comes by itself."""
    device = await Woken.enrolled(around)
    token, device.target = device.token, {**device.target, **changes} if changes else None
    same(await device.look(), 0)
    await device.asked()
    await asyncio.sleep(QUIET)
    same(around.services.waiting(changes.get("token", token)), 0)
    same(await device.look(), 1)


async def token_of_another(around):
    """Whoever names the token of another device wakes that one with a word it does not believe."""
    honest, thief = await Woken.enrolled(around), await Woken.enrolled(around)
    thief.target["token"] = honest.token
    same(await thief.look(), 0)
    await thief.asked()
    await thief.pushed()  # with the thief's word
    around.services.gone.add(honest.token)
    await thief.asked("lock")
    await thief.pushed()
    around.services.gone.clear()
    await honest.asked()
    await honest.pushed()  # the target of one is not forgotten for the other
    same((await honest.look(), await thief.look()), (1, 2))


async def new_life(around):
    """A target is void once its enrolment is over."""
    device = await Woken.enrolled(around)
    device.id, device.identity = await enrol(around.place, device.device, around.token, new_key())
    link = await around.manage(device.identity)
    await greet(link, device.device, device.id)
    await link.expect("Empty")
    await link.leave()
    await device.asked()
    await device.unpushed()
    same(await device.look(), 1)


async def flood(around):
    """Two thousand targets, each another one, and others are served meanwhile."""
    device, other = await Woken.enrolled(around), await Woken.enrolled(around)
    link = await device.come()
    await link.expect("Empty")
    targets = ({**device.target, "token": f"{number:032x}"} for number in range(2_000))
    link.write(b"".join(encode_frame("PushUpdate", dict(target=target)) for target in targets))
    await other.asked()
    await other.pushed()
    same(await other.look(), 1)
    device.target["token"] = f"{1_999:032x}"
    link.send("Idle")
    await asyncio.wait_for(link.expect("Empty"), 25)
    await link.leave()
    await device.asked()
    await device.pushed()
    same(await device.look(), 1)


CHECKS = [
    ("two thousand targets in a row", flood),
    ("an iPhone is woken over APNs, answers and leaves", woken, "AppleDevice", APNS),
    ("an Android device is woken over FCM, answers and leaves", woken, "AndroidFullyManaged", FCM),
    ("two commands, two pushes, one visit", two_commands),
    ("nothing is pushed while the device is here", not_while_here),
    ("what got NotNow is not pushed for at once", not_now),
    ("what a broken connection hands back is pushed for", broken_visit),
    ("APNs says a token is gone", gone, "AppleDevice", APNS),
    ("FCM says a token is gone", gone, "AndroidFullyManaged", FCM),
    ("the newest target counts", moved),
    ("the token of another device", token_of_another),
    ("a new life has no target", new_life),
]
IMPOSSIBLE = [
    ("no target", {}),
    ("an empty token", {"token": ""}),
    ("a token that leads elsewhere", {"token": "../../v1/projects/x/messages:send"}),
    ("a token of 257 digits", {"token": "a" * 257}),
    ("a topic with a line break", {"topic": "com.apple.mgmt.x\r\nhost: elsewhere"}),
    ("an empty word", {"magic": ""}),
    ("a word with control characters", {"magic": "a\x00\x1b[31mb"}),
    ("a word of 257 letters", {"magic": "a" * 257}),
    ("a project that leads elsewhere", {"service": "Fcm", "topic": "../../3/device/00"}),
    ("an empty registration token", {"service": "Fcm", "topic": "interop-1", "token": ""}),
]


async def main(tally: Tally):
    around = Surroundings.from_arguments(__doc__, vendor=True)
    around.services = await PushServices.open(Path(around.vendor))
    checks = [*CHECKS, *((f"not woken: {what}", lambda around, with_=with_: nowhere(around, **with_)) for what, with_ in IMPOSSIBLE)]
    await asyncio.gather(*(tally.check(name, what, around, *more) for name, what, *more in checks))
    await tally.check("every request to a push service was as described", nothing_odd, around)


async def nothing_odd(around):
    same(around.services.odd, [])


if __name__ == "__main__":
    sys.exit(run_part(main))
