#!/usr/bin/env python3
"""Make the fixtures of the parity tests: checkpoints, pictures and reference answers.

What it makes, beside this file or in the folder given with --output:

  clip/         a small CLIP checkpoint with random weights, laid out as published today
  clip-legacy/  another one, written the way old repositories are
  clip-onnx/    the towers of clip/ as two ONNX files, without safetensors
  pictures/     small drawings, each in a form that decoders or preprocessing get wrong
  golden.json   what transformers' zero-shot-image-classification pipeline answers for them

The weights and the drawings come from seeds, so a second run with the same package
versions makes the same bytes. Other versions may compress pictures or write graphs
differently; the answers recorded in golden.json always belong to the files beside it.

    pip install torch==2.15.0 transformers==5.23.0 torchvision==0.29.2 pillow==13.0.0 \\
                tokenizers==0.23.3 safetensors==0.8.0 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
    python make_fixtures.py [--output FOLDER]

It takes less than a minute on a processor and needs neither a network nor a GPU.
"""

import argparse
import hashlib
import io
import json
import math
import os
import shutil
import struct
import unicodedata
import warnings
import zlib
from collections import Counter
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read on import: everything is made here

import numpy as np
import onnx
import onnxruntime
import PIL
import torch
import transformers
from PIL import Image, ImageDraw, ImageOps
from transformers import AutoImageProcessor, AutoTokenizer, CLIPConfig, CLIPModel, CLIPTokenizer, pipeline
from transformers.image_transforms import convert_to_rgb
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

TEMPLATE = "This is a photo of {}."

# Each label but the first two is there for something a tokenizer has to get right.
LABELS = [
    "fire",
    "screenshot of a map",
    "people, indoors",
    "Caf\u00e9 in M\u00e1laga",
    "MiG-29 jet, 1987",
    "a driver's licence",
    unicodedata.normalize("NFD", "cr\u00e8me br\u00fbl\u00e9e"),  # accents as characters of their own
]


# ---------------------------------------------------------------------------------------
# Tokenizer: byte-level byte-pair encoding with an end-of-word mark, as CLIP's
# ---------------------------------------------------------------------------------------

BOS, EOS = "<|startoftext|>", "<|endoftext|>"
WORD_END = "</w>"
CONTEXT_LENGTH = 77
VOCABULARY_SIZE = 600

CORPUS = """
this is a photo of a fire in a forest at night . this is a photo of people , indoors .
this is a screenshot of a map . this is a screenshot of a page with a headline and a picture .
a photo of a caf\u00e9 in a street . a photo of a man , a woman and a child at a table .
a photo of a driver's licence , a passport , a letter and other documents .
a photo of a jet on a runway . a photo of a tank , a truck and a car on the road .
a photo of smoke over a building . a photo of a building before and after the fire .
people in the street , people with flags , people in front of a building .
a drawing of a house . a picture of a picture . a chart with numbers . a screen with text .
a photo of food on a plate . a photo of a dog . a photo of a cat , sleeping .
""".split("\n")


def byte_characters():
    """The character that stands for each byte: itself where it prints, else one from 256 up."""
    prints = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in prints]
    return [chr(byte) for byte in prints] + [chr(256 + place) for place in range(len(others))]


def corpus_words():
    """The words of the corpus as CLIP splits them, each a tuple of symbols, with its count."""
    splitter = CLIPTokenizer().backend_tokenizer
    words = Counter()
    for line in CORPUS:
        pieces = splitter.pre_tokenizer.pre_tokenize_str(splitter.normalizer.normalize_str(line))
        words.update(tuple(word[:-1]) + (word[-1] + WORD_END,) for word, _ in pieces)
    return words


def join_pair(word, pair):
    """`word` with every occurrence of the two symbols of `pair` written as one."""
    joined, place = [], 0
    while place < len(word):
        if word[place : place + 2] == pair:
            joined.append(pair[0] + pair[1])
            place += 2
        else:
            joined.append(word[place])
            place += 1
    return tuple(joined)


def train_merges(words, how_many):
    """The commonest neighbours, joined one pair after the other; ties go by alphabet."""
    merges = []
    while len(merges) < how_many:
        pairs = Counter()
        for word, count in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += count
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = {join_pair(word, best): count for word, count in words.items()}
    return merges


