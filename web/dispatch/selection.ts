/** What somebody has chosen, on the map or in the list: opens its view in the panel and brings it into sight. */
import type { LngLatLike, Map as MapLibreMap } from "maplibre-gl";
import type { ServerClock } from "../shared/time";
import { machineListView } from "./machineListView";
import type { Machines } from "./machines";
import { machineView } from "./machineView";
import type { Panel } from "./panel";
import { bringIntoView, markSegment } from "./roadMap";
import { routeListView } from "./routeListView";
import type { SegmentStates } from "./segments";
import { segmentView } from "./segmentView";

const MACHINE_ZOOM = 15;

export class Selection {
  constructor(
    private readonly map: MapLibreMap,
    private readonly panel: Panel,
    private readonly machines: Machines,
    private readonly states: SegmentStates,
    private readonly clock: ServerClock,
  ) {}

  /** With a zoom the map goes there; without one it only moves when the panel would cover the plough. */
  openMachine(device: string, zoom?: number): void {
    const place = this.placeOf(device);
    if (place === undefined) return;
    const openSegment = (id: number) => this.openSegment(id, this.placeOf(device) ?? place);
    this.panel.show(machineView(device, () => this.machines.of(device), this.clock, openSegment));
    bringIntoView(this.map, place, zoom);
  }

  openSegment(id: number, place: LngLatLike): void {
    const unmark = () => markSegment(this.map, undefined);
    this.panel.show(segmentView(id, () => this.states.of(id), this.clock, unmark));
    markSegment(this.map, id);
    bringIntoView(this.map, place);
  }

  openMachineList(): void {
    const goTo = (device: string) => this.openMachine(device, Math.max(this.map.getZoom(), MACHINE_ZOOM));
    this.panel.show(machineListView(() => this.machines.all(), this.clock, goTo));
  }

  openRouteList(): void {
    this.panel.show(routeListView(this.clock));
  }

  close(): void {
    this.panel.close();
  }

  private placeOf(device: string): [number, number] | undefined {
    const machine = this.machines.of(device);
    return machine && [machine.lon, machine.lat];
  }
}
