"""Read the texts that the sentence embedder learns from, out of the folder of public data.

Only sets whose licences let a model trained on them be shipped are named here: nothing for research
or non-commercial use alone, and no sentence of the similarity benchmark's validation or test part.
"""

import io
import itertools
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import zstandard

from selfd_models.embedding.features import LONGEST_WORD, normalise

Record = dict[str, Any]

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)]*\s+(?=[\"'“‘(]*[A-Z0-9])")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_BETWEEN = re.compile(rb"[^0-9a-z\x80-\xfe]+")  # what `embedding.features` takes for no word
_LETTERS = re.compile(r"[^\W\d_]")

SHORTEST, LONGEST = 8, 700  # characters; the teacher reads no more than its first 160 tokens
HELD_OUT_FILE = "sts/stsb_multi.jsonl.zst"


@dataclass(frozen=True, slots=True)
class Source:
    """One file, how to take texts out of a record, and how many to keep at most."""

    path: str
    texts: Callable[[Record], Iterable[str]]
    limit: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """What the student is taught: texts, question-passage pairs and translations of texts."""

    texts: list[str]
    pairs: list[tuple[str, str]]
    translations: list[tuple[str, str]]


def read_records(path: Path) -> Iterator[Record]:
    """Yield the objects of a zstd-compressed JSON-lines file."""
    with path.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as stream:
        for line in io.TextIOWrapper(stream, encoding="utf-8"):
            yield json.loads(line)


def tidy(text: str) -> str:
    """Collapse white space, as headlines and wrapped lines carry it by accident."""
    return _SPACE.sub(" ", text).strip()


def sentences(text: str) -> Iterator[str]:
    """Split running text at line ends and after the stops that a capital follows."""
    for paragraph in text.split("\n\n"):
        yield from _SENTENCE_END.split(tidy(paragraph))


def paragraphs(text: str) -> Iterator[str]:
    """Yield paragraphs of a few sentences, cut to what the teacher reads."""
    for paragraph in text.split("\n\n"):
        body = tidy(paragraph)
        if len(body) > 200:
            yield body[:LONGEST]


def turns(text: str) -> Iterator[str]:
    """Yield what each speaker of a written dialogue says, without the name."""
    for line in text.splitlines():
        _, _, said = line.partition(": ")
        yield tidy(said)


def fields(*names: str) -> Callable[[Record], Iterator[str]]:
    """Make a reader of whole text fields; a list of texts yields each of them."""

    def read(record: Record) -> Iterator[str]:
        for name in names:
            value = record.get(name) or ""
            yield from (tidy(str(v)) for v in (value if isinstance(value, list) else [value]))

    return read


def of_text(split: Callable[[str], Iterable[str]]) -> Callable[[Record], Iterable[str]]:
    """Make a reader that splits the field `text`."""
    return lambda record: split(record["text"])


def _chats(record: Record) -> Iterator[str]:
    if record["lang"] == "en":
        for day in record["days"]:
            for turn in day["turns"]:
                yield tidy(turn["user"])
                yield from sentences(turn["assistant"])


def _english_news(record: Record) -> Iterator[str]:
    if record["lang"] == "eng":
        yield tidy(record["text"])


def _query_with_choices(record: Record) -> Iterator[str]:
    yield tidy(record["query"].removeprefix("Question:").removesuffix("Answer:"))


SOURCES = (
    Source("pairs/tatoeba.jsonl.zst", fields("eng"), 60_000),
    Source("pairs/ntrex128.jsonl.zst", _english_news, 2_000),
    Source("memory/memorybank_users.jsonl.zst", _chats, 10_000),
    Source("text/en_train_dialogue.jsonl.zst", of_text(turns), 60_000),
    Source("text/en_train_fiction.jsonl.zst", of_text(sentences), 110_000),
    Source("text/en_train_stories.jsonl.zst", of_text(sentences), 10_000),
    Source("text/en_train_mixed.jsonl.zst", of_text(sentences), 40_000),
    Source("text/en_train_reference.jsonl.zst", of_text(sentences), 15_000),
    Source("text/en_train_tech.jsonl.zst", of_text(sentences), 40_000),
    Source("text/en_train_textbooks.jsonl.zst", of_text(sentences), 100_000),
    Source("text/en_train_wiki.jsonl.zst", of_text(sentences), 50_000),
    Source("text/en_train_tech.jsonl.zst", of_text(paragraphs), 4_000),
    Source("text/en_train_textbooks.jsonl.zst", of_text(paragraphs), 8_000),
    Source("text/en_train_wiki.jsonl.zst", of_text(paragraphs), 7_000),
    Source("text/en_train_fiction.jsonl.zst", of_text(paragraphs), 4_000),
    Source("text/en_train_mixed.jsonl.zst", of_text(paragraphs), 3_000),
    Source("text/en_train_wiki.jsonl.zst", fields("title"), 7_000),
    Source("text/en_train_textbooks.jsonl.zst", fields("title"), 2_000),
    Source("text/en_train_tech.jsonl.zst", fields("title"), 2_000),
    Source("pairs/boolq.jsonl.zst", fields("question"), 3_000),
    Source("pairs/nq_open.jsonl.zst", fields("question"), 3_000),
    Source("pairs/triviaqa.jsonl.zst", fields("question"), 3_000),
    Source("pairs/pubmedqa.jsonl.zst", fields("question"), 1_000),
    Source("multihop/strategyqa.jsonl.zst", fields("question", "facts", "description"), 10_000),
    Source("lm_eval/multiple_choice.jsonl.zst", _query_with_choices, 5_000),
    Source("lm_eval/multiple_choice.jsonl.zst", fields("choices"), 12_000),
    Source("lm_eval/blimp.jsonl.zst", fields("good"), 20_000),
    Source("tasks/gsm8k.jsonl.zst", fields("question"), 4_000),
    Source("tasks/svamp.jsonl.zst", fields("question"), 1_000),
    Source("tasks/mbpp.jsonl.zst", fields("text"), 1_000),
)


def _held_out(data: Path) -> frozenset[str]:
    """Collect the benchmark's validation and test sentences, which training must not see."""
    return frozenset(
        tidy(record[side]).lower()
        for record in read_records(data / HELD_OUT_FILE)
        if record["lang"] == "en" and record["part"] != "train"
        for side in ("a", "b")
    )


def _source_texts(
    data: Path, source: Source, unwanted: frozenset[str], rng: random.Random
) -> list[str]:
    seen: dict[str, None] = {}
    for record in read_records(data / source.path):
        for text in source.texts(record):
            if SHORTEST <= len(text) <= LONGEST and len(_LETTERS.findall(text)) > len(text) // 2:
                seen[text] = None
    found = [text for text in seen if text.lower() not in unwanted]
    return rng.sample(found, min(source.limit, len(found)))


def vocabulary(texts: Iterable[str], size: int, least: int = 4) -> list[str]:
    """List the commonest words, each to be taught on its own."""
    counts = Counter(word for text in texts for word in _WORD.findall(text.lower()))
    return [word for word, count in counts.most_common(size) if count >= least]


def known_words(texts: Iterable[str], size: int = 50_000, least: int = 3) -> dict[str, int]:
    """Count the commonest words of the letters a to z, by which misspelt ones are told."""
    counts = Counter(word for text in texts for word in _BETWEEN.split(normalise(text)))
    common = ((word.decode(), count) for word, count in counts.most_common() if word.isalpha())
    fit = ((word, count) for word, count in common if count >= least and len(word) <= LONGEST_WORD)
    return dict(itertools.islice(fit, size))


def phrases(texts: list[str], count: int, rng: random.Random) -> list[str]:
    """Cut random runs of two to five words, which teach how few words combine."""
    found: dict[str, None] = {}
    for text in rng.sample(texts, min(count, len(texts))):
        words = text.split()
        length = rng.randint(2, 5)
        if len(words) > length:
            start = rng.randrange(len(words) - length)
            found[" ".join(words[start : start + length]).strip(".,;:!?\"'()“”’")] = None
    return list(found)


def question_pairs(data: Path) -> list[tuple[str, str]]:
    """Pair real questions with the passage that answers them."""
    passages = {
        r["id"]: tidy(r["text"]) for r in read_records(data / "pairs/squad_passages.jsonl.zst")
    }
    found = [
        (tidy(r["question"]), passages[r["passage"]])
        for r in read_records(data / "pairs/squad_questions.jsonl.zst")
    ]
    for name in ("nq_open_oracle", "boolq", "pubmedqa"):
        for r in read_records(data / f"pairs/{name}.jsonl.zst"):
            found.append((tidy(r["question"]), tidy(r["text"])))
    return [(question, passage[:LONGEST]) for question, passage in found]


def translations(data: Path, unwanted: frozenset[str]) -> list[tuple[str, str]]:
    """Pair sentences in other languages with the same sentence in English."""
    found = [
        (tidy(r["text"]), tidy(r["eng"])) for r in read_records(data / "pairs/tatoeba.jsonl.zst")
    ]
    return [(text, english) for text, english in found if english.lower() not in unwanted]


def with_typos(text: str, share: float, rng: random.Random) -> str:
    """Hit each character with probability `share`: replace, drop, swap, or add a letter to it."""
    out: list[str] = []
    place = 0
    while place < len(text):
        kind = rng.choice(("replace", "drop", "add", "swap")) if rng.random() < share else ""
        if kind == "replace":
            out.append(rng.choice(ascii_lowercase))
        elif kind == "swap":
            out.append(text[place : place + 2][::-1])
            place += 1
        elif kind != "drop":
            out.append(text[place])
        if kind == "add":
            out.append(rng.choice(ascii_lowercase))
        place += 1
    return "".join(out)


def collect(data: Path, *, most: int, seed: int) -> Corpus:
    """Read at most `most` texts to teach, in an order that `seed` decides, and all pairs."""
    rng = random.Random(seed)
    unwanted = _held_out(data)
    texts: dict[str, None] = {}
    for source in SOURCES:
        texts.update(dict.fromkeys(_source_texts(data, source, unwanted, rng)))
    running = list(texts)
    texts.update(dict.fromkeys(vocabulary(running, 40_000)))
    texts.update(dict.fromkeys(phrases(running, 80_000, rng)))
    pairs = question_pairs(data)
    texts.update(dict.fromkeys(text for pair in pairs for text in pair))
    ordered = list(texts)
    rng.shuffle(ordered)
    return Corpus(ordered[:most], pairs, translations(data, unwanted))
