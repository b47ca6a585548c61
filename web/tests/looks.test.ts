import { expect, test } from "vitest";
import { Looks, sureness } from "../shared/looks";
import type { Label } from "../shared/labels";
import type { StateArray } from "../shared/stateArray";

/** Labels and confidence by row. */
function stateOf(rows: [Label, number?][]): StateArray {
  return {
    network: "yukimachi-1",
    at: null,
    segments: rows.length,
    label: (row) => rows[row]?.[0],
    fromMinutes: () => undefined,
    untilMinutes: () => undefined,
    confidenceFrom: (row) => rows[row]?.[1],
  };
}

const FIRST = stateOf([["never"], ["done", 80], ["done", 0], ["partly", 50]]);

test("each row that the map loads is drawn once", () => {
  const looks = new Looks(FIRST);
  expect(looks.ofNew([0, 1])).toEqual([
    [0, { label: "never", unsure: false }],
    [1, { label: "done", unsure: false }],
  ]);
  expect(looks.ofNew(new Set([0, 1, 2]))).toEqual([[2, { label: "done", unsure: true }]]);
});

test("of a newer array only what was drawn and differs is drawn anew", () => {
  const looks = new Looks(FIRST);
  looks.ofNew([0, 1, 2]);
  const second = stateOf([["done", 80], ["done", 80], ["done", 50], ["done", 80]]);
  expect(looks.renewed(second)).toEqual([
    [0, { label: "done", unsure: false }],
    [2, { label: "done", unsure: false }],
  ]);
  expect(looks.renewed(second)).toEqual([]);
  expect(looks.ofNew([3])).toEqual([[3, { label: "done", unsure: false }]]);
});

test("a row that the array does not have is drawn as one that nobody worked", () => {
  expect(new Looks(FIRST).ofNew([99])).toEqual([[99, { label: "never", unsure: false }]]);
});

test("when far more was drawn than is in sight, all begins anew", () => {
  const looks = new Looks(FIRST);
  looks.ofNew([0]);
  expect(looks.forgetIfMany(0)).toBe(false);
  looks.ofNew(Array.from({ length: 50_000 }, (_, row) => row));
  expect(looks.forgetIfMany(40_000)).toBe(false);
  expect(looks.forgetIfMany(1_000)).toBe(true);
  expect(looks.ofNew([0])).toHaveLength(1);
});

test("how sure a state is, is told in three steps", () => {
  expect([0, 1, 2, 3].map((row) => sureness(FIRST, row))).toEqual([undefined, "high", "low", "medium"]);
});
