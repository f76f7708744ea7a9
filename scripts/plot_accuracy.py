#!/usr/bin/env python3
"""Draw docs/accuracy.svg: predicted against measured decode speed of every compared row without drafted tokens, one colour an engine
family.

usage: qwenfit validate speed --rows --csv | plot_accuracy.py [-o FILE]

Both axes are tokens per second of one sequence, logarithmic; latencies between tokens count as their reciprocal. Dots stand on
whole pixels and every pixel is drawn once for a family, so the picture stays small and the same rows give the same file. The
axes hold all but a thousandth of the figures; what lies outside is drawn at the edge and counted in the legend.
"""
import argparse
import csv
import math
import os
import sys

DEFAULT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs", "accuracy.svg")
COLOURS = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#7f7f7f", "#8c6d31"]  # Okabe and Ito's, and two more
SIZE = 640
LEFT, TOP, RIGHT, BOTTOM = 62, 16, 22, 50
OUTSIDE = 0.001  # share of the figures, at either end, that may lie outside the axes
SPREAD = 1.2  # the lines beside the diagonal


def read_points(lines):
    """(measured, predicted) in tokens per second by engine family."""
    families = {}
    for row in csv.DictReader(lines):
        if row["group"] == "speculative":
            continue
        measured, predicted = float(row["measured"]), float(row["predicted"])
        if row["metric"] == "itl_ms" and measured > 0 and predicted > 0:
            measured, predicted = 1e3 / measured, 1e3 / predicted
        elif row["metric"] != "decode_tok_s":
            continue
        if measured > 0 and predicted > 0:
            families.setdefault(row["engine_family"], []).append((measured, predicted))
    return families


def draw(families):
    pairs = [pair for points in families.values() for pair in points]
    values = sorted(value for pair in pairs for value in pair)
    spare = int(OUTSIDE * len(values))
    low = 10 ** math.floor(math.log10(values[spare]))
    high = 10 ** math.ceil(math.log10(values[-1 - spare]))
    outside = sum(min(pair) < low or max(pair) > high for pair in pairs)
    decades = math.log10(high / low)
    side = SIZE - LEFT - RIGHT, SIZE - TOP - BOTTOM

    def along(value):
        return math.log10(min(max(value, low), high) / low) / decades

    def x(value):
        return round(LEFT + side[0] * along(value))

    def y(value):
        return round(TOP + side[1] * (1 - along(value)))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" font-family="sans-serif" font-size="12" fill="#333">',
           "<title>Predicted against measured decode speed</title>",
           f'<rect width="{SIZE}" height="{SIZE}" fill="#fff"/>']
    for decade in range(round(decades) + 1):
        value = low * 10 ** decade
        out.append(f'<path d="M{x(value)} {TOP}V{y(low)}M{LEFT} {y(value)}H{x(high)}" stroke="#ddd"/>')
        out.append(f'<text x="{x(value)}" y="{y(low) + 17}" text-anchor="middle">{value:g}</text>')
        out.append(f'<text x="{LEFT - 6}" y="{y(value) + 4}" text-anchor="end">{value:g}</text>')
    # One family after the other, the largest first, so that small ones are seen.
    names = sorted(families, key=lambda name: (-len(families[name]), name))
    for colour, name in zip(COLOURS, names):
        pixels = sorted({(x(measured), y(predicted)) for measured, predicted in families[name]})
        dots = "".join(f"M{px} {py}h0" for px, py in pixels)
        out.append(f'<path d="{dots}" stroke="{colour}" stroke-width="3.5" stroke-linecap="round" stroke-opacity=".6"/>')
    out.append(f'<path d="M{x(low)} {y(low)}L{x(high)} {y(high)}" stroke="#333"/>')
    out.append(f'<path d="M{x(low)} {y(low * SPREAD)}L{x(high / SPREAD)} {y(high)}M{x(low / 0.8)} {y(low)}L{x(high)} {y(high * 0.8)}"'
               ' stroke="#333" stroke-dasharray="5 4"/>')
    for line, (colour, name) in enumerate(zip(COLOURS, names)):
        at = TOP + 20 + 18 * line
        out.append(f'<circle cx="{LEFT + 16}" cy="{at}" r="4" fill="{colour}"/>')
        out.append(f'<text x="{LEFT + 26}" y="{at + 4}">{name} ({len(families[name])})</text>')
    at = TOP + 20 + 18 * len(names)
    out.append(f'<path d="M{LEFT + 8} {at}h16" stroke="#333" stroke-dasharray="5 4"/>')
    out.append(f'<text x="{LEFT + 28}" y="{at + 4}">20% more, 20% less</text>')
    if outside:
        out.append(f'<text x="{LEFT + 8}" y="{at + 22}">{outside} outside, at the edge</text>')
    middle = LEFT + side[0] // 2, TOP + side[1] // 2
    out.append(f'<text x="{middle[0]}" y="{SIZE - 12}" text-anchor="middle">measured, tokens/s of one sequence</text>')
    out.append(f'<text transform="translate(14 {middle[1]}) rotate(-90)" text-anchor="middle">predicted, tokens/s of one sequence</text>')
    return "\n".join(out + ["</svg>", ""])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("-o", "--output", default=DEFAULT, metavar="FILE", help="default: docs/accuracy.svg")
    output = arguments.parse_args().output
    families = read_points(sys.stdin)
    if not families:
        sys.exit("plot_accuracy.py: no decode speeds on standard input: pipe `qwenfit validate speed --rows --csv` into it")
    if len(families) > len(COLOURS):
        sys.exit(f"plot_accuracy.py: {len(families)} engine families, but colours for {len(COLOURS)}")
    with open(output, "w", encoding="utf-8") as out:
        out.write(draw(families))


if __name__ == "__main__":
    main()
