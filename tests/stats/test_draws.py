"""Random numbers are drawn in one stated way."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from scipy.stats import chi2, hypergeom

from pilot_eval.stats import draws
from pilot_eval.stats.draws import (
    all_signs,
    packed,
    random_arm_bits,
    random_arms,
    random_signs,
    random_subsets,
    signed_sums,
    sums_of_set,
    webb_weights,
)


def test_signs_are_the_lowest_bits_of_raw_words_of_pcg64() -> None:
    words = np.random.PCG64(7).random_raw(6)
    bits = np.unpackbits(random_signs(70, 3, 7), axis=1, bitorder="little")[:, :70]
    for draw in range(3):
        expected = [(int(words[2 * draw + g // 64]) >> (g % 64)) & 1 for g in range(70)]
        assert bits[draw].tolist() == expected


def test_sums_by_look_up_equal_products() -> None:
    rng = np.random.default_rng(8)
    arms = rng.random((50, 37)) < 0.4
    columns = rng.normal(size=(37, 3))
    np.testing.assert_allclose(sums_of_set(packed(arms), columns), arms @ columns, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(signed_sums(packed(arms), columns), (1.0 - 2.0 * arms) @ columns, atol=1e-12)


def test_every_pattern_comes_once_and_the_identity_first() -> None:
    signs = signed_sums(all_signs(10), np.eye(10))
    assert len(np.unique(signs, axis=0)) == 1024
    assert (signs[0] == 1.0).all()


def test_chunks_do_not_change_what_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    arm, stratum = np.arange(11) < 4, np.arange(11) % 2
    whole = np.concatenate(list(random_arms(arm, stratum, 30, 3)))
    weights = np.concatenate(list(webb_weights(11, 30, 3)))
    monkeypatch.setattr(draws, "CHUNK_ELEMENTS", 40)
    np.testing.assert_array_equal(np.concatenate(list(random_arms(arm, stratum, 30, 3))), whole)
    np.testing.assert_array_equal(np.concatenate(list(webb_weights(11, 30, 3))), weights)


@pytest.mark.parametrize("strata", [1, 3])
def test_packed_arms_are_the_same_arms(strata: int) -> None:
    arm, stratum = np.arange(30) % 4 == 0, np.arange(30) % strata
    bits = np.concatenate(list(random_arm_bits(arm, stratum, 5000, 3)))
    np.testing.assert_array_equal(bits, packed(np.concatenate(list(random_arms(arm, stratum, 5000, 3)))))


def test_random_arms_keep_the_number_of_each_stratum_and_are_uniform() -> None:
    arm, stratum = np.array([1, 1, 0, 0, 0, 1, 0, 0], dtype=bool), np.array([0, 0, 0, 0, 0, 1, 1, 1])
    drawn = np.concatenate(list(random_arms(arm, stratum, 6000, 4)))
    assert (drawn[:, :5].sum(axis=1) == 2).all()
    assert (drawn[:, 5:].sum(axis=1) == 1).all()
    _, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(counts) == 30
    expected = 6000 / 30
    assert np.sum((counts - expected) ** 2 / expected) < 58.3  # 0.999 quantile of chi-squared with 29 df


def test_subsets_follow_the_stated_stream() -> None:
    """The same by plain loops: toss, count, let named places leave or join."""
    size, wanted, count = 70, 44, 6  # 161/256 = 0b10100001: eight words for each word of bits
    bits = np.unpackbits(
        random_subsets(size, wanted, count, np.random.PCG64(9)), axis=1, count=size, bitorder="little"
    )
    stream = np.random.PCG64(9)
    sets = [0] * count
    for digit in range(8):
        for draw in range(count):
            low, high = (int(word) for word in stream.random_raw(2))
            raw = low | high << 64
            sets[draw] = sets[draw] | raw if 161 >> digit & 1 else sets[draw] & raw
    sets = [own & ((1 << size) - 1) for own in sets]
    unfinished = [draw for draw in range(count) if sets[draw].bit_count() != wanted]
    while unfinished:
        words = [int(word) for word in stream.random_raw(-(-len(unfinished) // 2))]
        halves = [half for word in words for half in (word & 0xFFFFFFFF, word >> 32)]
        for draw, half in zip(unfinished, halves, strict=False):
            place = 1 << (half * size >> 32)
            if bool(sets[draw] & place) == (sets[draw].bit_count() > wanted):
                sets[draw] ^= place
        unfinished = [draw for draw in unfinished if sets[draw].bit_count() != wanted]
    for own, found in zip(sets, bits, strict=True):
        assert [own >> g & 1 for g in range(size)] == found.tolist()


@pytest.mark.parametrize(("size", "wanted"), [(6, 2), (7, 5), (5, 0), (5, 5), (4, 1)])
def test_all_subsets_are_equally_likely(size: int, wanted: int) -> None:
    found = random_subsets(size, wanted, 40_000, np.random.PCG64(10))[:, 0]
    sets, counts = np.unique(found, return_counts=True)
    assert {int(one).bit_count() for one in sets} == {wanted}
    assert len(sets) == comb(size, wanted)
    expected = 40_000 / len(sets)
    if len(sets) > 1:
        assert chi2.sf(np.sum((counts - expected) ** 2 / expected), len(sets) - 1) > 0.001


@pytest.mark.parametrize("wanted", [1, 2, 299, 598, 599])
def test_subsets_have_the_wanted_size_however_rare_a_member_is(wanted: int) -> None:
    found = random_subsets(600, wanted, 500, np.random.PCG64(12))
    assert (np.bitwise_count(found).sum(axis=1) == wanted).all()
    assert len(np.unique(found, axis=0)) > 200


def test_places_of_a_large_subset_are_as_likely_and_as_dependent_as_they_should_be() -> None:
    found = np.unpackbits(random_subsets(130, 17, 20_000, np.random.PCG64(11)), axis=1, bitorder="little")
    share = 17 / 130
    error = np.sqrt(share * (1.0 - share) / 20_000)
    assert np.abs(found[:, :130].mean(axis=0) - share).max() < 4.5 * error
    assert not found[:, 130:].any()
    half = found[:, :65].sum(axis=1)  # hypergeometric
    assert half.var() == pytest.approx(hypergeom(130, 17, 65).var(), rel=0.05)
