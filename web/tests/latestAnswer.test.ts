import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LatestAnswer } from "../portal/latestAnswer";

interface Waiting {
  question: string;
  answer(text: string): void;
  fail(failure: Error): void;
}

let waiting: Waiting[];
let told: string[];
let asking: LatestAnswer<string, string>;

beforeEach(() => {
  vi.useFakeTimers();
  [waiting, told] = [[], []];
  asking = new LatestAnswer<string, string>({
    ask: (question) => new Promise((answer, fail) => waiting.push({ question, answer, fail })),
    answered: (answer, question) => told.push(`${question}: ${answer}`),
    failed: (failure, question) => told.push(`${question}! ${(failure as Error).message}`),
  });
});
afterEach(() => vi.useRealTimers());

const questions = () => waiting.map(({ question }) => question);

test("while somebody types, only what stands at the end is asked", async () => {
  for (const typed of ["y", "yu", "yuk", "yuki"]) {
    asking.askSoon(typed);
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(questions()).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(questions()).toEqual(["yuki"]);
});

test("an answer that comes after a later question is not told", async () => {
  void asking.ask("first");
  void asking.ask("second");
  waiting[1]?.answer("2");
  waiting[0]?.answer("1");
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual(["second: 2"]);
});

test("an answer to what was asked before somebody typed on is not told", async () => {
  void asking.ask("first");
  asking.askSoon("second");
  waiting[0]?.answer("1");
  await vi.advanceTimersByTimeAsync(1_000);
  waiting[1]?.fail(new Error("away"));
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual(["second! away"]);
});

test("what is asked at once stands for what would have been asked soon", async () => {
  asking.askSoon("typed");
  void asking.ask("pressed");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(questions()).toEqual(["pressed"]);
});
