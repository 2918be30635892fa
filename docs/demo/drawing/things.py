"""Things that have a colour: vehicles, flags, and simple shapes."""

import math

from .canvas import COLOURS, mixed

COLOUR_NAMES = list(COLOURS)


def vehicle(c):
    """A car, a truck or a van from the side, on a road or before a plain ground. Returns what it is, and its colour."""
    colour = c.pick(*COLOUR_NAMES)
    paint = c.named(colour)
    road(c)
    what = c.pick("car", "car", "truck")
    wide = c.between(0.62, 0.86) * min(1.0, c.height / c.width * 1.5)
    left = c.between(0.08, 0.92 - wide) if wide < 0.84 else 0.08
    tall, floor = wide * c.width / c.height * c.between(0.3, 0.38), c.between(0.68, 0.82)
    flip = c.maybe(0.5)
    spot = lambda x, y: (left + wide * ((1 - x) if flip else x), floor - tall * y)
    (car if what == "car" else truck)(c, spot, paint)
    for x in (0.2, 0.8) if what == "car" else c.pick((0.17, 0.78), (0.17, 0.65, 0.84)):
        wheel(c, *spot(x, 0.05), wide * c.width * c.between(0.075, 0.095))
    return {"vehicle", what, colour}


def road(c):
    """What it stands before: sky and street, a wall, or nothing but a colour."""
    if c.maybe(0.65):
        c.gradient(c.hsv(210, c.between(0.1, 0.5), c.between(0.6, 0.95)), c.hsv(205, 0.12, 0.95), 0.7)
        if c.maybe(0.5):
            c.below(c.ridge(0.55, 0.04), c.hsv(c.between(60, 140), 0.35, c.between(0.45, 0.75)))
        grey = c.rng.randint(90, 150)
        c.box(0, 0.68, 1, 1, fill=(grey, grey, grey))
    else:
        c.gradient(c.any_colour((0.02, 0.2), (0.7, 0.97)), c.any_colour((0.02, 0.2), (0.6, 0.9)))


def spots(spot, points):
    return [share for point in points for share in spot(*point)]


def car(c, spot, paint):
    roof, front, glass = c.between(0.9, 1.1), c.between(0.62, 0.75), (185, 210, 225)
    cabin = [(0.18, 0.5), (0.3, roof), (front, roof), (front + 0.16, 0.5)]
    c.polygon(spots(spot, cabin), fill=paint)
    c.polygon(spots(spot, [(0, 0.05), (0.02, 0.5), (0.93, 0.55), (1, 0.4), (1, 0.05)]), fill=paint)
    c.polygon(spots(spot, [(0.24, 0.55), (0.33, roof - 0.07), (0.46, roof - 0.07), (0.46, 0.55)]), fill=glass)
    c.polygon(spots(spot, [(0.5, 0.55), (0.5, roof - 0.07), (front - 0.02, roof - 0.07), (front + 0.1, 0.55)]), fill=glass)
    lamps(c, spot, 0.36)


def truck(c, spot, paint):
    high = c.between(1.1, 1.45)
    c.polygon(spots(spot, [(0, 0.15), (0, high), (0.68, high), (0.68, 0.15)]), fill=mixed(paint, (0, 0, 0), 0.12))
    c.polygon(spots(spot, [(0.7, 0.08), (0.7, 1.0), (0.88, 1.0), (0.99, 0.6), (1, 0.08)]), fill=paint)
    c.polygon(spots(spot, [(0.77, 0.6), (0.77, 0.9), (0.86, 0.9), (0.94, 0.6)]), fill=(185, 210, 225))
    c.polygon(spots(spot, [(0, 0.06), (0, 0.16), (0.98, 0.16), (0.98, 0.06)]), fill=(50, 50, 55))
    lamps(c, spot, 0.32)


def lamps(c, spot, high):
    x, y = spot(0.97, high)
    c.disc(x, y, 0.018, fill=(255, 245, 190))
    x, y = spot(0.02, high)
    c.disc(x, y, 0.015, fill=(200, 40, 40))


def wheel(c, x, y, radius):
    x, y = c.at(x, y)
    for share, tone in ((1, 25), (0.5, 170), (0.2, 80)):
        r = radius * share
        c.draw.ellipse([x - r, y - r, x + r, y + r], fill=(tone, tone, tone))


