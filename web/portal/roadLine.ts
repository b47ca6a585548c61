/** A road's state in words. */
import type { Label } from "../shared/labels";
import type { Texts } from "../shared/texts/ja";
import { clock } from "../shared/time";
import type { Road, Summary } from "./api";

/** So much of a road says what is told of the whole. */
const DONE_SHARE = 0.9;
const NEAR_STEP_M = 10;

export interface RoadLine {
  /** `除雪済 4.2/5.0 km` */
  state: string;
  /** `（14:35頃）`, or why there is no such time */
  detail: string;
  /** `完了見込み 15:10〜16:00（確度 中）`, where something is left and somebody can tell */
  expected: string;
}

export function roadLine(road: Road, texts: Texts, now: Date): RoadLine {
  const words = texts.portal;
  const label = labelOf(road);
  const state = words.roadState(kmDone(road).toFixed(1), road.km.toFixed(1), texts.labels[label]);
  const timeless = road.newest_at === null || label === "unknown";
  const detail = timeless ? texts.labelNotes[label] : words.roadDetail(clock(new Date(road.newest_at ?? now), now));
  return { state, detail, expected: expectedText(road, texts, now) };
}

function expectedText({ expected }: Road, texts: Texts, now: Date): string {
  if (expected === null) return "";
  const [from, until] = [expected.from, expected.until].map((at) => clock(new Date(at), now)) as [string, string];
  return texts.portal.expected(from, until, texts.portal.surenessOf[expected.confidence]);
}

/** What tells two roads of one name apart: where it is, by which number it goes too, and how far away it is. */
export function whereabouts(road: Road, texts: Texts): string {
  const numbers = road.routes.filter((route) => route !== road.name);
  const away = road.distance_m === null ? [] : [texts.portal.away(farAway(road.distance_m))];
  return [...(road.district === null ? [] : [road.district]), ...numbers, ...away].join(texts.between);
}

function farAway(metres: number): string {
  return String(Math.max(1, Math.round(metres / NEAR_STEP_M)) * NEAR_STEP_M);
}

export function kmDone({ km_by_label }: Summary): number {
  return km_by_label.done + km_by_label.aged;
}

/**
 * Closed where any of it is; done when nearly all of it is; else the most that can be said of any part. A road is
 * snowed over where every part of it was done.
 */
export function labelOf(road: Summary): Label {
  const kmOf = road.km_by_label;
  if (kmOf.closed > 0) return "closed";
  if (road.km > 0 && kmDone(road) >= DONE_SHARE * road.km) return kmOf.aged > 0 ? "aged" : "done";
  if (kmOf.under_way > 0) return "under_way";
  if (kmOf.due > 0) return "due";
  const worked = kmDone(road) + kmOf.snowed_over + kmOf.partly;
  if (kmOf.snowed_over > 0 && kmOf.partly + kmOf.unknown + kmOf.never === 0) return "snowed_over";
  if (worked > 0) return "partly";
  return kmOf.unknown > 0 ? "unknown" : "never";
}
