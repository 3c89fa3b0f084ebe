#!/usr/bin/env python3
"""A muster device in Python, written from docs/protocol/ alone.

It shares no code with the rest of the repository, so that the written protocol is tested too.

    quic_client.py --self-test fixtures/wire/v1
    quic_client.py --server 127.0.0.1:4433 --ca ca.pem --token-file token.txt

The live part needs `pip install aioquic cryptography`; the self-test needs nothing. It plays one
enrolment: enrol, greet, hand over secrets, poll until Empty (or --stay SECONDS), leave. Lines on
standard output tell what happened; no secret is printed.
Exit codes: 0 as expected, 1 not, 64 usage.
"""

import argparse
import asyncio
import json
import logging
import secrets
import socket
import sys
import uuid
from collections import OrderedDict
from functools import cache
from pathlib import Path
from typing import NamedTuple

from wire import (
    BAD_FRAME, DONE, MINOR, MODES, WRONG_STATE, Violation,
    checked_length, decode_body, encode_frame, name_of, self_test,
)

PUSH_SINCE = 1  # the minor that brought push.md
POLL_AFTER = 1.0  # seconds without a further command until a device that wants to leave says Idle
PING_EVERY = 30.0  # seconds of silence

# --- the device: session.md -------------------------------------------------------------------


class Device:
    """What this device is and what it answers. It has no passcode and never says NotNow."""

    JOURNAL_MAX = 32

    def __init__(self, mode: str, serial: str):
        self.apple = mode.startswith("Apple")
        system = "Ios" if self.apple else "Android"
        self.version = dict(major=17 if self.apple else 14, minor=0, patch=0)
        self.facts = dict(serial=serial, model="interop-1", operating_system=system,
                          os_version=self.version, mode=mode)
        self.screen, self.journal, self.effects, self.policy = "unlocked", OrderedDict(), 0, None
        self.secrets = dict(sequence=1, unlock_token=None, bypass_code=None)
        if self.apple and mode != "AppleUser":
            self.secrets["unlock_token"] = list(secrets.token_bytes(32))

    def status(self):
        apple = {"Apple": dict(find_my="Off", activation_lock="Off")}
        android = {"Android": dict(work_profile_password="NotSet", reset_password_token="None")}
        return dict(os_version=self.version, passcode="NotSet", platform=apple if self.apple else android)

    def answer(self, command):
        head, request = command
        key = bytes(head["id"])
        if key not in self.journal:
            self.effects += 1
            self.journal[key] = self.decide(request)
            if len(self.journal) > self.JOURNAL_MAX:
                self.journal.popitem(last=False)
        return dict(id=head["id"], attempt=head["attempt"], outcome=self.journal[key])

    def decide(self, request):
        platform = "Apple" if self.apple else "Android"
        if request is None or platform not in request:
            return "CommandFormatError"
        asked = request[platform]
        name = name_of(asked)
        if name in ("SecurityInfo", "RequestDeviceInfo"):
            return {"Acknowledged": {"Status": self.status()}}
        if name == "DeviceLock":
            self.screen = "locked"
            return {"Acknowledged": {"Locked": "NoPasscodeSet"}}
        if name == "Lock":
            self.screen = "locked"
            return {"Acknowledged": "Done"}
        if name == "ClearPasscode" and asked[name]["unlock_token"] == self.secrets["unlock_token"]:
            return {"Acknowledged": "Done"}
        if name in ("RemoveProfile", "RelinquishOwnership"):
            return {"Acknowledged": "Done"}
        return {"NotSupported": [dict(domain="MusterInterop", code=-1, description=f"{name} is not played")]}


LOG = logging.getLogger("device")


def say(what: str, **more):
    LOG.info(json.dumps({"event": what, **more}))


# --- the live part: transport.md, certificates.md, enrolment.md --------------------------------


class Place(NamedTuple):
    """Where a server is and whom it is to be certified by."""

    server: str
    ca: str


class Ending(NamedTuple):
    """How the peer, or this side, closed a connection; `kind` is application or transport."""

    kind: str
    code: int
    reason: str = ""


class Closed(ConnectionError):
    """The connection is over; `ending` is None if it broke without a word."""

    def __init__(self, ending: Ending | None):
        super().__init__(f"closed: {ending}")
        self.ending = ending


