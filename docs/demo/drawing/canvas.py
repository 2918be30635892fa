"""What every drawing starts from: a sheet, a stream of chance, colours that have names, and words."""

import colorsys
import math
from functools import lru_cache
from random import Random

from PIL import Image, ImageDraw, ImageFont

# Hue in degrees, saturation and value, each from-to: wide enough to vary, apart enough to be told by name.
COLOURS = {
    "red": ((-8, 6), (0.75, 1.0), (0.6, 0.95)),
    "orange": ((22, 32), (0.85, 1.0), (0.9, 1.0)),
    "yellow": ((50, 60), (0.75, 1.0), (0.88, 1.0)),
    "green": ((95, 150), (0.6, 1.0), (0.4, 0.8)),
    "blue": ((210, 238), (0.65, 1.0), (0.5, 0.95)),
    "purple": ((272, 298), (0.55, 0.95), (0.45, 0.8)),
    "black": ((0, 360), (0.0, 0.2), (0.04, 0.18)),
}

WORDS = """
about after again answer before began below bridge called carry change city close council country course current
decided door early east engine evening every family field figure first follow garden general given group harbour heard
hour house island known large later letter light market matter meeting minister money morning mountain moved never
night north notice number office often order paper people place plan point question rain reached report river road
school second seen ship should sides small station still storm street summer table taken third today toward train
under until village voice water week weather west while window winter without word work world years yesterday
""".split()

PROPORTIONS = {
    "portrait": [(3, 4), (2, 3), (9, 16), (5, 6)],
    "landscape": [(4, 3), (3, 2), (16, 9), (6, 5)],
    "square": [(1, 1), (1, 1), (9, 10), (10, 9)],
}


@lru_cache(maxsize=None)
def font(size):
    """Pillow's own font, which comes with it: nothing to install or to license."""
    return ImageFont.load_default(size)


def mixed(first, second, share):
    """`share` of the second colour in the first."""
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second))


class Canvas:
    """A sheet of paper of a size that the seed decides, with what is needed to draw on it by chance."""

    def __init__(self, seed, proportions="landscape square"):
        self.rng = Random(seed)
        across, down = self.rng.choice(PROPORTIONS[self.rng.choice(proportions.split())])
        longest = self.rng.randint(180, 400)
        self.width = max(160, round(longest * across / max(across, down)))
        self.height = max(160, round(longest * down / max(across, down)))
        self.put(Image.new("RGB", (self.width, self.height), "white"))

    def put(self, image):
        """Takes `image` as the sheet from now on."""
        self.image, self.draw = image, ImageDraw.Draw(image)
        self.width, self.height = image.size

    # Chance.

    def maybe(self, probability):
        return self.rng.random() < probability

    def between(self, low, high):
        return self.rng.uniform(low, high)

    def pick(self, *choices):
        return self.rng.choice(choices)

    # Colours.

    def named(self, name):
        """One of the colours that go by `name`."""
        hue, saturation, value = (self.between(*span) for span in COLOURS[name])
        return self.hsv(hue, saturation, value)

    def hsv(self, hue, saturation, value):
        return tuple(round(255 * part) for part in colorsys.hsv_to_rgb(hue / 360 % 1, saturation, value))

    def any_colour(self, saturation=(0.2, 0.9), value=(0.3, 0.95)):
        return self.hsv(self.between(0, 360), self.between(*saturation), self.between(*value))

    def paper(self):
        """White, cream or grey, as paper and screens are."""
        return self.hsv(self.between(30, 60), self.between(0, 0.14), self.between(0.86, 1))

    def fill(self, colour):
        self.draw.rectangle([0, 0, self.width, self.height], fill=colour)

    def gradient(self, top, bottom, upto=1.0):
        """From one colour above to another below, down to a share of the height."""
        end = max(1, round(self.height * upto))
        for y in range(end):
            self.draw.line([0, y, self.width, y], fill=mixed(top, bottom, y / end))

    # Forms. Places and lengths are shares of the width (x) and the height (y).

    def at(self, *shares):
        """Pixels of x, y, x, y, …"""
        return [round(share * (self.height if i % 2 else self.width)) for i, share in enumerate(shares)]

    def box(self, left, top, right, bottom, **style):
        x0, y0, x1, y1 = self.at(left, top, right, bottom)
        self.draw.rectangle([x0, y0, max(x0, x1), max(y0, y1)], **style)

    def oval(self, left, top, right, bottom, **style):
        x0, y0, x1, y1 = self.at(left, top, right, bottom)
        self.draw.ellipse([x0, y0, max(x0, x1), max(y0, y1)], **style)

    def disc(self, x, y, radius, **style):
        """A circle; its radius is a share of the shorter side."""
        (x, y), radius = self.at(x, y), radius * min(self.width, self.height)
        self.draw.ellipse([x - radius, y - radius, x + radius, y + radius], **style)

    def polygon(self, shares, **style):
        self.draw.polygon(self.at(*shares), **style)

    def line(self, shares, fill, width=1):
        self.draw.line(self.at(*shares), fill=fill, width=max(1, round(width)), joint="curve")

    def ridge(self, base, roughness, steps=24):
        """A rolling line across the sheet, as (x, y) shares: the sum of a few waves."""
        waves = [(self.between(0.5, 5), self.between(0, 6.3), self.between(0.2, 1)) for _ in range(4)]
        places = [i / steps for i in range(steps + 1)]
        rise = lambda x: sum(high / (1 + pace) * math.sin(pace * 6.3 * x + phase) for pace, phase, high in waves)
        return [(x, base + roughness * rise(x)) for x in places]

    def below(self, line, fill):
        """Everything under a line of (x, y) shares."""
        self.polygon([share for point in [*line, (1, 1.02), (0, 1.02)] for share in point], fill=fill)

    # Words.

    def words(self, count):
        return " ".join(self.rng.choice(WORDS) for _ in range(count))

    def sentence(self, width, size):
        """Whole words that fill about `width` pixels at a size of letters, but one at least."""
        room, words = width / (size * 0.52), [self.rng.choice(WORDS)]
        while len(" ".join(words)) < room:
            words.append(self.rng.choice(WORDS))
        return " ".join(words[:-1] or words)

    def write(self, x, y, text, size, fill, bold=False, anchor="la"):
        """Text at a place in pixels."""
        self.draw.text((x, y), text, fill, font(max(6, round(size))), anchor, stroke_width=1 if bold else 0)

    def lines(self, left, top, right, bottom, size, fill, gap=1.35):
        """Lines of text in a box of pixels, with paragraphs that end short."""
        y, step = top, size * gap
        while y + size < bottom:
            ends = self.maybe(0.16)
            width = (right - left) * (self.between(0.3, 0.8) if ends else self.between(0.92, 1))
            self.write(left, y, self.sentence(width, size), size, fill)
            y += step * (1.6 if ends else 1)
