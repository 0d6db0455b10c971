#!/usr/bin/env python3
"""Types lines into a real bash, each with a TAB at its end, and says what became of them.

	tab.py COMPLETION LINE...

COMPLETION is the file with the completion; bash is on a terminal of its own, and reads no other
file.  A line of output for each LINE: what bash has in its line after the TAB.
"""
import os
import pty
import select
import sys
import tempfile
import time

LIMIT = 60


def wait_for(master, name):
    """Until the file is there, reading what the terminal shows meanwhile."""
    end = time.monotonic() + LIMIT
    shown = b''
    while not os.path.exists(name):
        if time.monotonic() > end:
            sys.stdout.buffer.write(shown)
            sys.exit(f'bash did not get as far as {name}')
        if select.select([master], [], [], 0.02)[0]:
            shown += os.read(master, 65536)


def main():
    completion, lines = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        pid, master = pty.fork()
        if pid == 0:
            os.environ['TAB_COMPLETION'], os.environ['TAB_FOLDER'] = completion, folder
            os.execvp('bash', ['bash', '--norc', '--noprofile', '-i'])
        keys = r'''bind 'set enable-bracketed-paste off'; set +o history; . "$TAB_COMPLETION"; '''
        keys += r'''bind -x '"\C-x\C-p": printf "%s\n" "$READLINE_LINE" >"$TAB_FOLDER/n"; '''
        keys += r'''mv "$TAB_FOLDER/n" "$TAB_FOLDER/line"'; : >"$TAB_FOLDER/ready"'''
        os.write(master, keys.encode() + b'\n')
        wait_for(master, folder + '/ready')
        for line in lines:
            # The line is emptied, typed and completed, and then written to a file.
            os.write(master, b'\x01\x0b' + os.fsencode(line) + b'\t\x18\x10')
            wait_for(master, folder + '/line')
            with open(folder + '/line', 'rb') as file:
                sys.stdout.buffer.write(file.read())
            os.remove(folder + '/line')
        os.write(master, b'\x01\x0bexit\n')
        os.close(master)
        os.waitpid(pid, 0)


main()
