#!/usr/bin/env python3
"""How a classify grows with the number of pictures: time and memory for 1,000, 10,000 and 100,000 of them, with the built-in
model. Both should be the same for each picture, and memory should hardly grow at all.

Each number is run three times into one destination:

  - first: nothing is known, all go through the model;
  - known: all are read and hashed, and found in the cache of embeddings;
  - trusted: with --trust-unchanged, none is opened.

    cargo build --release
    benches/growth.py --sis target/release/sis

Pictures are PNG files of 32 by 32 pixels of noise, some 3 kB each, 1,000 in a folder. What is measured is everything but the
model and the decoding of large pictures, which the other benchmarks look at. Nothing is sorted, unless --copy is given: then
all are, in the first run. Everything is in a temporary folder (--folder says where), removed at the end. Needs nothing
but Python's own library.
"""

import argparse
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import time
import zlib

SIDE = 32

RUNS = {"first": [], "known": [], "trusted": ["--trust-unchanged"]}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sis", default="target/release/sis", help="the program")
    parser.add_argument("--pictures", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=list(RUNS), help="which runs, the first one first")
    parser.add_argument("--copy", action="store_true", help="sort too")
    parser.add_argument("--folder", help="where the temporary folder is made")
    return parser.parse_args()


def picture(number):
    """A picture like no other."""
    chance = random.Random(number)
    rows = b"".join(b"\0" + chance.randbytes(SIDE * 3) for _ in range(SIDE))
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")]
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in chunks)


def make(source, count):
    for number in range(count):
        folder = source / f"channel {number // 1000:03}"
        if number % 1000 == 0:
            folder.mkdir(parents=True)
        (folder / f"photo_{number:06}.png").write_bytes(picture(number))


def measured(command, environment):
    """Seconds, seconds of a core, peak memory in MB, and what the last line of JSON says."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        if status:
            sys.exit(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
        out.seek(max(0, out.tell() - 10_000))
        summary = json.loads(out.read().splitlines()[-1])
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6, summary


def main():
    options = arguments()
    project = pathlib.Path(__file__).resolve().parent.parent
    sure = "0" if options.copy else "1"
    print("| pictures | run | wall | a picture | cores | peak memory |")
    print("|---|---|---|---|---|---|", flush=True)
    for count in options.pictures:
        with tempfile.TemporaryDirectory(prefix="sis-growth-", dir=options.folder) as root:
            root = pathlib.Path(root)
            make(root / "source", count)
            # What has just been written can be trusted after a while only, and is not to be written back meanwhile.
            os.sync()
            time.sleep(3)
            environment = {**os.environ, "HOME": str(root), "XDG_CACHE_HOME": str(root / "cache"), "SIS_LANG": "en"}
            command = [options.sis, "classify", "--json", "--model", "demo"]
            command += ["--labels-file", project / "config/demo/labels.txt", "--threshold", sure, "--margin", sure]
            command += ["--source", root / "source", "--destination", root / "sorted"]
            for run in options.runs:
                seconds, cores, memory, summary = measured(command + RUNS[run], environment)
                print(
                    f"| {count:,} | {run} | {seconds:.2f} s | {seconds / count * 1000:.3f} ms | {cores / seconds:.2f} "
                    f"| {memory:.1f} MB |",
                    flush=True,
                )
                expected = {"pictures": count, "remembered": 0 if run == "first" else count}
                expected["trusted"] = count if run == "trusted" else 0
                wrong = {key: summary.get(key) for key, value in expected.items() if summary.get(key, 0) != value}
                if wrong or (summary["planned"] and not options.copy):
                    sys.exit(f"not what was expected: {summary}")


if __name__ == "__main__":
    main()
