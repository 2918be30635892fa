#!/usr/bin/env python3
"""The same pictures sorted by the Python pipeline and by sis, with the same weights, in turn, and what ONNX Runtime alone
would need for them.

It makes CLIP ViT-B/32 and ViT-L/14 with random weights in a temporary folder (speed does not depend on the values), and as
many pictures as are wanted out of a few given ones: each is cut by some pixels at its edges and saved again, so that no two
are the same. Then it takes, in turn,

  - Python: transformers' zero-shot-image-classification pipeline, one picture at a time, each copied into its label's folder
    and a table written at the end;
  - sis classify, with the copying that is its default, in ONNX Runtime and in tract, in single precision and as int8;
  - the bare runtime: the image tower as torch exports it, in Python's onnxruntime with every core, on tensors that are ready
    in memory, at the batch size that is fastest. Nothing is read, decoded or resized there.

Every process starts anew, finds its files in the page cache and has a home of its own, so that nothing is remembered. The
median of the rounds counts, and every ratio is taken within a round before that. Run it on a machine that does nothing else.

    pip install torch transformers pillow onnx onnxscript onnxruntime
    cargo build --release
    python benches/against_python.py --program target/release/sis --fixtures tests/data --pictures FOLDER --library LIBRARY
"""

import argparse
import io
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
# Set on some machines for old libraries' sake; they would slow Python down.
for variable in ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"]:
    os.environ.pop(variable, None)

LABELS = ["weapons", "people", "documents", "memes", "vehicles"]

MODELS = {
    "ViT-B/32": {"text_config": {"eos_token_id": 599}},
    "ViT-L/14": {
        "projection_dim": 768,
        "text_config": {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12, "eos_token_id": 599},
        "vision_config": {
            "hidden_size": 1024,
            "intermediate_size": 4096,
            "num_hidden_layers": 24,
            "num_attention_heads": 16,
            "patch_size": 14,
        },
    },
}

# What is measured: a name, the model, how many pictures, and with what.
EXPERIMENTS = {
    "b32": ("ViT-B/32", 1000, ["python", "sis", "sis-int8", "sis-tract", "bare"]),
    "l14": ("ViT-L/14", 100, ["python", "sis", "bare"]),
    "cold": ("ViT-B/32", 32, ["python", "sis", "sis-tract"]),
}

PYTHON = """
import csv, shutil, sys, warnings
from pathlib import Path
warnings.filterwarnings("ignore")
from transformers import pipeline
from transformers.utils import logging
logging.set_verbosity_error(); logging.disable_progress_bar()
model, source, destination, labels = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4].split(",")
classify = pipeline("zero-shot-image-classification", model=model)
rows = []
for path in sorted(source.iterdir()):
    best = classify(str(path), candidate_labels=labels)[0]
    folder = destination / best["label"]
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, folder / path.name)
    rows.append([path.name, best["label"], best["score"]])
with open(destination / "output.csv", "w", newline="") as table:
    csv.writer(table).writerows(rows)
"""

EXPORT = """
import sys, warnings
warnings.filterwarnings("ignore")
import torch
from transformers import CLIPModel
model = CLIPModel.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
class Tower(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.tower, self.projection = model.vision_model, model.visual_projection
    def forward(self, pixel_values):
        return self.projection(self.tower(pixel_values=pixel_values).pooler_output)
rows = torch.export.Dim("rows", min=1, max=256)
torch.onnx.export(Tower(), (torch.zeros(2, 3, 224, 224),), sys.argv[2], input_names=["pixel_values"],
                  dynamic_shapes={"pixel_values": {0: rows}}, dynamo=True, verbose=False)
"""

BARE = """
import json, sys, time
import numpy, onnxruntime
pictures = int(sys.argv[2])
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
best = None
for batch in [1, 2, 4, 8, 16, 32]:
    pixels = numpy.random.default_rng(1).standard_normal((batch, 3, 224, 224), dtype=numpy.float32)
    session.run(None, {"pixel_values": pixels})
    times = max(1, min(64, pictures // 4) // batch)
    begin = time.perf_counter()
    for _ in range(times):
        session.run(None, {"pixel_values": pixels})
    each = (time.perf_counter() - begin) / (times * batch)
    best = min(best or (each, batch), (each, batch))
each, batch = best
pixels = numpy.random.default_rng(1).standard_normal((batch, 3, 224, 224), dtype=numpy.float32)
begin = time.perf_counter()
for _ in range(pictures // batch):
    session.run(None, {"pixel_values": pixels})
taken = (time.perf_counter() - begin) / (pictures // batch * batch)
print(json.dumps({"seconds": taken * pictures, "batch": batch}))
"""


def make_model(name, folder, fixtures):
    """A checkpoint with random weights, and its image tower as torch exports it."""
    import torch
    from transformers import CLIPConfig, CLIPModel

    torch.manual_seed(1)
    path = folder / name.replace("/", "-")
    CLIPModel(CLIPConfig(**MODELS[name])).save_pretrained(path, max_shard_size="20GB")
    for file in ["tokenizer.json", "tokenizer_config.json", "preprocessor_config.json"]:
        shutil.copyfile(fixtures / "clip" / file, path / file)
    processor = json.loads((path / "preprocessor_config.json").read_text())
    processor.update(size={"shortest_edge": 224}, crop_size={"height": 224, "width": 224})
    (path / "preprocessor_config.json").write_text(json.dumps(processor))


