#!/usr/bin/env python3
"""Train the demonstration model: a small CLIP that knows the pictures of `draw.py`.

    pip install -r requirements.txt
    python train.py [--output model] [--pool pool.npz] [--steps N] [--threads N]

Draws the pictures to learn from, trains both towers contrastively, fits the scale of the scores on pictures kept
apart, and writes a checkpoint in Hugging Face's `clip` layout. Everything comes from fixed seeds; another processor
or another number of threads rounds otherwise and gives other weights that do the same. It needs no network and no
GPU. One thread is the default: towers this small spend much of a second one waiting.
"""

import argparse
import json
import math
import os
import time
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path
from random import Random

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read on import: everything is made here

import numpy as np
import torch
from torch.nn import functional as F
from transformers import CLIPConfig, CLIPModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.utils import logging

import captions
import draw
from calibrate import calibrate, likeliest_scale
from tokenizer import CONTEXT_LENGTH, make_tokenizer

IMAGE_SIZE = 64
MEAN, STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
PREPROCESSING = {
    "crop_size": {"height": IMAGE_SIZE, "width": IMAGE_SIZE},
    "do_center_crop": True,
    "do_convert_rgb": True,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": MEAN,
    "image_processor_type": "CLIPImageProcessor",
    "image_std": STD,
    "resample": 3,
    "rescale_factor": 1 / 255,
    "size": {"shortest_edge": IMAGE_SIZE},
}

POOL, VALIDATION = 30_000, 1600
BATCH = 128
PEAK_RATE, WARM_UP, DECAY = 1e-3, 0.05, 0.05
# For most of the training the image tower sees a random half of the patches: twice as fast, and it cannot rely on
# any one of them. The idea is that of "Scaling Language-Image Pre-training via Masking" (Li et al. 2023), as is the
# end with all patches.
SEEN, MASKED_FOR = 0.5, 0.85
SEED = 20


# ---------------------------------------------------------------------------------------
# Pictures
# ---------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def cutter():
    """The checkpoint's own preprocessing, up to the square of bytes."""
    return CLIPImageProcessorPil(**{**PREPROCESSING, "do_rescale": False, "do_normalize": False})


def drawn(number, first):
    """Picture `number` of those from seed `first`, cut to a square, with its facts; kinds take turns."""
    kind = list(draw.KINDS)[number % len(draw.KINDS)]
    picture = draw.picture(kind, first + number)
    square = np.asarray(cutter()(picture.image)["pixel_values"][0])
    return square.astype(np.uint8), sorted(picture.facts)


def draw_many(count, first):
    """(count, 3, side, side) bytes, and the facts of each."""
    with ProcessPoolExecutor() as workers:
        found = list(workers.map(drawn, range(count), [first] * count, chunksize=64))
    return np.stack([square for square, _ in found]), [facts for _, facts in found]


def load_pool(path):
    """Pictures to learn from and to validate with: drawn now, or kept from an earlier run in the file at `path`."""
    if path and path.exists():
        kept = np.load(path)
        return [(kept[f"{part}_pixels"], json.loads(str(kept[f"{part}_facts"]))) for part in ("train", "validation")]
    parts = draw_many(POOL, draw.TRAINING), draw_many(VALIDATION, draw.VALIDATION)
    if path:
        named = dict(zip(("train", "validation"), parts))
        pixels = {f"{name}_pixels": squares for name, (squares, _) in named.items()}
        facts = {f"{name}_facts": json.dumps(said) for name, (_, said) in named.items()}
        np.savez(path, **pixels, **facts)
    return parts


def normalised(pixels):
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    return (pixels.float() / 255 - mean) / std


def augmented(pixels, noise, reach=4):
    """Each picture shifted by some pixels, lit otherwise and with grain."""
    padded = F.pad(pixels.float(), [reach] * 4, mode="replicate")
    shifts = torch.randint(0, 2 * reach + 1, (len(pixels), 2), generator=noise).tolist()
    shifted = [image[:, y : y + IMAGE_SIZE, x : x + IMAGE_SIZE] for image, (y, x) in zip(padded, shifts)]
    light = 1 + 0.15 * torch.randn(len(pixels), 1, 1, 1, generator=noise)
    tint = 1 + 0.03 * torch.randn(len(pixels), 3, 1, 1, generator=noise)
    lit = torch.stack(shifted) * light * tint
    return (lit + 4 * torch.randn(lit.shape, generator=noise)).clamp(0, 255)


