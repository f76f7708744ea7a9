"""The regression behind scripts/fit_speed.py: constants of groups and factors of what setups have in common, in one system.

    log time = log step(constants of the group) + sum of weight x share x factor + noise

Constants have priors, factors are random with a variance per level. Given these variances everything is linear but the
step, so that a few Gauss-Newton steps solve it; the variances are those of the largest likelihood (the multiplicative
steps of Zhou, Hu, Qiao and Zhou, "MM algorithms for variance components models", 2019). Noise is Student's, against outliers.

With the inverse of the covariance at hand, predictions without any part of the rows follow exactly, without a fit for each:
what the part contributes is taken out of the system (constants of groups to first order; variances stay).

Needs numpy and scipy.
"""
import collections
import math

import numpy as np
import scipy.sparse as sp
from scipy.linalg import lapack

# How sharply the slower of memory and compute decides.
SHARP = 4.0
TERMS = ["weights", "cache", "state", "compute", "attention", "kernels", "passes", "reductions", "reduced", "host", "switches"]
CONSTANTS = ["e_memory", "e_cache", "e_compute", "launch", "sync", "e_link", "e_host", "switch"]
SHARES = ["all", "memory", "compute", "latency", "interconnect", "host", "shared"]
# No share of a nominal rate is above this; products in 8 bit run at twice the 16-bit rate.
HIGHEST = {"e_memory": 1.0, "e_cache": 1.0, "e_compute": 2.0, "e_link": 1.0, "e_host": 1.0}
PASSES = 24
STUDENT = 4


def step(theta, work):
    """log seconds, its slopes by the logarithms of the constants, and what part of it each share is. As src/speed/step.cpp."""
    e_memory, e_cache, e_compute, launch, sync, e_link, e_host, switch = np.exp(theta).T
    w = dict(zip(TERMS, work.T))
    weights = (w["weights"] + w["state"]) / e_memory
    cache = w["cache"] / e_cache
    memory = weights + cache
    compute = w["compute"] / e_compute + w["attention"] / (0.5 * e_compute)
    larger = np.maximum(np.maximum(memory, compute), 1e-300)
    m, c = (memory / larger)**SHARP, (compute / larger)**SHARP
    overlap = larger * (m + c)**(1 / SHARP)
    latency = w["kernels"] * launch
    syncs, link = w["reductions"] * sync, w["reduced"] / e_link
    host, switches = w["host"] / e_host, w["switches"] * switch
    total = overlap + latency + syncs + link + host + switches
    of_memory, of_compute = overlap * m / (m + c) / total, overlap * c / (m + c) / total
    share = {"all": np.ones(len(total)), "memory": of_memory, "compute": of_compute, "latency": latency / total,
             "interconnect": (syncs + link) / total, "host": (host + switches) / total}
    # What all sequences of a batch share.
    share["shared"] = 1 - of_compute - of_memory * cache / np.maximum(memory, 1e-300)
    whole = np.maximum(memory, 1e-300)
    slopes = np.stack([-of_memory * weights / whole, -of_memory * cache / whole, -of_compute, latency / total, syncs / total,
                       -link / total, -host / total, switches / total], 1)
    return np.log(total), slopes, share


def level(effect):
    return effect[:effect.index(":")]


