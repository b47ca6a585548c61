/** The panel's list of all ploughs: the way to them by keyboard and screen reader, too. */
import { element, setText } from "../shared/dom";
import { texts } from "../shared/language";
import type { Machine } from "../shared/live";
import { secondsBetween, type ServerClock } from "../shared/time";
import { machineSample } from "./icons";
import { shortName, stateOf, type MachineState } from "./machineState";
import type { View } from "./panel";

const words = texts.dispatch;

interface Row {
  item: HTMLLIElement;
  button: HTMLButtonElement;
  words: HTMLElement;
  state: MachineState | undefined;
}

export function machineListView(all: () => Machine[], clock: ServerClock, choose: (device: string) => void): View {
  const hint = element("p", { class: "hint" });
  const list = element("ul", { class: "machine-list" });
  const rows = new Map<string, Row>();

  function rowOf(device: string): Row {
    const known = rows.get(device);
    if (known !== undefined) return known;
    const state = element("span", { class: "machine-words" });
    const button = element("button", { type: "button" }, element("strong", {}, shortName(device)), state);
    button.addEventListener("click", () => choose(device));
    const row: Row = { item: element("li", {}, button), button, words: state, state: undefined };
    rows.set(device, row);
    return row;
  }

  function refresh(): void {
    const machines = all();
    setText(hint, machines.length === 0 ? words.noMachines : words.machineListHint);
    machines.forEach((machine, place) => {
      const row = rowOf(machine.device);
      renew(row, machine, clock.now());
      if (list.children[place] !== row.item) list.insertBefore(row.item, list.children[place] ?? null);
    });
  }

  return { title: new Text(words.machineList), content: element("div", {}, hint, list), refresh };
}

function renew(row: Row, machine: Machine, now: Date): void {
  const state = stateOf(machine);
  if (row.state !== state) {
    row.button.querySelector("canvas")?.remove();
    row.button.prepend(machineSample(state));
    row.state = state;
  }
  setText(row.words, words.stateAndAge(words.machineStates[state], texts.age(secondsBetween(new Date(machine.at), now))));
}
