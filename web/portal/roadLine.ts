/** A road's state in one line of words, and finding roads by what people type. */
import type { Texts } from "../shared/texts/ja";
import { clock } from "../shared/time";
import type { Road } from "./api";

export interface RoadLine {
  /** `除雪済 4.2/5.0 km` */
  state: string;
  /** `（14:35頃・ブレード確認）`, or why there is no such time */
  detail: string;
}

export function roadLine(road: Road, texts: Texts, now: Date): RoadLine {
  const state = texts.portal.roadState(road.km_done.toFixed(1), road.km_total.toFixed(1), texts.labels[road.label]);
  if (road.since === null || road.label === "unknown") return { state, detail: texts.labelNotes[road.label] };
  const evidence = texts.evidence[road.evidence ?? "none"];
  return { state, detail: texts.portal.roadDetail(clock(new Date(road.since), now), evidence) };
}

/** Every word must occur in the name or a number; full and half width, capitals and spaces make no difference. */
export function matching(roads: Road[], query: string): Road[] {
  const wanted = query.normalize("NFKC").toLowerCase().split(/\s+/u).filter(Boolean);
  return roads.filter((road) => {
    const called = [road.name, ...road.routes].join(" ").normalize("NFKC").toLowerCase();
    const names = [called, called.replaceAll(/\s/gu, "")];
    return wanted.every((word) => names.some((name) => name.includes(word)));
  });
}