def flag(c):
    """A flag: stripes, a cross or one colour with an emblem; filling the picture, or waving on a pole."""
    one = c.maybe(0.65)
    colour = c.pick(*COLOUR_NAMES)
    cloth = c.named(colour)
    others = [c.named(name) for name in c.rng.sample(COLOUR_NAMES, 3)]
    paint = (lambda x, y: emblem(x, y, cloth, others[0])) if one else pattern(c, others)
    if c.maybe(0.3):
        waving(c, paint, (0, 0, 1, 1), c.between(0, 0.02))
    else:
        c.gradient(c.hsv(c.between(195, 215), c.between(0.1, 0.6), 0.9), c.hsv(205, 0.1, c.between(0.8, 1)))
        left, top = c.between(0.1, 0.18), c.between(0.08, 0.2)
        c.box(left - 0.03, top - 0.05, left, 1, fill=c.pick((120, 85, 50), (150, 150, 155), (60, 60, 60)))
        waving(c, paint, (left, top, c.between(0.85, 0.98), c.between(0.68, 0.85)), c.between(0.01, 0.04))
    return {"flag", colour} if one else {"flag"}


def emblem(x, y, cloth, mark):
    """One colour, and a small disc in the middle."""
    return mark if (x - 0.5) ** 2 * 2.2 + (y - 0.5) ** 2 < 0.016 else cloth


def pattern(c, colours):
    """What colour is where on a flag of several colours; places run from 0 to 1."""
    first, second, third = colours
    white = (245, 245, 245)
    middle = c.pick(white, second)
    return c.pick(
        lambda x, y: (first, middle, third)[min(2, int(y * 3))],
        lambda x, y: (first, middle, third)[min(2, int(x * 3))],
        lambda x, y: (first, middle)[min(1, int(y * 2))],
        lambda x, y: white if abs(x - 0.36) < 0.07 or abs(y - 0.5) < 0.1 else first,
        lambda x, y: third if x < 0.4 * (1 - abs(2 * y - 1)) else (first, middle)[min(1, int(y * 2))],
        lambda x, y: second if x < 0.4 and y < 0.5 else (first, white)[int(y * 8) % 2],
    )


def waving(c, paint, box, swing):
    """The cloth, painted in small pieces that a wave shifts and shades."""
    left, top, right, bottom = box
    pace, phase = c.between(6, 14), c.between(0, 6.3)
    across, down = 48, 24
    for i in range(across):
        wave = math.sin(pace * i / across + phase)
        for j in range(down):
            colour = mixed(paint((i + 0.5) / across, (j + 0.5) / down), (0, 0, 0), max(0, wave) * 0.25 * (swing > 0.004))
            x0, x1 = (left + (right - left) * k / across for k in (i, i + 1))
            y0, y1 = (top + (bottom - top) * k / down + swing * wave for k in (j, j + 1))
            c.box(x0, y0, x1, y1, fill=colour)


def shape(c, what):
    """One circle, square or triangle on a ground of another colour, filled or as a thick outline."""
    colour = c.pick(*COLOUR_NAMES)
    paint = c.named(colour)
    ground(c, colour)
    x, y, radius = c.between(0.4, 0.6), c.between(0.4, 0.6), c.between(0.2, 0.4)
    style = {"fill": paint} if c.maybe(0.75) else {"outline": paint, "width": round(c.width * c.between(0.03, 0.06))}
    if what == "circle":
        c.disc(x, y, radius, **style)
    else:
        corners, turn = (4, 45) if what == "square" else (3, -90)
        (px, py), reach = c.at(x, y), radius * min(c.width, c.height) * 1.15
        turn += c.rng.gauss(0, 8)
        c.draw.regular_polygon((px, py, reach), corners, rotation=-turn - 90 if corners == 3 else turn - 45, **style)
    return {"shape", what, colour}


def ground(c, colour):
    """A plain, faded or striped ground that the shape stands out from."""
    light = colour == "black" or c.maybe(0.75)
    tone = (0.8, 1.0) if light else (0.05, 0.3)
    first = c.any_colour((0, 0.2), tone)
    c.gradient(first, mixed(first, c.any_colour((0, 0.3), tone), c.between(0, 1)))
    if c.maybe(0.2):
        for i in range(8):
            c.line([0, i / 7, 1, (i + c.between(-1, 1)) / 7], mixed(first, (128, 128, 128), 0.3))
