#!/usr/bin/python3
"""liar.py LISTEN TARGET CLUSTER N LIE FOLDER: dfsN, broken into.

Accepts connections at 127.0.0.1:LISTEN with dfsN's certificate and key, hands every call on to the real
dfsN at 127.0.0.1:TARGET, as the server that calls where it is one, and every answer back, but for one
lie.  About log-ins:

	salt	another salt than the user's
	weak	parameters with which a password is cheap to guess
	keyring	a keyring with one bit changed
	account	an account with another key in it

With "answers" for LIE it is the one of LIES that FOLDER/lie names, as long as there is such a file: in
every answer of its procedures that it can be told in.

Makes FOLDER/ready when it listens, and appends to FOLDER/lies a line for each lie and to FOLDER/proofs
each proof of a password that it was shown, in hex.  Ends when it is killed.
"""
import os
import re
import socket
import ssl
import struct
import sys
import threading

sys.dont_write_bytecode = True
from xdr import Data, Wire

LISTEN, TARGET, CLUSTER, N, LIE, FOLDER = sys.argv[1:]
NAME = f'dfs{N}'
HELLO, LOGIN, PUT, BIND, GET, LOOKUP, PREPARE, ACCEPT, DELETE, FINISH, SETTLED, LIST, STATUS = range(1, 14)
LEARN, FORGET, FENCE, DIGEST, RECALL = range(32, 37)
ASK, PASSWORD = 0, 1
FILE = 1
CALL_HEAD, REPLY_HEAD = 40, 24  # with AUTH_NONE twice, and once
PROBE = struct.pack('>10I', 7, 0, 2, 600000000 + int(N), 1, 0, 7, 0, 0, 0)
STARTTLS = struct.pack('>5I', 1, 0, 0, 8, 0)[:16] + b'STARTTLS' + struct.pack('>I', 0)
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
with open(f'{SOURCE}/rpc/dfs.x', encoding='ascii') as dfs_x:
    WIRE = Wire(dfs_x.read())


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


def to_server(first):
    """As who makes the first call on the connection, a HELLO, says that he is."""
    stream = socket.create_connection(('127.0.0.1', int(TARGET)))
    send(stream, PROBE)
    receive(stream)
    made = context(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(f'{CLUSTER}/ca.pem')
    peer = re.search(rb'dfs[1-4]', first[CALL_HEAD:])
    if peer:
        folder = f'{CLUSTER}/{peer.group().decode()}'
        made.load_cert_chain(f'{folder}/cert.pem', f'{folder}/key.pem')
    return made.wrap_socket(stream, server_hostname=NAME)


# ---- lies about log-ins: in bytes, as dfs.x need not be understood for them ----------------------

def flip(answer, at):
    note('lies', LIE)
    return answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1:]


def login_changed(answer):
    """The answer with the lie in it, where it is one that it is told in."""
    if len(answer) < REPLY_HEAD + 8:
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


# ---- lies that break a rule of rpc/answers.h: each gets arguments and answer, and changes the answer;
# ---- false: there is nothing in it to be changed

def values(answer):
    """What is known in an answer to LOOKUP, FINISH or PREPARE."""
    items = answer['ok']['items'] if 'ok' in answer else answer['items']
    regs = [item.get('reg') or item.get('promised', {}).get('reg') for item in items]
    return [reg['accepted'] for reg in regs if reg and reg['known']]


def changes_values(change, kind=None):
    def lie(_, answer):
        found = [x for x in values(answer) if kind in (None, x['value']['body']['kind'])]
        for accepted in found:
            change(accepted)
        return found
    return lie


def long_units(accepted):
    """The buffers that it went into had 256 KiB."""
    content = accepted['value']['body']['manifest']['content']
    content['unit_size'] = 1048576
    content['size'] = 4 * 1048576


def no_units(accepted):
    accepted['value']['body']['manifest']['content']['unit_size'] = 0


def no_ballot(accepted):
    accepted['ballot']['counter'] = 0


def other_owner(accepted):
    accepted['value']['body']['manifest']['owner'] = b'another'


def changes_entries(change):
    def lie(_, answer):
        entries = answer['ok']['entries']
        if entries:
            change(entries)
        return entries
    return lie


def empty_path(entries):
    entries[0]['path'] = b''


def new_line(entries):
    entries[0]['path'] += b'\n/tester/forged'


def outside(entries):
    entries[0]['path'] = b'/shared/forged'


def backwards(entries):
    entries.append(dict(entries[0]))


def endless(args, answer):
    """A page without an entry that leads on, again and again: dfsN refuses what it did not make."""
    number = int(args['after'] or 0) if args['after'].isdigit() else 0
    answer.clear()
    answer.update(status=0, ok=dict(votes=1, more=1, next=str(number + 1).encode(), entries=[]))
    return True


