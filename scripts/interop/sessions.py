#!/usr/bin/env python3
"""The Python device against a real server: what a well-behaved device may rely on.

    sessions.py --muster target/debug/muster --data DATA-FOLDER

Every check enrols hardware of its own, so that they can run at the same time.
"""

import asyncio
import sys
import uuid

from quic_client import Closed, Device, Ending, Link, enrol, greet, new_key, serve
from tally import Surroundings, Tally, run_part, same
from wire import DONE, MINOR, encode_frame

REPLACED, UNENROLLED, SUPERSEDED = 0x02, 0x23, 0x24
WAIT = "--wait=15s"


async def answering(link: Link, device: Device, work):
    """Does `work` while the device answers whatever comes."""
    answers = asyncio.create_task(serve(link, device, stay=60))
    try:
        return await work
    finally:
        answers.cancel()
        await asyncio.wait({answers})


async def outcome(around, device, link, action: str, state: str = "done"):
    asked = around.action(action, device.facts["serial"], WAIT)
    told = await answering(link, device, asked)
    same(told["result"]["actionState"], state)
    same(told["exit"], 0 if state == "done" else 1)
    return told["result"]


# --- what an administrator asks for -----------------------------------------------------------


async def sync_and_lock(around, mode):
    device, _id, _identity, link = await around.ready(mode)
    await outcome(around, device, link, "sync")
    await outcome(around, device, link, "lock")
    same((device.effects, device.screen), (2, "locked"))
    await link.leave()


async def unlock_token_comes_back(around):
    device, _id, _identity, link = await around.ready()
    await outcome(around, device, link, "reset-passcode")
    same(device.effects, 1)  # the device acknowledges only its own token
    await link.leave()


async def refusal_with_reasons(around):
    device, _id, _identity, link = await around.ready()
    result = await outcome(around, device, link, "wipe", "notSupported")
    same([item["domain"] for item in result["x-muster-errors"]], ["MusterInterop"])
    await link.leave()


async def one_time_token(around):
    _code, token = await around.run("token", "new", "--one-time", "--expires-in", "5m")
    device, key = around.device(), new_key()
    first, _identity = await enrol(around.place, device, token.strip(), key)
    again, identity = await enrol(around.place, device, token.strip(), key)
    same(again, first)
    link = await around.manage(identity)
    await greet(link, device, first)
    await link.expect("Empty")
    await link.leave()
    same(link.protocol.ending, Ending("application", DONE, "done"))


async def p256_key(around):
    device, device_id, identity = await around.enrolled(kind="p256")
    link = await around.manage(identity)
    await greet(link, device, device_id)
    await link.expect("Empty")
    await link.leave()


# --- session.md, runs and attempts ------------------------------------------------------------


async def pushed_and_polled(around):
    """A command for a device that is away waits; the device fetches it and leaves at Empty."""
    device, device_id, identity, link = await around.ready()
    await link.leave()
    accepted = await around.action("sync", device.facts["serial"])
    same(accepted["exit"], 0)
    link = await around.manage(identity)
    await greet(link, device, device_id)
    await serve(link, device, stay=0)
    await link.leave()
    same(device.effects, 1)


async def journal_replay(around):
    """The connection breaks between effect and answer: the same command comes as attempt 2."""
    device, device_id, identity, link = await around.ready()
    waiting = asyncio.create_task(around.action("lock", device.facts["serial"], WAIT))
    first = await link.expect("Command")
    device.answer(first)  # the effect, and an answer that is lost
    link.vanish()
    link = await around.manage(identity)
    await greet(link, device, device_id)
    second = await link.expect("Command")
    same((second[0]["id"], first[0]["attempt"], second[0]["attempt"]), (first[0]["id"], 1, 2))
    stale = device.answer(first)
    link.send("CommandResult", stale)
    stranger = dict(stale, id=list(uuid.uuid4().bytes))
    link.send("CommandResult", stranger)  # neither closes the connection
    result = device.answer(second)
    link.send("CommandResult", result)
    link.send("CommandResult", result)
    told = await waiting
    same((told["result"]["actionState"], device.effects), ("done", 1))
    link.send("Idle")
    await link.expect("Empty")
    await link.leave()


async def not_now(around):
    """A command put off comes again after the next Idle, and not before."""
    device, _id, _identity, link = await around.ready()
    waiting = asyncio.create_task(around.action("sync", device.facts["serial"], WAIT))
    head, _request = await link.expect("Command")
    link.send("CommandResult", dict(id=head["id"], attempt=head["attempt"], outcome="NotNow"))
    link.send("StatusReport", device.status())
    link.send("Idle")
    again = await link.expect("Command")
    same((again[0]["id"], again[0]["attempt"]), (head["id"], 2))
    link.send("CommandResult", device.answer(again))
    same((await waiting)["result"]["actionState"], "done")
    await link.leave()


