import { describe, expect, test } from "vitest";
import type { Route } from "../dispatch/api";
import { grouped, routeWords } from "../dispatch/routes";
import { en } from "../shared/texts/en";
import { ja } from "../shared/texts/ja";

const NOW = new Date("2026-01-15T05:00:30Z");
const AT = new Date("2026-01-15T05:00:00Z");
const ROUTE: Route = {
  agency: "kanazawa",
  route: "r1",
  name: "第一路線",
  district: "第1工区",
  state: "under_way",
  planned_m: 12_000,
  left_m: 3_240,
  percent: 73,
  machines: 2,
  early_s: 1_200,
  late_s: 3_900,
  confidence: "medium",
  due_at: "2026-01-15T06:30:00Z",
  overdue: false,
};

describe("routes by state", () => {
  test("states without a route are left out, and what is overdue comes first", () => {
    const routes: Route[] = [
      { ...ROUTE, route: "a", left_m: 10 },
      { ...ROUTE, route: "b", state: "done", left_m: 0 },
      { ...ROUTE, route: "c", left_m: 20 },
      { ...ROUTE, route: "d", left_m: 5, overdue: true },
    ];
    const told = grouped(routes).map(([state, own]) => [state, own.map(({ route }) => route).join("")]);
    expect(told).toEqual([
      ["under_way", "dca"],
      ["done", "b"],
    ]);
  });

  test("of no routes there are no groups", () => {
    expect(grouped([])).toEqual([]);
  });
});

describe("a route in words", () => {
  test("says what is left, who is there, when it may be done, how sure that is, and by when it should be", () => {
    expect(routeWords(ROUTE, AT, NOW, ja)).toBe("残り 3.2 km・2台作業中・完了見込み 14:20〜15:05・確度 中・期限 15:30");
    expect(routeWords(ROUTE, AT, NOW, en)).toBe(
      "3.2 km left, 2 working, done between 14:20 and 15:05, fairly sure, due 15:30",
    );
  });

  test("does not know an end that nobody knows", () => {
    expect(routeWords({ ...ROUTE, late_s: null, confidence: "low" }, AT, NOW, ja)).toContain("完了見込み 14:20 以降・確度 低");
    const unknown: Route = { ...ROUTE, early_s: null, late_s: null, confidence: "none", machines: 0, due_at: null };
    expect(routeWords(unknown, AT, NOW, ja)).toBe("残り 3.2 km");
  });

  test("says nothing of one that is done", () => {
    expect(routeWords({ ...ROUTE, left_m: 0, state: "done" }, AT, NOW, ja)).toBe("");
  });

  test("names the day when it is another one", () => {
    expect(routeWords({ ...ROUTE, late_s: 60_000 }, AT, NOW, ja)).toContain("14:20〜1/16 06:40");
  });
});