@cache
def protocol_class():
    """What aioquic calls; made late, so that the self-test needs no aioquic."""
    from aioquic.asyncio.protocol import QuicConnectionProtocol
    from aioquic.quic.events import ConnectionTerminated, StreamDataReceived

    class Protocol(QuicConnectionProtocol):
        ending, silent = None, False

        def __init__(self, quic):
            super().__init__(quic)
            self.quic, self.incoming = quic, asyncio.StreamReader()

        def quic_event_received(self, event):
            if isinstance(event, ConnectionTerminated):
                kind = "application" if event.frame_type is None else "transport"
                self.ending = self.ending or Ending(kind, event.error_code, event.reason_phrase)
                self.incoming.feed_eof()
            elif isinstance(event, StreamDataReceived):
                self.incoming.feed_data(event.data)
                if event.end_stream:
                    self.incoming.feed_eof()

        def write(self, data: bytes, end: bool = False):
            self.quic.send_stream_data(0, data, end)
            self.transmit()

        def transmit(self):
            if not self.silent:
                super().transmit()

        def datagram_received(self, data, addr):
            if not self.silent:
                super().datagram_received(data, addr)

    return Protocol


class Link:
    """One connection: its stream, frames both ways, and how it ended."""

    def __init__(self, protocol, transport, reads: str):
        self.protocol, self.transport, self.reads, self.newer = protocol, transport, reads, False
        self.newest_kind = 0

    @classmethod
    async def open(cls, place: Place, alpn: str | None, reads: str, identity=None):
        from aioquic.quic.configuration import QuicConfiguration
        from aioquic.quic.connection import QuicConnection
        from aioquic.quic.packet import QuicProtocolVersion

        host, port = place.server.rsplit(":", 1)
        address = socket.getaddrinfo(host, int(port), socket.AF_INET, socket.SOCK_DGRAM)[0][4]
        config = QuicConfiguration(is_client=True, alpn_protocols=alpn and [alpn], server_name="localhost", idle_timeout=150.0)
        config.supported_versions = [QuicProtocolVersion.VERSION_1]
        config.load_verify_locations(cafile=place.ca)
        if identity:
            config.private_key, config.certificate, config.certificate_chain = identity
        transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: protocol_class()(QuicConnection(configuration=config)), local_addr=("127.0.0.1", 0)
        )
        link = cls(protocol, transport, reads)
        protocol.connect(address)
        try:
            await asyncio.wait_for(protocol.wait_connected(), 10)
        except (ConnectionError, TimeoutError) as error:
            await link.close(DONE)
            raise Closed(link.protocol.ending) from error
        return link

    def write(self, data: bytes, end: bool = False):
        self.protocol.write(data, end)

    def send(self, name: str, value=None):
        say("send", message=name)
        self.write(encode_frame(name, value))

    async def receive(self):
        """The next message; None at the end of the stream, which is also how a close shows."""
        incoming = self.protocol.incoming
        while True:
            try:
                body = await incoming.readexactly(checked_length(await incoming.readexactly(4)))
            except asyncio.IncompleteReadError as end:
                if end.partial and self.protocol.ending is None:
                    raise Violation(BAD_FRAME, "the stream ends inside a frame") from end
                return None
            self.newest_kind = max(self.newest_kind, body[0])
            message = decode_body(body, self.reads, self.newer)
            if message is not None:
                say("received", message=message[0])
                return message

    async def expect(self, name: str):
        message = await self.receive()
        if message is None:
            raise Closed(self.protocol.ending)
        if message[0] != name:
            raise Violation(WRONG_STATE, f"{message[0]} instead of {name}")
        return message[1]

    async def leave(self):
        """Ends this side and gives the server time to take the last message (session.md)."""
        self.write(b"", end=True)
        try:
            await asyncio.wait_for(self.protocol.incoming.read(), 5)
        except TimeoutError:
            pass
        await self.close(DONE)

    async def ended(self, within: float = 10) -> Ending | None:
        """Waits until the peer has closed, and tells how."""
        await asyncio.wait_for(self.protocol.wait_closed(), within)
        self.transport.close()
        return self.protocol.ending

    def vanish(self):
        """Stops without a word, as a device whose battery is empty."""
        self.protocol.silent = True

    async def close(self, code: int):
        say("closed", peer=self.protocol.ending)
        self.protocol.close(error_code=code)
        await self.protocol.wait_closed()
        self.transport.close()


def new_key(kind: str = "ed25519"):
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    return ec.generate_private_key(ec.SECP256R1()) if kind == "p256" else ed25519.Ed25519PrivateKey.generate()


def signing_request(key) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    request = builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    return request.public_bytes(serialization.Encoding.DER)


