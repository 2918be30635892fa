"""Charts and maps."""

from .canvas import COLOURS, mixed


def frame(c):
    """The sheet of a chart: ground, axes, perhaps grid lines, a title and numbers. Returns the ink and the plot's box."""
    dark = c.maybe(0.15)
    ground = c.hsv(c.between(200, 260), 0.3, c.between(0.08, 0.2)) if dark else c.paper()
    black = (220, 220, 225) if dark else (50, 50, 55)
    c.fill(ground)
    left, right = c.between(0.07, 0.16), c.between(0.9, 0.97)
    top, bottom = c.between(0.06, 0.18), c.between(0.82, 0.92)
    if top > 0.1 and c.maybe(0.8):
        c.write(c.width / 2, c.height * 0.02, c.words(3).capitalize(), c.height * 0.06, black, True, "ma")
    if c.maybe(0.65):
        for i in range(1, 6):
            y = top + (bottom - top) * i / 6
            c.line([left, y, right, y], mixed(ground, black, 0.25))
    ticks(c, black, left, top, right, bottom)
    c.line([left, top, left, bottom, right, bottom], black, c.pick(1, 2))
    return black, (left, top, right, bottom)


def ticks(c, black, left, top, right, bottom):
    size = c.height * 0.04
    for i in range(6):
        x, y = c.at(left + (right - left) * (i + 0.3) / 6, top + (bottom - top) * i / 6)
        c.write(c.width * left - 3, y, str((6 - i) * c.pick(1, 2, 5, 10)), size, black, anchor="ra")
        c.write(x, c.height * bottom + 3, c.words(1)[:3].title(), size, black)


def palette(c, count):
    """Colours for the parts of a chart: shades of one, or several."""
    if c.maybe(0.35):
        return [c.named(c.pick(*list(COLOURS)[:-1]))] * count
    return [c.any_colour((0.5, 0.95), (0.5, 0.95)) for _ in range(count)]


def bar_chart(c):
    """Bars upright or lying, single, in groups or stacked."""
    black, box = frame(c)
    groups, series = c.rng.randint(3, 10), c.pick(1, 1, 1, 2, 3)
    colours = palette(c, groups if series == 1 and c.maybe(0.4) else series)
    lying, stacked, gap = c.maybe(0.25), c.maybe(0.3), c.between(0.15, 0.45)
    for group in range(groups):
        start = 0.0
        for part in range(series):
            long = c.between(0.1, 0.97) / (series if stacked else 1)
            side = (part / series, (part + 1) / series) if not stacked else (0, 1)
            near, far = ((group + gap / 2 + (1 - gap) * share) / groups for share in side)
            colour = colours[(group if series == 1 else part) % len(colours)]
            bar(c, box, lying, (near, far), (start, start + long), colour)
            start += long if stacked else 0
    if series > 1:
        legend(c, black, box, colours)


def bar(c, box, lying, side, reach, colour):
    left, top, right, bottom = box
    if lying:
        xs, ys = (left + (right - left) * r for r in reach), (top + (bottom - top) * s for s in side)
    else:
        xs, ys = (left + (right - left) * s for s in side), (bottom - (bottom - top) * r for r in reversed(reach))
    (x0, x1), (y0, y1) = xs, ys
    c.box(x0, y0, x1, y1, fill=colour)


def line_chart(c):
    """One to four lines that wander, with markers or a filled area at times."""
    black, (left, top, right, bottom) = frame(c)
    series = c.rng.randint(1, 4)
    colours = palette(c, series)
    for colour in colours:
        heights = wander(c, c.rng.randint(6, 40))
        points = [
            (left + (right - left) * i / (len(heights) - 1), bottom - (bottom - top) * high)
            for i, high in enumerate(heights)
        ]
        flat = [share for point in points for share in point]
        if series == 1 and c.maybe(0.3):
            c.polygon([*flat, right, bottom, left, bottom], fill=mixed(colour, (255, 255, 255), 0.5))
        c.line(flat, colour, c.between(1.5, 5) * c.width / 300)
        if len(heights) < 16 and c.maybe(0.5):
            for x, y in points:
                c.disc(x, y, 0.013, fill=colour)
    if series > 1:
        legend(c, black, (left, top, right, bottom), colours)


def wander(c, steps):
    """Heights from 0 to 1, each near the one before."""
    high, trend, heights = c.between(0.15, 0.85), c.between(-0.02, 0.02), []
    for _ in range(steps):
        heights.append(min(0.97, max(0.03, high)))
        high = heights[-1] + trend + c.rng.gauss(0, 0.5 / steps**0.5)
    return heights


