#!/usr/bin/python3
"""An independent peer for the servers, written from RFC 5531 and RFC 9289 on Python's ssl.

peer.py [--from SOURCE] check ADDRESS PROGRAM CLUSTER WHAT...
        one line per check; ends with 1 at a failure
peer.py [--from SOURCE] login ADDRESS PROGRAM CLUSTER USER WAY [COUNT]
        logs in COUNT times, each on a new connection; a line each: the answer's status, and the
        seconds that it took.  WAY is session (what "client login" left), password:FILE, or
        ask (only how a proof is made)
peer.py stay ADDRESS PROGRAM CLUSTER USER READY
        logs in with the session, makes the file READY, and lists on that connection again and again until
        it is refused; prints the status of that
peer.py compare ADDRESS PROGRAM CLUSTER WAY COUNT USER USER
        COUNT log-ins of each user, in a random order, from many addresses: with wrong proofs (WAY is
        wrong), or only asking how a proof is made (ask).  Ends with 1 when the two users can be told
        apart, by answer or by time
peer.py stall ADDRESS PROGRAM CLUSTER FROM COUNT READY PATH
        keeps COUNT connections from the address FROM busy doing nothing of use, each again as
        soon as it is cut off, until it is killed; makes the file READY once all have stalled.
        PATH is a stored file of more than 2 MiB

peer.py crowd ADDRESS PROGRAM CLUSTER COUNT READY
        opens COUNT connections, one after the other, that get into TLS and never log in, and keeps them until
        it is killed; makes the file READY then; ends with 1 when the server refused one of them

ADDRESS is HOST:PORT, CLUSTER the folder with cluster.conf, ca.pem and the servers' certificates.
Checks are made as DFS_USER, with his session below XDG_RUNTIME_DIR, from the address SOURCE.  It
shares no code with the programs, so what both agree on is what the standards and
doc/SECURITY.md say.
"""
import configparser
import contextlib
import hashlib
import hmac
import math
import os
import random
import select
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

AUTH_NONE, AUTH_SYS, AUTH_GSS, AUTH_TLS = 0, 1, 6, 7
BADCRED, REJECTEDCRED, TOOWEAK = 1, 2, 5
SUCCESS, PROG_UNAVAIL, PROG_MISMATCH, PROC_UNAVAIL, GARBAGE_ARGS = range(5)
STARTTLS = ("accepted", SUCCESS, AUTH_NONE, b"STARTTLS")
HELLO, LOGIN, PUT, BIND, GET, LOOKUP, PREPARE, ACCEPT, DELETE, FINISH, SETTLED, LIST, STATUS = range(1, 14)
CONFIRM = 16
PIECE = 15
# LEARN, FORGET, FENCE, DIGEST, RECALL, with the least arguments of each.
BETWEEN_SERVERS = ((32, bytes(4)), (33, bytes(4)), (34, bytes(4 + 16 + 4)), (35, bytes(4 + 4 + 4 + 4)),
                   (36, struct.pack(">I", 1) + bytes(16 + 4 + 8 + 64)))
OK, RECOVERING, UNKNOWN, DENIED, UNCHECKED = 0, 6, 7, 9, 12
RECORD_MAX = 2621440
STRANGER_MAX = 4096  # before a log-in
# Counters of ballots above those that the servers of a new cluster have come to.
FAR = 1 << 20


# ---- XDR and RPC ------------------------------------------------------------------------


def opaque(data):
    return struct.pack(">I", len(data)) + data + bytes(-len(data) % 4)


def call(xid, procedure, args=b"", program=None, version=2, flavor=AUTH_NONE, cred=b"",
         verifier=(AUTH_NONE, b""), rpc_version=2):
    return (struct.pack(">6I", xid, 0, rpc_version, program or PROGRAM, version, procedure)
            + struct.pack(">I", flavor) + opaque(cred)
            + struct.pack(">I", verifier[0]) + opaque(verifier[1]) + args)


def record(body, last=True):
    return struct.pack(">I", len(body) | last << 31) + body


def exactly(stream, size):
    data = b""
    while len(data) < size:
        part = stream.recv(size - len(data))
        if not part:
            raise EOFError("the server closed the connection")
        data += part
    return data


