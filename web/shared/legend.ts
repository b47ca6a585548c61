/** The parts of a legend: samples drawn as the map draws them. */
import { element, svg } from "./dom";
import { LABEL_COLOURS, PATTERN_DASHES, type Label, type Pattern } from "./labels";
import { texts } from "./language";

const SAMPLE_WIDTH_PX = 34;
const SAMPLE_HEIGHT_PX = 12;
const LINE_PX = 8;
const PATTERN_LINE_PX: Readonly<Record<Exclude<Pattern, "plain">, number>> = { dashed: 2.6, dotted: 4 };

/** A short piece of road in the colour and pattern of its state; the words stand beside it. */
export function roadSample(colour: string, pattern: Pattern): SVGElement {
  const line = (attributes: Record<string, string | number>) =>
    svg("line", { x1: 5, x2: SAMPLE_WIDTH_PX - 5, y1: SAMPLE_HEIGHT_PX / 2, y2: SAMPLE_HEIGHT_PX / 2, ...attributes });
  const drawn = [
    line({ stroke: "#97a3b1", "stroke-width": LINE_PX + 2, "stroke-linecap": "round" }),
    line({ stroke: colour, "stroke-width": LINE_PX, "stroke-linecap": "round" }),
  ];
  if (pattern !== "plain") {
    const thickness = PATTERN_LINE_PX[pattern];
    const dashes = PATTERN_DASHES[pattern].map((length) => length * thickness * 0.75).join(" ");
    drawn.push(line({ stroke: "#ffffff", "stroke-width": thickness, "stroke-dasharray": dashes }));
  }
  return svg("svg", { class: "sample", viewBox: `0 0 ${SAMPLE_WIDTH_PX} ${SAMPLE_HEIGHT_PX}`, "aria-hidden": "true" }, ...drawn);
}

export function labelSample(label: Label): SVGElement {
  return roadSample(LABEL_COLOURS[label], label === "unknown" ? "dotted" : "plain");
}

export function fullLabel(label: Label): string {
  return texts.labels[label] + texts.labelNotes[label];
}

/** The state of a segment as a sample and its name. */
export function labelChip(label: Label, pattern: Pattern): HTMLElement {
  return element("span", { class: "chip" }, roadSample(LABEL_COLOURS[label], pattern), fullLabel(label));
}

/** What a plain, a dashed and a dotted line say about how sure a state is. */
export function surenessRows(): HTMLElement[] {
  const { blade, inferred, unknown } = texts.evidenceMeanings;
  const row = (sample: SVGElement, text: string) => element("li", {}, sample, element("span", {}, text));
  return [
    row(roadSample(LABEL_COLOURS.done, "plain"), blade),
    row(roadSample(LABEL_COLOURS.done, "dashed"), inferred),
    row(labelSample("unknown"), unknown),
  ];
}
