#!/usr/bin/env python3
"""Make small pictures in every form that decoders get wrong, and what Pillow decodes of them.

    pip install pillow==13.0.0 numpy==2.4.6
    python make_forms.py [--output FOLDER]

`cjpeg` of libjpeg-turbo (2.1.5 made the files beside this one) must be there. Into decode/jpeg, decode/turned,
decode/whole and decode/bmp go the files, and into decode/forms.json, for each: its size, the SHA-256 of its upright RGB
pixels, three bytes a pixel from the top, and the state that it must have. The drawing comes from a seed, so that a
second run with the same versions makes the same bytes.
"""

import argparse
import hashlib
import io
import json
import struct
import subprocess
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile, ImageOps

from bitmaps import bitmaps

WIDTH, HEIGHT = 45, 35

# Scans of a JPEG, as cjpeg reads them.
SCANS = {
    "each": "0;1;2;",
    "luma-chroma": "0;1 2;",
    "two-one": "0 1;2;",
    "middle": "1;0 2;",
}
PROGRESS = {
    "long": "0 1 2:0-0,0,1; 0:1-5,0,2; 2:1-63,0,1; 1:1-63,0,1; 0:6-63,0,2; 0:1-63,2,1; 0 1 2:0-0,1,0; "
    "2:1-63,1,0; 1:1-63,1,0; 0:1-63,1,0;",
    "apart": "0 1:0-0,0,1; 2:0-0,0,1; 0:1-63,0,0; 1:1-63,0,0; 2:1-63,0,0; 0 1 2:0-0,1,0;",
    "no-fine-colour": "0 1 2:0-0,0,0; 0:1-63,0,0;",
    "narrow": "0:0-0,0,0; 1 2:0-0,0,0; 0:1-2,0,0; 0:3-63,0,0; 1:1-8,0,0; 1:9-63,0,0; 2:1-8,0,0; 2:9-63,0,0;",
}
UNFINISHED = {
    "coarse": "0 1 2:0-0,0,1; 0:1-63,0,0; 1:1-63,0,0; 2:1-63,0,0;",
    "brightness-begun": "0 1 2:0-0,0,0; 0:1-5,0,0;",
    "bits-missing": "0 1 2:0-0,0,0; 0:1-63,0,1; 1:1-63,0,0; 2:1-63,0,0;",
}
MIXED = [
    "1x1,2x1,1x1", "1x1,2x2,1x1", "2x2,1x2,2x1", "2x2,2x1,2x1", "1x2,2x1,1x1", "4x2,2x1,2x1", "2x1,1x1,2x1",
    "2x2,2x2,1x1", "2x2,1x1,2x2", "4x1,2x1,1x1", "1x1,1x1,2x2", "1x1,4x2,2x1", "1x2,1x1,1x2", "2x1,2x2,2x2",
]


def drawing():
    """A picture with edges, a gradient and noise."""
    noise = np.random.default_rng(20).integers(-30, 31, (HEIGHT, WIDTH, 3))
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    colours = np.stack([255 * x / WIDTH, 255 * y / HEIGHT, 128 + 127 * np.sin(x / 3)], axis=2)
    colours[10:20, 12:30] = [240, 30, 60]
    return Image.fromarray((colours + noise).clip(0, 255).astype("uint8"))


def cjpeg(picture, *options, scans=None):
    """A JPEG, or none where cjpeg has no such form."""
    plain = io.BytesIO()
    picture.save(plain, "PPM")
    with_scans = []
    if scans is not None:
        Path("/tmp/make-forms.scans").write_text(scans.replace(";", ";\n"))
        with_scans = ["-scans", "/tmp/make-forms.scans"]
    made = subprocess.run(["cjpeg", *options, *with_scans], input=plain.getvalue(), capture_output=True)
    return made.stdout if made.returncode == 0 else None


def segments(jpeg):
    """The marker segments of a JPEG up to its first scan, and the rest."""
    found, at = [], 2
    while jpeg[at + 1] != 0xDA:
        length = struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
        found.append((jpeg[at + 1], jpeg[at + 4 : at + 2 + length]))
        at += 2 + length
    return found, jpeg[at:]


