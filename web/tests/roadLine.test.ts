import { describe, expect, test } from "vitest";
import type { Road } from "../portal/api";
import { matching, roadLine } from "../portal/roadLine";
import { en } from "../shared/texts/en";
import { ja } from "../shared/texts/ja";

const NOW = new Date("2026-01-15T05:50:00Z");
const ROAD: Road = {
  name: "市道雪町通り",
  routes: [],
  km_total: 5,
  km_done: 4.2,
  label: "done",
  since: "2026-01-15T05:35:00Z",
  evidence: "blade",
};

function sentence(road: Road, texts = ja): string {
  const { state, detail } = roadLine(road, texts, NOW);
  return `${road.name}: ${state}${detail}`;
}

describe("a road in one line", () => {
  test("says state, length, time in Ishikawa and evidence", () => {
    expect(sentence(ROAD)).toBe("市道雪町通り: 除雪済 4.2/5.0 km（14:35頃・ブレード確認）");
    expect(sentence(ROAD, en)).toBe("市道雪町通り: Cleared 4.2/5.0 km (about 14:35, confirmed by blade)");
  });

  test("names the day when it was not today", () => {
    expect(sentence({ ...ROAD, since: "2026-01-14T14:55:00Z" })).toContain("（1/14 23:55頃・");
  });

  test("says that there is no record instead of a time", () => {
    const road: Road = { ...ROAD, label: "never", km_done: 0, since: null, evidence: null };
    expect(sentence(road)).toBe("市道雪町通り: 未作業 0.0/5.0 km（記録なし）");
  });

  test("tells unknown from uncleared", () => {
    expect(sentence({ ...ROAD, label: "unknown" })).toBe("市道雪町通り: 不明 4.2/5.0 km（端末応答なし）");
  });
});

describe("finding roads", () => {
  const roads = ["市道雪町通り", "国道900号", "市道 Ｓｎｏｗ通り"].map((name) => ({ ...ROAD, name }));
  const found = (query: string) => matching(roads, query).map((road) => road.name);

  test("an empty query finds all", () => {
    expect(found("　 ")).toHaveLength(3);
  });

  test("width of letters, capitals and spaces make no difference", () => {
    expect(found("９００")).toEqual(["国道900号"]);
    expect(found("SNOW")).toEqual(["市道 Ｓｎｏｗ通り"]);
    expect(found("市道snow")).toEqual(["市道 Ｓｎｏｗ通り"]);
  });

  test("a road is found by its number too", () => {
    const numbered = [{ ...ROAD, name: "雪国街道", routes: ["国道900号"] }];
    expect(matching(numbered, "国道９００")).toHaveLength(1);
    expect(matching(numbered, "雪国 900")).toHaveLength(1);
    expect(matching(numbered, "県道")).toEqual([]);
  });

  test("every word must occur", () => {
    expect(found("市道 通り")).toHaveLength(2);
    expect(found("国道 通り")).toEqual([]);
  });
});
