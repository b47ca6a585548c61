/** How far each class of road is, before somebody looks for one. */
import { byId, element, setText } from "../shared/dom";
import { texts } from "../shared/language";
import { fetchJson } from "../shared/server";
import { ADDRESSES, type Summaries, type Summary } from "./api";
import { kmDone } from "./roadLine";

const words = texts.portal;
/** Nobody asks how far ramps and frontage roads are. */
const ORDER = ["national", "prefectural", "main", "local", "footway"];

export class Overview {
  private readonly box = byId("overview");
  private readonly list = byId<HTMLUListElement>("classes");

  constructor() {
    setText(byId("overview-title"), words.byClass);
  }

  /** It is no more than an addition to the list, which says what is wrong when nothing comes. */
  async renew(cut: string | null): Promise<void> {
    const summaries = await fetchJson<Summaries>(ADDRESSES.byClass(cut)).catch(() => undefined);
    if (summaries === undefined) return;
    const classes = summaries.summaries.filter(({ id }) => ORDER.includes(id));
    classes.sort((one, other) => ORDER.indexOf(one.id) - ORDER.indexOf(other.id));
    this.list.replaceChildren(...classes.map(classLine));
  }

  show(wanted: boolean): void {
    this.box.hidden = !wanted;
  }
}

function classLine(summary: Summary): HTMLLIElement {
  const name = texts.roadClasses[summary.id] ?? summary.name;
  const done = kmDone(summary);
  const bar = element("progress", { max: String(summary.km), value: String(done), "aria-label": words.progressOf(name) });
  return element("li", {}, element("span", { class: "class-name" }, name), bar, element("span", { class: "class-km" }, words.doneOf(done.toFixed(1), summary.km.toFixed(1))));
}
