"""What is said of the pictures: meanings, their wordings, and the sentences around them.

A meaning is a set of facts, such as {"vehicle", "red"}; it is true of every picture that has all of them. Each has
wordings to learn and wordings held out, which no training ever sees. The words of those are learnt in other
combinations, so that what is tested is whether a label can be rephrased, not whether a word can be guessed.
"""

from dataclasses import dataclass
from random import Random

from drawing.canvas import COLOURS

# The sentence that the program puts around a label unless it is told otherwise.
DEFAULT_TEMPLATE = "This is a photo of {}."

TEMPLATES = [
    "{}",
    "{}.",
    "a photo of {}",
    "a photo of {}.",
    "a picture of {}",
    "this is a picture of {}.",
    "an image of {}",
    "this is an image of {}.",
    "a drawing of {}",
    "this is a drawing of {}.",
    "this picture shows {}.",
    "this is {}.",
]


@dataclass(frozen=True)
class Meaning:
    """Facts and the ways to say them; the first wording is the plain one."""

    facts: frozenset
    wordings: tuple
    held_out: tuple = ()

    def true_of(self, facts):
        return self.facts <= facts


# Kind or group: wordings to learn, then wordings held out.
PLAIN = {
    "page": (
        [
            "a page of text", "a text page", "a printed page", "a written page", "a page with paragraphs of text",
            "pages of text", "a letter", "a typed letter", "a sheet of paper with text", "a page of writing",
            "a page from a book", "text on paper", "a written letter on paper",
        ],
        ["a sheet of text", "a page of printed text", "a typed page"],
    ),
    "newspaper": (
        [
            "a newspaper front page", "a newspaper", "the front of a newspaper", "newspapers", "a newspaper with a headline",
            "a front page with headlines", "a newspaper page", "a daily paper with headlines and columns",
            "the first page of a daily newspaper", "a press front page", "news in columns with a headline",
            "the front page of the daily press",
        ],
        ["the front page of a newspaper", "a daily newspaper", "newspaper headlines"],
    ),
    "chat": (
        [
            "a chat screenshot", "a screenshot of a chat", "chat messages", "a conversation on a phone", "a group chat",
            "text messages on a phone", "a screenshot of messages", "screenshots of chats", "a messenger conversation",
            "a chat conversation", "a conversation in a messenger app", "a phone screen with messages",
            "message bubbles on a screen", "a screenshot from a messenger app",
        ],
        ["a screenshot of a conversation", "messages in a group chat", "a messenger chat on a phone"],
    ),
    "table": (
        [
            "a table", "a table of numbers", "a table with rows and columns", "tables", "rows and columns of numbers",
            "a spreadsheet", "a grid of numbers", "a spreadsheet with cells", "a list of figures in columns and rows",
            "cells with numbers in a grid", "a data table", "data in rows and columns",
        ],
        ["a table of figures", "a spreadsheet with numbers", "a table with cells of data"],
    ),
    "bar chart": (
        [
            "a bar chart", "a bar graph", "a chart with bars", "bar charts", "coloured bars on axes", "a histogram",
            "a diagram with bars", "a graph of bars", "a column chart", "a bar diagram", "statistics shown as bars",
        ],
        ["a chart of bars", "a graph with bars", "a diagram with coloured bars"],
    ),
    "line chart": (
        [
            "a line chart", "a line graph", "a chart with lines", "line charts", "curves on axes", "a graph of a curve",
            "a diagram with lines", "a graph with lines going up and down", "a chart of curves", "a line diagram",
            "statistics shown as lines", "a curve over time",
        ],
        ["a graph with curves", "a chart of lines", "a diagram with curves"],
    ),
    "map": (
        [
            "a map", "a street map", "a map with roads", "maps", "a city map", "a map of a country", "a road map",
            "a map with rivers and roads", "a map of countries and borders", "a map with a pin on a place",
            "streets on a map", "a plan of city streets", "a geographic map",
        ],
        ["a map of streets", "a map of roads and rivers", "a map of a city"],
    ),
    "meme": (
        [
            "a meme", "a picture with bold text above and below", "memes", "a funny picture with text", "an internet meme",
            "a meme with bold text", "a joke picture with a caption", "a picture with a bold caption above and below",
            "bold white capitals over a picture", "a funny meme", "a captioned picture", "a funny image with a joke in capitals",
        ],
        ["a meme with a caption", "a picture with a funny caption", "a joke meme"],
    ),
    "landscape": (
        [
            "a landscape", "hills and sky", "landscapes", "a landscape with hills", "mountains and trees", "nature",
            "a view of the countryside", "a scene in nature", "fields and hills under the sky", "the countryside by day",
            "a landscape with trees and mountains", "a mountain view", "scenery with hills", "natural scenery",
        ],
        ["a landscape with mountains", "countryside scenery", "a view of hills and trees"],
    ),
    "night": (
        [
            "a night scene", "a city at night", "the night sky", "night", "a dark sky with the moon", "lights in the dark",
            "a town at night", "a scene at night", "buildings with lit windows at night", "the moon and stars",
            "a dark scene with lights", "stars in a dark sky", "street lights at night", "night scenes",
        ],
        ["a dark night", "the moon at night", "a night sky with stars"],
    ),
    "face": (
        [
            "a face", "a person's face", "a portrait", "faces", "the face of a person", "a portrait of a man or a woman",
            "a man's face", "a woman's face", "a person", "a head and shoulders", "a human face", "a portrait of a person",
            "the head of a person", "people",
        ],
        ["a human portrait", "the face of a man or a woman", "a person's head"],
    ),
    "chart": (
        ["a chart", "a graph", "charts", "a diagram", "a chart with axes", "graphs", "statistics", "a graph of data"],
        ["a chart of data", "a graph with axes"],
    ),
    "document": (
        ["a document", "a paper document", "documents", "a printed document", "a document on paper"],
        ["a printed paper document"],
    ),
}

