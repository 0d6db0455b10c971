#!/usr/bin/python3
"""Strangers, as many as they like, at one server: connections that never prove anything.

strangers.py WAY ADDRESS PROGRAM SOURCES ADDRESSES COUNT READY
        keeps COUNT connections, from ADDRESSES addresses in turn, until it is killed; makes the file READY
        once each has been tried.  One that is cut off is opened again at most a second later.  SOURCES is an
        address with a * in it, for which numbers from 1 on stand

WAY     nothing, half (of a record, in the clear), hello (half of the first message of a TLS handshake, which
        is announced to be a large one), large (records of 2 MiB before a log-in, half sent), denied (calls
        for the largest of answers), unread (the same, whose answers nobody reads), proofs (wrong ones, of
        the password of tester)
"""
import os
import select
import socket
import ssl
import struct
import sys
import threading

WAY, ADDRESS, PROGRAM, SOURCES, ADDRESSES, COUNT, READY = sys.argv[1:8]
HOST, PORT = ADDRESS.rsplit(":", 1)
LOGIN, STATUS = 2, 13
CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
CONTEXT.check_hostname, CONTEXT.verify_mode = False, ssl.CERT_NONE
CONTEXT.set_alpn_protocols(["sunrpc"])


def call(procedure, args=b"", flavor=0):
    body = struct.pack(">10I", 1, 0, 2, int(PROGRAM), 2, procedure, flavor, 0, 0, 0) + args
    return struct.pack(">I", len(body) | 1 << 31) + body


def start_tls(plain):
    plain.sendall(call(0, flavor=7))
    plain.recv(1024)


def secure(plain):
    """Inside TLS; whose server it is does not matter to a stranger."""
    start_tls(plain)
    return CONTEXT.wrap_socket(plain)


def hello(plain):
    start_tls(plain)
    plain.sendall(b"\x16\x03\x01\x40\x00\x01" + (100000).to_bytes(3, "big") + bytes(2000))


def large(stream):
    stream.sendall(struct.pack(">I", 1 << 31 | 2 << 20) + bytes(1 << 20))


def proofs(stream):
    while True:
        stream.sendall(call(LOGIN, struct.pack(">I8s", 6, b"tester") + struct.pack(">I", 1) + os.urandom(32)))
        if not stream.recv(4096):
            return


def denied(stream):
    while True:
        stream.sendall(call(STATUS))
        if not stream.recv(4096):
            return


def unread(stream):
    """Until no more goes out; then it stays as it is."""
    try:
        while True:
            stream.sendall(call(STATUS) * 100)
    except TimeoutError:
        waiting = select.poll()
        waiting.register(stream, select.POLLRDHUP)
        waiting.poll()


IN_CLEAR = {"nothing": lambda plain: None, "half": lambda plain: plain.sendall(call(0)[:10]), "hello": hello}
IN_TLS = {"large": large, "denied": denied, "unread": unread, "proofs": proofs}


def once(source, tried):
    with socket.socket() as plain:
        plain.settimeout(15)
        if WAY == "unread":
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.bind((source, 0))
        plain.connect((HOST, int(PORT)))
        stream = plain
        if WAY in IN_CLEAR:
            IN_CLEAR[WAY](plain)
        else:
            stream = secure(plain)
            tried()
            IN_TLS[WAY](stream)
        tried()
        stream.settimeout(None)
        while stream.recv(4096):
            pass


def stranger(index, tried):
    source = SOURCES.replace("*", str(1 + index % int(ADDRESSES)))
    while True:
        try:
            once(source, tried)
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
