"""What the parts of the interop check share: one line for each check, and a server to talk to.

A line begins with `ok`, `FAIL` or `skipped`; check.sh counts them.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path

from quic_client import Device, Link, Place, enrol, greet, new_key
from wire import MINOR

WITHIN = 30  # seconds one check may take
ALL_WITHIN = 45  # seconds all checks of a part may take: a bound for a broken build
TOGETHER = 8  # checks under way at once


class Surroundings:
    """A running server: where it is, its data folder, and the muster binary to command it with."""

    def __init__(self, muster: str, data: str):
        self.muster, self.data, self.serials = muster, Path(data), 0
        quic = json.loads((self.data / "endpoints.json").read_text())["quic"]
        self.place = Place(quic, str(self.data / "ca.pem"))
        self.token = (self.data / "enrolment-tokens" / "default").read_text().strip()

    @classmethod
    def from_arguments(cls, about: str, vendor: bool = False):
        parser = argparse.ArgumentParser(description=about)
        parser.add_argument("--muster", required=True, help="the binary")
        parser.add_argument("--data", required=True, help="data folder of the running server")
        parser.add_argument("--fleet", metavar="N", type=int, default=0, help="devices of a fleet that is connected")
        parser.add_argument("--vendor", required=vendor, metavar="FOLDER", help="the server's --push-folder")
        args = parser.parse_args()
        around = cls(args.muster, args.data)
        around.fleet, around.vendor = args.fleet, args.vendor
        return around

    def device(self, mode: str = "AppleDevice") -> Device:
        """New hardware."""
        self.serials += 1
        return Device(mode, f"PY-{Path(sys.argv[0]).stem.upper()}-{self.serials}")

    async def enrolled(self, mode: str = "AppleDevice", kind: str = "ed25519", minor: int = MINOR):
        """A new device, its id and its identity."""
        device = self.device(mode)
        return device, *await enrol(self.place, device, self.token, new_key(kind), minor=minor)

    async def manage(self, identity) -> Link:
        return await Link.open(self.place, "muster-mgmt/1", "device", identity)

    async def ready(self, mode: str = "AppleDevice"):
        """A new device that has been told Empty: device, id, identity, link."""
        device, device_id, identity = await self.enrolled(mode)
        link = await self.manage(identity)
        await greet(link, device, device_id)
        await link.expect("Empty")
        return device, device_id, identity, link

    async def run(self, *words: str) -> tuple[int, str]:
        """Exit code and standard output of a muster command on this data folder."""
        process = await asyncio.create_subprocess_exec(
            self.muster, *words, "--data", str(self.data),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, _err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        return process.returncode, out.decode()

    async def action(self, name: str, serial: str, *more: str) -> dict:
        """Asks for an action and returns what the command line says of it, with its exit code."""
        code, out = await self.run("action", name, serial, "--json", *more)
        return {"exit": code, **(json.loads(out) if out.strip() else {})}


class Tally:
    """Runs checks, several at once, and prints a line for each."""

    def __init__(self):
        self.failed, self.room = 0, asyncio.Semaphore(TOGETHER)

    async def check(self, name: str, what: Callable, *values):
        async with self.room:
            try:
                await asyncio.wait_for(what(*values), WITHIN)
            except Exception as error:
                self.failed += 1
                print(f"FAIL    {name}: {type(error).__name__}: {error}", flush=True)
            else:
                print(f"ok      {name}", flush=True)


def run_part(part: Callable) -> int:
    """The exit code of a part, given its own tally."""

    async def bounded() -> int:
        tally = Tally()
        try:
            await asyncio.wait_for(part(tally), ALL_WITHIN)
        except TimeoutError:
            print(f"FAIL    {part.__module__}: not finished in time", flush=True)
            return 1
        return 1 if tally.failed else 0

    return asyncio.run(bounded())


def same(found, wanted):
    if found != wanted:
        raise AssertionError(f"{found} instead of {wanted}")