# ---------------------------------------------------------------------------------------
# Model
# ---------------------------------------------------------------------------------------


def make_model(tokenizer):
    end = tokenizer.eos_token_id
    text = {
        "vocab_size": len(tokenizer), "hidden_size": 64, "intermediate_size": 256, "num_hidden_layers": 2,
        "num_attention_heads": 4, "max_position_embeddings": CONTEXT_LENGTH, "hidden_act": "quick_gelu",
        "bos_token_id": tokenizer.bos_token_id, "eos_token_id": end, "pad_token_id": end,
    }
    vision = {
        "hidden_size": 96, "intermediate_size": 384, "num_hidden_layers": 4, "num_attention_heads": 4,
        "image_size": IMAGE_SIZE, "patch_size": 8, "hidden_act": "quick_gelu",
    }
    return CLIPModel(CLIPConfig(projection_dim=64, text_config=text, vision_config=vision))


def image_embeddings(model, pixels, seen=1.0, noise=None):
    """Unit vectors of pictures, of which only a random share of the patches is looked at."""
    tower = model.vision_model
    tokens = tower.embeddings(normalised(pixels))
    if seen < 1:
        tokens = some_patches(tokens, seen, noise)
    tokens = tower.encoder(inputs_embeds=tower.pre_layrnorm(tokens)).last_hidden_state
    return F.normalize(model.visual_projection(tower.post_layernorm(tokens[:, 0])), dim=-1)


def some_patches(tokens, share, noise):
    """The class token and a random choice of the others, another one for each picture."""
    rows, count, width = tokens.shape
    order = torch.rand(rows, count - 1, generator=noise).argsort(dim=1)[:, : round((count - 1) * share)] + 1
    chosen = tokens.gather(1, order.unsqueeze(-1).expand(-1, -1, width))
    return torch.cat([tokens[:, :1], chosen], dim=1)


def text_embeddings(model, tokenizer, sentences):
    # What pads comes after the end mark, where no word before it can see it: no mask is needed.
    ids = tokenizer(sentences, padding=True, return_tensors="pt").input_ids
    return F.normalize(model.text_projection(model.text_model(input_ids=ids).pooler_output), dim=-1)


# ---------------------------------------------------------------------------------------
# Training
# ---------------------------------------------------------------------------------------


def truths(meanings, facts):
    """Which meaning is true of which picture: (pictures, meanings)."""
    return torch.tensor([[known.true_of(set(said)) for known in meanings] for said in facts])


def sentences_for(meanings, rng):
    """One sentence for every meaning, all in the same template, as a list of labels has it."""
    frame = captions.template(rng)
    return [frame.format(captions.said(rng.choice(known.wordings), rng)) for known in meanings]


def contrastive_loss(logits, true):
    """Both ways of CLIP's loss, where a picture has several true captions and a caption several pictures."""
    true = true.float()
    by_picture = -(F.log_softmax(logits, 1) * true).sum(1) / true.sum(1)
    shown = true.sum(0) > 0  # a caption without a picture in this batch teaches nothing that way
    by_caption = -(F.log_softmax(logits, 0) * true).sum(0)[shown] / true.sum(0)[shown]
    return (by_picture.mean() + by_caption.mean()) / 2


def rate(step, steps):
    """Up in a line, then down along a cosine."""
    warm = max(1, steps * WARM_UP)
    return min(step / warm, 0.5 * (1 + math.cos(math.pi * max(0, step - warm) / (steps - warm)))) + 1e-3


