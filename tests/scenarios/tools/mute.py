#!/usr/bin/python3
"""mute.py PORT READY: accepts connections on 127.0.0.1:PORT, reads and never answers.

Creates the file READY when it listens.  Ends when it is killed.
"""
import selectors
import socket
import sys

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen(64)
open(sys.argv[2], "x").close()
waiting = selectors.DefaultSelector()
waiting.register(listener, selectors.EVENT_READ)
while True:
    for key, _ in waiting.select():
        if key.fileobj is listener:
            connection, _ = listener.accept()
            waiting.register(connection, selectors.EVENT_READ)
            continue
        try:
            gone = not key.fileobj.recv(65536)
        except OSError:
            gone = True
        if gone:
            waiting.unregister(key.fileobj)
            key.fileobj.close()
