import type { Anomaly } from "../api/client";
import { asProblem } from "../api/problem";

type Read = Pick<Anomaly, "status" | "updated_at">;

/**
 * Saves on the condition that the anomaly is as it was read. Where it changed meanwhile it is read anew: an episode that goes on is
 * updated every window, which is nothing to decide again; only another status is. It is tried again once.
 */
export async function saveAsRead<T>(read: Read, save: (updated: string | undefined) => Promise<T>, readAnew: () => Promise<Read>): Promise<T> {
  try {
    return await save(read.updated_at);
  } catch (error) {
    if (asProblem(error).code !== 412) throw error;
    const now = await readAnew();
    if (now.status !== read.status) throw error;
    return save(now.updated_at);
  }
}
