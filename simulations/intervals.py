"""Intervals of proportions, means and metrics: how often they cover the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalhouse.metrics.choices import KERNELS
from evalhouse.metrics.ordinal import ordinal_kernels
from evalhouse.metrics.table import flat_kernel
from evalhouse.stats import proportions
from evalhouse.stats.distributions import binomial_pmf
from evalhouse.stats.jackknife import jackknife
from evalhouse.stats.means import mean, ratio
from evalhouse.stats.resampling import Method, bootstrap, bootstrap_table
from evalhouse.stats.results import Interval
from evalhouse.stats.sample import Kernel, sample_of_rows
from simulations.case import Case, Trials

Floats = NDArray[np.float64]
Promise = tuple[float, float] | None
Bounds = tuple[Floats, Floats]

SHARES = "shares"
MEANS = "means"
TABLES = "metrics of tables"
CLUSTERS = "metrics of clusters"
BOOTSTRAP = (0.93, 0.97)
AVERAGE = (0.94, 0.96)
LEAST = (0.90, 1.0)
FEW = (0.92, 0.97)
"""What a bootstrap of so few clusters as ten is good for."""
_GRID = (np.arange(2000) + 0.5) / 2000
_LARGE = 1e9  # the truth is the metric of a table so large that nothing depends on its size


def covers(found: Interval, truth: float) -> bool:
    """Whether an interval holds the truth; rounding is no miss."""
    return found.low - 1e-12 <= truth <= found.high + 1e-12


def coverage_of_shares(bounds: Callable[..., Bounds], n: int, p: Floats) -> Floats:
    """Sum the probabilities of all samples whose interval covers each p."""
    x = np.arange(n + 1)
    low, high = bounds(x, n)
    inside = (low[:, None] <= p) & (p <= high[:, None])
    return np.asarray((binomial_pmf(x[:, None], n, p) * inside).sum(axis=0))


def _finer(n: int) -> Floats:
    # The grid misses shares about 1 / n of large samples, where coverage is worst.
    return np.unique(np.concatenate([_GRID, np.arange(1, 100) * 0.01 * min(1.0, 5 / n)]))


def share_cases(
    method: str,
    bounds: Callable[..., Bounds],
    mean_of: Promise,
    least: Promise,
    sizes: Sequence[int],
) -> list[Case]:
    """Give the average and the least coverage over all shares, exactly."""

    def average(n: int) -> Trials:
        return lambda _chance, _count: float(coverage_of_shares(bounds, n, _GRID).mean())

    def worst(n: int) -> Trials:
        return lambda _chance, _count: float(coverage_of_shares(bounds, n, _finer(n)).min())

    return [
        Case(
            SHARES,
            method,
            f"n = {n}, {words}",
            "coverage",
            promise,
            trials(n),
            slice=int(n < 1000),  # where it takes seconds it is left to the full run
        )
        for n in sizes
        for words, promise, trials in (
            ("mean over p", mean_of, average),
            ("least of all p", least, worst),
        )
    ]


def difference_cases(method: str, bounds: Callable[..., Bounds]) -> list[Case]:
    """Give the average and the least coverage over pairs of shares, exactly."""
    grid = np.linspace(0.02, 0.98, 25)

    def pairs(sizes: tuple[int, int]) -> Floats:
        x1, x2 = np.arange(sizes[0] + 1)[:, None], np.arange(sizes[1] + 1)[None, :]
        low, high = bounds((x1, sizes[0]), (x2, sizes[1]))
        first, second = (binomial_pmf(np.arange(n + 1)[:, None], n, grid).T for n in sizes)
        return np.array(
            [
                [
                    a @ ((low <= p - q) & (p - q <= high)) @ b
                    for q, b in zip(grid, second, strict=True)
                ]
                for p, a in zip(grid, first, strict=True)
            ]
        )

    def over(pick: Callable[[Floats], float], sizes: tuple[int, int]) -> Trials:
        return lambda _chance, _count: float(pick(pairs(sizes)))

    return [
        Case(
            SHARES,
            method,
            f"n = {sizes[0]} and {sizes[1]}, {words} p1, p2 of 0.02 to 0.98",
            "coverage",
            promise,
            over(pick, sizes),
        )
        for sizes in ((50, 50), (100, 30))
        for words, promise, pick in (("mean over", AVERAGE, np.mean), ("least of", LEAST, np.min))
    ]


def _wald(x: Floats, n: int) -> Bounds:
    p = x / n
    half = 1.959964 * np.sqrt(p * (1 - p) / n)
    return p - half, p + half


def repeated(draw: Callable[[np.random.Generator], Interval], truth: float) -> Trials:
    """Draw intervals one by one, each by the public function, and see whether they cover."""

    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
        return np.array([covers(draw(chance), truth) for _ in range(repetitions)])

    return trials


@dataclass(frozen=True)
class Clusters:
    """Clusters whose values share a part; `correlation` is between values of one cluster."""

    sizes: tuple[int, ...]
    correlation: float

    def draw(self, chance: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
        """Return values with mean zero and variance one, and their clusters."""
        place = np.repeat(np.arange(len(self.sizes)), self.sizes)
        shared = chance.standard_normal(len(self.sizes))[place]
        own = chance.standard_normal(len(place))
        return (
            np.sqrt(self.correlation) * shared + np.sqrt(1 - self.correlation) * own,
            place,
        )


EVEN = Clusters((20,) * 10, 0.3)
UNEVEN = Clusters((8, 10, 12, 14, 16, 18, 20, 24, 30, 40), 0.3)


def _of_clusters(clusters: Clusters, *, is_naive: bool = False) -> Trials:
    def draw(chance: np.random.Generator) -> Interval:
        values, place = clusters.draw(chance)
        return mean(values, None if is_naive else place)

    return repeated(draw, 0.0)


def _ratio(chance: np.random.Generator) -> Interval:
    sizes = chance.integers(5, 40, 30)
    return ratio(chance.binomial(sizes, chance.beta(6, 2, 30)), sizes)


def _skewed(chance: np.random.Generator) -> Interval:
    return mean(chance.gamma(2.0, 0.5, 200))


def _normal(chance: np.random.Generator) -> Interval:
    return mean(chance.standard_normal(5))


def _nearly_right(chance: np.random.Generator) -> Interval:
    place = np.repeat(np.arange(10), 20)
    return mean(chance.random(len(place)) < chance.beta(5.7, 0.3, 10)[place], place)


@dataclass(frozen=True)
class Population:
    """Classes and a model: a share `right` of each class, the rest confused by popularity.

    On a scale the rest is mostly one point off.
    """

    prevalence: tuple[float, ...]
    right: float
    is_scale: bool = False

    @property
    def cells(self) -> Floats:
        """Probabilities of the table (k, k + 1); no answer is missing."""
        shares = np.array(self.prevalence)
        places = np.arange(len(shares))
        away = np.abs(places[:, None] - places)
        pull = 1.0 / (1.0 + away) ** 3 if self.is_scale else np.tile(shares, (len(shares), 1))
        pull = np.where(away == 0, 0.0, pull)
        wrong = (1 - self.right) * pull / pull.sum(axis=1, keepdims=True)
        square = shares[:, None] * (wrong + self.right * np.eye(len(shares)))
        return np.hstack([square, np.zeros((len(shares), 1))])

    def table(self, chance: np.random.Generator, n: int) -> NDArray[np.int64]:
        """Draw a table of n units."""
        return chance.multinomial(n, self.cells.ravel()).reshape(self.cells.shape)


def table_case(
    metric: str,
    population: Population,
    n: int,
    promise: Promise = BOOTSTRAP,
    method: Method = "bca-t",
) -> Case:
    """Cover a metric of tables with the bootstrap of 1,000 resamples."""
    size = len(population.prevalence)
    kernels = ordinal_kernels(np.arange(1.0, size + 1)) if population.is_scale else KERNELS
    kernel = kernels[metric]
    truth = float(kernel(population.cells[None] * _LARGE)[0])

    def draw(chance: np.random.Generator) -> Interval:
        seed = int(chance.integers(2**32))
        table = population.table(chance, n)
        return bootstrap_table(table, kernel, method=method, count=999, seed=seed)

    rarest = round(n * min(population.prevalence))
    setting = (
        f"n = {n}, {size} {'points' if population.is_scale else 'classes'}, "
        f"{rarest} expected in the rarest, {population.right:.0%} right"
    )
    words = {"bca-t": "BCa-t bootstrap", "percentile": "percentile bootstrap"}[method]
    name = f"{words} of {metric}"
    return Case(TABLES, name, setting, "coverage", promise, repeated(draw, truth), 2000, 20)


def jackknife_case(metric: str, population: Population, n: int) -> Case:
    """Cover a metric of tables with the jackknife."""
    kernel = KERNELS[metric]
    truth = float(kernel(population.cells[None] * _LARGE)[0])

    def draw(chance: np.random.Generator) -> Interval:
        cells = population.table(chance, n).ravel()
        units = np.repeat(np.eye(len(cells)), cells, axis=0)
        return jackknife(sample_of_rows(units), flat_kernel(kernel))

    setting = f"n = {n}, {len(population.prevalence)} classes, {population.right:.0%} right"
    return Case(
        TABLES,
        f"jackknife of {metric}",
        setting,
        "coverage",
        BOOTSTRAP,
        repeated(draw, truth),
        4000,
        40,
    )


BALANCED = Population((0.4, 0.3, 0.3), 0.8)
SKEWED = Population((0.8, 0.15, 0.05), 0.85)
RARE = Population((0.95, 0.05), 0.9)
MANY = Population((0.6, 0.2, 0.1, 0.08, 0.02), 0.95)
HARD = Population((0.5, 0.3, 0.15, 0.04, 0.01), 0.98)
SCARCE = Population((0.9, 0.08, 0.02), 0.85)
SCALE = Population((0.1, 0.2, 0.3, 0.25, 0.15), 0.7, is_scale=True)
STEEP = Population((0.6, 0.2, 0.1, 0.05, 0.05), 0.7, is_scale=True)
CHOICES = (
    "f1_macro",
    "cohen_kappa",
    "matthews_correlation",
    "gwet_ac1",
    "krippendorff_alpha_nominal",
)
ORDINAL = (
    "weighted_kappa_quadratic",
    "krippendorff_alpha_ordinal",
    "krippendorff_alpha_interval",
    "spearman",
)


@dataclass(frozen=True)
class Sites:
    """Tables that come in clusters, each with a share of right answers and a mix of its own."""

    count: int
    size: int
    population: Population
    spread: float = 0.7

    def draw(self, chance: np.random.Generator) -> Floats:
        """Draw the cells of each cluster (count, k (k + 1))."""
        shares = np.array(self.population.prevalence)
        right = self.population.right
        logit = np.log(right / (1 - right)) + self.spread * chance.standard_normal(self.count)
        mixes = chance.dirichlet(20 * shares, self.count)
        sizes = chance.integers(self.size // 2, 3 * self.size // 2 + 1, self.count)
        cells = self.population.cells
        wrong = cells * (1 - np.eye(*cells.shape))
        wrong = wrong / wrong.sum(axis=1, keepdims=True)
        ability = (1 / (1 + np.exp(-logit)))[:, None, None]
        each = mixes[:, :, None] * (ability * np.eye(*cells.shape) + (1 - ability) * wrong)
        return chance.multinomial(sizes, each.reshape(self.count, -1)).astype(np.float64)

    def truth(self, kernel: Kernel) -> float:
        """Return the metric of very many clusters."""
        many = Sites(200_000, self.size, self.population, self.spread)
        return float(kernel(many.draw(np.random.default_rng(1)).sum(axis=0)[None])[0])


def site_case(
    metric: str, sites: Sites, promise: Promise = BOOTSTRAP, how: Method | str = "bca-t"
) -> Case:
    """Cover a metric of clusters; `rows` takes their units for independent."""
    kernel = flat_kernel(KERNELS[metric])
    truth: list[float] = []  # takes a second, and only who runs the case waits for it

    def draw(chance: np.random.Generator) -> Interval:
        cells, seed = sites.draw(chance), int(chance.integers(2**32))
        if how == "jackknife":
            return jackknife(sample_of_rows(cells), kernel)
        if how == "rows":
            table = cells.sum(axis=0).reshape(sites.population.cells.shape).astype(np.int64)
            return bootstrap_table(table, KERNELS[metric], count=499, seed=seed)
        sample = sample_of_rows(cells, np.arange(len(cells)))
        method: Method = "percentile" if how == "percentile" else "bca-t"
        return bootstrap(sample, kernel, method=method, count=999, seed=seed)

    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_] | float:
        if not truth:
            truth.append(sites.truth(kernel))
        return repeated(draw, truth[0])(chance, repetitions)

    words = {
        "bca-t": "BCa-t bootstrap of clusters",
        "percentile": "percentile bootstrap of clusters",
        "jackknife": "jackknife of clusters",
        "rows": "BCa-t bootstrap of rows",
    }[how]
    setting = f"{sites.count} clusters of about {sites.size}"
    return Case(CLUSTERS, f"{words}: {metric}", setting, "coverage", promise, trials, 2000, 0)


def _gain(cells: Floats) -> Floats:
    """Macro F1 of the second model less that of the first."""
    first, second = cells.sum(axis=-1), cells.sum(axis=-2)
    f1 = KERNELS["f1_macro"]
    return np.asarray(f1(second) - f1(first))


def paired_case(n: int) -> Case:
    """Cover the difference of two models' macro F1 on the same units."""
    shares = np.array([0.6, 0.25, 0.1, 0.05])
    size = len(shares)
    first, second = (Population(tuple(shares), right).cells for right in (0.75, 0.85))
    joint = first[:, :, None] * second[:, None, :] / shares[:, None, None]
    # Half of the answers of the two models are the same ones.
    same = first[:, :, None] * np.eye(size + 1)
    cells = (joint + same) / 2
    truth = float(_gain(cells[None] * _LARGE)[0])

    def draw(chance: np.random.Generator) -> Interval:
        seed = int(chance.integers(2**32))
        table = chance.multinomial(n, cells.ravel()).reshape(cells.shape)
        return bootstrap_table(table, _gain, count=999, seed=seed)

    setting = f"n = {n}, {size} classes, {n * 0.05:.0f} expected in the rarest"
    name = "BCa-t bootstrap of a paired difference of f1_macro"
    return Case(TABLES, name, setting, "coverage", BOOTSTRAP, repeated(draw, truth), 1500, 10)


