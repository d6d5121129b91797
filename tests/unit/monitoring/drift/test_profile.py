import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kaizen.core.errors import KaizenError
from kaizen.monitoring import DriftResult, Profile

DRAWS = 1_999


def world(seed: int, rows: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    size = random.normal(10, 2, rows)
    return pd.DataFrame(
        {
            "size": size,
            "price": 3 * size + random.normal(0, 2, rows),
            "age": random.integers(18, 80, rows),
            "wait": random.exponential(5, rows).round(1),
            "country": random.choice(["France", "Spain", "Peru"], rows, p=[0.6, 0.3, 0.1]),
        }
    )


@pytest.fixture(scope="module")
def profile() -> Profile:
    return Profile.fit(world(0, 1000), window=200, seed=0, draws=DRAWS)


def pictures(seed: int, rows: int, *, foreign: bool = False) -> pd.DataFrame:
    """Embeddings around ten directions; foreign ones lie between them."""
    random = np.random.default_rng(seed)
    centres = np.eye(16)[:10] * 5
    places = centres[random.integers(10, size=rows)]
    if foreign:
        places = (places + centres[random.integers(10, size=rows)]) / 2
    surest = 0.7 if foreign else 0.97
    return pd.DataFrame(
        {
            "digit": random.integers(10, size=rows),
            "confidence": random.beta(30 * surest, 30 * (1 - surest), rows),
            "embedding": list(places + random.normal(0, 0.5, (rows, 16))),
        }
    )


@pytest.fixture(scope="module")
def images() -> Profile:
    return Profile.fit(
        pictures(0, 1200),
        categorical=["digit"],
        embedding="embedding",
        confidence="confidence",
        window=50,
        seed=0,
        draws=DRAWS,
    )


def test_windows_without_drift_are_quiet(profile: Profile) -> None:
    verdicts = [profile.check(world(seed, 200)) for seed in range(1, 61)]
    assert sum(verdict.drifted for verdict in verdicts) <= 2
    assert all(verdict.comparable and not verdict.quality for verdict in verdicts)
    # P values are spread out, not bunched at either end.
    p = np.array([verdict.p_value for verdict in verdicts])
    assert 0.25 < p.mean() < 0.75


@pytest.mark.parametrize(
    ("change", "test", "where"),
    [
        (lambda rows: rows.assign(price=rows["price"] + 4), "ks", "price"),
        (lambda rows: rows.assign(wait=rows["wait"] * 1.8), "ad", "wait"),
        (lambda rows: rows.assign(price=rows["price"].sample(frac=1, random_state=0).values),
         "pairs", None),
        (lambda rows: rows.assign(country="Spain"), "chi2", "country"),
        (lambda rows: rows.assign(country=["Mars"] * 12 + list(rows["country"])[12:]),
         "rare", "country"),
        (lambda rows: rows.assign(size=[9.87] * 12 + list(rows["size"])[12:]), "rare", "size"),
        (lambda rows: rows.assign(wait=[-1.0] * 12 + list(rows["wait"])[12:]), "rare", "wait"),
        (lambda rows: rows.assign(wait=[None] * 12 + list(rows["wait"])[12:]), "rare", "wait"),
        (lambda rows: rows.assign(wait=[np.inf] * 12 + list(rows["wait"])[12:]), "rare", "wait"),
    ],
)  # fmt: skip
def test_what_changed_is_found_by_the_test_for_it(
    profile: Profile, change, test: str, where: str | None
) -> None:
    verdict = profile.check(change(world(99, 200)))
    assert verdict.drifted
    assert verdict.p_value is not None
    assert verdict.p_value <= verdict.calibration.level
    assert verdict.effect is not None
    assert verdict.effect > 1
    assert next(found for found in verdict.tests if found.name == test).effect > 1
    drifted = [column.name for column in verdict.columns if column.drifted]
    assert drifted == ([where] if where else [])
    if test == "pairs":
        assert {found.name: found.where for found in verdict.tests}["pairs"] == ("size", "price")
        assert "how columns go together" in verdict.summary


def test_a_verdict_is_frozen_and_survives_json(profile: Profile) -> None:
    verdict = profile.check(world(3, 200).assign(size=1e9))
    with pytest.raises(ValueError, match="frozen"):
        verdict.drifted = False
    assert DriftResult.model_validate(json.loads(verdict.model_dump_json())) == verdict


def test_the_same_seed_gives_the_same_profile_and_a_file_keeps_it(
    profile: Profile, tmp_path: Path
) -> None:
    again = Profile.fit(world(0, 1000), window=200, seed=0, draws=DRAWS)
    one, two = tmp_path / "one", tmp_path / "deep" / "two"
    profile = Profile(profile.shape, profile.reference, {200: profile.nulls[200]})
    profile.to_file(one)
    again.to_file(two)
    assert one.read_bytes() == two.read_bytes()
    window = world(7, 200)
    assert Profile.from_file(one).check(window) == profile.check(window)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(profile: Profile, tmp_path: Path, share: float) -> None:
    path = tmp_path / "profile"
    profile.to_file(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(KaizenError, match=f"{path} is damaged"):
        Profile.from_file(path)


def test_a_file_changed_by_a_bit_is_refused(profile: Profile, tmp_path: Path) -> None:
    path = tmp_path / "profile"
    profile.to_file(path)
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    reference, refused = profile.check(world(5, 200)), 0
    for at in random.integers(len(whole), size=40):
        changed = bytearray(whole)
        changed[at] ^= 1 << int(random.integers(8))
        path.write_bytes(changed)
        # Time stamps and the like are not the profile's: what is read must be what was written.
        try:
            found = Profile.from_file(path)
        except KaizenError:
            refused += 1
        else:
            assert found.check(world(5, 200)) == reference
    assert refused > 30


def test_no_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(KaizenError, match=r"there is no profile at .*nowhere"):
        Profile.from_file(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("change", "kind", "column", "serious"),
    [
        (lambda rows: rows.drop(columns="age"), "missing_column", "age", True),
        (lambda rows: rows.assign(extra=1), "new_column", "extra", False),
        (lambda rows: rows.assign(age=rows["age"].astype(str)), "type", "age", True),
        (lambda rows: rows.assign(age=rows["age"] > 40), "type", "age", True),
        (lambda rows: rows.assign(country=1), "type", "country", True),
        (lambda rows: rows.assign(age=np.nan), "no_values", "age", True),
        (lambda rows: rows.assign(country=None), "no_values", "country", True),
        (lambda rows: rows.assign(age=44), "constant", "age", False),
        (lambda rows: rows.assign(wait=rows["wait"].where(rows["wait"] > 1)),
         "missing_values", "wait", False),
        (lambda rows: rows.assign(country=rows["country"].where(rows["age"] > 20)),
         "missing_values", "country", False),
        (lambda rows: rows.assign(wait=rows["wait"].where(rows["wait"] > 1, -np.inf)),
         "infinite", "wait", False),
        (lambda rows: pd.concat([rows, rows[["age"]]], axis=1), "type", "age", True),
        (lambda rows: rows.head(3), "rows", None, True),
        (lambda rows: rows.head(0), "rows", None, True),
        (lambda rows: pd.DataFrame(), "rows", None, True),
        (lambda rows: rows[[]].assign(other=1), "missing_column", "size", True),
    ],
)  # fmt: skip
def test_bad_windows_are_named_and_never_pass_in_silence(
    profile: Profile, change, kind: str, column: str | None, serious: bool
) -> None:
    verdict = profile.check(change(world(98, 200)))
    found = [(finding.kind, finding.column, finding.serious) for finding in verdict.quality]
    assert (kind, column, serious) in found
    assert not verdict.quiet
    assert verdict.comparable is not any(finding.serious for finding in verdict.quality)
    assert (verdict.p_value is None) == verdict.summary.startswith("not compared: ")


def test_a_missing_column_hides_no_drift_in_the_others(profile: Profile) -> None:
    window = world(5, 200).drop(columns="age")
    assert not profile.check(window).drifted
    assert profile.check(window.assign(price=0.0)).drifted


@pytest.mark.parametrize(
    ("rows", "more", "reason"),
    [
        (world(0, 99), {"window": 20}, "99 rows, a window of 20 needs 100"),
        (world(0, 300), {"window": 200}, "300 rows, a window of 200 needs 400.*150 at most"),
        (world(0, 300), {"window": 2}, "window of 2 rows, expected 10"),
        (pd.DataFrame(), {"window": 20}, "has 0 rows"),
        (world(0, 300).assign(age=None), {"window": 20}, "age of the reference has no values"),
        (world(0, 300).assign(age=np.inf), {"window": 20}, "age of the reference holds infinite"),
        (world(0, 300).assign(age=[[1]] * 300), {"window": 20}, "age .* neither numbers"),
        (world(0, 300).assign(age=np.arange(300).astype(str)), {"window": 20}, "age has 300 val"),
        (world(0, 300), {"window": 20, "draws": 999}, "999 draws are too few .*: expected 1,333"),
        (world(0, 300), {"window": 20, "categorical": ["sex"]}, "lacks column 'sex'"),
        (world(0, 300), {"window": 20, "confidence": "country"}, "country does not hold numbers"),
        (world(0, 300), {"window": 20, "embedding": "vector"}, "lacks the embedding's .*'vector'"),
        (pictures(0, 150), {"window": 20, "embedding": "embedding"}, "75 rows beside the anchors"),
        (pictures(0, 300).assign(embedding=[[1.0], [1.0, 2.0]] * 150),
         {"window": 20, "embedding": "embedding"}, "embedding is not one finite vector"),
    ],
)  # fmt: skip
def test_a_reference_that_cannot_be_used_is_refused(rows, more, reason: str) -> None:
    with pytest.raises(KaizenError, match=f"no profile: .*{reason}"):
        Profile.fit(rows, seed=0, **{"draws": 1_600, **more})


@pytest.mark.parametrize("columns", [["country"], ["age"], ["size", "price"], ["flat"]])
def test_any_kind_of_column_will_do_alone(columns: list[str], tmp_path: Path) -> None:
    def table(seed: int) -> pd.DataFrame:
        return world(seed, 400).assign(flat=1.0)[columns]

    Profile.fit(table(0), window=100, seed=0, draws=1_600).to_file(tmp_path / "profile")
    profile = Profile.from_file(tmp_path / "profile")
    calm = profile.check(table(1).head(100))
    assert not calm.drifted
    assert calm.quiet
    strange = "Mars" if columns == ["country"] else -5.0
    changed = profile.check(table(2).head(100).assign(**{columns[0]: strange}))
    assert changed.drifted
    assert changed.columns[0].name == columns[0]


def test_windows_of_other_sizes_are_calibrated_anew_or_drawn_from(profile: Profile) -> None:
    near, small = profile.check(world(11, 190)), profile.check(world(12, 60))
    assert near.calibration.window == 200
    assert small.calibration.window == 60
    assert "calibrated anew for 60 rows" in small.calibration.note
    large = profile.check(world(13, 5000))
    assert large.window_rows == 500
    assert "5,000 rows are too many for a reference of 1,000: 500" in large.calibration.note
    assert not any(verdict.drifted for verdict in (near, small, large))


def test_the_distance_in_bins_is_near_the_exact_one(profile: Profile) -> None:
    from scipy.stats import ks_2samp

    reference, window = world(0, 1000), world(4, 200).assign(price=lambda rows: rows["price"] + 1)
    found = {column.name: column.effect for column in profile.check(window).columns}
    for name in ("size", "price", "age", "wait"):
        exact = ks_2samp(reference[name], window[name]).statistic
        assert exact - 1 / 64 <= found[name] <= exact + 1e-9


def test_unlike_images_are_found_in_windows_and_one_by_one(images: Profile) -> None:
    assert not images.check(pictures(1, 50)).drifted
    verdict = images.check(pictures(2, 50, foreign=True))
    assert verdict.drifted
    assert {"embedding", "confidence"} <= {c.name for c in verdict.columns if c.drifted}
    known, unknown = images.row_p(pictures(3, 300)), images.row_p(pictures(4, 300, foreign=True))
    assert 0.4 < known.mean() < 0.6
    assert np.median(unknown) < 0.05


@pytest.mark.parametrize(
    "embedding", [[[1.0] * 15] * 50, [[np.nan] * 16] * 50, [None] * 50, ["text"] * 50]
)
def test_a_broken_embedding_is_named(images: Profile, embedding: list[object]) -> None:
    rows = pictures(5, 50).assign(embedding=embedding)
    verdict = images.check(rows)
    assert [finding.kind for finding in verdict.quality] == ["unreadable"]
    assert not verdict.comparable
    with pytest.raises(KaizenError, match="one finite vector of length 16"):
        images.row_p(rows)


def test_the_embedding_may_be_columns(images: Profile) -> None:
    def spread(rows: pd.DataFrame) -> pd.DataFrame:
        vectors = pd.DataFrame(list(rows["embedding"])).add_prefix("e").set_index(rows.index)
        return pd.concat([rows.drop(columns="embedding"), vectors], axis=1)

    same = Profile.fit(
        spread(pictures(0, 1200)),
        categorical=["digit"],
        embedding=[f"e{at}" for at in range(16)],
        confidence="confidence",
        window=50,
        seed=0,
        draws=DRAWS,
    )
    window = pictures(6, 50, foreign=True)
    assert same.check(spread(window)) == images.check(window)


def test_rows_alone_need_a_signal(profile: Profile) -> None:
    with pytest.raises(KaizenError, match="no embedding, confidence"):
        profile.row_p(world(0, 10))


def test_anchors_of_their_own_leave_the_reference_whole() -> None:
    def fit(anchors: pd.DataFrame | None) -> Profile:
        return Profile.fit(
            pictures(0, 600),
            categorical=["digit"],
            embedding="embedding",
            confidence="confidence",
            anchors=anchors,
            window=50,
            seed=0,
            draws=DRAWS,
        )

    whole = fit(pictures(1, 900))
    assert (whole.rows, len(whole.reference.anchors), fit(None).rows) == (600, 900, 300)
    assert Profile.from_bytes(whole.to_bytes()).check(pictures(9, 50)) == whole.check(
        pictures(9, 50)
    )
    assert whole.check(pictures(9, 50, foreign=True)).drifted
    bad = pictures(1, 20).assign(embedding=[np.zeros(3)] * 20)
    for anchors in (bad, pictures(1, 0)):
        with pytest.raises(KaizenError, match="embedding is not one finite vector of one length"):
            fit(anchors)
