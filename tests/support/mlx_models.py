"""Models for mlx-lm of a size that tests can make: drawn weights, and a tokenizer of this text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TEXT = [
    "The spare key lies under the blue flowerpot by the door.",
    "Ada has a cat, and the cat sleeps on the old red sofa.",
    "Rain all day; the river answered, and then it answered again.",
    "Where is the key? Under the pot. Who sleeps? The cat does.",
]
TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def make_model(
    folder: Path, *, seed: int = 1, width: int = 64, context: int = 256, template: bool = True
) -> Path:
    """Write a llama of two layers into a folder, as mlx-lm's own conversion would."""
    import mlx.core as mx
    from mlx.utils import tree_flatten
    from mlx_lm.models import llama

    folder.mkdir(parents=True, exist_ok=True)
    size = _make_tokenizer(folder, template=template)
    config = {
        "model_type": "llama",
        "hidden_size": width,
        "num_hidden_layers": 2,
        "intermediate_size": 2 * width,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 64,
        "rms_norm_eps": 1e-5,
        "vocab_size": size,
        "max_position_embeddings": context,
        "tie_word_embeddings": False,
        "eos_token_id": 1,
    }
    mx.random.seed(seed)
    made: Any = llama  # parts of it have no types
    model = made.Model(made.ModelArgs.from_dict(config))
    found: Any = tree_flatten(model.parameters())
    weights = {name: value * 3.0 for name, value in found}
    mx.save_safetensors(str(folder / "model.safetensors"), weights, metadata={"format": "mlx"})
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    return folder


def _make_tokenizer(folder: Path, *, template: bool) -> int:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    wrap: Any = PreTrainedTokenizerFast
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        show_progress=False,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(TEXT * 4, trainer)
    wrapped = wrap(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    if template:
        wrapped.chat_template = TEMPLATE
    wrapped.save_pretrained(str(folder))
    return tokenizer.get_vocab_size()
