#!/usr/bin/env python3
"""Hostile and clumsy clients, each with the ending that docs/protocol promises it.

    probes.py --muster target/debug/muster --data DATA-FOLDER [--fleet N]

Written from docs/protocol/ alone. With --fleet, N devices of
a `muster fleet` have to stay connected and to keep answering meanwhile.
"""

import asyncio
import base64
import datetime
import json
import random
import socket
import sys
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from quic_client import Closed, Link, enrol, greet, new_key, signing_request
from tally import Surroundings, Tally, run_part, same
from wire import KIND_OF, MINOR, encode_frame

# close-codes.md
DONE, GREETING_TIMEOUT, TOO_LARGE, BAD_FRAME, WRONG_STATE, FIELD = 0x00, 0x03, 0x10, 0x11, 0x12, 0x15
NO_CERTIFICATE, NOT_A_DEVICE, UNKNOWN_DEVICE, SUPERSEDED, WRONG_DEVICE = 0x20, 0x21, 0x22, 0x24, 0x25
TOKEN_UNKNOWN, TOKEN_EXPIRED, TOKEN_USED, BAD_CSR, BAD_FACTS = 0x30, 0x31, 0x32, 0x33, 0x34
CODES = {0x00, 0x01, 0x02, 0x03, *range(0x10, 0x16), *range(0x20, 0x26), *range(0x30, 0x36), 0x40}
# certificates.md, "What a refused certificate looks like"; transport.md, "The stream"
UNSUPPORTED, EXPIRED, UNKNOWN_CA, DECRYPT, NO_ALPN = 0x12B, 0x12D, 0x130, 0x133, 0x178
STREAM_LIMIT = 0x04

ENROL, MANAGE = "muster-enrol/1", "muster-mgmt/1"
SEED, MUTATIONS = 20, 40


def frame(kind: int, payload: bytes = b"") -> bytes:
    return (1 + len(payload)).to_bytes(4, "big") + bytes([kind]) + payload


def application(code: int):
    return "application", code


def transport(code: int):
    return "transport", code


async def send_and_wait(around, alpn, data: bytes, end: bool, identity=None):
    """Connects, sends these bytes and returns how the server ended it."""
    try:
        link = await Link.open(around.place, alpn, "device", identity)
        link.write(data, end)
        ending = await link.ended(within=15)
    except Closed as closed:
        ending = closed.ending
    return ending[:2]


# --- enrolment.md -----------------------------------------------------------------------------


async def first_bytes(around, alpn, data: bytes, code: int, end: bool = False):
    same(await send_and_wait(around, alpn, data, end), application(code))


async def request(around, changes: dict, code: int):
    """An EnrolRequest that is right but for these fields; `facts` are changes themselves."""
    facts = {**around.device().facts, **changes.get("facts", {})}
    whole = dict(minor=MINOR, token=around.token, csr_der=list(signing_request(new_key())))
    data = encode_frame("EnrolRequest", {**whole, **changes, "facts": facts})
    same(await send_and_wait(around, ENROL, data, False), application(code))


async def used_token(around):
    _code, token = await around.run("token", "new", "--one-time")
    await enrol(around.place, around.device(), token.strip(), new_key())
    await request(around, {"token": token.strip()}, TOKEN_USED)


async def expired_token(around):
    _code, token = await around.run("token", "new", "--expires-in", "1ms")
    await request(around, {"token": token.strip()}, TOKEN_EXPIRED)


async def csr(around, key, algorithm, *extensions):
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    der = builder.sign(key, algorithm).public_bytes(serialization.Encoding.DER)
    await request(around, {"csr_der": list(der)}, BAD_CSR)


async def csr_tampered(around):
    der = bytearray(signing_request(new_key()))
    der[-1] ^= 1
    await request(around, {"csr_der": list(der)}, BAD_CSR)


async def csr_subject_ignored(around):
    """A request that claims to be another device gets a certificate for nobody but itself."""
    key, other = new_key(), f"urn:muster:device:{uuid.uuid4()}"
    builder = x509.CertificateSigningRequestBuilder()
    builder = builder.subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, other)]))
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(other)])
    der = builder.add_extension(names, critical=True).sign(key, None).public_bytes(serialization.Encoding.DER)
    await enrol(around.place, around.device(), around.token, key, der)  # compares the names


async def repeated_requests(around):
    """Frames behind the first are not read."""
    fields = dict(minor=MINOR, token=around.token, csr_der=list(signing_request(new_key())))
    data = encode_frame("EnrolRequest", {**fields, "facts": around.device().facts})
    same(await send_and_wait(around, ENROL, data + b"\xff" * 64, True), application(DONE))


