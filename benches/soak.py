#!/usr/bin/env python3
"""A watch under a steady stream of pictures: what it takes in memory and handles, and how long after it was written each
picture is classified.

    cargo build --release
    benches/soak.py --sis target/release/sis --minutes 30 --rate 10

Pictures are the samples of the demonstration model, each with bytes after its end that make it another file. They are
written as a downloader does, in steps, under their final names. Needs Linux and nothing but Python's own library.
"""

import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

STEP = 16 * 1024


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sis", default="target/release/sis", help="the program")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=10, help="pictures a second")
    parser.add_argument("--sample-every", type=float, default=30, help="seconds between two looks at the process")
    parser.add_argument("--apply", action="store_true", help="sort as well")
    return parser.parse_args()


def write_stream(source, samples, rate, ends, finished):
    """Writes pictures at a rate, and notes when each was finished."""
    number, began = 0, time.monotonic()
    while time.monotonic() < ends:
        due = began + number / rate
        time.sleep(max(0.0, due - time.monotonic()))
        content = samples[number % len(samples)] + f"number {number}".encode()
        folder = source / f"{number // 1000:04}"
        folder.mkdir(exist_ok=True)
        path = folder / f"{number:08}.jpg"
        with open(path, "wb") as file:
            for at in range(0, len(content), STEP):
                file.write(content[at : at + STEP])
                file.flush()
        finished[str(path)] = time.monotonic()
        number += 1


def process_figures(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    figure = lambda name: int(next(line for line in status if line.startswith(name)).split()[1])
    ticks = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    seconds = (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")
    return figure("VmRSS:") / 1024, len(os.listdir(f"/proc/{pid}/fd")), figure("Threads:"), seconds


def main():
    options = arguments()
    project = pathlib.Path(__file__).resolve().parent.parent
    samples = [path.read_bytes() for path in sorted((project / "config/demo/samples").glob("*.jpg"))]
    labels = project / "config/demo/labels.txt"
    with tempfile.TemporaryDirectory(prefix="sis-soak-") as root:
        root = pathlib.Path(root)
        source, destination = root / "source", root / "destination"
        source.mkdir()
        environment = {**os.environ, "HOME": str(root), "XDG_CACHE_HOME": str(root / "cache"), "SIS_LANG": "en"}
        command = [options.sis, "watch", "--json", "--model", "demo", "--labels-file", labels]
        command += ["--source", source, "--destination", destination] + (["--apply"] if options.apply else [])
        watch = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=sys.stderr, env=environment, text=True)
        finished, latencies, transfers = {}, [], 0

        def read():
            nonlocal transfers
            for line in watch.stdout:
                now, event = time.monotonic(), json.loads(line)
                if event["event"] == "picture":
                    latencies.append(now - finished.pop(event["path"]))
                transfers += event["event"] == "transfer"

        reader = threading.Thread(target=read)
        reader.start()
        ends = time.monotonic() + options.minutes * 60
        writer = threading.Thread(target=write_stream, args=(source, samples, options.rate, ends, finished))
        writer.start()
        print("| minute | pictures | MiB | handles | threads | seconds of a core | median s | 99 % s |")
        print("|---|---|---|---|---|---|---|---|", flush=True)
        began, before = time.monotonic(), 0
        while writer.is_alive():
            writer.join(options.sample_every)
            memory, handles, threads, seconds = process_figures(watch.pid)
            fresh = sorted(latencies[before:]) or [float("nan")]
            before = len(latencies)
            print(
                f"| {(time.monotonic() - began) / 60:.1f} | {before} | {memory:.1f} | {handles} | {threads} | {seconds:.1f} "
                f"| {statistics.median(fresh):.2f} | {fresh[int(len(fresh) * 0.99)]:.2f} |",
                flush=True,
            )
        deadline = time.monotonic() + 60
        while finished and time.monotonic() < deadline:
            time.sleep(0.2)
        watch.send_signal(signal.SIGTERM)
        code = watch.wait(60)
        reader.join()
        ordered = sorted(latencies)
        print(f"exit code {code}; {len(ordered)} classified, {len(finished)} not, {transfers} transfers")
        print(f"latency: median {statistics.median(ordered):.2f} s, 99 % {ordered[int(len(ordered) * 0.99)]:.2f} s, "
              f"longest {ordered[-1]:.2f} s")
        sizes = {str(path.relative_to(root)): path.stat().st_size for path in destination.glob(".sis/*")}
        print("session:", ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in sorted(sizes.items())))
        sys.exit(code or bool(finished))


if __name__ == "__main__":
    main()
