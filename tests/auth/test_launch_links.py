from app.auth.launch import LaunchTokens


def test_a_token_is_good_once(clock):
    tokens = LaunchTokens(clock)
    token = tokens.mint()

    assert tokens.redeem(token)
    assert not tokens.redeem(token)


def test_a_token_is_good_for_five_minutes(clock):
    tokens = LaunchTokens(clock)
    early, late = tokens.mint(), tokens.mint()

    clock.pass_seconds(299)
    assert tokens.redeem(early)
    clock.pass_seconds(1)
    assert not tokens.redeem(late)


def test_two_tokens_do_not_disturb_each_other(clock):
    tokens = LaunchTokens(clock)
    first, second = tokens.mint(), tokens.mint()

    assert first != second
    assert tokens.redeem(second)
    assert tokens.redeem(first)


def test_nothing_and_nonsense_are_refused(clock):
    tokens = LaunchTokens(clock)
    tokens.mint()

    assert not tokens.redeem("")
    assert not tokens.redeem("\ud800ế")