def make_pictures(given, folder, count):
    """`count` pictures out of the given ones, no two the same. A folder of each size that is needed."""
    from PIL import Image

    dice = random.Random(1)
    folder.mkdir()
    for number in range(count):
        path = given[number % len(given)]
        with Image.open(path) as picture:
            left, top, right, bottom = (dice.randrange(8) for _ in range(4))
            cut = picture.convert("RGB").crop((left, top, picture.width - right, picture.height - bottom))
        with io.BytesIO() as content:
            cut.save(content, "JPEG", quality=87)
            (folder / f"{number:05}.jpg").write_bytes(content.getvalue())


def run(command, environment=None):
    """Seconds, peak memory in MiB, and what was printed."""
    begin = time.perf_counter()
    with tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=err, env=environment)
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            err.seek(0)
            sys.exit(f"{command} failed: {out.decode()}{err.read().decode()}")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024, out.decode()


class Measuring:
    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, folder

    def once(self, kind, model, source, count):
        """Seconds and MiB of one way to do it."""
        home, destination = self.folder / "home", self.folder / "sorted"
        for left in [home, destination]:
            shutil.rmtree(left, ignore_errors=True)
            left.mkdir()
        if kind == "bare":
            tower = model.with_suffix(".export") / "tower.onnx"
            _, memory, out = run([sys.executable, "-c", BARE, tower, str(count)])
            return json.loads(out)["seconds"], memory
        if kind == "python":
            labels = ",".join(LABELS)
            return run([sys.executable, "-c", PYTHON, model, source, destination, labels])[:2]
        command = [self.arguments.program, "classify", "--model", model, "--source", source, "--destination", destination]
        command += ["--labels", ", ".join(LABELS), "--runtime", "tract" if kind == "sis-tract" else "onnxruntime"]
        command += ["--variant", "int8"] if kind == "sis-int8" else []
        environment = {**os.environ, "HOME": str(home), "ORT_DYLIB_PATH": str(self.arguments.library)}
        if kind == "sis-int8":
            # Quantising is done once for a model, and not what is measured here.
            first = self.folder / "first"
            shutil.rmtree(first, ignore_errors=True)
            few, sorted_few = first / "few", first / "sorted"
            few.mkdir(parents=True)
            shutil.copy(self.arguments.given[0], few)
            begin = time.perf_counter()
            warmed = [few if part is source else sorted_few if part is destination else part for part in command]
            run(warmed, environment)
            print(f"    quantised and one picture sorted in {time.perf_counter() - begin:.1f} s", flush=True)
        return run(command, environment)[:2]

    def experiment(self, name):
        model_name, count, kinds = EXPERIMENTS[name]
        if self.arguments.kinds:
            kinds = [kind for kind in kinds if kind in self.arguments.kinds]
        model, source = self.folder / model_name.replace("/", "-"), self.folder / f"pictures-{count}"
        print(f"{model_name}, {count} pictures", flush=True)
        taken = {kind: [] for kind in kinds}
        for _ in range(self.arguments.rounds):
            for kind in kinds:
                taken[kind].append(self.once(kind, model, source, count))
        for kind, rounds in taken.items():
            seconds, memory = (statistics.median(values) for values in zip(*rounds))
            line = f"  {kind:10} {seconds:8.2f} s  {1000 * seconds / count:7.1f} ms a picture  {memory:6.0f} MiB"
            for other in ["python", "bare"]:
                if other in taken and other != kind:
                    pairs = list(zip(taken[other], rounds))
                    ratios = sorted(theirs[0] / ours[0] for theirs, ours in pairs)
                    line += f"  {statistics.median(ratios):.2f} x {other} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
                    if other == "python":
                        line += f", memory {statistics.median(ours[1] / theirs[1] for theirs, ours in pairs):.2f}"
            print(line, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--fixtures", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True, help="a folder of a few pictures")
    parser.add_argument("--library", type=Path, required=True, help="ONNX Runtime, the same version as Python's")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", type=lambda text: text.split(","), help="only these, such as python,sis")
    parser.add_argument("--work", type=Path, help="a folder for models and pictures, kept for the next time")
    parser.add_argument("experiments", nargs="*", default=list(EXPERIMENTS), choices=[*EXPERIMENTS, []])
    arguments = parser.parse_args()
    arguments.given = sorted(path for path in arguments.pictures.iterdir() if path.is_file())
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.work or Path(temporary)
        folder.mkdir(exist_ok=True)
        # In a process of its own: what it used would count for its children as well.
        made = subprocess.run([sys.executable, __file__, *sys.argv[1:]], env={**os.environ, "MAKE_IN": str(folder)})
        made.check_returncode()
        for name in arguments.experiments:
            Measuring(arguments, folder).experiment(name)


def make(folder):
    """What the experiments need and is not there yet."""
    value = lambda option: Path(sys.argv[sys.argv.index(option) + 1])
    given = sorted(path for path in value("--pictures").iterdir() if path.is_file())
    wanted = [name for name in EXPERIMENTS if name in sys.argv] or list(EXPERIMENTS)
    for name in wanted:
        model, count, kinds = EXPERIMENTS[name]
        path = folder / model.replace("/", "-")
        if not path.exists():
            make_model(model, folder, value("--fixtures"))
        tower = path.with_suffix(".export")
        if "bare" in kinds and not tower.exists():
            tower.mkdir()
            exported = subprocess.run([sys.executable, "-c", EXPORT, path, tower / "tower.onnx"], capture_output=True)
            if exported.returncode:
                sys.exit(exported.stderr.decode())
        if not (folder / f"pictures-{count}").exists():
            make_pictures(given, folder / f"pictures-{count}", count)


if __name__ == "__main__":
    if "MAKE_IN" in os.environ:
        make(Path(os.environ["MAKE_IN"]))
    else:
        main()
