"""The regression behind scripts/fit_speed.py: constants of groups and factors of what setups have in common, in one system.

    log time = log step(constants of the group x factors on its parts) + sum of weight x factor on all + noise

Constants have priors, factors are random with a variance per level. Given these variances everything is linear but the
step, so that Gauss-Newton steps solve it; the variances are those of the largest likelihood (the multiplicative
steps of Zhou, Hu, Qiao and Zhou, "MM algorithms for variance components models", 2019). Noise is Student's, against outliers.

With the inverse of the covariance at hand, what constants and factors would be without any part of the rows follows without a
fit for each: the part's contribution is taken out of the linear system (variances and the slopes of the step stay), and the
step is worked out with them.

Needs numpy and scipy.
"""
import collections
import math

import numpy as np
import scipy.sparse as sp
from scipy.linalg import lapack

# How sharply the slower of memory and compute decides.
SHARP = 4.0
TERMS = ["weights", "cache", "state", "compute", "attention", "kernels", "passes", "reductions", "reduced", "host", "switches", "prompts", "host_kernels", "bus_reductions",
         "prompt_kernels", "mixed"]
CONSTANTS = ["e_memory", "e_cache", "e_compute", "launch", "sync", "bus_sync", "e_link", "e_host", "switch", "host_launch",
             "e_prompts", "prompt_launch"]
SHARES = ["all", "memory", "cache", "compute", "latency", "interconnect", "host", "shared"]
# No share of a nominal rate is above this; products in 8 bit run at twice the 16-bit rate.
HIGHEST = {"e_memory": 1.0, "e_cache": 1.0, "e_compute": 2.0, "e_link": 1.0, "e_host": 1.0, "e_prompts": 2.0}
PASSES = 30
# Furthest that the logarithm of a constant or factor moves in a step.
STRIDE = 0.7
STUDENT = 4


def step(theta, boost, work, fastest):
    """log seconds, its slopes by the logarithms of the constants, by those of the factors on each part (`boost`), and the shares of
    the parts, through which doubts about factors are doubts about the step.
    `fastest`: seconds that reading weights and cache takes at least. As src/speed/step.cpp."""
    e_memory, e_cache, e_compute, launch, sync, bus_sync, e_link, e_host, switch, host_launch, e_prompts, prompt_launch = np.exp(theta).T
    times = dict(zip(SHARES, np.exp(boost).T))
    shared = times["shared"]
    w = dict(zip(TERMS, work.T))
    weights = (w["weights"] + w["state"]) / e_memory * times["memory"] * shared
    cache = w["cache"] / e_cache * times["memory"] * times["cache"]
    # Memory is not read faster than it can be, whatever the factors say.
    bound_weights, bound_cache = fastest.T * np.exp(-boost[:, 0])
    free_weights, free_cache = weights > bound_weights, cache > bound_cache
    weights, cache = np.maximum(weights, bound_weights), np.maximum(cache, bound_cache)
    memory = weights + cache
    compute = (w["compute"] / e_compute + w["attention"] / (0.5 * e_compute)) * times["compute"]
    # Prompts of others are products beside those of a share of the steps (`mixed`), or come on top.
    mixed, prompts = w["mixed"], w["prompts"] / e_prompts
    apart = mixed <= 0
    beside = np.where(apart, 0, prompts / np.maximum(mixed, 1e-12))
    of_memory, of_compute, of_prompts = np.zeros_like(memory), np.zeros_like(memory), np.where(apart, prompts, 0)
    for steps, products in ((1 - mixed, compute), (mixed, compute + beside)):
        larger = np.maximum(np.maximum(memory, products), 1e-300)
        m, p = (memory / larger)**SHARP, (products / larger)**SHARP
        seconds = steps * larger * (m + p)**(1 / SHARP)
        own = compute / np.maximum(products, 1e-300)
        of_memory += seconds * m / (m + p)
        of_compute += seconds * p / (m + p) * own
        of_prompts += np.where(products > 0, seconds * p / (m + p) * (1 - own), 0)
    latency = w["kernels"] * launch * times["latency"] * shared
    between = times["interconnect"] * shared
    syncs, bus_syncs = w["reductions"] * sync * between, w["bus_reductions"] * bus_sync * between
    link = w["reduced"] / e_link * between
    away = times["host"] * shared
    host, switches, by_host = w["host"] / e_host * away, w["switches"] * switch * away, w["host_kernels"] * host_launch * away
    launched = w["prompt_kernels"] * prompt_launch
    rest = latency + syncs + bus_syncs + link + host + switches + by_host
    total = of_memory + of_compute + of_prompts + launched + rest
    of_memory, of_compute, of_prompts = of_memory / total, of_compute / total, of_prompts / total
    whole = np.maximum(memory, 1e-300)
    of_weights, of_cache = of_memory * weights / whole, of_memory * cache / whole

    def shares(of_weights, of_cache, bound):
        return np.stack([1 - bound, of_weights + of_cache, of_cache, of_compute, latency / total, (syncs + bus_syncs + link) / total,
                         (host + switches + by_host) / total, of_weights + rest / total])
    doubt = shares(of_weights, of_cache, np.zeros(len(total)))
    # No factor moves what is read as fast as it can be.
    of_weights, of_cache = np.where(free_weights, of_weights, 0), np.where(free_cache, of_cache, 0)
    share = shares(of_weights, of_cache, of_memory - of_weights - of_cache)
    slopes = np.stack([-of_weights, -of_cache, -of_compute, latency / total, syncs / total,
                       bus_syncs / total, -link / total, -host / total, switches / total, by_host / total, -of_prompts,
                       launched / total], 1)
    return np.log(total) + boost[:, 0], slopes, share, doubt


