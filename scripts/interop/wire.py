"""The wire format of muster in Python, written from docs/protocol/ alone.

encoding.md, messages.md and framing.md, in this order, and the check against the golden bytes.
Needs nothing but Python 3.11.
"""

import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

FRAME_MAX = 65_536  # also the decoding budget

# --- encoding.md ------------------------------------------------------------------------------


class Reader:
    """Bytes that are taken from the front. Whatever does not decode is a ValueError."""

    def __init__(self, data: bytes):
        self.data, self.at, self.budget = data, 0, FRAME_MAX

    def take(self, count: int, counts: int | None = None) -> bytes:
        """The next bytes; they count against the decoding budget of limits.md as that says."""
        self.budget -= count if counts is None else counts
        if self.budget < 0:
            raise ValueError("beyond the decoding budget")
        if count > self.left():
            raise ValueError(f"{count} bytes wanted, {self.left()} left")
        self.at += count
        return self.data[self.at - count : self.at]

    def left(self) -> int:
        return len(self.data) - self.at


class Codec(NamedTuple):
    """How a type is written and read. Values look as in the `# value:` lines of the fixtures."""

    encode: Callable
    decode: Callable


def varint(bits: int) -> Codec:
    def encode(value):
        if value <= 250:
            return bytes([value])
        for marker, width in ((251, 2), (252, 4), (253, 8)):
            if value < 1 << (8 * width):
                return bytes([marker]) + value.to_bytes(width, "little")
        raise ValueError(f"{value} does not fit 64 bits")

    def decode(reader):
        first = reader.take(1, counts=bits // 8)[0]
        if first <= 250:
            return first
        width = {251: 2, 252: 4, 253: 8}.get(first, 16)
        if 8 * width > bits:
            raise ValueError(f"marker {first} in an integer of {bits} bits")
        return int.from_bytes(reader.take(width, counts=0), "little")

    return Codec(encode, decode)


def unzigzag(coded: int) -> int:
    return (coded >> 1) ^ -(coded & 1)


def decode_bool(reader):
    byte = reader.take(1)[0]
    if byte > 1:
        raise ValueError(f"{byte} is no bool")
    return byte == 1


U8 = Codec(lambda value: bytes([value]), lambda reader: reader.take(1)[0])
U16, U32, U64 = varint(16), varint(32), varint(64)
I32 = Codec(lambda value: U32.encode(2 * value if value >= 0 else -2 * value - 1), lambda reader: unzigzag(U32.decode(reader)))
BOOL = Codec(lambda value: bytes([value]), decode_bool)
BYTES = Codec(lambda value: U64.encode(len(value)) + bytes(value), lambda reader: list(reader.take(U64.decode(reader))))
TEXT = Codec(lambda value: BYTES.encode(value.encode()), lambda reader: bytes(BYTES.decode(reader)).decode())
ID = Codec(bytes, lambda reader: list(reader.take(16)))
NOTHING = Codec(lambda value: b"", lambda reader: None)


def option(inner: Codec) -> Codec:
    return Codec(
        lambda value: b"\0" if value is None else b"\1" + inner.encode(value),
        lambda reader: inner.decode(reader) if BOOL.decode(reader) else None,
    )


def several(inner: Codec) -> Codec:
    return Codec(
        lambda value: U64.encode(len(value)) + b"".join(map(inner.encode, value)),
        lambda reader: [inner.decode(reader) for _ in range(U64.decode(reader))],
    )


def fields(**codecs: Codec) -> Codec:
    return Codec(
        lambda value: b"".join(codec.encode(value[name]) for name, codec in codecs.items()),
        lambda reader: {name: codec.decode(reader) for name, codec in codecs.items()},
    )


def enum(*variants) -> Codec:
    """Numbered in the order given: a name, or a name and what the variant carries."""
    named = [item if isinstance(item, tuple) else (item, None) for item in variants]
    numbers = {name: number for number, (name, _carried) in enumerate(named)}

    def encode(value):
        name = name_of(value)
        carried = named[numbers[name]][1]
        return U32.encode(numbers[name]) + (carried.encode(value[name]) if carried else b"")

    def decode(reader):
        number = U32.decode(reader)
        if number >= len(named):
            raise ValueError(f"no variant {number}")
        name, carried = named[number]
        return {name: carried.decode(reader)} if carried else name

    return Codec(encode, decode)


def name_of(variant) -> str:
    return variant if isinstance(variant, str) else next(iter(variant))


# --- messages.md ------------------------------------------------------------------------------

MODES = (
    "AppleDevice AppleDeviceSupervised AppleAutomatedDevice AppleUser AndroidDeviceAdministrator "
    "AndroidPersonallyOwnedWorkProfile AndroidCorporateOwnedWorkProfile AndroidFullyManaged "
    "AndroidDedicated AospUserAssociated AospUserless AppleAccountDrivenDevice "
    "AppleAccountDrivenUser AppleSharedIpad"
).split()
OS_VERSION = fields(major=U16, minor=U16, patch=U16)
SYSTEM, MODE = enum("Ios", "IpadOs", "Android"), enum(*MODES)
FACTS = fields(serial=TEXT, model=TEXT, operating_system=SYSTEM, os_version=OS_VERSION, mode=MODE)
PRESENCE, SWITCH = enum("Set", "NotSet"), enum("On", "Off")
RESET_TOKEN = enum("None", "Pending", "Active")
APPLE = fields(find_my=SWITCH, activation_lock=SWITCH)
ANDROID = fields(work_profile_password=PRESENCE, reset_password_token=RESET_TOKEN)
PLATFORM = enum(("Apple", APPLE), ("Android", ANDROID))
STATUS = fields(os_version=OS_VERSION, passcode=PRESENCE, platform=PLATFORM)
RULE, LOCK_POLICY = option(fields(length_min=U8)), enum("Allowed", "Disallowed")
PUSH_TARGET = fields(service=enum("Apns", "Fcm"), topic=TEXT, token=TEXT, magic=TEXT)
POLICY = fields(device_passcode=RULE, work_profile_password=RULE, activation_lock=LOCK_POLICY)
APPLE_REQUEST = enum(
    ("EraseDevice", fields(preserve_data_plan=BOOL)),
    ("ClearPasscode", fields(unlock_token=BYTES)),
    ("DeviceLock", fields(message=option(TEXT))),
    ("DisableActivationLock", fields(bypass_code=TEXT)),
    "SecurityInfo",
    ("RemoveProfile", fields(identifier=TEXT)),
    ("DeviceInformation", fields(queries=several(TEXT))),
    "RestartDevice",
    "ShutDownDevice",
    ("EnableLostMode", fields(message=option(TEXT), phone_number=option(TEXT), footnote=option(TEXT))),
    "DisableLostMode",
    "DeviceLocation",
    "PlayLostModeSound",
    "ActivationLockBypassCode",
    "ClearActivationLockBypassCode",
    ("Settings", fields(activation_lock_allowed_while_supervised=option(BOOL))),
    ("InstallProfile", fields(identifier=TEXT, payload=BYTES)),
    "ProfileList",
    "DeviceConfigured",
    "InstalledApplicationList",
    "RequestUnlockToken",
    "CertificateList",
    ("InstallApplication", fields(identifier=TEXT)),
    "ClearRestrictionsPassword",
    ("ReturnToService", fields(preserve_data_plan=BOOL, wifi_profile=option(BYTES), mdm_profile=option(BYTES))),
    ("SetDeviceName", fields(name=TEXT)),
    "LogOutUser",
    ("DeleteUser", fields(user_name=TEXT, force_deletion=BOOL)),
)
ANDROID_REQUEST = enum(
    ("Wipe", fields(preserve_reset_protection_data=BOOL, wipe_esims=BOOL)),
    ("ResetPassword", fields(scope=enum("Device", "Profile"))),
    "Lock",
    "RequestDeviceInfo",
    "RelinquishOwnership",
    "Reboot",
    ("StartLostMode", fields(
        message=option(TEXT), phone_number=option(TEXT), email_address=option(TEXT), street_address=option(TEXT)
    )),
    "StopLostMode",
    ("ClearAppData", fields(package_names=several(TEXT))),
    "LocateDevice",
    ("PlayLostModeSound", fields(duration_minutes=U8)),
    ("SetDeviceName", fields(name=TEXT)),
)
REQUEST = enum(("Apple", APPLE_REQUEST), ("Android", ANDROID_REQUEST))
HEAD = fields(id=ID, attempt=U32, expires_at=U64)
ERRORS = several(fields(domain=TEXT, code=I32, description=TEXT))
LOCKED = enum("Success", "NoPasscodeSet")
MDM_OPTIONS = fields(activation_lock_allowed_while_supervised=BOOL)
QUERY_VALUE = enum(("Flag", BOOL), ("Text", TEXT), ("MdmOptions", MDM_OPTIONS), ("Percent", U8))
LOCATION = fields(latitude_microdegrees=I32, longitude_microdegrees=I32, horizontal_accuracy_metres=U32)
ANSWER = enum(
    "Done",
    ("TemporaryPasscode", TEXT),
    ("Locked", LOCKED),
    ("Status", STATUS),
    ("DeviceInformation", several(fields(key=TEXT, value=QUERY_VALUE))),
    ("ActivationLockBypassCode", option(TEXT)),
    ("Location", LOCATION),
    ("Profiles", several(TEXT)),
    ("Applications", several(fields(identifier=TEXT, short_version=TEXT))),
    ("Settings", several(fields(item=TEXT, errors=ERRORS))),
    ("UnlockToken", BYTES),
    ("Certificates", several(TEXT)),
    ("ClearedApplications", several(fields(package_name=TEXT, status=TEXT))),
)
OUTCOME = enum(
    ("Acknowledged", ANSWER), ("Error", ERRORS), ("NotSupported", ERRORS), "CommandFormatError", "NotNow"
)

# --- framing.md -------------------------------------------------------------------------------

MINOR = 2
GREETINGS = ("EnrolRequest", "EnrolReply", "Hello", "Welcome")
KINDS = {
    0x01: ("EnrolRequest", fields(minor=U16, token=TEXT, csr_der=BYTES, facts=FACTS)),
    0x81: ("EnrolReply", fields(minor=U16, device=ID, chain_der=several(BYTES))),
    0x10: ("Hello", fields(minor=U16, device=ID, status=STATUS)),
    0x11: ("TokenUpdate", fields(sequence=U32, unlock_token=option(BYTES), bypass_code=option(TEXT))),
    0x12: ("StatusReport", STATUS),
    0x13: ("Idle", NOTHING),
    0x14: ("CommandResult", fields(id=ID, attempt=U32, outcome=OUTCOME)),
    0x15: ("PushUpdate", fields(target=option(PUSH_TARGET))),
    0x90: ("Welcome", fields(minor=U16, now=U64, policy=POLICY)),
    0x91: ("TokenUpdateAck", U32),
    0x92: ("Command", None),
    0x93: ("Empty", NOTHING),
    0x94: ("PolicyUpdate", POLICY),
}
KIND_OF = {name: kind for kind, (name, _layout) in KINDS.items()}
READS = {
    "enrol-server": {0x01},
    "enrol-device": {0x81},
    "server": {0x10, 0x11, 0x12, 0x13, 0x14, 0x15},
    "device": {0x90, 0x91, 0x92, 0x93, 0x94},
}
DONE, FRAME_TOO_LARGE, BAD_FRAME, WRONG_STATE = 0x00, 0x10, 0x11, 0x12


class Violation(Exception):
    """The peer broke the protocol; the code to close with."""

    def __init__(self, code: int, why: str):
        super().__init__(why)
        self.code = code


def encode_frame(name: str, value=None) -> bytes:
    kind = KIND_OF[name]
    if name == "Command":
        payload = HEAD.encode(value[0]) + (REQUEST.encode(value[1]) if value[1] else b"")
    else:
        payload = KINDS[kind][1].encode(value)
    assert len(payload) < FRAME_MAX
    return struct.pack(">IB", 1 + len(payload), kind) + payload


def checked_length(prefix: bytes) -> int:
    (length,) = struct.unpack(">I", prefix)
    if length > FRAME_MAX:
        raise Violation(FRAME_TOO_LARGE, f"frame of {length} bytes")
    if length == 0:
        raise Violation(BAD_FRAME, "frame without a kind")
    return length


def decode_body(body: bytes, reader: str, newer: bool):
    """(name, value) of a message, None for one to pass over; the request of a Command may be None."""
    kind, payload = body[0], Reader(body[1:])
    if kind not in READS[reader]:
        if newer:
            return None
        raise Violation(BAD_FRAME, f"unknown kind {kind:#04x}")
    name, layout = KINDS[kind]
    try:
        if name == "Command":
            return name, decode_command(payload, newer)
        value = layout.decode(payload)
    except ValueError as error:
        raise Violation(BAD_FRAME, f"{name}: {error}") from error
    if name in GREETINGS:
        newer = value["minor"] > MINOR
    if payload.left() and not newer:
        raise Violation(BAD_FRAME, f"{name}: {payload.left()} bytes left over")
    return name, value


def decode_command(payload: Reader, newer: bool):
    head = HEAD.decode(payload)
    try:
        request = REQUEST.decode(payload)
    except ValueError:
        return [head, None]
    return [head, request if newer or not payload.left() else None]


# --- the golden bytes -------------------------------------------------------------------------


def self_test(folder: Path) -> int:
    wrong, files = [], sorted(folder.glob("*.hex"))
    for path in files:
        lines = path.read_text().splitlines()
        value = json.loads(next(line for line in lines if line.startswith("# value:"))[8:])
        frame = bytes.fromhex("".join(line.split("#")[0] for line in lines))
        reader = next(name for name, kinds in READS.items() if frame[4] in kinds)
        length = checked_length(frame[:4])
        name, decoded = decode_body(frame[4:], reader, newer=False)
        if length != len(frame) - 4 or decoded != value or encode_frame(name, value) != frame:
            wrong.append(path.name)
    judged = 0
    for line in (folder / "judged.txt").read_text().splitlines():
        columns = line.split("#")[0].split()
        if columns:
            verdict, reader, peer, text = columns
            judged += 1
            if judge(bytes.fromhex(text), reader, peer == "newer") != verdict:
                wrong.append(line)
    for line in wrong:
        print(f"wrong: {line}", file=sys.stderr)
    print(f"{len(files)} golden files and {judged} judged frames, {len(wrong)} wrong")
    return 1 if wrong or not files or not judged else 0


def judge(frame: bytes, reader: str, newer: bool) -> str:
    try:
        checked_length(frame[:4])
        message = decode_body(frame[4:], reader, newer)
    except Violation as violation:
        return "frame-too-large" if violation.code == FRAME_TOO_LARGE else "bad-frame"
    if message is None:
        return "pass-over"
    name, value = message
    return "without-request" if name == "Command" and value[1] is None else "accept"
