#!/usr/bin/env python3
"""Make the fixtures of the parity tests: checkpoints, pictures and reference answers.

What it makes, beside this file or in the folder given with --output:

  clip/         a small CLIP checkpoint with random weights, laid out as published today
  clip-legacy/  another one, written the way old repositories are
  clip-onnx/    the towers of clip/ as two ONNX files, without safetensors
  clip-whole/   the whole of clip/ as one ONNX file
  clip-sharded/ the weights of clip/ in half precision, in three files with an index
  clip-bf16/    the weights of clip/ in brain floating point
  clip-bin/     the weights of clip/ as torch.save writes them
  siglip/       a small SigLIP checkpoint with a SentencePiece model
  siglip2/      a small SigLIP 2 checkpoint for pictures of one size
  siglip2-whole/ the whole of siglip2/ as one ONNX file
  chinese-clip/ a small Chinese-CLIP checkpoint with a list of word pieces
  torch-save/   a few tensors as torch.save writes them, today and long ago, and one file that calls something
  pictures/     small drawings, each in a form that decoders or preprocessing get wrong
  golden.json   what transformers' zero-shot-image-classification pipeline answers for them

The weights and the drawings come from seeds, so a second run with the same package
versions makes the same bytes. Other versions may compress pictures or write graphs
differently; the answers recorded in golden.json always belong to the files beside it.

    pip install torch==2.15.0 transformers==5.23.0 torchvision==0.29.2 pillow==13.0.0 \\
                tokenizers==0.23.3 safetensors==0.8.0 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 \\
                sentencepiece==0.2.3
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
from collections import Counter, OrderedDict
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read on import: everything is made here

import numpy as np
import onnx
import onnxruntime
import PIL
import sentencepiece
import tokenizers
import torch
import transformers
from PIL import Image, ImageDraw, ImageOps
from transformers import (
    AutoImageProcessor,
    AutoModel,
    AutoTokenizer,
    ChineseCLIPConfig,
    ChineseCLIPModel,
    CLIPConfig,
    CLIPModel,
    CLIPTokenizer,
    GemmaTokenizer,
    SiglipConfig,
    SiglipModel,
    SiglipTokenizer,
    pipeline,
)
from transformers.image_transforms import convert_to_rgb

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

CHINESE_LABELS = ["\u4e00\u5f20\u4eba\u7269\u7167\u7247", "\u62a5\u7eb8\u622a\u56fe"]  # "a portrait", "a newspaper clipping"


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


# SigLIP's sentence is read off its padding, BERT's off its first token: other tokens show there only if attention is
# strong.
STRONG_GAIN = {"text_model": 2.0, "vision_model": 1.2}


def random_values(name, shape, noise, gain):
    """Values for one parameter: norms near 1, biases and positions small, matrices by fan-in."""
    values = noise.standard_normal(shape)
    if "norm" in name and name.endswith("weight"):
        return 1 + 0.1 * values
    if name.endswith("bias") or "position_embedding" in name or "class_embedding" in name:
        return 0.1 * values
    if "token_embedding" in name or "word_embeddings" in name or "token_type_embeddings" in name:
        return 0.5 * values
    return gain.get(name.split(".")[0], 1.0) * values / math.sqrt(math.prod(shape[1:]))


def randomise(model, seed, gain=TOWER_GAIN, bias=0.0):
    """Draw all weights. NumPy's RandomState, because its stream is frozen for good."""
    noise = np.random.RandomState(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            parameter.copy_(torch.from_numpy(np.asarray(random_values(name, parameter.shape, noise, gain))))
        model.logit_scale.fill_(math.log(100))  # where training leaves it
        if hasattr(model, "logit_bias"):
            model.logit_bias.fill_(bias)
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


SMALL_FILES = ["config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"]


def copy_small_files(source, folder):
    for name in SMALL_FILES:
        if (source / name).exists():
            shutil.copyfile(source / name, folder / name)


def make_sharded(folder, clip):
    """Half precision in several files, the largest tensor alone in one."""
    copy_small_files(clip, folder)
    CLIPModel.from_pretrained(clip).half().save_pretrained(folder, max_shard_size="80KB")
    shutil.copyfile(clip / "config.json", folder / "config.json")


def make_bf16(folder, clip):
    copy_small_files(clip, folder)
    CLIPModel.from_pretrained(clip).to(torch.bfloat16).save_pretrained(folder)
    shutil.copyfile(clip / "config.json", folder / "config.json")


def make_bin(folder, clip):
    """As old repositories have it: projections that are transposed views, and positions as integers beside the weights."""
    copy_small_files(clip, folder)
    state = CLIPModel.from_pretrained(clip).state_dict()
    for name in ["text_projection.weight", "visual_projection.weight"]:
        state[name] = state[name].T.contiguous().T
    state["text_model.embeddings.position_ids"] = torch.arange(CONTEXT_LENGTH).expand((1, -1))
    state["logit_scale"] = torch.nn.Parameter(state["logit_scale"])
    torch.save(state, folder / "pytorch_model.bin")


SIGLIP_TOWER = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}

