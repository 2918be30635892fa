#!/usr/bin/env python3
"""Small pictures of every form that is decoded, and the pixels that Pillow makes of them.

    python make_pictures.py [--output FOLDER]

needs Pillow 13 with libtiff, and numpy. It writes `decode/KIND/*` and, beside each folder, `decode/KIND.json` with the
size of each picture and the SHA-256 of its pixels: upright, rows from the top, three bytes a pixel. To add a kind,
write a function that gives pairs of names and `Picture`s, and put it into KINDS. The same versions give the same bytes.
"""

import argparse
import dataclasses
import hashlib
import io
import json
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageOps

WIDTH, HEIGHT = 37, 29


@dataclasses.dataclass
class Picture:
    """A file, and where its right pixels come from: Pillow reads it, or (where it cannot, or is wrong) they are given."""

    data: bytes
    pixels: np.ndarray | None = None
    # Why Pillow's are not the right ones.
    why: str | None = None


def drawing(width=WIDTH, height=HEIGHT):
    """Red, green and blue of a landscape with a sun."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    sky = np.stack([40 + x * 4, 90 + y * 3, 230 - y * 4], axis=-1)
    field = np.stack([30 + y * 2, 200 - x * 3, 20 + (x * 7 + y * 5) % 60], axis=-1)
    picture = np.where((y > height * 0.6 + 3 * np.sin(x / 4))[..., None], field, sky)
    sun = (x - width * 0.7) ** 2 + (y - height * 0.3) ** 2 < (height / 6) ** 2
    picture[sun] = [255, 240, 0]
    picture[:3, :5] = 0
    picture[-3:, -5:] = 255
    return np.clip(picture, 0, 255).astype(np.uint8)


def grey():
    return np.asarray(Image.fromarray(drawing()).convert("L"))


def bilevel():
    """True is white."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return (grey() > 100) ^ ((x * 5 + y * 3) % 11 == 0)


def alpha():
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return ((x * 9 + y * 5) % 256).astype(np.uint8)


def three_times(values):
    return np.repeat(values[..., None], 3, axis=-1).astype(np.uint8)


# ---------------------------------------------------------------------------------------
# TIFF
# ---------------------------------------------------------------------------------------

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, FLOAT, LONG8 = 1, 2, 3, 4, 5, 7, 11, 16
CODES = {BYTE: "B", ASCII: "B", SHORT: "H", LONG: "I", UNDEFINED: "B", FLOAT: "f", LONG8: "Q"}

NONE, RLE, G3, G4, LZW, OLD_JPEG, JPEG, DEFLATE = 1, 2, 3, 4, 5, 6, 7, 8
OLD_DEFLATE, PACKBITS, ZSTD = 32946, 32773, 50000
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, MASK, CMYK, YCBCR, LAB, ICCLAB = 0, 1, 2, 3, 4, 5, 6, 8, 9

PILLOWS = {RLE: "tiff_ccitt", G3: "group3", G4: "group4", LZW: "tiff_lzw", PACKBITS: "packbits", ZSTD: "zstd"}


def value_bytes(order, kind, values):
    if kind == RATIONAL:
        return b"".join(struct.pack(order + "II", round(value * 1000), 1000) for value in values)
    return struct.pack(f"{order}{len(values)}{CODES[kind]}", *values)


def tiff(pages, order="<", big=False, gap=b""):
    """A file of pages; each is its tags and its strips or tiles. The strips come before the directories."""
    head = struct.pack(order + ("HHHQ" if big else "HI"), *((43, 8, 0, 0) if big else (42, 0)))
    out = bytearray((b"II" if order == "<" else b"MM") + head + gap)
    link = 8 if big else 4
    for tags, chunks in pages:
        offsets = []
        for chunk in chunks:
            offsets.append(len(out))
            out += chunk + b"\0" * (len(chunk) % 2)
        is_tiled = 322 in tags
        size_kind = LONG8 if big else LONG
        tags = {
            **tags,
            324 if is_tiled else 273: (size_kind, offsets),
            325 if is_tiled else 279: (LONG, [len(chunk) for chunk in chunks]),
        }
        entries = b""
        for tag, (kind, values) in sorted(tags.items()):
            data = value_bytes(order, kind, values)
            entries += struct.pack(order + ("HHQ" if big else "HHI"), tag, kind, len(values))
            room = 8 if big else 4
            if len(data) > room:
                entries += struct.pack(order + ("Q" if big else "I"), len(out))
                out += data + b"\0" * (len(data) % 2)
            else:
                entries += data.ljust(room, b"\0")
        out[link : link + (8 if big else 4)] = struct.pack(order + ("Q" if big else "I"), len(out))
        out += struct.pack(order + ("Q" if big else "H"), len(tags)) + entries
        link = len(out)
        out += bytes(8 if big else 4)
    return bytes(out)


