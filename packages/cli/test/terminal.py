"""Runs a program on a terminal of its own and types an answer to each of its questions.

Usage: terminal.py PROGRAM ARGUMENT...; standard input is the answers, as a list in JSON. Prints what the
terminal showed, and ends as the program did.
"""

import json
import os
import pty
import sys

answers = json.load(sys.stdin)
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])

shown = b""
asked = 0
while True:
    try:
        read = os.read(terminal, 1024)
    except OSError:  # How Linux tells that the program has closed the terminal.
        break
    if not read:
        break
    shown += read
    if answers and shown.count(b": ", asked) > 0:
        asked = len(shown)
        os.write(terminal, answers.pop(0).encode())

sys.stdout.write(shown.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
