/** What a plough is doing, as far as its tracker tells. */
import type { Machine } from "../shared/live";

export const MACHINE_STATES = ["working", "travelling", "unsure", "silent"] as const;

export type MachineState = (typeof MACHINE_STATES)[number];

export function stateOf(machine: Machine): MachineState {
  if (machine.silent) return "silent";
  if (machine.working === null) return "unsure";
  return machine.working ? "working" : "travelling";
}

/** The device's own part of `agency/device`. */
export function shortName(device: string): string {
  return device.slice(device.indexOf("/") + 1);
}

export function agencyOf(device: string): string {
  return device.slice(0, device.indexOf("/"));
}
