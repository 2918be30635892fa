#!/usr/bin/env python3
"""Draw pictures of what turns up in a chat group, each from a kind and a seed.

    python draw.py sheet.png [--seed FIRST] [--each COUNT]

draws a contact sheet, one row a kind. As a module: `picture("map", 7)` is the same picture every time.

Seeds belong to one purpose each, so that nothing that is measured was ever learnt from.
"""

import argparse
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from drawing import charts, papers, scenes, things
from drawing.canvas import Canvas

# Where the seeds of each purpose begin; each has a million of its own.
TRAINING, VALIDATION, TEST, SAMPLES, RUST_TESTS = (i * 1_000_000 for i in range(5))

MEME_GROUNDS = [scenes.landscape, scenes.face, scenes.face, scenes.night, things.vehicle, things.flag]

# For each kind the proportions it comes in and what draws it.
KINDS = {
    "page": ("portrait portrait square", papers.page),
    "newspaper": ("portrait portrait square", papers.newspaper),
    "chat": ("portrait portrait square", papers.chat),
    "table": ("landscape square portrait", papers.table),
    "bar chart": ("landscape landscape square", charts.bar_chart),
    "line chart": ("landscape landscape square", charts.line_chart),
    "map": ("landscape square portrait", charts.map_),
    "meme": ("square square landscape", lambda c: scenes.meme(c, MEME_GROUNDS)),
    "landscape": ("landscape landscape square", scenes.landscape),
    "night": ("landscape square portrait", scenes.night),
    "face": ("portrait square", scenes.face),
    "vehicle": ("landscape landscape square", things.vehicle),
    "flag": ("landscape landscape square", things.flag),
    "circle": ("landscape square portrait", lambda c: things.shape(c, "circle")),
    "square": ("landscape square portrait", lambda c: things.shape(c, "square")),
    "triangle": ("landscape square portrait", lambda c: things.shape(c, "triangle")),
}

# What a kind also is.
GROUPS = {
    "bar chart": {"chart"},
    "line chart": {"chart"},
    "page": {"document"},
    "newspaper": {"document"},
    "table": {"document"},
}


@dataclass
class Picture:
    """A drawing, and all that can truly be said of it, in single words: {"vehicle", "truck", "red"}."""

    kind: str
    image: Image.Image
    facts: frozenset


def picture(kind, seed):
    """The picture of a kind that belongs to a seed."""
    proportions, draw = KINDS[kind]
    canvas = Canvas(f"{kind} {seed}", proportions)
    found = draw(canvas)
    clutter(canvas)
    wear(canvas)
    return Picture(kind, canvas.image, frozenset({kind} | GROUPS.get(kind, set()) | (found or set())))


def clutter(c):
    """What else lies on scraped pictures: a watermark, a sticker, scribbles, a dark border."""
    if c.maybe(0.08):
        c.write(c.width * c.between(0.1, 0.6), c.height * c.between(0.1, 0.9), c.words(2), c.height * 0.05, (128, 128, 128))
    if c.maybe(0.06):
        c.disc(c.between(0.05, 0.95), c.between(0.05, 0.95), c.between(0.04, 0.1), fill=c.any_colour())
    if c.maybe(0.05):
        colour = c.any_colour((0.6, 1))
        c.line([c.between(0, 1) for _ in range(8)], colour, c.width * 0.01)
    if c.maybe(0.06):
        thick = round(c.width * c.between(0.02, 0.06))
        tone = c.pick((0, 0, 0), (255, 255, 255))
        c.draw.rectangle([0, 0, c.width - 1, c.height - 1], outline=tone, width=thick)


def wear(c):
    """What copying does to pictures: tilt, blur, a change of light, noise, and JPEG's blocks."""
    image = c.image
    if c.maybe(0.2):
        paper = image.resize((1, 1)).getpixel((0, 0))
        image = image.rotate(c.rng.gauss(0, 4), Image.Resampling.BICUBIC, fillcolor=paper)
    if c.maybe(0.2):
        image = image.filter(ImageFilter.GaussianBlur(c.between(0.5, 2.0) * c.width / 300))
    if c.maybe(0.4):
        image = ImageEnhance.Brightness(image).enhance(c.between(0.65, 1.2))
    if c.maybe(0.3):
        image = ImageEnhance.Contrast(image).enhance(c.between(0.6, 1.2))
    if c.maybe(0.3):
        image = noisy(image, c.rng.randrange(2**32), c.between(3, 18))
    if c.maybe(0.4):
        image = recompressed(image, c.rng.randint(20, 70))
    c.put(image)


def noisy(image, seed, strength):
    """Grain, as a sensor in the dark leaves it. NumPy's RandomState, because its stream is frozen for good."""
    grain = np.random.RandomState(seed).normal(0, strength, (image.height, image.width, 1))
    return Image.fromarray((np.asarray(image) + grain).clip(0, 255).astype(np.uint8))


def recompressed(image, quality):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def contact_sheet(first, each, side=120):
    """A row of pictures for every kind, to look at."""
    sheet = Image.new("RGB", (side * each, side * len(KINDS)), "grey")
    for row, kind in enumerate(KINDS):
        for column in range(each):
            image = picture(kind, first + column).image
            image.thumbnail((side - 4, side - 4))
            sheet.paste(image, (column * side, row * side))
    return sheet


def main():
    arguments = argparse.ArgumentParser(description="Draw a contact sheet, one row a kind.")
    arguments.add_argument("output")
    arguments.add_argument("--seed", type=int, default=TRAINING)
    arguments.add_argument("--each", type=int, default=10)
    given = arguments.parse_args()
    contact_sheet(given.seed, given.each).save(given.output)


if __name__ == "__main__":
    main()
