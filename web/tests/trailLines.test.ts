import { expect, test } from "vitest";
import { TRAIL_MINUTES, TrailLines, type Report, type Stretch } from "../dispatch/trailLines";

const START_MS = Date.parse("2027-01-14T21:00:00Z");
const LAT_A_SECOND = 0.00006;

/** Northwards at a plough's pace. */
function at(second: number, working = true): Report {
  return { lon: 136.65, lat: 36.56 + second * LAT_A_SECOND, atMs: START_MS + second * 1000, working };
}

function drive(lines: TrailLines, from: number, to: number, everyS = 1, working = true): void {
  for (let second = from; second <= to; second += everyS) lines.grow(at(second, working));
}

/** Whether it worked, and after how many seconds it was at each point. */
function told(lines: TrailLines): [boolean, number[]][] {
  return lines.lines().map(({ working, points }) => [working, points.map(({ atMs }) => (atMs - START_MS) / 1000)]);
}

function stretch(working: boolean, ...seconds: number[]): Stretch {
  return { working, points: seconds.map((second) => at(second)) };
}

test("a line follows the machine to the report before the newest, with points some seconds apart", () => {
  const lines = new TrailLines();
  drive(lines, 0, 13);
  expect(told(lines)).toEqual([[true, [0, 5, 10, 12]]]);
});

test("where work begins one line goes on from the other", () => {
  const lines = new TrailLines();
  drive(lines, 0, 7, 1, false);
  drive(lines, 8, 12);
  expect(told(lines)).toEqual([
    [false, [0, 5, 7]],
    [true, [7, 11]],
  ]);
});

test("late and doubled reports change nothing", () => {
  const lines = new TrailLines();
  drive(lines, 0, 13);
  expect(lines.grow(at(4))).toBe(true);
  expect(lines.grow(at(13))).toBe(true);
  expect(told(lines)).toEqual([[true, [0, 5, 10, 12]]]);
});

test("nothing is drawn over a silence or a jump, and it is said that something is missing", () => {
  const lines = new TrailLines();
  expect(lines.grow(at(0))).toBe(false);
  expect(lines.grow(at(1))).toBe(true);
  expect(lines.grow(at(90))).toBe(false);
  drive(lines, 91, 97);
  expect(told(lines)).toEqual([
    [true, [0, 1]],
    [true, [90, 95, 96]],
  ]);
  expect(lines.grow({ ...at(98), lat: 37 })).toBe(false);
});

test("what the server knows comes before what was reported since", () => {
  const lines = new TrailLines();
  drive(lines, 100, 121);
  lines.adopt([stretch(false, 0, 40), stretch(true, 40, 80, 108)]);
  expect(told(lines)).toEqual([
    [false, [0, 40]],
    [true, [40, 80, 108, 115, 120]],
  ]);
  drive(lines, 122, 124);
  expect(told(lines).at(-1)).toEqual([true, [40, 80, 108, 115, 120, 123]]);
});

test("a machine that the server told of goes on without a gap", () => {
  const lines = new TrailLines();
  lines.adopt([stretch(true, 0, 50)]);
  expect(lines.grow(at(52))).toBe(true);
  expect(lines.grow(at(53))).toBe(true);
  expect(told(lines)).toEqual([[true, [0, 50, 52]]]);
});

test("a machine that stands adds no points, and its line goes on when it drives again", () => {
  const lines = new TrailLines();
  for (let second = 0; second < 600; second++) lines.grow({ ...at(0), atMs: START_MS + second * 1000 });
  drive(lines, 600, 611);
  expect(told(lines)[0]?.[1].length).toBeLessThan(8);
});

test("a trail has a bound however long the page is open", () => {
  const lines = new TrailLines();
  drive(lines, 0, 5 * TRAIL_MINUTES * 60);
  const [[, seconds]] = told(lines) as [[boolean, number[]]];
  expect(seconds.length).toBeLessThanOrEqual((TRAIL_MINUTES * 60) / 5 + 2);
  expect(seconds[0]).toBeGreaterThanOrEqual(4 * TRAIL_MINUTES * 60);
});