def reply(stream):
    """(xid, what, results): what is ("accepted", status, flavor, verifier) or ("denied", ...)"""
    body, last = b"", False
    while not last:
        mark, = struct.unpack(">I", exactly(stream, 4))
        last = bool(mark >> 31)
        body += exactly(stream, mark & 0x7fffffff)
    xid, direction, status = struct.unpack(">3I", body[:12])
    assert direction == 1, "not a reply"
    if status == 1:
        kind, = struct.unpack(">I", body[12:16])
        return xid, ("denied", kind, *struct.unpack(f">{len(body) // 4 - 4}I", body[16:])), b""
    flavor, length = struct.unpack(">2I", body[12:20])
    rest = body[20 + length + -length % 4:]
    accepted, = struct.unpack(">I", rest[:4])
    return xid, ("accepted", accepted, flavor, body[20:20 + length]), rest[4:]


def hello_args(caller=b"peer.py"):
    return opaque(caller)


def list_args(folder=b"/"):
    return opaque(folder) + opaque(b"") + struct.pack(">4I", 0, 0, 0, 9)


def paths_args(*paths):
    """What LOOKUP and FINISH take; no content is to come along."""
    return struct.pack(">I", len(paths)) + b"".join(map(opaque, paths)) + bytes(4)


def piece_args(thing):
    """What PIECE takes, with a ticket that is none."""
    return thing + thing + bytes(8 + 16) + bytes(4)


def word(results, at=0):
    return struct.unpack_from(">I", results, at)[0]


# ---- who calls --------------------------------------------------------------------------