def more_items(_, answer):
    items = answer['ok']['items'] if 'ok' in answer else answer['items']
    if items:
        items.append(items[0])
    return items


def no_items(_, answer):
    items = answer['ok']['items'] if 'ok' in answer else answer['items']
    had = bool(items)
    items.clear()
    return had


def odd_status(_, answer):
    answer.clear()
    answer['status'] = 77
    return True


def no_way(args, answer):
    """A blocker that is not in the way."""
    told = False
    for asked, item in zip(args['items'], answer['ok']['items']):
        if item['status'] == 0 and asked['creates']:
            item['promised']['blocker'] = b'/tester/elsewhere'
            told = True
    return told


def two_lines(_, answer):
    answer['ok']['software'] = b'1\ndfs4 is up'
    return True


def odd_counts(_, answer):
    answer['ok']['kept'] = [dict(holders=0xffffffff, full=77, files=1, owing=[0] * 16, unbrought=0)]
    return True


def changes_registers(change):
    """Of a page of FENCE or DIGEST; that it asks for one, a server is told another digest."""
    def lie(args, answer):
        ok = answer['ok']
        if args.get('entries') == 0:
            ok['digest']['bytes'] = bytes(16)
            return True
        found = ok['registers'] if 'floor' in ok else ok['entries']
        if found:
            change(found, ok)
        return found is not None
    return lie


def odd_paths(found, _):
    found[0]['path'] = b'/no\nuser/x'


def odd_order(found, _):
    found.append(found[0])


def no_page(found, ok):
    found.clear()
    ok['more'] = 1


def odd_values(_, answer):
    found = [x['value'] for x in answer['ok']['registers'] if x['value']]
    for value in found:
        value['operation'] = dict(bytes=bytes(16))
    return found


LIES = {
    'long-units': ((LOOKUP, FINISH, PREPARE), changes_values(long_units, FILE)),
    'no-units': ((LOOKUP, FINISH, PREPARE), changes_values(no_units, FILE)),
    'no-ballot': ((LOOKUP, FINISH, PREPARE), changes_values(no_ballot)),
    'other-owner': ((LOOKUP, FINISH, PREPARE), changes_values(other_owner, FILE)),
    'looked-twice': ((LOOKUP,), more_items),
    'blocker': ((PREPARE,), no_way),
    'promises': ((PREPARE,), more_items),
    'votes': ((ACCEPT, DELETE), no_items),
    'bound': ((BIND,), no_items),
    'put': ((PUT,), odd_status),
    'settled': ((SETTLED,), odd_status),
    'units-more': ((GET,), more_items),
    'units-none': ((GET,), no_items),
    'empty-path': ((LIST,), changes_entries(empty_path)),
    'new-line': ((LIST,), changes_entries(new_line)),
    'outside': ((LIST,), changes_entries(outside)),
    'backwards': ((LIST,), changes_entries(backwards)),
    'endless': ((LIST,), endless),
    'greeting': ((HELLO,), two_lines),
    'status-text': ((STATUS,), two_lines),
    'status-counts': ((STATUS,), odd_counts),
    'paths': ((FENCE, DIGEST), changes_registers(odd_paths)),
    'order': ((FENCE, DIGEST), changes_registers(odd_order)),
    'pages': ((FENCE, DIGEST), changes_registers(no_page)),
    'values': ((FENCE,), odd_values),
    'learned': ((LEARN,), more_items),
    'recall': ((RECALL,), odd_status),
}


def lie_of_now():
    try:
        with open(f'{FOLDER}/lie', encoding='ascii') as file:
            return file.read().strip()
    except FileNotFoundError:
        return None


def changed(call, answer):
    procedure, = struct.unpack_from('>I', call, 20)
    if procedure == LOGIN:
        return login_changed(answer)
    name = lie_of_now()
    procedures, lie = LIES.get(name, ((), None))
    if procedure not in procedures:
        return answer
    args_type, type_ = WIRE.procedures[procedure]
    args = WIRE.take(args_type, Data(call[CALL_HEAD:]))
    told = WIRE.take(type_, Data(answer[REPLY_HEAD:]))
    if (told['status'] != 0 and lie is not endless) or not lie(args, told):
        return answer
    note('lies', name)
    return answer[:REPLY_HEAD] + WIRE.give(type_, told)


def look(call):
    procedure, = struct.unpack_from('>I', call, 20)
    if procedure == LOGIN:
        user, = struct.unpack_from('>I', call, CALL_HEAD)
        at = CALL_HEAD + 4 + user + -user % 4
        if struct.unpack_from('>I', call, at)[0] == PASSWORD:
            note('proofs', call[at + 4:at + 36].hex())


def serve(stream):
    try:
        client, server = to_client(stream), None
        while True:
            call = receive(client)
            server = server or to_server(call)
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
