"""Scenes and faces: a landscape by day, a night, a portrait, and the meme that is written over any of them."""

from .canvas import font, mixed


def landscape(c):
    """Hills, mountains, fields or the sea, by day, at sunset, in haze or at dusk."""
    light = c.pick("day", "day", "day", "sunset", "haze", "dusk")
    sky, dim = daylight(c, light)
    horizon = c.between(0.4, 0.65)
    c.gradient(*sky, upto=horizon + 0.25)
    sun(c, light, horizon)
    for _ in range(c.pick(0, 1, 2, 4) if light != "dusk" else 0):
        cloud(c, mixed(sky[1], (255, 255, 255), 0.7), horizon)
    if c.maybe(0.55):
        mountains(c, horizon, sky[1], dim)
    ground(c, horizon, dim)
    if c.maybe(0.35):
        water(c, sky, dim)
    for _ in range(c.pick(0, 2, 5, 9)):
        tree(c, horizon, dim)


def daylight(c, light):
    """The colours of the sky, above and below, and how much of the light is gone."""
    if light == "sunset":
        return (c.hsv(c.between(210, 280), 0.5, 0.65), c.hsv(c.between(10, 40), 0.7, 0.98)), 0.3
    if light == "haze":
        return (c.hsv(210, 0.1, 0.8), c.hsv(40, 0.08, 0.92)), 0.1
    if light == "dusk":
        return (c.hsv(225, 0.55, c.between(0.2, 0.4)), c.hsv(c.between(10, 40), 0.45, c.between(0.45, 0.7))), 0.55
    return (c.hsv(c.between(200, 220), c.between(0.4, 0.75), 0.9), c.hsv(205, 0.15, 0.98)), 0.0


def sun(c, light, horizon):
    if light != "dusk" and c.maybe(0.6):
        high = horizon - 0.08 if light == "sunset" else c.between(0.08, 0.25)
        c.disc(c.between(0.1, 0.9), high, c.between(0.04, 0.09), fill=(255, 240, c.rng.randint(150, 220)))


def cloud(c, colour, horizon):
    x, y = c.between(0.05, 0.95), c.between(0.05, horizon * 0.6)
    for _ in range(6):
        dx, dy = c.between(-0.1, 0.1), c.between(-0.02, 0.02)
        c.oval(x + dx - 0.06, y + dy - 0.035, x + dx + 0.06, y + dy + 0.035, fill=colour)


def mountains(c, horizon, sky, dim):
    rock = mixed(c.hsv(c.between(200, 260), c.between(0.1, 0.3), c.between(0.4, 0.65)), sky, 0.2)
    rock = mixed(rock, (0, 0, 0), dim)
    for _ in range(c.rng.randint(2, 4)):
        x, top, wide = c.between(0, 1), horizon - c.between(0.1, 0.3), c.between(0.15, 0.35)
        c.polygon([x - wide, horizon + 0.1, x, top, x + wide, horizon + 0.1], fill=rock)
        if c.maybe(0.6):
            snow = mixed((250, 250, 255), (0, 0, 0), dim)
            c.polygon([x - wide * 0.22, top + 0.07, x, top, x + wide * 0.22, top + 0.07], fill=snow)
        rock = mixed(rock, (0, 0, 0), 0.12)


def ground(c, horizon, dim):
    """Two or three ranges of hills, the nearer the darker and greener."""
    hue = c.pick(c.between(80, 130), c.between(80, 130), c.between(30, 60))
    for step in range(c.rng.randint(2, 3)):
        green = c.hsv(hue + c.between(-12, 12), c.between(0.35, 0.75), c.between(0.45, 0.8) - 0.1 * step)
        c.below(c.ridge(horizon + 0.13 * step, c.between(0.01, 0.06)), mixed(green, (0, 0, 0), dim))


def water(c, sky, dim):
    top = c.between(0.65, 0.85)
    blue = mixed(mixed((50, 110, 170), sky[1], 0.3), (0, 0, 0), dim * 0.7)
    c.below([(0, top), (1, top)], blue)
    for _ in range(10):
        x, y = c.between(0, 0.9), c.between(top, 1)
        c.line([x, y, x + c.between(0.03, 0.12), y], mixed(blue, (255, 255, 255), 0.25))


