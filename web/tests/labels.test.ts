import { describe, expect, test } from "vitest";
import { LABELS, LABEL_COLOURS, patternOf, type Label } from "../shared/labels";

/** How people without one of the three kinds of cones see linear RGB (Machado, Oliveira and Fernandes 2009). */
const EYES = {
  full: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};
/** Many times what an eye just notices side by side, since these are thin lines seen on a phone in a storm. */
const DISTANCE_MIN = 20;
const PAPER = "#f3f6f9";

type Triple = [number, number, number];

function linear(colour: string): Triple {
  const channel = (at: number) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

function times(matrix: number[], [x, y, z]: Triple): Triple {
  const row = (from: number) => (matrix[from] ?? 0) * x + (matrix[from + 1] ?? 0) * y + (matrix[from + 2] ?? 0) * z;
  return [row(0), row(3), row(6)];
}

function lab(rgb: Triple): Triple {
  const [x, y, z] = times([0.4124, 0.3576, 0.1805, 0.2126, 0.7152, 0.0722, 0.0193, 0.1192, 0.9505], rgb);
  const f = (value: number) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
  const [fx, fy, fz] = [f(x / 0.9505), f(y), f(z / 1.089)];
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

function distance(one: Label, other: Label, eye: number[]): number {
  const [a, b] = [one, other].map((label) => lab(times(eye, linear(LABEL_COLOURS[label])))) as [Triple, Triple];
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

function luminance(colour: string): number {
  const [red, green, blue] = linear(colour);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

describe.each(Object.entries(EYES))("label colours seen with %s", (_kind, eye) => {
  const pairs = LABELS.flatMap((one, place) => LABELS.slice(place + 1).map((other): [Label, Label] => [one, other]));
  test.each(pairs)("%s and %s stay apart without their patterns", (one, other) => {
    expect(distance(one, other, eye)).toBeGreaterThan(DISTANCE_MIN);
  });
});

test("uncleared roads stand out from the paper by the 3 to 1 that graphics need", () => {
  expect((luminance(PAPER) + 0.05) / (luminance(LABEL_COLOURS.never) + 0.05)).toBeGreaterThan(3);
});

test("unknown is drawn with its own pattern whatever the evidence", () => {
  expect(patternOf("unknown", "inferred")).toBe("dotted");
  expect(patternOf("done", "inferred")).toBe("dashed");
  expect(patternOf("done", "blade")).toBe("plain");
});