async def one_flight(around):
    """Hello, TokenUpdate and Idle leave together, cut anywhere; the answers keep their order."""
    device, device_id, identity = await around.enrolled()
    link = await around.manage(identity)
    hello = dict(minor=MINOR, device=device_id, status=device.status())
    frames = encode_frame("Hello", hello) + encode_frame("TokenUpdate", device.secrets) + encode_frame("Idle")
    for at in range(0, len(frames), 7):
        link.write(frames[at : at + 7])
        await asyncio.sleep(0)
    same([(await link.receive())[0] for _ in range(3)], ["Welcome", "TokenUpdateAck", "Empty"])
    await link.leave()


async def newer_device(around):
    """A device of a later minor may say more than this server knows."""
    device, device_id, identity = await around.enrolled()
    link = await around.manage(identity)
    hello = encode_frame("Hello", dict(minor=MINOR + 1, device=device_id, status=device.status()))
    longer = (len(hello) - 4 + 3).to_bytes(4, "big") + hello[4:] + b"new"
    link.write(longer + bytes.fromhex("000000037f0102") + encode_frame("Idle"))
    same([(await link.receive())[0] for _ in range(2)], ["Welcome", "Empty"])
    await link.leave()


async def older_device(around):
    """A device of minor 0 is told nothing that minor 1 added, and works."""
    device, device_id, identity = await around.enrolled(minor=0)
    link = await around.manage(identity)
    link.send("Hello", dict(minor=0, device=device_id, status=device.status()))
    assert (await link.expect("Welcome"))["minor"] >= MINOR
    link.newer = True
    link.send("TokenUpdate", device.secrets)
    await link.expect("TokenUpdateAck")
    link.send("Idle")
    await link.expect("Empty")
    for action in ("sync", "lock", "reset-passcode"):
        await outcome(around, device, link, action)
    same(device.effects, 3)
    await link.leave()
    accepted = await around.action("sync", device.facts["serial"])
    same(accepted["exit"], 0)
    link = await around.manage(identity)
    await greet(link, device, device_id, minor=0)
    await serve(link, device, stay=0)
    await link.leave()
    same((device.effects, link.newest_kind), (4, 0x93))


# --- the end of connections and lives ---------------------------------------------------------


async def newer_connection(around):
    device, device_id, identity, older = await around.ready()
    newer = await around.manage(identity)
    await greet(newer, device, device_id)
    await newer.expect("Empty")
    same((await older.ended())[:2], ("application", REPLACED))
    await outcome(around, device, newer, "sync")
    await newer.leave()


async def refused(around, identity, code: int):
    try:
        link = await around.manage(identity)
        ending = await link.ended()
    except Closed as closed:
        ending = closed.ending
    same(ending[:2], ("application", code))


async def new_life(around):
    """The same hardware with a new key: the earlier life ends at once and for ever."""
    device, device_id, identity, link = await around.ready()
    second, _identity = await enrol(around.place, device, around.token, new_key())
    assert second != device_id, "a new life has a new id"
    same((await link.ended())[:2], ("application", SUPERSEDED))
    await refused(around, identity, SUPERSEDED)


async def retired(around, mode):
    device, _id, identity, link = await around.ready(mode)
    asked = asyncio.create_task(around.action("retire", device.facts["serial"], WAIT))
    command = await link.expect("Command")
    link.send("CommandResult", device.answer(command))
    await link.leave()
    same((await asked)["result"]["actionState"], "done")
    same(link.protocol.ending[:2], ("application", DONE))
    await refused(around, identity, UNENROLLED)


CHECKS = [
    ("a one-time token enrols, and again with the same key", one_time_token),
    ("a P-256 key is as good as Ed25519", p256_key),
    ("an iPhone answers sync (SecurityInfo) and lock", sync_and_lock, "AppleDevice"),
    ("an Android device answers sync and lock", sync_and_lock, "AndroidFullyManaged"),
    ("reset-passcode brings the unlock token back", unlock_token_comes_back),
    ("a refusal reaches the administrator with its reasons", refusal_with_reasons),
    ("a command waits for a device that is away", pushed_and_polled),
    ("the journal answers attempt 2 after a cut", journal_replay),
    ("a command put off comes again after Idle", not_now),
    ("three messages in one flight, in pieces", one_flight),
    ("more than this minor knows is passed over", newer_device),
    ("a device of minor 0 is served as ever", older_device),
    ("a newer connection replaces the older", newer_connection),
    ("enrolling again ends the earlier life", new_life),
    ("a retired iPhone leaves and stays out", retired, "AppleDevice"),
    ("a retired Android device leaves and stays out", retired, "AndroidPersonallyOwnedWorkProfile"),
]


async def main(tally: Tally):
    around = Surroundings.from_arguments(__doc__)
    await asyncio.gather(*(tally.check(name, what, around, *more) for name, what, *more in CHECKS))


if __name__ == "__main__":
    sys.exit(run_part(main))
