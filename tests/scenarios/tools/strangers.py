#!/usr/bin/python3
"""Strangers, as many as they like, at one server: connections that never prove anything.

strangers.py WAY ADDRESS PROGRAM NETWORK ADDRESSES COUNT READY
        keeps COUNT connections, from NETWORK.1 to NETWORK.ADDRESSES in turn, until it is killed; makes the
        file READY once each has been tried.  One that is cut off is opened again at most a second later

WAY     nothing, half (of a record, in the clear), large (records of 2 MiB before a log-in, half sent),
        proofs (wrong ones, of the password of tester)
"""
import os
import socket
import ssl
import struct
import sys
import threading

WAY, ADDRESS, PROGRAM, NETWORK, ADDRESSES, COUNT, READY = sys.argv[1:8]
HOST, PORT = ADDRESS.rsplit(":", 1)
LOGIN = 2


def call(procedure, args=b"", flavor=0):
    body = struct.pack(">10I", 1, 0, 2, int(PROGRAM), 2, procedure, flavor, 0, 0, 0) + args
    return struct.pack(">I", len(body) | 1 << 31) + body


def secure(plain):
    """Inside TLS; whose server it is does not matter to a stranger."""
    plain.sendall(call(0, flavor=7))
    plain.recv(1024)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["sunrpc"])
    return context.wrap_socket(plain)


def large(stream):
    stream.sendall(struct.pack(">I", 1 << 31 | 2 << 20) + bytes(1 << 20))


def proofs(stream):
    while True:
        stream.sendall(call(LOGIN, struct.pack(">I8sI", 6, b"tester", 1) + os.urandom(32)))
        if not stream.recv(4096):
            return


WAYS = {"large": large, "proofs": proofs}


def once(source, tried):
    with socket.socket() as plain:
        plain.settimeout(15)
        plain.bind((source, 0))
        plain.connect((HOST, int(PORT)))
        if WAY == "half":
            plain.sendall(call(0)[:10])
        stream = secure(plain) if WAY in WAYS else plain
        if WAY == "proofs":
            tried()
        if WAY in WAYS:
            WAYS[WAY](stream)
        tried()
        stream.settimeout(None)
        while stream.recv(4096):
            pass


def stranger(index, tried):
    while True:
        try:
            once(f"{NETWORK}.{1 + index % int(ADDRESSES)}", tried)
        except OSError:
            pass  # refused or cut off: that too is what it may come to
        tried()
        threading.Event().wait(1)


threading.stack_size(256 * 1024)
events = [threading.Event() for _ in range(int(COUNT))]
for number, event in enumerate(events):
    threading.Thread(target=stranger, args=(number, event.set), daemon=True).start()
for event in events:
    event.wait()
open(READY, "x").close()
threading.Event().wait()