# 62 pixels are four patches of 14 and a rest, as 384 are 27 and a rest.
SIGLIP_CONFIG = {
    "text_config": {**SIGLIP_TOWER, "vocab_size": 400},
    "vision_config": {**SIGLIP_TOWER, "image_size": 62, "patch_size": 14},
}

SIGLIP_PREPROCESSING = {
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_processor_type": "SiglipImageProcessor",
    "image_std": [0.5, 0.5, 0.5],
    "resample": 3,
    "rescale_factor": 0.00392156862745098,
    "size": {"height": 62, "width": 62},
}

# The keys that the published files have and that matter.
SIGLIP_TOKENIZER_CONFIG = {
    "do_lower_case": True,
    "eos_token": "</s>",
    "model_input_names": ["input_ids"],
    "model_max_length": 64,
    "pad_token": "</s>",
    "tokenizer_class": "SiglipTokenizer",
    "unk_token": "<unk>",
}


def train_sentence_pieces(path):
    """A unigram model laid out as SigLIP's: `</s>` is 1 and `<unk>` 2."""
    buffer = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(line.strip() for line in CORPUS if line.strip()),
        model_writer=buffer,
        model_type="unigram",
        vocab_size=SIGLIP_CONFIG["text_config"]["vocab_size"],
        hard_vocab_limit=False,
        character_coverage=1.0,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        num_threads=1,
        minloglevel=2,
    )
    path.write_bytes(buffer.getvalue())


# Chosen so that the logits of the pictures lie on both sides of nought.
SIGLIP_BIAS = 3.0
SIGLIP2_BIAS = 4.0


def make_siglip(folder):
    randomise(SiglipModel(SiglipConfig(**SIGLIP_CONFIG)), 12, STRONG_GAIN, SIGLIP_BIAS).save_pretrained(folder)
    train_sentence_pieces(folder / "spiece.model")
    write_json(folder / "tokenizer_config.json", SIGLIP_TOKENIZER_CONFIG)
    write_json(folder / "preprocessor_config.json", SIGLIP_PREPROCESSING)


# As published: Gemma's
# tokenizer, whose file does not make letters small, and bilinear resizing.
SIGLIP2_CONFIG = {
    "text_config": {**SIGLIP_TOWER, "vocab_size": 480},
    "vision_config": {**SIGLIP_TOWER, "image_size": 64, "patch_size": 16},
}
SIGLIP2_PREPROCESSING = {**SIGLIP_PREPROCESSING, "resample": 2, "size": {"height": 64, "width": 64}}
GEMMA_SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]


def make_gemma_tokenizer(folder):
    """Byte pairs over whole sentences, a bar before each word, bytes for what is unknown."""
    bar = "\u2581"
    words = Counter(tuple(bar + word) for line in CORPUS for word in line.lower().split())
    characters = sorted({character for word in words for character in word})
    start = GEMMA_SPECIAL + [f"<0x{byte:02X}>" for byte in range(256)] + characters
    merges = train_merges(words, SIGLIP2_CONFIG["text_config"]["vocab_size"] - len(start))
    vocabulary = {symbol: index for index, symbol in enumerate(start + [left + right for left, right in merges])}
    tokenizer = GemmaTokenizer(vocab=vocabulary, merges=merges, add_bos_token=False, add_eos_token=True)
    tokenizer.save_pretrained(folder)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    config.update(padding_side="right", model_input_names=["input_ids"], model_max_length=64)
    write_json(folder / "tokenizer_config.json", config)


def make_siglip2(folder):
    randomise(SiglipModel(SiglipConfig(**SIGLIP2_CONFIG)), 22, STRONG_GAIN, SIGLIP2_BIAS).save_pretrained(folder)
    make_gemma_tokenizer(folder)
    write_json(folder / "preprocessor_config.json", SIGLIP2_PREPROCESSING)


CHINESE_CONFIG = {
    "projection_dim": 24,
    "text_config": {**SIGLIP_TOWER, "max_position_embeddings": 128},  # and a vocabulary as large as the list
    "vision_config": {**SIGLIP_TOWER, "image_size": 48, "patch_size": 16},
}

