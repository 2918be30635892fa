#!/usr/bin/env python3
"""Draw the pictures that come with the program, from seeds that training never saw.

    python samples.py [--output FOLDER]

  samples/     48 pictures as a chat group leaves them, under names that tell nothing, some of them honestly hard
  labels.txt   labels to sort them by, one a line
  evaluation/  a small set for the program's tests: pictures of every kind, and what they are

No model has a say in which pictures these are: the seeds are taken in turn.
"""

import argparse
import json
from pathlib import Path
from random import Random

from PIL import Image, ImageEnhance, ImageFilter

import captions
import draw

LABELS = [
    "a page of text",
    "a newspaper front page",
    "a chat screenshot",
    "a chart",
    "a map",
    "a meme",
    "a landscape",
    "a night scene",
    "a face",
    "a vehicle",
]

# How many of each kind; the last three have no label of theirs, as happens with real pictures.
PLAIN_SAMPLES = {
    "page": 4, "newspaper": 4, "chat": 5, "bar chart": 3, "line chart": 2, "map": 4, "meme": 4, "landscape": 4,
    "night": 3, "face": 3, "vehicle": 3, "flag": 1, "table": 1, "triangle": 1,
}

PNG_LIMIT = 30_000  # bytes: a picture with grain is kept as JPEG

EVALUATION_EACH, EVALUATION_SIDE = 24, 96


def side_by_side(first, second):
    """Two pictures in one, as in a report: either label would do."""
    high = min(first.height, second.height, 240)
    parts = [image.resize((round(image.width * high / image.height), high)) for image in (first, second)]
    joined = Image.new("RGB", (sum(part.width for part in parts), high), "white")
    joined.paste(parts[0], (0, 0))
    joined.paste(parts[1], (parts[0].width, 0))
    return joined


def dimmed(image):
    return ImageEnhance.Brightness(image).enhance(0.22)


def blurred(image):
    return image.filter(ImageFilter.GaussianBlur(image.width / 32))


def hard_samples(seed):
    """Pictures that people would argue about."""
    drawn = lambda kind, number: draw.picture(kind, seed + number).image
    return [
        side_by_side(drawn("map", 0), drawn("bar chart", 1)),
        side_by_side(drawn("chat", 2), drawn("face", 3)),
        side_by_side(drawn("page", 4), drawn("landscape", 5)),
        dimmed(drawn("landscape", 6)),
        blurred(drawn("newspaper", 7)),
        blurred(drawn("vehicle", 8)),
    ]


def sample_images():
    kinds = [kind for kind, count in PLAIN_SAMPLES.items() for _ in range(count)]
    plain = [draw.picture(kind, draw.SAMPLES + number).image for number, kind in enumerate(kinds)]
    return plain + hard_samples(draw.SAMPLES + 1000)


def save_small(image, stem, rng, limit=PNG_LIMIT):
    """The picture as PNG now and then, where that is small, else as JPEG; returns its path."""
    path = stem.with_suffix(".png")
    if rng.random() < 0.35:
        image.save(path, optimize=True)
        if path.stat().st_size <= limit:
            return path
        path.unlink()
    path = stem.with_suffix(".jpg")
    image.save(path, quality=rng.randint(62, 85), optimize=True)
    return path


def neutral_name(number, rng):
    """A name as cameras, phones and messengers give: it says nothing of what is to be seen."""
    day, time = f"{rng.randint(1, 28):02}", f"{rng.randint(0, 23):02}-{rng.randint(0, 59):02}-{rng.randint(0, 59):02}"
    return rng.choice([f"IMG_{number:04}", f"photo_2024-03-{day}_{time}", f"DSC{number:05}", f"file_{number}"])


def make_samples(folder):
    folder.mkdir(parents=True)
    rng = Random("samples")
    images = sample_images()
    rng.shuffle(images)
    numbers = sorted(rng.sample(range(20, 4000), len(images)))
    for number, image in zip(numbers, images):
        save_small(image, folder / neutral_name(number, rng), rng)


def make_evaluation(folder):
    """Pictures of every kind, shrunk until the whole set is small, and a list of what they are."""
    folder.mkdir(parents=True)
    rng, pictures = Random("evaluation"), []
    for number, kind in enumerate(kind for kind in draw.KINDS for _ in range(EVALUATION_EACH)):
        image = draw.picture(kind, draw.RUST_TESTS + number).image
        image.thumbnail((EVALUATION_SIDE, EVALUATION_SIDE), Image.Resampling.LANCZOS)
        path = save_small(image, folder / f"{number:03}", rng, limit=6000)
        pictures.append({"file": path.name, "kind": kind})
    learnt, held_out = captions.labels(draw.KINDS), captions.labels(draw.KINDS, "held out")
    labels = [{"kind": k, "learnt": l, "held_out": h} for k, l, h in zip(draw.KINDS, learnt, held_out)]
    known = {"template": captions.DEFAULT_TEMPLATE, "labels": labels, "pictures": pictures}
    (folder / "evaluation.json").write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def main():
    arguments = argparse.ArgumentParser(description="Draw the samples and the test set.")
    arguments.add_argument("--output", type=Path, default=Path(__file__).parent)
    folder = arguments.parse_args().output
    make_samples(folder / "samples")
    make_evaluation(folder / "evaluation")
    (folder / "labels.txt").write_text("\n".join(LABELS) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
