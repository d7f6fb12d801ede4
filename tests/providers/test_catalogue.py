"""The data that the form, the validation, the estimates and the providers read."""

import json
from datetime import date

import pytest

from app.errors import InvalidInput, WhiskError
from app.models import ASPECT_RATIOS, QUALITIES
from app.providers.catalogue import SHIPPED, Catalogue, retired

TEN_RATIOS = set(ASPECT_RATIOS[:10])


@pytest.fixture
def catalogue():
    return Catalogue.load()


@pytest.fixture
def write(tmp_path):
    """Write a person's own catalogue; text as it is, entries as JSON."""

    def written(content):
        file = tmp_path / "catalogue.json"
        text = content if isinstance(content, str) else json.dumps({"models": content})
        file.write_text(text, encoding="utf-8")
        return file

    return written


def entry(**changes):
    minimal = {
        "id": "gemini:brand-new",
        "label": "Brand New",
        "provider": "gemini",
        "name": "brand-new",
        "sizes": {"1:1": {"1K": [1024, 1024]}},
    }
    return minimal | changes


def shipped_models():
    return json.loads(SHIPPED.read_text(encoding="utf-8"))["models"]


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("painter", "painter:painter"),
        ("painter:painter", "painter:painter"),
        ("Nano Banana Pro", "gemini:gemini-3-pro-image"),
        ("  nano banana PRO ", "gemini:gemini-3-pro-image"),
        ("gemini:gemini-3-pro-image", "gemini:gemini-3-pro-image"),
        ("gemini-3-pro-image-preview", "gemini:gemini-3-pro-image"),
        ("Nano Banana 2.1", "gemini:gemini-nano-banana-2.1"),
        ("Nano Banana 2", "gemini:gemini-3.1-flash-image"),
        ("Nano Banana 2 Lite", "gemini:gemini-3.1-flash-lite-image"),
        ("Nano Banana", "gemini:gemini-2.5-flash-image"),
    ],
)
def test_a_model_answers_to_its_id_label_and_nicknames(catalogue, name, model_id):
    assert catalogue.resolve(name).id == model_id


@pytest.mark.parametrize("name", ["", "nano", "imagen-4", "gemini:"])
def test_an_unknown_name_is_refused_by_name(catalogue, name):
    with pytest.raises(InvalidInput) as caught:
        catalogue.resolve(name)

    assert (caught.value.code, caught.value.field) == ("model_unknown", "model")
    assert caught.value.params["model"] == name


def test_a_model_is_got_by_its_exact_id_only(catalogue):
    assert catalogue.get("painter:painter").label == "Painter"
    assert catalogue.get("Painter") is None


def test_every_model_offers_the_ten_common_ratios_at_1k(catalogue):
    for model in catalogue.models:
        offered = {ratio for ratio in model.aspect_ratios if "1K" in model.qualities(ratio)}
        assert offered >= TEN_RATIOS, model.id


def test_pixels_follow_ratio_and_quality(catalogue):
    for model in catalogue.models:
        for ratio, by_quality in model.sizes.items():
            across, down = (int(number) for number in ratio.split(":"))
            for quality, (width, height) in by_quality.items():
                assert width / height == pytest.approx(across / down, rel=0.03), (model.id, ratio)
                side = 1024 * int(quality[0])
                assert width * height == pytest.approx(side * side, rel=0.13), (model.id, ratio)


def test_every_quality_on_offer_has_a_price(catalogue):
    for model in catalogue.models:
        offered = {quality for ratio in model.aspect_ratios for quality in model.qualities(ratio)}
        assert set(model.prices) == offered, model.id


def test_every_price_says_when_and_where_it_was_read(catalogue):
    for model in catalogue.models:
        assert date.fromisoformat(model.price_as_of)
        assert model.price_source, model.id


def test_a_price_agrees_with_the_token_rates_at_1k(catalogue):
    tokens_of_a_picture = (1120, 1290)
    for model in catalogue.models:
        by_rate = [model.rates.get("image_out", 0) * n / 1e6 for n in tokens_of_a_picture]
        assert min(abs(model.prices["1K"] - price) for price in by_rate) < 0.001, model.id


def test_the_painter_is_free_and_can_do_everything(catalogue):
    painter = catalogue.get("painter:painter")

    assert set(painter.prices.values()) == {0}
    assert painter.supports_seed
    assert painter.supports_negative_prompt
    assert painter.qualities("16:9") == list(QUALITIES)
    assert painter.max_references == 10


def test_the_oldest_gemini_model_takes_three_references_and_paints_1k(catalogue):
    model = catalogue.resolve("Nano Banana")

    assert (model.max_references, model.qualities("1:1")) == (3, ["1K"])


def test_a_model_is_retired_from_the_day_after_its_last(catalogue, write):
    model = Catalogue.load(write([entry(retires_on="2027-03-15")])).get("gemini:brand-new")

    assert not retired(model, date(2027, 3, 15))
    assert retired(model, date(2027, 3, 16))
    assert not retired(catalogue.get("painter:painter"), date(2999, 1, 1))


def test_a_persons_own_file_adds_models_at_the_end(catalogue, write):
    models = Catalogue.load(write([entry()])).models

    assert [model.id for model in models] == [
        *(model.id for model in catalogue.models),
        "gemini:brand-new",
    ]


def test_a_persons_own_file_replaces_a_model_where_it_stands(catalogue, write):
    changed = shipped_models()[1] | {"prices": {"1K": 1.0, "2K": 2.0, "4K": 4.0}}

    own = Catalogue.load(write([changed]))

    assert own.resolve("Nano Banana Pro").prices["2K"] == 2.0
    assert [model.id for model in own.models] == [model.id for model in catalogue.models]


def test_a_file_that_does_not_exist_changes_nothing(catalogue, tmp_path):
    assert Catalogue.load(tmp_path / "catalogue.json").models == catalogue.models


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("no json", "models"),
        ("[]", "models"),
        ("{}", "models"),
        ('{"models": 5}', "models"),
        ("[" * 200_000, "models"),
        (["Nano Banana"], "models[0]"),
        ([entry(), entry(id="gemini:x", name="x", label="X", colour="red")], "models[1].colour"),
        ([entry(max_references="many")], "models[0].max_references"),
        ([entry(max_references=-1)], "models[0].max_references"),
        ([entry(images_per_call=0)], "models[0].images_per_call"),
        ([entry(id="gemini:other")], "models[0].id"),
        ([entry(label=" ")], "models[0].label"),
        ([entry(sizes={})], "models[0].sizes"),
        ([entry(sizes={"5:3": {"1K": [5, 3]}})], "models[0].sizes.5:3"),
        ([entry(sizes={"1:1": {"8K": [1, 1]}})], "models[0].sizes.1:1"),
        ([entry(sizes={"1:1": {"1K": [0, 1]}})], "models[0].sizes.1:1"),
        ([entry(sizes={"1:1": {"1K": [99999, 1]}})], "models[0].sizes.1:1"),
        ([entry(prices={"1K": -1})], "models[0].prices"),
        ([entry(rates={"image_out": float("inf")})], "models[0].rates"),
        ([entry(retires_on="soon")], "models[0].retires_on"),
        ([entry(nicknames=["nano banana pro"])], "gemini:brand-new"),
    ],
)
def test_a_malformed_file_is_refused_with_its_name_and_the_place(write, content, place):
    file = write(content)

    with pytest.raises(WhiskError) as caught:
        Catalogue.load(file)

    assert caught.value.code == "catalogue_unreadable"
    assert caught.value.params["file"] == str(file)
    assert caught.value.params["place"] == place
    assert caught.value.params["reason"]
