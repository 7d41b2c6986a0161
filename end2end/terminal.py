"""Runs a program at a terminal and tells what was to be seen.

Usage: python terminal.py PROGRAM ARGUMENT...

Prints JSON: the exit code, `lines`: every line that the terminal has shown at some moment, and `screen`: what it shows in the end.
Standard output and standard error are both the terminal, as they are for a person.
"""

import fcntl
import json
import os
import pty
import re
import struct
import sys
import termios

ROWS, COLUMNS = 24, 120
# A character, or a sequence that moves or erases (ECMA-48 §5.4, the ones that progress bars use).
TOKEN = re.compile("\x1b\\[([0-9;?]*)([@-~])|(.)", re.DOTALL)


class Screen:
    """As much of a terminal as progress bars take; it is never left at the bottom."""

    def __init__(self):
        self.lines, self.row, self.column = [""], 0, 0

    def put(self, character):
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[: self.column] + character + line[self.column + 1 :]
        self.column += 1

    def go_down(self, count=1):
        self.row += count
        self.lines += [""] * (self.row + 1 - len(self.lines))

    def obey(self, parameter, command):
        count = int(parameter) if parameter.isdigit() else 0
        line = self.lines[self.row]
        if command == "A":
            self.row = max(0, self.row - max(count, 1))
        elif command == "B":
            self.go_down(max(count, 1))
        elif command == "G":
            self.column = max(count, 1) - 1
        elif command == "K":
            self.lines[self.row] = {0: line[: self.column], 1: " " * self.column + line[self.column :], 2: ""}[count]
        elif command == "J":
            del self.lines[self.row + 1 :]
            self.lines[self.row] = line[: self.column]
        elif command not in "mhl":
            # What is not known here would make the rest untrue.
            raise SystemExit(f"the terminal knows no sequence that ends in {command}")

    def write(self, text):
        """Takes what is written; gives each line as it stood before the cursor left it or something was erased."""
        for parameter, command, character in TOKEN.findall(text):
            if command or character in "\r\n":
                yield self.lines[self.row].rstrip()
            if command:
                self.obey(parameter, command)
            elif character == "\r":
                self.column = 0
            elif character == "\n":
                self.go_down()
            elif character >= " ":
                self.put(character)


def output_of(terminal):
    """All that is written until the program has closed the terminal."""
    parts = []
    while True:
        try:
            part = os.read(terminal, 1 << 16)
        except OSError:
            # So Linux tells that nobody has it open any more.
            part = b""
        if not part:
            return b"".join(parts).decode("utf-8", "replace")
        parts.append(part)


def main():
    process, terminal = pty.fork()
    if process == 0:
        # Only once the size is set does the program begin.
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.execv(sys.argv[1], sys.argv[1:])
    output = output_of(terminal)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    screen = Screen()
    seen = list(dict.fromkeys(line for line in screen.write(output) if line))
    print(json.dumps({"code": code, "lines": seen, "screen": [line.rstrip() for line in screen.lines if line.strip()]}))


main()
