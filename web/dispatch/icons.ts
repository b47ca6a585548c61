/** The ploughs' symbols, drawn on a canvas: an arrow along the course, or a disc where the course is not known. */
import type { Map as MapLibreMap } from "maplibre-gl";
import { LABEL_COLOURS } from "../shared/labels";
import { MACHINE_STATES, type MachineState } from "./machineState";

const MACHINE_COLOURS: Readonly<Record<MachineState, string>> = {
  working: LABEL_COLOURS.under_way,
  travelling: "#1b2a49",
  unsure: "#6a5a8c",
  silent: "#ffffff",
};
const OUTLINE = "#ffffff";
const SILENT_INK = "#4b5563";
const ICON_PX = 36;
const PIXEL_RATIO = 2;

export function iconName(state: MachineState, hasCourse: boolean): string {
  return `machine-${state}-${hasCourse ? "arrow" : "disc"}`;
}

export function addMachineIcons(map: MapLibreMap): void {
  for (const state of MACHINE_STATES) {
    for (const hasCourse of [true, false]) {
      const context = paintIcon(state, hasCourse);
      const { width, height } = context.canvas;
      map.addImage(iconName(state, hasCourse), context.getImageData(0, 0, width, height), { pixelRatio: PIXEL_RATIO });
    }
  }
}

/** The symbol by itself, for the legend and the list; the words stand beside it. */
export function machineSample(state: MachineState): HTMLCanvasElement {
  const { canvas } = paintIcon(state, true);
  canvas.className = "machine-sample";
  canvas.setAttribute("aria-hidden", "true");
  return canvas;
}

function paintIcon(state: MachineState, hasCourse: boolean): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = ICON_PX * PIXEL_RATIO;
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("This browser has no 2D canvas.");
  context.scale(PIXEL_RATIO, PIXEL_RATIO);
  context.translate(ICON_PX / 2, ICON_PX / 2);
  context.lineJoin = "round";
  const shape = hasCourse ? arrow() : disc();
  const silent = state === "silent";
  outline(context, shape, silent ? SILENT_INK : OUTLINE, silent ? 4.5 : 5);
  context.fillStyle = MACHINE_COLOURS[state];
  context.fill(shape);
  if (state === "working") paintBlade(context, hasCourse);
  if (silent) paintCross(context);
  return context;
}

function outline(context: CanvasRenderingContext2D, shape: Path2D, colour: string, widthPx: number): void {
  context.save();
  context.shadowColor = "rgba(17,24,39,0.55)";
  context.shadowBlur = 4;
  context.strokeStyle = colour;
  context.lineWidth = widthPx;
  context.stroke(shape);
  context.restore();
}

/** Points to the north, as a course of 0° does. */
function arrow(): Path2D {
  const path = new Path2D();
  path.moveTo(0, -12);
  path.lineTo(9, 10);
  path.lineTo(0, 5.5);
  path.lineTo(-9, 10);
  path.closePath();
  return path;
}

function disc(): Path2D {
  const path = new Path2D();
  path.arc(0, 0, 8.5, 0, 2 * Math.PI);
  return path;
}

/** A machine at work carries its blade in front, so that it differs by shape as well as by colour. */
function paintBlade(context: CanvasRenderingContext2D, hasCourse: boolean): void {
  if (!hasCourse) return;
  const blade = new Path2D("M -8 -12.5 L 0 -15 L 8 -12.5");
  context.lineCap = "round";
  outline(context, blade, OUTLINE, 5);
  context.strokeStyle = "#111827";
  context.lineWidth = 2.6;
  context.stroke(blade);
}

function paintCross(context: CanvasRenderingContext2D): void {
  context.strokeStyle = SILENT_INK;
  context.lineWidth = 2.2;
  context.lineCap = "round";
  context.stroke(new Path2D("M -3 -1.5 L 3 4.5 M 3 -1.5 L -3 4.5"));
}
