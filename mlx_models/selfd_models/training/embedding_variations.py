"""Make texts that corpora lack, for the teacher to embed: plain scenes, near misses of sentences.

A table of word vectors learns what a word adds to a sentence from sentences that differ in it.
Running text has few of those, and no descriptions of pictures, which people also remember.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence

_ADULTS = "man woman boy girl person lady guy teenager doctor soldier farmer chef singer dancer"
_SMALL = "child baby toddler kid student player cyclist worker teacher policeman tourist runner"
_ANIMALS = "dog cat horse puppy kitten bird monkey panda elephant cow goat sheep lion tiger rabbit"
_MORE_ANIMALS = "squirrel duck parrot bear zebra giraffe hamster fish turtle deer fox pig hen"
_MANY = (
    "two men,two women,three children,a group of people,a couple,several kids,two dogs,a crowd,"
    "some friends,a family,two young girls,four players,many people,a band,a team"
)
_LOOKS = (
    "young,old,small,tall,blond,smiling,little,big,black,white,brown,grey,red-haired,elderly,tired,"
    "happy,spotted,wet,bearded,barefoot"
)
_COLOURS = [
    "red",
    "blue",
    "green",
    "yellow",
    "white",
    "black",
    "pink",
    "orange",
    "purple",
    "grey",
    "brown",
    "striped",
]
_CLOTHES = [
    "shirt",
    "dress",
    "coat",
    "hat",
    "jacket",
    "helmet",
    "sweater",
    "uniform",
    "scarf",
    "costume",
    "suit",
    "apron",
]
_DOES = (
    "playing the guitar,playing the piano,playing a flute,playing football,playing basketball,"
    "playing chess,playing with a ball,riding a bike,riding a horse,riding a motorcycle,"
    "driving a car,slicing an onion,cutting a tomato,peeling a potato,chopping carrots,"
    "cooking pasta,frying an egg,mixing flour and water,pouring milk into a bowl,eating an apple,"
    "eating a sandwich,drinking coffee,drinking water,reading a book,reading a newspaper,"
    "writing a letter,talking on the phone,typing on a laptop,taking a picture,watching television,"
    "washing the dishes,brushing their teeth,combing their hair,putting on make-up,singing a song,"
    "dancing,laughing,crying,sleeping,sitting on a bench,"
    "lying on the floor,standing,waiting,walking,"
    "running,jumping,swimming,surfing,skiing,skateboarding,climbing a rope,climbing a tree,"
    "lifting weights,throwing a stick,catching a fish,chasing a ball,kicking a ball,"
    "shooting a gun,firing an arrow,painting a wall,drawing a face,folding paper,cleaning a window,"
    "sweeping the yard,mowing the lawn,feeding the birds,petting an animal,carrying a bag,"
    "holding an umbrella,pushing a cart,opening a door,opening a box,buying bread,selling flowers,"
    "digging a hole,planting a tree,building a fence,repairing an engine,sewing a button,"
    "shaking hands,hugging,kissing,arguing,whispering,fighting,praying,looking at the camera"
)
_WHERE = (
    "in the street,on the beach,in a park,in the kitchen,at a table,near a river,in the snow,"
    "on a stage,in front of a house,at the station,in a garden,on a bridge,under a tree,in a field,"
    "on the grass,in a shop,in a classroom,in the water,next to a car,at night,in the rain,"
    "on a mountain,in a boat,on a couch,in an office,at a market,by the pool,on a roof,in a crowd"
)
_THINGS = (
    "car,bus,train,boat,bicycle,aeroplane,house,church,bridge,table,chair,lamp,clock,window,door,"
    "plate of food,bowl of soup,cake,bottle,cup of tea,guitar,laptop,phone,book,painting,statue,"
    "sign,fence,garden,tree,flower,mountain,lake,road,street,kitchen,bedroom,sofa,toilet,kite"
)
_STATES = (
    "parked,standing,lying,hanging,seen,left alone,covered in snow,full of people,very close,broken"
)

_NEVER_REPLACED = 4  # letters: shorter words are mostly grammar
_ENDINGS = ("ing", "ed", "ly", "ion", "er", "s", "")


def scenes(count: int, rng: random.Random) -> list[str]:
    """Describe `count` different everyday scenes in one sentence each."""
    found: dict[str, None] = {}
    while len(found) < count:
        made = _thing(rng) if rng.random() < 0.15 else _deed(rng)
        if rng.random() < 0.6:
            made = made[0].upper() + made[1:] + "."
        found[made] = None
    return list(found)


def _pick(choices: str, rng: random.Random) -> str:
    return rng.choice(choices.split("," if "," in choices else " "))


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _who(rng: random.Random) -> tuple[str, str]:
    """Return someone and the form of `to be` that goes with them."""
    if rng.random() < 0.2:
        who = _pick(_MANY, rng)
        return who, "is" if who.startswith("a ") and "people" not in who else "are"
    who = _pick(rng.choice((_ADULTS, _ADULTS, _SMALL, _ANIMALS, _MORE_ANIMALS)), rng)
    if rng.random() < 0.4:
        who = f"{_pick(_LOOKS, rng)} {who}"
    who = _article(who) if rng.random() < 0.85 else f"the {who}"
    if rng.random() < 0.2:
        who += f" in {_article(f'{rng.choice(_COLOURS)} {rng.choice(_CLOTHES)}')}"
    return who, "is"


def _deed(rng: random.Random) -> str:
    who, be = _who(rng)
    does = _pick(_DOES, rng)
    form = rng.random()
    if form < 0.12:
        return f"there {be} {who} {does}"
    said = f"{who} {be} {does}" if form < 0.7 else f"{who} {does}"
    if form < 0.05 or 0.2 < form < 0.55:
        said += f" {_pick(_WHERE, rng)}"
    if 0.45 < form < 0.55:
        other, _ = _who(rng)
        said += f" with {other}"
    return said


def _thing(rng: random.Random) -> str:
    noun = _pick(_THINGS, rng)
    if rng.random() < 0.5:
        noun = f"{rng.choice(_COLOURS)} {noun}"
    return f"{_article(noun)} {_pick(_STATES, rng)} {_pick(_WHERE, rng)}"


def variations(texts: Sequence[str], count: int, rng: random.Random) -> list[str]:
    """Return `count` of the texts with a word or two replaced, left out or moved."""
    chosen = rng.sample(texts, min(count, len(texts)))
    alike: dict[str, list[str]] = defaultdict(list)
    for word in (word for text in chosen for word in text.split()):
        if len(word) >= _NEVER_REPLACED and word.isalpha():
            alike[_kind(word)].append(word)
    return [" ".join(_varied(text.split(), alike, rng)) for text in chosen]


def _kind(word: str) -> str:
    """Name the words that may stand for this one: same ending, same case."""
    ending = next(ending for ending in _ENDINGS if word.endswith(ending))
    return f"{word[0].isupper()} {ending}"


def _varied(words: list[str], alike: dict[str, list[str]], rng: random.Random) -> Iterator[str]:
    places = [i for i, word in enumerate(words) if alike.get(_kind(word)) and word.isalpha()]
    hit = set(rng.sample(places, min(rng.randint(1, 2), len(places))))
    dropped = rng.randrange(len(words)) if rng.random() < 0.3 else -1
    for place, word in enumerate(words):
        if place in hit and len(word) >= _NEVER_REPLACED:
            yield rng.choice(alike[_kind(word)])
        elif place != dropped:
            yield word
