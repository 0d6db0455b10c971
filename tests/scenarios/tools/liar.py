#!/usr/bin/python3
"""liar.py LISTEN TARGET CLUSTER N LIE FOLDER: dfsN, broken into.

Accepts connections at 127.0.0.1:LISTEN with dfsN's certificate and key, hands every call on to the real
dfsN at 127.0.0.1:TARGET, and every answer back, but for one lie about log-ins:

	salt	another salt than the user's
	weak	parameters with which a password is cheap to guess
	keyring	a keyring with one bit changed
	account	an account with another key in it

Makes FOLDER/ready when it listens, and appends to FOLDER/lies a line for each lie and to FOLDER/proofs
each proof of a password that it was shown, in hex.  Ends when it is killed.
"""
import socket
import ssl
import struct
import sys
import threading

LISTEN, TARGET, CLUSTER, N, LIE, FOLDER = sys.argv[1:]
NAME = f'dfs{N}'
LOGIN, ASK, PASSWORD = 2, 0, 1
CALL_HEAD, REPLY_HEAD = 40, 24  # with AUTH_NONE twice, and once
PROBE = struct.pack('>10I', 7, 0, 2, 600000000 + int(N), 1, 0, 7, 0, 0, 0)
STARTTLS = struct.pack('>5I', 1, 0, 0, 8, 0)[:16] + b'STARTTLS' + struct.pack('>I', 0)


def exactly(stream, size):
    data = b''
    while len(data) < size:
        part = stream.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def receive(stream):
    body, last = b'', False
    while not last:
        mark, = struct.unpack('>I', exactly(stream, 4))
        last = bool(mark >> 31)
        body += exactly(stream, mark & 0x7fffffff)
    return body


def send(stream, body):
    stream.sendall(struct.pack('>I', len(body) | 1 << 31) + body)


def note(name, line):
    with open(f'{FOLDER}/{name}', 'a', encoding='ascii') as file:
        file.write(line + '\n')


def context(side):
    made = ssl.SSLContext(side)
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.set_alpn_protocols(['sunrpc'])
    return made


def to_client(stream):
    probe = receive(stream)
    send(stream, probe[:4] + STARTTLS)
    made = context(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(f'{CLUSTER}/{NAME}/cert.pem', f'{CLUSTER}/{NAME}/key.pem')
    return made.wrap_socket(stream, server_side=True)


def to_server():
    stream = socket.create_connection(('127.0.0.1', int(TARGET)))
    send(stream, PROBE)
    receive(stream)
    made = context(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(f'{CLUSTER}/ca.pem')
    return made.wrap_socket(stream, server_hostname=NAME)


def flip(answer, at):
    note('lies', LIE)
    return answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1:]


def changed(call, answer):
    """The answer with the lie in it, where it is one that it is told in."""
    procedure, = struct.unpack_from('>I', call, 20)
    if procedure != LOGIN or len(answer) < REPLY_HEAD + 8:
        return answer
    status, kind = struct.unpack_from('>2I', answer, REPLY_HEAD)
    at = REPLY_HEAD + 8
    if status != 0:
        return answer
    if kind == ASK and LIE == 'salt':
        return flip(answer, at)
    if kind == ASK and LIE == 'weak':
        note('lies', LIE)
        return answer[:at + 16] + struct.pack('>3I', 1, 8, 1)
    if kind != ASK and LIE == 'account':
        return flip(answer, at + 12)
    if kind != ASK and LIE == 'keyring':
        return flip(answer, len(answer) - 16)
    return answer


def look(call):
    procedure, = struct.unpack_from('>I', call, 20)
    if procedure == LOGIN:
        user, = struct.unpack_from('>I', call, CALL_HEAD)
        at = CALL_HEAD + 4 + user + -user % 4
        if struct.unpack_from('>I', call, at)[0] == PASSWORD:
            note('proofs', call[at + 4:at + 36].hex())


def serve(stream):
    try:
        client, server = to_client(stream), to_server()
        while True:
            call = receive(client)
            look(call)
            send(server, call)
            send(client, changed(call, receive(server)))
    except (EOFError, OSError):
        stream.close()


def main():
    listener = socket.create_server(('127.0.0.1', int(LISTEN)), backlog=64)
    with open(f'{FOLDER}/ready', 'x', encoding='ascii'):
        pass
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


main()
