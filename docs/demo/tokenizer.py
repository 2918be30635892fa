"""A small tokenizer in CLIP's form: byte-level byte-pair encoding with an end-of-word mark."""

from collections import Counter

from transformers import CLIPTokenizer

BOS, EOS = "<|startoftext|>", "<|endoftext|>"
WORD_END = "</w>"
CONTEXT_LENGTH = 32


def byte_characters():
    """The character that stands for each byte: itself where it prints, else one from 256 up."""
    prints = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in prints]
    return [chr(byte) for byte in prints] + [chr(256 + place) for place in range(len(others))]


def split_words(sentences):
    """The words as CLIP splits them, each a tuple of symbols, with its count."""
    splitter = CLIPTokenizer().backend_tokenizer
    words = Counter()
    for sentence in sentences:
        pieces = splitter.pre_tokenizer.pre_tokenize_str(splitter.normalizer.normalize_str(sentence))
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


def neighbours(words):
    """How often each two symbols stand side by side."""
    pairs = Counter()
    for word, count in words.items():
        for pair in zip(word, word[1:]):
            pairs[pair] += count
    return pairs


def learn_merges(words):
    """The commonest neighbours, joined one pair after the other; ties go by alphabet.

    It goes on until every word is whole: the two hundred words of the captions are few enough, and a small model
    has better things to do than to spell.
    """
    merges = []
    while pairs := neighbours(words):
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = {join_pair(word, best): count for word, count in words.items()}
    return merges


def make_tokenizer(sentences):
    """The vocabulary in CLIP's order: bytes, bytes that end a word, merges, start, end.

    The end mark has the highest id, on which the old way of pooling (argmax) relies.
    """
    characters = byte_characters()
    merges = learn_merges(split_words(sentences))
    symbols = characters + [character + WORD_END for character in characters]
    symbols += [left + right for left, right in merges] + [BOS, EOS]
    vocabulary = {symbol: index for index, symbol in enumerate(symbols)}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=CONTEXT_LENGTH)
