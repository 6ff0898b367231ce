"""How the shipped checkpoint was made: which text, in which shares."""

from selfd_models.training.data.corpus import Recipe

_LANGUAGES = "cs de es fr hu it ja ko no pl pt ro sr sv tr uk zh"
_GUIDES = "ar be bg bn el fa hi id ms nl pcm ru sa sw ta zh-hans zh-hant"
_MULTILINGUAL = 0.09

NANO = Recipe(
    # The eight English kinds weigh the same in the score. Shares follow how much text a kind has
    # and how much another teaches it: novels serve stories, textbooks serve wiki and mixed.
    weights={
        "fiction": 0.19,
        "stories": 0.05,
        "textbooks": 0.17,
        "wiki": 0.12,
        "tech": 0.13,
        "mixed": 0.10,
        "reference": 0.08,
        "dialogue": 0.07,
        **dict.fromkeys(_LANGUAGES.split(), _MULTILINGUAL * 0.8 / 17),
        **dict.fromkeys(_GUIDES.split(), _MULTILINGUAL * 0.2 / 17),
    },
    # The Russian novels' repository states no licence.
    skip=frozenset({"multi_train_ru"}),
    held_out="en_valid*",
)
