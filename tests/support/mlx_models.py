"""Models for mlx-lm of a size that tests can make: drawn weights, and a tokenizer of this text."""

from __future__ import annotations

import json
from itertools import pairwise
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


def make_gguf(path: Path, *, width: int = 64, layers: int = 2) -> Path:
    """Write a llama as llama.cpp reads it: drawn weights, and a vocabulary of single bytes."""
    import mlx.core as mx

    mx.random.seed(1)
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    kinds = [2, 3, 3, *[6] * 256]  # unknown, control, byte
    shapes = {"token_embd": (len(tokens), width), "output": (len(tokens), width)}
    for layer in range(layers):
        at = f"blk.{layer}"
        shapes |= {f"{at}.attn_{name}": (width, width) for name in ("q", "k", "v", "output")}
        shapes |= {f"{at}.ffn_{name}": (2 * width, width) for name in ("gate", "up")}
        shapes[f"{at}.ffn_down"] = (width, 2 * width)
    weights = {f"{name}.weight": mx.random.normal(shape) * 0.2 for name, shape in shapes.items()}
    gains = [
        "output_norm",
        *(f"blk.{n}.{at}_norm" for n in range(layers) for at in ("attn", "ffn")),
    ]
    weights |= {f"{name}.weight": mx.ones(width) for name in gains}
    numbers = {
        "context_length": 512,
        "embedding_length": width,
        "block_count": layers,
        "feed_forward_length": 2 * width,
        "attention.head_count": 2,
        "attention.head_count_kv": 2,
        "rope.dimension_count": width // 2,
    }
    told: dict[str, Any] = {
        "general.architecture": "llama",
        "llama.attention.layer_norm_rms_epsilon": mx.array(1e-5, mx.float32),
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.scores": mx.zeros(len(tokens)),
        "tokenizer.ggml.token_type": mx.array(kinds, mx.int32),
        "tokenizer.ggml.bos_token_id": mx.array(1, mx.uint32),
        "tokenizer.ggml.eos_token_id": mx.array(2, mx.uint32),
    }
    told |= {f"llama.{name}": mx.array(number, mx.uint32) for name, number in numbers.items()}
    mx.save_gguf(str(path), weights, told)
    return path


def make_saying(folder: Path, words: str, *, context: int = 2048) -> Path:
    """Write a llama that answers whatever it is asked with the same words, then ends.

    Its layers add nothing, so that each token decides the next one: none may come twice.
    """
    import mlx.core as mx
    from mlx_lm import load

    make_model(folder, context=context)
    loaded: Any = load(str(folder))
    tokenizer = loaded[1]
    asked = tokenizer.apply_chat_template(
        [{"role": "user", "content": "?"}], add_generation_prompt=True
    )
    said = tokenizer.encode(words, add_special_tokens=False)
    chain = [asked[-1], *said, tokenizer.eos_token_id]
    assert len(set(chain)) == len(chain) < 64, "a token comes twice, or there are too many"
    kept: Any = mx.load(str(folder / "model.safetensors"))
    weights = dict(kept)
    for name, value in weights.items():
        is_gain = "norm" in name
        weights[name] = mx.ones_like(value) if is_gain else mx.zeros_like(value)
    embedding, head = weights["model.embed_tokens.weight"], weights["lm_head.weight"]
    for place, (token, following) in enumerate(pairwise(chain)):
        embedding[token, place] = 1.0
        head[following, place] = 10.0
    mx.save_safetensors(str(folder / "model.safetensors"), weights, metadata={"format": "mlx"})
    return folder
