import { expect, test } from "vitest";
import { clock, clockSeconds, secondsBetween, tokyoDay } from "../shared/time";

test("a day begins at midnight in Tokyo", () => {
  expect(tokyoDay(new Date("2026-01-14T14:59:59Z"))).toBe("2026-01-14");
  expect(tokyoDay(new Date("2026-01-14T15:00:00Z"))).toBe("2026-01-15");
});

test("times have 24 hours and leading zeros", () => {
  expect(clockSeconds(new Date("2026-01-14T15:04:05Z"))).toBe("00:04:05");
});

test("only a time of another day carries its day", () => {
  const now = new Date("2026-01-15T00:00:00Z");
  expect(clock(new Date("2026-01-14T23:00:00Z"), now)).toBe("08:00");
  expect(clock(new Date("2026-01-14T14:00:00Z"), now)).toBe("1/14 23:00");
});

test("an age is never negative, even when clocks disagree", () => {
  const now = new Date("2026-01-15T00:00:00Z");
  expect(secondsBetween(new Date("2026-01-15T00:00:05Z"), now)).toBe(0);
});