class Regression:
    """Rows have group, work, effects [(name, weight, share)], log_time and cell; rows of a cell together weigh as the square
    root of their number."""

    def __init__(self, rows, priors):
        self.rows = rows
        self.prior = np.array([math.log(priors[n][0]) for n in CONSTANTS])
        deviation = np.array([priors[n][1] for n in CONSTANTS])
        self.groups = sorted({r.group for r in rows})
        self.group = np.array([self.groups.index(r.group) for r in rows])
        self.theta = np.tile(self.prior, (len(self.groups), 1))
        self.names = sorted({name for r in rows for name, _, _ in r.effects})
        self.index = {name: i for i, name in enumerate(self.names)}
        self.levels = sorted({level(name) for name in self.names})
        self.level_of = np.array([self.levels.index(level(name)) for name in self.names])
        entries = [(i, self.index[name], weight, SHARES.index(share)) for i, r in enumerate(rows) for name, weight, share in r.effects]
        at, effect, weight, share = (np.array(column) for column in zip(*entries))
        self.entries = (at, effect, weight.astype(float), share)
        counts = collections.Counter(r.cell for r in rows)
        self.weight = np.array([1 / math.sqrt(counts[r.cell]) for r in rows])
        self.solve(np.array([r.work for r in rows], dtype=float), np.array([r.log_time for r in rows]), deviation)

    def solve(self, work, observed, deviation):
        n, k = len(self.rows), len(CONSTANTS)
        at, effect, weight, share = self.entries
        tau2, sigma2, robust = np.full(len(self.levels), 0.01), 0.02, np.ones(n)
        highest = np.array([math.log(HIGHEST.get(name, math.inf)) for name in CONSTANTS])
        columns = (self.group[:, None] * k + np.arange(k)).ravel()
        for turn in range(PASSES):
            base, slopes, parts = step(self.theta[self.group], work)
            table = np.stack([parts[name] for name in SHARES])
            factors = sp.csr_matrix((weight * table[share, at], (at, effect)), shape=(n, len(self.names)))
            # A constant at its bound stays there.
            slopes = np.where((self.theta >= highest - 1e-9)[self.group], 0.0, slopes)
            constants = sp.csr_matrix((slopes.ravel(), (np.repeat(np.arange(n), k), columns)), shape=(n, k * len(self.groups)))
            self.design = sp.hstack([factors, constants]).tocsr()
            self.spread = np.concatenate([tau2[self.level_of], np.tile(deviation**2, len(self.groups))])
            self.prior_part = (self.design.multiply(self.spread) @ self.design.T).toarray()
            self.target = observed - base + constants @ (self.theta - self.prior).ravel()
            noise = sigma2 / (self.weight * robust)
            covariance = self.prior_part.copy()
            covariance[np.diag_indices(n)] += noise
            self.inverse = inverse_of(covariance)
            self.pull = self.inverse @ self.target
            if turn == PASSES - 1:
                break
            moved = self.prior + (np.tile(deviation**2, len(self.groups)) * (constants.T @ self.pull)).reshape(self.theta.shape)
            moved = self.theta + np.clip(moved - self.theta, -0.7, 0.7)
            self.theta = np.where(self.theta >= highest - 1e-9, self.theta, np.minimum(moved, highest))
            gain = np.asarray(factors.T @ self.pull)**2
            cost = np.asarray(factors.T.multiply(factors.T @ self.inverse).sum(1)).ravel()
            for i in range(len(self.levels)):
                mine = self.level_of == i
                tau2[i] = np.clip(tau2[i] * math.sqrt(gain[mine].sum() / max(1e-12, cost[mine].sum())), 1e-6, 0.3)
            sigma2 *= math.sqrt((noise * self.pull**2).sum() / (noise * np.diag(self.inverse)).sum())
            if turn > 1:
                robust = (STUDENT + 1) / (STUDENT + (noise * self.pull)**2 * self.weight / sigma2)
        self.sigma2, self.robust, self.factors = sigma2, robust, factors
        self.tau2 = dict(zip(self.levels, tau2))
        self.value = tau2[self.level_of] * np.asarray(factors.T @ self.pull)
        self.evidence = self.evidence_of(np.arange(n))
        self.variance = 1 / (self.evidence + 1 / tau2[self.level_of])
        self.tau2_of = tau2[self.level_of]
        self.rows_of = np.bincount(effect, minlength=len(self.names))

    def evidence_of(self, rows):
        """How much these rows say of each factor, alone: the reciprocal of a variance."""
        return np.asarray(self.factors[rows].multiply(self.factors[rows]).T @ (self.weight * self.robust)[rows]) / self.sigma2

    def predict(self, row):
        """log seconds."""
        theta = self.theta[self.groups.index(row.group)] if row.group in self.groups else self.prior
        base, _, parts = step(theta[None, :], np.array([row.work], dtype=float))
        return float(base[0]) + sum(self.value[self.index[name]] * weight * float(parts[share][0])
                                    for name, weight, share in row.effects if name in self.index)

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
            error[part] = self.prior_part[part] @ pull - self.target[part]
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