REACHABLE = 0.93
HIGHEST_LOG = np.array([math.log(HIGHEST.get(name, math.inf)) for name in CONSTANTS])


def logarithms(priors):
    return np.array([math.log(priors[n][0]) for n in CONSTANTS])


def fastest_of(row):
    """What reading weights and cache takes at the highest share of the data sheet's rate; work of prompts is not bounded so."""
    return [least / REACHABLE for least in row.least] if row.phase == "decode" else [0.0, 0.0]


def level(effect):
    return effect[:effect.index(":")]


class Regression:
    """Rows have phase, group, work, least, effects [(name, weight, share)], log_time and cell; rows of a cell together weigh as the square
    root of their number."""

    def __init__(self, rows, priors):
        self.rows = rows
        self.groups = sorted({r.group for r in rows})
        self.group = np.array([self.groups.index(r.group) for r in rows])
        self.prior = logarithms(priors[""])
        # Some families of engines have priors of their own.
        self.priors = np.array([logarithms({**priors[""], **priors.get(g.split()[1], {})}) for g in self.groups])
        self.deviation = np.array([priors[""][n][1] for n in CONSTANTS])
        self.theta = self.priors.copy()
        self.value = None
        self.names = sorted({name for r in rows for name, _, _ in r.effects})
        self.index = {name: i for i, name in enumerate(self.names)}
        self.levels = sorted({level(name) for name in self.names})
        self.level_of = np.array([self.levels.index(level(name)) for name in self.names])
        entries = [(i, self.index[name], weight, SHARES.index(share)) for i, r in enumerate(rows) for name, weight, share in r.effects]
        at, effect, weight, share = (np.array(column) for column in zip(*entries))
        self.entries = (at, effect, weight.astype(float), share)
        # What each row has of each factor: all factors of one share of a row together are its boost.
        self.uses = [sp.csr_matrix((weight[share == i].astype(float), (at[share == i], effect[share == i])),
                                   shape=(len(rows), len(self.names))) for i in range(len(SHARES))]
        counts = collections.Counter(r.cell for r in rows)
        self.weight = np.array([1 / math.sqrt(counts[r.cell]) for r in rows])
        self.work = np.array([r.work for r in rows], dtype=float)
        self.observed = np.array([r.log_time for r in rows])
        self.fastest = np.array([fastest_of(r) for r in rows])
        self.solve()

    def boosts(self, value, rows=slice(None)):
        return np.stack([use[rows] @ value for use in self.uses], 1)

    def bounded(self, theta):
        return np.minimum(theta, HIGHEST_LOG)

    def solve(self):
        n, k = len(self.rows), len(CONSTANTS)
        at, effect, weight, share = self.entries
        tau2, sigma2, robust = np.full(len(self.levels), 0.01), 0.02, np.ones(n)
        value = np.zeros(len(self.names))
        columns = (self.group[:, None] * k + np.arange(k)).ravel()
        for turn in range(PASSES):
            base, slopes, table, doubt = step(self.theta[self.group], self.boosts(value), self.work, self.fastest)
            factors = sp.csr_matrix((weight * table[share, at], (at, effect)), shape=(n, len(self.names)))
            # A constant at its bound stays there.
            slopes = np.where((self.theta >= HIGHEST_LOG - 1e-9)[self.group], 0.0, slopes)
            constants = sp.csr_matrix((slopes.ravel(), (np.repeat(np.arange(n), k), columns)), shape=(n, k * len(self.groups)))
            design = sp.hstack([factors, constants]).tocsr()
            self.spread = np.concatenate([tau2[self.level_of], np.tile(self.deviation**2, len(self.groups))])
            covariance = (design.multiply(self.spread) @ design.T).toarray()
            target = self.observed - base + constants @ (self.theta - self.priors).ravel() + factors @ value
            noise = sigma2 / (self.weight * robust)
            covariance[np.diag_indices(n)] += noise
            self.inverse = inverse_of(covariance)
            self.pull = self.inverse @ target
            self.design = design
            if turn == PASSES - 1:
                break
            value = self.descend(value, tau2, self.weight * robust / sigma2)
            gain = np.asarray(factors.T @ self.pull)**2
            cost = np.asarray(factors.T.multiply(factors.T @ self.inverse).sum(1)).ravel()
            for i in range(len(self.levels)):
                mine = self.level_of == i
                tau2[i] = np.clip(tau2[i] * math.sqrt(gain[mine].sum() / max(1e-12, cost[mine].sum())), 1e-6, 0.3)
            sigma2 *= math.sqrt((noise * self.pull**2).sum() / (noise * np.diag(self.inverse)).sum())
            if turn > 1:
                robust = (STUDENT + 1) / (STUDENT + (noise * self.pull)**2 * self.weight / sigma2)
        self.value = value
        self.sigma2, self.robust = sigma2, robust
        self.factors = sp.csr_matrix((weight * doubt[share, at], (at, effect)), shape=(n, len(self.names)))
        self.tau2 = dict(zip(self.levels, tau2))
        self.evidence = self.evidence_of(np.arange(n))
        self.variance = 1 / (self.evidence + 1 / tau2[self.level_of])
        self.tau2_of = tau2[self.level_of]
        self.rows_of = np.bincount(effect, minlength=len(self.names))

    def evidence_of(self, rows):
        """How much these rows say of each factor, alone: the reciprocal of a variance."""
        return np.asarray(self.factors[rows].multiply(self.factors[rows]).T @ (self.weight * self.robust)[rows]) / self.sigma2

    def descend(self, value, tau2, precision):
        """Constants and factors move to where the linear system has them, as far as that makes all more likely."""
        def unlikely(value, theta):
            rest = self.observed - step(theta[self.group], self.boosts(value), self.work, self.fastest)[0]
            return ((precision * rest**2).sum() + (value**2 / tau2[self.level_of]).sum()
                    + ((theta - self.priors)**2 / self.deviation**2).sum())
        to_value, to_theta = self.likeliest(self.pull)
        by_value = np.clip(to_value - value, -STRIDE, STRIDE)
        # A constant at its bound stays there.
        by_theta = np.where(self.theta >= HIGHEST_LOG - 1e-9, 0.0, np.clip(to_theta - self.theta, -STRIDE, STRIDE))
        before = unlikely(value, self.theta)
        for length in (1.0, 0.5, 0.25, 0.125, 0.0625):
            theta = self.bounded(self.theta + length * by_theta)
            if unlikely(value + length * by_value, theta) < before:
                break
        self.theta = theta
        return value + length * by_value

    def likeliest(self, pull):
        """Factors and constants, given what the rows pull."""
        moved = self.spread * (self.design.T @ pull)
        return moved[:len(self.names)], self.priors + moved[len(self.names):].reshape(self.priors.shape)

    def predict(self, row):
        """log seconds."""
        theta = self.theta[self.groups.index(row.group)] if row.group in self.groups else self.prior
        boost = np.zeros((1, len(SHARES)))
        for name, weight, share in row.effects:
            if name in self.index:
                boost[0, SHARES.index(share)] += self.value[self.index[name]] * weight
        return float(step(theta[None, :], boost, np.array([row.work], dtype=float), np.array([fastest_of(row)]))[0][0])

    def left_out(self, key):
        """For each row, when all rows of its key are out: log of predicted time by measured time, the variance that the program
        gives it, and which levels are known then."""
        parts = collections.defaultdict(list)
        for i, r in enumerate(self.rows):
            parts[key(r)].append(i)
        n = len(self.rows)
        error, variance, known = np.zeros(n), np.zeros(n), [None] * n
        for _, part in sorted(parts.items()):
            part = np.array(part)
            columns = self.inverse[:, part]
            pull = self.pull - columns @ np.linalg.solve(columns[part], self.pull[part])
            pull[part] = 0
            value, theta = self.likeliest(pull)
            theta = np.where(self.theta >= HIGHEST_LOG - 1e-9, self.theta, self.bounded(theta))
            base = step(theta[self.group[part]], self.boosts(value, part), self.work[part], self.fastest[part])[0]
            error[part] = base - self.observed[part]
            evidence = np.maximum(0, self.evidence - self.evidence_of(part))
            spread = 1 / (evidence + 1 / self.tau2_of)
            variance[part] = self.sigma2 + self.factors[part].multiply(self.factors[part]) @ spread
            inside = collections.Counter(name for i in part for name, _, _ in self.rows[i].effects)
            for i in part:
                known[i] = {level(name) for name, _, _ in self.rows[i].effects if self.rows_of[self.index[name]] > inside[name]}
        return error, variance, known


def inverse_of(matrix):
    factor, failed = lapack.dpotrf(matrix, lower=1)
    if failed:
        raise ArithmeticError("the covariance is not positive definite")
    inverse, failed = lapack.dpotri(factor, lower=1)
    if failed:
        raise ArithmeticError("the covariance has no inverse")
    return np.tril(inverse) + np.tril(inverse, -1).T
