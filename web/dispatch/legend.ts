/** The legend with counts: what each colour means, how much of the network has it, and how sure it is. */
import { byId, element, setText, svg } from "../shared/dom";
import { LABELS, LABEL_COLOURS, type Label } from "../shared/labels";
import { fullLabel, labelSample, surenessRows } from "../shared/legend";
import { texts } from "../shared/language";
import type { Summary } from "../shared/live";
import { clock } from "../shared/time";
import { machineSample } from "./icons";
import { MACHINE_STATES } from "./machineState";

const words = texts.dispatch;
const ROOMY = "(min-width: 720px)";

export class Legend {
  private readonly since = element("p", { class: "legend-since" });
  private readonly counts = new Map<Label, { count: HTMLElement; share: HTMLElement }>();

  constructor() {
    const box = byId<HTMLDetailsElement>("legend");
    box.open = matchMedia(ROOMY).matches;
    box.append(
      element("summary", {}, texts.legend),
      this.since,
      element("table", { class: "legend-labels" }, element("tbody", {}, ...LABELS.map((label) => this.labelRow(label)))),
      element("p", { class: "legend-note" }, texts.unknownIsNotUncleared),
      element("h2", {}, texts.howSure),
      element("ul", {}, ...surenessRows()),
      element("ul", { class: "legend-machines" }, ...MACHINE_STATES.map(machineRow), ...structureRows()),
    );
  }

  show(summary: Summary): void {
    const { total, by_label } = summary.segments;
    const since = clock(new Date(summary.event_start), new Date(summary.now));
    setText(this.since, words.since(since, total.toLocaleString("en")));
    for (const [label, cells] of this.counts) {
      setText(cells.count, by_label[label].toLocaleString("en"));
      setText(cells.share, percent(by_label[label], total));
    }
  }

  private labelRow(label: Label): HTMLElement {
    const count = element("td", {}, words.none);
    const share = element("td", {}, "");
    this.counts.set(label, { count, share });
    const name = element("span", {}, fullLabel(label));
    const head = element("th", { scope: "row", title: texts.labelMeanings[label] });
    head.append(labelSample(label), name);
    return element("tr", {}, head, count, share);
  }
}

/** One digit below ten per cent, so that the first cleared segments are seen. */
function percent(part: number, whole: number): string {
  if (whole === 0) return "";
  const value = (100 * part) / whole;
  return `${value.toFixed(value > 0 && value < 9.95 ? 1 : 0)}%`;
}

function machineRow(state: (typeof MACHINE_STATES)[number]): HTMLElement {
  return element("li", {}, machineSample(state), element("span", {}, words.machineStates[state]));
}

function structureRows(): HTMLElement[] {
  const line = (attributes: Record<string, string | number>) => svg("line", { x1: 3, x2: 31, y1: 6, y2: 6, ...attributes });
  const row = (name: string, ...lines: SVGElement[]) => {
    const item = element("li");
    item.append(svg("svg", { class: "sample", viewBox: "0 0 34 12", "aria-hidden": "true" }, ...lines), element("span", {}, name));
    return item;
  };
  const road = line({ stroke: LABEL_COLOURS.never, "stroke-width": 5 });
  return [
    row(words.bridge, line({ stroke: "#27313d", "stroke-width": 11 }), road),
    row(words.tunnel, line({ stroke: "#27313d", "stroke-width": 11, "stroke-dasharray": "4 3" }), road.cloneNode() as SVGElement),
    row(words.footway, line({ stroke: LABEL_COLOURS.never, "stroke-width": 2.4, "stroke-dasharray": "5 2.5" })),
  ];
}
