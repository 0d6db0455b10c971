#!/usr/bin/python3
"""fields.py SOURCE TEXT [DATA...]: what servers store, field by field, against the text about it.

SOURCE is the source tree (rpc/dfs.x, server/store/seal.h), TEXT doc/SECURITY.md, each DATA the data/ of
a server.  Every field that can be stored must have a line in TEXT, and every such line a field;
every byte of every record in DATA must belong to such a field.  It decodes with rpc/dfs.x itself
and shares no code with the servers.  Prints what is wrong; the exit code is 0 when nothing is.
"""
import base64
import glob
import re
import subprocess
import sys

sys.dont_write_bytecode = True
from xdr import Data, Wire

FRAME = ("magic", "checksum", "version", "type", "key_len", "data_len", "key", "data")
UNIT = ("format", "box")
SEAL, REGISTER, CONTENT = 1, 2, 3


def records(segment):
    """(key, record) of a gdbm file, as gdbm_dump tells them."""
    text = subprocess.run(["gdbm_dump", segment, "-"], check=True, capture_output=True, text=True).stdout
    words = [base64.b64decode("".join(x.split("\n")[1:]))
             for x in re.split(r"^#:len=", text.split("# End of header\n")[1].split("#:count=")[0], flags=re.M)[1:]]
    return list(zip(words[::2], words[1::2]))


def take_frame(key, data):
    data.demand(data.bytes(4) == b"dfsr", "no magic")
    data.bytes(8)   # checksum
    data.demand(data.number(1) == 1, "another version")
    kind, key_len, data_len = data.number(1), data.number(2), data.number(4)
    data.demand(data.bytes(key_len) == key, "another key")
    body = data.bytes(data_len)
    data.end()
    return kind, Data(body)


def take_unit(wire, key, data):
    if int.from_bytes(key[-8:], "big") >= wire.consts["DFS_FILE_UNITS_MAX"]:
        # What proves units: hashes (server/store/include/pieces.h).
        data.demand(data.data and len(data.data) % 32 == 0, "no hashes")
        data.bytes(len(data.data))
        return
    data.demand(data.number(1) in (1, 2), "no format of a unit")
    data.demand(len(data.bytes(len(data.data) - 1)) > 16, "no room for content and tag")


def take_register(wire, data):
    wire.take("dfs_ballot", data)
    return wire.take("dfs_value", data)


def take_path(data):
    data.bytes(data.number(2))
    data.bytes(4 + 8 + 16)


def take_entry(wire, data):
    """An entry of the list in @seal; see server/store/seal.c."""
    kind = data.bytes(1)
    if kind == b"r":
        take_path(data)
        data.demand(data.number(1) in wire.types["dfs_kind"][1], "no kind")
        flags = data.number(1)
        data.demand(flags < 8, "unknown flags")
        if flags & 4:
            data.bytes(data.number(1))
        data.bytes(8 + 4 + 8 + 8)
        count = data.number(1)
        data.bytes(16 * count + (8 if count > 1 else 0))
    elif kind == b"b":
        data.bytes(16)
        take_path(data)
        data.bytes(8)
        data.bytes(data.number(1))
    elif kind in (b"s", b"f"):
        take_path(data)
    elif kind in (b"d", b"t"):
        data.bytes(16 + {b"d": 0, b"t": 1}[kind])
    elif kind == b"u":
        data.bytes(16 + 16)
        size = data.number(8)
        data.bytes(1 + 8)
        data.demand(data.number(1) < 4, "unknown flags")
        unit = min(max(-(-size // 4), 1), 262144)
        units = -(-size // unit)
        data.bytes(32 * units if 2 <= units <= 4 else 0)
    else:
        data.demand(False, f"no type of an entry: {kind}")


def take_seal(wire, data):
    data.bytes(4 + 16 + 16 + 4 + 4 + 8 + 28 + 28 + 8 + 1 + 4 + 4 * (16 + 4 + 8 + 64))
    for _ in range(data.number(4)):
        take_entry(wire, data)


def decode(wire, folder, found):
    """Every record of a store; adds to found how many there were of each type."""
    for segment in sorted(glob.glob(f"{folder}/seg/*.gdbm")):
        for key, record in records(segment):
            kind, data = take_frame(key, Data(record))
            if kind == SEAL:
                take_seal(wire, data)
            elif kind == REGISTER:
                value = take_register(wire, data)
                kind = f"register of kind {value['body']['kind']}"
            elif kind == CONTENT:
                take_unit(wire, key, data)
            else:
                data.demand(False, f"no type of a record: {kind}")
            data.end()
            found[kind] = found.get(kind, 0) + 1


def fields_of_header(text, name):
    """The fields of a struct in C."""
    body = re.search(r"struct " + name + r" {\n(.*?)\n};", text, re.S).group(1)
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
    return {f"{name}.{field}" for declaration in body.split(";") if declaration.strip()
            for field in re.findall(r"(\w+)(?:\[\w+\])?\s*(?:,|$)", declaration.strip())}


def main():
    source, text, *stores = sys.argv[1:]
    with open(f"{source}/rpc/dfs.x") as file:
        wire = Wire(file.read())
    with open(f"{source}/server/store/seal.h") as file:
        seal = file.read()
    with open(text) as file:
        lines = dict(re.findall(r"^\| `(\w+\.\w+)` \| (.*?) \|$", file.read(), re.M))
    fields = {f"frame.{x}" for x in FRAME} | {f"unit.{x}" for x in UNIT}
    fields |= fields_of_header(seal, "seal_head") | fields_of_header(seal, "seal_entry")
    wire.reachable("dfs_ballot", fields)
    wire.reachable("dfs_value", fields)
    wrong = [f"stored, and without a word in {text}: {x}" for x in sorted(fields - {x for x in lines if lines[x]})]
    wrong += [f"in {text}, and not stored: {x}" for x in sorted(set(lines) - fields)]
    found = {}
    for folder in stores:
        try:
            decode(wire, folder, found)
        except ValueError as error:
            wrong.append(f"{folder}: {error}")
    print("\n".join(wrong + [f"{len(fields)} fields; records: {found}"]))
    return 1 if wrong or (stores and not found) else 0


sys.exit(main())
