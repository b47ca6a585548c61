/** The ploughs: what each one reported last, and their symbols on the map, which glide from report to report. */
import type { Feature } from "geojson";
import type { GeoJSONSource, LayerSpecification, Map as MapLibreMap } from "maplibre-gl";
import type { Machine } from "../shared/live";
import { prefersStillness } from "../shared/map";
import { addMachineIcons, iconName } from "./icons";
import { shortName, stateOf, type MachineState } from "./machineState";
import { hasArrived, moveTo, poseAt, standing, type Motion, type Pose } from "./motion";

export const MACHINE_LAYER = "machines";
/** Ten pictures a second are smooth at a plough's speed and leave the processor alone. */
const FRAME_MS = 100;

export const machineLayer: LayerSpecification = {
  id: MACHINE_LAYER,
  type: "symbol",
  source: MACHINE_LAYER,
  layout: {
    "icon-image": ["get", "icon"],
    "icon-rotate": ["get", "course"],
    "icon-rotation-alignment": "map",
    "icon-allow-overlap": true,
    "icon-ignore-placement": true,
    "icon-size": ["interpolate", ["linear"], ["zoom"], 9, 0.45, 12, 0.7, 15, 1],
    "symbol-sort-key": ["get", "rank"],
    "text-field": ["step", ["zoom"], "", 14, ["get", "name"]],
    "text-font": ["Noto Sans JP", "Hiragino Sans", "Yu Gothic UI", "Meiryo"],
    "text-size": 12,
    "text-offset": [0, 1.5],
    "text-anchor": "top",
    "text-optional": true,
  },
  paint: { "text-color": "#111827", "text-halo-color": "#ffffff", "text-halo-width": 2 },
};

const RANK: Readonly<Record<MachineState, number>> = { silent: 0, unsure: 1, travelling: 2, working: 3 };

export class Machines {
  private readonly latest = new Map<string, Machine>();
  private readonly motions = new Map<string, Motion>();
  private drawnMs = 0;
  private frame: number | undefined;

  constructor(private readonly map: MapLibreMap) {}

  /** To be called once, when the style is there. */
  prepare(): void {
    addMachineIcons(this.map);
  }

  /** All that may be seen are told anew. */
  forget(): void {
    this.latest.clear();
    this.motions.clear();
  }

  /** Takes in the machines that changed. */
  report(machines: Machine[]): void {
    const nowMs = performance.now();
    for (const machine of machines) {
      this.latest.set(machine.device, machine);
      const before = this.motions.get(machine.device);
      const pose: Pose = { lat: machine.lat, lon: machine.lon, course: machine.course_deg };
      const glides = before !== undefined && !prefersStillness();
      this.motions.set(machine.device, glides ? moveTo(before, pose, nowMs) : standing(pose, nowMs));
    }
    this.frame ??= requestAnimationFrame(this.draw);
  }

  all(): Machine[] {
    return [...this.latest.values()].sort((a, b) => a.device.localeCompare(b.device, "en", { numeric: true }));
  }

  of(device: string): Machine | undefined {
    return this.latest.get(device);
  }

  private readonly draw = (): void => {
    const nowMs = performance.now();
    this.frame = undefined;
    if (nowMs - this.drawnMs >= FRAME_MS) {
      this.drawnMs = nowMs;
      const source = this.map.getSource<GeoJSONSource>(MACHINE_LAYER);
      void source?.setData({ type: "FeatureCollection", features: this.all().map((machine) => this.feature(machine, nowMs)) });
    }
    const gliding = [...this.motions.values()].some((motion) => !hasArrived(motion, this.drawnMs));
    if (gliding) this.frame = requestAnimationFrame(this.draw);
  };

  private feature(machine: Machine, nowMs: number): Feature {
    const motion = this.motions.get(machine.device);
    const pose = motion === undefined ? { lat: machine.lat, lon: machine.lon, course: machine.course_deg } : poseAt(motion, nowMs);
    const state = stateOf(machine);
    return {
      type: "Feature",
      geometry: { type: "Point", coordinates: [pose.lon, pose.lat] },
      properties: {
        device: machine.device,
        name: shortName(machine.device),
        icon: iconName(state, pose.course !== null),
        course: pose.course ?? 0,
        rank: RANK[state],
      },
    };
  }
}
