"""Bitmaps (BMP) of every form, for make_forms.py."""

import struct

import numpy as np


def bitmap(size, bits, rows, palette=b"", header=40, compression=0, down=False, masks=(), colours=0, planes=1):
    """A file with these rows."""
    width, height = size
    if header == 12:
        head = struct.pack("<LHHHH", 12, width, height, planes, bits)
    else:
        signed = -height if down else height
        head = struct.pack("<LiiHHLLllLL", header, width, signed, planes, bits, compression, len(rows), 0, 0, colours, 0)
        told = b"".join(struct.pack("<L", mask) for mask in masks)
        head += told if header == 40 else told.ljust(header - 40, b"\0")
    start = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<LHHL", start + len(rows), 0, 0, start) + head + palette + rows


def padded(row):
    return row + bytes(-len(row) % 4)


def indexed_rows(indices, bits):
    """Numbers of colours, the lowest row first."""
    rows = b""
    for row in indices[::-1]:
        text = "".join(f"{index:0{bits}b}" for index in row)
        text += "0" * (-len(text) % 8)
        rows += padded(int(text, 2).to_bytes(len(text) // 8, "big"))
    return rows


def table(picture, count, core=False):
    colours = np.zeros((count, 3), "uint8")
    told = np.asarray(picture.getpalette(), "uint8").reshape(-1, 3)[:count]
    colours[: len(told)] = told
    return b"".join(bytes([blue, green, red]) + (b"" if core else b"\0") for red, green, blue in colours.tolist())


def pixel_rows(numbers, code):
    return b"".join(padded(b"".join(struct.pack(code, number) for number in row)) for row in numbers[::-1].tolist())


def behind(masks, samples):
    """Pixels as one number each, their parts behind masks."""
    numbers = np.zeros(samples.shape[:2], int)
    for part, mask in enumerate(masks[:3]):
        shift = (mask & -mask).bit_length() - 1
        numbers |= samples[:, :, part] >> (8 - bin(mask).count("1")) << shift
    return numbers


def runs(indices, bits, absolute=False):
    """The same in runs; or, where absolute, in pieces that are no runs."""
    data = b""
    double = lambda index: index if bits == 8 else index << 4 | index
    for row in indices[::-1].tolist():
        at = 0
        while at < len(row):
            piece = row[at : at + 21]
            count = next((i for i, index in enumerate(row[at:]) if index != row[at]), len(row) - at)
            if absolute and len(piece) > 2:
                count = len(piece)
                pairs = zip(piece[::2], [*piece[1::2], 0])
                packed = bytes(piece) if bits == 8 else bytes(high << 4 | low for high, low in pairs)
                data += bytes([0, count]) + packed + bytes(len(packed) % 2)
            else:
                data += bytes([count, double(row[at])])
            at += count
        data += b"\0\0"
    return data + b"\0\1"


def with_jumps(bits):
    """Runs with places that are jumped over."""
    run = lambda count, index: bytes([count, index if bits == 8 else index << 4 | index])
    end, jump = b"\0\0", lambda right, up: bytes([0, 2, right, up])
    begin = run(10, 3) + jump(5, 2) + run(12, 5) + end + run(45, 7) + end + jump(3, 0) + run(45, 2) + end + jump(0, 6)
    return begin + (run(45, 1) + end) * 30 + b"\0\1"


def bitmaps(picture):
    size = picture.size
    samples = np.asarray(picture).astype(int)
    for bits, count in ((1, 2), (4, 16), (8, 256)):
        drawn = picture.quantize(min(count, 200))
        rows = indexed_rows(np.asarray(drawn), bits)
        whole = bitmap(size, bits, rows, table(drawn, count))
        yield f"{bits}-bits", whole
        yield f"{bits}-bits-top-down", bitmap(size, bits, rows, table(drawn, count), down=True)
        yield f"{bits}-bits-core", bitmap(size, bits, rows, table(drawn, count, True), header=12)
        yield f"{bits}-bits-os2", bitmap(size, bits, rows, table(drawn, count), header=64)
        yield f"{bits}-bits-few-colours", bitmap(size, bits, rows, table(drawn, count - 1), colours=count - 1)
        yield f"suspect-{bits}-bits-cut", whole[: len(whole) * 6 // 10]
        # The place of the pixels is told to be that of the colours, or not at all.
        for name, place in (("at-colours", 54), ("at-nought", 0)):
            yield f"{bits}-bits-{name}", whole[:10] + struct.pack("<L", place) + whole[14:]
    drawn = picture.quantize(16)
    indices = np.asarray(drawn)
    for bits, compression in ((8, 1), (4, 2)):
        told = {"compression": compression, "colours": 16, "palette": table(drawn, 16)}
        double = 17 if bits == 4 else 1
        yield f"runs-{bits}", bitmap(size, bits, runs(indices, bits), **told)
        yield f"runs-{bits}-top-down", bitmap(size, bits, runs(indices, bits), down=True, **told)
        yield f"runs-{bits}-absolute", bitmap(size, bits, runs(indices, bits, True), **told)
        yield f"runs-{bits}-jumps", bitmap(size, bits, with_jumps(bits), **told)
        yield f"runs-{bits}-too-long", bitmap(size, bits, bytes([60, 3 * double, 0, 0]) * size[1] + b"\0\1", **told)
        yield f"suspect-runs-{bits}-cut", bitmap(size, bits, runs(indices, bits), **told)[:-100]
    for name, masks in (("", (0x7C00, 0x3E0, 0x1F)), ("-565", (0xF800, 0x7E0, 0x1F))):
        rows = pixel_rows(behind(masks, samples), "<H")
        told = {"compression": 3, "masks": masks} if name else {}
        whole = bitmap(size, 16, rows, **told)
        yield f"16-bits{name}", whole
        yield f"16-bits{name}-top-down", bitmap(size, 16, rows, down=True, **told)
        yield f"suspect-16-bits{name}-cut", whole[: len(whole) * 6 // 10]
    rows = b"".join(padded(row.astype("uint8").tobytes()) for row in samples[::-1, :, ::-1])
    whole = bitmap(size, 24, rows)
    yield "24-bits", whole
    yield "24-bits-core", bitmap(size, 24, rows, header=12)
    yield "24-bits-masks", bitmap(size, 24, rows, compression=3, masks=(0xFF0000, 0xFF00, 0xFF))
    yield "24-bits-no-planes", bitmap(size, 24, rows, planes=0)
    yield "24-bits-without-last-byte", whole[:-1]
    yield "suspect-24-bits-cut", whole[: len(whole) * 6 // 10]
    bgrx = (0xFF0000, 0xFF00, 0xFF, 0)
    yield "32-bits", bitmap(size, 32, pixel_rows(behind(bgrx, samples), "<L"))
    layouts = {
        "bgrx": bgrx, "xbgr": (0xFF000000, 0xFF0000, 0xFF00, 0), "bgxr": (0xFF000000, 0xFF00, 0xFF, 0),
        "abgr": (0xFF000000, 0xFF0000, 0xFF00, 0xFF), "rgba": (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
        "bgra": (0xFF0000, 0xFF00, 0xFF, 0xFF000000), "none": (0, 0, 0, 0),
    }
    for name, masks in layouts.items():
        rows = pixel_rows(behind(masks if any(masks) else bgrx, samples), "<L")
        yield f"32-bits-{name}", bitmap(size, 32, rows, header=108, compression=3, masks=masks)
    yield "suspect-32-bits-cut", bitmap(size, 32, rows)[:-1000]
    yield "unsupported-64-bits", bitmap(size, 64, bytes(8 * size[0] * size[1]))
    yield "unsupported-jpeg", bitmap(size, 0, b"\xff\xd8\xff", compression=4)
