"""Paper and screens with writing on them: a page, a newspaper, a table, a chat."""

from .canvas import mixed


def ink(c):
    return c.hsv(c.between(0, 360), c.between(0, 0.4), c.between(0, 0.35))


def page(c):
    """A page of text: one column, perhaps with a heading, a letterhead, a stamp or a signature."""
    paper, black = c.paper(), ink(c)
    c.fill(paper)
    margin = c.width * c.between(0.05, 0.14)
    size, y = c.width * c.between(0.03, 0.05), c.height * c.between(0.03, 0.1)
    if c.maybe(0.6):
        centred = c.maybe(0.5)
        x = c.width / 2 if centred else margin
        c.write(x, y, c.words(3).capitalize(), size * 1.5, black, True, "ma" if centred else "la")
        y += size * 3
    bottom = c.height * c.between(0.8, 0.98)
    c.lines(margin, y, c.width - margin, bottom, size, black, c.between(1.25, 1.7))
    if c.maybe(0.25):
        stamp(c)
    if c.maybe(0.2):
        signature(c)


def stamp(c):
    x, y, colour = c.between(0.3, 0.8), c.between(0.5, 0.85), c.pick((170, 30, 40), (40, 50, 150))
    c.disc(x, y, 0.1, outline=colour, width=2)
    c.disc(x, y, 0.07, outline=colour, width=1)


def signature(c):
    x, y = c.between(0.2, 0.6), c.between(0.8, 0.92)
    points = [(x + i * 0.02, y + c.between(-0.03, 0.03)) for i in range(12)]
    c.line([share for point in points for share in point], (30, 30, 110), 2)


def newspaper(c):
    """A front page: its name in large letters, a headline, several columns and perhaps a picture."""
    paper = mixed(c.paper(), (190, 180, 160), c.between(0, 0.5))
    black = ink(c)
    c.fill(paper)
    y = masthead(c, black, c.height * c.between(0.02, 0.05))
    y = headline(c, black, y)
    margin, gap, columns = c.width * 0.04, c.width * 0.025, c.rng.randint(3, 5)
    width = (c.width - 2 * margin + gap) / columns
    picture = press_picture(c, margin, y, width, gap, columns) if c.maybe(0.85) else None
    for column in range(columns):
        left = margin + column * width
        top = picture[3] + 5 if picture and picture[0] <= left < picture[2] else y
        c.lines(left, top, left + width - gap, c.height * 0.99, c.width * c.between(0.018, 0.022), black, 1.2)
        if column and c.maybe(0.7):
            c.draw.line([left - gap / 2, top, left - gap / 2, c.height], fill=mixed(black, paper, 0.5))


def masthead(c, black, y):
    size = c.width * c.between(0.1, 0.15)
    name = c.pick("The Daily ", "Evening ", "The ", "Morning ", "") + c.words(1).title()
    c.write(c.width / 2, y, name, size, black, True, "ma")
    y += size * 1.25
    for offset in (0, c.width * 0.035):
        c.draw.line([c.width * 0.03, y + offset, c.width * 0.97, y + offset], fill=black, width=c.rng.randint(1, 2))
    c.write(c.width / 2, y + 1, c.words(4), c.width * 0.025, black, anchor="ma")
    return y + c.width * 0.05


def headline(c, black, y):
    for _ in range(c.rng.randint(1, 2)):
        size = c.width * c.between(0.065, 0.1)
        text = c.sentence(c.width * 0.9, size)
        c.write(c.width / 2, y, text.upper() if c.maybe(0.4) else text.capitalize(), size, black, True, "ma")
        y += size * 1.2
    return y + 3


def press_picture(c, margin, y, width, gap, columns):
    """A grey picture over two or more columns; returns its box."""
    start = c.rng.randint(0, columns - 2)
    spans = c.rng.randint(2, min(3, columns - start))
    left = margin + start * width
    right, bottom = left + spans * width - gap, y + c.height * c.between(0.2, 0.38)
    grey = c.rng.randint(90, 180)
    c.draw.rectangle([left, y, right, bottom], fill=(grey, grey, grey))
    for _ in range(5):
        x0, y0 = c.between(left, right - 6), c.between(y, bottom - 6)
        tone = c.rng.randint(30, 230)
        form = c.pick(c.draw.ellipse, c.draw.rectangle)
        form([x0, y0, c.between(x0 + 4, right), c.between(y0 + 4, bottom)], fill=(tone, tone, tone))
    return left, y, right, bottom


