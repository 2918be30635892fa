#!/usr/bin/env python3
"""Models of full size with random weights: how fast they open and what they cost, here and in Python.

It makes CLIP ViT-L/14 and SigLIP so400m/14 at 384 pixels in a temporary folder (8 GB, removed at the end), each as
safetensors in single precision, and ViT-L/14 as pytorch_model.bin too. Then it takes, for each, the time and the peak
memory of

  - Python: from_pretrained alone, that and the answer for one picture and one sentence, and the whole process;
  - sis doctor, a whole process that opens both towers and answers for one picture and one sentence, in each runtime; and
    the same without a model, which is what it costs to start and to find the runtime.

Every process is run three times, in turn, and the median counts. Files are read once before, so that all find them in the
page cache.

    pip install torch transformers pillow
    cargo build --release
    python benches/full_size.py --program target/release/sis --fixtures tests/data [--library libonnxruntime.so]
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

ROUNDS = 3

LOAD = """
import json, sys, time, resource, warnings
warnings.filterwarnings("ignore")
begin = time.perf_counter()
import torch
from transformers import AutoModel
from transformers.utils import logging
logging.set_verbosity_error(); logging.disable_progress_bar()
imported = time.perf_counter()
model = AutoModel.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
loaded = time.perf_counter()
vision = model.config.vision_config.image_size
with torch.no_grad():
    model(input_ids=torch.ones((1, 64), dtype=torch.long), pixel_values=torch.zeros((1, 3, vision, vision)))
print(json.dumps({"load": loaded - imported, "answer": time.perf_counter() - imported}))
"""


def make(folder, fixtures):
    """The checkpoints, by name."""
    import torch
    from transformers import CLIPConfig, CLIPModel, SiglipConfig, SiglipModel

    clip = CLIPConfig(
        projection_dim=768,
        text_config={"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12, "eos_token_id": 599},
        vision_config={
            "hidden_size": 1024,
            "intermediate_size": 4096,
            "num_hidden_layers": 24,
            "num_attention_heads": 16,
            "patch_size": 14,
        },
    )
    tower = {
        "hidden_size": 1152,
        "intermediate_size": 4304,
        "num_hidden_layers": 27,
        "num_attention_heads": 16,
    }
    siglip = SiglipConfig(text_config=tower, vision_config={**tower, "image_size": 384, "patch_size": 14})
    torch.manual_seed(1)
    made = {}
    for name, cls, config, small in [
        ("CLIP ViT-L/14", CLIPModel, clip, "clip"),
        ("SigLIP so400m/14-384", SiglipModel, siglip, "siglip"),
    ]:
        model, path = cls(config), folder / small
        model.save_pretrained(path, max_shard_size="20GB")
        sizes = {"clip": 224, "siglip": 384}
        for file in ["tokenizer.json", "tokenizer_config.json", "spiece.model", "preprocessor_config.json"]:
            if (fixtures / small / file).exists():
                shutil.copyfile(fixtures / small / file, path / file)
        processor = json.loads((path / "preprocessor_config.json").read_text())
        side = sizes[small]
        square = {"height": side, "width": side}
        processor.update(size={"shortest_edge": side} if small == "clip" else square, crop_size=square)
        (path / "preprocessor_config.json").write_text(json.dumps(processor))
        made[name] = path
        if small == "clip":
            as_bin = folder / "clip-bin"
            shutil.copytree(path, as_bin, ignore=shutil.ignore_patterns("*.safetensors"))
            torch.save(model.state_dict(), as_bin / "pytorch_model.bin")
            made["CLIP ViT-L/14, pytorch_model.bin"] = as_bin
        del model
    return made


def run(command, environment=None):
    """Seconds, peak memory in MiB, and what was printed."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    out, err = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command} failed: {out.decode()}{err.decode()}")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024, out.decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--fixtures", type=Path, required=True)
    parser.add_argument("--library", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        made = subprocess.run([sys.executable, __file__, *sys.argv[1:]], env={**os.environ, "FULL_SIZE": str(folder)})
        made.check_returncode()
        models = json.loads((folder / "made.json").read_text())
        for name, path in models.items():
            measure(name, path, arguments, folder)


def measure(name, path, arguments, folder):
    for file in Path(path).iterdir():
        # Not into this process's memory: what it used would count for its children as well.
        with file.open("rb") as content:
            while content.read(1 << 20):
                pass
    size = sum(file.stat().st_size for file in Path(path).iterdir()) / 1e6
    print(f"{name} ({size:.0f} MB)", flush=True)
    runs = {"Python": ([sys.executable, "-c", LOAD, str(path)], None)}
    home = {**os.environ, "HOME": str(folder / "home")}
    kinds = {"tract": home}
    if arguments.library:
        kinds["onnxruntime"] = {**home, "ORT_DYLIB_PATH": str(arguments.library)}
    for runtime, environment in kinds.items():
        command = [arguments.program, "doctor", "--runtime", runtime]
        runs[f"sis, {runtime}, no model"] = (command, environment)
        runs[f"sis, {runtime}"] = ([*command, "--model", path], environment)
    rows = {kind: [] for kind in runs}
    loads = []
    for _ in range(ROUNDS):
        for kind, (command, environment) in runs.items():
            seconds, memory, out = run(command, environment)
            rows[kind].append((seconds, memory))
            if kind == "Python":
                loads.append(json.loads(out.splitlines()[-1]))
    load, answer = (statistics.median(taken[step] for taken in loads) for step in ["load", "answer"])
    print(f"  Python, imports left out: from_pretrained {load:.2f} s, with the answer {answer:.2f} s")
    for kind, taken in rows.items():
        seconds, memory = (statistics.median(values) for values in zip(*taken))
        print(f"  {kind}: {seconds:.2f} s, {memory:.0f} MiB", flush=True)


if __name__ == "__main__":
    if "FULL_SIZE" in os.environ:
        target = Path(os.environ["FULL_SIZE"])
        fixtures = Path(sys.argv[sys.argv.index("--fixtures") + 1])
        models = make(target, fixtures)
        (target / "made.json").write_text(json.dumps({name: str(path) for name, path in models.items()}))
    else:
        main()
