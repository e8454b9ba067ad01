import { hostname } from "node:os";
import { isS3 } from "../../activities/store/s3/location.ts";
import type { Workspace } from "../workspace/workspace.ts";

/**
 * The queue of one GPU worker, the same over restarts. The workers of a folder have names that are theirs alone; those of a bucket,
 * whose machines do not see each other's, have them on their machine.
 */
export function hostQueueOf(
	{ queues, store }: Pick<Workspace, "queues" | "store">,
	name: string,
	host = hostname(),
): string {
	const isUnique = !isS3(store) || name === host;
	return isUnique ? `${queues.gpu}-${name}` : `${queues.gpu}-${host}-${name}`;
}
