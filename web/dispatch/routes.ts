/** Routes in the order in which they need looking at, and in words. */
import type { Texts } from "../shared/texts/ja";
import { clock } from "../shared/time";
import { ROUTE_STATES, type Route, type RouteState } from "./api";

/** Routes by state, states without any left out; what is overdue comes first, and of that what has most left. */
export function grouped(routes: readonly Route[]): [RouteState, Route[]][] {
  const byState = ROUTE_STATES.map((state): [RouteState, Route[]] => [state, routes.filter((route) => route.state === state)]);
  for (const [, own] of byState) own.sort((a, b) => Number(b.overdue) - Number(a.overdue) || b.left_m - a.left_m);
  return byState.filter(([, own]) => own.length > 0);
}

/** What is left, who is there, when it may be done and how sure that is, and by when it should be. */
export function routeWords(route: Route, at: Date, now: Date, texts: Texts): string {
  const words = texts.dispatch;
  if (route.left_m === 0) return "";
  const parts = [
    words.leftOf((route.left_m / 1000).toFixed(1)),
    route.machines > 0 ? words.machinesOnRoute(route.machines) : "",
    timeRange(route, at, now, texts),
    words.confidenceOf[route.confidence],
    route.due_at === null ? "" : words.dueAt(clock(new Date(route.due_at), now)),
  ];
  return parts.filter((part) => part !== "").join(texts.between);
}

function timeRange({ early_s, late_s }: Route, at: Date, now: Date, texts: Texts): string {
  if (early_s === null) return "";
  const time = (seconds: number) => clock(new Date(at.getTime() + seconds * 1000), now);
  return late_s === null ? texts.dispatch.doneFrom(time(early_s)) : texts.dispatch.doneBetween(time(early_s), time(late_s));
}
