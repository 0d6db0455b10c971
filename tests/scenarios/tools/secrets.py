#!/usr/bin/python3
"""secrets.py search NEEDLES PATH...   looks in files, and in all files of folders, for what may not be there
secrets.py memory PID FILE          copies all memory of a living process into a file
secrets.py watch FILE READY         appends every command line of the machine to FILE, each once, until it is
                                    killed; makes READY when it has begun

NEEDLES has a line for each: a name, a space, its bytes in hex.  What is found is printed, a line each; the
exit code is 0 when something was found and 1 when nothing was, like that of grep.  What looks like the
beginning of compressed data (zstd) is decompressed and looked into too.
"""
import os
import subprocess
import sys
import tempfile

ZSTD = bytes.fromhex("28b52ffd")    # RFC 8878, 3.1.1
UNIT = 1 << 19


def files_of(path):
    if not os.path.isdir(path):
        yield path
    for folder, _, names in os.walk(path):
        for name in names:
            if os.path.isfile(os.path.join(folder, name)):
                yield os.path.join(folder, name)


def decompressed(data):
    """What every zstd frame in there becomes, as far as it can be decompressed."""
    at = data.find(ZSTD)
    while at >= 0:
        with tempfile.TemporaryFile() as part:
            part.write(data[at:at + UNIT])
            part.seek(0)
            yield at, subprocess.run(["zstd", "-dc"], stdin=part, capture_output=True, check=False).stdout
        at = data.find(ZSTD, at + 1)


def search(needles, paths):
    with open(needles) as file:
        needles = [(name, bytes.fromhex(word)) for name, word in (line.split() for line in file)]
    found = 0
    for file_name in (x for path in paths for x in files_of(path)):
        with open(file_name, "rb") as file:
            data = file.read()
        places = [("", data)] + [(f" (decompressed at {at})", text) for at, text in decompressed(data)]
        for place, text in places:
            for name, needle in needles:
                if (at := text.find(needle)) >= 0:
                    print(f"{name} is in {file_name}{place} at {at}")
                    found += 1
    return 0 if found else 1


def memory(pid, copy):
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem, open(copy, "wb") as out:
        for line in maps:
            area, rights, *_ = line.split()
            if not rights.startswith("r") or line.rstrip().endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            begin, end = (int(x, 16) for x in area.split("-"))
            # Room that a sanitizer or a thread's arena has reserved and never touched cannot be read.
            while begin < end:
                try:
                    part = os.pread(mem.fileno(), min(end - begin, 1 << 24), begin)
                except OSError:
                    break
                out.write(part)
                begin += len(part)
    return 0


def watch(copy, ready):
    seen = set()
    with open(copy, "ab", 0) as out:
        open(ready, "x").close()
        while True:
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open(f"/proc/{pid}/cmdline", "rb") as file:
                        line = file.read()
                except OSError:
                    continue
                if line not in seen:
                    seen.add(line)
                    out.write(line + b"\n")


modes = {"search": lambda x: search(x[0], x[1:]), "memory": lambda x: memory(*x), "watch": lambda x: watch(*x)}
sys.exit(modes[sys.argv[1]](sys.argv[2:]))
