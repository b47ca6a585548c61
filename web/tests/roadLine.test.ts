import { describe, expect, test } from "vitest";
import { roadsAddress, type Road } from "../portal/api";
import { labelOf, roadLine, whereabouts } from "../portal/roadLine";
import { LABELS, type Label } from "../shared/labels";
import { en } from "../shared/texts/en";
import { ja } from "../shared/texts/ja";

const NOW = new Date("2026-01-15T05:50:00Z");

function road(km: Partial<Record<Label, number>>, more: Partial<Road> = {}): Road {
  const km_by_label = Object.fromEntries(LABELS.map((label) => [label, km[label] ?? 0])) as Record<Label, number>;
  return {
    id: "1",
    name: "市道雪町通り",
    km: LABELS.reduce((total, label) => total + km_by_label[label], 0),
    km_by_label,
    newest_at: "2026-01-15T05:35:00Z",
    routes: [],
    district: null,
    bbox: [136.6, 36.5, 136.7, 36.6],
    distance_m: null,
    expected: null,
    ...more,
  };
}

const DONE = road({ done: 4.6, never: 0.4 });

function sentence(one: Road, texts = ja): string {
  const { state, detail, expected } = roadLine(one, texts, NOW);
  return `${one.name}: ${state}${detail}${expected}`;
}

describe("a road in one line", () => {
  test("says state, length and time in Ishikawa", () => {
    expect(sentence(DONE)).toBe("市道雪町通り: 除雪済 4.6/5.0 km（14:35頃）");
    expect(sentence(DONE, en)).toBe("市道雪町通り: Cleared 4.6/5.0 km (about 14:35)");
  });

  test("names the day when it was not today", () => {
    expect(sentence({ ...DONE, newest_at: "2026-01-14T14:55:00Z" })).toContain("（1/14 23:55頃）");
  });

  test("says that there is no record instead of a time", () => {
    expect(sentence(road({ never: 5 }, { newest_at: null }))).toBe("市道雪町通り: 未作業 0.0/5.0 km（記録なし）");
  });

  test("tells unknown from uncleared", () => {
    expect(sentence(road({ unknown: 5 }))).toBe("市道雪町通り: 不明 0.0/5.0 km（端末応答なし）");
  });

  test("says between when the rest may be done, and how sure that is", () => {
    const expected = { from: "2026-01-15T06:10:00Z", until: "2026-01-15T15:00:00Z", confidence: "medium" } as const;
    expect(sentence(road({ under_way: 5 }, { expected }))).toContain("完了見込み 15:10〜1/16 00:00（確度 中）");
    expect(sentence(road({ under_way: 5 }, { expected }), en)).toContain("Done between 15:10 and 1/16 00:00 (medium confidence)");
  });
});

describe("the label of a road", () => {
  test.each<[Partial<Record<Label, number>>, Label]>([
    [{ done: 10 }, "done"],
    [{ done: 9, never: 1 }, "done"],
    [{ done: 8, never: 2 }, "partly"],
    [{ done: 9, unknown: 1 }, "done"],
    [{ done: 8, aged: 1, never: 1 }, "aged"],
    [{ under_way: 1, done: 8, never: 1 }, "under_way"],
    [{ never: 9, partly: 1 }, "partly"],
    [{ never: 9, unknown: 1 }, "unknown"],
    [{ never: 10 }, "never"],
    [{ done: 99, closed: 1 }, "closed"],
    [{ due: 9, done: 1 }, "due"],
    [{ due: 8, unknown: 1, partly: 1 }, "due"],
    [{ under_way: 1, due: 9 }, "under_way"],
    [{ done: 9, due: 1 }, "done"],
    [{ snowed_over: 9, aged: 1 }, "snowed_over"],
    [{ snowed_over: 9, never: 1 }, "partly"],
    [{ snowed_over: 2, unknown: 1 }, "partly"],
    [{}, "never"],
  ])("%j reads %s", (km, label) => {
    expect(labelOf(road(km))).toBe(label);
  });
});

test("roads of one name are told apart by district, number and distance", () => {
  const one = road({ done: 1 }, { name: "雪国街道", routes: ["国道900号"], district: "雪町市", distance_m: 123.4 });
  expect(whereabouts(one, ja)).toBe("雪町市・国道900号・約120 m");
  expect(whereabouts({ ...one, name: "国道900号", distance_m: 0 }, en)).toBe("雪町市, about 10 m away");
  expect(whereabouts(DONE, ja)).toBe("");
});

describe("what is asked", () => {
  test("is spelt so that names may hold anything", () => {
    const named = { question: { kind: "named", name: "雪 &q=1" }, limit: 20, after: null } as const;
    expect(roadsAddress(named, null)).toBe("/v1/roads?limit=20&q=%E9%9B%AA+%26q%3D1");
  });

  test("goes on after a road, and is asked anew of another cut", () => {
    const all = { question: { kind: "all" }, limit: 20, after: "77" } as const;
    expect(roadsAddress(all, "2026-01-15T05:50:00Z")).toBe("/v1/roads?limit=20&after=77&v=2026-01-15T05%3A50%3A00Z");
  });

  test("says where somebody is to ten metres and no nearer", () => {
    const near = { question: { kind: "near", lat: 36.56123456, lon: 136.65678912 }, limit: 20, after: null } as const;
    const asked = new URL(roadsAddress(near, null), "http://road.test").searchParams;
    expect(asked.get("near")).toBe("36.5612,136.6568");
  });
});
