/** The legend with counts: what each colour means, how much of the network has it, how sure it is; and what else is drawn. */
import { byId, element, setText, svg } from "../shared/dom";
import { LABELS, LABEL_COLOURS, type Label, type Pattern } from "../shared/labels";
import { fullLabel, labelSample, roadSample, surenessRows } from "../shared/legend";
import { texts } from "../shared/language";
import type { Summary } from "../shared/live";
import { clock } from "../shared/time";
import { machineSample } from "./icons";
import { MACHINE_STATES } from "./machineState";
import { remembered, remember } from "./remembered";
import { TRAIL_MINUTES } from "./trailLines";
import { TRAIL_DASHES, TRAIL_INK } from "./trails";

const words = texts.dispatch;
const ROOMY = "(min-width: 720px)";
const INK = "#27313d";
const THIN_PX = 1.6;
const TRAILS_KEY = "snowtrack.trails";

export class Legend {
  private readonly since = element("p", { class: "legend-since" });
  private readonly counts = new Map<Label, { count: HTMLElement; share: HTMLElement }>();
  private readonly trails = element("input", { type: "checkbox" });

  constructor(private readonly change: () => void) {
    const box = byId<HTMLDetailsElement>("legend");
    box.open = matchMedia(ROOMY).matches;
    box.append(
      element("summary", {}, texts.legend),
      this.since,
      element("table", { class: "legend-labels" }, element("tbody", {}, ...LABELS.map((label) => this.labelRow(label)))),
      element("p", { class: "legend-note" }, texts.unknownIsNotUncleared),
      meanings(),
      element("h2", {}, texts.howSure),
      element("ul", { class: "staff-only" }, ...surenessRows()),
      element("p", { class: "legend-note staff-only" }, words.sureMeaning),
      element("ul", { class: "public-only" }, ...publicSurenessRows()),
      element("ul", { class: "legend-machines staff-only" }, ...MACHINE_STATES.map(machineRow)),
      this.trailSwitch(),
      element("ul", { class: "legend-machines" }, ...structureRows()),
    );
  }

  get wantsTrails(): boolean {
    return this.trails.checked;
  }

  show(summary: Summary): void {
    const { total, by_label } = summary.segments;
    const since = clock(new Date(summary.event_start), new Date(summary.now));
    this.fill(words.since(since, total.toLocaleString("en")), total, (label) => by_label[label]);
  }

  /** Of the public's cut, in which there are so many of each. */
  showPublic(at: string, total: number, counts: ReadonlyMap<Label, number>): void {
    this.fill(words.publicSince(at, total.toLocaleString("en")), total, (label) => counts.get(label) ?? 0);
  }

  private fill(since: string, total: number, countOf: (label: Label) => number): void {
    setText(this.since, since);
    for (const [label, cells] of this.counts) {
      setText(cells.count, countOf(label).toLocaleString("en"));
      setText(cells.share, percent(countOf(label), total));
    }
  }

  /** What somebody chose stays chosen on this computer. */
  private trailSwitch(): HTMLElement {
    this.trails.checked = remembered(TRAILS_KEY) !== "hidden";
    this.trails.addEventListener("change", () => {
      remember(TRAILS_KEY, this.trails.checked ? "shown" : "hidden");
      this.change();
    });
    const dashes = TRAIL_DASHES.map((length) => length * THIN_PX).join(" ");
    return element(
      "div",
      { class: "legend-trails staff-only" },
      element("label", {}, this.trails, element("span", {}, words.trails(TRAIL_MINUTES))),
      element(
        "ul",
        {},
        sampleRow(words.trailWorking, sampleLine({ stroke: TRAIL_INK, "stroke-width": 3.5 })),
        sampleRow(words.trailTravelling, sampleLine({ stroke: TRAIL_INK, "stroke-width": THIN_PX, "stroke-dasharray": dashes })),
      ),
    );
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

/** As residents are told. */
function publicSurenessRows(): HTMLElement[] {
  const row = (pattern: Pattern, text: string) => element("li", {}, roadSample(LABEL_COLOURS.done, pattern), element("span", {}, text));
  return [row("plain", texts.portal.sureMeaning), row("dashed", texts.portal.unsureMeaning)];
}

function machineRow(state: (typeof MACHINE_STATES)[number]): HTMLElement {
  return element("li", {}, machineSample(state), element("span", {}, words.machineStates[state]));
}

/** What each label means, for whoever asks: a tooltip does not open on a touch screen. */
function meanings(): HTMLElement {
  const rows = LABELS.flatMap((label) => [element("dt", {}, texts.labels[label]), element("dd", {}, texts.labelMeanings[label])]);
  return element("details", { class: "legend-meanings" }, element("summary", {}, words.meanings), element("dl", {}, ...rows));
}

function structureRows(): HTMLElement[] {
  const road = sampleLine({ stroke: LABEL_COLOURS.never, "stroke-width": 5 });
  return [
    sampleRow(words.bridge, sampleLine({ stroke: INK, "stroke-width": 11 }), road),
    sampleRow(words.tunnel, sampleLine({ stroke: INK, "stroke-width": 11, "stroke-dasharray": "4 3" }), road.cloneNode() as SVGElement),
    sampleRow(words.footway, sampleLine({ stroke: LABEL_COLOURS.never, "stroke-width": 2.4, "stroke-dasharray": "5 2.5" })),
  ];
}

function sampleLine(attributes: Record<string, string | number>): SVGElement {
  return svg("line", { x1: 3, x2: 31, y1: 6, y2: 6, ...attributes });
}

function sampleRow(name: string, ...lines: SVGElement[]): HTMLElement {
  const item = element("li");
  item.append(svg("svg", { class: "sample", viewBox: "0 0 34 12", "aria-hidden": "true" }, ...lines), element("span", {}, name));
  return item;
}