# Kinds that come in colours; {} is where the colour goes, and goes without saying where there is none.
COLOURED = {
    "vehicle": (
        ["a {}vehicle", "{}vehicles", "a {}motor vehicle", "a {}vehicle on a road", "a {}car or truck", "a {}vehicle with wheels"],
        ["a {}vehicle on wheels", "a {}motor vehicle on a road"],
    ),
    "car": (
        ["a {}car", "{}cars", "a {}automobile", "a {}car on a road", "a {}motor car", "a parked {}car"],
        ["a parked {}automobile"],
    ),
    "truck": (
        ["a {}truck", "{}trucks", "a {}lorry", "a {}truck on a road", "a parked {}truck", "a {}lorry with wheels"],
        ["a {}lorry on a road"],
    ),
    "flag": (
        [
            "a {}flag", "{}flags", "a {}flag on a pole", "a waving {}flag", "a {}banner", "a {}flag in the wind",
            "a {}cloth banner", "a national {}flag",
        ],
        ["a {}banner on a pole", "a {}flag waving in the wind"],
    ),
    "circle": (
        ["a {}circle", "{}circles", "a round {}shape", "a {}disc", "a {}ring or disc", "a round {}disc"],
        ["a round {}circle", "a {}circle shape"],
    ),
    "square": (
        ["a {}square", "{}squares", "a {}shape with four corners", "a {}square shape", "a {}box", "a {}square with four sides"],
        ["a {}square box", "a {}square with four corners"],
    ),
    "triangle": (
        [
            "a {}triangle", "{}triangles", "a {}shape with three corners", "a {}triangular shape", "a {}triangle shape",
            "a {}triangle with three sides",
        ],
        ["a {}shape with three sides", "a triangular {}shape with three corners"],
    ),
    "shape": (
        ["a {}shape", "{}shapes", "a simple {}shape", "a {}geometric shape", "a {}geometric figure"],
        ["a simple {}geometric figure"],
    ),
}


def coloured(fact, colour):
    """The meaning of a kind in a colour, or in any where `colour` is empty."""
    say = lambda wordings: tuple(with_article(wording.format(colour and f"{colour} ")) for wording in wordings)
    learnt, held_out = COLOURED[fact]
    return Meaning(frozenset({fact, colour} - {""}), say(learnt), say(held_out))


def with_article(wording):
    return wording.replace("a orange", "an orange").replace("a automobile", "an automobile")


def meanings():
    """All meanings: kinds and groups, then each coloured kind in each colour."""
    plain = [Meaning(frozenset({fact}), tuple(learnt), tuple(held)) for fact, (learnt, held) in PLAIN.items()]
    return plain + [coloured(fact, colour) for fact in COLOURED for colour in ["", *COLOURS]]


def meaning(*facts):
    """The meaning that has just these facts."""
    return next(known for known in meanings() if known.facts == frozenset(facts))


def labels(kinds, wording="learnt", turn=0):
    """One wording for each kind: the plain one, or the `turn`-th of those held out."""
    found = [meaning(kind) for kind in kinds]
    if wording == "learnt":
        return [known.wordings[turn % len(known.wordings)] for known in found]
    return [known.held_out[turn % len(known.held_out)] for known in found]


def said(wording, rng: Random):
    """A wording as people write labels: mostly whole, at times without its article."""
    for article in ("a ", "an ", "the "):
        if wording.startswith(article) and rng.random() < 0.15:
            return wording[len(article):]
    return wording


def template(rng: Random):
    """The program's own sentence half of the time, else another one."""
    return DEFAULT_TEMPLATE if rng.random() < 0.5 else rng.choice(TEMPLATES)


def corpus():
    """Every sentence that training may say; what the tokenizer learns its words from."""
    return [DEFAULT_TEMPLATE, *TEMPLATES] + [wording for known in meanings() for wording in known.wordings]


def check():
    """No wording that is held out is learnt, and every word of it is."""
    learnt = {wording for known in meanings() for wording in known.wordings}
    words = {word for wording in learnt for word in wording.split()}
    for known in meanings():
        for wording in known.held_out:
            assert wording not in learnt, f"{wording!r} is learnt"
            assert set(wording.split()) <= words, f"{wording!r} has unknown words"


check()