def make_optimizer(model):
    """AdamW; what is no matrix does not decay."""
    decays = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in model.parameters() if parameter.ndim <= 1]
    groups = [{"params": decays, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=PEAK_RATE, betas=(0.9, 0.98))


def train(model, tokenizer, pool, steps, report):
    """`steps` batches; `report(step, loss)` is called after each."""
    pixels, facts = torch.from_numpy(pool[0]), pool[1]
    meanings = captions.meanings()
    true = truths(meanings, facts)
    noise, rng = torch.Generator().manual_seed(SEED), Random(SEED)
    optimizer = make_optimizer(model)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step, steps))
    for step in range(steps):
        rows = torch.randint(0, len(pixels), (BATCH,), generator=noise)
        seen = SEEN if step < MASKED_FOR * steps else 1.0
        images = image_embeddings(model, augmented(pixels[rows], noise), seen, noise)
        texts = text_embeddings(model, tokenizer, sentences_for(meanings, rng))
        loss = contrastive_loss(model.logit_scale.exp() * images @ texts.T, true[rows])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(100))
        report(step + 1, loss.item())


# ---------------------------------------------------------------------------------------
# Validation and the checkpoint
# ---------------------------------------------------------------------------------------


@torch.no_grad()
def similarities(model, tokenizer, validation, turns=4):
    """Cosines of the validation pictures with the labels of all kinds, one wording after the other, and the kinds."""
    model.eval()
    pixels = torch.from_numpy(validation[0])
    images = torch.cat([image_embeddings(model, part) for part in pixels.split(100)])
    worded = [captions.labels(draw.KINDS, turn=turn) for turn in range(turns)]
    framed = [[captions.DEFAULT_TEMPLATE.format(label) for label in labels] for labels in worded]
    found = torch.cat([images @ text_embeddings(model, tokenizer, sentences).T for sentences in framed])
    model.train()
    return found, (torch.arange(len(pixels)) % len(draw.KINDS)).repeat(turns)


def save(model, tokenizer, scale, folder):
    """The checkpoint, in half precision, with another scale than the one that training needs."""
    kept = make_model(tokenizer)
    kept.load_state_dict(model.state_dict())
    kept.logit_scale.data.fill_(math.log(scale))
    kept.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    text = json.dumps(PREPROCESSING, indent=2)
    (folder / "preprocessor_config.json").write_text(text + "\n", encoding="utf-8")


def reporter(model, tokenizer, validation, folder, every):
    """Prints how it goes now and then, and keeps the best weights so far."""
    start, best = time.monotonic(), 0.0

    def report(step, loss):
        nonlocal best
        if step % every:
            return
        cosines, kinds = similarities(model, tokenizer, validation)
        right, scale = (cosines.argmax(-1) == kinds).float().mean().item(), likeliest_scale(cosines, kinds)
        seconds = time.monotonic() - start
        print(f"step {step}  loss {loss:.3f}  validation {right:.2%}  scale {scale}  {seconds:.0f} s", flush=True)
        if right >= best:
            best = right
            save(model, tokenizer, scale, folder)

    return report


def main():
    here = Path(__file__).parent
    arguments = argparse.ArgumentParser(description="Train the demonstration model.")
    arguments.add_argument("--output", type=Path, default=here / "model")
    arguments.add_argument("--pool", type=Path, help="a file that keeps the drawn pictures for the next run")
    arguments.add_argument("--steps", type=int, default=4800)
    arguments.add_argument("--every", type=int, default=200, help="validate and save after so many steps")
    arguments.add_argument("--threads", type=int, default=1)
    given = arguments.parse_args()
    logging.disable_progress_bar()
    torch.set_num_threads(given.threads)
    torch.manual_seed(SEED)
    start = time.monotonic()
    pool, validation = load_pool(given.pool)
    print(f"{len(pool[1])} pictures after {time.monotonic() - start:.0f} s", flush=True)
    tokenizer = make_tokenizer(captions.corpus())
    model = make_model(tokenizer)
    report = reporter(model, tokenizer, validation, given.output, given.every)
    train(model, tokenizer, pool, given.steps, report)
    print(f"scale {calibrate(given.output)}, {time.monotonic() - start:.0f} s in all")


if __name__ == "__main__":
    main()