def tree(c, horizon, dim):
    x, y, high = c.between(0, 1), c.between(horizon + 0.08, 0.97), c.between(0.08, 0.24)
    leaf = mixed(c.hsv(c.between(90, 150), 0.6, c.between(0.25, 0.5)), (0, 0, 0), dim)
    c.box(x - 0.008, y - high * 0.4, x + 0.008, y, fill=mixed((95, 65, 40), (0, 0, 0), dim))
    if c.maybe(0.5):
        c.polygon([x - high * 0.35, y - high * 0.25, x, y - high, x + high * 0.35, y - high * 0.25], fill=leaf)
    else:
        c.disc(x, y - high * 0.65, high * 0.4, fill=leaf)


def night(c):
    """The dark with lights in it: a town, or the country under the moon and stars."""
    top = c.hsv(c.between(215, 260), c.between(0.4, 0.9), c.between(0.02, 0.14))
    bottom = mixed(top, c.hsv(c.between(200, 290), 0.6, c.between(0.15, 0.35)), c.between(0.3, 1))
    c.gradient(top, bottom)
    for _ in range(c.rng.randint(10, 90) if c.maybe(0.75) else 0):
        tone, radius = c.rng.randint(120, 255), c.pick(0.002, 0.003, 0.006)
        c.disc(c.between(0, 1), c.between(0, 0.6), radius, fill=(tone, tone, tone))
    if c.maybe(0.6):
        moon(c, top)
    if c.maybe(0.65):
        skyline(c)
    else:
        c.below(c.ridge(c.between(0.55, 0.75), c.between(0.03, 0.1)), mixed(top, (0, 0, 0), 0.6))
    if c.maybe(0.5):
        street_lights(c)


def moon(c, sky):
    x, y, radius = c.between(0.15, 0.85), c.between(0.1, 0.3), c.between(0.05, 0.1)
    c.disc(x, y, radius, fill=(245, 242, c.rng.randint(200, 235)))
    if c.maybe(0.4):
        c.disc(x + radius * 0.5, y - radius * 0.2, radius * 0.9, fill=sky)