def hkdf(secret, info, size=32):
    """HKDF-SHA256 (RFC 5869) without a salt."""
    key, block, made = hmac.digest(bytes(32), secret, "sha256"), b"", b""
    while len(made) < size:
        block = hmac.digest(key, block + info.encode() + bytes([len(made) // 32 + 1]), "sha256")
        made += block
    return made[:size]


def proof_of(master):
    return hkdf(master[:32], f"dfs proof {NAME}")


def session_of(user):
    """(id, secret) as "client login" left them."""
    conf = configparser.ConfigParser()
    conf.read(f"{CLUSTER}/cluster.conf")
    session = configparser.ConfigParser()
    assert session.read(os.path.join(os.environ["XDG_RUNTIME_DIR"], "dfs", conf["cluster"]["id"], user)), \
        f"{user} has not logged in"
    return (bytes.fromhex(session["session"][x]) for x in ("id", "secret"))


def login_args(stream, user, way):
    """What LOGIN takes; asks for the salt first where that is needed."""
    name = opaque(user.encode())
    if way == "ask":
        return name + struct.pack(">I", 0)
    if way == "session":
        ident, secret = session_of(user)
        return name + struct.pack(">I", 2) + ident + proof_of(hkdf(secret, "dfs session", 64))
    with open(way.removeprefix("password:"), "rb") as file:
        password = file.read().removesuffix(b"\n")
    _, what, results = ask(stream, LOGIN, name + struct.pack(">I", 0))
    assert what[1] == SUCCESS and results[:8] == bytes(8), (what, results)
    key = results[8:24] + results[24:36] + password
    if key not in MASTERS:
        log2_n, r, p = struct.unpack(">3I", results[24:36])
        MASTERS[key] = hashlib.scrypt(password, salt=results[8:24], n=1 << log2_n, r=r, p=p,
                                      maxmem=1 << 28, dklen=64)
    return name + struct.pack(">I", 1) + proof_of(MASTERS[key])


MASTERS = {}


def login(stream, user=None, way="session"):
    """The answer's status."""
    _, what, results = ask(stream, LOGIN, login_args(stream, user or USER, way))
    assert what[:2] == ("accepted", SUCCESS), what
    return word(results)


def log_in_often(user, way, count):
    for _ in range(count):
        with secure(SOURCE) as stream:
            args = login_args(stream, user, way)
            begin = time.monotonic()
            _, _, results = ask(stream, LOGIN, args)
            print(word(results), f"{time.monotonic() - begin:.6f}", flush=True)


def stay(user, ready):
    with secure(SOURCE) as stream:
        assert login(stream, user) == OK
        open(ready, "x").close()
        while (status := word(ask(stream, LIST, list_args(f"/{user}/".encode()))[2])) == OK:
            select.select([], [], [], 0.05)
        print(status)
        # Once nobody, always nobody.
        assert word(ask(stream, LIST, list_args(f"/{user}/".encode()))[2]) == DENIED


# ---- guessing ---------------------------------------------------------------------------


AT_ONCE, APART = 16, 0.002


def guess(stream, user, way):
    stream.sendall(record(call(7, LOGIN, opaque(user.encode()) + (
        bytes(4) if way == "ask" else struct.pack(">I", 1) + os.urandom(32)))))


def guesses(orders, way, sources):
    """
    [(user, answer, seconds)] of log-ins: of each order one after the other, on a connection and from an address
    of its own; of all orders at once, but begun so far apart that they do not wait for one another.
    """
    left = {secure(next(sources)): list(x) for x in orders}
    idle, waiting, done, last = list(left), {}, [], 0
    while idle or waiting:
        pause = max(0, last + APART - time.monotonic()) if idle else 30
        for stream in select.select(list(waiting), [], [], pause)[0]:
            user, begin = waiting.pop(stream)
            seconds = time.monotonic() - begin
            _, what, results = reply(stream)
            assert what == ("accepted", SUCCESS, AUTH_NONE, b""), what
            # The salt is each user's own.
            done.append((user, results[:8] + bytes(16) + results[24:] if way == "ask" else results, seconds))
            if left[stream]:
                idle.append(stream)
        if idle and time.monotonic() >= last + APART:
            stream, last = idle.pop(0), time.monotonic()
            waiting[stream] = left[stream].pop(), last
            guess(stream, waiting[stream][0], way)
    for stream in left:
        stream.close()
    return done


def addresses():
    """Of this machine, all different: 127.x.y.z"""
    number = random.randrange(1 << 22)
    while True:
        number = (number + 1) % (1 << 22)
        yield f"127.{number // 62500 + 1}.{number // 250 % 250 + 1}.{number % 250 + 1}"


def farthest_apart(one, other):
    """The largest distance of two distributions (Kolmogorov and Smirnov)."""
    return max(abs(sum(x <= t for x in one) / len(one) - sum(x <= t for x in other) / len(other))
               for t in one + other)


def compare(way, count, users, chance=1e-6):
    """
    0 when the two are alike.  If they are, their times are farther apart than the limit once in 1 / chance
    runs: the two-sided test of Kolmogorov and Smirnov, in its form for large samples.
    """
    sources, done = addresses(), []
    while len(done) < 2 * count:
        # As many of each as are answered equally soon.
        orders = [random.sample(users * 3, 6) for _ in range(min(AT_ONCE, -(-(2 * count - len(done)) // 6)))]
        done += guesses(orders, way, sources)
    times = [[seconds for who, _, seconds in done if who == user] for user in users]
    apart, limit = farthest_apart(*times), math.sqrt(-math.log(chance / 2) / len(times[0]))
    for user, seconds in zip(users, times):
        print(f"{user}: {1000 * min(seconds):.2f}, {1000 * statistics.median(seconds):.2f}, "
              f"{1000 * max(seconds):.2f} ms (least, median, most)")
    answers = {answer for _, answer, _ in done}
    print(f"{len(times[0])} tries each: {len(answers)} different answers, {apart:.3f} apart, the limit is {limit:.3f}")
    return int(len(answers) > 1 or apart > limit)


# ---- connections ------------------------------------------------------------------------


def connect(source=None):
    source = source or SOURCE
    plain = socket.create_connection(ADDRESS, 15, (source, 0) if source else None)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return plain


def context(alpn=("sunrpc",), version=None, certificate=None):
    made = ssl.create_default_context(cafile=f"{CLUSTER}/ca.pem")
    if alpn:
        made.set_alpn_protocols(list(alpn))
    if version:
        made.minimum_version = made.maximum_version = version
    if certificate:
        made.load_cert_chain(*certificate)
    return made


def ask_tls(plain):
    plain.sendall(record(call(1, 0, flavor=AUTH_TLS)))
    _, what, _ = reply(plain)
    assert what == STARTTLS, what


def secure(source=None, **how):
    plain = connect(source)
    ask_tls(plain)
    return context(**how).wrap_socket(plain, server_hostname=NAME)


def greeted(source=None):
    stream = secure(source)
    xid, what, results = ask(stream, HELLO, hello_args())
    assert what[:2] == ("accepted", SUCCESS) and results[:4] == bytes(4), (what, results)
    status = login(stream)
    assert status == OK, f"LOGIN: {status}"
    return stream


def ask(stream, procedure, args=b"", xid=7, **how):
    stream.sendall(record(call(xid, procedure, args, **how)))
    return reply(stream)


def is_closed(stream):
    try:
        return stream.recv(1) == b""
    except (ConnectionError, ssl.SSLError):
        return True


def refuses(**how):
    """Does the server break off a handshake like this, before or at the first call?"""
    try:
        with secure(**how) as stream:
            stream.sendall(record(call(2, 0)))
            return is_closed(stream)
    except (ssl.SSLError, ConnectionError, EOFError):
        return True


# ---- checks -----------------------------------------------------------------------------


def openssl(*args):
    subprocess.run(("openssl",) + args, check=True, capture_output=True)


@contextlib.contextmanager
def foreign_certificate():
    """A certificate of somebody else's CA: (certificate, key)"""
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = f"{folder}/cert.pem", f"{folder}/key.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
                "-subj", "/CN=stranger", "-addext", "subjectAltName=DNS:dfs2")
        yield certificate, key


def check_clear(ok):
    with connect() as stream:
        ok(ask(stream, 0)[1] == ("accepted", SUCCESS, AUTH_NONE, b""), "NULL is answered")
        ok(ask(stream, 0, flavor=AUTH_SYS, cred=bytes(20))[1][:2] == ("accepted", SUCCESS),
           "NULL with AUTH_SYS is answered, and nothing of the credential comes back")
        for procedure in range(1, 40):
            if ask(stream, procedure)[1] != ("denied", 1, TOOWEAK):
                ok(False, f"procedure {procedure} is too weak in the clear")
                break
        else:
            ok(True, "all other procedures are refused with AUTH_TOOWEAK")
        ok(ask(stream, 0, version=0)[1:] == (("accepted", PROG_MISMATCH, AUTH_NONE, b""),
                                             struct.pack(">2I", 2, 2)), "another version")
        for other in range(600000001, 600000006):
            if other != PROGRAM and ask(stream, 0, program=other)[1][1] != PROG_UNAVAIL:
                ok(False, f"program {other} is not here")
        ok(ask(stream, 5, program=PROGRAM + 9)[1][1] == PROG_UNAVAIL, "another program")
        ok(ask(stream, 0, flavor=AUTH_GSS)[1] == ("denied", 1, REJECTEDCRED), "RPCSEC_GSS")
        ok(ask(stream, 0, flavor=77)[1] == ("denied", 1, REJECTEDCRED), "an unknown flavor")
        ok(ask(stream, 0, rpc_version=3)[1] == ("denied", 0, 2, 2), "another version of RPC")
        ok(ask(stream, 5, flavor=AUTH_TLS)[1] == ("denied", 1, BADCRED),
           "AUTH_TLS on another procedure")
        ok(ask(stream, 0, flavor=AUTH_TLS, cred=b"abcd")[1] == ("denied", 1, BADCRED),
           "AUTH_TLS with a credential")
        ok(ask(stream, 0, flavor=AUTH_TLS, verifier=(AUTH_NONE, b"abcd"))[1]
           == ("denied", 1, BADCRED), "AUTH_TLS with a verifier")


def check_upgrade(ok):
    with secure() as stream:
        ok(stream.version() == "TLSv1.3" and stream.selected_alpn_protocol() == "sunrpc",
           "AUTH_TLS leads to TLS 1.3 with ALPN sunrpc")
        ok(ask(stream, 0, flavor=AUTH_TLS)[1] == ("denied", 1, BADCRED),
           "AUTH_TLS inside TLS")
        ok(ask(stream, 0)[1][:2] == ("accepted", SUCCESS), "NULL inside TLS")
        ok(ask(stream, STATUS)[2] == struct.pack(">I", DENIED), "STATUS before LOGIN is denied")
        _, what, results = ask(stream, HELLO, hello_args())
        ok(what[1] == SUCCESS and results[:4] == bytes(4), "HELLO")
        ok(ask(stream, LIST, list_args())[2] == struct.pack(">I", DENIED), "LIST after HELLO alone is denied")
        ok(login(stream) == UNCHECKED, "LOGIN at a server that reaches no other is not checked")
        ok(ask(stream, LIST, list_args())[2] == struct.pack(">I", DENIED), "and LIST after it is denied")
    ok(refuses(alpn=()), "no ALPN is refused")
    ok(refuses(alpn=("h2",)), "another ALPN is refused")
    with secure(alpn=("h2", "sunrpc")) as stream:
        ok(ask(stream, 0)[1][1] == SUCCESS, "sunrpc among others is taken")
    ok(refuses(version=ssl.TLSVersion.TLSv1_2), "TLS 1.2 is refused")
    with foreign_certificate() as certificate:
        ok(refuses(certificate=certificate), "a certificate of another CA is refused")
    own = (f"{CLUSTER}/dfs2/cert.pem", f"{CLUSTER}/dfs2/key.pem")
    with secure(certificate=own) as stream:
        ok(ask(stream, 0)[1][1] == SUCCESS, "a server's certificate is taken")
    # What our own client would do with the wrong server: Python's ssl agrees.
    try:
        plain = connect()
        ask_tls(plain)
        context().wrap_socket(plain, server_hostname="dfs9")
        ok(False, "the certificate is for this server alone")
    except ssl.SSLCertVerificationError:
        ok(True, "the certificate is for this server alone")
    with connect() as stream:
        ok(ask(stream, 0, program=PROGRAM + 9, flavor=AUTH_TLS)[1]
           == ("accepted", PROG_UNAVAIL, AUTH_NONE, b"STARTTLS"),
           "TLS is offered even where the program is not")
    with connect() as plain:
        plain.sendall(record(call(1, 0, flavor=AUTH_TLS)) + record(call(2, 0)))
        ok(is_closed(plain), "bytes behind the wish for TLS end the connection")
    with connect() as plain:
        ask_tls(plain)
        plain.sendall(record(call(2, 0)))
        ok(is_closed(plain) or is_closed(plain), "a call instead of the handshake ends it")


def check_login(ok):
    """Needs the passwords of two users beside the cluster: see tests/scenarios/helper.bash."""
    way = f"password:{os.path.dirname(CLUSTER)}/passwords/"
    with secure() as stream:
        ok(login(stream) == OK, "LOGIN with a session, before HELLO")
        _, what, results = ask(stream, LIST, list_args())
        ok(what[1] == SUCCESS and word(results) == OK, "LIST after it")
        _, what, results = ask(stream, STATUS)
        ok(what == ("accepted", SUCCESS, AUTH_NONE, b"") and
           struct.unpack(">2I", results[:8]) == (0, PROGRAM - 600000000), "STATUS after it")
    with secure() as stream:
        ok(login(stream, USER, way + USER) == OK, "LOGIN with a password")
    with secure() as stream:
        ok(login(stream, USER, way + "other") == DENIED, "LOGIN with another's password")
        ok(ask(stream, LIST, list_args())[2] == struct.pack(">I", DENIED), "and LIST after it is denied")
        ok(login(stream, "nobody", way + USER) == DENIED, "LOGIN of an unknown user")
        ident, secret = session_of(USER)
        name, kind = opaque(USER.encode()), struct.pack(">I", 2)
        ok(word(ask(stream, LOGIN, name + kind + ident + bytes(32))[2]) == DENIED, "a session's wrong proof")
        ok(word(ask(stream, LOGIN, name + kind + bytes(16) + proof_of(hkdf(secret, "dfs session", 64)))[2])
           == DENIED, "another session's proof")
        other = hkdf(hkdf(secret, "dfs session", 64)[:32], f"dfs proof dfs{(PROGRAM - 600000000) % 4 + 1}")
        ok(word(ask(stream, LOGIN, name + kind + ident + other)[2]) == DENIED, "a proof for another server")
        answers = [ask(stream, LOGIN, opaque(x) + bytes(4))[2] for x in (b"nobody", b"nobody", b"nobody2")]
        ok(all(len(x) == 36 and x[:8] == bytes(8) for x in answers), "an unknown user has a salt")
        ok(answers[0] == answers[1] and answers[0][8:24] != answers[2][8:24], "always the same, and his own")
        _, what, results = ask(stream, LOGIN, opaque(b"No User") + bytes(4))
        ok(what[1] == SUCCESS and word(results) != OK, "what is no user name has none")


def check_records(ok):
    def after(data, stream, what):
        with stream:
            try:
                stream.sendall(data)
                ok(is_closed(stream), what)
            except (ConnectionError, ssl.SSLError):
                ok(True, what)

    after(struct.pack(">I", 0xffffffff), connect(), "2 GiB announced in the clear")
    after(record(bytes(1028)), connect(), "more than 1 KiB in the clear")
    after(struct.pack(">I", 0) * 8, connect(), "empty fragments")
    after(record(bytes(8)), connect(), "a record that is no call")
    after(record(struct.pack(">3I", 1, 1, 0) + bytes(28)), connect(), "a reply")
    after(record(call(1, 0, cred=bytes(500))), connect(), "a credential above 400 bytes")
    after(struct.pack(">I", 0x80000000 | RECORD_MAX + 4), greeted(), "more than 2.5 MiB inside TLS")
    after(struct.pack(">I", 0) * 8, greeted(), "empty fragments inside TLS")
    after(struct.pack(">I", 0x80000000 | STRANGER_MAX + 4), secure(), "more than 4 KiB before a log-in")
    with secure() as stream:
        stream.sendall(record(call(7, 99, bytes(STRANGER_MAX - len(call(7, 99))))))
        ok(reply(stream)[0] == 7, "4 KiB before a log-in")
    half = struct.pack(">I", RECORD_MAX // 2) + bytes(RECORD_MAX // 2)
    after(half * 3, greeted(), "fragments that come to more than 2.5 MiB")
    with greeted() as stream:
        body = call(8, STATUS)
        for at in range(0, len(body), 5):
            stream.sendall(record(body[at:at + 5], at + 5 >= len(body)))
        ok(reply(stream)[0] == 8, "a call in many fragments")
        stream.sendall(record(call(9, 0)) + record(call(10, STATUS)) + record(call(11, 0)))
        ok([reply(stream)[0] for _ in range(3)] == [9, 10, 11], "three calls at once")
        for procedure, args in BETWEEN_SERVERS:
            _, what, results = ask(stream, procedure, args)
            ok(what[1] == SUCCESS and results == struct.pack(">I", DENIED),
               f"procedure {procedure} is for servers")
        for procedure in (17, 31, 37, 99):
            ok(ask(stream, procedure)[1][:2] == ("accepted", PROC_UNAVAIL), "unknown procedures")
        garbage = ("accepted", GARBAGE_ARGS)
        ok(ask(stream, HELLO, struct.pack(">I", 0xfffffff0))[1][:2] == garbage,
           "a name longer than its record")
        ok(ask(stream, HELLO, hello_args(b"u" * 256))[1][:2] == garbage, "a name above its bound")
        ok(ask(stream, HELLO, hello_args() + bytes(4))[1][:2] == garbage,
           "bytes behind the arguments")
        ok(ask(stream, STATUS, bytes(4))[1][:2] == garbage, "arguments for none")
        put = bytes(16) + opaque(b"/tester/x") + bytes(8 + 32)
        ok(ask(stream, PUT, put + struct.pack(">I", 513))[1][:2] == garbage,
           "more units than the bound")
        ok(ask(stream, PUT, put + struct.pack(">IQI", 1, 0, 262209) + bytes(262212))[1][:2]
           == garbage, "a unit above its bound")
        ok(ask(stream, STATUS)[1][1] == SUCCESS, "the connection is usable after all that")


def check_recovering(ok):
    nothing = struct.pack(">I", 0)
    ballot = struct.pack(">IQ", 0, 1) + bytes(16)
    with secure() as stream:
        _, what, results = ask(stream, HELLO, hello_args())
        ok(what[1] == SUCCESS and results[:4] == bytes(4) and word(results, 40) == 2, "HELLO tells of recovering")
        ok(login(stream) == OK, "LOGIN is answered, from what three others say")
        _, what, results = ask(stream, STATUS)
        ok(struct.unpack(">3I", results[:12]) == (0, PROGRAM - 600000000, 2), "STATUS tells of it too")
        _, what, results = ask(stream, GET, struct.pack(">I", 1) + os.urandom(16) + bytes(8) + nothing)
        ok(word(results) == OK and word(results, 4) == 1 and word(results, 8) in (UNKNOWN, DENIED), "GET answers")
        ok(ask(stream, PIECE, piece_args(os.urandom(16)))[2] == struct.pack(">I", DENIED), "PIECE answers")
        put = bytes(16) + opaque(b"/tester/x") + bytes(8 + 32) + nothing
        for procedure, args in ((PUT, put), (BIND, bytes(16) + ballot + nothing),
                                (LOOKUP, nothing * 2), (PREPARE, bytes(16) + ballot + nothing + nothing),
                                (ACCEPT, ballot + nothing), (DELETE, ballot + nothing), (SETTLED, nothing),
                                (LIST, list_args())):
            _, what, results = ask(stream, procedure, args)
            ok(what[1] == SUCCESS and results == struct.pack(">I", RECOVERING),
               f"procedure {procedure} answers that the server is recovering")


# ---- mutations --------------------------------------------------------------------------


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def object_of(token, units):
    """(maker, leaves, object) of a content of four units: rpc/object.h and rpc/tree.h say how."""
    maker = sha256(b"dfs maker", token)[:16]
    leaves = [sha256(b"\0", maker, struct.pack(">Q", number), unit) for number, unit in enumerate(units)]
    root = sha256(b"\1", sha256(b"\1", *leaves[:2]), sha256(b"\1", *leaves[2:]))
    return maker, leaves, sha256(b"dfs object", maker, struct.pack(">Q", sum(map(len, units))), root)[:16]


def samples(number):
    """
    Calls that a server takes, on a path of their own: (procedure, arguments).  Tickets and signatures in them
    are well-formed, but nobody's.
    """
    def ident(what):
        return (what * 16)[:15] + bytes([number % 255 + 1])

    path = f"/tester/sample{number}".encode()
    token, contents = ident(b"t") * 2, [b"content%d" % unit for unit in range(4)]
    maker, leaves, thing = object_of(token, contents)
    paths, path = paths_args(path), opaque(path)
    ballot = struct.pack(">IQ", 0, FAR + number) + ident(b"p")
    later = struct.pack(">IQ", 0, FAR + 1 + number) + ident(b"q")
    operation, size = ident(b"o"), struct.pack(">Q", 32)
    one, nothing = struct.pack(">I", 1), struct.pack(">I", 0)
    units = struct.pack(">I", 4) + b"".join(
        struct.pack(">Q", unit) + opaque(content) for unit, content in enumerate(contents))
    tree = struct.pack(">I", 4) + b"".join(leaves)
    share = maker + size + tree + struct.pack(">I", 15)
    tester = opaque(b"tester")
    # The signer's key, a batch of one, the way to its top, and what is signed.
    signature = struct.pack(">4I", 1, 1, 0, 0) + bytes(64)
    access, attributes, keys = bytes(8) + nothing + nothing, bytes(4 + 8), one + bytes(32 + 48)
    content = (maker + size + struct.pack(">qqIII", 0, 0, 0, 8, 0xffff) + tree + opaque(bytes([3]) + bytes(44))
               + tester + signature)
    value = (operation + ballot + struct.pack(">Q", 1) + one + operation
             + struct.pack(">Q", 1) + operation + nothing + nothing
             + one + tester + access + attributes + keys + content + nothing + nothing
             + ballot + bytes(32) + tester + signature + nothing)
    tombstone = (ident(b"d") + later + struct.pack(">Q", 2) + struct.pack(">I", 2) + ident(b"d")
                 + operation + struct.pack(">Q", 2) + ident(b"d") + nothing + nothing
                 + struct.pack(">I", 2) + opaque(b"") + access + nothing
                 + later + bytes(32) + tester + signature + nothing)
    ticket = thing + bytes(8 + 16)
    password, session = struct.pack(">I", 1) + bytes(32), struct.pack(">I", 2) + bytes(16 + 32)
    return ((HELLO, hello_args()),
            (PUT, operation + path + size + token + units),
            (BIND, operation + ballot + one + path + share + token),
            (GET, one + thing + struct.pack(">Q", 2) + one + ticket),
            (PIECE, piece_args(thing)),
            (LOOKUP, paths),
            (PREPARE, operation + ballot + nothing + one + path + one + size + one + share + token + units),
            # Shows no promises, and no highest value.
            (CONFIRM, ballot + one + path + nothing + nothing + value),
            (ACCEPT, ballot + one + path + value),
            (SETTLED, one + path + ballot + sha256(value)[:8]),
            (FINISH, paths),
            (LIST, list_args(b"/tester/")),
            (DELETE, later + one + path + tombstone),
            # Whatever comes of it, it must be the last: a wrong one is slow, and nobody's.
            (LOGIN, opaque(b"nobody") + (password, session, nothing)[number % 3]))


def mutate(chance, message):
    """A few bytes changed, or the end cut off, or something put behind it."""
    message = bytearray(message)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(message))
        kind = chance.randrange(4)
        if kind == 0:
            message[at] = chance.choice((0, 1, 0x7f, 0x80, 0xff, chance.randrange(256)))
        elif kind == 1:
            at -= at % 4
            message[at:at + 4] = struct.pack(">I", chance.choice(
                (0, 1, 2, 3, 128, 129, 512, 513, 4096, 4097, 262208, 0x7fffffff, 0xffffffff)))
        elif kind == 2 and at > 24:
            del message[at:]
        else:
            message[at:at] = chance.randbytes(4 * chance.randint(1, 5))
    return bytes(message)


def check_mutations(ok):
    chance = random.Random(4711)
    with greeted() as stream:
        for procedure, args in samples(2):
            _, what, results = ask(stream, procedure, args)
            # Without a ticket there is no piece; GET says so of each unit that is wanted.
            ok(what[1] == SUCCESS and word(results) == (DENIED if procedure == PIECE else OK),
               f"procedure {procedure}: a sample")
    stream, answered, closed = greeted(), 0, 0
    for number in range(3, 400):
        for procedure, args in samples(number):
            # After a few wrong ones each takes seconds: that is for another test.
            if procedure == LOGIN and number > 6:
                continue
            message = mutate(chance, call(number, procedure, args))
            try:
                stream.sendall(record(message))
                reply(stream)
                answered += 1
            except (OSError, EOFError):
                closed += 1
                stream.close()
                stream = greeted()
    ok(answered > 1000 and closed > 10, f"{answered} answered, {closed} closed")
    with stream:
        ok(ask(stream, STATUS)[1][1] == SUCCESS, "the server is none the worse for it")


# ---- stalling ---------------------------------------------------------------------------


def wanted(stream, path):
    """What GET takes for a megabyte of the file's units that this server has."""
    _, _, results = ask(stream, LOOKUP, paths_args(path.encode()))
    assert word(results) == OK and word(results, 24) == OK, results[:28]
    # status, votes, seen, one item: its status, that it is known, ballot, settled; then the ticket
    ticket = results[64:104]
    assert any(ticket[24:]), "no ticket"

    def wants(units):
        return (struct.pack(">I", len(units)) + b"".join(ticket[:16] + struct.pack(">Q", x) for x in units)
                + struct.pack(">I", 1) + ticket)

    here = [x for x in range(8) if word(ask(stream, GET, wants([x]))[2], 8) == OK]
    assert len(here) >= 4, here
    return wants(here[:4])


def stall_in_record(source, wants, stalled):
    with greeted(source) as stream:
        stream.sendall(struct.pack(">I", 0x80000000 | RECORD_MAX) + bytes(1 << 20))
        stalled()
        is_closed(stream)


def stall_in_handshake(source, wants, stalled):
    with connect(source) as plain:
        ask_tls(plain)
        plain.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100))
        stalled()
        is_closed(plain)


def stall_in_header(source, wants, stalled):
    with connect(source) as plain:
        plain.sendall(record(call(1, 0))[:10])
        stalled()
        is_closed(plain)


def never_read(source, wants, stalled):
    with greeted(source) as stream:
        stream.settimeout(1)
        with contextlib.suppress(TimeoutError):
            for xid in range(1000):
                stream.sendall(record(call(xid, GET, wants)))
                stalled()
        stalled()
        # Waits without reading a byte until the server has hung up.
        waiting = select.poll()
        waiting.register(stream, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        waiting.poll(60000)


def stall(source, count, ready, path):
    with greeted() as stream:
        wants = wanted(stream, path)
    ways = (stall_in_record, stall_in_handshake, stall_in_header, never_read)
    once = [threading.Event() for _ in range(count)]

    def one(index):
        while True:
            try:
                ways[index % len(ways)](source, wants, once[index].set)
            except (OSError, EOFError, AssertionError):
                # Refused or cut off: that too is what this connection may come to.
                once[index].set()
            # It is for stalling; who connects as often as he can is another matter.
            threading.Event().wait(1)

    for index in range(count):
        threading.Thread(target=one, args=(index,), daemon=True).start()
    for event in once:
        event.wait()
    open(ready, "x").close()
    threading.Event().wait()


def crowd(count, ready):
    held = []
    for _ in range(count):
        stream = secure(SOURCE)
        if ask(stream, 0)[1][:2] != ("accepted", SUCCESS):
            return 1
        held.append(stream)
    open(ready, "x").close()
    threading.Event().wait()
    return 0


# ---- the program ------------------------------------------------------------------------

CHECKS = {"clear": check_clear, "upgrade": check_upgrade, "login": check_login, "records": check_records,
          "recovering": check_recovering, "mutations": check_mutations}


def check(names):
    failed = 0

    def ok(good, what):
        nonlocal failed
        failed += not good
        print("ok " if good else "NOT OK", what, flush=True)

    for name in names:
        CHECKS[name](ok)
    return 1 if failed else 0


SOURCE = None
USER = os.environ.get("DFS_USER", "tester")
if sys.argv[1] == "--from":
    SOURCE = sys.argv[2]
    del sys.argv[1:3]
mode, address, program, CLUSTER = sys.argv[1:5]
ADDRESS = (address.rpartition(":")[0].strip("[]"), int(address.rpartition(":")[2]))
PROGRAM = int(program)
NAME = f"dfs{PROGRAM - 600000000}"
if mode == "check":
    sys.exit(check(sys.argv[5:]))
if mode == "crowd":
    sys.exit(crowd(int(sys.argv[5]), sys.argv[6]))
if mode == "stay":
    sys.exit(stay(*sys.argv[5:7]))
if mode == "compare":
    sys.exit(compare(sys.argv[5], int(sys.argv[6]), sys.argv[7:9]))
if mode == "login":
    sys.exit(log_in_often(*sys.argv[5:7], int((sys.argv[7:] or ["1"])[0])))
stall(sys.argv[5], int(sys.argv[6]), *sys.argv[7:9])