CHINESE_PREPROCESSING = {
    "crop_size": {"height": 224, "width": 224},
    "do_center_crop": False,
    "do_normalize": True,
    "do_resize": True,
    "feature_extractor_type": "ChineseCLIPFeatureExtractor",
    "image_mean": OPENAI_MEAN,
    "image_std": OPENAI_STD,
    "resample": 3,
    "size": {"height": 48, "width": 48},
}


def word_pieces():
    """Special tokens, characters, characters that go on a word, a few words."""
    text = unicodedata.normalize("NFD", " ".join(CORPUS + LABELS).lower())
    characters = sorted({c for c in text if not c.isspace() and not unicodedata.combining(c)})
    words = sorted({word for word in text.split() if word.isalpha() and len(word) > 2})[:60]
    chinese = sorted(set("".join(CHINESE_LABELS)))
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    return special + characters + ["##" + c for c in characters] + words + chinese


def make_chinese(folder):
    """With `vocab.txt` only, as the published repository had it for long."""
    pieces = word_pieces()
    config = ChineseCLIPConfig(**CHINESE_CONFIG)
    config.text_config.vocab_size = len(pieces)
    randomise(ChineseCLIPModel(config), 15, STRONG_GAIN).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "do_lower_case": True})
    write_json(folder / "preprocessor_config.json", CHINESE_PREPROCESSING)


class Caller:
    """What a hostile file holds: opened by Python's pickle, it runs a command."""

    def __reduce__(self):
        return os.system, ("echo this was run",)


def make_torch_save(folder):
    """Files for the tests of the reader: one with every kind of tensor, the old form, and a hostile one."""
    state = {
        "plain": torch.arange(6, dtype=torch.float32).reshape(2, 3),
        "transposed": torch.arange(6, dtype=torch.float32).reshape(2, 3).T,
        "half": torch.ones(3, dtype=torch.float16),
        "brain": torch.ones(3, dtype=torch.bfloat16),
        "integers": torch.arange(3),
        "scalar": torch.tensor(4.5),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "every_second": torch.arange(8, dtype=torch.float32)[::2],
    }
    tail = torch.arange(8, dtype=torch.float32)
    state["whole"], state["tail"] = tail, tail[5:]
    whole = {name: tensor for name, tensor in state.items() if name != "every_second"}
    torch.save(OrderedDict(whole), folder / "today.bin")
    torch.save(whole, folder / "protocol-4.bin", pickle_protocol=4)
    torch.save(state, folder / "with-gaps.bin")
    torch.save(whole, folder / "old.bin", _use_new_zipfile_serialization=False)
    torch.save({"plain": state["plain"], "other": Caller()}, folder / "hostile.bin")


class Whole(torch.nn.Module):
    """A whole model with the outputs of published exports."""

    def __init__(self, model, masked):
        super().__init__()
        self.model, self.masked = model, masked

    def forward(self, input_ids, pixel_values, attention_mask=None):
        output = self.model(input_ids=input_ids, pixel_values=pixel_values, attention_mask=attention_mask)
        return output.logits_per_image, output.logits_per_text, output.text_embeds, output.image_embeds


def make_whole(folder, source, masked):
    """One ONNX file of both towers."""
    (folder / "onnx").mkdir()
    copy_small_files(source, folder)
    model = AutoModel.from_pretrained(source, attn_implementation="eager")
    side = model.config.vision_config.image_size
    pixels = torch.from_numpy(np.random.RandomState(4).standard_normal((2, 3, side, side)).astype(np.float32))
    length = 7 if masked else 64
    ids = torch.from_numpy(np.random.RandomState(5).randint(3, 300, (3, length)))
    ids[:, -1] = model.config.text_config.eos_token_id if masked else 1
    inputs = (ids, pixels, torch.ones_like(ids)) if masked else (ids, pixels)
    names = ["input_ids", "pixel_values", "attention_mask"][: len(inputs)]
    outputs = ["logits_per_image", "logits_per_text", "text_embeds", "image_embeds"]
    text = {0: "text_batch_size", 1: "sequence_length"}
    axes = {"input_ids": text, "attention_mask": text, "pixel_values": {0: "image_batch_size"}}
    path = folder / "onnx/model.onnx"
    whole = Whole(model, masked).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            whole,
            inputs,
            str(path),
            input_names=names,
            output_names=outputs,
            dynamic_axes={**{name: axes[name] for name in names}, **{name: {0: name} for name in outputs}},
            opset_version=14,
            dynamo=False,
        )
    onnx.checker.check_model(str(path))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = session.run(None, {name: value[:1].numpy() for name, value in zip(names, inputs)})
    with torch.no_grad():
        expected = whole(*(value[:1] for value in inputs))
    for left, right in zip(found, expected):
        np.testing.assert_allclose(left, right.numpy(), atol=2e-4)


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


