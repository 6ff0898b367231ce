"""Models that mlx-lm runs, made in this test: what they say, what they take, what is refused."""

from __future__ import annotations

import asyncio
import json
import math
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from selfd_daemon.minds import Message, MindError, Request
from selfd_daemon.minds.ensemble.mind import EnsembleMind
from selfd_daemon.minds.mlx.files import read_files
from selfd_daemon.minds.mlx.mind import MlxMind
from selfd_daemon.minds.options import EnsembleOptions, MlxOptions
from selfd_daemon.minds.room import Memory, advice
from support.minds import told
from support.mlx_models import make_model, make_saying

pytest.importorskip("mlx_lm", reason="needs mlx-lm")
pytestmark = [pytest.mark.anyio, pytest.mark.mlx]

ASK = Request((Message("user", "Where is the key?"),), max_bytes=48)
PLENTY = Memory(64 << 30, 32 << 30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "tiny")


@asynccontextmanager
async def _mind(
    model: Path | str,
    options: MlxOptions | None = None,
    *,
    memory: Memory = PLENTY,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[MlxMind]:
    mind = MlxMind(
        "tiny",
        str(model),
        options or MlxOptions(),
        monotonic=clock,
        draw=lambda: 7,
        memory=lambda: memory,
    )
    yield mind
    await mind.close()


async def _refused(model: Path | str, **given: object) -> MindError:
    async with _mind(model, **given) as mind:  # type: ignore[arg-type]
        with pytest.raises(MindError, match=r".+") as caught:
            await told(mind, ASK)
        assert not mind.loaded
    return caught.value


def _alone(folder: Path, most: int) -> str:
    """Ask mlx-lm itself."""
    from mlx_lm import load, stream_generate

    loaded = load(str(folder))
    model, tokenizer = loaded[0], loaded[1]
    prompt = tokenizer.apply_chat_template(  # type: ignore[no-untyped-call]
        [{"role": "user", "content": "Where is the key?"}], add_generation_prompt=True
    )
    return "".join(part.text for part in stream_generate(model, tokenizer, prompt, most))


async def test_it_says_what_mlx_lm_says(folder: Path) -> None:
    expected = await asyncio.to_thread(_alone, folder, 48)
    async with _mind(folder) as mind:
        assert not mind.loaded
        assert (await mind.limits()).chats
        text, ended = await told(mind, ASK)
        again, _ = await told(mind, ASK)
        assert mind.loaded
        assert mind.parameters == read_files(folder).parameters
    assert text == expected.encode()[:48].decode(errors="ignore")
    assert again == text
    assert (ended.reason, ended.bytes) == ("length", len(text.encode()))


async def test_a_prompt_that_begins_alike_is_not_read_again(folder: Path) -> None:
    async with _mind(folder) as mind:
        await told(mind, ASK)
        runtime = mind._runtime
        assert runtime is not None
        longer = Request((*ASK.messages, Message("user", "And the cat?")), max_bytes=8)
        generation = runtime.start(longer, 1)
        assert len(generation.left) < len(generation.tokens) - 10
        fresh, _ = await told(mind, longer)
    async with _mind(folder) as other:
        assert (await told(other, longer))[0] == fresh


async def test_each_seed_has_its_text_whoever_else_is_asking(folder: Path) -> None:
    async with _mind(folder) as mind:
        asked = [
            Request(ASK.messages, max_bytes=40, temperature=1.0, seed=seed) for seed in range(4)
        ]
        alone = [(await told(mind, request))[0] for request in asked]
        together = await asyncio.gather(*(told(mind, request) for request in asked))
    assert [text for text, _ in together] == alone
    assert len(set(alone)) > 1


async def test_remembered_numbers_may_be_small(folder: Path) -> None:
    async with _mind(folder, MlxOptions(kv_bits=8)) as mind:
        text, ended = await told(mind, ASK)
        assert ended.bytes > 0
        assert text


async def test_leaving_stops_it_and_the_next_request_is_fine(folder: Path) -> None:
    async with _mind(folder) as mind:
        await mind.load()
        async with aclosing(mind.generate(Request(ASK.messages, max_bytes=4000))) as events:
            await anext(events)
        before = time.perf_counter()
        await mind.next_byte(b"a")
        assert time.perf_counter() - before < 1.0  # a tenth is the aim; the machine may be busy
        assert (await told(mind, ASK))[0]


async def test_a_text_costs_by_its_tokens_no_less_than_by_its_bytes(folder: Path) -> None:
    """The bytes' view sums over every way to cut the text, of which the usual one is one."""
    text, bits = "the cat sleeps", 0.0
    async with _mind(folder) as mind:
        score = await mind.score(text)
        for at, byte in enumerate(text.encode()):
            chances = await mind.next_byte(text.encode()[:at])
            assert chances.sum() == pytest.approx(1.0, abs=1e-6)
            bits -= math.log2(chances[byte])
        after = await mind.score(" sleeps", after="the cat")
        before = await mind.score("the cat")
    assert bits <= score.bits + 0.1  # what the beam drops
    assert score.bits == pytest.approx(before.bits + after.bits, rel=1e-4)
    assert (score.bytes, after.bytes) == (14, 7)


async def test_vectors_are_of_unit_length_and_tell_texts_apart(folder: Path) -> None:
    async with _mind(folder) as mind:
        cat, rain, cat_again = await mind.embed(["a cat", "rain", "a cat"])
    assert math.hypot(*cat) == pytest.approx(1.0)
    assert cat == cat_again
    assert cat != rain


async def test_a_prompt_over_the_context_is_refused_with_the_numbers(folder: Path) -> None:
    async with _mind(folder, MlxOptions(context_tokens=8)) as mind:
        with pytest.raises(MindError, match=r"this mind takes 8 with the answer") as caught:
            await told(mind, ASK)
        assert caught.value.code == "TOO_LARGE"
        assert (await told(mind, Request((Message("user", "a"),), raw=True)))[1].bytes > 0


async def test_an_idle_mind_gives_its_memory_back_and_loads_again(folder: Path) -> None:
    now = [0.0]
    async with _mind(folder, MlxOptions(idle_seconds=60), clock=lambda: now[0]) as mind:
        await told(mind, ASK)
        now[0] = 59.0
        assert not await mind.unload_if_idle()
        now[0] = 61.0
        assert await mind.unload_if_idle()
        assert not mind.loaded
        assert (await told(mind, ASK))[0]


async def test_a_model_that_does_not_fit_is_refused_and_what_fits_is_said(folder: Path) -> None:
    error = await _refused(folder, memory=Memory(80 << 20, 60 << 20))
    assert error.code == "MODEL_TOO_LARGE"
    assert "can be had: a 4-bit model of at most" in str(error)


async def test_a_missing_folder_is_named() -> None:
    error = await _refused("/nowhere/model")
    assert error.code == "MODEL_MISSING"
    assert "there is no folder '/nowhere/model'" in str(error)
    hub = await _refused("nobody/no-such-model")
    assert "fetch it with selfd models pull nobody/no-such-model" in str(hub)


async def test_a_weight_file_that_was_cut_short_is_named(folder: Path, tmp_path: Path) -> None:
    broken = make_model(tmp_path / "broken")
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    error = await _refused(broken)
    assert error.code == "MODEL_UNAVAILABLE"
    assert "bytes where its table says" in str(error)
    weights.write_bytes(b"not weights at all")
    assert "is no safetensors file, or damaged" in str(await _refused(broken))
    weights.unlink()
    assert "it holds no weights" in str(await _refused(broken))


async def test_weights_that_belong_to_another_model_are_refused(tmp_path: Path) -> None:
    mixed = make_model(tmp_path / "mixed")
    config = json.loads((mixed / "config.json").read_text("utf-8"))
    (mixed / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}), "utf-8")
    assert "cannot be loaded by mlx-lm" in str(await _refused(mixed))
    (mixed / "config.json").write_text(json.dumps(config | {"model_type": "no_such"}), "utf-8")
    assert "cannot be loaded by mlx-lm" in str(await _refused(mixed))
    (mixed / "config.json").write_text("{", "utf-8")
    assert "cannot be read" in str(await _refused(mixed))
    (mixed / "config.json").unlink()
    assert "has no config.json" in str(await _refused(mixed))