def joined(found, rest):
    written = (bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content for marker, content in found)
    return b"\xff\xd8" + b"".join(written) + rest


def with_names(jpeg, jfif, adobe, names):
    """The same with other segments that tell the colours, and other names for them."""
    found, rest = segments(jpeg)
    found = [(marker, content) for marker, content in found if marker not in (0xE0, 0xEE)]
    rest = bytearray(rest)
    for index in range(rest[4]):
        rest[5 + 2 * index] = names[index]
    renamed = []
    for marker, content in found:
        if marker == 0xC0:
            content = bytearray(content)
            for index in range(content[5]):
                content[6 + 3 * index] = names[index]
        renamed.append((marker, bytes(content)))
    if adobe is not None:
        renamed.insert(0, (0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([adobe])))
    if jfif:
        renamed.insert(0, (0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"))
    return joined(renamed, bytes(rest))


def cmyk_sampled(picture, sampling):
    """Four inks of several sizes: four grey JPEGs, each of the size of its ink, with their scans under one frame."""
    factors = [tuple(int(factor) for factor in ink.split("x")) for ink in sampling.split(",")]
    most = [max(factor[axis] for factor in factors) for axis in (0, 1)]
    tables, scans = None, b""
    for name, ((across, down), ink) in enumerate(zip(factors, picture.convert("CMYK").split()), 1):
        size = -(-WIDTH * across // most[0]), -(-HEIGHT * down // most[1])
        found, rest = segments(cjpeg(ImageOps.invert(ink).resize(size), "-grayscale"))
        tables = tables or [(marker, content) for marker, content in found if marker in (0xDB, 0xC4)]
        scans += rest[:5] + bytes([name]) + rest[6:-2]
    entries = (bytes([name, across << 4 | down, 0]) for name, (across, down) in enumerate(factors, 1))
    frame = struct.pack(">BHHB", 8, HEIGHT, WIDTH, 4) + b"".join(entries)
    return joined([*tables, (0xC0, frame)], scans + b"\xff\xd9")


def lossless(samples):
    """A lossless JPEG (ITU-T T.81, annex H): each sample less the one before."""
    height, width, colours = samples.shape
    # Sizes 0 to 8, four bits each.
    tables = bytes([0, 0, 0, 0, 9] + [0] * 12) + bytes(range(9))
    bits = []
    before = np.full(colours, 128)
    for y in range(height):
        for x in range(width):
            for colour in range(colours):
                left = samples[y - 1, 0, colour] if x == 0 and y else before[colour]
                value = int(samples[y, x, colour]) - int(left if x or y else 128)
                before[colour] = samples[y, x, colour]
                size = abs(value).bit_length()
                bits.append(f"{size:04b}")
                if size:
                    bits.append(f"{value if value > 0 else value + (1 << size) - 1:0{size}b}")
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    data = int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")
    names = range(1, colours + 1)
    frame = struct.pack(">BHHB", 8, height, width, colours) + b"".join(bytes([name, 0x11, 0]) for name in names)
    scan = bytes([colours]) + b"".join(bytes([name, 0]) for name in names) + bytes([1, 0, 0])
    segments = [(0xC3, frame), (0xC4, tables)]
    if colours == 3:
        # Red, green and blue.
        segments.insert(0, (0xEE, b"Adobe\0\x64\0\0\0\0\0"))
    header = bytes([0xFF, 0xDA]) + struct.pack(">H", len(scan) + 2) + scan
    return joined(segments, header + data + b"\xff\xd9")


def exif(kind, count, value, order="<"):
    """EXIF data that tells an orientation."""
    head = b"II*\0" if order == "<" else b"MM\0*"
    entry = struct.pack(order + "HHL", 0x0112, kind, count)
    entry += value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(order + "L", 26)
    return head + struct.pack(order + "LH", 8, 1) + entry + bytes(4) + (value if len(value) > 4 else b"")


def with_app1(jpeg, *contents):
    return jpeg[:2] + b"".join(b"\xff\xe1" + struct.pack(">H", len(c) + 2) + c for c in contents) + jpeg[2:]


def chunk(kind, content):
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))


def png_with(png, before=b"", after=b""):
    """A PNG with chunks before its data and after it."""
    at = png.index(b"IDAT") - 4
    return png[:at] + before + png[at:-12] + after + png[-12:]


def saved(picture, form, **options):
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def xmp(number, as_element=False):
    told = f"<tiff:Orientation>{number}</tiff:Orientation>" if as_element else f'<x tiff:Orientation="{number}"/>'
    return f"<x:xmpmeta>{told}</x:xmpmeta>".encode()


def scan_data(jpeg):
    """Where the data of each scan begin and end."""
    at, found = 2, []
    while jpeg[at + 1] != 0xD9:
        start = at + 2 + struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
        is_scan, at = jpeg[at + 1] == 0xDA, start
        if is_scan:
            while jpeg[at] != 0xFF or jpeg[at + 1] == 0 or 0xD0 <= jpeg[at + 1] <= 0xD7:
                at += 1
            found.append((start, at))
    return found


def with_data(jpeg, at, data):
    return jpeg[:at] + data + jpeg[at + len(data) :]


def complaint(jpeg):
    """What libjpeg says of a file that it decodes all the same."""
    told = subprocess.run(["djpeg", "-outfile", "/dev/null"], input=jpeg, capture_output=True, check=False)
    return told.stderr.decode()


def turned_over(jpeg, start, end, complains):
    """The first change of one byte in a scan of which libjpeg says that."""
    for at in range(start + (end - start) // 3, end - 1):
        for bits in (0x10, 0x41, 0xA5):
            changed = jpeg[at] ^ bits
            if 0xFF not in (jpeg[at - 1], jpeg[at], jpeg[at + 1], changed):
                made = with_data(jpeg, at, bytes([changed]))
                if complains(complaint(made)):
                    return made
    return None


def damaged_scans(picture):
    """Scans with noughts in place of data, with too many or too few, with a code that is none."""
    progressive = cjpeg(picture, "-quality", "95", scans=PROGRESS["long"])
    for number, (start, end) in enumerate(scan_data(progressive)):
        hole = bytes((end - start) // 2)
        made = with_data(progressive, start + len(hole) // 2, hole)
        # Bits that refine coefficients may be noughts alone, and libjpeg sees nothing in that either.
        if end - start >= 100 and complaint(made):
            yield f"suspect-progressive-hole-{number}", made
    arithmetic = cjpeg(picture, "-quality", "95", "-arithmetic")
    start, end = scan_data(arithmetic)[0]
    yield "suspect-arithmetic-hole", with_data(arithmetic, (start + end) // 2, bytes(100))
    plain = cjpeg(picture, "-quality", "95")
    start, end = scan_data(plain)[0]

    def has_bytes_left(told):
        return "extraneous" in told and int(told.split("data: ")[1].split()[0]) > 8

    def is_no_code(told):
        return "bad Huffman code" in told

    yield "suspect-bytes-left", turned_over(plain, start, end, has_bytes_left)
    restarts = cjpeg(picture, "-quality", "95", "-restart", "1")
    yield "suspect-bytes-left-restarts", turned_over(restarts, *scan_data(restarts)[0], has_bytes_left)
    yield "suspect-no-code", turned_over(plain, start, end, is_no_code)
    for number, (start, end) in enumerate(scan_data(progressive)):
        if end - start >= 60:
            yield f"suspect-progressive-no-code-{number}", turned_over(progressive, start, end, is_no_code)
    # What cameras put behind the data of a scan.
    end = scan_data(plain)[0][1]
    for name, filling in (("noughts", bytes(200)), ("ones", b"\xff" * 40), ("word", b"\x5a\x12\x07"), ("both", b"\x31" + bytes(99))):
        yield f"filled-{name}", plain[:end] + filling + plain[end:]
        yield f"filled-{name}-progressive", progressive[:-2] + filling + progressive[-2:]


def jpegs():
    picture = drawing()
    for across in range(1, 5):
        for down in range(1, 5):
            for process in ("", "-progressive", "-arithmetic"):
                made = cjpeg(picture, "-sample", f"{across}x{down}", *process.split())
                yield f"sampled-{across}x{down}{process or '-baseline'}", made
    for mixed in MIXED:
        name = mixed.replace(",", "-")
        yield f"mixed-{name}", cjpeg(picture, "-sample", mixed)
        yield f"mixed-{name}-progressive", cjpeg(picture, "-sample", mixed, "-progressive")
    for name, scans in SCANS.items():
        for sampling in ("1x1", "2x1", "1x2", "2x2"):
            yield f"scans-{name}-{sampling}", cjpeg(picture, "-sample", sampling, scans=scans)
        yield f"scans-{name}-restarts", cjpeg(picture, "-restart", "2B", scans=scans)
        yield f"scans-{name}-arithmetic", cjpeg(picture, "-arithmetic", scans=scans)
    for name, scans in PROGRESS.items():
        yield f"progress-{name}", cjpeg(picture, scans=scans)
        # Where fine structure is missing libjpeg guesses it; with arithmetic coding our decoder does not.
        if name != "no-fine-colour":
            yield f"progress-{name}-arithmetic", cjpeg(picture, "-arithmetic", scans=scans)
    for name, scans in UNFINISHED.items():
        yield f"suspect-{name}", cjpeg(picture, scans=scans)
    # Every block has the same first coefficients, whose codes are noughts alone.
    slope = Image.fromarray(np.add.outer(2 * np.arange(96), np.arange(96)).astype(np.uint8)).convert("RGB")
    for turned in (slope, slope.transpose(Image.Transpose.FLIP_LEFT_RIGHT), slope.rotate(180), slope.rotate(90)):
        for quality in ("75", "90"):
            name = f"slope-{quality}-{turned.getpixel((0, 0))[0]}"
            yield name, cjpeg(turned, "-quality", quality, scans=PROGRESS["narrow"])
    yield "restarts", cjpeg(picture, "-restart", "1B")
    yield "restarts-progressive", cjpeg(picture, "-restart", "1", "-progressive")
    yield "coarse", cjpeg(picture, "-quality", "2")
    yield "fine", cjpeg(picture, "-quality", "100", "-sample", "1x1")
    yield "grey", cjpeg(picture, "-grayscale")
    yield "grey-sampled", cjpeg(picture, "-grayscale", "-sample", "2x2")
    yield "grey-progressive", cjpeg(picture, "-grayscale", "-progressive")
    yield "rgb", cjpeg(picture, "-rgb")
    yield "cmyk", saved(picture.convert("CMYK"), "JPEG")
    yield "cmyk-progressive", saved(picture.convert("CMYK"), "JPEG", progressive=True)
    for mixed in ("2x2,1x1,1x1,2x2", "2x2,2x2,2x2,1x1", "1x1,1x1,1x1,2x2", "1x2,2x1,1x1,2x2"):
        made = cmyk_sampled(picture, mixed)
        yield f"cmyk-{mixed.replace(',', '-')}", made
        yield f"ycck-{mixed.replace(',', '-')}", with_names(made, False, 2, (1, 2, 3, 4))
    colours = {"ycc": cjpeg(picture), "rgb": cjpeg(picture, "-rgb"), "cmyk": saved(picture.convert("CMYK"), "JPEG")}
    for kind, jpeg in colours.items():
        for jfif in (False, True):
            for adobe in (None, 0, 1, 2):
                for names in ((1, 2, 3, 4), (0, 1, 2, 3), (82, 71, 66, 65)):
                    if jfif and names[0] == 0:
                        continue
                    told = f"{'jfif' if jfif else 'no-jfif'}-adobe-{'none' if adobe is None else adobe}"
                    yield f"named-{kind}-{told}-{names[0]}", with_names(jpeg, jfif, adobe, names)
    yield "named-all-1", with_names(colours["ycc"], True, None, (1, 1, 1, 1))
    for width, height in ((1, 1), (2, 3), (7, 9), (8, 8), (17, 15), (33, 1), (1, 33)):
        small = picture.resize((width, height))
        for sampling in ("1x1", "2x1", "2x2"):
            yield f"size-{width}x{height}-{sampling}", cjpeg(small, "-sample", sampling)
    samples = np.asarray(picture)
    yield "lossless-grey", lossless(np.asarray(picture.convert("L"))[:, :, None])
    yield "lossless-rgb", lossless(samples)
    plain = cjpeg(picture)
    yield "suspect-cut-with-end", plain[: len(plain) * 7 // 10] + b"\xff\xd9"
    yield "suspect-cut", plain[: len(plain) * 7 // 10]
    hole = bytearray(plain)
    hole[len(plain) * 6 // 10 : -2] = bytes(len(hole[len(plain) * 6 // 10 : -2]))
    yield "suspect-hole", bytes(hole)
    middle = bytearray(plain)
    middle[len(plain) * 6 // 10 : len(plain) * 7 // 10] = bytes(len(middle[len(plain) * 6 // 10 : len(plain) * 7 // 10]))
    yield "suspect-hole-in-middle", bytes(middle)
    scans = cjpeg(picture, scans=SCANS["each"])
    yield "suspect-scan-missing", scans[: scans.rindex(b"\xff\xda")] + b"\xff\xd9"
    split = cjpeg(picture, scans=SCANS["luma-chroma"])
    yield "suspect-luma-chroma-cut", split[:-60] + b"\xff\xd9"
    progressive = cjpeg(picture, "-progressive")
    yield "suspect-progressive-cut", progressive[: progressive.rindex(b"\xff\xda")] + b"\xff\xd9"
    yield from damaged_scans(picture)
    at = plain.index(b"\xff\xc0")
    yield "unsupported-12-bits", plain[: at + 4] + b"\x0c" + plain[at + 5 :]
    yield "unsupported-hierarchical", plain.replace(b"\xff\xc0", b"\xff\xc5")
    yield "unsupported-jpeg-ls", plain.replace(b"\xff\xc0", b"\xff\xf7")
    yield "unsupported-uneven", cjpeg(picture, "-sample", "3x1,2x1,1x1") or None


def tiff_with(picture, tag, kind, value, order="<", packed=False):
    """A TIFF of one strip, with one more tag."""
    data = zlib.compress(picture.tobytes()) if packed else picture.tobytes()
    long = lambda number: struct.pack(order + "L", number)
    short = lambda *numbers: struct.pack(order + "H" * len(numbers), *numbers)
    entries = {
        256: (4, long(picture.width)), 257: (4, long(picture.height)), 258: (3, short(8, 8, 8)),
        259: (3, short(8 if packed else 1)), 262: (3, short(2)), 273: (4, long(8)), 277: (3, short(3)),
        279: (4, long(len(data))), tag: (kind, value),
    }
    widths = {3: 2, 4: 4, 5: 8, 10: 8}
    directory, beyond = b"", data + bytes(len(data) % 2)
    for number, (kind, value) in sorted(entries.items()):
        directory += struct.pack(order + "HHL", number, kind, len(value) // widths.get(kind, 1))
        directory += value.ljust(4, b"\0") if len(value) <= 4 else long(8 + len(beyond))
        beyond += value if len(value) > 4 else b""
    head = (b"II*\0" if order == "<" else b"MM\0*") + long(8 + len(beyond))
    return head + beyond + short(len(entries)) + directory + bytes(4)


def turned():
    picture = drawing().transpose(Image.Transpose.ROTATE_90)
    jpeg = cjpeg(picture, "-quality", "90")
    jpeg = jpeg[:2] + jpeg[20:]
    segment = lambda data: b"Exif\0\0" + data
    for number in range(1, 10):
        yield f"short-{number}.jpg", with_app1(jpeg, segment(exif(3, 1, struct.pack("<H", number))))
    kinds = {
        "big-endian": exif(3, 1, struct.pack(">H", 6), ">"),
        "long": exif(4, 1, struct.pack("<L", 6)),
        "signed-long": exif(9, 1, struct.pack("<l", 6)),
        "signed-short": exif(8, 1, struct.pack("<h", 6)),
        "signed-byte": exif(6, 1, b"\6"),
        "byte": exif(1, 1, b"\6"),
        "text": exif(2, 2, b"6\0"),
        "rational": exif(5, 1, struct.pack("<LL", 12, 2)),
        "double": exif(12, 1, struct.pack("<d", 6)),
        "signed-rational": exif(10, 1, struct.pack("<ll", -6, -1)),
        "cut": exif(5, 1, struct.pack("<LL", 12, 2))[:-4],
        "mixed-header-big": b"MM*\0" + exif(3, 1, struct.pack(">H", 6), ">")[4:],
        "mixed-header-little": b"II\0*" + exif(3, 1, struct.pack("<H", 6))[4:],
        "two": exif(3, 2, struct.pack("<HH", 6, 1)),
        "three": exif(3, 3, struct.pack("<HHH", 6, 1, 1)),
    }
    for name, data in kinds.items():
        yield f"{name}.jpg", with_app1(jpeg, segment(data))
    six, one = (segment(exif(3, 1, struct.pack("<H", number))) for number in (6, 1))
    adobe = lambda text: b"http://ns.adobe.com/xap/1.0/\0" + text
    yield "two-segments-6-1.jpg", with_app1(jpeg, six, one)
    yield "two-segments-1-6.jpg", with_app1(jpeg, one, six)
    yield "xmp.jpg", with_app1(jpeg, adobe(xmp(6)))
    yield "xmp-element.jpg", with_app1(jpeg, adobe(xmp(8, True)))
    yield "xmp-twice.jpg", with_app1(jpeg, adobe(xmp(6)), adobe(xmp(1)))
    yield "exif-before-xmp.jpg", with_app1(jpeg, adobe(xmp(6)), one)
    for name, data in (("garbage", b"garbage, no TIFF"), ("short", b"II*\0"), ("empty", b""), ("cut", kinds["cut"])):
        yield f"xmp-and-{name}.jpg", with_app1(jpeg, segment(data), adobe(xmp(6)))
    for name, content in (("exif", six), ("xmp", adobe(xmp(6)))):
        yield f"{name}-after-scan.jpg", jpeg[:-2] + with_app1(b"", content) + jpeg[-2:]
    png = saved(picture, "PNG")
    data = exif(3, 1, struct.pack("<H", 6))
    profile = f"\nexif\n{len(data) + 6:8}\n{(b'Exif' + bytes(2) + data).hex()}\n".encode()
    key = b"Raw profile type exif\0"
    yield "before.png", png_with(png, chunk(b"eXIf", data))
    yield "after.png", png_with(png, after=chunk(b"eXIf", data))
    yield "profile.png", png_with(png, chunk(b"tEXt", key + profile))
    yield "profile-packed.png", png_with(png, chunk(b"zTXt", key + b"\0" + zlib.compress(profile)))
    yield "profile-international.png", png_with(png, chunk(b"iTXt", key + b"\0\0\0\0" + profile))
    yield "xmp.png", png_with(png, chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(3)))
    yield "xmp-packed.png", png_with(png, chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp(5))))
    yield "after-end.png", png + chunk(b"eXIf", data)
    yield "xmp-after-end.png", png + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(6))
    for name, kind, value in (("short", 3, struct.pack("<H", 6)), ("byte", 1, b"\6"), ("signed-byte", 6, b"\6"),
                              ("rational", 5, struct.pack("<LL", 12, 2)), ("unknown", 99, b"\6"),
                              ("signed-rational", 10, struct.pack("<ll", 6, 1))):
        yield f"{name}.tif", tiff_with(picture, 274, kind, value)
    yield "rational-packed.tif", tiff_with(picture, 274, 5, struct.pack("<LL", 12, 2), packed=True)
    yield "mixed-header-little.tif", b"II\0*" + tiff_with(picture, 274, 3, struct.pack("<H", 6))[4:]
    yield "mixed-header-big.tif", b"MM*\0" + tiff_with(picture, 274, 3, struct.pack(">H", 6), ">")[4:]
    yield "exif.webp", saved(picture, "WEBP", lossless=True, exif=data)
    yield "xmp.webp", saved(picture, "WEBP", lossless=True, xmp=xmp(7))


def packed_bmp(indices, colours, runs):
    palette = b"".join(bytes([colour[2], colour[1], colour[0], 0]) for colour in colours)
    height, width = indices.shape
    start = 54 + len(palette)
    head = struct.pack("<LiiHHLLllLL", 40, width, height, 1, 8, 1, len(runs), 0, 0, len(colours), 0)
    return b"BM" + struct.pack("<LHHL", start + len(runs), 0, 0, start) + head + palette + runs


def png_of(picture, depth=8, interlaced=False, packed=None):
    """A PNG whose rows are not filtered, with its data in several chunks. `packed` changes them."""
    samples = np.asarray(picture)
    colours = {"L": 0, "RGB": 2, "P": 3, "RGBA": 6}[picture.mode]
    starts = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b""
    for x, y, across, down in starts if interlaced else [(0, 0, 1, 1)]:
        for row in samples[y::down, x::across]:
            bits = "".join(f"{sample:08b}"[:depth] if colours != 3 else f"{sample:0{depth}b}" for sample in row.flat)
            rows += b"\0" + int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    data = zlib.compress(rows)
    data = packed(data) if packed else data
    head = chunk(b"IHDR", struct.pack(">LLBBBBB", WIDTH, HEIGHT, depth, colours, 0, 0, interlaced))
    palette = chunk(b"PLTE", bytes(picture.getpalette())) if colours == 3 else b""
    parts = b"".join(chunk(b"IDAT", data[at : at + 500]) for at in range(0, len(data), 500))
    return b"\x89PNG\r\n\x1a\n" + head + palette + parts + chunk(b"IEND", b"")


def with_wrong_sum(png, kind, index=0):
    """The PNG with another sum behind a chunk of this kind."""
    at = 0
    for _ in range(index + 1):
        at = png.index(kind, at + 1)
    end = at + 4 + struct.unpack(">L", png[at - 4 : at])[0]
    return png[:end] + bytes([png[end] ^ 1]) + png[end + 1 :]


def damaged_pngs(picture):
    """PNGs that lack rows, or whose bytes do not add up."""
    grey, palette, alpha = picture.convert("L"), picture.quantize(16), picture.convert("RGBA")
    forms = {"rgb": (picture, 8), "grey": (grey, 8), "grey-2": (grey, 2), "palette-4": (palette, 4), "rgba": (alpha, 8)}
    spoilt = lambda data: data[: len(data) * 6 // 10] + bytes(20) + data[len(data) * 6 // 10 + 20 :]
    for name, (form, depth) in forms.items():
        for interlaced in (False, True):
            kind = f"{name}-interlaced" if interlaced else name
            plain = png_of(form, depth, interlaced)
            yield f"plain-{kind}.png", plain
            yield f"suspect-cut-{kind}.png", plain[: len(plain) * 6 // 10]
            yield f"suspect-short-{kind}.png", png_of(form, depth, interlaced, lambda data: data[: len(data) * 6 // 10])
            yield f"suspect-spoilt-{kind}.png", png_of(form, depth, interlaced, spoilt)
    wrong_sum = lambda data: data[:-1] + bytes([data[-1] ^ 1])
    yield "suspect-adler.png", png_of(picture, packed=wrong_sum)
    plain = png_of(picture)
    # Data have a sum of their own inside.
    yield "sum-of-data.png", with_wrong_sum(plain, b"IDAT", 1)
    yield "sum-of-text-behind.png", with_wrong_sum(png_with(plain, after=chunk(b"tEXt", b"Comment\0a text")), b"tEXt")
    with_text = png_with(plain, chunk(b"tEXt", b"Comment\0a text"))
    yield "suspect-sum-of-text.png", with_wrong_sum(with_text, b"tEXt")
    yield "suspect-sum-of-palette.png", with_wrong_sum(png_of(palette, 4), b"PLTE")
    yield "unreadable-header.png", with_wrong_sum(plain, b"IHDR")
    yield "unreadable-data.png", png_of(picture, packed=lambda data: bytes(20) + data[20:])


def damaged_gifs(picture):
    """GIFs that lack pixels."""
    indexed = picture.quantize(200)
    for name, interlaced in (("plain", False), ("interlaced", True)):
        gif = saved(indexed, "GIF", interlace=interlaced)
        # The picture's data come after its colours, its place and the size of codes, in blocks of 255 bytes and less.
        first = 13 + 3 * 256 + 11
        yield f"{name}.gif", gif
        yield f"suspect-cut-{name}.gif", gif[: first + 4 * 256]
        yield f"suspect-short-{name}.gif", gif[: first + 4 * 256] + b"\0;"
        broken = bytearray(gif)
        broken[first + 700 : first + 710] = b"\xff" * 10
        yield f"suspect-spoilt-{name}.gif", bytes(broken)
        lower = bytearray(gif)
        lower[first - 4] -= 5
        yield f"suspect-more-codes-{name}.gif", bytes(lower)
        yield f"suspect-noise-{name}.gif", gif[: 13 + 3 * 256] + b"noise" + gif[13 + 3 * 256 :]


def wholes():
    """Files with and without all of their data, and keys of colours."""
    picture = drawing()
    small = picture.quantize(16)
    indices = np.asarray(small)
    colours = np.asarray(small.getpalette()[:48]).reshape(-1, 3).tolist()
    runs = b""
    for row in indices[::-1]:
        at = 0
        while at < len(row):
            count = 1
            while at + count < len(row) and row[at + count] == row[at]:
                count += 1
            runs += bytes([count, row[at]])
            at += count
        runs += b"\0\0"
    yield "packed.bmp", packed_bmp(indices, colours, runs + b"\0\1")
    yield "suspect-packed-cut.bmp", packed_bmp(indices, colours, runs[: len(runs) // 4 * 2] + b"\0\1")
    hole = runs[: len(runs) // 4 * 2] + bytes(len(runs) // 4 * 2) + b"\0\1"
    yield "suspect-packed-hole.bmp", packed_bmp(indices, colours, hole)
    png = saved(picture, "PNG")
    yield "suspect-without-end.png", png[:-12]
    webp = saved(picture, "WEBP", lossless=True)
    yield "suspect-chunk-too-long.webp", webp[:16] + struct.pack("<L", len(webp)) + webp[20:]
    yield from damaged_pngs(picture)
    yield from damaged_gifs(picture)
    deep = np.asarray(picture).astype(">u2") * 257
    deep[5:15, 5:15] = 0
    rows = b"".join(b"\0" + row.tobytes() for row in deep)
    for name, key in (("black", (0, 0, 0)), ("beyond", (0, 0, 256)), ("low", (7, 7, 7))):
        head = chunk(b"IHDR", struct.pack(">LLBBBBB", WIDTH, HEIGHT, 16, 2, 0, 0, 0))
        told = chunk(b"tRNS", struct.pack(">HHH", *key))
        yield f"key-16-{name}.png", b"\x89PNG\r\n\x1a\n" + head + told + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def seen(picture):
    """The pixels that the reference pipeline gives to the model: a transparent colour becomes white."""
    key = picture.info.get("transparency")
    if isinstance(key, tuple):
        rgba = picture.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    return picture.convert("RGB")


def golden(content, name):
    """What Pillow says of a file."""
    # A file with a part of its data has the pixels of a decoder that goes on; Pillow may refuse it.
    state = next((word for word in ("suspect", "unsupported", "unreadable") if name.startswith(word)), "ok")
    ImageFile.LOAD_TRUNCATED_IMAGES = state == "suspect" and not name.endswith(".jpg")
    try:
        picture = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
        pixels = seen(picture)
    except (OSError, ValueError, SyntaxError) as error:
        if state == "ok":
            raise SystemExit(f"{name}: {error}")
        return {"state": state}
    told = {"state": state, "width": pixels.width, "height": pixels.height}
    if state in ("ok", "suspect"):
        told["rgb_sha256"] = hashlib.sha256(pixels.tobytes()).hexdigest()
    return told


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent)
    folder = parser.parse_args().output / "decode"
    warnings.simplefilter("ignore")
    told = {}
    named_jpegs = ((f"{name}.jpg", content) for name, content in jpegs() if content)
    named_bitmaps = ((f"{name}.bmp", content) for name, content in bitmaps(drawing()))
    kinds = {"jpeg": named_jpegs, "turned": turned(), "whole": wholes(), "bmp": named_bitmaps}
    for kind, files in kinds.items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for name, content in files:
            (folder / kind / name).write_bytes(content)
            told[f"{kind}/{name}"] = golden(content, name)
    (folder / "forms.json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")
    print(len(told), "files")


if __name__ == "__main__":
    main()