def reference_tokenizer(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if isinstance(tokenizer, GemmaTokenizer):
        # What SigLIP 2 was trained with, and what transformers' Siglip2Tokenizer does; the files do not say it.
        backend = tokenizer.backend_tokenizer
        steps = [tokenizers.normalizers.Lowercase(), backend.normalizer]
        backend.normalizer = tokenizers.normalizers.Sequence(steps)
    return tokenizer


def reference_pipeline(folder):
    """The pipeline with Pillow's preprocessing, in single precision whatever the file holds."""
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    assert type(processor).__name__.endswith("Pil"), type(processor)
    return pipeline(
        "zero-shot-image-classification",
        model=str(folder),
        tokenizer=reference_tokenizer(folder),
        image_processor=processor,
        dtype=torch.float32,
        device="cpu",
    )


def steps(classifier, path, labels):
    """The pipeline's own first two steps; the second keeps embeddings to itself, so that the model is asked again."""
    inputs = classifier.preprocess(str(path), candidate_labels=labels, hypothesis_template=TEMPLATE)
    pixels, text = inputs["pixel_values"], inputs["text_inputs"][0]
    with torch.no_grad():
        output = classifier.model(pixel_values=pixels, **text)
    return inputs, output


def answer(classifier, path, labels):
    """The pipeline's own three steps, for it does not tell the logits between the last two."""
    inputs, output = steps(classifier, path, labels)
    outputs = classifier.forward(inputs)
    logits = outputs["logits"][0].tolist()
    assert logits == output.logits_per_image[0].tolist()
    scores = {row["label"]: row["score"] for row in classifier.postprocess(outputs)}
    return {
        "logits": rounded(logits),
        "scores": rounded(scores[label] for label in labels),
        "embedding": rounded(output.image_embeds[0].tolist()),
    }


def preprocessed(classifier, path, labels):
    inputs = classifier.preprocess(str(path), candidate_labels=labels, hypothesis_template=TEMPLATE)
    values = inputs["pixel_values"].double().flatten()
    return {
        "picture": path.name,
        "shape": list(inputs["pixel_values"].shape),
        "first": rounded(inputs["pixel_values"].flatten()[:PREPROCESSED_VALUES].tolist()),
        "sum": rounded([values.sum().item()])[0],
    }


def checkpoint_answers(folder, pictures, labels=LABELS):
    classifier = reference_pipeline(folder)
    sentences = [TEMPLATE.format(label) for label in labels]
    # SigLIP's padding is part of the sentence; others' is not.
    is_siglip = classifier.model.config.model_type == "siglip"
    filling = {"padding": "max_length", "max_length": 64, "truncation": True} if is_siglip else {}
    _, output = steps(classifier, pictures / PREPROCESSED_PICTURE, labels)
    return {
        "labels": labels,
        "input_ids": classifier.tokenizer(sentences, **filling)["input_ids"],
        "text_embeddings": [rounded(row) for row in output.text_embeds.tolist()],
        "preprocessed": preprocessed(classifier, pictures / PREPROCESSED_PICTURE, labels),
        "answers": {path.name: answer(classifier, path, labels) for path in sorted(pictures.iterdir())},
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


CLIP_LAYOUTS = ["clip-onnx", "clip-whole", "clip-sharded", "clip-bf16", "clip-bin"]


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
            **{name: {"same_as": "clip"} for name in CLIP_LAYOUTS},
            "siglip": checkpoint_answers(folder / "siglip", pictures),
            "siglip2": checkpoint_answers(folder / "siglip2", pictures),
            "siglip2-whole": {"same_as": "siglip2"},
            "chinese-clip": checkpoint_answers(folder / "chinese-clip", pictures, LABELS + CHINESE_LABELS),
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
    make_whole(fresh_folder(output / "clip-whole"), output / "clip", masked=True)
    make_sharded(fresh_folder(output / "clip-sharded"), output / "clip")
    make_bf16(fresh_folder(output / "clip-bf16"), output / "clip")
    make_bin(fresh_folder(output / "clip-bin"), output / "clip")
    make_torch_save(fresh_folder(output / "torch-save"))
    make_siglip(fresh_folder(output / "siglip"))
    make_siglip2(fresh_folder(output / "siglip2"))
    make_whole(fresh_folder(output / "siglip2-whole"), output / "siglip2", masked=False)
    make_chinese(fresh_folder(output / "chinese-clip"))
    make_pictures(fresh_folder(output / "pictures"))
    (output / "golden.json").write_text(golden_text(golden(output)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
