#!/usr/bin/env python3
"""Makes a golden session: what a version of sis leaves behind, for tests/it/golden_sessions.rs.

    tests/data/golden/make.py PROGRAM FOLDER

PROGRAM is a debug build of the version, FOLDER is where the result goes (tests/data/golden/0.1.0 for example). It needs
tmux, because people decide and rename labels in the app, and a debug build, because only that can be killed at a chosen
moment. A session has absolute paths in it: all of it is made in /tmp/sis-golden, and the tests put it back there.
"""

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

ROOT = Path("/tmp/sis-golden")
HOME, SOURCE, DESTINATION = ROOT / "home", ROOT / "source", ROOT / "destination"
PICTURES = Path(__file__).resolve().parent.parent / "pictures"
SORTING = ["--model", "demo", "--threshold", "0", "--margin", "0"]
PATIENCE = 60


def png(number):
    """A drawing of 24 x 24 pixels, another one for each number."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def colour(x, y):
        shade = 9 * number % 256
        return bytes([10 * x % 256, 10 * y % 256, shade]) if (x + y * number) % 5 else bytes([shade, 255 - shade, 40])

    rows = b"".join(b"\0" + b"".join(colour(x, y) for x in range(24)) for y in range(24))
    header = struct.pack(">IIBBBBB", 24, 24, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def environment(**more):
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(HOME), "TMPDIR": str(ROOT), "SIS_RUNTIME": "tract"}
    variables |= {"SIS_LANG": "en", "HF_HUB_OFFLINE": "1", "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    for name in ["config", "data", "state", "cache"]:
        variables[f"XDG_{name.upper()}_HOME"] = str(HOME / name)
    return variables | more


def sis(*arguments, codes=(0,), **more):
    ended = subprocess.run([PROGRAM, *map(str, arguments)], env=environment(**more), cwd=ROOT, capture_output=True)
    if ended.returncode not in codes:
        sys.exit(f"{arguments} ended with {ended.returncode}: {ended.stdout.decode()}{ended.stderr.decode()}")
    return ended.stdout.decode()


def classify(source, destination, operation, labels, **more):
    sis("classify", "--source", source, "--destination", destination, "--operation", operation, "--labels", labels,
        *SORTING, **more)


def wait_for(what, is_so):
    until = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > until:
            sys.exit(f"{what} does not come")
        time.sleep(0.02)


def lines(destination=DESTINATION):
    return [json.loads(line) for line in (destination / ".sis/ledger.jsonl").read_text().splitlines()]


def count(event):
    return sum(line["event"] == event for line in lines())


class App:
    """The app in a terminal."""

    def __init__(self, *arguments):
        self.tmux("new-session", "-d", "-x", "100", "-y", "30", PROGRAM, *map(str, arguments))

    def tmux(self, *arguments):
        command = ["tmux", "-L", "sis-golden", "-f", "/dev/null", *arguments]
        return subprocess.run(command, env=environment(), cwd=ROOT, capture_output=True, text=True).stdout

    def expect(self, text):
        wait_for(f"“{text}”", lambda: text in self.tmux("capture-pane", "-p"))

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def close(self):
        self.press("q")
        wait_for("the end", lambda: not self.tmux("list-sessions"))


def decide():
    """A label, another one, none of them, and one that is taken back; then a label gets another text."""
    app = App("review", "--destination", DESTINATION)
    app.expect("pictures")
    app.press("F4")
    app.expect("reviewed 0")
    # The scores come when the model is open.
    app.expect("· demo ·")
    app.expect(" circle")
    # In the order in which they were found, which versions before had until the scores came: from the end of the newest
    # first. Each decision goes one picture on, which is one back here.
    for order in ["most sure first", "by label", "newest first"]:
        app.press("o")
        app.expect(order)
    app.press("End")
    for number, (ways, key) in enumerate([([], "1"), (["Up"], "2"), (["Up", "Up"], "x"), (["Up", "Up"], "a")]):
        app.press(*ways, key)
        app.expect(f"reviewed {number + 1}")
    app.press("u")
    app.expect("reviewed 3")
    app.press("F3", "Enter")
    app.expect("Esc done")
    app.tmux("send-keys", "-l", "big ")
    app.press("Escape")
    wait_for("the renamed label", lambda: count("rename") == 1)
    app.close()


def watch(folder, labels):
    """Sorts what is written into a folder."""
    command = ["watch", "--source", folder, "--destination", DESTINATION, "--apply", "--operation", "copy", "--labels",
               labels, "--settle", "0.2", "--poll", "--rescan", "1", *SORTING]
    watching = subprocess.Popen([PROGRAM, *map(str, command)], env=environment(), cwd=ROOT,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for("the watch", lambda: any(line.get("watch") is True for line in lines()))
    for number in range(30, 33):
        write(folder / f"{number}.png", png(number))
    arrived = lambda: [line for line in lines() if line.get("source", "").startswith(f"{folder}/")]
    wait_for("what arrives", lambda: len(arrived()) == 3)
    watching.send_signal(signal.SIGINT)
    if watching.wait(PATIENCE) != 0:
        sys.exit("the watch did not end well")


def make(has_repair):
    for number in range(1, 9):
        write(SOURCE / f"{number}.png", png(number))
    for name in ["grey.jpg", "lossy.webp", "palette.bmp", "transparent.gif", "deflate.tiff"]:
        write(SOURCE / name, (PICTURES / name).read_bytes())
    for number in range(10, 15):
        write(ROOT / "second" / f"{number}.png", png(number))
    for number in range(20, 24):
        write(ROOT / "third" / f"{number}.png", png(number))
    # Files of somebody else: one is where a picture would go, the other where the program writes its sums.
    write(DESTINATION / "circle/1.png", png(1))
    write(DESTINATION / "SHA256SUMS", b"of somebody else\n")
    (ROOT / "drop").mkdir()

    classify(SOURCE, DESTINATION, "copy", "circle, square")
    decide()
    sis("apply", "--destination", DESTINATION)
    sis("undo", "--destination", DESTINATION)
    undo = max(line["run"] for line in lines() if line["event"] == "run")
    sis("undo", "--destination", DESTINATION, "--run", undo)
    classify(ROOT / "second", DESTINATION, "move", "big circle, square")
    # A run that is killed between the copy and the removal of its source, and ended by the next one.
    sis("classify", "--source", ROOT / "third", "--destination", DESTINATION, "--operation", "move", "--labels",
        "big circle, square", *SORTING, codes=range(-128, 256), SIS_CRASH_AT="renamed:2")
    watch(ROOT / "drop", "big circle, square")
    sis("verify", "--destination", DESTINATION)
    if has_repair:
        repaired = ROOT / "repaired"
        for number in [1, 2, 3]:
            write(ROOT / "fourth" / f"{number}.png", png(number))
        classify(ROOT / "fourth", repaired, "copy", "circle, square")
        ledger = repaired / ".sis/ledger.jsonl"
        ledger.write_text("".join(ledger.read_text().splitlines(keepends=True)[:2]))
        # Nothing shows that the lines which stayed are as the program wrote them.
        sis("repair", "--trust", "--destination", repaired)
        sis("verify", "--destination", repaired)


def main():
    global PROGRAM
    PROGRAM, result = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
    shutil.rmtree(ROOT, ignore_errors=True)
    ROOT.mkdir()
    make(has_repair="repair" in sis("--help"))
    # What nobody needs again: the log, and the built-in model, which every version unpacks for itself.
    shutil.rmtree(HOME / "state", ignore_errors=True)
    shutil.rmtree(HOME / "cache/sis/built-in")
    shutil.rmtree(result, ignore_errors=True)
    shutil.copytree(ROOT, result, symlinks=True)
    shutil.rmtree(ROOT)


if __name__ == "__main__":
    main()
