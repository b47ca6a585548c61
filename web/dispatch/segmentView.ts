/** The panel's view of one segment: its state, how old that is and by what evidence, for each direction. */
import { element } from "../shared/dom";
import { patternOf } from "../shared/labels";
import { texts } from "../shared/language";
import { labelChip } from "../shared/legend";
import type { SegmentFacts } from "../shared/live";
import { describeFailure, fetchJson } from "../shared/server";
import { clock, secondsBetween, type ServerClock } from "../shared/time";
import { ADDRESSES, type Direction, type Segment } from "./api";
import { coverageBar } from "./coverageBar";
import { Facts } from "./facts";
import type { View } from "./panel";

const words = texts.dispatch;

export function segmentView(
  id: number,
  live: () => SegmentFacts | undefined,
  serverClock: ServerClock,
  leave: () => void,
): View {
  const content = element("div", {}, element("p", { class: "hint" }, words.loading));
  const title = new Text(words.segmentNumber(id));
  let asked: { facts: SegmentFacts | undefined } | undefined;
  let shownMinute: number | undefined;
  let segment: Segment | undefined;

  async function load(): Promise<void> {
    try {
      segment = await fetchJson<Segment>(ADDRESSES.segment(id));
      title.data = segment.name ?? segment.route ?? texts.unnamedRoad;
      draw(segment);
    } catch (failure) {
      // The next refresh asks again.
      asked = undefined;
      if (segment === undefined) content.replaceChildren(element("p", { class: "hint" }, describeFailure(failure)));
    }
  }

  function draw(known: Segment): void {
    content.replaceChildren(...segmentParts(known, serverClock.now()));
  }

  /** Asks again when the stream says that something changed; ages move on every minute. */
  function refresh(): void {
    const minute = Math.floor(serverClock.now().getTime() / 60_000);
    if (asked === undefined || live() !== asked.facts) {
      asked = { facts: live() };
      void load();
    } else if (minute !== shownMinute && segment !== undefined) {
      draw(segment);
    }
    shownMinute = minute;
  }

  return { title, content, refresh, leave };
}

function segmentParts(segment: Segment, now: Date): HTMLElement[] {
  const facts = new Facts();
  facts.set(words.route, segment.route ?? words.none);
  facts.set(words.roadClass, texts.roadClasses[segment.class] ?? segment.class);
  facts.set(words.manager, texts.managers[segment.manager] ?? segment.manager);
  facts.set(words.length, `${Math.round(segment.length_m).toLocaleString("en")} m`);
  const evidence = segment.directions.find((direction) => direction.label === segment.label)?.evidence ?? null;
  return [
    element("p", { class: "segment-state" }, labelChip(segment.label, patternOf(segment.label, evidence))),
    element("p", { class: "segment-age" }, sureness(segment, now)),
    element("p", { class: "hint" }, texts.labelMeanings[segment.label]),
    ...segment.closures.map((closure) => element("p", { class: "hint" }, closureLine(closure, now))),
    facts.list,
    element("h3", {}, words.directions),
    ...segment.directions.map((direction) => directionPart(direction, segment.length_m, now)),
  ];
}

/** How old the newest record is, what it rests on, and how sure the road is, in one line. */
function sureness(segment: Segment, now: Date): string {
  const newest = segment.directions.reduce<Direction | undefined>(
    (best, direction) => ((direction.last_at ?? "") > (best?.last_at ?? "") ? direction : best),
    undefined,
  );
  if (newest === undefined) return texts.evidence.none;
  return words.lastPassOf(timeAndAge(newest.last_at, now), texts.evidence[newest.evidence ?? "none"], words.sureOf(newest.confidence));
}

function closureLine({ from, until, reason }: Segment["closures"][number], now: Date): string {
  return words.closedUntil(clock(new Date(from), now), until === null ? null : clock(new Date(until), now), reason);
}

function directionPart(direction: Direction, lengthM: number, now: Date): HTMLElement {
  const { label, evidence } = direction;
  const facts = new Facts();
  facts.set(words.doneAt, timeAndAge(direction.done_at, now));
  facts.set(words.asOf, timeAndAge(direction.as_of, now));
  facts.set(words.lastPass, timeAndAge(direction.last_at, now));
  facts.set(words.evidenceName, texts.evidence[evidence ?? "none"]);
  facts.set(words.sure, words.sureOf(direction.confidence));
  facts.set(words.passes, words.passesOf(direction.passes));
  if (direction.spreads > 0) facts.set(words.spread, words.spreadOf(direction.spreads, timeAndAge(direction.spread_at, now)));
  const heading = label === null ? [words.directionUnknown] : [words.direction(direction.direction), labelChip(label, patternOf(label, evidence))];
  return element(
    "section",
    { class: "direction" },
    element("h4", {}, ...heading),
    coverageBar(direction, lengthM),
    facts.list,
  );
}

function timeAndAge(at: string | null, now: Date): string {
  if (at === null) return words.none;
  const time = new Date(at);
  return texts.timeAndAge(clock(time, now), texts.age(secondsBetween(time, now)));
}