def _pretend(folder: Path, parameters: int, layers: int = 32) -> Path:
    """Write the outside of a large model: a table of contents, and a file with a hole in it."""
    folder.mkdir()
    config = {
        "model_type": "llama",
        "num_hidden_layers": layers,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "hidden_size": 4096,
        "max_position_embeddings": 131_072,
    }
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    table = {"w": {"dtype": "F16", "shape": [parameters], "data_offsets": [0, 2 * parameters]}}
    header = json.dumps(table).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + 2 * parameters)
    return folder


@pytest.mark.parametrize(
    ("gigabytes", "said"),
    [
        (32, "it fits with context_tokens 103424"),
        (14, "the same model in 8 bits needs"),
        (8, "the same model in 4 bits needs"),
        (4, "a 4-bit model of at most"),
    ],
)
def test_advice_goes_from_the_model_itself_to_a_smaller_one(
    gigabytes: int, said: str, tmp_path: Path
) -> None:
    files = read_files(_pretend(tmp_path / "large", 8_000_000_000))
    assert files.parameters == 8_000_000_000
    assert said in advice(files, Memory(64 << 30, int(gigabytes * 1e9 / 0.85)))


SAID = "The spare key lies under the blue flowerpot. [1]"


async def test_an_answer_is_spelt_by_the_models_own_template_to_its_end(tmp_path: Path) -> None:
    async with _mind(make_saying(tmp_path / "sayer", SAID)) as mind:
        spelt = b""
        while True:
            chances = await mind.spell(ASK, spelt)
            assert chances.shape == (257,)
            assert chances.sum() == pytest.approx(1.0, abs=1e-6)
            if chances.argmax() == 256:
                break
            spelt += bytes([int(chances.argmax())])
        assert spelt.decode() == (await told(mind, ASK))[0] == SAID[:48]
        assert (await mind.spell(ASK, b"The "))[ord("s")] > 0.9, "another way on from the middle"


async def test_members_spell_an_answer_together_and_agree_where_it_ends(tmp_path: Path) -> None:
    async def track_records() -> dict[str, tuple[float, int]]:
        return {"mind:1": (30.0, 30)}

    async with (
        _mind(make_saying(tmp_path / "sayer", SAID)) as sayer,
        _mind(make_model(tmp_path / "other", seed=2, context=2048)) as other,
    ):
        ensemble = EnsembleMind(
            {"mind:1": sayer, "mind:2": other},
            EnsembleOptions("BYTE"),
            track_records=track_records,
            monotonic=time.monotonic,
            draw=lambda: 7,
        )
        text, ended = await told(ensemble, Request(ASK.messages, max_bytes=200))
    assert text == SAID
    assert ended.reason == "stop"
    assert ended.support["mind:1"] > 0.6
