"""Random numbers are drawn in one stated way."""

from __future__ import annotations

import numpy as np
import pytest

from pilot_eval.stats import draws
from pilot_eval.stats.draws import (
    all_signs,
    packed,
    random_arms,
    random_signs,
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


def test_random_arms_keep_the_number_of_each_stratum_and_are_uniform() -> None:
    arm, stratum = np.array([1, 1, 0, 0, 0, 1, 0, 0], dtype=bool), np.array([0, 0, 0, 0, 0, 1, 1, 1])
    drawn = np.concatenate(list(random_arms(arm, stratum, 6000, 4)))
    assert (drawn[:, :5].sum(axis=1) == 2).all()
    assert (drawn[:, 5:].sum(axis=1) == 1).all()
    _, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(counts) == 30
    expected = 6000 / 30
    assert np.sum((counts - expected) ** 2 / expected) < 58.3  # 0.999 quantile of chi-squared with 29 df
