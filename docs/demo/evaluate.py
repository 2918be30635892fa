#!/usr/bin/env python3
"""Measure the demonstration model as the program uses it, and print Markdown tables.

    python evaluate.py [--model model] [--pictures 500] [--seed FIRST]
    python evaluate.py --folder evaluation

The first draws pictures from seeds that training never saw, encodes them as JPEG or PNG, reads them back and
prepares them as the checkpoint says; the second takes the small set that the program's own tests use.
"""

import argparse
import io
import json
import os
from pathlib import Path
from random import Random

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read on import: everything is here

import torch
from PIL import Image
from torch.nn import functional as F
from transformers import AutoTokenizer, CLIPModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

import captions
import draw
from drawing.canvas import COLOURS

# The program's own defaults: below either, a picture is unsure.
THRESHOLD, MARGIN = 0.5, 0.1
HELD_OUT_SETS = 3


class Checkpoint:
    """A model folder, used as the program uses it."""

    def __init__(self, folder):
        self.model = CLIPModel.from_pretrained(folder).float().eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.processor = CLIPImageProcessorPil.from_pretrained(folder)
        self.scale = self.model.logit_scale.exp().item()

    @torch.no_grad()
    def images(self, pictures):
        pixels = [self.processor(picture, return_tensors="pt")["pixel_values"] for picture in pictures]
        towers = [self.model.vision_model(pixel_values=torch.cat(part)) for part in batches(pixels, 64)]
        return rounded(self.model.visual_projection(torch.cat([tower.pooler_output for tower in towers])))

    @torch.no_grad()
    def labels(self, labels):
        sentences = [captions.DEFAULT_TEMPLATE.format(label) for label in labels]
        ids = self.tokenizer(sentences, padding=True, return_tensors="pt").input_ids
        return rounded(self.model.text_projection(self.model.text_model(input_ids=ids).pooler_output))

    def scores(self, images, labels):
        """The softmax over the labels: (pictures, labels)."""
        return (self.scale * images @ self.labels(labels).T).softmax(dim=1)


def batches(items, size):
    return [items[start : start + size] for start in range(0, len(items), size)]


def rounded(embeddings):
    """Unit vectors in half precision, as the program keeps them."""
    return F.normalize(embeddings, dim=-1).half().float()


def as_file(image, seed):
    """The picture as it comes back from a JPEG or PNG file."""
    rng, buffer = Random(f"file {seed}"), io.BytesIO()
    if rng.random() < 0.3:
        image.save(buffer, "PNG")
    else:
        image.save(buffer, "JPEG", quality=rng.randint(50, 92))
    return Image.open(buffer).convert("RGB")


def drawn(count, first):
    """`count` pictures, their kinds taking turns, read back from files."""
    kinds = list(draw.KINDS)
    pictures = [draw.picture(kinds[i % len(kinds)], first + i) for i in range(count)]
    return pictures, [as_file(picture.image, first + i) for i, picture in enumerate(pictures)]


def right(scores, truth):
    """The share of pictures whose best label is the true one."""
    return (scores.argmax(1) == truth).float().mean().item()


def unsure(scores, threshold=THRESHOLD, margin=MARGIN):
    best = scores.topk(2, dim=1).values
    return (best[:, 0] < threshold) | (best[:, 0] - best[:, 1] < margin)


def table(head, rows):
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in [head, ["---"] * len(head), *rows]) + "\n"


def percent(share):
    return f"{100 * share:.1f} %"


def accuracy_rows(scores, truth):
    """Top-1 in the plain wording, and in each set of those held out."""
    plain, *held_out = (right(one, truth) for one in scores)
    rows = [("wordings learnt", percent(plain))]
    rows += [(f"wordings held out, set {i + 1}", percent(share)) for i, share in enumerate(held_out)]
    return [*rows, ("wordings held out, all sets", percent(sum(held_out) / len(held_out)))]


def colour_row(checkpoint, pictures, images):
    """Top-1 over the colours, for each kind that has one, among "a red flag", "a blue flag", …"""
    hits = []
    for kind in captions.COLOURED.keys() & draw.KINDS.keys():
        labels = [captions.coloured(kind, colour).wordings[0] for colour in COLOURS]
        for picture, image in zip(pictures, images):
            said = [i for i, colour in enumerate(COLOURS) if colour in picture.facts]
            if picture.kind == kind and said:
                hits.append(checkpoint.scores(image[None], labels).argmax().item() == said[0])
    return f"colours, {len(hits)} pictures", percent(sum(hits) / len(hits))