def make_tokenizer():
    """The vocabulary in CLIP's order: bytes, bytes that end a word, merges, start, end.

    The end mark has the highest id, on which the old way of pooling (argmax) relies.
    """
    characters = byte_characters()
    merges = train_merges(corpus_words(), VOCABULARY_SIZE - 2 * len(characters) - 2)
    symbols = characters + [character + WORD_END for character in characters]
    symbols += [left + right for left, right in merges] + [BOS, EOS]
    vocabulary = {symbol: index for index, symbol in enumerate(symbols)}
    assert len(vocabulary) == VOCABULARY_SIZE
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=CONTEXT_LENGTH)
    return tokenizer, vocabulary, merges


# ---------------------------------------------------------------------------------------
# Checkpoints
# ---------------------------------------------------------------------------------------

OPENAI_MEAN = [0.48145466, 0.4578275, 0.40821073]
OPENAI_STD = [0.26862954, 0.26130258, 0.27577711]

CLIP_CONFIG = {
    "projection_dim": 24,
    "text_config": {
        "vocab_size": VOCABULARY_SIZE,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": CONTEXT_LENGTH,
        "hidden_act": "quick_gelu",
        "bos_token_id": VOCABULARY_SIZE - 2,
        "eos_token_id": VOCABULARY_SIZE - 1,
        "pad_token_id": VOCABULARY_SIZE - 1,
    },
    "vision_config": {
        "hidden_size": 48,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "image_size": 64,
        "patch_size": 8,
        "hidden_act": "quick_gelu",
    },
}

CLIP_PREPROCESSING = {
    "crop_size": {"height": 64, "width": 64},
    "do_center_crop": True,
    "do_convert_rgb": True,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": OPENAI_MEAN,
    "image_processor_type": "CLIPImageProcessor",
    "image_std": OPENAI_STD,
    "resample": 3,
    "rescale_factor": 0.00392156862745098,
    "size": {"shortest_edge": 64},
}

# Only what differs from the defaults of CLIP's configuration: 8 and 12 heads, 77 positions,
# 3 channels and an epsilon of 1e-5 go without saying. `eos_token_id` is the 2 that old
# files carry by mistake; it means "pool at the highest id".
LEGACY_CONFIG = {
    "architectures": ["CLIPModel"],
    "model_type": "clip",
    "projection_dim": 24,
    "text_config": {
        "bos_token_id": 0,
        "eos_token_id": 2,
        "hidden_act": "gelu",
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "vocab_size": VOCABULARY_SIZE,
    },
    "text_config_dict": None,
    "torch_dtype": "float16",
    "vision_config": {
        "hidden_act": "gelu",
        "hidden_size": 48,
        "image_size": 48,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "patch_size": 16,
    },
    "vision_config_dict": None,
}

LEGACY_PREPROCESSING = {
    "crop_size": 48,
    "do_center_crop": True,
    "do_normalize": True,
    "do_resize": True,
    "feature_extractor_type": "CLIPFeatureExtractor",
    "image_mean": OPENAI_MEAN,
    "image_std": OPENAI_STD,
    "resample": 3,
    "size": 48,
}

LEGACY_TOKENIZER_CONFIG = {
    "add_prefix_space": False,
    "bos_token": BOS,
    "do_lower_case": True,
    "eos_token": EOS,
    "errors": "replace",
    "model_max_length": CONTEXT_LENGTH,
    "pad_token": EOS,
    "tokenizer_class": "CLIPTokenizer",
    "unk_token": EOS,
}


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


# Gain of the matrices of each tower. Too weak and all answers are alike; too strong and
# one label gets everything. With these, and small position embeddings, the logits of a
# picture lie about ten units apart and several labels win somewhere.
TOWER_GAIN = {"text_model": 0.7, "vision_model": 1.2}


def random_values(name, shape, noise):
    """Values for one parameter: norms near 1, biases and positions small, matrices by fan-in."""
    values = noise.standard_normal(shape)
    if "norm" in name and name.endswith("weight"):
        return 1 + 0.1 * values
    if name.endswith("bias") or "position_embedding" in name or "class_embedding" in name:
        return 0.1 * values
    if "token_embedding" in name:
        return 0.5 * values
    return TOWER_GAIN.get(name.split(".")[0], 1.0) * values / math.sqrt(math.prod(shape[1:]))


