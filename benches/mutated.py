#!/usr/bin/env python3
"""Pictures that are damaged by chance, and what Pillow says of those that sis calls whole.

It damages pictures of tests/data/decode, runs `sis classify` over all of them, and tells how each was answered, how long it
took and the peak of memory; then how many of those that are "ok", which alone are sorted without a person, Pillow
refuses, and how many of these as truncated.

    pip install pillow
    cargo build --release
    python benches/mutated.py --program target/release/sis [--count 20000] [--seed 1]
"""

import argparse
import collections
import json
import os
import random
import resource
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

from PIL import Image

PICTURES = Path(__file__).parent.parent / "tests/data/decode"


def damaged(content, chance):
    content = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        if not content:
            break
        at = chance.randrange(len(content))
        way = chance.randrange(5)
        if way == 0:
            content[at] = chance.randrange(256)
        elif way == 1:
            content[at] ^= 1 << chance.randrange(8)
        elif way == 2:
            content[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF))
        elif way == 3:
            del content[at : at + 1 + chance.randrange(40)]
        else:
            content[at:at] = chance.randbytes(chance.randrange(40))
    return bytes(content)


def refusal(path):
    """What Pillow says of a file that it does not decode."""
    try:
        with Image.open(path) as picture:
            picture.load()
        return None
    except Exception as error:  # Whatever it is, Pillow did not decode it.
        return f"{type(error).__name__}: {error}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    chance = random.Random(arguments.seed)
    found = sorted(path for path in PICTURES.rglob("*") if path.suffix != ".json" and path.is_file())
    # Some forms sis decodes and Pillow does not, whole as they are.
    pictures = [path for path in found if refusal(path) is None]
    with tempfile.TemporaryDirectory() as folder:
        source, destination = Path(folder, "source"), Path(folder, "destination")
        source.mkdir()
        for number in range(arguments.count):
            path = chance.choice(pictures)
            (source / f"{number:06}{path.suffix}").write_bytes(damaged(path.read_bytes(), chance))
        command = [arguments.program, "classify", "--dry-run", "--json", "--model", "demo", "--labels", "a, b"]
        command += ["--source", source, "--destination", destination]
        begin = time.perf_counter()
        # Nothing is remembered of an earlier run.
        places = {"HOME": folder, "XDG_CACHE_HOME": folder, "XDG_DATA_HOME": folder, "SIS_DATA_DIR": folder}
        ended = subprocess.run(command, capture_output=True, check=False, env={**os.environ, **places})
        took = time.perf_counter() - begin
        states, reasons, wrong = collections.Counter(), collections.Counter(), []
        for line in ended.stdout.splitlines():
            event = json.loads(line)
            if event.get("event") != "picture":
                continue
            states[event["status"]] += 1
            if event["status"] != "ok":
                continue
            said = refusal(event["path"])
            if said is not None:
                wrong.append((Path(event["path"]), said))
        for path, said in wrong:
            reasons[f"{path.suffix} {said}"[:100]] += 1
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{arguments.count} files: exit code {ended.returncode}, {took:.1f} s, {peak:.0f} MiB at most")
        print(", ".join(f"{count} {state}" for state, count in sorted(states.items())))
        truncated = sum("truncated" in said for _, said in wrong)
        print(f"Pillow refuses {len(wrong)} of those that are ok, {truncated} of them as truncated")
        for reason, count in reasons.most_common():
            print(f"{count:6} {reason}")


if __name__ == "__main__":
    main()
