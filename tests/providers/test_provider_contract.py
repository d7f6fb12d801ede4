"""One suite for every provider, and the registry that names them.

To add a provider: subclass `ProviderContract`, give it a `provider` fixture and a `failing` one.
"""

import asyncio
import inspect
import io

import pytest
from PIL import Image

from app.errors import InvalidInput, ProviderError, Rejected
from app.models import CATEGORIES
from app.providers.base import ImageProvider, ImageRequest, ReferencePicture
from app.providers.catalogue import Catalogue
from app.providers.gemini import GeminiProvider
from app.providers.keys import KeyRing
from app.providers.painter import PainterProvider
from app.providers.registry import build_providers
from tests.providers.fake_gemini import KEY, FakeGemini, failure

CATALOGUE = Catalogue.load()


def request_for(provider, **changes):
    """A small request for the first model that the catalogue has for a provider."""
    model = next(model for model in CATALOGUE.models if model.provider == provider.name)
    asked = {
        "attempt_id": "attempt-1",
        "model": model,
        "prompt": "a fox under the moon",
        "aspect_ratio": "1:1",
        "quality": "1K",
        "size": model.sizes["1:1"]["1K"],
        "seed": 7,
        "slot": 1,
    }
    return ImageRequest(**(asked | changes))


def references():
    """One reference of every role, and one without."""
    stream = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(stream, "PNG")
    return tuple(
        ReferencePicture(role=role, name="a", mime_type="image/png", data=stream.getvalue())
        for role in (*CATEGORIES, "")
    )


def generate(provider, request):
    async def run():
        try:
            return await provider.generate(request)
        finally:
            await provider.close()

    return asyncio.run(run())


class ProviderContract:
    """What every `ImageProvider` promises."""

    def test_it_answers_at_least_one_picture_that_decodes(self, provider):
        answer = generate(provider, request_for(provider))

        assert answer.images
        for image in answer.images:
            assert image.mime_type.startswith("image/")
            with Image.open(io.BytesIO(image.data)) as opened:
                opened.load()
                assert Image.MIME[opened.format] == image.mime_type

    def test_it_takes_references_of_every_role(self, provider):
        answer = generate(provider, request_for(provider, references=references()))

        assert answer.images

    def test_it_takes_any_seed_that_a_task_may_have(self, provider):
        for seed in (0, 2**31, 2**32 - 1):
            assert generate(provider, request_for(provider, seed=seed)).images

    def test_it_takes_the_prompts_of_the_whole_world(self, provider):
        prompt = "Một chú mèo 🐈\n“nắng”; <b>\\n</b> {x} %s \u202e"

        assert generate(provider, request_for(provider, prompt=prompt)).images

    def test_it_paints_or_refuses_a_negative_prompt_as_its_models_say(self, provider):
        request = request_for(provider, negative_prompt="people")

        if request.model.supports_negative_prompt:
            assert generate(provider, request).images
        else:
            with pytest.raises(Rejected) as caught:
                generate(provider, request)
            assert caught.value.code == "negative_prompt_unsupported"

    def test_its_cost_is_known_and_not_negative_or_honestly_unknown(self, provider):
        answer = generate(provider, request_for(provider))

        assert answer.cost is None or answer.cost >= 0

    def test_progress_only_grows_from_0_to_1(self, provider):
        seen = []

        async def run():
            await provider.generate(request_for(provider), seen.append)
            await provider.close()

        asyncio.run(run())

        assert seen == sorted(seen)
        assert all(0 <= share <= 1 for share in seen)

    def test_several_requests_run_side_by_side(self, provider):
        async def run():
            wanted = [provider.generate(request_for(provider, slot=slot)) for slot in (1, 2, 3)]
            answers = await asyncio.gather(*wanted)
            await provider.close()
            return answers

        assert all(answer.images for answer in asyncio.run(run()))

    def test_closing_twice_and_closing_unused_is_fine(self, provider):
        async def run():
            await provider.close()
            await provider.close()

        asyncio.run(run())

    def test_it_works_again_after_it_was_closed(self, provider):
        generate(provider, request_for(provider))

        assert generate(provider, request_for(provider)).images

    def test_a_failure_is_always_a_provider_error_with_a_sentence(self, failing):
        with pytest.raises(ProviderError) as caught:
            generate(failing, request_for(failing))

        assert caught.value.message != f"error.{caught.value.code}"
        assert "{" not in caught.value.message

    def test_the_catalogue_has_a_model_for_it(self, provider):
        assert any(model.provider == provider.name for model in CATALOGUE.models)

    def test_it_says_who_it_is_and_what_a_crash_leaves(self, provider):
        assert provider.name.isidentifier()
        assert provider.label
        assert provider.recovery in {"key", "job", "none", "free"}


