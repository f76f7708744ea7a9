#!/usr/bin/env python3
"""How well abilities predict scores left out: the model of src/solve/ability.cpp in a few lines, five folds.

    scripts/cross_validate_abilities.py [DATA]        needs numpy

Prints for each use case the root mean square error in log-odds, with slopes and without (Rasch's model). The
constants of src/solve/ability.cpp are those of the first line.
"""
import collections
import glob
import json
import sys

import numpy as np

USES = ["chat", "code", "math", "agents", "long-context", "multilingual"]
EDGE, OUTLIER, PRIOR, PRIOR_OF_NOTHING, PRIOR_OF_SLOPE, ROUNDS = 0.01, 0.5, 1.0, 0.1, 1.0, 8


def load(folder):
    tests, reports = {}, []
    for name in sorted(glob.glob(folder + "/benchmarks/*.json")):
        with open(name, encoding="utf-8") as file:
            data = json.load(file)
        tests.update({t["id"]: t for t in data.get("benchmarks", [])})
        reports += data.get("scores", [])
    return tests, reports


def observe(tests, reports, uses):
    """(subject, test) -> mean log-odds, of tests that more than one took."""
    found = collections.defaultdict(list)
    for report in reports:
        for test_id, value in report["scores"]:
            test = tests[test_id]
            if not set(test.get("uses", [])) & uses or test.get("scale", 0) <= 0:
                continue
            share = min(max(value / test["scale"], EDGE), 1 - EDGE)
            if test.get("lower_is_better"):
                share = 1 - share
            found[(report["model"], report["variant"]), test_id].append(np.log(share / (1 - share)))
    takers = collections.Counter(test for _, test in found)
    return {key: np.mean(values) for key, values in found.items() if takers[key[1]] > 1}


def fit(rows, numbers, prior, strength, slopes):
    """Abilities by subject, and slope and easiness by test."""
    names = sorted({test for _, test in rows})
    of_test = {test: i for i, test in enumerate(names)}
    i = np.array([numbers[subject] for subject, _ in rows])
    j = np.array([of_test[test] for _, test in rows])
    y = np.array(list(rows.values()))
    weight, slope = np.ones(len(y)), np.ones(len(names))
    for _ in range(ROUNDS):
        total = np.bincount(j, weight, len(names))
        mean = np.bincount(j, weight * y, len(names)) / total
        left, right = np.eye(len(prior)) * strength, strength * prior
        np.add.at(right, i, weight * slope[j] * (y - mean[j]))
        np.add.at(left, (i, i), weight * slope[j] ** 2)
        shared = np.zeros((len(prior), len(names)))
        np.add.at(shared, (i, j), weight * slope[j])
        ability = np.linalg.solve(left - (shared / total) @ shared.T, right)
        centre = np.bincount(j, weight * ability[i], len(names)) / total
        if slopes:
            off = ability[i] - centre[j]
            product = PRIOR_OF_SLOPE + np.bincount(j, weight * off * (y - mean[j]), len(names))
            square = PRIOR_OF_SLOPE + np.bincount(j, weight * off**2, len(names))
            slope = np.clip(product / square, 0.2, 3)
        residual = np.abs(y - slope[j] * (ability[i] - centre[j]) - mean[j])
        weight = np.where(residual > OUTLIER, OUTLIER / np.maximum(residual, 1e-9), 1)
    return ability, {test: (slope[t], mean[t] - slope[t] * centre[t]) for test, t in of_test.items()}


def main():
    tests, reports = load(sys.argv[1] if len(sys.argv) > 1 else "data")
    subjects = sorted({(r["model"], r["variant"]) for r in reports})
    numbers = {subject: i for i, subject in enumerate(subjects)}
    everything = observe(tests, reports, set(USES))
    for slopes in (True, False):
        line = []
        for use in USES:
            own = observe(tests, reports, {use})
            keys = list(own)
            order = np.random.default_rng(1).permutation(len(keys))
            errors = []
            for fold in range(5):
                left_out = {keys[k] for k in order[fold::5]}
                kept = lambda rows: {k: v for k, v in rows.items() if k not in left_out}
                prior, _ = fit(kept(everything), numbers, np.zeros(len(subjects)), PRIOR_OF_NOTHING, slopes)
                ability, known = fit(kept(own), numbers, prior, PRIOR, slopes)
                for subject, test in left_out:
                    if test in known:
                        slope, easiness = known[test]
                        errors.append(slope * ability[numbers[subject]] + easiness - own[subject, test])
            line.append(np.sqrt(np.mean(np.square(errors))))
        words = " ".join(f"{use} {error:.3f}" for use, error in zip(USES, line))
        print(f"{'with slopes' if slopes else 'without':12}{words}  mean {np.mean(line):.3f}")


if __name__ == "__main__":
    main()
