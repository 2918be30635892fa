#!/usr/bin/env python3
"""Fit the scale of a checkpoint's scores, and write it into the checkpoint as `logit_scale`.

    python calibrate.py [--model model] [--aim cautious|likeliest]

Training wants a scale that learns well; sorting wants one whose doubts mean something. There are two to choose from:

  likeliest  the scale that makes the true labels most likely: a score of 0.8 is right about eight times in ten.
             A model that is rarely wrong is then sure of most of its errors too.
  cautious   the largest scale at which the program's own threshold and margin leave most of the errors unsure.
             Scores then say less than the model knows; what is worth a look is put before a person.

Both are fitted on pictures that are neither learnt from nor measured with, in wordings that are learnt.
"""

import argparse
import math
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

import captions
import draw
from evaluate import Checkpoint, drawn, unsure

SCALES = torch.arange(2, 100, 0.25)
PICTURES, WORDINGS = 1600, 4
ERRORS_UNSURE = 0.65


def likeliest_scale(cosines, truth):
    return min(SCALES.tolist(), key=lambda scale: F.cross_entropy(scale * cosines, truth).item())


def cautious_scale(cosines, truth):
    wrong = cosines.argmax(1) != truth
    enough = lambda scale: unsure((scale * cosines).softmax(1))[wrong].float().mean().item() >= ERRORS_UNSURE
    return max((scale for scale in SCALES.tolist() if enough(scale)), default=SCALES[0].item())


AIMS = {"likeliest": likeliest_scale, "cautious": cautious_scale}


def validation(checkpoint):
    """Cosines of validation pictures with the labels of all kinds, in several wordings, and the true ones."""
    pictures, files = drawn(PICTURES, draw.VALIDATION)
    images = checkpoint.images(files)
    truth = torch.tensor([list(draw.KINDS).index(picture.kind) for picture in pictures])
    worded = [captions.labels(draw.KINDS, turn=turn) for turn in range(WORDINGS)]
    return torch.cat([images @ checkpoint.labels(labels).T for labels in worded]), truth.repeat(WORDINGS)


def calibrate(folder, aim="cautious"):
    """Writes the scale that `aim` asks for, and returns it."""
    scale = AIMS[aim](*validation(Checkpoint(folder)))
    path = folder / "model.safetensors"
    weights = load_file(path)
    weights["logit_scale"] = torch.tensor(math.log(scale), dtype=weights["logit_scale"].dtype)
    save_file(weights, path, metadata={"format": "pt"})
    return scale


def main():
    arguments = argparse.ArgumentParser(description="Fit the scale of the scores.")
    arguments.add_argument("--model", type=Path, default=Path(__file__).parents[2] / "config" / "demo" / "model")
    arguments.add_argument("--aim", choices=AIMS, default="cautious")
    given = arguments.parse_args()
    print(f"scale {calibrate(given.model, given.aim)}")


if __name__ == "__main__":
    main()
