/** A segment from its first to its last metre, with the cleared stretches in colour. */
import { element, svg } from "../shared/dom";
import { LABEL_COLOURS } from "../shared/labels";
import { texts } from "../shared/language";
import type { Direction } from "./api";

const WIDTH = 1000;

export function coverageBar(direction: Direction, lengthM: number): HTMLElement {
  const drawing = svg("svg", { class: "coverage", viewBox: `0 0 ${WIDTH} 10`, preserveAspectRatio: "none", "aria-hidden": "true" });
  for (const [fromM, toM] of direction.intervals_m) {
    const x = (fromM / lengthM) * WIDTH;
    const width = Math.max(((toM - fromM) / lengthM) * WIDTH, 2);
    drawing.append(svg("rect", { x, width, y: 0, height: 10, fill: LABEL_COLOURS[direction.label ?? "never"] }));
  }
  const caption = element("figcaption", {}, texts.dispatch.covered(direction.share));
  const figure = element("figure", { class: "coverage-figure" });
  figure.append(drawing, caption);
  return figure;
}
