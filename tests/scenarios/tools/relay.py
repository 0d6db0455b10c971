#!/usr/bin/python3
"""relay.py FOLDER FROM:TO...: stands before servers and keeps all that passes.

Accepts connections on 127.0.0.1:FROM, hands them on to 127.0.0.1:TO, and appends the bytes of
both directions to FOLDER/FROM.up and FOLDER/FROM.down.  Makes FOLDER/ready when it listens on all.
Ends when it is killed.
"""
import selectors
import socket
import sys
import threading


def pass_on(source, target, file):
    try:
        while data := source.recv(1 << 16):
            file.write(data)
            file.flush()
            target.sendall(data)
    except OSError:
        pass
    for end, how in ((source, socket.SHUT_RD), (target, socket.SHUT_WR)):
        try:
            end.shutdown(how)
        except OSError:
            pass


def main():
    folder, pairs = sys.argv[1], [x.split(":") for x in sys.argv[2:]]
    waiting = selectors.DefaultSelector()
    for here, there in pairs:
        listener = socket.create_server(("127.0.0.1", int(here)), backlog=64)
        files = [open(f"{folder}/{here}.{way}", "ab") for way in ("up", "down")]
        waiting.register(listener, selectors.EVENT_READ, (int(there), files))
    open(f"{folder}/ready", "x").close()
    while True:
        for key, _ in waiting.select():
            there, (up, down) = key.data
            near, _ = key.fileobj.accept()
            try:
                far = socket.create_connection(("127.0.0.1", there))
            except OSError:
                near.close()
                continue
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for way in ((near, far, up), (far, near, down)):
                threading.Thread(target=pass_on, args=way, daemon=True).start()


main()