# --- certificates.md --------------------------------------------------------------------------


class Authority:
    """Makes certificates like the run's CA does, or almost."""

    def __init__(self, name: x509.Name, key):
        self.name, self.key = name, key

    @classmethod
    def of_the_run(cls, around):
        certificate = x509.load_pem_x509_certificate((around.data / "ca.pem").read_bytes())
        pem = (around.data / "ca-key.pem").read_text().splitlines()
        der = base64.b64decode("".join(line for line in pem if "-" not in line))
        # PKCS #8 of version 2 (RFC 5958), which not every library reads: the seed stands in OCTET STRINGs.
        seed = der.partition(bytes.fromhex("04220420"))[2][:32]
        return cls(certificate.subject, ed25519.Ed25519PrivateKey.from_private_bytes(seed))

    def issue(self, key, names, usage=ExtendedKeyUsageOID.CLIENT_AUTH, days=(-1, 1)):
        now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
        builder = x509.CertificateBuilder(self.name, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "probe")]))
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now + days[0] * day).not_valid_after(now + days[1] * day)
        if names:
            uris = [x509.UniformResourceIdentifier(name) for name in names]
            builder = builder.add_extension(x509.SubjectAlternativeName(uris), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        builder = builder.add_extension(x509.BasicConstraints(False, None), critical=True)
        return key, builder.sign(self.key, None), []


def urn(device_id) -> str:
    return f"urn:muster:device:{uuid.UUID(bytes=bytes(device_id))}"


async def certificate(around, wanted, foreign=None, name=urn, **more):
    """An enrolled device shows a certificate that is wrong in one way and says its right Hello."""
    device, device_id, (key, _leaf, _chain) = await around.enrolled()
    authority = Authority.of_the_run(around)
    if foreign == "key":
        authority = Authority(authority.name, new_key())
    elif foreign:
        authority = Authority(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "muster run CA 0")]), new_key())
    hello = encode_frame("Hello", dict(minor=MINOR, device=device_id, status=device.status()))
    names = name(device_id)
    identity = authority.issue(key, [names] if isinstance(names, str) else names, **more)
    same(await send_and_wait(around, MANAGE, hello, False, identity), wanted)


async def other_key(around, in_certificate: bool):
    """Signs with a key that is not the certificate's, or has one that is not the enrolment's."""
    _device, device_id, (_key, leaf, chain) = await around.enrolled()
    identity, wanted = (new_key(), leaf, chain), transport(DECRYPT)
    if in_certificate:
        identity = Authority.of_the_run(around).issue(new_key(), [urn(device_id)])
        wanted = application(SUPERSEDED)
    same(await send_and_wait(around, MANAGE, b"", False, identity), wanted)


async def alpn(around, name):
    same(await send_and_wait(around, name, b"", False), transport(NO_ALPN))


# --- framing.md, limits.md, session.md --------------------------------------------------------


async def before_hello(around, data: bytes, code: int, end: bool = False):
    _device, _id, identity = await around.enrolled()
    same(await send_and_wait(around, MANAGE, data, end, identity), application(code))


async def hello(around, change, code: int, end: bool = False):
    """Sends the right Hello after `change` had its way with the bytes; then the device comes back."""
    device, device_id, identity = await around.enrolled()
    right = encode_frame("Hello", dict(minor=MINOR, device=device_id, status=device.status()))
    same(await send_and_wait(around, MANAGE, change(right), end, identity), application(code))
    link = await around.manage(identity)
    await greet(link, device, device_id)
    await link.expect("Empty")
    await link.leave()


async def when_ready(around, data: bytes, code: int, end: bool = False):
    """The same in the middle of a session; then the device comes back."""
    device, device_id, identity, link = await around.ready()
    link.write(data, end)
    same((await link.ended(within=15))[:2], application(code))
    link = await around.manage(identity)
    await greet(link, device, device_id)
    await link.expect("Empty")
    await link.leave()


async def another_stream(around, unidirectional: bool):
    *_device, link = await around.ready()
    quic = link.protocol.quic
    quic._remote_max_streams_bidi = quic._remote_max_streams_uni = 100  # aioquic would wait for credit
    quic.send_stream_data(quic.get_next_available_stream_id(unidirectional), b"x")
    link.protocol.transmit()
    same((await link.ended())[:2], transport(STREAM_LIMIT))


async def flooding(around):
    """A thousand Idles in one piece: each has its answer, and the session goes on."""
    *_device, link = await around.ready()
    link.write(encode_frame("Idle") * 1000)
    for _ in range(1000):
        await link.expect("Empty")
    await link.leave()