CASES: tuple[Case, ...] = (
    *share_cases("Clopper-Pearson", proportions.exact_bounds, None, (0.95, 1.0), (10, 100, 1000)),
    *share_cases(
        "Wilson, modified",
        proportions.wilson_modified_bounds,
        AVERAGE,
        (0.92, 1.0),
        (20, 50, 200, 1000),
    ),
    *share_cases("Wilson", proportions.wilson_bounds, AVERAGE, (0.0, 0.90), (20, 200)),
    *share_cases(
        "Wilson, corrected for continuity",
        proportions.wilson_corrected_bounds,
        None,
        (0.95, 1.0),
        (20, 200),
    ),
    *share_cases("Jeffreys", proportions.jeffreys_bounds, AVERAGE, None, (20, 200)),
    *share_cases("Wald (naive)", _wald, (0.0, 0.94), (0.0, 0.10), (20, 200)),
    *difference_cases("Newcombe", proportions.newcombe_bounds),
    *difference_cases("Miettinen-Nurminen", proportions.miettinen_nurminen_bounds),
    Case(MEANS, "t", "n = 5, normal", "coverage", AVERAGE, repeated(_normal, 0.0)),
    Case(MEANS, "t", "n = 200, gamma(2)", "coverage", AVERAGE, repeated(_skewed, 1.0)),
    Case(MEANS, "clustered t", "10 clusters of 20", "coverage", AVERAGE, _of_clusters(EVEN)),
    Case(MEANS, "clustered t", "10 clusters of 8 to 40", "coverage", AVERAGE, _of_clusters(UNEVEN)),
    Case(
        MEANS,
        "t of rows (naive)",
        "10 clusters of 20",
        "coverage",
        (0.0, 0.90),
        _of_clusters(EVEN, is_naive=True),
    ),
    Case(
        MEANS,
        "clustered t (skewed)",
        "10 clusters of 20, 95% right, correlated by 0.14",
        "coverage",
        (0.0, 0.92),
        repeated(_nearly_right, 0.95),
        4000,
        slice=100,
    ),
    Case(
        MEANS,
        "ratio of sums",
        "30 units of 5 to 40",
        "coverage",
        BOOTSTRAP,
        repeated(_ratio, 0.75),
        2000,
        slice=50,
    ),
    *(table_case(metric, BALANCED, 200) for metric in CHOICES),
    *(table_case(metric, SKEWED, 200) for metric in CHOICES),
    *(table_case(metric, RARE, 200) for metric in CHOICES[:3]),
    *(table_case(metric, MANY, 500) for metric in CHOICES[:3]),
    *(table_case(metric, HARD, 1000) for metric in CHOICES[:2]),
    table_case("f1_macro", HARD, 1000, (0.0, 0.90), "percentile"),
    table_case("f1_macro", BALANCED, 50, None),
    table_case("f1_macro", SCARCE, 200, None),
    *(table_case(metric, SCALE, 200) for metric in ORDINAL),
    *(table_case(metric, STEEP, 200) for metric in ORDINAL),
    paired_case(200),
    jackknife_case("cohen_kappa", BALANCED, 200),
    *(
        site_case(metric, Sites(count, 2000 // count, BALANCED), promise)
        for metric in ("f1_macro", "cohen_kappa")
        for count, promise in ((10, FEW), (20, BOOTSTRAP), (50, BOOTSTRAP))
    ),
    site_case("f1_macro", Sites(20, 50, SKEWED)),
    site_case("f1_macro", Sites(10, 200, BALANCED), FEW, "jackknife"),
    site_case("f1_macro", Sites(10, 200, BALANCED), (0.0, 0.92), "percentile"),
    site_case("f1_macro", Sites(10, 200, BALANCED), (0.0, 0.90), "rows"),
)