def randomise(model, seed):
    """Draw all weights. NumPy's RandomState, because its stream is frozen for good."""
    noise = np.random.RandomState(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            parameter.copy_(torch.from_numpy(np.asarray(random_values(name, parameter.shape, noise))))
        model.logit_scale.fill_(math.log(100))  # where training leaves it
    return model.eval()


def make_clip(folder, tokenizer):
    model = randomise(CLIPModel(CLIPConfig(**CLIP_CONFIG)), seed=7)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_json(folder / "preprocessor_config.json", CLIP_PREPROCESSING)


def make_legacy(folder, tokenizer, vocabulary, merges):
    """Half-precision weights, sparse configuration, vocab.json and merges.txt only."""
    model = randomise(CLIPModel(CLIPConfig(**LEGACY_CONFIG)), seed=7).half()
    model.save_pretrained(folder)
    write_json(folder / "config.json", LEGACY_CONFIG)
    write_json(folder / "preprocessor_config.json", LEGACY_PREPROCESSING)
    write_json(folder / "tokenizer_config.json", LEGACY_TOKENIZER_CONFIG)
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2"] + [" ".join(pair) for pair in merges]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


class VisionTower(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.tower, self.projection = model.vision_model, model.visual_projection

    def forward(self, pixel_values):
        output = self.tower(pixel_values)
        return self.projection(output.pooler_output), output.last_hidden_state


class TextTower(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.tower, self.projection = model.text_model, model.text_projection

    def forward(self, input_ids):
        output = self.tower(input_ids)
        return self.projection(output.pooler_output), output.last_hidden_state


def export(tower, example, path, input_name, output_name, sized):
    """One tower as published exports have it: projected, not normalised, of any size in `sized`."""
    axes = {input_name: sized, output_name: {0: "batch_size"}, "last_hidden_state": sized}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's notices that it is the older one
        torch.onnx.export(
            tower.eval(),
            (example,),
            str(path),
            input_names=[input_name],
            output_names=[output_name, "last_hidden_state"],
            dynamic_axes=axes,
            opset_version=14,
            dynamo=False,  # published exports come from this exporter
        )


def make_onnx(folder, clip):
    """The towers of the checkpoint in `clip`, with the same small files beside them."""
    (folder / "onnx").mkdir()
    for name in ["config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"]:
        shutil.copyfile(clip / name, folder / name)
    model = CLIPModel.from_pretrained(clip)
    vision, text = VisionTower(model), TextTower(model)
    batch, sequence = {0: "batch_size"}, {0: "batch_size", 1: "sequence_length"}
    side = CLIP_CONFIG["vision_config"]["image_size"]
    noise = np.random.RandomState(3).standard_normal((3, 3, side, side))
    pixels = torch.from_numpy(noise.astype(np.float32))
    end = VOCABULARY_SIZE - 1
    ids = torch.tensor([[end - 1, 5, 9, end, end], [end - 1, 1, 2, 3, end]])
    export(vision, pixels[:2], folder / "onnx/vision_model.onnx", "pixel_values", "image_embeds", batch)
    export(text, ids[:, 1:], folder / "onnx/text_model.onnx", "input_ids", "text_embeds", sequence)
    # Checked with other batch sizes and lengths than were exported.
    check_export(folder / "onnx/vision_model.onnx", vision, pixels)
    check_export(folder / "onnx/text_model.onnx", text, ids[:1])


def check_export(path, tower, example):
    onnx.checker.check_model(str(path))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = session.run(None, {session.get_inputs()[0].name: example.numpy()})
    with torch.no_grad():
        expected = tower(example)
    for left, right in zip(found, expected):
        np.testing.assert_allclose(left, right.numpy(), atol=1e-5)


# ---------------------------------------------------------------------------------------
# Pictures
# ---------------------------------------------------------------------------------------

WIDTH, HEIGHT = 112, 84
GRAIN = 12  # levels of noise: enough to show in the logits, little enough to compress

EXIF_ORIENTATION = 0x0112


def sky(noise, width, height):
    """A gradient between two random colours across and a third one down."""
    left, right, below = noise.randint(0, 256, (3, 3))
    across = np.linspace(0, 1, width)[None, :, None]
    down = np.linspace(0, 1, height)[:, None, None]
    return (left * (1 - across) + right * across) * (1 - down) + below * down


def draw_shapes(draw, noise, width, height):
    """Hard edges between strong colours: what shows how chroma was brought back to size."""
    for _ in range(6):
        x, y = noise.randint(0, width), noise.randint(0, height)
        reach = noise.randint(4, max(6, height // 3))
        colour = tuple(noise.choice([0, 40, 128, 215, 255], 3).tolist())
        shape = [draw.ellipse, draw.rectangle][noise.randint(2)]
        shape([x - reach, y - reach // 2, x + reach, y + reach // 2], fill=colour)
    for _ in range(3):
        ends = noise.randint(0, [width, height, width, height]).tolist()
        draw.line(ends, fill=tuple(noise.randint(0, 256, 3).tolist()), width=2)


def draw_marks(draw, noise, width, height):
    """Rows of short strokes, as print looks from afar."""
    for y in range(height * 2 // 3, height - 4, 6):
        x = 4
        while x < width * 2 // 3:
            length = int(noise.randint(2, 9))
            draw.line([x, y, x + length, y], fill=(20, 20, 30))
            x += length + 3


def drawing(seed, width=WIDTH, height=HEIGHT):
    """One picture of its own for each seed."""
    noise = np.random.RandomState(seed)
    image = Image.fromarray(sky(noise, width, height).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    draw_shapes(draw, noise, width, height)
    draw_marks(draw, noise, width, height)
    pixels = np.asarray(image).astype(int)
    corner = pixels[: height // 3, : width // 3]
    corner += noise.randint(-GRAIN, GRAIN + 1, corner.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def soft_edge(width=WIDTH, height=HEIGHT):
    """Transparency that fades from nothing, at the left, to full, at the right."""
    ramp = np.linspace(-96, 351, width).clip(0, 255).astype(np.uint8)
    return Image.fromarray(np.broadcast_to(ramp, (height, width)).copy())


def with_alpha(seed):
    """Colours go on under the transparent part; the pipeline looks at them all the same."""
    image = drawing(seed).convert("RGBA")
    image.putalpha(soft_edge())
    return image


def separated(image):
    """The four inks of `image`, with all the black they share in the fourth."""
    inks = 255 - np.asarray(image)
    black = inks.min(axis=2, keepdims=True)
    return Image.fromarray(np.concatenate([inks - black, black], axis=2), "CMYK")


def with_palette(seed, colours):
    return drawing(seed).quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def commonest(image):
    """The colour, grey level or palette index that most pixels have."""
    return max(image.getcolors(image.width * image.height))[1]


def exif(orientation):
    data = Image.Exif()
    data[EXIF_ORIENTATION] = orientation
    return data


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def sixteen_bit_png(samples):
    """A 16-bit PNG by hand, as Pillow cannot write colour ones."""
    height, width = samples.shape[:2]
    colour_type = 2 if samples.ndim == 3 else 0
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, data) for kind, data in chunks)


def sixteen_bit(image):
    """Each level spread over 16 bits, with a low byte that tells rounding from cutting off."""
    levels = np.asarray(image).astype(int)
    return levels * 256 + (levels * 7 + 131) % 256


def encoded(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def png_pictures():
    def save(image, **options):
        return encoded(image, "PNG", optimize=True, **options)

    transparent = with_palette(14, 16)
    # A single transparent colour is another matter than alpha: Pillow carries it along as
    # a note, and the image processor then lays the picture on white.
    colour_key, grey_key, palette_key = drawing(24), drawing(25).convert("L"), with_palette(26, 60)
    dark_grey = sixteen_bit(drawing(19, 70, 50).convert("L"))
    dark_grey[:, :35] //= 256  # what stays below 256 is all that Pillow does not turn white
    return {
        "rgb.png": save(drawing(11)),
        "rgba.png": save(with_alpha(12)),
        "palette.png": save(with_palette(13, 200)),
        "palette-transparent.png": save(transparent, transparency=bytes([0, 0, 128, 0] + [255] * 12)),
        "grey.png": save(drawing(15).convert("L")),
        "grey-alpha.png": save(with_alpha(16).convert("LA")),
        "bilevel.png": save(drawing(17).convert("1")),
        "sixteen-bit-rgb.png": sixteen_bit_png(sixteen_bit(drawing(18, 70, 50))),
        "sixteen-bit-grey.png": sixteen_bit_png(dark_grey),
        "exif-6.png": save(drawing(20), exif=exif(6)),
        "colour-key.png": save(colour_key, transparency=commonest(colour_key)),
        "grey-key.png": save(grey_key, transparency=commonest(grey_key)),
        "palette-key.png": save(palette_key, transparency=commonest(palette_key)),
        "one-pixel.png": save(Image.new("RGB", (1, 1), (200, 60, 20))),
        "panorama.png": save(drawing(21, 420, 13)),
        "tower.png": save(drawing(22, 11, 380)),
        "odd-size.png": save(drawing(23, 101, 67)),
    }


def jpeg_pictures():
    def save(image, **options):
        return encoded(image, "JPEG", **{"quality": 85, "optimize": True, **options})

    return {
        "baseline-444.jpg": save(drawing(31), subsampling="4:4:4"),
        "baseline-422.jpg": save(drawing(32), subsampling="4:2:2"),
        "baseline-420.jpg": save(drawing(33), subsampling="4:2:0"),
        "odd-size-420.jpg": save(drawing(34, 107, 71), subsampling="4:2:0"),
        "progressive.jpg": save(drawing(35), subsampling="4:2:0", progressive=True),
        "grey.jpg": save(drawing(36).convert("L")),
        "cmyk.jpg": save(separated(drawing(37))),
        "exif-3.jpg": save(drawing(38), exif=exif(3)),
        "exif-5.jpg": save(drawing(39), exif=exif(5)),
        "exif-6.jpg": save(drawing(40), exif=exif(6)),
        "exif-8.jpg": save(drawing(41), exif=exif(8)),
    }


def other_pictures():
    frames = [drawing(seed) for seed in (51, 52, 53)]
    see_through = with_palette(54, 64)
    gif_frames = [with_palette(seed, 128) for seed in (51, 52, 53)]
    more_frames = {"save_all": True, "append_images": gif_frames[1:], "duration": 80}
    lossless = {"lossless": True, "method": 6}
    return {
        "animated.gif": encoded(gif_frames[0], "GIF", **more_frames),
        "transparent.gif": encoded(see_through, "GIF", transparency=commonest(see_through)),
        "lossy.webp": encoded(drawing(55), "WEBP", quality=80),
        "lossless-alpha.webp": encoded(with_alpha(56), "WEBP", exact=True, **lossless),
        "animated.webp": encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], **lossless),
        "exif-6.webp": encoded(drawing(57), "WEBP", exif=exif(6), **lossless),
        "rgb.bmp": encoded(drawing(58, 80, 60), "BMP"),
        "palette.bmp": encoded(with_palette(59, 256), "BMP"),
        "lzw.tiff": encoded(drawing(60), "TIFF", compression="tiff_lzw"),
        "deflate.tiff": encoded(drawing(61), "TIFF", compression="tiff_adobe_deflate"),
        "exif-6.tiff": encoded(drawing(62), "TIFF", compression="tiff_adobe_deflate", exif=exif(6)),
    }


def make_pictures(folder):
    for name, data in {**png_pictures(), **jpeg_pictures(), **other_pictures()}.items():
        (folder / name).write_bytes(data)


# ---------------------------------------------------------------------------------------
# Reference answers
# ---------------------------------------------------------------------------------------

PREPROCESSED_PICTURE = "odd-size.png"
PREPROCESSED_VALUES = 32


def rounded(values):
    """As many digits as single precision holds."""
    return [float(f"{value:.7g}") for value in values]


def reference_pipeline(folder):
    """The pipeline with Pillow's preprocessing, in single precision whatever the file holds."""
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    assert type(processor) is CLIPImageProcessorPil, type(processor)
    return pipeline(
        "zero-shot-image-classification",
        model=str(folder),
        tokenizer=AutoTokenizer.from_pretrained(folder),
        image_processor=processor,
        dtype=torch.float32,
        device="cpu",
    )


def answer(classifier, path):
    """The pipeline's own three steps, for it does not tell the logits between the last two."""
    inputs = classifier.preprocess(str(path), candidate_labels=LABELS, hypothesis_template=TEMPLATE)
    outputs = classifier.forward(inputs)
    logits = outputs["logits"][0].tolist()
    scores = {row["label"]: row["score"] for row in classifier.postprocess(outputs)}
    return {"logits": rounded(logits), "scores": rounded(scores[label] for label in LABELS)}


def preprocessed(classifier, path):
    inputs = classifier.preprocess(str(path), candidate_labels=LABELS, hypothesis_template=TEMPLATE)
    values = inputs["pixel_values"].double().flatten()
    return {
        "picture": path.name,
        "shape": list(inputs["pixel_values"].shape),
        "first": rounded(inputs["pixel_values"].flatten()[:PREPROCESSED_VALUES].tolist()),
        "sum": rounded([values.sum().item()])[0],
    }


def checkpoint_answers(folder, pictures):
    classifier = reference_pipeline(folder)
    sentences = [TEMPLATE.format(label) for label in LABELS]
    return {
        "input_ids": classifier.tokenizer(sentences)["input_ids"],  # without padding
        "preprocessed": preprocessed(classifier, pictures / PREPROCESSED_PICTURE),
        "answers": {path.name: answer(classifier, path) for path in sorted(pictures.iterdir())},
    }


def digest(pixels):
    return hashlib.sha256(pixels.tobytes()).hexdigest()


def decoded(path):
    """What Pillow makes of the file, before it is resized."""
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    facts = {
        "width": image.width,
        "height": image.height,
        # Of these every decoder must find the same bytes; of others it may be a level off.
        "lossless": path.suffix != ".jpg" and path.name != "lossy.webp",
        "rgb_sha256": digest(image),
    }
    if "transparency" in image.info:
        # The image processor still makes this colour white, so the model sees other bytes.
        facts["white_key"] = image.info["transparency"]
        facts["seen_sha256"] = digest(convert_to_rgb(image, return_numpy=True))
    return facts


def golden(folder):
    pictures = folder / "pictures"
    return {
        "versions": {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "pillow": PIL.__version__,
        },
        "template": TEMPLATE,
        "labels": LABELS,
        "pictures": {path.name: decoded(path) for path in sorted(pictures.iterdir())},
        "checkpoints": {
            "clip": checkpoint_answers(folder / "clip", pictures),
            "clip-legacy": checkpoint_answers(folder / "clip-legacy", pictures),
            "clip-onnx": {"same_as": "clip"},
        },
    }


def golden_text(value, indent=""):
    """JSON in which every dictionary that holds no other is one line: so one line a picture."""
    if not (isinstance(value, dict) and any(isinstance(member, dict) for member in value.values())):
        return json.dumps(value, separators=(",", ":"))
    inner = indent + " "
    members = [f"{inner}{json.dumps(key)}: {golden_text(member, inner)}" for key, member in value.items()]
    return "{\n" + ",\n".join(members) + f"\n{indent}}}"


# ---------------------------------------------------------------------------------------


def be_quiet():
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    # Pillow would rather see transparent palettes as RGBA; the pipeline wants RGB.
    warnings.filterwarnings("ignore", message="Palette images with Transparency")


def fresh_folder(path):
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path(__file__).resolve().parent)
    output = parser.parse_args().output
    be_quiet()
    torch.set_num_threads(1)  # sums in one order, so that every run gives the same digits

    tokenizer, vocabulary, merges = make_tokenizer()
    make_clip(fresh_folder(output / "clip"), tokenizer)
    make_legacy(fresh_folder(output / "clip-legacy"), tokenizer, vocabulary, merges)
    make_onnx(fresh_folder(output / "clip-onnx"), output / "clip")
    make_pictures(fresh_folder(output / "pictures"))
    (output / "golden.json").write_text(golden_text(golden(output)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
