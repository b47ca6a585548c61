/** The panel's view of one segment in the words that residents are told. */
import { sureness } from "../shared/looks";
import { element } from "../shared/dom";
import { patternOf } from "../shared/labels";
import { texts } from "../shared/language";
import { labelChip } from "../shared/legend";
import type { StateArray } from "../shared/stateArray";
import { clock, type ServerClock } from "../shared/time";
import type { View } from "./panel";

const words = texts.portal;

export interface PublicSegment {
  row: number;
  name: string | null;
}

export function publicSegmentView(
  { row, name }: PublicSegment,
  latest: () => StateArray | undefined,
  serverClock: ServerClock,
  leave: () => void,
): View {
  const content = element("div");
  let shown: StateArray | undefined;

  function refresh(): void {
    const state = latest();
    if (state === undefined || state === shown) return;
    shown = state;
    const label = state.label(row) ?? "never";
    const sure = sureness(state, row);
    const fromMinutes = state.fromMinutes(row);
    const age = (at: Date, minutes: number) => words.lastWorked(minutes, state.untilMinutes(row), clock(at, serverClock.now()));
    content.replaceChildren(
      element("p", { class: "segment-state" }, labelChip(label, patternOf(label, sure === "low" ? "inferred" : null))),
      element("p", { class: "hint" }, texts.labelMeanings[label]),
      element("p", {}, state.at === null || fromMinutes === undefined ? texts.evidence.none : age(state.at, fromMinutes)),
      element("p", {}, sure === undefined ? null : words.sureness(words.surenessOf[sure])),
    );
  }

  return { title: new Text(name ?? texts.unnamedRoad), content, refresh, leave };
}