def table(c):
    """Rows and columns of numbers and words, with rules, a head and perhaps striped rows."""
    paper, black = c.paper(), ink(c)
    c.fill(paper)
    rows, columns = c.rng.randint(5, 13), c.rng.randint(3, 7)
    left, right = c.width * c.between(0.02, 0.07), c.width * c.between(0.93, 0.98)
    top, bottom = c.height * c.between(0.02, 0.16), c.height * c.between(0.85, 0.98)
    if top > c.height * 0.09:
        c.write(left, top - c.height * 0.08, c.words(3).capitalize(), c.height * 0.05, black, True)
    xs = [left + (right - left) * i / columns for i in range(columns + 1)]
    ys = [top + (bottom - top) * i / rows for i in range(rows + 1)]
    shade_rows(c, paper, xs, ys)
    cells(c, black, xs, ys)
    rule = mixed(black, paper, c.between(0, 0.6))
    for y in ys:
        c.draw.line([left, y, right, y], fill=rule, width=1)
    for x in xs if c.maybe(0.8) else ():
        c.draw.line([x, top, x, bottom], fill=rule, width=1)


def shade_rows(c, paper, xs, ys):
    head, stripe = mixed(paper, c.any_colour(), c.between(0.2, 0.9)), mixed(paper, c.any_colour(), 0.15)
    if c.maybe(0.6):
        for row in range(2, len(ys) - 1, 2):
            c.draw.rectangle([xs[0], ys[row], xs[-1], ys[row + 1]], fill=stripe)
    if c.maybe(0.8):
        c.draw.rectangle([xs[0], ys[0], xs[-1], ys[1]], fill=head)


def cells(c, black, xs, ys):
    size = min((ys[1] - ys[0]) * 0.55, (xs[1] - xs[0]) * 0.22)
    for row, y in enumerate(ys[:-1]):
        for column, x in enumerate(xs[:-1]):
            text = c.words(1)[:8] if row == 0 or column == 0 else f"{c.between(0, 10 ** c.rng.randint(1, 4)):.1f}"
            c.write(x + 3, y + (ys[1] - ys[0]) * 0.2, text, size, black, bold=row == 0)


CHAT_STYLES = [
    # wallpaper, bar, bubbles of others, bubbles of one's own, letters
    ((229, 221, 213), (20, 110, 95), (255, 255, 255), (220, 248, 198), (25, 25, 25)),
    ((255, 255, 255), (245, 245, 247), (230, 230, 235), (40, 130, 250), (20, 20, 20)),
    ((200, 218, 236), (80, 125, 165), (255, 255, 255), (238, 253, 222), (20, 20, 20)),
    ((18, 27, 34), (32, 44, 52), (34, 46, 54), (5, 97, 82), (230, 235, 235)),
    ((14, 22, 33), (24, 37, 51), (24, 37, 51), (43, 82, 120), (240, 240, 240)),
    ((240, 240, 245), (110, 80, 180), (255, 255, 255), (205, 190, 245), (30, 30, 30)),
]


def chat(c):
    """A screenshot of a chat: a bar with a name, bubbles left and right, a line to write in."""
    wallpaper, bar, theirs, ours, letters = (vary(c, colour) for colour in c.pick(*CHAT_STYLES))
    c.fill(wallpaper)
    size = c.width * c.between(0.036, 0.055)
    y, bottom = size * 3.2, c.height - size * 3
    while y < bottom:
        y = bubble(c, y, size, theirs, ours, letters) + size * c.between(0.4, 1)
    c.draw.rectangle([0, 0, c.width, size * 2.6], fill=bar)
    c.draw.ellipse([size, size * 0.5, size * 2.6, size * 2.1], fill=c.any_colour())
    title = (250, 250, 250) if sum(bar) < 500 else (20, 20, 20)
    c.write(size * 3.3, size * 0.7, c.words(2).title(), size * 1.1, title, True)
    c.draw.rectangle([0, bottom, c.width, c.height], fill=bar)
    c.draw.rounded_rectangle([size, bottom + size * 0.5, c.width - size * 4, c.height - size * 0.5], size, fill=theirs)


def vary(c, colour):
    return tuple(min(255, max(0, part + c.rng.randint(-10, 10))) for part in colour)


def bubble(c, y, size, theirs, ours, letters):
    """One message; returns where it ends."""
    mine, lines, width = c.maybe(0.5), c.rng.randint(1, 4), c.width * c.between(0.3, 0.74)
    left = c.width - width - size if mine else size * c.pick(0.8, 2.8)
    end = y + size * (lines * 1.3 + 1)
    c.draw.rounded_rectangle([left, y, left + width, end], size * c.between(0.5, 1), fill=ours if mine else theirs)
    if left > size * 2 and not mine:
        c.draw.ellipse([size * 0.6, y, size * 2.2, y + size * 1.6], fill=c.any_colour())
    for line in range(lines):
        share = 1 if line < lines - 1 else c.between(0.3, 0.9)
        text = c.sentence((width - size * 1.4) * share, size)
        c.write(left + size * 0.7, y + size * (0.4 + 1.3 * line), text, size, letters)
    return end
