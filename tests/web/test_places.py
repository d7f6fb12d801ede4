"""Names that count, and names that count for a while."""

from app.web.places import PROXIED, Places

DIRECT = {"type": "http", "scheme": "http"}


def test_what_is_shared_counts_until_it_is_taken_away():
    places = Places(["127.0.0.1:8080"])

    places.share(["10.0.0.7:8080", "Studio:8080"])
    shared = places.of(DIRECT)
    places.share([])

    assert shared.hosts == {"127.0.0.1:8080", "10.0.0.7:8080", "studio:8080"}
    assert "http://studio:8080" in shared.origins
    assert places.of(DIRECT).hosts == {"127.0.0.1:8080"}


def test_what_is_shared_next_replaces_what_was():
    places = Places(["127.0.0.1:8080"])
    places.share(["10.0.0.7:8080"])

    places.share(["192.168.7.7:8080"])

    assert places.of(DIRECT).hosts == {"127.0.0.1:8080", "192.168.7.7:8080"}


def test_origins_are_those_of_the_scheme():
    places = Places(["127.0.0.1:8080"], "https")

    assert places.of(DIRECT).origins == {"https://127.0.0.1:8080"}


def test_without_a_public_address_nothing_counts_that_a_proxy_handed_on():
    assert Places(["127.0.0.1:8080"]).of({**DIRECT, PROXIED: True}).hosts == frozenset()


def test_a_socket_counts_as_what_it_grew_out_of():
    places = Places(["127.0.0.1:8080"], "http", "https://whisk.example:8443")

    names = places.of({"type": "websocket", "scheme": "wss", PROXIED: True})

    assert names.hosts == {"whisk.example:8443"}
    assert names.origins == {"https://whisk.example:8443"}
