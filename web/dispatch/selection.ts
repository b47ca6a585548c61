/** What somebody has chosen, on the map or in the list: opens its view in the panel and brings it into sight. */
import type { LngLatLike, Map as MapLibreMap } from "maplibre-gl";
import type { ServerClock } from "../shared/time";
import { machineListView } from "./machineListView";
import type { Machines } from "./machines";
import { machineView } from "./machineView";
import type { Panel } from "./panel";
import { publicSegmentView, type PublicSegment } from "./publicSegmentView";
import type { PublicView } from "./publicView";
import { bringIntoView, markPublicSegment, markSegment } from "./roadMap";
import { routeListView } from "./routeListView";
import type { SegmentStates } from "./segments";
import { segmentView } from "./segmentView";
import type { Trails } from "./trails";

const MACHINE_ZOOM = 15;

/** What is on the map, and the clock by which ages are told. */
export interface Shown {
  map: MapLibreMap;
  machines: Machines;
  trails: Trails;
  states: SegmentStates;
  publicView: PublicView;
  clock: ServerClock;
}

export class Selection {
  constructor(
    private readonly panel: Panel,
    private readonly shown: Shown,
  ) {}

  /** With a zoom the map goes there; without one it only moves when the panel would cover the plough. */
  openMachine(device: string, zoom?: number): void {
    const { map, machines, trails, clock } = this.shown;
    const place = this.placeOf(device);
    if (place === undefined) return;
    const openSegment = (id: number) => this.openSegment(id, this.placeOf(device) ?? place);
    const leave = () => trails.emphasise(undefined);
    this.panel.show({ ...machineView(device, () => machines.of(device), clock, openSegment), leave });
    trails.emphasise(device);
    bringIntoView(map, place, zoom);
  }

  openSegment(id: number, place: LngLatLike): void {
    const { map, states, clock } = this.shown;
    const unmark = () => markSegment(map, undefined);
    this.panel.show(segmentView(id, () => states.of(id), clock, unmark));
    markSegment(map, id);
    bringIntoView(map, place);
  }

  openPublicSegment(segment: PublicSegment, place: LngLatLike): void {
    const { map, publicView, clock } = this.shown;
    const unmark = () => markPublicSegment(map, undefined);
    this.panel.show(publicSegmentView(segment, () => publicView.state, clock, unmark));
    markPublicSegment(map, segment.row);
    bringIntoView(map, place);
  }

  openMachineList(): void {
    const { map, machines, clock } = this.shown;
    const goTo = (device: string) => this.openMachine(device, Math.max(map.getZoom(), MACHINE_ZOOM));
    this.panel.show(machineListView(() => machines.all(), clock, goTo));
  }

  openRouteList(): void {
    this.panel.show(routeListView(this.shown.clock));
  }

  close(): void {
    this.panel.close();
  }

  private placeOf(device: string): [number, number] | undefined {
    const machine = this.shown.machines.of(device);
    return machine && [machine.lon, machine.lat];
  }
}