def skyline(c):
    """Houses against the sky, some of their windows lit."""
    x = -0.02
    while x < 1:
        wide, top = c.between(0.07, 0.17), c.between(0.35, 0.72)
        tone = c.rng.randint(5, 35)
        c.box(x, top, x + wide, 1, fill=(tone, tone, tone + 8))
        lit, step = c.between(0.15, 0.6), c.between(0.03, 0.045)
        rows, columns = int((0.92 - top) / step), int(wide / step)
        for i in range(rows * columns):
            if c.maybe(lit):
                left, high = x + step * (i % columns + 0.3), top + step * (i // columns + 0.6)
                c.box(left, high, left + step * 0.45, high + step * 0.45, fill=(255, c.rng.randint(190, 240), 130))
        x += wide + c.between(0, 0.02)


def street_lights(c):
    y = c.between(0.75, 0.9)
    c.box(0, y + 0.06, 1, 1, fill=(14, 14, 18))
    for i in range(c.rng.randint(2, 6)):
        x = (i + c.between(0.2, 0.8)) / 5
        for radius, share in ((0.05, 0.25), (0.03, 0.5), (0.014, 1)):
            c.disc(x, y, radius, fill=mixed((40, 35, 30), (255, 220, 140), share))


def face(c):
    """A head and shoulders from the front; skin, hair, beard, glasses and what is worn vary."""
    c.gradient(c.any_colour((0.05, 0.6), (0.4, 0.95)), c.any_colour((0.05, 0.6), (0.4, 0.95)))
    middle, high = c.between(0.44, 0.56), c.between(0.44, 0.52)
    scale = min(c.width, c.height) * c.between(0.85, 1.15)
    wide, tall = scale / c.width * c.between(0.24, 0.29), scale / c.height * c.between(0.32, 0.37)
    skin = c.hsv(c.between(14, 32), c.between(0.3, 0.62), c.between(0.35, 0.97))
    hair = c.hsv(c.between(15, 45), c.between(0.05, 0.75), c.between(0.06, 0.7))
    spot = lambda x, y: (middle + wide * x, high + tall * y)
    shoulders(c, middle, high, wide, tall, skin)
    hair_behind(c, spot, hair)
    c.oval(*spot(-1, -1), *spot(1, 1), fill=skin)
    c.oval(*spot(-1.12, -0.2), *spot(-0.9, 0.25), fill=skin)
    c.oval(*spot(0.9, -0.2), *spot(1.12, 0.25), fill=skin)
    if c.maybe(0.25):
        beard(c, spot, hair)
    eyes(c, spot, skin, hair)
    mouth(c, spot, skin)
    hair_above(c, spot, hair)


def shoulders(c, middle, high, wide, tall, skin):
    c.box(middle - wide * 0.4, high + tall * 0.7, middle + wide * 0.4, 1, fill=mixed(skin, (0, 0, 0), 0.15))
    c.oval(middle - wide * 2, high + tall * 1.25, middle + wide * 2, high + tall * 3, fill=c.any_colour())


def hair_behind(c, spot, hair):
    if c.maybe(0.4):
        c.oval(*spot(-1.25, -1.15), *spot(1.25, c.between(0.9, 1.6)), fill=hair)


def hair_above(c, spot, hair):
    """A fringe, a cap of hair, a hat, or none."""
    style = c.pick("cap", "cap", "fringe", "hat", "none")
    if style in ("cap", "fringe"):
        start, end = (180, 360) if style == "cap" else (195, 345)
        c.draw.chord(c.at(*spot(-1.06, -1.12), *spot(1.06, 0.5)), start, end, fill=hair)
    elif style == "hat":
        colour = c.any_colour()
        c.draw.chord(c.at(*spot(-1.1, -1.5), *spot(1.1, 0.3)), 180, 360, fill=colour)
        c.box(*spot(-1.35, -0.68), *spot(1.35, -0.55), fill=mixed(colour, (0, 0, 0), 0.3))


def eyes(c, spot, skin, hair):
    iris, glasses, dark = c.any_colour((0.3, 0.8), (0.15, 0.6)), c.maybe(0.3), mixed(skin, (0, 0, 0), 0.5)
    for side in (-0.42, 0.42):
        c.oval(*spot(side - 0.2, -0.22), *spot(side + 0.2, 0.02), fill=(245, 245, 245), outline=dark)
        c.oval(*spot(side - 0.09, -0.2), *spot(side + 0.09, 0.0), fill=iris)
        c.box(*spot(side - 0.25, -0.37), *spot(side + 0.25, -0.3), fill=mixed(hair, (0, 0, 0), 0.4))
        if glasses:
            c.oval(*spot(side - 0.34, -0.33), *spot(side + 0.34, 0.14), outline=(25, 25, 25), width=2)
    c.polygon([*spot(0, -0.05), *spot(-0.14, 0.35), *spot(0.14, 0.35)], fill=mixed(skin, (0, 0, 0), 0.15))


def mouth(c, spot, skin):
    lip = mixed(skin, (180, 30, 40), 0.6)
    if c.maybe(0.6):
        c.draw.chord(c.at(*spot(-0.38, 0.32), *spot(0.38, 0.74)), 0, 180, fill=c.pick(lip, (250, 245, 240)), outline=lip)
    else:
        c.oval(*spot(-0.28, 0.52), *spot(0.28, 0.64), fill=lip)


def beard(c, spot, hair):
    c.draw.chord(c.at(*spot(-0.98, -0.7), *spot(0.98, 1.06)), 20, 160, fill=hair)


def meme(c, backgrounds):
    """A picture with bold capitals above and below, outlined, or in white bars."""
    c.pick(*backgrounds)(c)
    size = c.width * c.between(0.085, 0.125)
    bars = c.maybe(0.3)
    places = [("above", 0.02), ("below", 0.98)]
    if c.maybe(0.12):
        places = [c.pick(*places)]
    for place, y in places:
        for line in range(c.pick(1, 1, 2)):
            shift = line * size * 1.15 * (1 if place == "above" else -1)
            caption(c, y * c.height + shift, size, "ma" if place == "above" else "md", bars)


def caption(c, y, size, anchor, bars):
    """One line: white with a black edge over the picture, or black on a white bar."""
    text = c.sentence(c.width * c.between(0.6, 0.85), size * 1.25).upper()
    if bars:
        top = y - size * 0.1 if anchor == "ma" else y - size * 1.2
        c.draw.rectangle([0, top, c.width, top + size * 1.35], fill=(255, 255, 255))
        c.write(c.width / 2, y, text, size, (10, 10, 10), True, anchor)
    else:
        outlined(c, y, text, size, anchor)


def outlined(c, y, text, size, anchor):
    edge = max(1, round(size * 0.1))
    letters = font(max(8, round(size)))
    c.draw.text((c.width / 2, y), text, (255, 255, 255), letters, anchor, stroke_width=edge, stroke_fill=(0, 0, 0))
