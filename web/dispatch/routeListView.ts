/** The panel's list of routes: how far each is, by state. It asks again while it is shown. */
import { element } from "../shared/dom";
import { texts } from "../shared/language";
import { describeFailure, fetchJson } from "../shared/server";
import { clock, type ServerClock } from "../shared/time";
import { ADDRESSES, type Route, type RouteList, type RouteState } from "./api";
import type { View } from "./panel";
import { grouped, routeWords } from "./routes";

const words = texts.dispatch;
const ASK_AGAIN_MS = 15_000;

export function routeListView(serverClock: ServerClock): View {
  const content = element("div", {}, element("p", { class: "hint" }, words.loading));
  let askedMs = Number.NEGATIVE_INFINITY;
  let known = false;

  async function load(): Promise<void> {
    try {
      const list = await fetchJson<RouteList>(ADDRESSES.routes);
      content.replaceChildren(...listParts(list, serverClock.now()));
      known = true;
    } catch (failure) {
      if (!known) content.replaceChildren(element("p", { class: "hint" }, describeFailure(failure)));
    }
  }

  function refresh(): void {
    const nowMs = performance.now();
    if (nowMs - askedMs < ASK_AGAIN_MS) return;
    askedMs = nowMs;
    void load();
  }

  return { title: new Text(words.routeList), content, refresh };
}

function listParts(list: RouteList, now: Date): HTMLElement[] {
  if (list.routes.length === 0) return [element("p", { class: "hint" }, words.noRoutes)];
  const overdue = list.routes.filter((route) => route.overdue).length;
  const since = clock(new Date(list.event_start), now);
  const at = new Date(list.at);
  return [
    element("p", { class: "hint" }, words.routesOf(list.routes.length, overdue, since)),
    ...grouped(list.routes).flatMap(([state, routes]) => group(state, routes, at, now)),
    ...(list.next === null ? [] : [element("p", { class: "hint" }, words.moreRoutes)]),
  ];
}

function group(state: RouteState, routes: Route[], at: Date, now: Date): HTMLElement[] {
  return [
    element("h3", {}, words.routeStateOf(words.routeStates[state], routes.length)),
    element("ul", { class: "route-list" }, ...routes.map((route) => row(route, at, now))),
  ];
}

function row(route: Route, at: Date, now: Date): HTMLElement {
  const head = element(
    "div",
    { class: "route-head" },
    element("strong", {}, route.name),
    route.overdue ? element("span", { class: "overdue" }, words.overdue) : null,
    route.percent === null ? null : element("span", { class: "route-percent" }, words.routeDone(route.percent)),
  );
  const bar = element("progress", { max: "100", value: String(route.percent ?? 0), "aria-label": words.routeProgress(route.name) });
  const told = [route.district ?? "", routeWords(route, at, now, texts)].filter((part) => part !== "").join(texts.between);
  return element("li", {}, head, route.percent === null ? null : bar, element("p", { class: "route-words" }, told));
}