def doubt_rows(name, scores, truth):
    """What is unsure at several thresholds, and how many of the errors are among it."""
    wrong = scores.argmax(1) != truth
    for threshold in (0.5, 0.6, 0.7, 0.8, 0.9):
        doubt = unsure(scores, threshold)
        caught, sure_right = (doubt & wrong).sum().item(), 1 - wrong[~doubt].float().mean().item()
        yield name, threshold, percent(doubt.float().mean().item()), f"{caught} of {wrong.sum()}", percent(sure_right)


def reliability_rows(scores, truth):
    """For scores in a range: how many, their mean, and the share that is right."""
    best, found = scores.max(1)
    for low, high in [(0, 0.5), (0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 0.98), (0.98, 1.01)]:
        inside = (best >= low) & (best < high)
        if inside.any():
            hits = (found == truth)[inside].float().mean().item()
            yield f"{low} to {min(high, 1)}", inside.sum().item(), f"{best[inside].mean():.2f}", f"{hits:.2f}"


def confusions(scores, truth):
    kinds = list(draw.KINDS)
    pairs = [(kinds[t], kinds[f]) for t, f in zip(truth.tolist(), scores.argmax(1).tolist()) if t != f]
    return sorted(((pairs.count(pair), *pair) for pair in set(pairs)), reverse=True)


def report_drawn(checkpoint, count, first):
    pictures, files = drawn(count, first)
    images = checkpoint.images(files)
    truth = torch.tensor([list(draw.KINDS).index(picture.kind) for picture in pictures])
    worded = [captions.labels(draw.KINDS)]
    worded += [captions.labels(draw.KINDS, "held out", turn) for turn in range(HELD_OUT_SETS)]
    scores = [checkpoint.scores(images, labels) for labels in worded]
    held_out = torch.cat(scores[1:]), truth.repeat(HELD_OUT_SETS)
    print(f"{count} pictures from seed {first}, {len(draw.KINDS)} labels, scale {checkpoint.scale:.2f}\n")
    print(table(["top-1", "right"], [*accuracy_rows(scores, truth), colour_row(checkpoint, pictures, images)]))
    rows = [*doubt_rows("learnt", scores[0], truth), *doubt_rows("held out", *held_out)]
    print(table(["wordings", f"threshold (margin {MARGIN})", "unsure", "errors unsure", "right of the sure"], rows))
    print("Learnt wordings:\n")
    print(table(["score", "pictures", "mean score", "right"], reliability_rows(scores[0], truth)))
    print("Held-out wordings:\n")
    print(table(["score", "pictures", "mean score", "right"], reliability_rows(*held_out)))
    print(table(["times", "is", "taken for (learnt wordings)"], confusions(scores[0], truth)))


def report_folder(checkpoint, folder):
    """The same two figures for the small set on disk."""
    known = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    kinds = [label["kind"] for label in known["labels"]]
    truth = torch.tensor([kinds.index(picture["kind"]) for picture in known["pictures"]])
    images = checkpoint.images([Image.open(folder / picture["file"]).convert("RGB") for picture in known["pictures"]])
    for wording in ("learnt", "held_out"):
        scores = checkpoint.scores(images, [label[wording] for label in known["labels"]])
        wrong = scores.argmax(1) != truth
        caught = (unsure(scores) & wrong).sum()
        print(f"{wording}: {percent(right(scores, truth))} right, {caught} of {wrong.sum()} errors unsure, "
              f"{unsure(scores).sum()} unsure in all")


def main():
    arguments = argparse.ArgumentParser(description="Measure the demonstration model.")
    arguments.add_argument("--model", type=Path, default=Path(__file__).parents[2] / "config" / "demo" / "model")
    arguments.add_argument("--pictures", type=int, default=500)
    arguments.add_argument("--seed", type=int, default=draw.TEST)
    arguments.add_argument("--folder", type=Path)
    given = arguments.parse_args()
    checkpoint = Checkpoint(given.model)
    if given.folder:
        report_folder(checkpoint, given.folder)
    else:
        report_drawn(checkpoint, given.pictures, given.seed)


if __name__ == "__main__":
    main()
