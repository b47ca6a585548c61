/** The panel's view of one plough: what it does, how old that is, and its daily report. */
import { element } from "../shared/dom";
import { texts } from "../shared/language";
import type { Machine } from "../shared/live";
import { clockSeconds, secondsBetween, tokyoDay, type ServerClock } from "../shared/time";
import { ADDRESSES } from "./api";
import { Facts } from "./facts";
import { machineSample } from "./icons";
import { agencyOf, shortName, stateOf, type MachineState } from "./machineState";
import type { View } from "./panel";

const words = texts.dispatch;
const KMH_PER_MPS = 3.6;

export function machineView(
  device: string,
  latest: () => Machine | undefined,
  clock: ServerClock,
  openSegment: (id: number) => void,
): View {
  const facts = new Facts();
  const report = element("section", { class: "report" });
  let shownState: MachineState | undefined;
  let shownDay: string | undefined;
  let shownSegment: number | null | undefined;

  function refresh(): void {
    const machine = latest();
    if (machine === undefined) return;
    const state = stateOf(machine);
    if (state !== shownState) facts.place(words.state, stateChip((shownState = state)));
    const at = new Date(machine.at);
    facts.set(words.lastFix, texts.timeAndAge(clockSeconds(at), texts.age(secondsBetween(at, clock.now()))));
    facts.set(words.speed, speed(machine.speed_mps));
    facts.set(words.course, machine.course_deg === null ? words.none : words.courseOf(Math.round(machine.course_deg)));
    if (machine.segment !== shownSegment) facts.place(words.onSegment, segmentLink((shownSegment = machine.segment), openSegment));
    facts.set(words.agency, agencyOf(device));
    facts.set(words.device, shortName(device));
    if (tokyoDay(at) !== shownDay) report.replaceChildren(...reportLinks(device, (shownDay = tokyoDay(at))));
  }

  return { title: new Text(shortName(device)), content: element("div", {}, facts.list, report), refresh };
}

function stateChip(state: MachineState): HTMLElement {
  return element("span", { class: "chip" }, machineSample(state), words.machineStates[state]);
}

function speed(metresPerSecond: number | null): string {
  return metresPerSecond === null ? words.none : words.speedOf((metresPerSecond * KMH_PER_MPS).toFixed(0));
}

function segmentLink(segment: number | null, open: (id: number) => void): Node {
  if (segment === null) return document.createTextNode(words.none);
  const button = element("button", { type: "button", class: "link-button" }, words.segmentNumber(segment));
  button.addEventListener("click", () => open(segment));
  return button;
}

/** The report of the day of the last fix, since a machine at rest has none for today. */
function reportLinks(device: string, day: string): HTMLElement[] {
  const address = ADDRESSES.dailyReport(device, day);
  return [
    element("h3", {}, words.dailyReport),
    element("p", {}, words.reportDay(day)),
    element(
      "p",
      { class: "actions" },
      element("a", { class: "button", href: `${address}.xlsx`, download: "" }, words.excel),
      element("a", { class: "button quiet", href: address, target: "_blank", rel: "noopener" }, words.json),
    ),
  ];
}