def legend(c, black, box, colours):
    x, y, size = box[0] + 0.04, box[1] + 0.01, c.height * 0.045
    for i, colour in enumerate(colours[:4]):
        px, py = c.at(x, y + 0.06 * i)
        c.draw.rectangle([px, py, px + size, py + size], fill=colour)
        c.write(px + size * 1.4, py, c.words(1), size, black)


def map_(c):
    """A map of streets, or of countries: land, water, roads, borders, names and perhaps pins."""
    if c.maybe(0.6):
        street_map(c)
    else:
        country_map(c)
    black = (60, 60, 60)
    for _ in range(c.rng.randint(3, 9)):
        x, y = c.at(c.between(0.02, 0.8), c.between(0.02, 0.93))
        c.write(x, y, c.words(1).title(), c.height * c.between(0.03, 0.05), black)
    for _ in range(c.pick(0, 0, 1, 1, 2, 4)):
        pin(c)


def street_map(c):
    land = mixed((242, 239, 230), c.any_colour((0.1, 0.3), (0.85, 0.98)), c.between(0, 0.5))
    c.fill(land)
    for _ in range(c.rng.randint(1, 4)):
        blob(c, (195, 225, 180), c.between(0.08, 0.22))
    if c.maybe(0.75):
        river = c.ridge(c.between(0.2, 0.8), c.between(0.15, 0.4))
        upright = c.maybe(0.5)
        flat = [share for x, y in river for share in ((y, x) if upright else (x, y))]
        c.line(flat, (160, 200, 230), c.width * c.between(0.03, 0.09))
    slope = c.between(-0.35, 0.35)
    for narrow in range(c.rng.randint(8, 18)):
        road(c, slope, narrow > 3)


def road(c, slope, narrow):
    """A road across the sheet, along or across the lie of the town, with an edge of its own."""
    place, bend = c.between(-0.2, 1.2), slope + c.rng.gauss(0, 0.06 if narrow else 0.3)
    ends = [-0.05, place - bend / 2, 1.05, place + bend / 2]
    if c.maybe(0.5):
        ends = [place + bend / 2, -0.05, place - bend / 2, 1.05]
    width = c.width * (0.011 if narrow else c.between(0.018, 0.03))
    c.line(ends, (190, 185, 175), width + 2)
    c.line(ends, (255, 255, 255) if narrow else c.pick((250, 215, 120), (255, 240, 170), (245, 170, 120)), width)


def country_map(c):
    """Countries in several colours with the sea around them."""
    c.fill(c.hsv(c.between(195, 215), c.between(0.2, 0.55), c.between(0.75, 0.98)))
    columns, rows = c.rng.randint(3, 5), c.rng.randint(3, 4)
    corner = {
        (i, j): (0.08 + 0.84 * i / columns + c.between(-0.07, 0.07), 0.08 + 0.84 * j / rows + c.between(-0.08, 0.08))
        for i in range(columns + 1)
        for j in range(rows + 1)
    }
    tint, border = c.between(0.15, 0.5), (110, 100, 100)
    for i in range(columns):
        for j in range(rows):
            if c.maybe(0.8):
                ring = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
                points = coast(c, [corner[place] for place in ring])
                c.polygon(points, fill=c.hsv(c.between(20, 140), tint, c.between(0.75, 0.98)), outline=border)
                c.line([*points, *points[:2]], border, 1)


def coast(c, corners):
    """The outline through the corners, broken as borders are."""
    points = []
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]]):
        for step in range(4):
            share = step / 4
            points += [x0 + (x1 - x0) * share + c.rng.gauss(0, 0.01), y0 + (y1 - y0) * share + c.rng.gauss(0, 0.01)]
    return points


def blob(c, colour, radius):
    """A patch with an uneven edge: a park, a lake."""
    x, y = c.between(0, 1), c.between(0, 1)
    for _ in range(6):
        c.disc(x + c.rng.gauss(0, radius / 2), y + c.rng.gauss(0, radius / 2), radius * c.between(0.4, 0.9), fill=colour)


def pin(c):
    x, y, colour = c.between(0.15, 0.85), c.between(0.15, 0.8), c.named(c.pick("red", "red", "blue"))
    c.polygon([x - 0.03, y, x + 0.03, y, x, y + 0.09], fill=colour)
    c.disc(x, y, 0.04, fill=colour)
    c.disc(x, y, 0.015, fill=(255, 255, 255))
