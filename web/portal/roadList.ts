/** The list of roads: the most important ones, those that somebody looks for, or those around; tapped to see one on the map. */
import { byId, element, setText } from "../shared/dom";
import { labelSample } from "../shared/legend";
import { texts } from "../shared/language";
import { fetchJson } from "../shared/server";
import { roadsAddress, type Asked, type Question, type Road, type RoadsPage } from "./api";
import { LatestAnswer } from "./latestAnswer";
import { labelOf, roadLine, whereabouts } from "./roadLine";

const words = texts.portal;
const PAGE = 20;
/** More than these are not asked for again at once. */
const RENEWED_MAX = 100;
const ALL: Question = { kind: "all" };

export interface ListEvents {
  chosen(road: Road): void;
  /** What the list says now, of the cut that was made then. */
  shown(question: Question, cutAt: string | null): void;
  failed(failure: unknown): void;
}

export class RoadList {
  private readonly list = byId<HTMLUListElement>("roads");
  private readonly found = byId("found");
  private readonly more = byId<HTMLButtonElement>("more");
  private readonly asking: LatestAnswer<Asked, RoadsPage>;
  /** What was asked for last, and what the list shows. */
  private wanted = ALL;
  private shown = ALL;
  private roads: Road[] | undefined;
  private next: string | null = null;
  private cut: string | null = null;
  private now = new Date();
  private chosen: Road | undefined;

  constructor(private readonly events: ListEvents) {
    this.asking = new LatestAnswer<Asked, RoadsPage>({
      ask: (asked) => fetchJson<RoadsPage>(roadsAddress(asked, this.cut)),
      answered: (page, asked) => this.take(page, asked),
      failed: (failure) => this.fail(failure),
    });
    setText(this.more, words.more);
    this.more.addEventListener("click", () => void this.asking.ask({ question: this.shown, limit: PAGE, after: this.next }));
    setText(this.found, words.loading);
  }

  /** While somebody types. */
  lookFor(name: string): void {
    this.wanted = name === "" ? ALL : { kind: "named", name };
    this.asking.askSoon({ question: this.wanted, limit: PAGE, after: null });
  }

  lookAround(lat: number, lon: number): void {
    this.wanted = { kind: "near", lat, lon };
    void this.asking.ask({ question: this.wanted, limit: PAGE, after: null });
  }

  /** The same as there is now, or as somebody is typing; of a cut, where one was heard of. */
  renew(cut: string | null): void {
    this.cut = cut;
    const count = this.wanted === this.shown ? (this.roads?.length ?? 0) : 0;
    void this.asking.ask({ question: this.wanted, limit: Math.min(RENEWED_MAX, Math.max(PAGE, count)), after: null });
  }

  /** Marks the road in the list, and says it above the map, which covers the list on a phone. */
  mark(road: Road | undefined): void {
    this.chosen = road;
    this.sayChosen();
    for (const line of this.list.querySelectorAll("button")) {
      line.setAttribute("aria-pressed", String(line.dataset["road"] === road?.id));
    }
  }

  private take(page: RoadsPage, { question, after }: Asked): void {
    this.roads = after === null ? page.roads : [...(this.roads ?? []), ...page.roads];
    this.shown = question;
    this.next = page.next;
    this.now = page.cut_at === null ? new Date() : new Date(page.cut_at);
    this.chosen = this.roads.find(({ id }) => id === this.chosen?.id) ?? this.chosen;
    this.draw(this.roads);
    this.events.shown(question, page.cut_at);
  }

  private fail(failure: unknown): void {
    if (this.roads === undefined) setText(this.found, "");
    this.events.failed(failure);
  }

  private sayChosen(): void {
    byId("map-road").replaceChildren(...(this.chosen === undefined ? [] : roadParts(this.chosen, this.now)));
  }

  private draw(roads: Road[]): void {
    this.sayChosen();
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["road"] : undefined;
    setText(this.found, this.sayFound(roads.length));
    const lines = roads.map((road) => this.line(road));
    this.list.replaceChildren(...lines);
    this.more.hidden = this.next === null;
    // A renewed list must not take the focus away from the line that somebody is on.
    const line = lines.map((one) => one.querySelector("button")).find((button) => button?.dataset["road"] === focused);
    if (focused !== undefined) line?.focus({ preventScroll: true });
  }

  private sayFound(count: number): string {
    const question = this.shown;
    if (question.kind === "all") return count === 0 ? words.noRoads : words.mainRoads;
    if (question.kind === "near") return count === 0 ? words.nothingNear : words.foundNear(count, this.next !== null);
    return count === 0 ? words.nothingFound(question.name) : words.found(question.name, count, this.next !== null);
  }

  private line(road: Road): HTMLLIElement {
    const attributes = { type: "button", title: words.showOnMap(road.name), "aria-pressed": String(road.id === this.chosen?.id) };
    const button = element("button", attributes, ...roadParts(road, this.now));
    button.dataset["road"] = road.id;
    button.addEventListener("click", () => this.events.chosen(road));
    return element("li", {}, button);
  }
}

function roadParts(road: Road, now: Date): (HTMLElement | SVGElement)[] {
  const { state, detail, expected } = roadLine(road, texts, now);
  const where = whereabouts(road, texts);
  return [
    labelSample(labelOf(road)),
    element(
      "span",
      { class: "road-words" },
      element("strong", {}, road.name),
      where === "" ? null : element("span", { class: "road-where" }, ` ${where}`),
      ": ",
      element("span", { class: "road-state" }, state),
      element("span", { class: "road-detail" }, detail),
      expected === "" ? null : element("span", { class: "road-expected" }, expected),
    ),
  ];
}