def reversed_bits(data):
    return bytes(int(f"{byte:08b}"[::-1], 2) for byte in data)


def by_libtiff(image, compression, options=0):
    """The one strip that libtiff writes."""
    buffer = io.BytesIO()
    info = {278: image.height}
    if options:
        info[292] = options
    image.save(buffer, "TIFF", compression=PILLOWS[compression], tiffinfo=info)
    tags = Image.open(io.BytesIO(buffer.getvalue())).tag_v2
    assert len(tags[273]) == 1, "one strip"
    return buffer.getvalue()[tags[273][0] :][: tags[279][0]]


def packed(data, compression, width):
    """Bytes, compressed."""
    if compression == NONE:
        return data
    if compression in (DEFLATE, OLD_DEFLATE):
        return zlib.compress(data, 9)
    return by_libtiff(Image.frombytes("L", (width, len(data) // width), data), compression)


def bits_of(samples, bits):
    """Rows of samples of any number of bits, each row filled up to a byte."""
    rows = samples.reshape(samples.shape[0], -1)
    wide = ((rows[..., None].astype(np.int64) >> np.arange(bits - 1, -1, -1)) & 1).astype(np.uint8)
    return np.packbits(wide.reshape(rows.shape[0], -1), axis=1)


def differences(block):
    """Predictor 2."""
    out = block.copy()
    out[:, 1:] -= block[:, :-1]
    return out


def float_differences(block):
    """Predictor 3: of bytes, the highest of all numbers first."""
    rows, width, samples = block.shape
    size = block.dtype.itemsize
    big = block.astype(block.dtype.newbyteorder(">")).tobytes()
    planes = np.frombuffer(big, np.uint8).reshape(rows, width * samples, size).transpose(0, 2, 1).reshape(rows, -1)
    out = planes.copy()
    out[:, samples:] -= planes[:, :-samples]
    return out


def block_bytes(block, bits, order, predictor):
    if predictor == 3:
        return float_differences(block).tobytes()
    if predictor == 2:
        block = differences(block)
    if bits in (8, 16, 32, 64):
        return block.astype(block.dtype.newbyteorder(order)).tobytes()
    return bits_of(block, bits).tobytes()


def blocks(samples, rows, tile):
    """Strips, or tiles that are filled up with noughts."""
    height, width = samples.shape[:2]
    if not tile:
        return [samples[y : y + rows] for y in range(0, height, rows)]
    across, down = tile
    padded = np.pad(samples, ((0, -height % down), (0, -width % across), (0, 0)), mode="edge")
    corners = [(y, x) for y in range(0, height, down) for x in range(0, width, across)]
    return [padded[y : y + down, x : x + across] for y, x in corners]


def page(
    samples,
    colours,
    bits=None,
    compression=NONE,
    order="<",
    rows=None,
    tile=None,
    planar=1,
    predictor=1,
    fill=1,
    more=None,
):
    """A page of samples: height, width, and samples of a pixel."""
    samples = samples if samples.ndim == 3 else samples[..., None]
    height, width, count = samples.shape
    bits = bits or samples.dtype.itemsize * 8
    rows = rows or height
    chunks = []
    planes = [samples] if planar == 1 else [samples[..., i : i + 1] for i in range(count)]
    for plane in planes:
        for block in blocks(plane, rows, tile):
            data = block_bytes(block, bits, order, predictor)
            chunks.append(packed(data, compression, len(data) // len(block)))
    if fill == 2:
        chunks = [reversed_bits(chunk) for chunk in chunks]
    tags = {
        256: (LONG, [width]),
        257: (LONG, [height]),
        258: (SHORT, [bits] * count),
        259: (SHORT, [compression]),
        262: (SHORT, [colours]),
        277: (SHORT, [count]),
        284: (SHORT, [planar]),
    }
    tags |= {322: (LONG, [tile[0]]), 323: (LONG, [tile[1]])} if tile else {278: (LONG, [rows])}
    if predictor != 1:
        tags[317] = (SHORT, [predictor])
    if fill != 1:
        tags[266] = (SHORT, [fill])
    if samples.dtype.kind in "if":
        tags[339] = (SHORT, [2 if samples.dtype.kind == "i" else 3] * count)
    return tags | (more or {}), chunks


def one(*arguments, order="<", big=False, **options):
    return tiff([page(*arguments, order=order, **options)], order, big)


def fax(compression, fill=1, options=0, rows=HEIGHT, colours=WHITE_IS_ZERO, order="<"):
    """Black and white, compressed by libtiff; its bits are turned for fill order 2."""
    black = ~bilevel()
    chunks = []
    for y in range(0, HEIGHT, rows):
        # libtiff takes its noughts as white whatever they mean: Pillow's white is a one.
        image = Image.fromarray(black[y : y + rows] if colours == WHITE_IS_ZERO else ~black[y : y + rows])
        chunks.append(by_libtiff(image, compression, options))
    tags = {
        256: (LONG, [WIDTH]),
        257: (LONG, [HEIGHT]),
        258: (SHORT, [1]),
        259: (SHORT, [compression]),
        262: (SHORT, [colours]),
        266: (SHORT, [fill]),
        277: (SHORT, [1]),
        278: (LONG, [rows]),
    }
    if compression == G3:
        tags[292] = (LONG, [options])
    return tiff([(tags, [reversed_bits(chunk) if fill == 2 else chunk for chunk in chunks])], order)


def bilevel_tiffs():
    for fill in (1, 2):
        for name, compression, options in [
            ("g4", G4, 0),
            ("g3", G3, 0),
            ("g3-2d", G3, 1),
            ("g3-aligned", G3, 4),
            ("g3-2d-aligned", G3, 5),
            ("huffman", RLE, 0),
        ]:
            yield f"{name}-fill-{fill}", Picture(fax(compression, fill, options))
        for name, colours in [("white", WHITE_IS_ZERO), ("black", BLACK_IS_ZERO)]:
            samples = bilevel().astype(np.uint8) ^ (colours == WHITE_IS_ZERO)
            yield f"1-bit-{name}-is-zero-fill-{fill}", Picture(one(samples, colours, 1, fill=fill))
            data = one(samples, colours, 1, compression=PACKBITS, fill=fill)
            yield f"1-bit-{name}-is-zero-packbits-fill-{fill}", Picture(data)
    yield "g4-black-is-zero", Picture(fax(G4, colours=BLACK_IS_ZERO))
    yield "g4-strips", Picture(fax(G4, rows=8))
    yield "g3-2d-strips-big-endian", Picture(fax(G3, options=1, rows=7, order=">"))


def grey_tiffs():
    for bits in (2, 4, 8):
        for name, colours in [("white", WHITE_IS_ZERO), ("black", BLACK_IS_ZERO)]:
            for fill in (1, 2):
                data = one(grey() >> (8 - bits), colours, bits, fill=fill)
                pixels = why = None
                if (bits, colours, fill) == (8, WHITE_IS_ZERO, 2):
                    pixels, why = three_times(255 - grey()), "Pillow has no such mode"
                yield f"{bits}-bit-{name}-is-zero-fill-{fill}", Picture(data, pixels, why)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    sixteen = (grey().astype(np.uint16) << 8) + (x * 6 + y).astype(np.uint16)
    why = "Pillow clips 16-bit grey: the high byte is taken"
    for order, name in [("<", "little"), (">", "big")]:
        high = three_times(sixteen >> 8)
        yield f"16-bit-{name}", Picture(one(sixteen, BLACK_IS_ZERO, order=order), high, why)
        data = one(sixteen, BLACK_IS_ZERO, order=order, compression=LZW, predictor=2)
        yield f"16-bit-{name}-lzw-differences", Picture(data, high, why)
        signed = (grey().astype(np.int16) * 3 - 200).astype(np.int16)
        yield f"16-bit-signed-{name}", Picture(one(signed, BLACK_IS_ZERO, order=order))
        numbers = grey().astype(np.int32) * 2 - 100
        yield f"32-bit-signed-{name}", Picture(one(numbers, BLACK_IS_ZERO, order=order))
        real = (grey().astype(np.float32) * 1.25 - 20).astype(np.float32)
        yield f"float-{name}", Picture(one(real, BLACK_IS_ZERO, order=order))
        for predictor in (1, 3):
            data = one(real, BLACK_IS_ZERO, order=order, compression=DEFLATE, predictor=predictor)
            pixels = why = None
            if order == ">":
                pixels, why = np.clip(real, 0, 255), "Pillow mixes up the order of its bytes"
                pixels = three_times(pixels.astype(np.uint8))
            yield f"float-{name}-deflate-predictor-{predictor}", Picture(data, pixels, why)
    yield "16-bit-white-is-zero", Picture(one(sixteen, WHITE_IS_ZERO), three_times(255 - (sixteen >> 8)), why)
    yield "32-bit", Picture(one(grey().astype(np.uint32) * 2, BLACK_IS_ZERO))
    yield "8-bit-signed", Picture(one((grey() >> 1).astype(np.int8), BLACK_IS_ZERO))
    twelve = sixteen >> 4
    yield "12-bit", Picture(one(twelve, BLACK_IS_ZERO, 12), three_times(twelve >> 4), why)
    real = grey().astype(np.float64)
    for kind, bits in [(np.float16, 16), (np.float64, 64)]:
        data = one(real.astype(kind), BLACK_IS_ZERO)
        yield f"float-{bits}", Picture(data, three_times(grey()), "Pillow reads 32 bits only")
    for name, extra in [("unspecified", 0), ("multiplied", 1), ("alpha", 2)]:
        samples = np.stack([grey(), alpha()], axis=-1)
        pixels = why = None
        if extra == 1:
            whole = np.where(alpha() == 0, 0, np.minimum(grey() * 255.0 // np.maximum(alpha(), 1), 255))
            pixels, why = three_times(whole), "Pillow cannot make colours of it"
        yield f"grey-{name}", Picture(one(samples, BLACK_IS_ZERO, more={338: (SHORT, [extra])}), pixels, why)


def colour_tiffs():
    rgb = drawing()
    wide = rgb.astype(np.uint16) * 257 ^ 0x0055
    for order, name in [("<", "little"), (">", "big")]:
        yield f"rgb-{name}", Picture(one(rgb, RGB, order=order, rows=8))
        yield f"rgb-16-{name}", Picture(one(wide, RGB, order=order))
        data = one(wide, RGB, order=order, compression=LZW, predictor=2, rows=9)
        yield f"rgb-16-{name}-lzw-differences", Picture(data)
        data = one(rgb, RGB, order=order, big=True, compression=DEFLATE, predictor=2)
        pixels, why = (None, None) if order == "<" else (rgb, "Pillow reads the other order only")
        yield f"bigtiff-{name}", Picture(data, pixels, why)
    for name, compression in [("lzw", LZW), ("deflate", DEFLATE), ("packbits", PACKBITS), ("zstd", ZSTD)]:
        yield f"rgb-{name}-strips", Picture(one(rgb, RGB, compression=compression, rows=7))
        yield f"rgb-{name}-tiles", Picture(one(rgb, RGB, compression=compression, tile=(16, 16)))
        yield f"rgb-{name}-planes", Picture(one(rgb, RGB, compression=compression, planar=2, rows=10))
    for name, compression in [("lzw", LZW), ("deflate", DEFLATE), ("zstd", ZSTD)]:
        data = one(rgb, RGB, compression=compression, predictor=2, tile=(16, 16))
        yield f"rgb-{name}-differences-tiles", Picture(data)
        data = one(rgb, RGB, compression=compression, predictor=2, planar=2, rows=11)
        yield f"rgb-{name}-differences-planes", Picture(data)
    yield "rgb-old-deflate", Picture(one(rgb, RGB, compression=OLD_DEFLATE))
    yield "rgb-lzw-fill-2", Picture(one(rgb, RGB, compression=LZW, fill=2))
    yield "rgb-tiles", Picture(one(rgb, RGB, tile=(16, 16)))
    yield "rgb-tiles-larger-than-the-page", Picture(one(rgb, RGB, tile=(64, 48), compression=DEFLATE))
    yield "rgb-planes", Picture(one(rgb, RGB, planar=2))
    yield "rgb-planes-tiles", Picture(one(rgb, RGB, planar=2, tile=(16, 32), compression=LZW))
    yield "rgb-16-planes", Picture(one(wide, RGB, planar=2, compression=DEFLATE))
    for name, extra in [("unspecified", 0), ("multiplied", 1), ("alpha", 2)]:
        samples = np.concatenate([rgb, alpha()[..., None]], axis=-1)
        more = {338: (SHORT, [extra])}
        yield f"rgba-{name}", Picture(one(samples, RGB, more=more))
        yield f"rgba-16-{name}", Picture(one(samples.astype(np.uint16) * 257, RGB, more=more, order=">"))
        data = one(samples, RGB, more=more, planar=2, compression=DEFLATE)
        yield f"rgba-{name}-planes", Picture(data)
    samples = np.concatenate([rgb, alpha()[..., None], alpha()[..., None]], axis=-1)
    yield "rgb-two-more", Picture(one(samples, RGB, more={338: (SHORT, [0, 0])}))
    real = (rgb / 255.0).astype(np.float32)
    data = one(real, RGB, compression=DEFLATE, predictor=3)
    yield "rgb-float", Picture(data, rgb, "Pillow reads no real colours")
    four = np.concatenate([255 - rgb, alpha()[..., None] // 3], axis=-1)
    yield "cmyk", Picture(one(four, CMYK, compression=LZW))
    yield "cmyk-16", Picture(one(four.astype(np.uint16) * 257, CMYK, order=">"))
    yield "cmyk-planes", Picture(one(four, CMYK, planar=2))
    for bits in (1, 2, 4, 8):
        for fill in (1, 2):
            image = Image.fromarray(rgb).quantize(2**bits)
            table = np.array(image.getpalette()[: 3 * 2**bits], np.uint16)
            table = np.pad(table, (0, 3 * 2**bits - len(table))).reshape(-1, 3).T.ravel() * 257
            data = one(np.asarray(image), PALETTE, bits, fill=fill, more={320: (SHORT, table.tolist())})
            pixels, why = (None, None) if fill == 1 or bits == 8 else (pillows_pixels(before), "Pillow has no such mode")
            yield f"palette-{bits}-fill-{fill}", Picture(data, pixels, why)
            before = data
    samples = np.stack([np.asarray(image), alpha()], axis=-1)
    more = {320: (SHORT, table.tolist()), 338: (SHORT, [2])}
    yield "palette-alpha", Picture(one(samples, PALETTE, compression=LZW, more=more))
    for orientation in range(2, 9):
        data = one(rgb, RGB, compression=DEFLATE, more={274: (SHORT, [orientation])})
        yield f"orientation-{orientation}", Picture(data)
    yield "orientation-in-a-long", Picture(one(rgb, RGB, compression=LZW, more={274: (LONG, [6])}))
    told = b'<rdf:Description tiff:Orientation="8"/>'
    yield "orientation-in-xmp", Picture(one(rgb, RGB, compression=LZW, more={700: (BYTE, list(told))}))
    pages = [page(rgb, RGB, compression=LZW), page(grey(), BLACK_IS_ZERO, compression=LZW, more={254: (LONG, [2])})]
    yield "two-pages", Picture(tiff(pages))


def lab_tiffs():
    lab = np.asarray(Image.fromarray(drawing()).convert("RGB"))
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    lab = np.stack([grey(), x * 5 - 90, 80 - y * 5], axis=-1).astype(np.int16)
    eight = (lab & 0xFF).astype(np.uint8)
    yield "lab", Picture(one(eight, LAB))
    yield "lab-lzw", Picture(one(eight, LAB, compression=LZW, rows=5))
    opened = Image.open(io.BytesIO(one(eight, LAB))).convert("RGB")
    unsigned = np.stack([eight[..., 0], eight[..., 1] ^ 128, eight[..., 2] ^ 128], axis=-1)
    yield "icclab", Picture(one(unsigned, ICCLAB), np.asarray(opened), "Pillow does not read it")


def subsampled(across, down, tile=None):
    """Brightness and colours, colours for several pixels together: the samples of strips of whole groups."""
    ycc = np.asarray(Image.fromarray(drawing()).convert("YCbCr")).astype(int)
    height, width = ycc.shape[:2]
    chunks = []
    wide, high = tile or (width, height)
    for top in range(0, height, high):
        for left in range(0, width, wide):
            block = ycc[top : top + high, left : left + wide]
            to = (high if tile else block.shape[0], wide)
            to = [size + -size % step for size, step in zip(to, (down, across))]
            block = np.pad(block, [(0, to[0] - block.shape[0]), (0, to[1] - block.shape[1]), (0, 0)], mode="edge")
            groups = block.reshape(to[0] // down, down, to[1] // across, across, 3).transpose(0, 2, 1, 3, 4)
            brightness = groups[..., 0].reshape(*groups.shape[:2], -1)
            colours = groups[..., 1:].reshape(*groups.shape[:2], -1, 2).mean(axis=2).astype(int)
            chunks.append(np.concatenate([brightness, colours], axis=-1).astype(np.uint8).tobytes())
    return chunks


def ycbcr(across, down, compression=LZW, tile=None, more=None):
    chunks = [packed(chunk, compression, len(chunk)) for chunk in subsampled(across, down, tile)]
    tags = {
        256: (LONG, [WIDTH]),
        257: (LONG, [HEIGHT]),
        258: (SHORT, [8, 8, 8]),
        259: (SHORT, [compression]),
        262: (SHORT, [YCBCR]),
        277: (SHORT, [3]),
        530: (SHORT, [across, down]),
        532: (RATIONAL, [0, 255, 128, 255, 128, 255]),
    }
    tags |= {322: (LONG, [tile[0]]), 323: (LONG, [tile[1]])} if tile else {278: (LONG, [HEIGHT])}
    return tiff([(tags | (more or {}), chunks)])


def pillows_pixels(data):
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))


def ycbcr_tiffs():
    for across, down in [(1, 1), (2, 1), (1, 2), (2, 2), (4, 1), (4, 2), (4, 4)]:
        data = ycbcr(across, down)
        yield f"ycbcr-{across}x{down}-lzw", Picture(data)
        why = None if (across, down) == (1, 1) else "Pillow takes uncompressed ones for full: libtiff's of the same"
        pixels = why and pillows_pixels(data)
        yield f"ycbcr-{across}x{down}", Picture(ycbcr(across, down, NONE), pixels, why)
    yield "ycbcr-2x2-tiles", Picture(ycbcr(2, 2, DEFLATE, (16, 16)))
    more = {532: (RATIONAL, [15, 235, 128, 240, 128, 240]), 529: (RATIONAL, [0.2125, 0.7154, 0.0721])}
    yield "ycbcr-2x1-of-television", Picture(ycbcr(2, 1, more=more))


def jpeg_parts(image, **options):
    """A JPEG's tables, and the rest without them, as TIFFs keep them."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90, **options)
    data = buffer.getvalue()
    tables, rest, at = b"", b"", 2
    while data[at + 1] != 0xDA:
        length = 2 + struct.unpack_from(">H", data, at + 2)[0]
        segment = data[at : at + length]
        if data[at + 1] in (0xDB, 0xC4):
            tables += segment
        elif not 0xE0 <= data[at + 1] <= 0xEF:
            rest += segment
        at += length
    return b"\xff\xd8" + tables + b"\xff\xd9", b"\xff\xd8" + rest + data[at:]


def whole_jpeg(image, **options):
    tables, rest = jpeg_parts(image, **options)
    return tables[:-2] + rest[2:]


def jpeg(mode, colours, rows=16, tile=None, shared=True, factors=None, planar=1, **options):
    """Strips or tiles of JPEG. With `shared`, their tables are in the directory."""
    image = Image.fromarray(drawing()).convert(mode)
    samples = np.asarray(image)
    samples = samples if samples.ndim == 3 else samples[..., None]
    count = samples.shape[-1]
    planes = [samples] if planar == 1 else [samples[..., i : i + 1] for i in range(count)]
    chunks = []
    for plane in planes:
        for block in blocks(plane, rows, tile):
            part = Image.fromarray(block[..., 0] if block.shape[-1] == 1 else block, None if planar == 2 else mode)
            tables, rest = jpeg_parts(part, **options)
            chunks.append(rest if shared else whole_jpeg(part, **options))
    tags = {
        256: (LONG, [WIDTH]),
        257: (LONG, [HEIGHT]),
        258: (SHORT, [8] * count),
        259: (SHORT, [JPEG]),
        262: (SHORT, [colours]),
        277: (SHORT, [count]),
        284: (SHORT, [planar]),
    }
    tags |= {322: (LONG, [tile[0]]), 323: (LONG, [tile[1]])} if tile else {278: (LONG, [rows])}
    if shared:
        tags[347] = (UNDEFINED, list(tables))
    if factors:
        tags[530] = (SHORT, factors)
        tags[532] = (RATIONAL, [0, 255, 128, 255, 128, 255])
    return tiff([(tags, chunks)])


def old_jpeg(factors, subsampling):
    """TIFF 6.0's own JPEG: the whole of it where a tag tells."""
    stream = whole_jpeg(Image.fromarray(drawing()), subsampling=subsampling)
    tags = {
        256: (LONG, [WIDTH]),
        257: (LONG, [HEIGHT]),
        258: (SHORT, [8, 8, 8]),
        259: (SHORT, [OLD_JPEG]),
        262: (SHORT, [YCBCR]),
        277: (SHORT, [3]),
        278: (LONG, [HEIGHT]),
        512: (SHORT, [1]),
        513: (LONG, [8]),
        514: (LONG, [len(stream)]),
        530: (SHORT, factors),
    }
    return tiff([(tags, [stream])])


def jpeg_tiffs():
    for name, factors, subsampling in [("444", [1, 1], "4:4:4"), ("422", [2, 1], "4:2:2"), ("420", [2, 2], "4:2:0")]:
        data = jpeg("RGB", YCBCR, factors=factors, subsampling=subsampling)
        yield f"jpeg-ycbcr-{name}", Picture(data)
        data = jpeg("RGB", YCBCR, tile=(16, 16), factors=factors, subsampling=subsampling)
        yield f"jpeg-ycbcr-{name}-tiles", Picture(data)
        yield f"old-jpeg-{name}", Picture(old_jpeg(factors, subsampling))
    data = jpeg("RGB", YCBCR, shared=False, factors=[2, 2], subsampling="4:2:0", rows=HEIGHT)
    yield "jpeg-ycbcr-own-tables", Picture(data)
    yield "jpeg-rgb", Picture(jpeg("RGB", RGB, keep_rgb=True))
    yield "jpeg-grey", Picture(jpeg("L", BLACK_IS_ZERO))
    yield "jpeg-white-is-zero", Picture(jpeg("L", WHITE_IS_ZERO))
    yield "jpeg-cmyk", Picture(jpeg("CMYK", CMYK))
    yield "jpeg-rgb-planes", Picture(jpeg("RGB", RGB, planar=2))


def tiffs():
    for kind in (bilevel_tiffs, grey_tiffs, colour_tiffs, lab_tiffs, ycbcr_tiffs, jpeg_tiffs):
        for name, picture in kind():
            yield f"{name}.tif", picture


# ---------------------------------------------------------------------------------------

KINDS = {"tiff": tiffs}


def facts(picture):
    pixels = pillows_pixels(picture.data) if picture.pixels is None else picture.pixels
    facts = {
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "rgb_sha256": hashlib.sha256(np.ascontiguousarray(pixels, np.uint8).tobytes()).hexdigest(),
    }
    return facts if picture.why is None else facts | {"not_pillows": picture.why}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path(__file__).resolve().parent)
    output = parser.parse_args().output / "decode"
    for kind, pictures in KINDS.items():
        folder = output / kind
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        lines = [f' "pillow": "{PIL.__version__}"']
        for name, picture in sorted(pictures()):
            assert not (folder / name).exists(), name
            (folder / name).write_bytes(picture.data)
            lines.append(f" {json.dumps(name)}: {json.dumps(facts(picture))}")
        (output / f"{kind}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