class TestPainter(ProviderContract):
    @pytest.fixture
    def provider(self):
        return PainterProvider(latency_seconds=0)

    @pytest.fixture
    def failing(self):
        return PainterProvider(latency_seconds=0, script=[Rejected("empty_answer", provider="P")])


class TestGemini(ProviderContract):
    """The real SDK on a local server; what Google really does was not asked."""

    @pytest.fixture
    def provider(self):
        with FakeGemini() as fake:
            yield GeminiProvider(lambda: KEY, base_url=fake.url)

    @pytest.fixture
    def failing(self):
        with FakeGemini(failure(500, "INTERNAL", "Internal error")) as fake:
            yield GeminiProvider(lambda: KEY, base_url=fake.url)


def registered(environment=None, keys=None):
    return build_providers(
        keys or KeyRing(None, environment or {}),
        painter_latency_seconds=0,
        environment=environment or {},
    )


def test_every_registered_provider_has_its_suite():
    suites = {suite.__name__.removeprefix("Test") for suite in ProviderContract.__subclasses__()}

    assert {type(provider).__name__.removesuffix("Provider") for provider in
            registered().values()} == suites  # fmt: skip


def test_no_suite_quietly_replaces_a_contract_test():
    promised = {name for name in vars(ProviderContract) if name.startswith("test_")}

    assert promised
    for suite in ProviderContract.__subclasses__():
        assert not promised & set(vars(suite)), suite.__name__


def test_every_provider_of_the_catalogue_is_registered_under_its_name():
    providers = registered()

    assert {model.provider for model in CATALOGUE.models} == set(providers)
    for name, provider in providers.items():
        assert isinstance(provider, ImageProvider)
        assert provider.name == name
        assert not inspect.isabstract(type(provider))


def test_the_registry_tells_the_key_ring_which_variables_to_read():
    keys = KeyRing(None, {"GOOGLE_API_KEY": KEY})

    registered(keys=keys)

    assert keys.get("gemini") == KEY
    assert keys.get("painter") is None


def test_a_variable_sends_gemini_elsewhere_and_the_key_of_the_environment_with_it():
    with FakeGemini() as fake:
        environment = {"WHISK_GEMINI_URL": fake.url, "GEMINI_API_KEY": KEY}
        provider = registered(environment)["gemini"]

        generate(provider, request_for(provider))

        assert len(fake.calls) == 1


@pytest.mark.parametrize(
    "url",
    ["http://example.org", "ftp://example.org", "example.org", "https://", "https://a:b@example.org",
     "http://127.0.0.1:99999", "http://localhost.example.org", "file:///etc/passwd", "http://[::1"],
)  # fmt: skip
def test_a_key_is_sent_to_no_address_where_it_could_be_read(url):
    with pytest.raises(InvalidInput) as caught:
        registered({"WHISK_GEMINI_URL": url})

    assert caught.value.code == "address_malformed"


@pytest.mark.parametrize("url", ["https://gateway.example.org/gemini", "http://[::1]:8080", ""])
def test_a_gateway_may_be_used_by_https_or_on_this_computer(url):
    assert "gemini" in registered({"WHISK_GEMINI_URL": url})