async def mutations(around, message: str):
    """Frames with flipped bytes: a documented code or a decent end, and nothing else."""
    chance = random.Random(SEED)
    device, device_id, identity = await around.enrolled()
    if message == "Hello":
        right = encode_frame(message, dict(minor=MINOR, device=device_id, status=device.status()))
    else:
        csr_der = list(signing_request(new_key()))
        fields = dict(minor=MINOR, token=around.token, csr_der=csr_der, facts=device.facts)
        right, identity = encode_frame(message, fields), None
    for _ in range(MUTATIONS):
        wrong = bytearray(right)
        for _flip in range(chance.randint(1, 4)):
            wrong[chance.randrange(len(wrong))] = chance.randrange(256)
        kind, code = await send_and_wait(around, MANAGE if identity else ENROL, bytes(wrong), True, identity)
        assert (kind, code in CODES) == ("application", True), f"{kind} {code:#x} after {wrong.hex()}"


async def datagrams(around):
    """Bytes that are no QUIC, or a QUIC nobody speaks, are nobody's business."""
    chance, (host, port) = random.Random(SEED), around.place.server.rsplit(":", 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for _ in range(500):
            out.sendto(chance.randbytes(chance.randint(1, 1400)), (host, int(port)))
            out.sendto(b"\xc0\xba\xba\xba\xba\x08" + chance.randbytes(1200), (host, int(port)))
    *_device, link = await around.ready()
    await link.leave()


async def silence(around, name, data: bytes):
    """No complete first message for ten seconds."""
    identity = (await around.enrolled())[2] if name == MANAGE else None
    same(await send_and_wait(around, name, data, False, identity), application(GREETING_TIMEOUT))


def longer(right: bytes, tail: bytes) -> bytes:
    return frame(right[4], right[5:] + tail)


def errors(count: int, text: str = "") -> bytes:
    """A CommandResult for a command nobody knows."""
    items = [dict(domain=text, code=0, description=text)] * count
    return encode_frame("CommandResult", dict(id=list(range(16)), attempt=1, outcome={"Error": items}))


def reached(topic: int = 1, token: int = 1, magic: int = 1) -> bytes:
    """A PushUpdate whose texts are this long."""
    target = dict(service="Apns", topic="t" * topic, token="a" * token, magic="m" * magic)
    return encode_frame("PushUpdate", dict(target=target))


async def pushing(around):
    """A thousand PushUpdates, the same and others, before and behind Idle: the session goes on."""
    *_device, link = await around.ready()
    link.write((reached() * 9 + reached(magic=2) + IDLE) * 100 + encode_frame("PushUpdate", dict(target=None)))
    for _ in range(100):
        await link.expect("Empty")
    await link.leave()


def secret(token: int, code: int) -> bytes:
    return encode_frame("TokenUpdate", dict(sequence=1, unlock_token=bytes(token), bypass_code="A" * code))


IDLE, PUSH = encode_frame("Idle"), KIND_OF["PushUpdate"]
HTTP = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
SUBJECT_KEY = x509.SubjectKeyIdentifier(bytes(20))

PROBES = [
    # While the others run, since they take ten seconds.
    ("silence on an enrolment connection", silence, ENROL, b""),
    ("silence on a management connection", silence, MANAGE, b""),
    ("half a Hello, then silence", silence, MANAGE, frame(KIND_OF["Hello"], bytes(40))[:20]),
    ("enrol: HTTP", first_bytes, ENROL, HTTP, TOO_LARGE),
    ("enrol: a length of 65 537", first_bytes, ENROL, (65_537).to_bytes(4, "big"), TOO_LARGE),
    ("enrol: a length of zero", first_bytes, ENROL, bytes(4), BAD_FRAME),
    ("enrol: garbage in a frame", first_bytes, ENROL, frame(0x01, b"\xff" * 200), BAD_FRAME),
    ("enrol: an unknown kind", first_bytes, ENROL, frame(0x7F), BAD_FRAME),
    ("enrol: a message of the other connection", first_bytes, ENROL, IDLE, BAD_FRAME),
    ("enrol: a frame cut short", first_bytes, ENROL, frame(0x01, bytes(50))[:30], BAD_FRAME, True),
    ("enrol: nothing but the end", first_bytes, ENROL, b"", WRONG_STATE, True),
    ("enrol: bytes behind the request", repeated_requests),
    ("enrol: an unknown token", request, {"token": "0" * 64}, TOKEN_UNKNOWN),
    ("enrol: an empty token", request, {"token": ""}, TOKEN_UNKNOWN),
    ("enrol: a token of 1025 bytes", request, {"token": "x" * 1025}, FIELD),
    ("enrol: a token that has ended", expired_token),
    ("enrol: a one-time token, used by another key", used_token),
    ("enrol: an empty CSR", request, {"csr_der": []}, BAD_CSR),
    ("enrol: a CSR of 4097 bytes", request, {"csr_der": [48] * 4097}, BAD_CSR),
    ("enrol: a CSR that is no DER", request, {"csr_der": [255] * 100}, BAD_CSR),
    ("enrol: a CSR with bytes behind it", request, {"csr_der": [*signing_request(new_key()), 0]}, BAD_CSR),
    ("enrol: a CSR with a wrong signature", csr_tampered),
    ("enrol: a CSR for RSA", csr, rsa.generate_private_key(65_537, 2048), hashes.SHA256()),
    ("enrol: a CSR for P-384", csr, ec.generate_private_key(ec.SECP384R1()), hashes.SHA384()),
    ("enrol: a CSR for P-256 with SHA-384", csr, ec.generate_private_key(ec.SECP256R1()), hashes.SHA384()),
    ("enrol: a CSR with a subject key identifier", csr, ed25519.Ed25519PrivateKey.generate(), None, SUBJECT_KEY),
    ("enrol: a CSR that claims to be another device", csr_subject_ignored),
    ("enrol: a serial number in small letters", request, {"facts": {"serial": "py-1"}}, BAD_FACTS),
    ("enrol: an empty serial number", request, {"facts": {"serial": ""}}, BAD_FACTS),
    ("enrol: a serial number of 33 letters", request, {"facts": {"serial": "A" * 33}}, BAD_FACTS),
    ("enrol: a model of 65 bytes", request, {"facts": {"model": "m" * 65}}, BAD_FACTS),
    ("enrol: an Apple mode on Android", request, {"facts": {"operating_system": "Android"}}, BAD_FACTS),
    ("enrol: facts are looked at before the token", request, {"token": "0", "facts": {"model": ""}}, BAD_FACTS),
    ("enrol: mutated requests", mutations, "EnrolRequest"),
    ("tls: an unknown ALPN", alpn, "muster-mgmt/2"),
    ("tls: no ALPN", alpn, None),
    ("tls: a certificate of another CA", certificate, transport(UNKNOWN_CA), "name"),
    ("tls: a certificate in the CA's name by another key", certificate, transport(DECRYPT), "key"),
    ("tls: an expired certificate", lambda around: certificate(around, transport(EXPIRED), days=(-2, -1))),
    ("tls: a certificate of tomorrow", lambda around: certificate(around, transport(EXPIRED), days=(1, 2))),
    ("tls: a certificate for servers",
     lambda around: certificate(around, transport(UNSUPPORTED), usage=ExtendedKeyUsageOID.SERVER_AUTH)),
    ("tls: another key than the certificate's", other_key, False),
    ("admission: no certificate", first_bytes, MANAGE, IDLE, NO_CERTIFICATE),
    ("admission: a certificate without a name",
     lambda around: certificate(around, application(NOT_A_DEVICE), name=lambda _id: [])),
    ("admission: a certificate with two names",
     lambda around: certificate(around, application(NOT_A_DEVICE), name=lambda own: [urn(own), urn(own)])),
    ("admission: a certificate of another scheme",
     lambda around: certificate(around, application(NOT_A_DEVICE), name=lambda _id: "https://localhost/")),
    ("admission: a device nobody knows",
     lambda around: certificate(around, application(UNKNOWN_DEVICE), name=lambda _id: urn(uuid.uuid4().bytes))),
    ("admission: another key than the enrolment's", other_key, True),
    ("greeting: a length of 65 537", before_hello, (65_537).to_bytes(4, "big"), TOO_LARGE),
    ("greeting: a length of zero", before_hello, bytes(4), BAD_FRAME),
    ("greeting: garbage", before_hello, b"\xff" * 1000, TOO_LARGE),
    ("greeting: an unknown kind", before_hello, frame(0x7F), BAD_FRAME),
    ("greeting: a server's message", before_hello, encode_frame("Empty"), BAD_FRAME),
    ("greeting: Idle before Hello", before_hello, IDLE, WRONG_STATE),
    ("greeting: PushUpdate before Hello", before_hello, reached(), WRONG_STATE),
    ("greeting: nothing but the end", before_hello, b"", DONE, True),
    ("greeting: Hello for another device", hello, lambda right: right[:6] + bytes(16) + right[22:], WRONG_DEVICE),
    ("greeting: Hello cut by its length", hello, lambda right: frame(right[4], right[5:-1]), BAD_FRAME),
    ("greeting: Hello cut by the end", hello, lambda right: right[:-3], BAD_FRAME, True),
    ("greeting: Hello with a tail", hello, lambda right: longer(right, b"?"), BAD_FRAME),
    ("greeting: Hello twice", hello, lambda right: right + right, WRONG_STATE),
    ("greeting: Hello and the end", hello, lambda right: right, DONE, True),
    ("greeting: mutated Hellos", mutations, "Hello"),
    ("session: a length of 65 537", when_ready, (65_537).to_bytes(4, "big"), TOO_LARGE),
    ("session: an unknown kind", when_ready, frame(0x16), BAD_FRAME),
    ("session: a PolicyUpdate", when_ready, frame(KIND_OF["PolicyUpdate"], bytes(3)), BAD_FRAME),
    ("session: a PushUpdate without a byte", when_ready, frame(PUSH), BAD_FRAME),
    ("session: a PushUpdate of neither kind", when_ready, frame(PUSH, b"\2"), BAD_FRAME),
    ("session: a PushUpdate of no service", when_ready, frame(PUSH, b"\1\2\1t\1a\1m"), BAD_FRAME),
    ("session: a PushUpdate cut short", when_ready, frame(PUSH, b"\1\0\1t\1a\5m"), BAD_FRAME),
    ("session: a PushUpdate with a tail", when_ready, frame(PUSH, b"\0?"), BAD_FRAME),
    ("session: a PushUpdate that is no text", when_ready, frame(PUSH, b"\1\0\1t\1\xff\1m"), BAD_FRAME),
    ("session: a topic of 1025 bytes", when_ready, reached(topic=1025), FIELD),
    ("session: a push token of 1025 bytes", when_ready, reached(token=1025), FIELD),
    ("session: a word of 1025 bytes", when_ready, reached(magic=1025), FIELD),
    ("session: a thousand PushUpdates", pushing),
    ("session: an EnrolRequest", when_ready, frame(0x01), BAD_FRAME),
    ("session: Idle with a payload", when_ready, frame(0x13, b"x"), BAD_FRAME),
    ("session: a status cut short", when_ready, frame(0x12, b"\x11"), BAD_FRAME),
    ("session: the end inside a length", when_ready, b"\x00\x00", BAD_FRAME, True),
    ("session: the end between frames", when_ready, IDLE, DONE, True),
    ("session: an unlock token of 4097 bytes", when_ready, secret(4097, 1), FIELD),
    ("session: a bypass code of 1025 bytes", when_ready, secret(1, 1025), FIELD),
    ("session: nine errors", when_ready, errors(9), FIELD),
    ("session: an error text of 1025 bytes", when_ready, errors(1, "x" * 1025), FIELD),
    ("session: more than the decoding budget", when_ready, errors(4000), BAD_FRAME),
    ("session: a second stream", another_stream, False),
    ("session: a unidirectional stream", another_stream, True),
    ("session: a flood of Idles", flooding),
    ("datagrams that are no QUIC", datagrams),
]


async def fleet(around) -> list:
    """The devices that are not ours, all of which have to be connected."""
    _code, out = await around.run("device", "list", "--json")
    others = [device for device in json.loads(out) if not device["serialNumber"].startswith("PY-")]
    assert len(others) >= around.fleet, f"{len(others)} devices"
    same([device["serialNumber"] for device in others if not device["x-muster-connected"]], [])
    return others


async def bystanders(around, over: asyncio.Event):
    """Devices of the fleet answer again and again until all probes are done."""
    # A locked iPhone may say NotNow; an Android device always reports.
    androids = [it["serialNumber"] for it in await fleet(around) if it["operatingSystem"] == "Android"]
    while True:
        last = over.is_set()
        for serial in androids[:3]:
            told = await around.action("sync", serial, "--wait=5s")
            same((told["exit"], told.get("result", {}).get("actionState")), (0, "done"))
        if last:
            break
    await fleet(around)


async def main(tally: Tally):
    around, over = Surroundings.from_arguments(__doc__), asyncio.Event()
    watch = asyncio.create_task(bystanders(around, over)) if around.fleet else None
    await asyncio.gather(*(tally.check(name, what, around, *more) for name, what, *more in PROBES))
    over.set()
    if watch:
        await tally.check("the fleet stayed connected and answered all the time", lambda: watch)


if __name__ == "__main__":
    sys.exit(run_part(main))
