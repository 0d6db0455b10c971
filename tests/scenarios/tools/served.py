"""
The certificate that a server shows inside RPC-with-TLS (RFC 9289), verified as a client would.

	served.py CONFIG N			prints its serial number, in hex digits
	served.py CONFIG N SAID GO ANSWERED	writes it to the file SAID; when the file GO is there,
						makes a call on the same connection and writes
						ANSWERED
"""
import configparser
import os
import socket
import ssl
import struct
import sys
import time

AUTH_TLS = 7


def call(xid, program, flavor):
    body = struct.pack(">10I", xid, 0, 2, program, 1, 0, flavor, 0, 0, 0)
    return struct.pack(">I", len(body) | 1 << 31) + body


def exactly(stream, size):
    data = b""
    while len(data) < size:
        part = stream.recv(size - len(data))
        if not part:
            sys.exit("served.py: the server closed the connection")
        data += part
    return data


def reply(stream):
    mark, = struct.unpack(">I", exactly(stream, 4))
    return exactly(stream, mark & 0x7fffffff)


def write(name, text):
    with open(name + ".part", "w", encoding="ascii") as file:
        file.write(text)
    os.rename(name + ".part", name)


def main(config, number, said=None, go=None, answered=None):
    conf = configparser.ConfigParser()
    conf.read(config)
    folder = os.path.dirname(config)
    host, port = conf[f"dfs{number}"]["address"].rsplit(":", 1)
    plain = socket.create_connection((host, int(port)), 15)
    program = 600000000 + int(number)
    plain.sendall(call(1, program, AUTH_TLS))
    assert b"STARTTLS" in reply(plain), "no STARTTLS"
    context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
    context.set_alpn_protocols(["sunrpc"])
    stream = context.wrap_socket(plain, server_hostname=f"dfs{number}")
    serial = stream.getpeercert()["serialNumber"]
    if said is None:
        print(serial)
        return
    write(said, serial)
    end = time.monotonic() + 60
    while not os.path.exists(go) and time.monotonic() < end:
        time.sleep(0.02)
    stream.sendall(call(2, program, 0))
    assert reply(stream)[:12] == struct.pack(">3I", 2, 1, 0), "not accepted"
    write(answered, "yes")


main(*sys.argv[1:])
