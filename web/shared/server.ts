/** Asking a server, with failures that can be put into words. */
import { texts } from "./language";

export type FailureKind = "unreachable" | "signedOut" | "refused" | "missing" | "busy" | "broken";

const TIMEOUT_MS = 15_000;

/** The server could not be reached or did not answer as promised. */
export class ServerFailure extends Error {
  constructor(
    readonly kind: FailureKind,
    readonly address: string,
  ) {
    super(`${address}: ${kind}`);
    this.name = "ServerFailure";
  }
}

export async function fetchJson<Answer>(address: string): Promise<Answer> {
  const response = await reach(address);
  try {
    return (await response.json()) as Answer;
  } catch {
    throw new ServerFailure("broken", address);
  }
}

export async function fetchBytes(address: string): Promise<ArrayBuffer> {
  const response = await reach(address);
  return response.arrayBuffer().catch(() => {
    throw new ServerFailure("unreachable", address);
  });
}

/** Sends something, and expects that it was taken. */
export async function sendJson(method: "POST" | "DELETE", address: string, content?: object): Promise<void> {
  const body = content && { headers: { "content-type": "application/json" }, body: JSON.stringify(content) };
  await reach(address, { method, ...body });
}

export function describeFailure(failure: unknown): string {
  return texts.failures[failure instanceof ServerFailure ? failure.kind : "broken"];
}

async function reach(address: string, asked: RequestInit = {}): Promise<Response> {
  const response = await fetch(address, { ...asked, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => {
    throw new ServerFailure("unreachable", address);
  });
  if (!response.ok) throw new ServerFailure(kindOf(response.status), address);
  return response;
}

function kindOf(status: number): FailureKind {
  if (status === 401) return "signedOut";
  if (status === 403) return "refused";
  if (status === 404) return "missing";
  return status === 429 || status === 503 ? "busy" : "broken";
}
