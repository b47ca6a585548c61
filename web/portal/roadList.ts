/** The list of roads: one line each, found by name, tapped to see the road on the map. */
import { byId, element, setText } from "../shared/dom";
import { roadSample } from "../shared/legend";
import { LABEL_COLOURS, patternOf } from "../shared/labels";
import { texts } from "../shared/language";
import type { Road, RoadsCut } from "./api";
import { matching, roadLine } from "./roadLine";

const words = texts.portal;

export class RoadList {
  private readonly list = byId<HTMLUListElement>("roads");
  private readonly search = byId<HTMLInputElement>("search");
  private readonly found = byId("found");
  private roads: Road[] | undefined;
  private now = new Date();
  private chosen: string | undefined;

  constructor(private readonly choose: (name: string) => void) {
    setText(byId("search-label"), words.search);
    this.search.placeholder = words.searchHint;
    this.search.addEventListener("input", () => this.draw());
    setText(this.found, words.loading);
  }

  show(cut: RoadsCut): void {
    this.roads = cut.roads;
    this.now = new Date(cut.cut_at);
    this.draw();
  }

  showNothing(): void {
    if (this.roads === undefined) setText(this.found, "");
  }

  /** Marks the road in the list, and says it above the map, which covers the list on a phone. */
  mark(name: string | undefined): void {
    this.chosen = name;
    this.sayChosen();
    for (const line of this.list.querySelectorAll("button")) {
      line.setAttribute("aria-pressed", String(line.dataset["name"] === name));
    }
  }

  private sayChosen(): void {
    const road = this.roads?.find(({ name }) => name === this.chosen);
    byId("map-road").replaceChildren(...(road === undefined ? [] : roadParts(road, this.now)));
  }

  private draw(): void {
    if (this.roads === undefined) return;
    this.sayChosen();
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["name"] : undefined;
    const shown = matching(this.roads, this.search.value);
    setText(this.found, this.sayFound(shown.length, this.roads.length));
    const lines = shown.map((road) => this.line(road));
    this.list.replaceChildren(...lines);
    // A renewed list must not take the focus away from the line that somebody is on.
    lines.map((line) => line.querySelector("button")).find((button) => button?.dataset["name"] === focused)?.focus();
  }

  private sayFound(shown: number, total: number): string {
    if (total === 0) return words.noRoads;
    return shown === 0 ? words.nothingFound(this.search.value.trim()) : words.found(shown, total);
  }

  private line(road: Road): HTMLLIElement {
    const attributes = { type: "button", title: words.showOnMap(road.name), "aria-pressed": String(road.name === this.chosen) };
    const button = element("button", attributes, ...roadParts(road, this.now));
    button.dataset["name"] = road.name;
    button.addEventListener("click", () => this.choose(road.name));
    return element("li", {}, button);
  }
}

function roadParts(road: Road, now: Date): (HTMLElement | SVGElement)[] {
  const { state, detail } = roadLine(road, texts, now);
  return [
    roadSample(LABEL_COLOURS[road.label], patternOf(road.label, road.evidence)),
    element(
      "span",
      { class: "road-words" },
      element("strong", {}, road.name),
      ": ",
      element("span", { class: "road-state" }, state),
      element("span", { class: "road-detail" }, detail),
    ),
  ];
}