async def enrol(place: Place, device: Device, token: str, key, csr: bytes | None = None, minor: int = MINOR):
    """Gets a certificate: the device id, and what Link.open takes as identity."""
    from cryptography import x509

    link = await Link.open(place, "muster-enrol/1", "enrol-device")
    csr_der = list(csr or signing_request(key))
    link.send("EnrolRequest", dict(minor=minor, token=token, csr_der=csr_der, facts=device.facts))
    try:
        reply = await link.expect("EnrolReply")
    finally:
        await link.close(DONE)
    chain = [x509.load_der_x509_certificate(bytes(der)) for der in reply["chain_der"]]
    names = chain[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    urn = f"urn:muster:device:{uuid.UUID(bytes=bytes(reply['device']))}"
    if chain[0].public_key() != key.public_key() or [name.value for name in names] != [urn]:
        raise ValueError("the certificate is not for this device and key")
    say("enrolled", device=urn)
    return reply["device"], (key, chain[0], chain[1:])


async def greet(link: Link, device: Device, device_id, push=None, minor: int = MINOR):
    """From Hello to the first Idle. A device that keeps no connection says where it is woken."""
    link.send("Hello", dict(minor=minor, device=device_id, status=device.status()))
    welcome = await link.expect("Welcome")
    link.newer = welcome["minor"] > minor
    if device.secrets["unlock_token"] or device.secrets["bypass_code"]:
        link.send("TokenUpdate", device.secrets)
        if await link.expect("TokenUpdateAck") != device.secrets["sequence"]:
            raise Violation(WRONG_STATE, "another update was acknowledged")
    if push and welcome["minor"] >= PUSH_SINCE:
        link.send("PushUpdate", push)
    device.policy = welcome["policy"]
    link.send("Idle")


async def session(args, device: Device, device_id, link: Link):
    await greet(link, device, device_id)
    try:
        await asyncio.wait_for(serve(link, device, args.stay), args.stay or None)
    except TimeoutError:
        pass
    await link.leave()


async def serve(link: Link, device: Device, stay: float):
    """Answers commands until Empty, or for ever if the device is to stay."""
    while True:
        message = await next_message(link, stay)
        if message is None:
            raise Closed(link.protocol.ending)
        if message[0] == "Empty" and not stay:
            return
        if message[0] == "PolicyUpdate":
            device.policy = message[1]
        if message[0] == "Command":
            result = device.answer(message[1])
            link.send("CommandResult", result)
            command = str(uuid.UUID(bytes=bytes(result["id"])))
            say("answered", command=command, attempt=result["attempt"], outcome=name_of(result["outcome"]))


async def next_message(link: Link, stay: float):
    """Waits for a message. A device that stays pings meanwhile, one that wants to leave asks."""
    coming = asyncio.create_task(link.receive())
    try:
        while not (await asyncio.wait({coming}, timeout=PING_EVERY if stay else POLL_AFTER))[0]:
            if stay:
                await link.protocol.ping()
            else:
                link.send("Idle")
    finally:
        coming.cancel()
        await asyncio.wait({coming})
    return coming.result()


async def live(args) -> int:
    device = Device(args.mode, args.serial)
    try:
        place, token = Place(args.server, args.ca), Path(args.token_file).read_text().strip()
        device_id, identity = await enrol(place, device, token, new_key(args.key))
        link = await Link.open(place, "muster-mgmt/1", "device", identity)
        try:
            await session(args, device, device_id, link)
        except Violation as violation:
            await link.close(violation.code)
            raise
    except (Violation, ConnectionError, ValueError) as error:
        say("failed", why=f"{type(error).__name__}: {error}")
        return 1
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="a muster device in Python")
    parser.add_argument("--self-test", metavar="FOLDER", type=Path, help="check the codec against the golden bytes")
    parser.add_argument("--server", default="127.0.0.1:4433")
    parser.add_argument("--ca", metavar="PEM")
    parser.add_argument("--token-file", metavar="FILE")
    parser.add_argument("--mode", choices=MODES, default="AppleDevice")
    parser.add_argument("--serial", default="PY-INTEROP-1")
    parser.add_argument("--key", choices=["ed25519", "p256"], default="ed25519")
    parser.add_argument("--stay", metavar="SECONDS", type=float, default=0, help="stay instead of leaving on Empty")
    args = parser.parse_args()
    if args.self_test:
        return self_test(args.self_test)
    if not (args.ca and args.token_file):
        parser.print_usage(sys.stderr)
        return 64
    logging.basicConfig(stream=sys.stdout, format="%(message)s")
    LOG.setLevel(logging.INFO)
    return asyncio.run(live(args))


if __name__ == "__main__":
    sys.exit(main())
