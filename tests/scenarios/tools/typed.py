#!/usr/bin/env python3
"""Runs a command on a terminal of its own and answers its prompts.

	typed.py PROMPT ANSWER [PROMPT ANSWER]... -- COMMAND [ARGUMENT]...

Waits until PROMPT is shown, then types ANSWER and a return; an answer that ends in a tab is typed
without one, and "^C", "^D" and "^Z" at its end are the keys that interrupt, end and stop.  A PROMPT that is "@" and the name of a
file is not shown: that the file is there is waited for.  What the terminal showed goes to stdout, the last line of it being "echo on" or "echo
off", as the command left the terminal.  Ends with the exit code of the command, 128 and the
number for a signal, or 99 when a prompt did not come within a minute.
"""
import os
import pty
import select
import sys
import termios
import time

LIMIT = 60


def read_more(fd, shown):
    """False when the command has closed the terminal, or nothing came."""
    if not select.select([fd], [], [], LIMIT)[0]:
        return False
    try:
        got = os.read(fd, 4096)
    except OSError:  # how Linux tells that the other end is closed
        return False
    shown += got
    return bool(got)


def has_come(prompt, shown, seen):
    if prompt.startswith('@'):
        return os.path.exists(prompt[1:])
    return shown.find(prompt.encode(), seen) >= 0


def wait(prompt, fd, shown):
    """A little for a file; else until more is shown."""
    if prompt.startswith('@'):
        time.sleep(0.02)
        return True
    return read_more(fd, shown)


def keys(answer):
    typed = answer.encode(errors='surrogateescape')
    for name, key in ((b'^C', b'\x03'), (b'^D', b'\x04'), (b'^Z', b'\x1a')):
        if typed.endswith(name):
            return typed[:-2] + key
    return typed if typed.endswith(b'\t') else typed + b'\n'


def main():
    split = sys.argv.index('--')
    prompts, command = sys.argv[1:split], sys.argv[split + 1:]
    # The terminal is kept open, so that its state can be looked at when the command is gone.
    master, slave = pty.openpty()
    pid = os.fork()
    if pid == 0:
        os.close(master)
        login_tty(slave)
        os.execvp(command[0], command)
    shown, seen = bytearray(), 0
    for prompt, answer in zip(prompts[::2], prompts[1::2]):
        end = time.monotonic() + LIMIT
        while not has_come(prompt, shown, seen):
            if time.monotonic() > end or ended(pid) or not wait(prompt, master, shown):
                sys.stdout.buffer.write(shown)
                print(f'no prompt "{prompt}"')
                sys.exit(99)
        if not prompt.startswith('@'):
            seen = shown.find(prompt.encode(), seen) + len(prompt.encode())
        os.write(master, keys(answer))
    while select.select([master], [], [], 0)[0] or not ended(pid):
        if select.select([master], [], [], 0.05)[0]:
            read_more(master, shown)
    echo = termios.tcgetattr(slave)[3] & termios.ECHO
    sys.stdout.buffer.write(shown.replace(b'\r\n', b'\n'))
    print('echo on' if echo else 'echo off')
    code = status[0]
    sys.exit(os.WEXITSTATUS(code) if os.WIFEXITED(code) else 128 + os.WTERMSIG(code))


status = []


def ended(pid):
    if not status:
        done, code = os.waitpid(pid, os.WNOHANG)
        if done:
            status.append(code)
    return bool(status)


def login_tty(fd):
    """A session of its own, with this terminal: what os.login_tty does from Python 3.11 on."""
    import fcntl
    os.setsid()
    fcntl.ioctl(fd, termios.TIOCSCTTY, 0)
    for standard in range(3):
        os.dup2(fd, standard)


main()
